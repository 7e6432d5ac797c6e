//! What was spent on one offer, hour by hour, and the price of what is left?

use decisions::{Budget, paced};
use primitives::{HOUR_MS, Timestamp};
use std::collections::BTreeMap;

/// The price looks back over this part of the days of a budget.
const LOOKS_BACK: f64 = 0.125;
/// How often the price moves.
const STEP_MS: i64 = 60_000;
/// How far it may move at once, as a part of what a unit usually brings.
const RATE_MAX: f64 = 0.5;

/// What was spent on one offer.
#[derive(Debug, Default)]
pub(super) struct Account {
    hours: BTreeMap<i64, Hour>,
    price: f64,
    stepped_at: Option<Timestamp>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Hour {
    expected: f64,
    /// By how much more or less it was by what is known now.
    corrected: f64,
    /// What was expected to be earned beside it.
    worth: f64,
}

impl Account {
    pub(super) fn add(&mut self, hour: i64, expected: f64, worth: f64) {
        let of = self.hours.entry(hour).or_default();
        of.expected += expected;
        of.worth += worth;
    }

    pub(super) fn correct(&mut self, hour: i64, by: f64) {
        self.hours.entry(hour).or_default().corrected += by;
    }

    pub(super) fn forget_corrections(&mut self) {
        self.hours.values_mut().for_each(|hour| hour.corrected = 0.0);
    }

    pub(super) fn drop_before(&mut self, hour: i64) {
        self.hours = self.hours.split_off(&hour);
    }

    /// With the price that it had before a start.
    pub(super) fn start_at(&mut self, price: f64) {
        self.price = price.max(0.0);
    }

    /// What was spent within so many days; the hour in which they begin counts whole.
    pub(super) fn within(&self, days: i64, now: Timestamp) -> f64 {
        let since = now.as_millis().div_euclid(HOUR_MS) - days.saturating_mul(24);
        self.since(since)
    }

    fn since(&self, hour: i64) -> f64 {
        // The sum of nothing is -0.
        self.hours.range(hour..).map(|(_, it)| it.expected + it.corrected).sum::<f64>().max(0.0) + 0.0
    }

    /// What a unit of it would bring elsewhere: the price rises where it is spent faster than evenly.
    pub(super) fn priced(&mut self, budget: Budget, now: Timestamp) -> f64 {
        let since = now.as_millis() - self.stepped_at.get_or_insert(now).as_millis();
        if since < STEP_MS {
            return self.price;
        }
        self.stepped_at = Some(now);
        let hour = now.as_millis().div_euclid(HOUR_MS);
        #[expect(clippy::cast_precision_loss, reason = "hours of at most a year")]
        let (duration, since_h) = ((budget.days * 24) as f64, since as f64 / HOUR_MS as f64);
        let looks_back = (duration * LOOKS_BACK).max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "hours of at most a year")]
        let (from, first) =
            (hour - looks_back as i64, self.hours.keys().next().map_or(0.0, |first| (hour - first + 1) as f64));
        let elapsed = first.clamp(1.0, looks_back);
        let rate = (since_h / looks_back).min(RATE_MAX);
        let usually = self.usually();
        self.price = paced(self.price, self.since(from), elapsed, budget.amount, duration, rate, usually);
        // Dearer than all that it brings it would never be given, and so never again be cheaper.
        self.price = self.price.min(100.0 * usually);
        self.price
    }

    /// What a unit that is spent usually brings.
    fn usually(&self) -> f64 {
        let (worth, expected) =
            self.hours.values().fold((0.0, 0.0), |sum, hour| (sum.0 + hour.worth, sum.1 + hour.expected));
        if worth > 0.0 && expected > 0.0 { worth / expected } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { amount: 240.0, days: 10 };

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    /// Customers come evenly, and what they bring a unit spreads evenly from 0 to 4; so many units of cost are asked for an hour.
    fn paced_over(n_hours: i64, asked: f64) -> (Account, f64) {
        let (mut account, mut spent, mut n) = (Account::default(), 0.0, 0_u32);
        for minute in 0..n_hours * 60 {
            let price = account.priced(BUDGET, at(minute));
            for _ in 0..4 {
                n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let brings = 4.0 * f64::from(n >> 8) / f64::from(1 << 24);
                let cost = asked / 240.0;
                if brings > price && account.within(BUDGET.days, at(minute)) + cost <= BUDGET.amount {
                    account.add(minute / 60, cost, brings * cost);
                    spent += cost;
                }
            }
        }
        (account, spent)
    }

    #[test]
    fn where_more_is_asked_for_than_there_is_the_price_rises_until_it_goes_evenly() {
        let (account, spent) = paced_over(20 * 24, 4.0);
        // Of 4 an hour 1 can be had: those who bring more than 3.
        assert!((2.0..4.0).contains(&account.price), "{}", account.price);
        assert!(account.within(BUDGET.days, at(20 * 24 * 60)) <= BUDGET.amount && spent > 300.0, "{spent}");
    }

    #[test]
    fn where_there_is_enough_nothing_has_a_price() {
        let (account, spent) = paced_over(10 * 24, 0.5);
        assert!(account.price <= 0.0 && (spent - 120.0).abs() < 6.0, "{} {spent}", account.price);
    }

    #[test]
    fn what_is_known_later_takes_the_place_of_what_was_expected() {
        let mut account = Account::default();
        account.add(0, 3.0, 1.0);
        account.add(5, 3.0, 1.0);
        account.correct(0, -3.0);
        assert!((account.within(1, at(60 * 6)) - 3.0).abs() < 1e-12);
        account.forget_corrections();
        assert!((account.within(1, at(60 * 6)) - 6.0).abs() < 1e-12);
        account.drop_before(1);
        assert!((account.within(1, at(60 * 6)) - 3.0).abs() < 1e-12);
    }
}
