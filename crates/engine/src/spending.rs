//! What was spent of the budgets of offers lately, and what is a unit of one worth by now?
//!
//! An offer is spent as it is expected to cost when it is given, once for a customer and period; later as what came of it says. After a
//! start what was given before is read from the log; until then nothing is given that has a budget.

mod account;
mod logged;

use crate::Engine;
use crate::of_nobody::is_nobody;
use account::Account;
use decisions::{Budget, ChosenAction, Content, Kind, Priced};
use primitives::{CustomerId, HOUR_MS, Timestamp, stable_hash};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of so many customers and periods it is known what they were given.
const N_GIVEN_MAX: usize = 1_000_000;

/// What is known of spending while the program runs.
#[derive(Debug, Default)]
pub(super) struct Spending {
    spent: Mutex<Spent>,
    /// Held while it is counted anew: of two at a time the one that looked first could end last.
    counting: Mutex<()>,
}

#[derive(Debug, Default)]
struct Spent {
    /// The offers of which it is known what was given before the start, or before they had a budget, and for how many days.
    read: BTreeMap<String, i64>,
    of: BTreeMap<String, Account>,
    /// Who was given what, by customer, offer and period.
    given: HashMap<u64, Booked>,
}

/// What was taken off a budget for a customer, an offer and a period.
#[derive(Debug, Clone, Copy)]
struct Booked {
    hour: i64,
    expected: f64,
}

/// What one answer took off a budget, so that it can be given back.
#[derive(Debug)]
pub(super) struct Booking {
    key: u64,
    offer: String,
    hour: i64,
    expected: f64,
    worth: f64,
}

/// What an offer costs that is given.
#[derive(Debug, Clone)]
struct Given {
    key: u64,
    offer: String,
    at: Timestamp,
    expected: f64,
    /// What it is worth beside that.
    worth: f64,
    price: f64,
}

impl Spending {
    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is given off the budgets, all or nothing; answers what was taken, and `None` where it was not there. Of what a customer
    /// was given already in the period only what it costs more by now is taken. Where the budgets are not known yet, nothing is.
    fn take(&self, all: &[Given], budgets: &[(String, Budget)]) -> Option<Vec<Booking>> {
        let mut spent = self.lock();
        let bookings: Vec<(Booking, Timestamp)> =
            all.iter().filter_map(|one| Some((spent.further(one)?, one.at))).collect();
        let fits = |(booking, at): &(Booking, Timestamp)| {
            let budget = budgets.iter().find(|(name, _)| *name == booking.offer);
            let is_left =
                budget.is_some_and(|(_, budget)| booking.expected <= spent.left(&booking.offer, *budget, *at));
            is_left && spent.read.contains_key(&booking.offer)
        };
        if !bookings.iter().all(fits) {
            return None;
        }
        let bookings: Vec<Booking> = bookings.into_iter().map(|(booking, _)| booking).collect();
        bookings.iter().for_each(|booking| spent.book(booking));
        Some(bookings)
    }

    /// Gives back what was taken for an answer that nobody got.
    pub(super) fn give_back(&self, bookings: &[Booking]) {
        let mut spent = self.lock();
        for Booking { key, offer, hour, expected, worth } in bookings {
            if let Some(booked) = spent.given.get_mut(key) {
                booked.expected -= expected;
                if booked.expected <= f64::EPSILON {
                    spent.given.remove(key);
                }
            }
            if let Some(account) = spent.of.get_mut(offer) {
                account.add(*hour, -expected, -worth);
            }
        }
    }
}

impl Spent {
    fn left(&self, offer: &str, budget: Budget, now: Timestamp) -> f64 {
        let spent = self.of.get(offer).map_or(0.0, |account| account.within(budget.days, now));
        (budget.amount - spent).max(0.0)
    }

    /// Forgets what is known of offers whose budgets look further back by now than was read: nothing of them is given until it is.
    fn forget_shorter(&mut self, budgets: &[(String, Budget)]) {
        for (name, budget) in budgets {
            if self.read.get(name).is_some_and(|days| *days < budget.days) {
                self.read.remove(name);
                self.of.remove(name);
            }
        }
    }

    /// What is still to be taken for something that is given; `None` where all of it was before.
    fn further(&self, one: &Given) -> Option<Booking> {
        let booked = self.given.get(&one.key).map(|booked| booked.expected);
        let further = one.expected - booked.unwrap_or(0.0);
        if booked.is_some() && further <= 0.0 {
            return None;
        }
        let share = if one.expected > 0.0 { further / one.expected } else { 1.0 };
        let (key, offer, hour) = (one.key, one.offer.clone(), hour_of(one.at));
        Some(Booking { key, offer, hour, expected: further, worth: one.worth * share })
    }

