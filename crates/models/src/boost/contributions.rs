//! Which features made the score what it is? Exact Shapley values of a forest.

use super::forest::{DEPTH_MAX, Forest};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

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
    /// The factorials are an integral, `s! (n-s-1)! / n! = integral over x from 0 to 1 of x^s (1-x)^(n-s-1)`, so that
    /// for one leaf, with `z[j]` the share of cover that passes its path's questions on `j`, and `o[j]` 1 where the row
    /// passes them and else 0,
    /// ```text
    /// phi[i] = value * (o[i] - z[i]) * integral of product over j != i of (z[j] (1 - x) + o[j] x)
    /// ```
    /// The product is a polynomial of a lower degree than the tree is deep: Gauss-Legendre quadrature with half as many
    /// points as the tree has levels is exact, and the products of all leaves below a node are summed on the way up.
    ///
    /// *Shapes*: as [`Forest::score`]; `values` has [`Forest::n_features`] entries. *Units*: those of the score.
    /// *Guarantees*: adds up to the score within 1e-9; a feature that no tree asks gets 0. *Cost*: nodes times half the
    /// depth. *Source*: Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9 (path-dependent values); Owen 1972,
    /// doi:10.1287/mnsc.18.5.64 (the integral).
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Contributions {
        let row = &row[..row.len().min(self.n_features)];
        // N points are exact up to degree 2 N - 1, and the degree is below the depth.
        let values = match self.depth() {
            0..=8 => self.shapley::<4>(row),
            9..=16 => self.shapley::<8>(row),
            _ => self.shapley::<{ DEPTH_MAX / 2 }>(row),
        };
        Contributions { bias: self.bias, values }
    }

    fn shapley<const N: usize>(&self, row: &[f64]) -> Vec<f64> {
        let (points, weights) = gauss_legendre::<N>();
        let mut walk = Walk {
            forest: self,
            row,
            points,
            failed: points.map(|x| 1.0 - x),
            failed_inverse: points.map(|x| 1.0 / (1.0 - x)),
            weights,
            asked: vec![Asked { zero: 1.0, passed: true }; self.n_features],
            values: vec![0.0; self.n_features],
        };
        for &root in &self.roots {
            walk.visit(root as usize, &[1.0; N]);
        }
        walk.values
    }
}

/// What the questions on a feature have done on the way down.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// The share of cover that passed them.
    zero: f64,
    /// Whether the row passed all of them.
    passed: bool,
}

impl Asked {
    /// `o - z`.
    fn surplus(self) -> f64 {
        if self.passed { 1.0 - self.zero } else { -self.zero }
    }
}

/// One way down a tree after the other.
struct Walk<'a, const N: usize> {
    forest: &'a Forest,
    row: &'a [f64],
    /// `x`, `1 - x`, `1 / (1 - x)` and the weight of every point.
    points: [f64; N],
    failed: [f64; N],
    failed_inverse: [f64; N],
    weights: [f64; N],
    /// By feature.
    asked: Vec<Asked>,
    values: Vec<f64>,
}

impl<const N: usize> Walk<'_, N> {
    /// The sum over the leaves below a question of value times product, at every point. `product` is the path's so far.
    fn visit(&mut self, at: usize, product: &[f64; N]) -> [f64; N] {
        let node = &self.forest.nodes[at];
        if node.is_leaf() {
            return product.map(|factor| factor * node.value());
        }
        let feature = node.feature();
        let before = self.asked[feature];
        let before_inverse = self.inverse(before);
        let others: [f64; N] = std::array::from_fn(|k| product[k] * before_inverse[k]);
        let hot = usize::from(self.forest.goes_right(node, self.row));
        let scale = before.zero / self.forest.cover[at];
        // The leaves below had got the feature's share by the question before; now they get it by this one.
        let earlier: [f64; N] = before_inverse.map(|inverse| before.surplus() * inverse);
        let mut below = [0.0; N];
        let mut shares = [0.0; N];
        for (side, child) in node.children().into_iter().enumerate() {
            let now = Asked { zero: scale * self.forest.cover[child], passed: before.passed && side == hot };
            let factor = self.factor(now);
            let later = now.surplus();
            let next = &self.forest.nodes[child];
            if next.is_leaf() {
                // What was multiplied need not be divided out again.
                for k in 0..N {
                    let found = others[k] * next.value();
                    shares[k] += found * (later - earlier[k] * factor[k]);
                    below[k] += found * factor[k];
                }
                continue;
            }
            self.asked[feature] = now;
            let found = self.visit(child, &std::array::from_fn(|k| others[k] * factor[k]));
            let inverse = self.inverse(now);
            for k in 0..N {
                shares[k] += found[k] * (later * inverse[k] - earlier[k]);
                below[k] += found[k];
            }
        }
        self.asked[feature] = before;
        self.values[feature] += shares.iter().zip(&self.weights).map(|(share, weight)| share * weight).sum::<f64>();
        below
    }

    /// `z (1 - x) + o x`.
    fn factor(&self, asked: Asked) -> [f64; N] {
        let one = if asked.passed { 1.0 } else { 0.0 };
        std::array::from_fn(|k| asked.zero * self.failed[k] + one * self.points[k])
    }

    /// One divided by [`Self::factor`]. Most ways down are not the row's, and for them one division is enough.
    fn inverse(&self, asked: Asked) -> [f64; N] {
        if asked.passed {
            return self.factor(asked).map(f64::recip);
        }
        let zero_inverse = 1.0 / asked.zero;
        self.failed_inverse.map(|inverse| zero_inverse * inverse)
    }
}

/// Points and weights on [0, 1] that integrate polynomials up to degree `2 N - 1` exactly.
///
/// ```text
/// x[k] = roots of the Legendre polynomial P_N, by Newton's method          w[k] = 2 / ((1 - x[k]^2) P_N'(x[k])^2)
/// ```
fn gauss_legendre<const N: usize>() -> ([f64; N], [f64; N]) {
    let mut points = [0.0; N];
    let mut weights = [0.0; N];
    for k in 0..N {
        let mut x = (PI * (k as f64 + 0.75) / (N as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // Doubles the number of right digits every time, from three.
        for _ in 0..6 {
            let (mut value, mut before) = (x, 1.0);
            for degree in 2..=N {
                let n = degree as f64;
                (value, before) = (((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n, value);
            }
            slope = N as f64 * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        points[k] = (1.0 - x) / 2.0;
        weights[k] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
    (points, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral<const N: usize>(power: i32) -> f64 {
        let (points, weights) = gauss_legendre::<N>();
        points.iter().zip(weights).map(|(x, w)| w * x.powi(power)).sum()
    }

    #[test]
    fn powers_are_integrated_exactly() {
        for power in 0..6 {
            assert!((integral::<3>(power) - 1.0 / f64::from(power + 1)).abs() < 1e-14, "{power}");
        }
        for power in 0..32 {
            assert!((integral::<16>(power) - 1.0 / f64::from(power + 1)).abs() < 1e-14, "{power}");
        }
        assert!((integral::<3>(6) - 1.0 / 7.0).abs() > 1e-6, "one degree more is not exact");
    }
}
