//! What is kept of a customer for whoever asks, without being a feature that models look at?

use crate::cell::{Cell, DAYS_MAX};
use crate::{CellSpec, Cells, FeatureState, Form};
use events::Filter;
use primitives::Timestamp;

/// How long ago a customer last did something, or how often they did it lately.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Which events, and by what they are found; `None` for purchases, which are always kept.
    cell: Option<(CellSpec, u64)>,
    /// In the last how many days is counted; `None` where it is asked how long ago the last one was.
    within_days: Option<i64>,
}

impl Probe {
    /// The most days over which can be counted: no more are kept.
    pub const DAYS_MAX: i64 = DAYS_MAX;

    /// How many days ago the last of these events was, or the last purchase where none are named.
    #[must_use]
    pub fn last(when: Option<Filter>) -> Self {
        Self { cell: when.map(|when| found_by(when, Form::Last)), within_days: None }
    }

    /// How many of these events, or purchases, there were in the last days, to half the hour at the beginning of at most a
    /// week and to half the day of more.
    #[must_use]
    pub fn times(when: Option<Filter>, within_days: i64) -> Self {
        Self { cell: when.map(|when| found_by(when, Form::Counts)), within_days: Some(within_days) }
    }

    /// What must be kept of each customer, where that is not kept anyway.
    #[must_use]
    pub fn cell(&self) -> Option<&CellSpec> {
        self.cell.as_ref().map(|(cell, _)| cell)
    }

    /// Days, NaN where it never happened, or how often it did; `None` where it is not kept of customers (yet).
    #[must_use]
    pub fn read(&self, cells: &Cells, state: &FeatureState, as_of: Timestamp) -> Option<f64> {
        let ago = |at: Option<Timestamp>| at.map_or(f64::NAN, |at| as_of.days_since(at));
        let Some((_, key)) = self.cell else {
            let n_orders = |days| whole(state.n_orders_within(as_of, days));
            return Some(self.within_days.map_or_else(|| ago(state.last_order_at()), n_orders));
        };
        cells.has(key).then(|| match (state.kept.get(key), self.within_days) {
            (Some(Cell::Counts(counts)), Some(days)) => {
                let mut n = 0;
                counts.between(as_of, 0, days, |(), count| n += count.0);
                whole(n)
            }
            (_, Some(_)) => 0.0,
            (Some(Cell::Last(last)), None) => ago(last.get().map(|(at, _)| at)),
            (_, None) => f64::NAN,
        })
    }
}

fn found_by(when: Filter, form: Form) -> (CellSpec, u64) {
    let cell = CellSpec { when, of: None, form };
    let key = cell.key();
    (cell, key)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a customer's events are far below 2^53")]
fn whole(n: u64) -> f64 {
    n as f64
}
