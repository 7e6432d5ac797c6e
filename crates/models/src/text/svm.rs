//! Which words speak for which class? One line between each class and all others.

use super::rows::{Row, Rows};
use crate::linear::{add_scaled, narrow, vectorised};
use primitives::Seed;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Numbers that are summed beside each other.
const LANES: usize = 16;

/// The class of a message and all others are parted by lines with the largest margins.
///
/// ```text
/// for each class c, with y[i] = 1 where message i is of c and -1 elsewhere:
/// w[c] = argmin |w|^2 / 2 + cost sum over i of max(0, 1 - y[i] (w x[i]))^2,   x with a last column of 1
/// ```
/// Solved for the multipliers a[i] >= 0 of each message, one at a time:
/// ```text
/// G = y[i] (w x[i]) - 1 + a[i] / (2 cost);   a[i] = max(0, a[i] - G / (|x[i]|^2 + 1 / (2 cost)))
/// ```
/// Multipliers at 0 with a gradient above all that moved last are left out until the rest has settled.
/// *Guarantees*: each class for itself, in one order for all: classes may be named as one likes, and threads change nothing.
/// *Cost*: a few passes over all messages for each class, then over those near the line.
/// *Source*: Hsieh et al. 2008, doi:10.1145/1390156.1390208, algorithms 1 and 3 (`LinearSVC` of scikit-learn, liblinear's solver 1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    pub(super) cost: f64,
    /// Where no gradient is further from 0 than this, it is done.
    pub(super) tolerance: f64,
    pub(super) n_passes_max: u32,
}

/// The lines of all classes: for each column the weights of all classes together, so that one message reads few places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Margins {
    pub(crate) n_classes: usize,
    /// `weights[column * n_classes + class]`, and at last those of the column that is always 1.
    pub(crate) weights: Vec<f32>,
}

impl Lines {
    /// Learns the lines of messages whose class is told.
    pub(super) fn learn(
        &self,
        rows: &Rows,
        classes: &[u32],
        n_classes: usize,
        n_columns: usize,
        seed: Seed,
    ) -> Margins {
        let sizes = self.sizes(rows);
        let lines: Vec<Vec<f32>> = (0..n_classes)
            .into_par_iter()
            .map(|class| {
                let is_of: Vec<bool> = classes.iter().map(|other| *other as usize == class).collect();
                self.narrowed(rows, &sizes, &is_of, n_columns, seed)
            })
            .collect();
        let mut weights = vec![0.0; (n_columns + 1) * n_classes];
        for (class, line) in lines.iter().enumerate() {
            for (column, weight) in line.iter().enumerate() {
                weights[column * n_classes + class] = *weight;
            }
        }
        Margins { n_classes, weights }
    }

    /// The line between messages of which something is so and all others: a weight for each column, and at last that of the
    /// column that is always 1.
    pub(super) fn line(&self, rows: &Rows, is_so: &[bool], n_columns: usize, seed: Seed) -> Vec<f32> {
        self.narrowed(rows, &self.sizes(rows), is_so, n_columns, seed)
    }

    fn sizes(&self, rows: &Rows) -> Vec<f64> {
        rows.iter().map(|row| 1.0 + 1.0 / (2.0 * self.cost) + square(row)).collect()
    }

    fn narrowed(&self, rows: &Rows, sizes: &[f64], is_of: &[bool], n_columns: usize, seed: Seed) -> Vec<f32> {
        vectorised(|| self.solved(rows, sizes, is_of, n_columns, seed)).into_iter().map(narrow).collect()
    }