    /// Notes what was given before the start.
    fn start_with(&mut self, one: &Given) {
        self.given.remove(&one.key);
        if let Some(booking) = self.further(one) {
            self.book(&booking);
        }
    }

    fn book(&mut self, one: &Booking) {
        if self.given.len() >= N_GIVEN_MAX {
            // Who is forgotten here is counted once more.
            self.given.retain(|_, known| known.hour > one.hour - 24);
            if self.given.len() >= N_GIVEN_MAX {
                self.given.clear();
            }
        }
        self.given.entry(one.key).or_insert(Booked { hour: one.hour, expected: 0.0 }).expected += one.expected;
        self.of.entry(one.offer.clone()).or_default().add(one.hour, one.expected, one.worth);
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR_MS)
}

/// How the budgets are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purses {
    /// As they are.
    Kept,
    /// As if nothing were left.
    Empty,
    /// As if there were no end: whoever asks keeps another budget.
    Endless,
}

impl Engine {
    /// What a kind may spend on a customer now, by offer.
    pub(super) fn purses(
        &self,
        kind: &dyn Kind,
        customer: &CustomerId,
        (now, purses): (Timestamp, Purses),
    ) -> BTreeMap<String, Priced> {
        let budgets = kind.budgets();
        if budgets.is_empty() {
            return BTreeMap::new();
        }
        let endless = |(name, _)| (name, Priced { left: None, price: 0.0 });
        if purses == Purses::Endless {
            return budgets.into_iter().map(endless).collect();
        }
        let mut spent = self.spending.lock();
        let read: Vec<(String, Budget)> =
            budgets.into_iter().filter(|(name, _)| spent.read.contains_key(name)).collect();
        let each = read.into_iter().map(|(name, budget)| {
            let key = self.key_of(customer, &name, now);
            // What was taken for them already is theirs.
            let booked = spent.given.get(&key).map_or(0.0, |booked| booked.expected);
            let left = if purses == Purses::Empty { 0.0 } else { spent.left(&name, budget, now) };
            let price = spent.of.entry(name.clone()).or_default().priced(budget, now);
            (name, Priced { left: Some(left + booked), price })
        });
        each.collect()
    }

    /// What was spent of each budget of a kind within its days; without those of which that is not known yet.
    #[must_use]
    pub fn spent_lately(&self, kind: &dyn Kind) -> BTreeMap<String, f64> {
        let (now, budgets) = (self.clock.now(), kind.budgets());
        let spent = self.spending.lock();
        let known = budgets.into_iter().filter(|(name, _)| spent.read.contains_key(name));
        let within = |name: &str, days| spent.of.get(name).map_or(0.0, |account| account.within(days, now));
        known.map(|(name, budget)| (name.clone(), within(&name, budget.days))).collect()
    }

    /// Takes what an answer gives off the budgets; answers what was taken, and `None` where it was not there.
    pub(super) fn takes(
        &self,
        kind: &dyn Kind,
        content: &Content,
        (customer, now): (&CustomerId, Timestamp),
    ) -> Option<Vec<Booking>> {
        let budgets = kind.budgets();
        let Content::Actions(actions) = content else { return Some(Vec::new()) };
        let is_budgeted = |one: &&ChosenAction| budgets.iter().any(|(name, _)| *name == one.id);
        let given: Vec<Given> = actions
            .chosen
            .iter()
            .filter(is_budgeted)
            .filter_map(|one| given(one, self.key_of(customer, &one.id, now), now))
            .collect();
        if given.is_empty() { Some(Vec::new()) } else { self.spending.take(&given, &budgets) }
    }

    fn key_of(&self, customer: &CustomerId, offer: &str, at: Timestamp) -> u64 {
        // Of nobody each is another one.
        let period = if is_nobody(customer) {
            at.as_millis()
        } else {
            at.as_millis().div_euclid(self.capabilities.learning.same_ms())
        };
        stable_hash(&format!("{customer}\0{offer}\0{period}"))
    }

    /// Whether it is not known yet what was spent of some budget.
    pub(super) fn has_uncounted_budgets(&self) -> bool {
        let budgets: Vec<(String, Budget)> =
            self.capabilities.offer.now().budgets().into_iter().chain(self.capabilities.act.now().budgets()).collect();
        let spent = self.spending.lock();
        budgets.iter().any(|(name, budget)| spent.read.get(name).is_none_or(|days| *days < budget.days))
    }
}

