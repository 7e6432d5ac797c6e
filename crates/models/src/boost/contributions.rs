//! Which features made the score what it is? Exact Shapley values of a forest.

use super::forest::{DEPTH_MAX, Forest};
use serde::{Deserialize, Serialize};

/// A score, shared out among the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contributions {
    /// The score of a row of which nothing is known: the mean over the training rows, by cover.
    pub bias: f64,
    /// What each feature added to it or took from it. `bias` and all values together are the score.
    pub values: Vec<f64>,
}

impl Forest {
    /// Shares the score of a row out among the features, fairly in the sense of Shapley.
    ///
    /// ```text
    /// v(S)   = mean score where features in S are the row's and at every other question both ways are taken,
    ///          in proportion to their cover (path-dependent)
    /// phi[i] = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))
    /// score  = v(nothing) + sum of phi[i]
    /// ```
    /// Computed leaf by leaf. Of a leaf whose path asks `d` different features, let `z[j]` be the share of cover that
    /// passes the questions on `j`, and `O` the features whose questions the row passes. Then, with the coefficients
    /// `p[s]` of the product over `j` in `O` of `(z[j] + t)`, a feature outside `O` gets
    /// `- value * Z * sum of s! (d-s-1)! / d! * p[s]`, `Z` being the product of `z` outside `O`, and a feature `i` in `O`
    /// gets `value * Z * (1 - z[i]) * sum of s! (d-s-1)! / d! * q[s]`, `q` being the product without `i`.
    ///
    /// *Shapes*: as [`Forest::score`]; `values` has [`Forest::n_features`] entries. *Units*: log-odds.
    /// *Guarantees*: adds up to the score within 1e-9; a feature that no tree asks gets 0. *Cost*: for every leaf the
    /// square of the features its path asks and the row passes. *Source*: Lundberg et al. 2020, algorithm 2,
    /// doi:10.1038/s42256-019-0138-9; elementary regrouping by leaf.
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Contributions {
        if row.len() < self.n_features {
            return self.contributions(&self.filled_up(row));
        }
        let mut found = Contributions { bias: self.base_score, values: vec![0.0; self.n_features] };
        let mut walk = Walk { forest: self, row, path: Path::new(), values: &mut found.values, bias: 0.0 };
        for &root in &self.roots {
            walk.visit(root as usize, 1.0);
        }
        found.bias += walk.bias;
        found
    }
}

/// One way down a tree after the other.
struct Walk<'a> {
    forest: &'a Forest,
    row: &'a [f64],
    path: Path,
    values: &'a mut [f64],
    bias: f64,
}

/// The different features that were asked on the way down.
struct Path {
    len: usize,
    feature: [u32; DEPTH_MAX],
    /// The share of cover that passes all questions on this feature.
    zero: [f64; DEPTH_MAX],
    /// Whether the row passes all of them.
    one: [bool; DEPTH_MAX],
}

impl Path {
    fn new() -> Self {
        Self { len: 0, feature: [0; DEPTH_MAX], zero: [0.0; DEPTH_MAX], one: [false; DEPTH_MAX] }
    }
}

impl Walk<'_> {
    /// Visits everything below a node. `reach` is the share of the tree's cover that comes here.
    fn visit(&mut self, at: usize, reach: f64) {
        let node = &self.forest.nodes[at];
        if node.is_leaf() {
            self.bias += reach * node.value();
            self.share_out(node.value());
            return;
        }
        let children = node.children();
        let hot = usize::from(node.goes_right(self.row));
        let cover = self.forest.cover[at];
        let feature = u32::try_from(node.feature()).unwrap_or(u32::MAX);
        let place = self.path.feature[..self.path.len].iter().position(|seen| *seen == feature);
        let slot = place.unwrap_or(self.path.len);
        let before = place.map_or((1.0, true), |slot| (self.path.zero[slot], self.path.one[slot]));
        if place.is_none() {
            self.path.feature[slot] = feature;
            self.path.len += 1;
        }
        for (side, child) in children.into_iter().enumerate() {
            let share = self.forest.cover[child] / cover;
            self.path.zero[slot] = before.0 * share;
            self.path.one[slot] = before.1 && side == hot;
            self.visit(child, reach * share);
        }
        if place.is_none() {
            self.path.len -= 1;
        } else {
            (self.path.zero[slot], self.path.one[slot]) = before;
        }
    }

    /// Adds one leaf's part to every feature on its path.
    fn share_out(&mut self, value: f64) {
        let d = self.path.len;
        if d == 0 {
            return;
        }
        let weights = &WEIGHTS[d];
        // The product of (z + t) over the features that the row passes, by powers of t.
        let mut product = [0.0; DEPTH_MAX + 1];
        product[0] = 1.0;
        let mut passed = 0;
        let mut outside = value;
        for slot in 0..d {
            let zero = self.path.zero[slot];
            if self.path.one[slot] {
                passed += 1;
                for power in (1..=passed).rev() {
                    product[power] = product[power] * zero + product[power - 1];
                }
                product[0] *= zero;
            } else {
                outside *= zero;
            }
        }
        let mut of_failed = 0.0;
        if passed < d {
            let sum: f64 = weights[..=passed].iter().zip(&product).map(|(weight, p)| weight * p).sum();
            of_failed = -outside * sum;
        }
        for slot in 0..d {
            let feature = self.path.feature[slot] as usize;
            if !self.path.one[slot] {
                self.values[feature] += of_failed;
                continue;
            }
            // Divides (z + t) out of the product from the highest power down: z is at most 1, so errors do not grow.
            let zero = self.path.zero[slot];
            let (mut quotient, mut sum) = (0.0, 0.0);
            for power in (0..passed).rev() {
                quotient = product[power + 1] - zero * quotient;
                sum += weights[power] * quotient;
            }
            self.values[feature] += outside * (1.0 - zero) * sum;
        }
    }
}

/// `WEIGHTS[d][s] = s! (d - s - 1)! / d!`: the chance that exactly a given `s` of the other `d - 1` come before one.
static WEIGHTS: [[f64; DEPTH_MAX]; DEPTH_MAX + 1] = weights();

const fn weights() -> [[f64; DEPTH_MAX]; DEPTH_MAX + 1] {
    let mut all = [[0.0; DEPTH_MAX]; DEPTH_MAX + 1];
    let mut d = 1;
    while d <= DEPTH_MAX {
        // w(0) = 1 / d and w(s) = w(s - 1) * s / (d - s).
        all[d][0] = 1.0 / d as f64;
        let mut s = 1;
        while s < d {
            all[d][s] = all[d][s - 1] * s as f64 / (d - s) as f64;
            s += 1;
        }
        d += 1;
    }
    all
}
