//! How many were active, bought, and came back, day by day and over longer stretches?

use super::facts::{Lack, Lens, Seen};
use super::walk::Judge;
use crate::calendar::{Calendar, Stretch};
use crate::error::EngineError;
use crate::{Engine, Stopwatch};
use decisions::filter::Subject;
use features::{SUBSCRIPTION_AMOUNT, SUBSCRIPTIONS_ACTIVE};
use governance::{Headcount, Purpose};
use primitives::{Currency, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// The stretches that are told, in days, and of how many days each day alone.
pub const RANGES_DAYS: [i64; 3] = [7, 28, 90];
const N_DAYS: usize = 90;

/// How many customers did something in a stretch of time, of those who permit analytics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    active: u32,
    known: u32,
    buyers: u32,
    returning: u32,
}

impl Counts {
    /// Who did anything themselves: what was done to them does not count.
    #[must_use]
    pub fn active(self) -> Headcount {
        Headcount::of(self.active)
    }

    /// Of them those with a `userId`.
    #[must_use]
    pub fn known(self) -> Headcount {
        Headcount::of(self.known)
    }

    /// Who ordered.
    #[must_use]
    pub fn buyers(self) -> Headcount {
        Headcount::of(self.buyers)
    }

    /// Which share of those who ordered had ordered before, or did so twice; nothing where that would tell on fewer than five.
    #[must_use]
    pub fn repeat_rate(self) -> Option<f64> {
        self.buyers().is_told().then(|| f64::from(self.returning) / f64::from(self.buyers))
    }
}

/// What was counted over a range and over as long a time before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// In the last days.
    pub last: Counts,
    /// In as many days before.
    pub before: Counts,
}

/// What active subscriptions come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Subscribed {
    n: u32,
    by_currency: BTreeMap<Currency, (f64, u32)>,
}

impl Subscribed {
    /// How many customers have one.
    #[must_use]
    pub fn customers(&self) -> Headcount {
        Headcount::of(self.n)
    }

    /// What they cost in 30 days in the currency that most of them are paid in; nothing where it would tell on fewer than five.
    #[must_use]
    pub fn amount(&self) -> Option<(Currency, f64)> {
        let (currency, (sum, n)) = self.by_currency.iter().max_by_key(|(currency, (_, n))| (*n, **currency))?;
        Headcount::of(*n).is_told().then_some((*currency, *sum))
    }
}

/// What customers did, as of a moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// On each of the last 90 days, oldest first.
    pub days: Vec<Counts>,
    /// Over each of [`RANGES_DAYS`].
    pub ranges: [Compared; RANGES_DAYS.len()],
    /// Who is subscribed now.
    pub subscribed: Subscribed,
    /// Whether everybody was looked at.
    pub is_complete: bool,
}

impl Engine {
    /// What customers did on the days of a calendar. Looks for at most `time_max`.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn people(&self, calendar: &Calendar, time_max: Duration) -> Result<People, EngineError> {
        let subjects = [SUBSCRIPTIONS_ACTIVE, SUBSCRIPTION_AMOUNT].map(|name| Subject::Feature(name.to_owned()));
        let lens = Lens::new(self, &[&subjects[0], &subjects[1]], BTreeMap::new());
        let first = calendar.today() + 1 - i64::try_from(N_DAYS).unwrap_or_default();
        let mut census = Census {
            engine: self,
            subjects: &subjects,
            starts: (first..=calendar.today() + 1).map(|day| calendar.day(day).from).collect(),
            ranges: RANGES_DAYS.map(|n_days| [calendar.last(n_days), calendar.before(n_days)]),
            found: People { days: vec![Counts::default(); N_DAYS], ..People::default() },
        };
        let watch = Stopwatch::start();
        let walked = self.each(&lens, &mut census, &|| watch.elapsed() > time_max)?;
        Ok(People { is_complete: walked.is_complete, ..census.found })
    }
}

/// Counts every customer.
struct Census<'a> {
    engine: &'a Engine,
    subjects: &'a [Subject; 2],
    /// Where each of the days begins, and where the last ends.
    starts: Vec<Timestamp>,
    ranges: [[Stretch; 2]; RANGES_DAYS.len()],
    found: People,
}

impl Judge for Census<'_> {
    fn judge(&mut self, seen: &Seen<'_>) -> Result<(), Lack> {
        let customer = seen.customer;
        let profile = &customer.profile;
        if !self.engine.policy().answer(&profile.consents, Purpose::Analytics).granted {
            return Ok(());
        }
        let one = u32::from(profile.is_known());
        let state = &customer.state;
        // In each stretch: whether they were there, and how often they ordered.
        let (mut days, mut ranges) = ([Did::default(); N_DAYS], [[Did::default(); 2]; RANGES_DAYS.len()]);
        let stretches = self.ranges;
        let starts = &self.starts;
        let mut each = |at: Timestamp, add: &dyn Fn(&mut Did)| {
            let after = starts.partition_point(|start| *start <= at);
            if let Some(did) = after.checked_sub(1).and_then(|day| days.get_mut(day)) {
                add(did);
            }
            for (did, stretch) in ranges.iter_mut().flatten().zip(stretches.iter().flatten()) {
                if stretch.holds(at) {
                    add(did);
                }
            }
        };
        state.each_active(|at| each(at, &|did| did.was_there = true));
        state.each_ordered(|at, n| each(at, &|did| did.n_orders += n));
        let first_order = state.first_order_at();
        for ((counts, did), start) in self.found.days.iter_mut().zip(days).zip(&self.starts) {
            did.count(counts, one, first_order < Some(*start));
        }
        for ((compared, did), [last, before]) in self.found.ranges.iter_mut().zip(ranges).zip(&self.ranges) {
            did[0].count(&mut compared.last, one, first_order < Some(last.from));
            did[1].count(&mut compared.before, one, first_order < Some(before.from));
        }
        if seen.number(&self.subjects[0]).is_some_and(|n| n > 0.0) {
            self.found.subscribed.n += 1;
            if let Some((currency, amount)) = state.currency().zip(seen.number(&self.subjects[1])) {
                let (sum, n) = self.found.subscribed.by_currency.entry(currency).or_default();
                *sum += amount;
                *n += 1;
            }
        }
        Ok(())
    }
}

/// What one customer did in a stretch of time.
#[derive(Debug, Clone, Copy, Default)]
struct Did {
    was_there: bool,
    n_orders: u64,
}

impl Did {
    /// `had_before` tells whether they had ordered before, where they ordered at all.
    fn count(self, counts: &mut Counts, known: u32, had_before: bool) {
        counts.active += u32::from(self.was_there);
        counts.known += if self.was_there { known } else { 0 };
        if self.n_orders > 0 {
            counts.buyers += 1;
            counts.returning += u32::from(had_before || self.n_orders > 1);
        }
    }
}
