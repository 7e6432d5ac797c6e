//! What was spent of the budgets of offers lately, and what is a unit of one worth by now?
//!
//! An offer is spent as it is expected to cost when it is given, once for a customer and period; later as what came of it says. After a
//! start what was given before is read from the log; until then nothing is given that has a budget.

mod account;

use crate::Engine;
use crate::error::EngineError;
use crate::of_nobody::is_nobody;
use account::Account;
use decisions::{Budget, ChosenAction, Contacted, Content, DecisionQuery, Kind, Priced, Record};
use primitives::{CustomerId, DAY_MS, HOUR_MS, Timestamp, stable_hash};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of so many decisions it is read what was spent. Where there are more, nothing with a budget is given.
const N_READ_MAX: usize = 1_000_000;
/// Of so many customers and periods it is known what they were given.
const N_GIVEN_MAX: usize = 1_000_000;

/// What is known of spending while the program runs.
#[derive(Debug, Default)]
pub(super) struct Spending(Mutex<Spent>);

#[derive(Debug, Default)]
struct Spent {
    /// The offers of which it is known what was given before the start, or before they had a budget, and for how many days.
    read: BTreeMap<String, i64>,
    of: BTreeMap<String, Account>,
    /// Who was given what, by customer, offer and period, with the hour.
    given: HashMap<u64, i64>,
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

/// One customer, offer and period in the log.
struct Logged {
    first: Given,
    decisions: Vec<u64>,
    customer: CustomerId,
    /// What it costs where it is accepted, and where it is not.
    accepted: f64,
    refused: f64,
}

impl Spending {
    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is given off the budgets, all or nothing; answers whether it was there. Where the budgets are not known yet, nothing is.
    fn take(&self, all: &[Given], budgets: &[(String, Budget)]) -> bool {
        let mut spent = self.lock();
        let new: Vec<&Given> = all.iter().filter(|one| !spent.given.contains_key(&one.key)).collect();
        let fits = |one: &&Given| {
            let budget = budgets.iter().find(|(name, _)| *name == one.offer);
            let is_left = budget.is_some_and(|(_, budget)| one.expected <= spent.left(&one.offer, *budget, one.at));
            is_left && spent.read.contains_key(&one.offer)
        };
        if !new.iter().all(fits) {
            return false;
        }
        for one in new {
            spent.note(one);
        }
        true
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

    fn note(&mut self, one: &Given) {
        if self.given.len() >= N_GIVEN_MAX {
            // Who is forgotten here is counted once more.
            let hour = hour_of(one.at);
            self.given.retain(|_, known| *known > hour - 24);
            if self.given.len() >= N_GIVEN_MAX {
                self.given.clear();
            }
        }
        self.given.insert(one.key, hour_of(one.at));
        self.of.entry(one.offer.clone()).or_default().add(hour_of(one.at), one.expected, one.worth);
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
            let is_given = spent.given.contains_key(&self.key_of(customer, &name, now));
            let left = if purses == Purses::Empty { 0.0 } else { spent.left(&name, budget, now) };
            let price = spent.of.entry(name.clone()).or_default().priced(budget, now);
            (name, Priced { left: (!is_given).then_some(left), price })
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

    /// Takes what an answer gives off the budgets; answers whether it was there.
    pub(super) fn takes(&self, kind: &dyn Kind, content: &Content, (customer, now): (&CustomerId, Timestamp)) -> bool {
        let budgets = kind.budgets();
        let Content::Actions(actions) = content else { return true };
        let is_budgeted = |one: &&ChosenAction| budgets.iter().any(|(name, _)| *name == one.id);
        let given: Vec<Given> = actions
            .chosen
            .iter()
            .filter(is_budgeted)
            .filter_map(|one| given(one, self.key_of(customer, &one.id, now), now))
            .collect();
        given.is_empty() || self.spending.take(&given, &budgets)
    }

    fn key_of(&self, customer: &CustomerId, offer: &str, at: Timestamp) -> u64 {
        let hours = self.capabilities.learning.same_hours.max(1).saturating_mul(HOUR_MS);
        // Of nobody each is another one.
        let period = if is_nobody(customer) { at.as_millis() } else { at.as_millis().div_euclid(hours) };
        stable_hash(&format!("{customer}\0{offer}\0{period}"))
    }

    /// Whether it is not known yet what was spent of some budget.
    pub(super) fn has_uncounted_budgets(&self) -> bool {
        let budgets: Vec<(String, Budget)> =
            self.capabilities.offer.now().budgets().into_iter().chain(self.capabilities.act.now().budgets()).collect();
        let spent = self.spending.lock();
        budgets.iter().any(|(name, budget)| spent.read.get(name).is_none_or(|days| *days < budget.days))
    }

    /// Reads from the log what was given of what has a budget, and from the customers what came of it: after a start, and again and again.
    ///
    /// # Errors
    /// [`EngineError`] where decisions or customers cannot be read.
    pub fn count_spent(&self) -> Result<(), EngineError> {
        let now = self.clock.now();
        let mut found: HashMap<u64, Logged> = HashMap::new();
        let (mut is_whole, mut names) = (true, Vec::new());
        for kind in self.capabilities.kinds.iter() {
            let in_force = self.capabilities.kinds.in_force(kind.about().name.as_str())?;
            let budgets = in_force.kind().budgets();
            let Some(days) = budgets.iter().map(|(_, budget)| budget.days).max() else { continue };
            self.spending.lock().forget_shorter(&budgets);
            is_whole &= self.each_given(in_force.kind(), (now, days), &mut found)?;
            names.extend(budgets.into_iter().map(|(name, budget)| (name, budget.days)));
        }
        if !is_whole {
            tracing::error!(
                "more than a million decisions gave offers within the days of their budgets: none with a budget is given"
            );
            return Ok(());
        }
        let mut corrected: Vec<(String, i64, f64)> = Vec::new();
        for one in found.values() {
            let came = self.taken_up(one, now)?;
            corrected.push((one.first.offer.clone(), hour_of(one.first.at), came - one.first.expected));
        }
        let mut spent = self.spending.lock();
        let mut new: Vec<&Given> = found.values().map(|one| &one.first).collect();
        new.retain(|one| !spent.read.contains_key(&one.offer));
        new.sort_by_key(|one| (one.at, one.key));
        for one in new {
            spent.note(one);
            if let Some(account) = spent.of.get_mut(&one.offer) {
                account.start_at(one.price);
            }
        }
        for (name, days) in names {
            let known = spent.read.entry(name).or_insert(days);
            *known = days.max(*known);
        }
        spent.of.values_mut().for_each(Account::forget_corrections);
        for (offer, hour, by) in corrected {
            spent.of.entry(offer).or_default().correct(hour, by);
        }
        spent.of.values_mut().for_each(|account| account.drop_before(hour_of(now) - 367 * 24));
        Ok(())
    }

    /// Visits what a kind gave within so many days, once for each customer, offer and period; answers whether it was all.
    fn each_given(
        &self,
        kind: &dyn Kind,
        (now, days): (Timestamp, i64),
        found: &mut HashMap<u64, Logged>,
    ) -> Result<bool, EngineError> {
        let budgets = kind.budgets();
        let since =
            Timestamp::from_millis(now.as_millis().saturating_sub(days.saturating_add(1).saturating_mul(DAY_MS)));
        let meant = DecisionQuery { kind: Some(kind.about().name.to_string()), ..DecisionQuery::default() };
        let mut n_left = N_READ_MAX;
        self.ports.decisions.newest(&meant, &mut |logged| {
            if logged.decided_at < since {
                return false;
            }
            n_left -= 1;
            let Ok(record) = Record::open(&logged) else { return n_left > 0 };
            let Content::Actions(actions) = &record.decision.answer.content else { return n_left > 0 };
            let (customer, at) = (&record.question.customer, record.question.as_of);
            for one in actions.chosen.iter().filter(|one| budgets.iter().any(|(name, _)| *name == one.id)) {
                let key = self.key_of(customer, &one.id, at);
                // What the customer had forgotten since does not say what it costs.
                let Some((first, factors)) = given(one, key, at).zip(one.factors) else { continue };
                let number = Contacted::number_of(record.decision.id.as_str());
                let of = found.entry(key).or_insert_with(|| Logged {
                    first: first.clone(),
                    decisions: Vec::new(),
                    customer: customer.clone(),
                    accepted: factors.cost + factors.accepted,
                    refused: factors.cost,
                });
                of.decisions.push(number);
                // The newest comes first, and the oldest counts.
                of.first = first;
            }
            n_left > 0
        })?;
        Ok(n_left > 0)
    }

    /// What something that was given costs, as far as is known by now.
    fn taken_up(&self, one: &Logged, now: Timestamp) -> Result<f64, EngineError> {
        let action = Contacted::number_of(&one.first.offer);
        let is_accepted = self.with_customer(&one.customer, |customer| {
            customer.state.contacts().into_iter().any(|contact| {
                let is_meant = contact.action == action || contact.action == 0;
                is_meant && contact.converted_at.is_some() && one.decisions.contains(&contact.decision)
            })
        })?;
        let is_over = now >= one.first.at.plus_days(self.capabilities.learning.reward_days);
        Ok(match is_accepted {
            Some(true) => one.accepted,
            _ if is_over => one.refused,
            _ => one.first.expected,
        })
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
                if spending.take(&[one(at as u64, hour, expected)], &budgets) {
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
        assert!(spending.take(&[one(1, 0, 1.0)], &budget(10.0, 3)));
        spending.lock().forget_shorter(&budget(10.0, 30));
        assert!(!spending.take(&[one(2, 0, 1.0)], &budget(10.0, 30)));
    }

    #[test]
    fn nothing_is_given_before_it_is_known_and_the_same_is_given_once() {
        let spending = Spending::default();
        assert!(!spending.take(&[one(1, 0, 1.0)], &budget(10.0, 1)));
        spending.lock().read.insert("a".to_owned(), 3);
        assert!(spending.take(&[one(1, 0, 6.0)], &budget(10.0, 1)));
        assert!(spending.take(&[one(1, 0, 6.0)], &budget(10.0, 1)), "this customer has it already");
        assert!(!spending.take(&[one(2, 0, 6.0)], &budget(10.0, 1)));
        assert!(spending.take(&[one(3, 26, 6.0)], &budget(10.0, 1)), "a day later the first is over");
    }
}
