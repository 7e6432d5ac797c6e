//! How likely is a number this large by chance alone?

use statrs::function::beta::beta_reg;
use statrs::function::erf::{erfc, erfc_inv};
use statrs::function::gamma::{gamma_ur, ln_gamma};
use std::f64::consts::{PI, SQRT_2};

/// From here on Student's distribution is reckoned from the normal one: the series is then exact to nine digits, and the
/// continued fraction of the other way converges slowly.
const DF_LARGE: f64 = 1e4;

/// Φ: the share of the standard normal distribution below `z`.
///
/// ```
/// assert!((measurement::statistics::normal_below(1.959964) - 0.975).abs() < 1e-7);
/// ```
#[must_use]
pub fn normal_below(z: f64) -> f64 {
    erfc(-z / SQRT_2) / 2.0
}

/// The number below which the share `p` of the standard normal distribution lies; infinite at 0 and 1.
///
/// ```
/// assert!((measurement::statistics::normal_quantile(0.8) - 0.8416212).abs() < 1e-7);
/// ```
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    -SQRT_2 * erfc_inv(2.0 * p)
}

/// The density of the standard normal distribution.
#[must_use]
pub(super) fn normal_density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (2.0 * PI).sqrt()
}

/// The chance that Student's t with `df` degrees of freedom is at least `t` away from 0, on either side.
///
/// ```
/// // The 97.5 % quantile with 10 degrees of freedom is 2.2281389.
/// assert!((measurement::statistics::student_beyond(2.2281389, 10.0) - 0.05).abs() < 1e-7);
/// ```
#[must_use]
pub fn student_beyond(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    if df > DF_LARGE {
        // Abramowitz and Stegun 1964, 26.7.8.
        let z = t.abs() * (1.0 - 1.0 / (4.0 * df)) / (1.0 + t * t / (2.0 * df)).sqrt();
        return 2.0 * normal_below(-z);
    }
    beta_reg(df / 2.0, 0.5, df / (df + t * t))
}

/// The number that Student's t with `df` degrees of freedom is beyond, on either side, with the chance `alpha`.
///
/// Newton's method from the normal quantile, and the series of it where there are many degrees of freedom.
///
/// ```
/// assert!((measurement::statistics::student_quantile(0.05, 10.0) - 2.2281389).abs() < 1e-6);
/// ```
#[must_use]
pub fn student_quantile(alpha: f64, df: f64) -> f64 {
    let z = normal_quantile(1.0 - alpha / 2.0);
    if df > DF_LARGE {
        // Abramowitz and Stegun 1964, 26.7.5.
        return z + (z.powi(3) + z) / (4.0 * df) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * df * df);
    }
    // Beyond z the chance is convex in t and too large: each step of Newton's stays short of the quantile.
    let scale = (ln_gamma(f64::midpoint(df, 1.0)) - ln_gamma(df / 2.0)).exp() / (df * PI).sqrt();
    let mut t = z.max(1e-3);
    for _ in 0..200 {
        let density = scale * (1.0 + t * t / df).powf(-f64::midpoint(df, 1.0));
        let step = (student_beyond(t, df) - alpha) / (2.0 * density);
        t += step;
        if step.abs() <= t * 1e-13 {
            break;
        }
    }
    t
}

/// The chance that χ² with `df` degrees of freedom is at least `x`.
///
/// ```
/// assert!((measurement::statistics::chi_squared_above(3.841459, 1.0) - 0.05).abs() < 1e-7);
/// ```
#[must_use]
pub fn chi_squared_above(x: f64, df: f64) -> f64 {
    if x <= 0.0 { 1.0 } else { gamma_ur(df / 2.0, x / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_tables() {
        // Quantiles of scipy 1.14, tolerance 1e-6.
        for (alpha, df, quantile) in
            [(0.05, 1.0, 12.706_204_7), (0.05, 2.5, 3.574_654_8), (0.01, 30.0, 2.749_995_7), (0.1, 200.0, 1.652_508_1)]
        {
            let found = student_quantile(alpha, df);
            assert!((found - quantile).abs() < 1e-5, "{alpha} {df}: {found}");
        }
    }

    #[test]
    fn both_ways_of_student_agree_where_they_meet() {
        for t in [0.3, 1.0, 2.0, 4.0] {
            let (few, many) = (student_beyond(t, DF_LARGE), student_beyond(t, DF_LARGE * (1.0 + 1e-9)));
            assert!((few - many).abs() < 1e-8, "{t}: {few} {many}");
        }
        let (few, many) = (student_quantile(0.05, DF_LARGE), student_quantile(0.05, DF_LARGE * (1.0 + 1e-9)));
        assert!((few - many).abs() < 1e-7, "{few} {many}");
    }

    #[test]
    fn the_tail_is_not_lost_to_rounding() {
        assert!(student_beyond(30.0, 1e6) > 0.0 && student_beyond(30.0, 1e6) < 1e-150);
        assert!(normal_below(-20.0) > 0.0);
    }
}
