//! How are purchases laid out as a sparse matrix, and how is a list of weights kept for every item?

use super::Interaction;
use super::prepared::Prepared;
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// Rows of different lengths, one after the other: row `i` is `start[i]..start[i + 1]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Matrix {
    start: Vec<u32>,
    column: Vec<u32>,
    value: Vec<f32>,
}

impl Matrix {
    /// Customers by items: what each customer had at least once, in ascending order, with what `value` says of these purchases
    /// (youngest first). Where a customer has more than `n_items_max` items, those with the most recent purchase stay, ties by
    /// place: this bounds what a customer who buys everything (a shop, a test account) costs.
    pub(super) fn of(prepared: &Prepared, n_items_max: usize, value: impl Fn(&[Interaction]) -> f32) -> Self {
        let rows = prepared.customers().map(|customer| {
            let mut items: Vec<&[Interaction]> = customer.chunk_by(|a, b| a.item == b.item).collect();
            if items.len() > n_items_max {
                items.sort_by(|a, b| a[0].age_days.total_cmp(&b[0].age_days).then(a[0].item.cmp(&b[0].item)));
                items.truncate(n_items_max);
                items.sort_by_key(|item| item[0].item);
            }
            items.into_iter().map(|item| (item[0].item, value(item))).collect::<Vec<_>>()
        });
        Self::from_rows(rows)
    }

    /// A matrix of these rows.
    pub(super) fn from_rows(rows: impl IntoIterator<Item = Vec<(u32, f32)>>) -> Self {
        let mut matrix = Self { start: vec![0], ..Self::default() };
        for row in rows {
            for (column, value) in row {
                matrix.column.push(column);
                matrix.value.push(value);
            }
            matrix.start.push(u32::try_from(matrix.column.len()).unwrap_or(u32::MAX));
        }
        matrix
    }

    /// How many rows there are.
    pub(super) fn n_rows(&self) -> usize {
        self.start.len().saturating_sub(1)
    }

    /// How many entries there are.
    pub(super) fn n_entries(&self) -> usize {
        self.column.len()
    }

    /// The columns of a row.
    pub(super) fn columns(&self, row: usize) -> &[u32] {
        &self.column[self.range(row)]
    }

    /// Columns and values of a row.
    pub(super) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (u32, f32)> + Clone + '_ {
        let range = self.range(row);
        self.column[range.clone()].iter().copied().zip(self.value[range].iter().copied())
    }

    /// The rows.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = impl ExactSizeIterator<Item = (u32, f32)> + '_> {
        (0..self.n_rows()).map(|row| self.row(row))
    }

    /// Columns as rows, each in ascending order of what was the row.
    pub(super) fn transposed(&self, n_columns: usize) -> Self {
        let mut start = vec![0_u32; n_columns + 1];
        for column in &self.column {
            start[*column as usize + 1] += 1;
        }
        for at in 1..start.len() {
            start[at] += start[at - 1];
        }
        let mut next = start.clone();
        let mut turned = Self { start, column: vec![0; self.column.len()], value: vec![0.0; self.value.len()] };
        for (row, entries) in (0_u32..).zip(self.rows()) {
            for (column, value) in entries {
                let at = &mut next[column as usize];
                (turned.column[*at as usize], turned.value[*at as usize]) = (row, value);
                *at += 1;
            }
        }
        turned
    }

    /// The same entries with what `value(row, column, value)` says.
    pub(super) fn map(mut self, value: impl Fn(u32, u32, f32) -> f32) -> Self {
        for (row, ends) in (0_u32..).zip(self.start.windows(2)) {
            for at in ends[0] as usize..ends[1] as usize {
                self.value[at] = value(row, self.column[at], self.value[at]);
            }
        }
        self
    }

    /// What does not fit about a stored matrix, if anything: `n_rows` rows of finite numbers for places below `n_columns`.
    pub(super) fn check(&self, model: &'static str, n_rows: usize, n_columns: usize) -> Result<(), ModelError> {
        let corrupt = |reason: &str| Err(ModelError::Corrupt { model, reason: reason.to_owned() });
        if self.start.len() != n_rows + 1
            || self.start.first() != Some(&0)
            || self.start.last().map(|last| *last as usize) != Some(self.column.len())
            || !self.start.is_sorted()
        {
            return corrupt("the rows of a matrix do not follow one another");
        }
        if self.column.iter().any(|column| *column as usize >= n_columns) {
            return corrupt("a column of a matrix is outside of it");
        }
        if self.value.len() != self.column.len() || !self.value.iter().all(|value| value.is_finite()) {
            return corrupt("the values of a matrix are not one finite number for every entry");
        }
        Ok(())
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.start[row] as usize..self.start[row + 1] as usize
    }
}

/// The `n` entries with the largest `size`, largest first, ties by place.
pub(super) fn keep_largest(entries: &mut Vec<(u32, f32)>, n: usize, size: impl Fn(f32) -> f32) {
    let by_size = |a: &(u32, f32), b: &(u32, f32)| size(b.1).total_cmp(&size(a.1)).then(a.0.cmp(&b.0));
    if n > 0 && entries.len() > n {
        entries.select_nth_unstable_by(n - 1, by_size);
    }
    entries.truncate(n);
    entries.sort_unstable_by(by_size);
    entries.shrink_to_fit();
}
