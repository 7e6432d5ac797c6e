//! What is the inverse of a large symmetric matrix?

use super::vectors::narrow;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// The side of a tile: large enough for the product of two to be bound by arithmetic, small enough to stay in the cache.
const SIDE_MAX: usize = 256;

/// A symmetric matrix, of which the lower half is kept in square tiles.
///
/// The last tiles are filled up with the unit matrix, which its inverse keeps.
pub(crate) struct Symmetric {
    n: usize,
    side: usize,
    /// The tiles `(i, j)` with `j <= i`, row after row, each by columns.
    tiles: Vec<Vec<f32>>,
}

impl Symmetric {
    /// A matrix of `n` rows; `fill(first, row)` writes the rows from `first` on, each `n` wide and 0 before: what is right of
    /// the diagonal is not read. Rows are asked for in blocks, on many threads.
    pub(crate) fn of(n: usize, fill: impl Fn(usize, &mut [f32]) + Sync) -> Self {
        let side = SIDE_MAX.min(n.next_multiple_of(8)).max(8);
        let n_blocks = n.div_ceil(side);
        let tiles = (0..n_blocks).into_par_iter().flat_map_iter(|block| {
            let width = (block + 1) * side;
            let mut tiles = vec![vec![0.0; side * side]; block + 1];
            let mut row = vec![0.0; n.max(width)];
            for inner in 0..side {
                row.fill(0.0);
                let at = block * side + inner;
                if at < n {
                    fill(at, &mut row[..n]);
                } else {
                    row[at] = 1.0;
                }
                row[at + 1..].fill(0.0);
                for (tile, part) in tiles.iter_mut().zip(row.chunks_exact(side)) {
                    for (column, value) in part.iter().enumerate() {
                        tile[column * side + inner] = *value;
                    }
                }
            }
            // The tiles of the diagonal are kept whole.
            let last = &mut tiles[block];
            for column in 0..side {
                for below in column + 1..side {
                    last[below * side + column] = last[column * side + below];
                }
            }
            tiles
        });
        let tiles = tiles.collect();
        Self { n, side, tiles }
    }

    /// The inverse, in place of the matrix; `None` where it is not positive definite.
    ///
    /// ```text
    /// for every block k:  D = A[k,k]^-1,  W[i] = A[i,k] D
    ///                     A[i,j] -= W[i] A[k,j]          for all i, j other than k
    ///                     A[i,k] = W[i],  A[k,k] = -D
    /// after all of them A = - (A at first)^-1
    /// ```
    /// *Guarantees*: the same bits on any number of threads. *Cost*: `n^3` operations in single precision (the blocks of the
    /// diagonal in double) and twice `n * side` numbers beside the matrix.
    /// *Source*: the sweep operator, Goodnight 1979, doi:10.1080/00031305.1979.10482685, by blocks.
    pub(crate) fn inverted(mut self) -> Option<Self> {
        for block in 0..self.n_blocks() {
            self.sweep(block)?;
        }
        self.tiles.par_iter_mut().for_each(|tile| tile.iter_mut().for_each(|value| *value = -*value));
        Some(self)
    }

    /// Writes row `at` into `row`, which is `n` wide.
    pub(crate) fn read_row(&self, at: usize, row: &mut [f32]) {
        let (block, inner) = (at / self.side, at % self.side);
        for (column, part) in row.chunks_mut(self.side).enumerate() {
            for (place, value) in part.iter_mut().enumerate() {
                // What is above the diagonal lies mirrored below it.
                *value = if (column, place) <= (block, inner) || column < block {
                    self.tiles[tile_at(block, column)][place * self.side + inner]
                } else {
                    self.tiles[tile_at(column, block)][inner * self.side + place]
                };
            }
        }
    }

    /// What stands on the diagonal.
    pub(crate) fn diagonal(&self) -> Vec<f32> {
        let entry = |at: usize| {
            let (block, inner) = (at / self.side, at % self.side);
            self.tiles[tile_at(block, block)][inner * self.side + inner]
        };
        (0..self.n).map(entry).collect()
    }

    /// How many rows it has.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    fn n_blocks(&self) -> usize {
        self.n.div_ceil(self.side)
    }

    fn sweep(&mut self, block: usize) -> Option<()> {
        let side = self.side;
        let mut pivot: Vec<f64> = self.tiles[tile_at(block, block)].iter().map(|value| f64::from(*value)).collect();
        invert_small(&mut pivot, side)?;
        let inverse = Mat::from_fn(side, side, |i, j| narrow(pivot[j * side + i]));
        let column = |other: usize| -> Mat<f32> {
            if other > block {
                self.view(tile_at(other, block)).to_owned()
            } else {
                self.view(tile_at(block, other)).transpose().to_owned()
            }
        };
        let columns: Vec<(Mat<f32>, Mat<f32>)> = (0..self.n_blocks())
            .into_par_iter()
            .map(|other| {
                if other == block {
                    return (Mat::new(), Mat::new());
                }
                let column = column(other);
                let mut weighted = Mat::zeros(side, side);
                matmul(weighted.as_mut(), Accum::Replace, column.as_ref(), inverse.as_ref(), 1.0, Par::Seq);
                (column, weighted)
            })
            .collect();
        self.tiles.par_iter_mut().enumerate().for_each(|(at, tile)| {
            let (i, j) = tile_of(at);
            let mut tile = MatMut::from_column_major_slice_mut(tile, side, side);
            match (i == block, j == block) {
                (false, false) => {
                    matmul(tile, Accum::Add, columns[i].1.as_ref(), columns[j].0.transpose(), -1.0, Par::Seq);
                }
                (false, true) => tile.copy_from(&columns[i].1),
                (true, false) => tile.copy_from(columns[j].1.transpose()),
                (true, true) => tile.copy_from(-&inverse),
            }
        });
        Some(())
    }

    fn view(&self, at: usize) -> MatRef<'_, f32> {
        MatRef::from_column_major_slice(&self.tiles[at], self.side, self.side)
    }
}

