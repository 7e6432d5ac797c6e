//! What is learned from: rows in bins, their labels, weights and groups, and those that a fit is judged on?

use super::binned::{Binned, By};
use super::objective::Targets;
use super::settings::Monotone;
use crate::{ModelError, labels};

pub(super) const OPERATION: &str = "fit the boosted trees";

/// Rows with what is known of them.
///
/// *Shapes*: a label for every row of `binned`, and a weight, where there are any; `groups` are the lengths of the runs
/// of rows that belong together, which objectives that rank need.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The features.
    pub binned: &'a Binned,
    /// The labels, whatever the objective makes of them.
    pub labels: &'a [f64],
    /// The weights; 1 where there are none. A weight of 0 leaves a row out.
    pub weights: Option<&'a [f64]>,
    /// How many rows, one after the other, belong to each group.
    pub groups: Option<&'a [usize]>,
}

/// What to learn from, and what to keep to.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// What is learned from.
    pub rows: Rows<'a>,
    /// What a fit is judged on after each tree, cut into bins with [`Binned::alike`].
    pub validation: Option<Rows<'a>>,
    /// How the score may depend on each feature; free beyond the end.
    pub monotone: &'a [Monotone],
}

impl<'a> Rows<'a> {
    /// Rows of weight 1, without groups.
    #[must_use]
    pub fn new(binned: &'a Binned, labels: &'a [f64]) -> Self {
        Self { binned, labels, weights: None, groups: None }
    }

    /// Checks lengths, weights and groups.
    pub(super) fn targets(&self) -> Result<Targets<'a>, ModelError> {
        let n_rows = self.binned.n_rows();
        labels::check_length(OPERATION, "labels", n_rows, self.labels.len())?;
        let weights = labels::check_weights(OPERATION, n_rows, self.weights)?;
        let mut groups = Vec::new();
        let mut from = 0;
        for &length in self.groups.unwrap_or_default() {
            let to = from + length;
            groups.push(from..to);
            from = to;
        }
        if self.groups.is_some() {
            labels::check_length(OPERATION, "the rows of all groups", n_rows, from)?;
        }
        Ok(Targets { labels: self.labels, weights, groups })
    }
}

impl<'a> Lesson<'a> {
    /// A lesson without validation or demands.
    #[must_use]
    pub fn new(rows: Rows<'a>) -> Self {
        Self { rows, validation: None, monotone: &[] }
    }

    /// What is demanded of every used column; nothing at all where all are free.
    pub(super) fn monotone(&self) -> Result<Vec<Monotone>, ModelError> {
        let binned = self.rows.binned;
        if self.monotone.len() > binned.n_features() {
            let (expected, found) = (binned.n_features(), self.monotone.len());
            return Err(ModelError::Shape { operation: OPERATION, what: "the monotone columns", expected, found });
        }
        let of = |feature: usize| self.monotone.get(feature).copied().unwrap_or_default();
        let demands: Vec<Monotone> = binned.used().iter().map(|cuts| of(cuts.feature)).collect();
        let is_free = |demand: &Monotone| *demand == Monotone::Free;
        let wrong = binned.used().iter().find(|cuts| !is_free(&of(cuts.feature)) && matches!(cuts.by, By::Codes(_)));
        if let Some(cuts) = wrong {
            let reason = format!("feature {} holds categories, which have no order to keep to", cuts.feature);
            return Err(ModelError::Fit { operation: OPERATION, reason });
        }
        Ok(if demands.iter().all(is_free) { Vec::new() } else { demands })
    }
}
