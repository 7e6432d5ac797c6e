//! How are many rows kept of which most numbers are zero?

use crate::ModelError;
use serde::{Deserialize, Serialize};

/// The numbers of a row that are not zero, with ascending columns.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row<'a> {
    pub(crate) columns: &'a [u32],
    pub(crate) values: &'a [f32],
}

impl<'a> Row<'a> {
    /// Column and value, one after the other.
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
}

impl Default for Rows {
    fn default() -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new() }
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The row of a number; an empty one where there is none.
    pub(crate) fn row(&self, at: usize) -> Row<'_> {
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let cut = bounds.and_then(|(from, until)| {
            Some(Row { columns: self.columns.get(*from..*until)?, values: self.values.get(*from..*until)? })
        });
        cut.unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|at| self.row(at))
    }

    /// Appends cells to the row that is being written.
    pub(crate) fn extend(&mut self, cells: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in cells {
            self.columns.push(column);
            self.values.push(value);
        }
    }

    /// Ends the row that was written.
    pub(crate) fn end_row(&mut self) {
        self.starts.push(self.columns.len());
    }

    /// Some of the rows, in the order in which they are named, from a column on.
    pub(crate) fn picked(&self, rows: impl IntoIterator<Item = usize>, first_column: u32) -> Self {
        let mut picked = Self::default();
        for row in rows {
            let Row { columns, values } = self.row(row);
            let cells = columns.iter().copied().zip(values.iter().copied());
            picked.extend(cells.filter(|(column, _)| *column >= first_column));
            picked.end_row();
        }
        picked
    }

    /// Rows that were stored are rows, with columns below `n_columns`.
    pub(crate) fn check(&self, model: &'static str, n_columns: usize) -> Result<(), ModelError> {
        let is_whole = self.starts.first() == Some(&0)
            && self.starts.is_sorted()
            && self.starts.last() == Some(&self.columns.len())
            && self.columns.len() == self.values.len();
        let is_inside = || self.columns.iter().all(|column| (*column as usize) < n_columns);
        if is_whole && is_inside() && self.values.iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        Err(ModelError::Corrupt { model, reason: "the rows of its messages do not fit together".to_owned() })
    }
}
