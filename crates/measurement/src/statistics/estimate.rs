//! What is the number of one arm, and how much does it vary?

use super::moments::Moments;
use serde::{Deserialize, Serialize};

/// Of so many customers of an arm something must be known that a ratio divides, or divides by. The delta method draws a line where the ratio
/// bends, and takes the variance from those few: Cochran's working rule asks for more than 30 of them.
const N_RATIO_MIN: u64 = 30;
/// And what it divides by must be as sure as this, as its standard error over itself: a ratio is off by at most that part of its own
/// standard error (Hartley and Ross), and an interval of 95 % that is off by a fifth still holds 94.5.
const DIVISOR_ERROR_MAX: f64 = 0.2;

/// What is compared of two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The mean of y a customer.
    Mean,
    /// The share of customers for whom y is 1; for all others it is 0.
    Share,
    /// Σ y / Σ x: clicks by impressions, revenue by orders. The customer stays the unit, so several sessions of one
    /// customer are not taken for several customers.
    Ratio,
    /// The mean of y, less what could have been foretold of it from x, the same measure before the exposure (CUPED).
    Adjusted,
}

/// The number of one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Of how many customers; of a ratio, of whom anything is known that it is made of.
    pub n: f64,
    /// The number as it was counted.
    pub plain: f64,
    /// The number that is compared: adjusted where that was asked, else `plain`.
    pub value: f64,
    /// The variance of one customer's part: divided by `n` it is the variance of `value`.
    pub variance: f64,
    /// The mean third central moment of one customer's part.
    pub third: f64,
}

impl Estimate {
    /// The variance of the number.
    #[must_use]
    pub fn variance_of_value(&self) -> f64 {
        self.variance / self.n
    }
}

/// The numbers of two arms, the control first.
///
/// ```text
/// Mean      ȳ;  s²_y
/// Share     p;  p (1 − p)
/// Ratio     R = Σy / Σx;  (s²_y − 2 R s_xy + R² s²_x) / x̄²                        (delta method)
///           of those with a y or an x: who has neither adds nothing to R, and nothing to what is known of it
/// Adjusted  θ = cov(y, x) / var(x) of both arms together;
///           ȳ − θ (x̄ − x̄ of both);  s²_y + θ² s²_x − 2 θ s_xy
/// ```
/// *Guarantees*: swapping the arms swaps the numbers; θ is of both arms, so that it cannot follow one of them.
/// *Errors*: the reason, in words, where an arm has fewer than two customers; and of a ratio, where it is made of fewer than 30, or of
/// fewer than it takes until what it divides by is known to a fifth: with fewer its variance would be one of very little.
/// *Source*: Deng et al. 2013, doi:10.1145/2433396.2433413 (CUPED); Deng et al. 2018, doi:10.1145/3219819.3219919 (delta); Cochran 1977,
/// Sampling Techniques, 6.4; Hartley and Ross 1954, doi:10.1038/174270a0.
///
/// # Errors
/// With the reason why there is no number.
pub fn estimates(control: &Moments, treated: &Moments, measure: Measure) -> Result<(Estimate, Estimate), String> {
    let both = control.with(treated);
    let theta = match measure {
        Measure::Adjusted if both.variance_x() > 0.0 => both.covariance() / both.variance_x(),
        _ => 0.0,
    };
    let one = |arm: &Moments, name: &str| one(arm, name, measure, theta, both.mean_x());
    Ok((one(control, "control")?, one(treated, "treated")?))
}

fn one(arm: &Moments, name: &str, measure: Measure, theta: f64, mean_x: f64) -> Result<Estimate, String> {
    if arm.n < 2 {
        let n = if arm.n == 0 { "nobody" } else { "only one customer" };
        return Err(format!("there is {n} in the arm `{name}` yet; at least two are needed"));
    }
    let (n, mean) = (arm.n(), arm.mean());
    if !arm.sum_cubes.is_finite() || !arm.sum_squares.is_finite() {
        return Err(format!("a value in the arm `{name}` is not a finite number"));
    }
    Ok(match measure {
        Measure::Mean => {
            Estimate { n, plain: mean, value: mean, variance: arm.variance(), third: arm.third_without(0.0) }
        }
        Measure::Share => {
            let variance = mean * (1.0 - mean);
            if variance < 0.0 {
                return Err(format!("the share of the arm `{name}` is not between 0 and 1"));
            }
            Estimate { n, plain: mean, value: mean, variance, third: variance * (1.0 - 2.0 * mean) }
        }
        Measure::Ratio => {
            if arm.sum_x <= 0.0 {
                return Err(format!("nothing was counted in the arm `{name}` that the ratio divides by"));
            }
            ratio(&Moments { n: arm.n_told, ..*arm }, name)?
        }
        Measure::Adjusted => Estimate {
            n,
            plain: mean,
            value: mean - theta * (arm.mean_x() - mean_x),
            variance: arm.variance_without(theta),
            third: arm.third_without(theta),
        },
    })
}

