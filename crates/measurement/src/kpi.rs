//! What is a company measured by, and how is it counted of a customer?
//!
//! A KPI is data: what is counted, by what it is divided, within which window, and in which direction it is better. Of a
//! customer it is a pair of numbers, and of many a [`Told`]: a value with its interval, or why there is none.

mod built_in;

mod declared;

mod told;

use crate::experiment::{Arm, Direction};
use crate::statistics::{Estimate, Measure, Moments, clustered_quantile};
use events::{Filter, Take};
use primitives::Timestamp;

pub use built_in::{Earnings, built_in};
pub use told::Told;

/// What a company is measured by.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpi {
    /// Its name in experiments and reports: small letters, digits, `_` and `-`.
    pub name: String,
    /// What it is called on a page.
    pub title: String,
    /// What is counted.
    pub numerator: Made,
    /// By what it is divided; `None`: by customers.
    pub denominator: Option<Made>,
    /// Within how many days, from a customer's first exposure on.
    pub within_days: i64,
    /// In which direction it is better.
    pub direction: Direction,
}

/// What is made of what happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    /// Whether it happened: 1 or 0.
    Did {
        /// Which events.
        what: Filter,
        /// How often, at least.
        at_least: u32,
    },
    /// How often, or how much, of several things, each times its weight.
    Sum(Vec<Term>),
    /// The value below which the share `at` of all lies.
    Quantile {
        /// In which events.
        what: Filter,
        /// The value.
        of: Take,
        /// The share.
        at: f64,
    },
}

/// One thing that is summed.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Which events.
    pub what: Filter,
    /// Which value of them; `None`: each is 1.
    pub of: Option<Take>,
    /// What it is multiplied by.
    pub times: f64,
}

/// Something that happened, of those that a KPI watches for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occurred {
    /// When.
    pub at: Timestamp,
    /// The value that is read of it; `None` where none is, or it has none.
    pub value: Option<f64>,
}

/// What a KPI counts of one customer.
#[derive(Debug, Clone, PartialEq)]
pub enum Counted {
    /// Numerator and denominator.
    Pair(f64, f64),
    /// Values of which a quantile is asked.
    Values(Vec<f64>),
}

impl Kpi {
    /// Which events are watched for, and which value of each is read: those of the numerator, then those of the
    /// denominator.
    #[must_use]
    pub fn watches(&self) -> Vec<(&Filter, Option<&Take>)> {
        let both = [Some(&self.numerator), self.denominator.as_ref()];
        both.into_iter().flatten().flat_map(Made::watches).collect()
    }

    /// Whether the window that began then is over: who was exposed later is not counted yet.
    #[must_use]
    pub fn is_ripe(&self, from: Timestamp, now: Timestamp) -> bool {
        self.end(from) <= now
    }

    /// What is counted of one customer, from `from` on.
    ///
    /// *Shapes*: `occurred` has one list for each of [`Kpi::watches`], in any order of time. *Guarantees*: what happened
    /// before `from` or after the window does not count; an event without its value counts nothing, and not 0 of a
    /// quantile.
    #[must_use]
    pub fn counted(&self, occurred: &[impl AsRef<[Occurred]>], from: Timestamp) -> Counted {
        self.counted_until(occurred, from, self.end(from))
    }

    /// The same of another window, which ends before `end`.
    ///
    /// *Shapes*: as [`Kpi::counted`].
    #[must_use]
    pub fn counted_until(&self, occurred: &[impl AsRef<[Occurred]>], from: Timestamp, end: Timestamp) -> Counted {
        let within = |watch: usize| -> Vec<Occurred> {
            let all = occurred.get(watch).map(AsRef::as_ref).unwrap_or_default();
            all.iter().filter(|occurred| (from..end).contains(&occurred.at)).copied().collect()
        };
        if let Made::Quantile { .. } = self.numerator {
            let values = within(0).into_iter().filter_map(|occurred| occurred.value);
            return Counted::Values(values.filter(|value| value.is_finite()).collect());
        }
        let n_watches = self.numerator.watches().len();
        let y = self.numerator.number(within);
        let x = self.denominator.as_ref().map_or(1.0, |made| made.number(|watch| within(n_watches + watch)));
        Counted::Pair(y, x)
    }

