//! How are rows of numbers multiplied, fast and always to the same bits?

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of a product that one thread computes at a time. Fixed, so that the number of threads does not show.
const BLOCK_ROWS: usize = 64;

/// Rows of numbers in single precision, one row after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    n_rows: usize,
    n_columns: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// Zeros.
    #[must_use]
    pub fn zeros(n_rows: usize, n_columns: usize) -> Self {
        Self { n_rows, n_columns, values: vec![0.0; n_rows * n_columns] }
    }

    /// `n_rows` rows of these values, one row after the other; what is left over at the end is cut off.
    #[must_use]
    pub fn from_rows(n_rows: usize, values: &[f32]) -> Self {
        let n_columns = values.len().checked_div(n_rows).unwrap_or(0);
        Self { n_rows, n_columns, values: values[..n_rows * n_columns].to_vec() }
    }

    /// How many rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// How many columns.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// All values, row by row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// One row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n_columns..(row + 1) * self.n_columns]
    }

    /// One row, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.n_columns..(row + 1) * self.n_columns]
    }

    /// Every row in order; none where there are no columns.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.n_columns.max(1))
    }

    /// These rows, in this order.
    #[must_use]
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let mut found = Self { n_rows: 0, n_columns: self.n_columns, values: Vec::new() };
        for row in rows {
            found.values.extend_from_slice(self.row(row));
            found.n_rows += 1;
        }
        found
    }

    /// The matrices beside each other: row `i` is the rows `i` of all, one after the other. All have as many rows as the first.
    #[must_use]
    pub fn beside(parts: &[&Self]) -> Self {
        let n_rows = parts.first().map_or(0, |part| part.n_rows);
        let n_columns = parts.iter().map(|part| part.n_columns).sum();
        let mut values = Vec::with_capacity(n_rows * n_columns);
        for row in 0..n_rows {
            for part in parts {
                values.extend_from_slice(part.row(row));
            }
        }
        Self { n_rows, n_columns, values }
    }

    /// The columns `from..until`: what [`Self::beside`] joined, taken apart.
    #[must_use]
    pub fn columns(&self, from: usize, until: usize) -> Self {
        let values = self.rows().flat_map(|row| row[from..until].iter().copied()).collect();
        Self { n_rows: self.n_rows, n_columns: until - from, values }
    }

    /// Each value through a function.
    #[must_use]
    pub fn map(&self, change: impl Fn(f32) -> f32) -> Self {
        Self { values: self.values.iter().map(|value| change(*value)).collect(), ..*self }
    }

    /// `self · other`: as many columns here as rows there.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        product(self.view(), other.view())
    }

    /// `selfᵀ · other`: as many rows here as there.
    #[must_use]
    pub fn transposed_times(&self, other: &Self) -> Self {
        product(self.view().transpose(), other.view())
    }

    /// `self · otherᵀ`: as many columns here as there.
    #[must_use]
    pub fn times_transposed(&self, other: &Self) -> Self {
        product(self.view(), other.view().transpose())
    }

    /// Adds another matrix of the same shape.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.values, &other.values);
    }

    /// The sum of every column, from the first row to the last.
    #[must_use]
    pub fn column_sums(&self) -> Vec<f32> {
        let mut sums = vec![0.0; self.n_columns];
        for row in self.rows() {
            add(&mut sums, row);
        }
        sums
    }

    /// Whether every value is a finite number.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }

    /// Whether it holds as many values as it says: what was read from bytes may not.
    pub(crate) fn is_sound(&self) -> bool {
        self.n_rows.checked_mul(self.n_columns) == Some(self.values.len()) && self.is_finite()
    }

    fn view(&self) -> MatRef<'_, f32> {
        MatRef::from_row_major_slice(&self.values, self.n_rows, self.n_columns)
    }
}

/// Adds `more` to `sums`, each to each.
pub(super) fn add(sums: &mut [f32], more: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(more) {
        *sum += value;
    }
}

