//! From when on, and until when, does what a customer did count for the arm that they were drawn into?
//!
//! A [`Unit`] is a customer in one draw. What happened from their first exposure on is compared, and what happened before it says
//! what was to be expected of them. All arms are cut alike: whoever was exposed yesterday counts one day, on either side.

use crate::experiment::Arm;
use crate::kpi::{Counted, Kpi, Occurred};
use crate::statistics::Measure;
use primitives::Timestamp;

/// What was before the exposure counts for so many days.
pub const BEFORE_DAYS: i64 = 56;

/// From when until when it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When they first met it.
    pub exposed_at: Timestamp,
    /// From when on it counts: from then on, or from the beginning of a period that lies later.
    pub from: Timestamp,
    /// Until when, exclusively.
    pub until: Timestamp,
}

/// What a KPI counts of one customer, after the exposure and before.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Within the span.
    pub after: Counted,
    /// In the 56 days before the exposure.
    pub before: Counted,
}

/// One customer in one draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// The arm, by its number.
    pub arm: usize,
    /// To which parts of the customers they belonged when they were exposed, by their numbers.
    pub parts: Vec<usize>,
    /// What each KPI counts of them.
    pub seen: Vec<Seen>,
}

impl Span {
    /// A span that begins at `from`, which is not before the exposure, and ends when its days are over, when the draw ends, or
    /// now, whichever is first; `None` where nothing of it is over.
    #[must_use]
    pub fn new(exposed_at: Timestamp, from: Timestamp, within_days: i64, ends: &[Timestamp]) -> Option<Self> {
        Self::within(exposed_at, (from, from.plus_days(within_days)), ends)
    }

    /// The same within a period, for as long as that is; `None` where none of it was in the arm.
    #[must_use]
    pub fn within(exposed_at: Timestamp, (from, until): (Timestamp, Timestamp), ends: &[Timestamp]) -> Option<Self> {
        let from = from.max(exposed_at);
        let until = ends.iter().fold(until, |until, end| until.min(*end));
        (until > from).then_some(Self { exposed_at, from, until })
    }

    /// What a KPI counts of a customer.
    ///
    /// *Shapes*: as [`Kpi::counted`].
    #[must_use]
    pub fn seen(&self, kpi: &Kpi, occurred: &[impl AsRef<[Occurred]>]) -> Seen {
        let first = self.exposed_at.plus_days(-BEFORE_DAYS);
        Seen {
            after: kpi.counted_until(occurred, self.from, self.until),
            before: kpi.counted_until(occurred, first, self.exposed_at),
        }
    }
}

/// How many customers there are in each arm.
#[must_use]
pub fn counts(units: &[Unit], n_arms: usize) -> Vec<u64> {
    let mut counts = vec![0; n_arms];
    for unit in units {
        if let Some(count) = counts.get_mut(unit.arm) {
            *count += 1;
        }
    }
    counts
}

/// The arms as a KPI counts them, of all or of one part of the customers; what could have been foretold from before is taken off
/// where `is_adjusted`.
#[must_use]
pub fn arms(
    units: &[Unit],
    n_arms: usize,
    (at, kpi): (usize, &Kpi),
    part: Option<usize>,
    is_adjusted: bool,
) -> (Vec<Arm>, Measure) {
    let mut seen: Vec<(Vec<Counted>, Vec<Counted>)> = vec![(Vec::new(), Vec::new()); n_arms];
    for unit in units.iter().filter(|unit| part.is_none_or(|part| unit.parts.contains(&part))) {
        if let (Some((after, before)), Some(one)) = (seen.get_mut(unit.arm), unit.seen.get(at)) {
            after.push(one.after.clone());
            before.push(one.before.clone());
        }
    }
    let arm = |(after, before): &(Vec<Counted>, Vec<Counted>)| kpi.arm(after, is_adjusted.then_some(before));
    let made: Vec<(Arm, Measure)> = seen.iter().map(arm).collect();
    let measure = made.first().map_or(Measure::Mean, |(_, measure)| *measure);
    (made.into_iter().map(|(arm, _)| arm).collect(), measure)
}

#[cfg(test)]
mod tests;