    /// The line of one class; the last weight is that of the column of ones.
    #[inline(always)]
    fn solved(&self, rows: &Rows, sizes: &[f64], is_of: &[bool], n_columns: usize, seed: Seed) -> Vec<f64> {
        let diagonal = 1.0 / (2.0 * self.cost);
        let mut random = seed.stream("text_lines", 0);
        let mut weights = vec![0.0_f64; n_columns + 1];
        let mut multipliers = vec![0.0_f64; rows.len()];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let (mut n_active, mut highest_before) = (order.len(), f64::INFINITY);
        for _ in 0..self.n_passes_max {
            order[..n_active].shuffle(&mut random);
            let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
            let mut at = 0;
            while at < n_active {
                let row_idx = order[at];
                let row = rows.row(row_idx);
                let side = if is_of[row_idx] { 1.0 } else { -1.0 };
                let multiplier = multipliers[row_idx];
                let gradient = side * dot(row, &weights) - 1.0 + multiplier * diagonal;
                if multiplier <= 0.0 && gradient > highest_before {
                    n_active -= 1;
                    order.swap(at, n_active);
                    continue;
                }
                at += 1;
                // At 0 a multiplier can only grow.
                let moves = if multiplier <= 0.0 { gradient.min(0.0) } else { gradient };
                highest = highest.max(moves);
                lowest = lowest.min(moves);
                if moves.abs() > 1e-12 {
                    let moved = (multiplier - gradient / sizes[row_idx]).max(0.0);
                    multipliers[row_idx] = moved;
                    add(row, (moved - multiplier) * side, &mut weights);
                }
            }
            if highest - lowest <= self.tolerance {
                if n_active == order.len() {
                    break;
                }
                // The rest has settled: all are looked at once more.
                (n_active, highest_before) = (order.len(), f64::INFINITY);
            } else {
                highest_before = if highest > 0.0 { highest } else { f64::INFINITY };
            }
        }
        weights
    }
}

fn square(row: Row<'_>) -> f64 {
    row.values.iter().chain(row.encoded).map(|value| f64::from(*value).powi(2)).sum()
}

/// The last weight is that of the column of ones, which no row names; before it are those of what encoders say.
#[inline(always)]
fn dot(row: Row<'_>, weights: &[f64]) -> f64 {
    let (of_counted, of_encoded) = weights.split_at(weights.len() - 1 - row.encoded.len());
    let mut sums = [0.0_f64; LANES];
    for (weights, values) in of_encoded.chunks_exact(LANES).zip(row.encoded.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += weights[lane] * f64::from(values[lane]);
        }
    }
    let rest = row.encoded.len() - row.encoded.len() % LANES;
    let rest = of_encoded[rest..].iter().zip(&row.encoded[rest..]).map(|(weight, value)| weight * f64::from(*value));
    let ones = of_encoded.last().copied().unwrap_or_default();
    let counted = row.cells().map(|(column, value)| of_counted[column] * f64::from(value)).sum::<f64>();
    ones + counted + sums.iter().sum::<f64>() + rest.sum::<f64>()
}

#[inline(always)]
fn add(row: Row<'_>, by: f64, weights: &mut [f64]) {
    let (of_counted, of_encoded) = weights.split_at_mut(weights.len() - 1 - row.encoded.len());
    for (column, value) in row.cells() {
        of_counted[column] += by * f64::from(value);
    }
    for (weight, value) in of_encoded.iter_mut().zip(row.encoded) {
        *weight += by * f64::from(*value);
    }
    if let Some(ones) = of_encoded.last_mut() {
        *ones += by;
    }
}

impl Margins {
    /// How far on the side of each class a message lies: `w[c] x`. `into` is filled anew.
    pub(crate) fn of(&self, row: Row<'_>, into: &mut Vec<f32>) {
        let n = self.n_classes;
        into.clear();
        into.extend_from_slice(&self.weights[self.weights.len() - n..]);
        vectorised(|| {
            for (column, value) in row.cells() {
                add_scaled(into, value, &self.weights[column * n..(column + 1) * n]);
            }
            let first = self.n_columns() - row.encoded.len();
            for (column, value) in (first..).zip(row.encoded) {
                add_scaled(into, *value, &self.weights[column * n..(column + 1) * n]);
            }
        });
    }

    pub(crate) fn n_columns(&self) -> usize {
        (self.weights.len() / self.n_classes.max(1)).saturating_sub(1)
    }