/// The sum of the products, each to each: in eight sums that are added up at the end, which is several times as fast as one.
pub(crate) fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (left, right) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (left, right) in left.zip(right) {
        for (sum, (a, b)) in sums.iter_mut().zip(left.iter().zip(right)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Fills values in blocks of a fixed size, each by one thread alone. What is one block is done at once: an answer for one customer
/// waits for no other thread.
pub(super) fn in_blocks(values: &mut [f32], size: usize, fill: impl Fn(usize, &mut [f32]) + Sync) {
    if values.is_empty() {
        return;
    }
    if values.len() <= size {
        fill(0, values);
    } else {
        values.par_chunks_mut(size).enumerate().for_each(|(block, values)| fill(block, values));
    }
}

/// The product, in blocks of rows that are each computed by one thread alone.
fn product(left: MatRef<'_, f32>, right: MatRef<'_, f32>) -> Matrix {
    let mut found = Matrix::zeros(left.nrows(), right.ncols());
    let n_columns = found.n_columns;
    if n_columns > 0 {
        in_blocks(&mut found.values, BLOCK_ROWS * n_columns, |block, values| {
            let n_rows = values.len() / n_columns;
            let into = MatMut::from_row_major_slice_mut(values, n_rows, n_columns);
            matmul(into, Accum::Replace, left.subrows(block * BLOCK_ROWS, n_rows), right, 1.0, Par::Seq);
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any(n_rows: usize, n_columns: usize) -> impl Strategy<Value = Matrix> {
        proptest::collection::vec(-4_i8..4, n_rows * n_columns).prop_map(move |values| Matrix {
            n_rows,
            n_columns,
            values: values.into_iter().map(f32::from).collect(),
        })
    }

    fn by_hand(left: &Matrix, right: &Matrix) -> Matrix {
        let mut found = Matrix::zeros(left.n_rows, right.n_columns);
        for row in 0..left.n_rows {
            for column in 0..right.n_columns {
                let terms = (0..left.n_columns).map(|k| left.row(row)[k] * right.row(k)[column]);
                found.row_mut(row)[column] = terms.sum();
            }
        }
        found
    }

    fn transposed(matrix: &Matrix) -> Matrix {
        let mut found = Matrix::zeros(matrix.n_columns, matrix.n_rows);
        for (row, values) in matrix.rows().enumerate() {
            for (column, value) in values.iter().enumerate() {
                found.row_mut(column)[row] = *value;
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn products_are_those_by_hand(
            (left, right) in (1_usize..140, 1_usize..12, 1_usize..80).prop_flat_map(|(n, k, m)| (any(n, k), any(k, m)))
        ) {
            // Whole numbers: every order of summing gives the same.
            let right_answer = by_hand(&left, &right);
            prop_assert_eq!(&left.times(&right), &right_answer);
            prop_assert_eq!(&transposed(&left).transposed_times(&right), &right_answer);
            prop_assert_eq!(&left.times_transposed(&transposed(&right)), &right_answer);
        }

        #[test]
        fn what_was_put_beside_each_other_comes_apart_again(
            (left, right) in (1_usize..9, 1_usize..5, 1_usize..5).prop_flat_map(|(n, k, m)| (any(n, k), any(n, m)))
        ) {
            let both = Matrix::beside(&[&left, &right]);
            prop_assert_eq!(both.columns(0, left.n_columns), left.clone());
            prop_assert_eq!(both.columns(left.n_columns, both.n_columns), right);
            prop_assert_eq!(left.select(0..left.n_rows), left);
        }
    }

    #[test]
    fn a_product_of_rows_is_that_by_hand() {
        for n in [0_u8, 1, 7, 8, 9, 16, 35] {
            let left: Vec<f32> = (0..n).map(f32::from).collect();
            let right: Vec<f32> = (0..n).map(|at| f32::from(at % 3) - 1.0).collect();
            let by_hand: f32 = left.iter().zip(&right).map(|(a, b)| a * b).sum();
            assert!((dot(&left, &right) - by_hand).abs() < 1e-6, "{n}");
        }
    }

    #[test]
    fn the_number_of_threads_does_not_show() {
        let mut values = (0..300 * 70_u16).map(|i| (f32::from(i) * 0.37).sin());
        let left = Matrix::from_rows(300, &values.by_ref().collect::<Vec<_>>());
        let with = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| (left.times_transposed(&left), left.transposed_times(&left)))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn nothing_times_nothing_is_nothing() {
        assert_eq!(Matrix::zeros(0, 3).times(&Matrix::zeros(3, 2)), Matrix::zeros(0, 2));
        assert_eq!(Matrix::zeros(2, 0).times(&Matrix::zeros(0, 2)), Matrix::zeros(2, 2));
        assert_eq!(Matrix::zeros(2, 3).times(&Matrix::zeros(3, 0)), Matrix::zeros(2, 0));
        assert_eq!(Matrix::from_rows(2, &[1.0, 2.0, 3.0, 4.0, 9.0]), Matrix::from_rows(2, &[1.0, 2.0, 3.0, 4.0]));
        assert_eq!(Matrix::from_rows(2, &[1.0, 2.0, 3.0, 4.0]).column_sums(), [4.0, 6.0]);
        let mut broken = Matrix::zeros(2, 2);
        assert!(broken.is_sound());
        broken.n_rows = 3;
        assert!(!broken.is_sound());
    }
}
