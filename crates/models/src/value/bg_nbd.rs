//! How do customers come back, and when do they leave?

use super::Estimate;
use super::likeliest::likeliest;
use super::settings::{Purchases, ValueSettings};
use crate::ModelError;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

/// To which number the longest age is scaled, so that all parameters are of a size.
const AGE_SCALED: f64 = 10.0;
/// How many distinct customers are summed up at a time. Fixed, so that the number of threads changes nothing.
const CHUNK: usize = 4_096;
/// Where the search may begin, as `[r, alpha, a, b]` with time scaled: the likeliest of them is taken.
const STARTS: [[f64; 4]; 4] =
    [[1.0, 1.0, 1.0, 1.0], [0.25, 1.0, 1.0, 3.0], [1.0, 10.0, 0.5, 5.0], [3.0, 3.0, 0.1, 10.0]];

/// The parameters of the beta-geometric model of purchases.
///
/// ```text
/// purchases come at the rate L, until the customer leaves: after each purchase but the first, with probability P
/// L ~ Gamma(shape r, rate alpha),   P ~ Beta(a, b)
///
/// ln likelihood of frequency x, recency t, age T
///   = ln Gamma(r+x) - ln Gamma(r) + r ln alpha + ln B(a, b+x) - ln B(a, b)
///   + ln( (alpha+T)^-(r+x) + [x > 0] a / (b+x-1) (alpha+t)^-(r+x) )
/// P(alive) = 1 / (1 + [x > 0] a / (b+x-1) ((alpha+T) / (alpha+t))^(r+x))
/// ```
/// *Units*: `alpha` is a time, in the unit of the data; the others are numbers. Customers buy `r / alpha` times in a unit
/// of time on average while they are there, and `a / (a + b)` of them leave after a purchase.
/// *Edge cases*: who never bought again has had no occasion to leave, and is alive with certainty; what is expected of
/// such a customer sinks with the age because a small rate becomes likelier.
/// *Source*: Fader, Hardie and Lee 2005, equations 6 and 10, doi:10.1287/mksc.1040.0098.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BgNbd {
    /// How alike customers' rates are: the shape of their distribution.
    pub r: Estimate,
    /// The rate of that distribution, a time.
    pub alpha: Estimate,
    /// Grows with how many leave.
    pub a: Estimate,
    /// Grows with how many stay.
    pub b: Estimate,
    /// The logarithm of the likelihood of all customers, without the prior.
    pub log_likelihood: f64,
}

impl BgNbd {
    /// The most likely parameters for customers that were checked.
    pub(super) fn fit(purchases: &[Purchases], settings: &ValueSettings) -> Result<Self, ModelError> {
        let age_max = purchases.iter().map(|customer| customer.age).fold(0.0, f64::max);
        let scale = age_max / AGE_SCALED;
        let likelihood = Likelihood::new(purchases, scale);
        let found =
            likeliest(|at| likelihood.at(at), likelihood.n_customers, &STARTS, settings, "how customers come back")?;
        let estimate =
            |part: usize, scale: f64| Estimate::of_logarithm(found.logarithms[part], found.variances[part], scale);
        // Time was scaled: a density in the old unit is smaller by the scale for every purchase.
        let unscaled = likelihood.n_purchases * scale.ln();
        Ok(Self {
            r: estimate(0, 1.0),
            alpha: estimate(1, scale),
            a: estimate(2, 1.0),
            b: estimate(3, 1.0),
            log_likelihood: likelihood.at(&found.logarithms).0 - unscaled,
        })
    }