    /// Whether weights that were stored fit together.
    pub(crate) fn is_whole(&self, n_classes: usize) -> bool {
        self.n_classes == n_classes
            && n_classes > 0
            && self.weights.len() >= n_classes
            && self.weights.len().is_multiple_of(n_classes)
            && self.weights.iter().all(|weight| weight.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;

    const LINES: Lines = Lines { cost: 0.5, tolerance: 1e-6, n_passes_max: 5_000 };

    fn rows(cells: &[&[(u32, f32)]]) -> Rows {
        let mut rows = Rows::new(0);
        for row in cells {
            rows.push(row.iter().copied(), &[]);
        }
        rows
    }

    #[test]
    fn lines_are_those_of_scikit_learn() {
        // LinearSVC(C=0.5, tol=1e-10, max_iter=100000).fit(X, y) of scikit-learn 1.9.1: coef_ and intercept_.
        let rows = rows(&[
            &[(0, 1.0), (1, 0.5)],
            &[(0, 0.8)],
            &[(1, 1.0), (2, 0.3)],
            &[(1, 0.7), (2, 0.9)],
            &[(2, 1.0)],
            &[(0, 0.2), (2, 0.6)],
        ]);
        let margins = LINES.learn(&rows, &[0, 0, 1, 1, 2, 2], 3, 3, Seed::new(1));
        let golden: [[f32; 3]; 4] = [
            [0.798_940, -0.636_880, -0.389_808],
            [-0.212_304, 0.853_501, -0.802_671],
            [-0.675_750, -0.035_399, 0.455_637],
            [-0.176_959, -0.357_832, -0.104_327],
        ];
        for (column, expected) in golden.iter().enumerate() {
            for (class, expected) in expected.iter().enumerate() {
                let found = margins.weights[column * 3 + class];
                assert!((found - expected).abs() < 1e-4, "column {column} of class {class}: {found}, not {expected}");
            }
        }
        let mut said = Vec::new();
        margins.of(rows.row(1), &mut said);
        assert!((said[0] - (0.8 * golden[0][0] + golden[3][0])).abs() < 1e-4);
    }

    #[test]
    fn what_encoders_say_counts_like_any_column() {
        let (mut counted, mut encoded) = (Rows::new(0), Rows::new(19));
        for at in 0..40_u32 {
            let said: Vec<f32> = (0..19).map(|column| ((at * 7 + column * 3) % 11) as f32 / 11.0).collect();
            let cells = [(at % 2, 1.0), (2, 0.5)];
            encoded.push(cells, &said);
            counted.push(cells.into_iter().chain((3..).zip(said.iter().copied())), &[]);
        }
        let classes: Vec<u32> = (0..40).map(|at| (at * 5 % 7) % 3).collect();
        let (one, other) = (
            LINES.learn(&counted, &classes, 3, 22, Seed::new(1)),
            LINES.learn(&encoded, &classes, 3, 22, Seed::new(1)),
        );
        for (one, other) in one.weights.iter().zip(&other.weights) {
            assert!((one - other).abs() < 1e-4, "{one} and {other}");
        }
        let (mut said, mut again) = (Vec::new(), Vec::new());
        one.of(counted.row(5), &mut said);
        other.of(encoded.row(5), &mut again);
        assert!(said.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn a_gradient_of_nothing_is_left_at_the_best_line() {
        // At the best line w = sum of a[i] y[i] x[i] with a[i] = 2 cost max(0, 1 - y[i] w x[i]).
        let mut random = Seed::new(5).stream("test", 0);
        let mut table = Rows::new(0);
        let mut classes = Vec::new();
        for at in 0..120_u32 {
            let columns: Vec<u32> = (0..12).filter(|_| random.random_bool(0.4)).collect();
            let cells: Vec<(u32, f32)> = columns.into_iter().map(|column| (column, random.random())).collect();
            let says: f32 = cells.iter().map(|(column, value)| if *column < 6 { *value } else { -value }).sum();
            classes.push(u32::from(says > if at % 3 == 0 { 0.2 } else { 0.0 }));
            table.push(cells, &[]);
        }
        let margins = LINES.learn(&table, &classes, 2, 12, Seed::new(1));
        let mut best = vec![0.0_f64; 13];
        let mut said = Vec::new();
        for (row, class) in table.iter().zip(&classes) {
            margins.of(row, &mut said);
            let side = if *class == 1 { 1.0 } else { -1.0 };
            let short = (1.0 - side * f64::from(said[1])).max(0.0);
            add(row, side * 2.0 * LINES.cost * short, &mut best);
        }
        for (column, expected) in best.iter().enumerate() {
            let found = f64::from(margins.weights[column * 2 + 1]);
            assert!((found - expected).abs() < 1e-3, "column {column}: {found}, not {expected}");
        }
    }
}
