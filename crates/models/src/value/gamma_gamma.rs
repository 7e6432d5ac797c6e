//! How do the amounts differ that customers pay?

use super::Estimate;
use super::likeliest::likeliest;
use super::settings::ValueSettings;
use crate::ModelError;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

/// How many customers are summed up at a time. Fixed, so that the number of threads changes nothing.
const CHUNK: usize = 4_096;
/// Where the search begins, as `[p, q - 1, v]` with a mean amount of 1.
const START: [f64; 3] = [2.0, 2.0, 1.0];
/// The parameters of the gamma-gamma model of amounts.
///
/// ```text
/// an amount of a customer ~ Gamma(shape p, rate N),   N ~ Gamma(shape q, rate v) over customers
///
/// ln likelihood of a mean amount m over x purchases
///   = ln Gamma(p x+q) - ln Gamma(p x) - ln Gamma(q) + q ln v + (p x-1) ln m + p x ln x - (p x+q) ln(v + x m)
/// E[amount | x, m] = p (v + x m) / (p x + q - 1)
/// ```
/// *Units*: `v` is an amount; `p` and `q` are numbers, `q` above 1, so that the mean over customers is finite.
/// *Source*: Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value", equations 1a and 5; the model is that of
/// Colombo and Jiang 1999, doi:10.1002/(SICI)1520-6653(199922)13:3<2::AID-DIR2>3.0.CO;2-H.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    /// How alike one customer's amounts are.
    pub p: Estimate,
    /// How alike customers are.
    pub q: Estimate,
    /// The scale: the mean amount is `p v / (q - 1)`.
    pub v: Estimate,
    /// The logarithm of the likelihood of all mean amounts, without the prior.
    pub log_likelihood: f64,
}

impl GammaGamma {
    /// The most likely parameters for customers that bought again: how often, and for how much on average.
    pub(super) fn fit(mut paid: Vec<(u32, f64)>, settings: &ValueSettings) -> Result<Self, ModelError> {
        // In one order, so that the order of the rows changes nothing.
        paid.par_sort_unstable_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        // Divided before they are added, so that the sum of any amounts is finite.
        let scale = paid.iter().map(|(_, spend)| spend / paid.len() as f64).sum::<f64>();
        let likelihood = Likelihood::new(&paid, scale);
        let n = paid.len() as f64;
        let found = likeliest(|at| likelihood.at(at), n, &[START], settings, "how amounts differ")?;
        let estimate =
            |part: usize, scale: f64| Estimate::of_logarithm(found.logarithms[part], found.variances[part], scale);
        let above_one = estimate(1, 1.0);
        Ok(Self {
            p: estimate(0, 1.0),
            q: Estimate { value: 1.0 + above_one.value, ..above_one },
            v: estimate(2, scale),
            // A density of amounts in the old unit is smaller by the scale.
            log_likelihood: likelihood.at(&found.logarithms).0 - n * scale.ln(),
        })
    }

    /// What is known of a customer who paid `mean_spend` on average in `frequency` purchases: shape and rate of the
    /// gamma distribution of the rate `N`. Where the amount is not known, he is like all others.
    pub(super) fn posterior(&self, frequency: u32, mean_spend: f64) -> (f64, f64) {
        let x = f64::from(frequency);
        if frequency == 0 || !(mean_spend > 0.0 && mean_spend.is_finite()) {
            return (self.q.value, self.v.value);
        }
        // Far beyond any amount, and small enough to be reckoned with.
        (self.q.value + self.p.value * x, self.v.value + x * mean_spend.min(1e15 * self.v.value))
    }

    /// Whether everything that is computed from the parameters is finite.
    pub(super) fn is_usable(&self) -> bool {
        let Self { p, q, v, log_likelihood } = self;
        p.is_usable() && q.is_usable() && v.is_usable() && log_likelihood.is_finite() && q.value - 1.0 > 1e-12
    }
}

/// A customer's mean amount over so many purchases.
struct Row {
    level: u32,
    spend: f64,
    ln_spend: f64,
}

/// All customers of one frequency.
struct Level {
    frequency: f64,
    n_customers: f64,
}

/// The data, ready to be asked how likely they are.
struct Likelihood {
    rows: Vec<Row>,
    levels: Vec<Level>,
}