/// The ratio of those of whom anything is known that it is made of.
fn ratio(arm: &Moments, name: &str) -> Result<Estimate, String> {
    if arm.n < N_RATIO_MIN {
        let who = if arm.n == 1 { "1 customer".to_owned() } else { format!("{} customers", arm.n) };
        return Err(format!("it is made of {who} in the arm `{name}` yet; at least {N_RATIO_MIN} are needed"));
    }
    let (n, by) = (arm.n(), arm.mean_x());
    if arm.variance_x() > (DIVISOR_ERROR_MAX * by).powi(2) * n {
        return Err(format!("a few customers in the arm `{name}` have most of what it is divided by; more are needed"));
    }
    let ratio = arm.sum / arm.sum_x;
    let variance = arm.variance_without(ratio) / (by * by);
    Ok(Estimate { n, plain: ratio, value: ratio, variance, third: arm.third_without(ratio) / by.powi(3) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ratio_varies_as_the_delta_method_says() {
        // Recomputed with numpy 2 of six customers: R .09090909, variance of R .000107051905; of ten such sixes 5/59 of that.
        let six = [(1.0, 10.0), (0.0, 5.0), (2.0, 20.0), (1.0, 8.0), (0.0, 4.0), (3.0, 30.0)];
        let arm = Moments::of_pairs([six; 10].concat());
        let (ratio, _) = estimates(&arm, &arm, Measure::Ratio).unwrap();
        assert!((ratio.value - 0.090_909_09).abs() < 1e-8);
        assert!((ratio.variance_of_value() - 0.000_107_051_905 * 5.0 / 59.0).abs() < 1e-12);
        // Whoever has neither changes nothing: money an order does not become surer by those who ordered nothing.
        let among_many = arm.with(&Moments::of_pairs([(0.0, 0.0); 900]));
        assert_eq!(estimates(&among_many, &arm, Measure::Ratio).unwrap(), (ratio, ratio));
    }

    #[test]
    fn a_ratio_of_few_is_not_told() {
        let arm = |n: u32| {
            Moments::of_pairs((0..500).map(|at| if at < n { (20.0 + f64::from(at % 9), 1.0) } else { (0.0, 0.0) }))
        };
        let (one, few, enough) = (arm(1), arm(29), arm(30));
        let of = |control: &Moments, treated: &Moments| estimates(control, treated, Measure::Ratio);
        assert_eq!(
            of(&one, &arm(400)).unwrap_err(),
            "it is made of 1 customer in the arm `control` yet; at least 30 are needed"
        );
        assert!(of(&enough, &few).unwrap_err().contains("29 customers in the arm `treated`"));
        assert!(of(&enough, &enough).is_ok());
        // One who ordered as often as all others together.
        let whale = enough.with(&Moments::of_pairs([(900.0, 30.0)]));
        assert!(of(&enough, &whale).unwrap_err().contains("a few customers in the arm `treated` have most"));
    }

    #[test]
    fn what_cannot_be_told_has_a_reason() {
        let (two, one) = (Moments::of([1.0, 2.0]), Moments::of([1.0]));
        assert!(estimates(&one, &two, Measure::Mean).unwrap_err().contains("`control`"));
        assert!(estimates(&two, &Moments::default(), Measure::Mean).unwrap_err().contains("nobody"));
        assert!(estimates(&two, &two, Measure::Ratio).unwrap_err().contains("divides by"));
        assert!(estimates(&Moments::of([f64::NAN, 1.0]), &two, Measure::Mean).unwrap_err().contains("finite"));
    }

    proptest! {
        /// What x can foretell exactly leaves nothing that varies; and what it cannot is not made worse.
        #[test]
        fn adjusting_never_widens(rows in prop::collection::vec((-9_i8..9, -9_i8..9), 4..40), slope in -3_i8..4) {
            let (y, x) = (|r: &(i8, i8)| f64::from(r.0), |r: &(i8, i8)| f64::from(r.1));
            let arm = Moments::of_pairs(rows.iter().map(|r| (y(r), x(r))));
            let (plain, _) = estimates(&arm, &arm, Measure::Mean).unwrap();
            let (adjusted, _) = estimates(&arm, &arm, Measure::Adjusted).unwrap();
            prop_assert!(adjusted.variance <= plain.variance * (1.0 + 1e-9) + 1e-9);
            let foretold = Moments::of_pairs(rows.iter().map(|r| (f64::from(slope) * x(r), x(r))));
            let (nothing, _) = estimates(&foretold, &foretold, Measure::Adjusted).unwrap();
            prop_assert!(nothing.variance < 1e-6);
        }
    }
}
