//! How long ago did a customer last do something? Kept for whoever asks, without being a feature that models look at.

use crate::cell::Cell;
use crate::{CellSpec, Cells, FeatureState, Form};
use events::Filter;
use primitives::Timestamp;

/// Days since the last of some events.
#[derive(Debug, Clone, PartialEq)]
pub struct Since {
    cell: CellSpec,
    key: u64,
}

impl Since {
    /// Since the last of these events.
    #[must_use]
    pub fn new(when: Filter) -> Self {
        let cell = CellSpec { when, of: None, form: Form::Last };
        Self { key: cell.key(), cell }
    }

    /// What must be kept of each customer.
    #[must_use]
    pub fn cell(&self) -> &CellSpec {
        &self.cell
    }

    /// How many days ago it was; NaN where it never happened, `None` where it is not kept of customers (yet).
    #[must_use]
    pub fn read(&self, cells: &Cells, state: &FeatureState, as_of: Timestamp) -> Option<f64> {
        let last = match state.kept.get(self.key) {
            Some(Cell::Last(last)) => last.get(),
            _ => None,
        };
        cells.has(self.key).then(|| last.map_or(f64::NAN, |(at, _)| as_of.days_since(at)))
    }
}