/// The inverse of a small symmetric matrix in place of it, by Gauss and Jordan; `None` where it is not positive definite.
fn invert_small(matrix: &mut [f64], side: usize) -> Option<()> {
    for pivot in 0..side {
        let row: Vec<f64> = matrix[pivot * side..(pivot + 1) * side].to_vec();
        let divisor = row[pivot];
        // NaN is not above 0 either.
        if divisor.is_nan() || divisor <= 0.0 {
            return None;
        }
        for (_, other) in matrix.chunks_exact_mut(side).enumerate().filter(|(at, _)| *at != pivot) {
            let factor = other[pivot] / divisor;
            other.iter_mut().zip(&row).for_each(|(value, row)| *value -= factor * row);
            other[pivot] = -factor;
        }
        let own = &mut matrix[pivot * side..(pivot + 1) * side];
        own.iter_mut().for_each(|value| *value /= divisor);
        own[pivot] = 1.0 / divisor;
    }
    Some(())
}

/// Where tile `(i, j)` lies; `j <= i`.
fn tile_at(i: usize, j: usize) -> usize {
    i * (i + 1) / 2 + j
}

/// Which tile lies there.
fn tile_of(at: usize) -> (usize, usize) {
    let mut i = (2 * at + 1).isqrt();
    while tile_at(i, 0) > at {
        i -= 1;
    }
    while tile_at(i + 1, 0) <= at {
        i += 1;
    }
    (i, at - tile_at(i, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `A = M Mᵀ + I`, from numbers of a formula.
    fn example(n: usize, salt: u64) -> Vec<Vec<f32>> {
        let number = |i: usize, k: usize| {
            let mixed = ((i * 31 + k * 17) as u64 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            f64::from(u32::try_from(mixed).unwrap()) / f64::from(1_u32 << 24) - 0.5
        };
        let product = |i: usize, j: usize| (0..8).map(|k| number(i, k) * number(j, k)).sum::<f64>();
        #[expect(clippy::cast_possible_truncation, reason = "single precision is what is computed in")]
        let entry = |i: usize, j: usize| (product(i, j) + f64::from(u8::from(i == j))) as f32;
        (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
    }

    fn inverse_of(rows: &[Vec<f32>]) -> Option<Vec<Vec<f32>>> {
        let inverse = Symmetric::of(rows.len(), |at, row| row.copy_from_slice(&rows[at])).inverted()?;
        assert_eq!(inverse.n(), rows.len());
        let mut found = vec![vec![0.0; rows.len()]; rows.len()];
        found.iter_mut().enumerate().for_each(|(at, row)| inverse.read_row(at, row));
        let diagonal: Vec<f32> = (0..rows.len()).map(|at| found[at][at]).collect();
        assert_eq!(inverse.diagonal(), diagonal);
        Some(found)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_matrix_times_its_inverse_is_the_unit_matrix(n in prop_oneof![1_usize..40, 250_usize..262, 510_usize..530], salt: u32) {
            let rows = example(n, u64::from(salt));
            let inverse = inverse_of(&rows).unwrap();
            for (i, row) in rows.iter().enumerate() {
                for j in [0, i, n / 2, n - 1] {
                    let product: f64 = (0..n).map(|k| f64::from(row[k]) * f64::from(inverse[k][j])).sum();
                    let unit = if i == j { 1.0 } else { 0.0 };
                    prop_assert!((product - unit).abs() < 1e-3, "{product} at {i}, {j}");
                    prop_assert_eq!(inverse[i][j].to_bits(), inverse[j][i].to_bits());
                }
            }
        }
    }

    #[test]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let rows = example(600, 3);
        let on = |n_threads| {
            rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap().install(|| inverse_of(&rows))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn what_is_not_positive_definite_has_no_inverse() {
        assert_eq!(inverse_of(&[vec![1.0, 2.0], vec![2.0, 1.0]]), None);
        assert_eq!(inverse_of(&[vec![f32::NAN]]), None);
        assert_eq!(inverse_of(&[vec![4.0]]), Some(vec![vec![0.25]]));
        assert!((inverse_of(&[vec![2.0, 1.0], vec![1.0, 2.0]]).unwrap()[0][1] + 1.0 / 3.0).abs() < 1e-7);
    }

    #[test]
    fn tiles_are_found_where_they_lie() {
        let mut at = 0;
        for i in 0..60 {
            for j in 0..=i {
                assert_eq!((tile_at(i, j), tile_of(at)), (at, (i, j)));
                at += 1;
            }
        }
    }
}
