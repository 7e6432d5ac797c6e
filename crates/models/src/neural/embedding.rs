//! How does a number that only names something become numbers to compute with?

use super::matrix::{Matrix, in_blocks};
use crate::linear::add_scaled;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of a gradient that one thread sums at a time.
const BLOCK_ROWS: usize = 128;

/// A table of learned rows, one for each thing that is named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    table: Matrix,
}

/// Several bags of weighted rows, one after the other: what a customer bought, the words of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Bags {
    /// Bag `b` has the entries `start[b]..start[b + 1]`.
    start: Vec<usize>,
    rows: Vec<u32>,
    weights: Vec<f32>,
}

impl Default for Bags {
    fn default() -> Self {
        Self { start: vec![0], rows: Vec::new(), weights: Vec::new() }
    }
}

impl Bags {
    /// One bag a row, of that row alone.
    #[must_use]
    pub fn single(rows: &[u32]) -> Self {
        let mut bags = Self::default();
        rows.iter().for_each(|row| bags.push([(*row, 1.0)]));
        bags
    }

    /// Adds a bag of rows with their weights. It may be empty.
    pub fn push(&mut self, bag: impl IntoIterator<Item = (u32, f32)>) {
        for (row, weight) in bag {
            self.rows.push(row);
            self.weights.push(weight);
        }
        self.start.push(self.rows.len());
    }

    /// How many bags.
    #[must_use]
    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of a bag and their weights.
    pub fn bag(&self, bag: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let at = self.start[bag]..self.start[bag + 1];
        self.rows[at.clone()].iter().copied().zip(self.weights[at].iter().copied())
    }

    /// The weighted sum of the rows of a table for every bag; zeros for an empty one.
    #[must_use]
    pub fn pool(&self, table: &Matrix) -> Matrix {
        let n_columns = table.n_columns();
        let mut pooled = Matrix::zeros(self.len(), n_columns);
        in_blocks(pooled.values_mut(), BLOCK_ROWS * n_columns.max(1), |block, sums| {
            for (at, sums) in sums.chunks_exact_mut(n_columns).enumerate() {
                for (row, weight) in self.bag(block * BLOCK_ROWS + at) {
                    add_scaled(sums, weight, table.row(row as usize));
                }
            }
        });
        pooled
    }

    /// Leads the slope of the loss by the pooled rows back to the rows that were met.
    #[must_use]
    pub fn backward(&self, slope: &Matrix) -> RowGradients {
        let n_columns = slope.n_columns();
        // Row first, then the bag, then the entry: every sum has one order.
        let mut met: Vec<(u32, u32, u32)> = Vec::with_capacity(self.rows.len());
        for bag in 0..self.len() {
            let entries = self.start[bag]..self.start[bag + 1];
            met.extend(entries.map(|entry| (self.rows[entry], narrow(bag), narrow(entry))));
        }
        met.par_sort_unstable();
        let groups: Vec<&[(u32, u32, u32)]> = met.chunk_by(|a, b| a.0 == b.0).collect();
        let mut values = Matrix::zeros(groups.len(), n_columns);
        let blocks = values.values_mut().par_chunks_mut(BLOCK_ROWS * n_columns.max(1));
        blocks.zip(groups.par_chunks(BLOCK_ROWS)).for_each(|(sums, groups)| {
            for (sums, group) in sums.chunks_exact_mut(n_columns).zip(groups) {
                for (_, bag, entry) in *group {
                    add_scaled(sums, self.weights[*entry as usize], slope.row(*bag as usize));
                }
            }
        });
        RowGradients { rows: groups.iter().map(|group| group[0].0).collect(), values }
    }
}

/// Where the loss rises by the rows of a table that were met.
#[derive(Debug, Clone, PartialEq)]
pub struct RowGradients {
    /// Which rows, in ascending order.
    pub(super) rows: Vec<u32>,
    /// One row each.
    pub(super) values: Matrix,
}

impl RowGradients {
    /// Adds them to the slope by the whole table.
    pub fn add_to(&self, slope: &mut Matrix) {
        for (row, values) in self.rows.iter().zip(self.values.rows()) {
            add_scaled(slope.row_mut(*row as usize), 1.0, values);
        }
    }
}

impl Embedding {
    /// Rows by chance, every number evenly within ± `bound`.
    #[must_use]
    pub fn new(n_rows: usize, n_columns: usize, bound: f32, chance: &mut ChaCha8Rng) -> Self {
        let mut table = Matrix::zeros(n_rows, n_columns);
        table.values_mut().fill_with(|| bound * (2.0 * chance.random::<f32>() - 1.0));
        Self { table }
    }

    /// A table of these rows.
    #[must_use]
    pub fn from_rows(table: Matrix) -> Self {
        Self { table }
    }

    /// How many rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.table.n_rows()
    }

    /// How many numbers a row has.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.table.n_columns()
    }

    /// One row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        self.table.row(row)
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [f32] {
        self.table.row_mut(row)
    }

    /// All rows.
    #[must_use]
    pub fn table(&self) -> &Matrix {
        &self.table
    }
}

/// A place in a batch: at most some million.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
