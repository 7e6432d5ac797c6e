//! How are many rows kept of which most numbers are zero, and beside them what encoders say, which is not?

use crate::ModelError;
use serde::{Deserialize, Serialize};

/// The numbers of a row that are not zero, with ascending columns, and what encoders say, whose columns come after all others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a [u32],
    pub(crate) values: &'a [f32],
    pub(crate) encoded: &'a [f32],
}

impl<'a> Row<'a> {
    /// Column and value, one after the other, without what encoders say.
    pub(crate) fn cells(self) -> impl Iterator<Item = (usize, f32)> + 'a {
        self.columns.iter().map(|column| *column as usize).zip(self.values.iter().copied())
    }
}

/// Rows, one behind the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rows {
    /// Where each row begins, and at last where the last one ends.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    /// How many numbers encoders say of a row.
    n_encoded: usize,
    encoded: Vec<f32>,
}

impl Rows {
    /// No rows, of which encoders say so many numbers.
    pub(crate) fn new(n_encoded: usize) -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new(), n_encoded, encoded: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) fn n_encoded(&self) -> usize {
        self.n_encoded
    }

    /// What encoders say of all rows, one after the other.
    pub(crate) fn encoded(&self) -> &[f32] {
        &self.encoded
    }

    /// The row of a number; an empty one where there is none.
    pub(crate) fn row(&self, at: usize) -> Row<'_> {
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let cut = bounds.and_then(|(from, until)| {
            let encoded = self.encoded.get(at * self.n_encoded..(at + 1) * self.n_encoded)?;
            Some(Row { columns: self.columns.get(*from..*until)?, values: self.values.get(*from..*until)?, encoded })
        });
        cut.unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|at| self.row(at))
    }

    /// Appends a row; what is missing of what encoders say is 0.
    pub(crate) fn push(&mut self, cells: impl IntoIterator<Item = (u32, f32)>, encoded: &[f32]) {
        for (column, value) in cells {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
        self.encoded.extend_from_slice(encoded.get(..self.n_encoded).unwrap_or(encoded));
        self.encoded.resize(self.len() * self.n_encoded, 0.0);
    }

    /// Some of the rows, in the order in which they are named, and of them some columns.
    pub(crate) fn picked(&self, rows: impl IntoIterator<Item = usize>, is_kept: impl Fn(usize) -> bool) -> Self {
        let mut picked = Self::new(self.n_encoded);
        for row in rows {
            let Row { columns, values, encoded } = self.row(row);
            let cells = columns.iter().copied().zip(values.iter().copied());
            picked.push(cells.filter(|(column, _)| is_kept(*column as usize)), encoded);
        }
        picked
    }

    /// Rows that were stored are rows, with columns below `n_columns`.
    pub(crate) fn check(&self, model: &'static str, n_columns: usize) -> Result<(), ModelError> {
        let is_whole = self.starts.first() == Some(&0)
            && self.starts.is_sorted()
            && self.starts.last() == Some(&self.columns.len())
            && self.columns.len() == self.values.len()
            && self.len().checked_mul(self.n_encoded) == Some(self.encoded.len());
        let is_inside = || self.columns.iter().all(|column| (*column as usize) < n_columns);
        let mut numbers = self.values.iter().chain(&self.encoded);
        if is_whole && is_inside() && numbers.all(|value| value.is_finite()) {
            return Ok(());
        }
        Err(ModelError::Corrupt { model, reason: "the rows of its messages do not fit together".to_owned() })
    }
}