    /// How arms are compared by it; `None` for a quantile, whose arms are compared by [`Kpi::quantile`].
    #[must_use]
    pub fn measure(&self) -> Option<Measure> {
        match (&self.numerator, &self.denominator) {
            (Made::Quantile { .. }, _) => None,
            (_, Some(_)) => Some(Measure::Ratio),
            (Made::Did { .. }, None) => Some(Measure::Share),
            (Made::Sum(_), None) => Some(Measure::Mean),
        }
    }

    /// What it comes to over customers, each of whom counts once.
    #[must_use]
    pub fn told(&self, customers: &[Counted]) -> Told {
        match self.measure() {
            Some(measure) => {
                let pairs = customers.iter().filter_map(|counted| match counted {
                    Counted::Pair(y, x) => Some((*y, *x)),
                    Counted::Values(_) => None,
                });
                told::told(&Moments::of_pairs(pairs), measure)
            }
            None => told::told_quantile(self.quantile(customers), crate::statistics::whole(customers.len())),
        }
    }

    /// One arm of an experiment. With what was counted of the same customers as long before their exposure, in the same order,
    /// what could have been foretold is taken off ([`Measure::Adjusted`]), where it is no ratio and no quantile.
    #[must_use]
    pub fn arm(&self, after: &[Counted], before: Option<&[Counted]>) -> (Arm, Measure) {
        let pair = |counted: &Counted| match counted {
            Counted::Pair(y, x) => (*y, *x),
            Counted::Values(_) => (0.0, 0.0),
        };
        match (self.measure(), before) {
            (None, _) => (Arm::Quantile(self.quantile(after)), Measure::Mean),
            (Some(Measure::Ratio), _) | (Some(_), None) => {
                let measure = self.measure().unwrap_or(Measure::Mean);
                (Moments::of_pairs(after.iter().map(pair)).into(), measure)
            }
            (Some(_), Some(before)) => {
                let pairs = after.iter().zip(before).map(|(after, before)| (pair(after).0, pair(before).0));
                (Moments::of_pairs(pairs).into(), Measure::Adjusted)
            }
        }
    }

    /// The quantile that it asks for, with its variance.
    ///
    /// # Errors
    /// With the reason why there is none.
    pub fn quantile(&self, customers: &[Counted]) -> Result<Estimate, String> {
        let Made::Quantile { at, .. } = &self.numerator else {
            return Err(format!("`{}` asks for no quantile", self.name));
        };
        let values = customers.iter().map(|counted| match counted {
            Counted::Values(values) => values.clone(),
            Counted::Pair(..) => Vec::new(),
        });
        clustered_quantile(&values.collect::<Vec<_>>(), *at)
    }

    fn end(&self, from: Timestamp) -> Timestamp {
        from.plus_days(self.within_days)
    }
}

impl Made {
    fn watches(&self) -> Vec<(&Filter, Option<&Take>)> {
        match self {
            Self::Did { what, .. } => vec![(what, None)],
            Self::Sum(terms) => terms.iter().map(|term| (&term.what, term.of.as_ref())).collect(),
            Self::Quantile { what, of, .. } => vec![(what, Some(of))],
        }
    }

    /// The number that is made of what happened within the window, by the number of the watch.
    fn number(&self, within: impl Fn(usize) -> Vec<Occurred>) -> f64 {
        match self {
            Self::Did { at_least, .. } => {
                f64::from(u8::from(within(0).len() >= usize::try_from(*at_least).unwrap_or(usize::MAX)))
            }
            Self::Sum(terms) => terms.iter().enumerate().map(|(watch, term)| term.sum(&within(watch))).sum(),
            Self::Quantile { .. } => 0.0,
        }
    }
}

impl Term {
    fn sum(&self, occurred: &[Occurred]) -> f64 {
        let value = |occurred: &Occurred| if self.of.is_some() { occurred.value.unwrap_or(0.0) } else { 1.0 };
        // Sorted, so that the order of arrival does not change the last bit of the sum.
        let mut values: Vec<f64> = occurred.iter().map(value).filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        self.times * values.iter().sum::<f64>()
    }
}

#[cfg(test)]
mod tests;