    /// What is known of a customer after these purchases. Numbers that contradict each other are brought to order: what
    /// is not above 0, NaN among it, is 0; the recency is at most the age.
    pub(super) fn standing(&self, purchases: &Purchases) -> Standing {
        // Far beyond any history, and small enough to be reckoned with.
        let age = purchases.age.clamp(0.0, 1e12 * self.alpha.value);
        let age = if age.is_nan() { 0.0 } else { age };
        let recency = if purchases.recency > 0.0 { purchases.recency.min(age) } else { 0.0 };
        let x = f64::from(purchases.frequency);
        let (shape, rate) = (self.r.value + x, self.alpha.value + age);
        let alive = if purchases.frequency == 0 {
            1.0
        } else {
            let against = (self.a.value / (self.b.value + (x - 1.0))).ln()
                + shape * ((age - recency) / (self.alpha.value + recency)).ln_1p();
            1.0 / (1.0 + against.exp())
        };
        Standing { alive, shape, rate, a: self.a.value, b: self.b.value + x }
    }

    /// Whether everything that is computed from the parameters is finite.
    pub(super) fn is_usable(&self) -> bool {
        [self.r, self.alpha, self.a, self.b].iter().all(Estimate::is_usable) && self.log_likelihood.is_finite()
    }
}

/// A customer as the model sees him: still there with probability `alive`, and then with the rate `Gamma(shape, rate)`
/// and the chance to leave `Beta(a, b)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    pub(super) alive: f64,
    pub(super) shape: f64,
    pub(super) rate: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

/// Customers with equal numbers, once.
struct Group {
    level: u32,
    recency: f64,
    age: f64,
    n_customers: f64,
}

/// All customers of one frequency.
struct Level {
    frequency: f64,
    n_customers: f64,
}

/// What is the same for all customers of one frequency.
struct Term {
    shape: f64,
    /// The logarithm of `a / (b + x - 1)`; minus infinity where nobody can have left.
    against: f64,
    stay: f64,
}

/// The data, ready to be asked how likely they are.
struct Likelihood {
    groups: Vec<Group>,
    levels: Vec<Level>,
    n_customers: f64,
    n_purchases: f64,
}

impl Likelihood {
    fn new(purchases: &[Purchases], scale: f64) -> Self {
        // The bits of numbers that are not negative are in the numbers' order. Adding 0 makes -0 into 0.
        let bits = |value: f64| (value + 0.0).to_bits();
        let mut rows: Vec<(u32, u64, u64)> =
            purchases.iter().map(|row| (row.frequency, bits(row.recency), bits(row.age))).collect();
        rows.par_sort_unstable();
        let (mut groups, mut levels): (Vec<Group>, Vec<Level>) = (Vec::new(), Vec::new());
        for alike in rows.chunk_by(PartialEq::eq) {
            let (frequency, recency, age) =
                (f64::from(alike[0].0), f64::from_bits(alike[0].1), f64::from_bits(alike[0].2));
            let n_customers = alike.len() as f64;
            match levels.last_mut() {
                Some(level) if level.frequency >= frequency => level.n_customers += n_customers,
                _ => levels.push(Level { frequency, n_customers }),
            }
            let level = u32::try_from(levels.len() - 1).unwrap_or(u32::MAX);
            groups.push(Group { level, recency: recency / scale, age: age / scale, n_customers });
        }
        let n_purchases = levels.iter().map(|level| level.frequency * level.n_customers).sum();
        Self { groups, levels, n_customers: purchases.len() as f64, n_purchases }
    }

    /// The log-likelihood and its slopes by the logarithms of `r`, `alpha`, `a` and `b`.
    fn at(&self, logarithms: &[f64]) -> (f64, [f64; 4]) {
        let [r, alpha, a, b] = [0, 1, 2, 3].map(|part| logarithms[part].exp());
        let (mut value, mut slopes) = (0.0, [0.0; 4]);
        let mut terms = Vec::with_capacity(self.levels.len());
        for &Level { frequency: x, n_customers: n } in &self.levels {
            value += n
                * (ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_gamma(b + x) - ln_gamma(b) + ln_gamma(a + b)
                    - ln_gamma(a + b + x));
            let both = digamma(a + b) - digamma(a + b + x);
            slopes[0] += n * (digamma(r + x) - digamma(r) + alpha.ln());
            slopes[1] += n * r / alpha;
            slopes[2] += n * both;
            slopes[3] += n * (both + digamma(b + x) - digamma(b));
            // In this order a tiny `b` is not lost.
            let stay = b + (x - 1.0);
            let against = if x > 0.0 { (a / stay).ln() } else { f64::NEG_INFINITY };
            terms.push(Term { shape: r + x, against, stay });
        }
        let parts: Vec<[f64; 5]> = self.groups.par_chunks(CHUNK).map(|groups| sum(groups, &terms, alpha)).collect();
        for part in parts {
            value += part[0];
            slopes[0] += part[1];
            slopes[1] += part[2];
            slopes[2] += part[3] / a;
            slopes[3] -= part[4];
        }
        (value, [slopes[0] * r, slopes[1] * alpha, slopes[2] * a, slopes[3] * b])
    }
}

