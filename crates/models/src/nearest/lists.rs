//! Which vectors lie together?

use crate::linear::{add_scaled, dot, narrow, vectorised};
use crate::neural::Matrix;
use primitives::Seed;
use rand::RngExt as _;
use rayon::prelude::*;
use std::ops::Range;

/// Into how many lists of about the same size a direction is cut by length.
const N_LENGTHS: usize = 8;

/// Vectors that are compared with all centres at a time.
const N_TOGETHER: usize = 2_048;

/// Places by the direction that they are nearest to, and those of a direction by their length: where lengths differ, few that are
/// short have a large inner product with anything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lists {
    /// The mean of every list.
    centres: Matrix,
    /// List `l` has the places `start[l]..start[l + 1]`.
    start: Vec<usize>,
    places: Vec<u32>,
}

impl Lists {
    /// Half as many directions as the root of the vectors, each cut by length.
    pub(super) fn of(vectors: &Matrix, n_sample: usize, n_rounds: usize, seed: Seed) -> Self {
        let n_lists = (vectors.n_rows().isqrt() / 2).max(1);
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
        let (start, places) = cut(vectors, &nearest, centres.n_rows());
        let mut centres = Matrix::zeros(start.len() - 1, vectors.n_columns());
        for list in 0..centres.n_rows() {
            mean(vectors, &places[start[list]..start[list + 1]], centres.row_mut(list));
        }
        Self { centres, start, places }
    }

    /// How many places come before each place's own list, when lists are taken as by [`Self::nearest`]; by place.
    pub(super) fn n_before(&self, query: &[f32]) -> Vec<usize> {
        let (mut before, mut n_before) = (vec![0; self.places.len()], 0);
        for list in self.nearest(query) {
            let range = self.range(list);
            self.places[range.clone()].iter().for_each(|place| before[*place as usize] = n_before);
            n_before += range.len();
        }
        before
    }

    /// Where the places of a list are.
    pub(super) fn range(&self, list: usize) -> Range<usize> {
        self.start[list]..self.start[list + 1]
    }

    /// All places, list by list.
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

/// Where each list starts, and the places of all lists: no list is empty.
pub(super) fn cut(vectors: &Matrix, nearest: &[u32], n_directions: usize) -> (Vec<usize>, Vec<u32>) {
    let length = |place: &u32| dot(vectors.row(*place as usize), vectors.row(*place as usize));
    let (mut start, mut places) = (vec![0], Vec::with_capacity(nearest.len()));
    for direction in by_centre(nearest, n_directions) {
        let mut by_length: Vec<(f32, u32)> = direction.iter().map(|place| (length(place), *place)).collect();
        by_length.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for list in by_length.chunks(by_length.len().div_ceil(N_LENGTHS).max(1)) {
            places.extend(list.iter().map(|(_, place)| *place));
            start.push(places.len());
        }
    }
    (start, places)
}

/// The places that are nearest to every centre, ascending.
fn by_centre(nearest: &[u32], n_centres: usize) -> Vec<Vec<u32>> {
    let mut places = vec![Vec::new(); n_centres];
    (0_u32..).zip(nearest).for_each(|(place, centre)| places[*centre as usize].push(place));
    places
}

/// Writes the mean of some vectors.
fn mean(vectors: &Matrix, places: &[u32], mean: &mut [f32]) {
    for place in places {
        add_scaled(mean, 1.0, vectors.row(*place as usize));
    }
    let share = 1.0 / narrow(places.len().max(1) as f64);
    mean.iter_mut().for_each(|value| *value *= share);
}

/// The mean of the vectors that are nearest to every centre; 0 where there are none.
fn means(vectors: &Matrix, nearest: &[u32], n_centres: usize) -> Matrix {
    let mut means = Matrix::zeros(n_centres, vectors.n_columns());
    by_centre(nearest, n_centres)
        .iter()
        .enumerate()
        .for_each(|(centre, places)| mean(vectors, places, means.row_mut(centre)));
    means
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