impl Likelihood {
    /// `paid` ascends by frequency.
    fn new(paid: &[(u32, f64)], scale: f64) -> Self {
        let mut levels: Vec<Level> = Vec::new();
        let rows = paid.iter().map(|(frequency, spend)| {
            let (frequency, spend) = (f64::from(*frequency), spend / scale);
            match levels.last_mut() {
                Some(level) if level.frequency >= frequency => level.n_customers += 1.0,
                _ => levels.push(Level { frequency, n_customers: 1.0 }),
            }
            Row { level: u32::try_from(levels.len() - 1).unwrap_or(u32::MAX), spend, ln_spend: spend.ln() }
        });
        let rows = rows.collect();
        Self { rows, levels }
    }

    /// The log-likelihood and its slopes by the logarithms of `p`, `q - 1` and `v`.
    fn at(&self, logarithms: &[f64]) -> (f64, [f64; 3]) {
        let [p, above_one, v] = [0, 1, 2].map(|part| logarithms[part].exp());
        let (q, ln_v) = (1.0 + above_one, logarithms[2]);
        let (mut value, mut slopes) = (0.0, [0.0; 3]);
        for &Level { frequency: x, n_customers: n } in &self.levels {
            value += n * (ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma(q) + p * x * x.ln() - p * x * ln_v);
            let shape = digamma(p * x + q);
            slopes[0] += n * x * (shape - digamma(p * x) + x.ln() - ln_v);
            slopes[1] += n * (shape - digamma(q));
            slopes[2] -= n * p * x;
        }
        let parts: Vec<[f64; 4]> = self.rows.par_chunks(CHUNK).map(|rows| sum(rows, &self.levels, [p, q, v])).collect();
        for part in parts {
            value += part[0];
            slopes[0] += part[1];
            slopes[1] -= part[2];
            slopes[2] += part[3];
        }
        (value, [slopes[0] * p, slopes[1] * above_one, slopes[2]])
    }
}

/// Over some customers: what of the likelihood depends on the amount, and its slopes by `p`, `q` (negative) and `ln v`.
fn sum(rows: &[Row], levels: &[Level], [p, q, v]: [f64; 3]) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for row in rows {
        let x = levels[row.level as usize].frequency;
        // ln(v + x m) - ln v, and so small numbers stay exact.
        let part = x * row.spend / v;
        let grown = part.ln_1p();
        sums[0] += (p * x - 1.0) * row.ln_spend - (p * x + q) * grown;
        sums[1] += x * (row.ln_spend - grown);
        sums[2] += grown;
        sums[3] += (p * x + q) * part / (1.0 + part);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAID: [(u32, f64); 5] = [(1, 11.77), (1, 25.55), (2, 14.3), (2, 22.35), (7, 73.74)];

    #[test]
    fn the_likelihood_is_the_formula() {
        let (p, q, v) = (6.25_f64, 3.74_f64, 15.44_f64);
        let expected: f64 = PAID
            .iter()
            .map(|&(x, m)| {
                let x = f64::from(x);
                ln_gamma(p * x + q) - ln_gamma(p * x) - ln_gamma(q)
                    + q * v.ln()
                    + (p * x - 1.0) * m.ln()
                    + p * x * x.ln()
                    - (p * x + q) * (v + x * m).ln()
            })
            .sum();
        let found = Likelihood::new(&PAID, 1.0).at(&[p.ln(), (q - 1.0).ln(), v.ln()]).0;
        assert!((found - expected).abs() < 1e-10, "{found} {expected}");
    }

    #[test]
    fn the_slopes_are_those_of_the_likelihood() {
        let likelihood = Likelihood::new(&PAID, 10.0);
        for at in [[1.8, 1.0, 0.5], [-1.0, -2.0, 3.0], [4.0, 3.0, -4.0]] {
            let (_, slopes) = likelihood.at(&at);
            for part in 0..3 {
                let moved = |by: f64| {
                    let mut at = at;
                    at[part] += by;
                    likelihood.at(&at).0
                };
                let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!(
                    (difference - slopes[part]).abs() < 1e-6 * (1.0 + difference.abs()),
                    "{at:?} {part}: {difference}"
                );
            }
        }
    }
}
