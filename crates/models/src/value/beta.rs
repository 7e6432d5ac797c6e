//! How likely is a beta variable below a bound?

use statrs::function::erf::erfc;
use statrs::function::gamma::ln_gamma;

/// Where both parameters are above this, the logarithm of the odds is as good as normal.
const NORMAL_ABOVE: f64 = 1e5;
/// How many terms of the fraction are computed at most: of order the root of the larger parameter are needed.
const N_TERMS_MAX: u32 = 100_000;
/// In place of 0 in the fraction.
const TINY: f64 = 1e-300;

/// The regularised incomplete beta function: P(X <= x) for `X ~ Beta(a, b)`.
///
/// ```text
/// I = x^a y^b / (a B(a, b)) * continued fraction           y = 1 - x
/// ```
/// `y` is given beside `x` because one of them may be too near to 1 to be told from it. Where both parameters are large,
/// the normal distribution of `ln(X / (1 - X))` is used, whose error is then below 0.002.
/// *Source*: NIST Digital Library of Mathematical Functions, 8.17.22, evaluated by the method of Lentz 1976,
/// doi:10.1364/AO.15.000668.
pub(super) fn at_most(x: f64, y: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    if a.min(b) > NORMAL_ABOVE {
        let mean = (a - 0.5).ln() - (b - 0.5).ln();
        let variance = 1.0 / (a - 0.5) + 1.0 / (b - 0.5);
        return erfc((mean - (x / y).ln()) / (2.0 * variance).sqrt()) / 2.0;
    }
    let front = (a * x.ln() + b * y.ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
    // On this side of the mean the fraction converges quickly; on the other the complement's does.
    let value =
        if x * (a + b + 2.0) < a + 1.0 { front * fraction(x, a, b) / a } else { 1.0 - front * fraction(y, b, a) / b };
    value.clamp(0.0, 1.0)
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = lower;
    for term in 1..=N_TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        lower = 1.0 / away(1.0 + even * lower);
        upper = away(1.0 + even / upper);
        value *= lower * upper;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        lower = 1.0 / away(1.0 + odd * lower);
        upper = away(1.0 + odd / upper);
        let change = lower * upper;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::beta::beta_reg;

    #[test]
    fn agrees_with_formulas_that_are_known() {
        for x in [1e-9_f64, 0.1, 0.5, 0.77, 0.999] {
            let y = 1.0 - x;
            let cases = [
                (1.0, 1.0, x),
                (3.0, 1.0, x.powi(3)),
                (1.0, 4.0, -(4.0 * (-x).ln_1p()).exp_m1()),
                (2.0, 2.0, x * x * (3.0 - 2.0 * x)),
                (0.5, 0.5, 2.0 / std::f64::consts::PI * x.sqrt().asin()),
            ];
            for (a, b, expected) in cases {
                let found = at_most(x, y, a, b);
                assert!((found - expected).abs() < 1e-12 * expected.max(1e-3), "{a} {b} {x}: {found} {expected}");
            }
        }
        assert!(at_most(0.0, 1.0, 2.0, 3.0).abs() < 1e-300 && at_most(1.0, 0.0, 2.0, 3.0) >= 1.0);
    }

    #[test]
    fn agrees_with_another_implementation_and_with_its_complement() {
        for a in [0.01, 0.7, 5.0, 300.0, 4_000.0] {
            for b in [0.02, 1.3, 40.0, 900.0] {
                for x in [0.001, 0.2, 0.6, 0.83, 0.99] {
                    let found = at_most(x, 1.0 - x, a, b);
                    assert!((found - beta_reg(a, b, x)).abs() < 1e-9, "{a} {b} {x}: {found}");
                    assert!((found + at_most(1.0 - x, x, b, a) - 1.0).abs() < 1e-9, "{a} {b} {x}");
                }
            }
        }
    }

    #[test]
    fn large_parameters_lead_over_to_the_normal_distribution() {
        for (a, b) in [(1.001e5, 1.001e5), (1.2e5, 7e5), (4e6, 1.01e5)] {
            for away in [-3.0, -1.0, 0.0, 0.5, 2.5] {
                let deviation = f64::sqrt(a * b / (a + b + 1.0)) / (a + b);
                let x = a / (a + b) + away * deviation;
                let exact = {
                    let front = (a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp();
                    if away < 0.0 { front * fraction(x, a, b) / a } else { 1.0 - front * fraction(1.0 - x, b, a) / b }
                };
                let found = at_most(x, 1.0 - x, a, b);
                assert!((found - exact).abs() < 0.002, "{a} {b} {away}: {found} {exact}");
            }
        }
        // One small and one huge parameter: Beta(2, n) / n is a gamma variable, P(X <= 3 / n) = 1 - 4 e^-3.
        let found = at_most(3e-9, 1.0 - 3e-9, 2.0, 1e9);
        assert!((found - (1.0 - 4.0 * (-3.0_f64).exp())).abs() < 1e-6, "{found}");
    }
}
