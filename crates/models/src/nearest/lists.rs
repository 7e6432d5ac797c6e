//! Which vectors lie together?

use crate::linear::{add_scaled, dot, narrow, vectorised};
use crate::neural::Matrix;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;
use std::ops::Range;

/// Vectors that are compared with all centres at a time.
const N_TOGETHER: usize = 2_048;

/// Places by the centre that they are nearest to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lists {
    /// The mean of every list.
    centres: Matrix,
    /// List `l` has the places `start[l]..start[l + 1]`.
    start: Vec<usize>,
    places: Vec<u32>,
}

impl Lists {
    /// As many lists as the root of the vectors.
    pub(super) fn of(vectors: &Matrix, n_sample: usize, n_rounds: usize, seed: Seed) -> Self {
        let n_lists = vectors.n_rows().isqrt().max(1);
        let mut random = seed.stream("nearest", 0);
        let n = vectors.n_rows();
        let drawn = |_| if n == 0 { 0 } else { random.random_range(0..n) };
        let sample: Vec<usize> = (0..n_sample.saturating_mul(n_lists).min(n)).map(drawn).collect();
        let sample = vectors.select(sample);
        let mut centres = directions(sample.select(0..n_lists.min(sample.n_rows())));
        for _ in 0..n_rounds {
            let nearest = assign(&sample, &centres);
            let moved = directions(means(&sample, &nearest, centres.n_rows()));
            // A centre that nothing is near to stays where it is.
            for list in 0..centres.n_rows() {
                if moved.row(list).iter().any(|value| *value != 0.0) {
                    centres.row_mut(list).copy_from_slice(moved.row(list));
                }
            }
        }
        let nearest = assign(vectors, &centres);
        let mut start = vec![0_usize; centres.n_rows() + 1];
        nearest.iter().for_each(|list| start[*list as usize + 1] += 1);
        (1..start.len()).for_each(|list| start[list] += start[list - 1]);
        let (mut next, mut places) = (start.clone(), vec![0; n]);
        for (place, list) in (0_u32..).zip(&nearest) {
            places[next[*list as usize]] = place;
            next[*list as usize] += 1;
        }
        let centres = means(vectors, &nearest, centres.n_rows());
        Self { centres, start, places }
    }

    /// Where the places of a list are.
    pub(super) fn range(&self, list: usize) -> Range<usize> {
        self.start[list]..self.start[list + 1]
    }

    /// All places, list by list, each in ascending order.
    pub(super) fn places(&self) -> &[u32] {
        &self.places
    }

    /// The lists, those first in whose direction the query points most.
    pub(super) fn nearest(&self, query: &[f32]) -> impl Iterator<Item = usize> {
        let mut order: Vec<(usize, f32)> =
            vectorised(|| self.centres.rows().map(|centre| dot(query, centre)).enumerate().collect());
        order.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        order.into_iter().map(|(list, _)| list)
    }
}

/// The centre that each vector is nearest to in angle; ties by centre.
fn assign(vectors: &Matrix, centres: &Matrix) -> Vec<u32> {
    let n = vectors.n_rows();
    let mut nearest = Vec::with_capacity(n);
    for from in (0..n).step_by(N_TOGETHER) {
        let products = vectors.select(from..n.min(from + N_TOGETHER)).times_transposed(centres);
        let best = |row: &[f32]| -> u32 {
            let beyond = |best: (u32, f32), at: (u32, f32)| if at.1 > best.1 { at } else { best };
            (0_u32..).zip(row.iter().copied()).fold((0, f32::NEG_INFINITY), beyond).0
        };
        let rows: Vec<&[f32]> = products.rows().collect();
        nearest.extend(rows.into_par_iter().map(best).collect::<Vec<u32>>());
    }
    nearest
}

/// The mean of the vectors of every list; 0 where there are none.
fn means(vectors: &Matrix, nearest: &[u32], n_lists: usize) -> Matrix {
    let mut sums = Matrix::zeros(n_lists, vectors.n_columns());
    let mut counts = vec![0_usize; n_lists];
    for (vector, list) in vectors.rows().zip(nearest) {
        add_scaled(sums.row_mut(*list as usize), 1.0, vector);
        counts[*list as usize] += 1;
    }
    for (list, count) in counts.into_iter().enumerate() {
        let share = 1.0 / narrow(count.max(1) as f64);
        sums.row_mut(list).iter_mut().for_each(|value| *value *= share);
    }
    sums
}

/// The same directions with a length of 1.
fn directions(mut vectors: Matrix) -> Matrix {
    for row in 0..vectors.n_rows() {
        let row = vectors.row_mut(row);
        let length = dot(row, row).sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value /= length);
        }
    }
    vectors
}