/// Over some groups: the last line of the likelihood, its slopes by `r` and `alpha`, and how many have left, also divided
/// by `b + x - 1`.
fn sum(groups: &[Group], terms: &[Term], alpha: f64) -> [f64; 5] {
    let mut sums = [0.0; 5];
    for group in groups {
        let Term { shape, against, stay } = terms[group.level as usize];
        let n = group.n_customers;
        let (to_now, to_last) = ((alpha + group.age).ln(), (alpha + group.recency).ln());
        // Of the two ways, to be silent or to have left, the smaller is added to the larger.
        let odds = against + shape * (to_now - to_last);
        let smaller = (-odds.abs()).exp();
        let left = if odds > 0.0 { 1.0 } else { smaller } / (1.0 + smaller);
        sums[0] += n * (odds.max(0.0) + smaller.ln_1p() - shape * to_now);
        sums[1] -= n * ((1.0 - left) * to_now + left * to_last);
        sums[2] -= n * shape * ((1.0 - left) / (alpha + group.age) + left / (alpha + group.recency));
        if left > 0.0 {
            sums[3] += n * left;
            sums[4] += n * left / stay;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMERS: [Purchases; 6] = [
        Purchases { frequency: 2, recency: 30.43, age: 38.86 },
        Purchases { frequency: 1, recency: 1.71, age: 38.86 },
        Purchases { frequency: 0, recency: 0.0, age: 38.86 },
        Purchases { frequency: 7, recency: 29.43, age: 38.86 },
        Purchases { frequency: 1, recency: 5.0, age: 27.0 },
        Purchases { frequency: 1, recency: 5.0, age: 27.0 },
    ];

    #[test]
    fn the_likelihood_is_the_formula() {
        let (r, alpha, a, b) = (0.243_f64, 4.414_f64, 0.793_f64, 2.426_f64);
        let likelihood = Likelihood::new(&CUSTOMERS, 1.0);
        assert_eq!((likelihood.groups.len(), likelihood.levels.len()), (5, 4), "equal customers are computed once");
        let expected: f64 = CUSTOMERS
            .iter()
            .map(|c| {
                let x = f64::from(c.frequency);
                let gammas = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln();
                let betas = ln_gamma(b + x) - ln_gamma(a + b + x) - ln_gamma(b) + ln_gamma(a + b);
                let left = if x > 0.0 { a / (b + x - 1.0) * (alpha + c.recency).powf(-r - x) } else { 0.0 };
                gammas + betas + ((alpha + c.age).powf(-r - x) + left).ln()
            })
            .sum();
        let found = likelihood.at(&[r.ln(), alpha.ln(), a.ln(), b.ln()]).0;
        assert!((found - expected).abs() < 1e-10, "{found} {expected}");
    }

    #[test]
    fn the_slopes_are_those_of_the_likelihood() {
        let likelihood = Likelihood::new(&CUSTOMERS, 3.0);
        for at in [[-1.4, 1.5, -0.2, 0.9], [1.0, -1.0, 2.0, -3.0], [4.0, 5.0, -4.0, 3.0]] {
            let (_, slopes) = likelihood.at(&at);
            for part in 0..4 {
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