fn given(one: &ChosenAction, key: u64, at: Timestamp) -> Option<Given> {
    let factors = one.factors?;
    let expected = factors.expected();
    let worth = one.priority + factors.shadow_price * expected;
    Some(Given { key, offer: one.id.clone(), at, expected, worth, price: factors.shadow_price })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(amount: f64, days: i64) -> Vec<(String, Budget)> {
        vec![("a".to_owned(), Budget { amount, days })]
    }

    fn takes(spending: &Spending, all: &[Given], budgets: &[(String, Budget)]) -> bool {
        spending.take(all, budgets).is_some()
    }

    fn one(key: u64, hour: i64, expected: f64) -> Given {
        let at = Timestamp::from_millis(hour * HOUR_MS);
        Given { key, offer: "a".to_owned(), at, expected, worth: 1.0, price: 0.0 }
    }

    proptest! {
        #[test]
        fn within_no_days_more_is_given_than_the_budget(takes in prop::collection::vec((0_i64..400, 0.0_f64..3.0), 1..200)) {
            let spending = Spending::default();
            spending.lock().read.insert("a".to_owned(), 3);
            let mut takes = takes;
            takes.sort_by_key(|take| take.0);
            let budgets = budget(10.0, 3);
            let mut given: Vec<(i64, f64)> = Vec::new();
            for (at, (hour, expected)) in takes.into_iter().enumerate() {
                if spending.take(&[one(at as u64, hour, expected)], &budgets).is_some() {
                    given.push((hour, expected));
                }
                let sum: f64 = given.iter().filter(|(then, _)| *then > hour - 72).map(|(_, it)| it).sum();
                prop_assert!(sum <= 10.0 + 1e-9, "{sum} within three days of {hour}");
            }
        }
    }

    #[test]
    fn what_looks_further_back_than_was_read_is_not_given_until_it_is() {
        let spending = Spending::default();
        spending.lock().read.insert("a".to_owned(), 3);
        spending.lock().forget_shorter(&budget(10.0, 3));
        assert!(takes(&spending, &[one(1, 0, 1.0)], &budget(10.0, 3)));
        spending.lock().forget_shorter(&budget(10.0, 30));
        assert!(!takes(&spending, &[one(2, 0, 1.0)], &budget(10.0, 30)));
    }

    #[test]
    fn nothing_is_given_before_it_is_known_and_the_same_is_given_once() {
        let spending = Spending::default();
        assert!(!takes(&spending, &[one(1, 0, 1.0)], &budget(10.0, 1)));
        spending.lock().read.insert("a".to_owned(), 3);
        assert!(takes(&spending, &[one(1, 0, 6.0)], &budget(10.0, 1)));
        assert!(takes(&spending, &[one(1, 0, 6.0)], &budget(10.0, 1)), "this customer has it already");
        assert!(!takes(&spending, &[one(2, 0, 6.0)], &budget(10.0, 1)));
        assert!(takes(&spending, &[one(3, 26, 6.0)], &budget(10.0, 1)), "a day later the first is over");
    }
    #[test]
    fn what_costs_more_than_it_did_before_is_taken_too_and_given_only_where_that_is_left() {
        let spending = Spending::default();
        spending.lock().read.insert("a".to_owned(), 3);
        let left = || spending.lock().left("a", Budget { amount: 10.0, days: 1 }, Timestamp::from_millis(0));
        assert!(takes(&spending, &[one(1, 0, 0.5)], &budget(10.0, 1)));
        assert!(!takes(&spending, &[one(1, 0, 500.0)], &budget(10.0, 1)), "a cart that has grown");
        assert!(takes(&spending, &[one(1, 0, 4.0)], &budget(10.0, 1)));
        assert!((left() - 6.0).abs() < 1e-12);
        assert!(takes(&spending, &[one(1, 0, 1.0)], &budget(10.0, 1)), "what they had before may still be accepted");
        assert!((left() - 6.0).abs() < 1e-12);
    }

    #[test]
    fn what_nobody_got_is_given_back_and_no_more_than_that() {
        let spending = Spending::default();
        spending.lock().read.insert("a".to_owned(), 3);
        let left = || spending.lock().left("a", Budget { amount: 10.0, days: 1 }, Timestamp::from_millis(0));
        assert!(takes(&spending, &[one(1, 0, 4.0)], &budget(10.0, 1)));
        let further = spending.take(&[one(1, 0, 6.0)], &budget(10.0, 1)).unwrap();
        spending.give_back(&further);
        assert!((left() - 6.0).abs() < 1e-12);
        assert!(takes(&spending, &[one(1, 0, 4.0)], &budget(10.0, 1)) && (left() - 6.0).abs() < 1e-12);
        let other = spending.take(&[one(2, 0, 6.0)], &budget(10.0, 1)).unwrap();
        spending.give_back(&other);
        assert!(takes(&spending, &[one(2, 0, 6.0)], &budget(10.0, 1)) && left().abs() < 1e-12);
    }
}
