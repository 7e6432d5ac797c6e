//! Which effect is a straight line of the inputs?

use super::trial::{OPERATION, Rows};
use crate::ModelError;
use crate::linear::{Gram, product};
use primitives::Seed;
use serde::{Deserialize, Serialize};

/// What is added to the diagonal is tried from the largest down, for the inputs and for what they change of the effect.
const RIDGES: [f64; 6] = [100_000.0, 10_000.0, 1_000.0, 100.0, 10.0, 1.0];
/// Of the mean and the mean effect: only so that there always is a solution.
const RIDGE_FREE: f64 = 1e-6;

/// A straight line on standardised inputs; what is not known is the mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) means: Vec<f64>,
    /// 0 for inputs that are the same in all rows.
    pub(super) scales: Vec<f64>,
    /// One for each input, and the mean effect.
    pub(super) coefficients: Vec<f64>,
}

impl Line {
    pub(super) fn effect(&self, x: &[f64]) -> f64 {
        let inputs = x.iter().zip(&self.means).zip(&self.scales);
        let sum: f64 =
            inputs.zip(&self.coefficients).map(|(((x, mean), scale), c)| c * scaled(*x, *mean, *scale)).sum();
        sum + self.coefficients.last().copied().unwrap_or(0.0)
    }

    pub(super) fn is_sound(&self, n_features: usize) -> bool {
        self.means.len() == n_features
            && self.scales.len() == n_features
            && self.coefficients.len() == n_features + 1
            && self.means.iter().chain(&self.scales).chain(&self.coefficients).all(|number| number.is_finite())
    }
}

fn scaled(x: f64, mean: f64, scale: f64) -> f64 {
    if x.is_finite() { (x - mean) * scale } else { 0.0 }
}

/// Sums of one fold.
struct Sums {
    gram: Gram,
    side: Vec<f64>,
}

/// Ridge regression on `[z, 1, (T - e) z, T - e]`, whose last two blocks are the effect; both ridges by `n_folds` folds.
pub(super) fn fit(rows: &Rows, n_folds: u32, seed: Seed) -> Result<Line, ModelError> {
    let (means, scales) = standard(rows);
    let width = 2 * (rows.n_features + 1);
    let design = |row: usize, into: &mut Vec<f64>| {
        into.clear();
        let inputs = rows.row(row).iter().zip(&means).zip(&scales);
        into.extend(inputs.map(|((x, mean), scale)| scaled(*x, *mean, *scale)));
        into.push(1.0);
        let treated = f64::from(u8::from(rows.treated[row])) - rows.chance[row];
        for at in 0..=rows.n_features {
            into.push(treated * into[at]);
        }
    };
    let splits = rows.splits(n_folds, seed);
    let mut x = Vec::with_capacity(width);
    let parts: Vec<Sums> = splits
        .iter()
        .map(|(_, judged)| {
            let mut sums = Sums { gram: Gram::new(width), side: vec![0.0; width] };
            for &row in judged {
                design(row, &mut x);
                sums.gram.add(1.0, &x);
                sums.side.iter_mut().zip(&x).for_each(|(sum, x)| *sum += rows.outcome[row] * x);
            }
            sums
        })
        .collect();
    let without = |left_out: Option<usize>| {
        let mut sums = Sums { gram: Gram::new(width), side: vec![0.0; width] };
        for part in parts.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, part)| part) {
            sums.gram.add_all(&part.gram);
            sums.side.iter_mut().zip(&part.side).for_each(|(sum, part)| *sum += part);
        }
        sums
    };
    let pairs: Vec<(f64, f64)> = RIDGES.iter().flat_map(|main| RIDGES.map(|effect| (*main, effect))).collect();
    let mut errors = vec![0.0; pairs.len()];
    for (at, (_, judged)) in splits.iter().enumerate() {
        let sums = without(Some(at));
        let thetas: Vec<Vec<f64>> = pairs.iter().map(|ridges| solve(&sums, *ridges, rows.n_features)).collect();
        for &row in judged {
            design(row, &mut x);
            for (error, theta) in errors.iter_mut().zip(&thetas) {
                let off = rows.outcome[row] - product(theta, &x);
                *error += off * off;
            }
        }
    }
    // The first of equals has the largest ridges.
    let best = (0..pairs.len()).min_by(|a, b| errors[*a].total_cmp(&errors[*b])).unwrap_or(0);
    let mut theta = solve(&without(None), pairs[best], rows.n_features);
    let coefficients = theta.split_off(rows.n_features + 1);
    let line = Line { means, scales, coefficients };
    if line.is_sound(rows.n_features) {
        return Ok(line);
    }
    let reason = "the sums of the inputs are too large to solve: divide them by their spread".to_owned();
    Err(ModelError::Fit { operation: OPERATION, reason })
}

fn solve(sums: &Sums, (main, effect): (f64, f64), n_features: usize) -> Vec<f64> {
    let block = |ridge: f64| std::iter::repeat_n(ridge, n_features).chain([RIDGE_FREE]);
    let ridge: Vec<f64> = block(main).chain(block(effect)).collect();
    let mut theta = sums.side.clone();
    sums.gram.factor(&ridge).solve(&mut theta);
    theta
}

/// The mean of every input and what it is multiplied with.
fn standard(rows: &Rows) -> (Vec<f64>, Vec<f64>) {
    let of = |feature: usize| {
        let known = || (0..rows.len()).map(|row| rows.row(row)[feature]).filter(|x| x.is_finite());
        let n = known().count().max(1) as f64;
        let mean = known().sum::<f64>() / n;
        let spread = (known().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
        (mean, if spread > 1e-12 * mean.abs() { 1.0 / spread } else { 0.0 })
    };
    (0..rows.n_features).map(of).unzip()
}
