//! How do the treated differ from the control, and how sure is that?

use super::bayes::{Posterior, Prior};
use super::distribution::{student_beyond, student_quantile};
use super::estimate::{Estimate, Measure, estimates};
use super::moments::Moments;
use super::sequential::Sequence;
use super::skewness::{interval, lift_interval, lopsidedness, straightened};
use crate::Interval;
use serde::{Deserialize, Serialize};

/// A variance below this share of the square of the mean is what rounding leaves of values that are all the same.
const NO_VARIANCE: f64 = 1e-13;

/// How two arms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct How {
    /// What is compared.
    pub measure: Measure,
    /// How often a difference may be seen where there is none: .05 gives intervals of 95 %.
    pub alpha: f64,
    /// Whether the fixed interval minds lopsided values (Hall's cubic): for money, and for holdouts of a few hundred.
    pub is_lopsided: bool,
    /// Whether what is measured is never below 0, so that no lift is below −1.
    pub is_never_negative: bool,
    /// Where the sequential interval is tightest: customers of both arms, fixed before the first look.
    pub n_tuned: u64,
    /// What was believed before.
    pub prior: Prior,
}

impl How {
    /// With what is usual: intervals of 95 %, nothing believed before, sequences tuned to 5,000 customers.
    #[must_use]
    pub fn new(measure: Measure) -> Self {
        Self { measure, alpha: 0.05, is_lopsided: false, is_never_negative: false, n_tuned: 5000, prior: Prior::Flat }
    }

    /// The same, minding lopsided values.
    #[must_use]
    pub fn lopsided(self) -> Self {
        Self { is_lopsided: true, ..self }
    }

    /// The same of what is never below 0.
    #[must_use]
    pub fn never_negative(self) -> Self {
        Self { is_never_negative: true, ..self }
    }
}

/// A difference, or a lift: how large it is, and how sure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The effect.
    pub value: f64,
    /// Its standard error.
    pub se: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// The interval for one look, at an end that was planned.
    pub fixed: Interval,
    /// The interval that holds at every look; it holds the one for one look.
    pub sequential: Interval,
    /// The p for one look.
    pub p: f64,
    /// The p that holds at every look.
    pub p_sequential: f64,
    /// How likely it is that the effect is above 0.
    pub chance_to_win: f64,
    /// What is lost on average by choosing the treated, in the unit of the effect.
    pub risk: f64,
}

/// Two arms, compared; or why they cannot be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Customers of the control.
    pub n_control: u64,
    /// Customers of the treated.
    pub n_treated: u64,
    /// The number of the control, as it was counted.
    pub control: Option<f64>,
    /// The number of the treated, as it was counted.
    pub treated: Option<f64>,
    /// Treated − control.
    pub difference: Option<Effect>,
    /// Treated / control − 1; `None` where the control is not clearly different from 0.
    pub lift: Option<Effect>,
    /// Why something is missing.
    pub reason: Option<String>,
}

impl Effect {
    /// What holds at every look holds at one.
    fn at_every_look(self) -> Self {
        let Interval { low, high } = self.sequential;
        let sequential = Interval { low: low.min(self.fixed.low), high: high.max(self.fixed.high) };
        Self { sequential, p_sequential: self.p_sequential.max(self.p), ..self }
    }

    /// No end of an interval is below what cannot be.
    fn not_below(self, least: f64) -> Self {
        let of = |interval: Interval| Interval { low: interval.low.max(least), high: interval.high.max(least) };
        Self { fixed: of(self.fixed), sequential: of(self.sequential), ..self }
    }
}

impl Compared {
    /// Arms of which nothing can be told, and why.
    #[must_use]
    pub fn unknown(reason: &str) -> Self {
        Self {
            n_control: 0,
            n_treated: 0,
            control: None,
            treated: None,
            difference: None,
            lift: None,
            reason: Some(reason.to_owned()),
        }
    }
}

/// Compares two arms.
///
/// ```text
/// difference  d = T − C,  V = s²_C/n_C + s²_T/n_T,  df = V² / ((s²_C/n_C)²/(n_C − 1) + (s²_T/n_T)²/(n_T − 1))      (Welch)
/// lift        d / C,      V = s²_T/(n_T C²) + T² s²_C/(n_C C⁴), the same df                                         (delta)
/// ```
/// Where values are lopsided the fixed interval and p are those of Hall's cubic, for the lift of all ratios that it does
/// not refuse (Fieller). Of those, the sequential interval is the smallest that holds both that one and its own, and its p the
/// larger of both: what holds at every look is never surer than one look. No lift of what is never negative is below −1.
///
/// *Parameters*: [`How`]. *Units*: the difference in the unit of y, the lift as a share.
/// *Guarantees*: swapping the arms turns the difference around; y in another unit changes the difference by it, and
/// neither lift nor p. *Edge cases*: an empty arm, values that do not vary, a control near 0: the reason says it.
/// *Cost*: constant. *Source*: Welch 1947, doi:10.1093/biomet/34.1-2.28.
///
/// ```
/// use measurement::statistics::{How, Measure, Moments, compare};
/// let compared = compare(&Moments::of_share(14, 28), &Moments::of_share(16, 30), &How::new(Measure::Share));
/// let lift = compared.lift.unwrap();
/// assert!((lift.value - 0.0666667).abs() < 1e-6 && (lift.fixed.low + 0.47767).abs() < 1e-5);
/// ```
#[must_use]
pub fn compare(control: &Moments, treated: &Moments, how: &How) -> Compared {
    match estimates(control, treated, how.measure) {
        Ok((c, t)) => Compared { n_control: control.n, n_treated: treated.n, ..compare_estimates(&c, &t, how) },
        Err(reason) => Compared { n_control: control.n, n_treated: treated.n, ..Compared::unknown(&reason) },
    }
}

/// Compares two numbers that were made elsewhere, as quantiles are.
#[must_use]
pub fn compare_estimates(control: &Estimate, treated: &Estimate, how: &How) -> Compared {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of customers")]
    let (n_control, n_treated) = (control.n as u64, treated.n as u64);
    let mut compared = Compared {
        n_control,
        n_treated,
        control: Some(control.plain),
        treated: Some(treated.plain),
        difference: None,
        lift: None,
        reason: None,
    };
    let (v_c, v_t) = (control.variance_of_value(), treated.variance_of_value());
    let variance = v_c + v_t;
    let se = variance.sqrt();
    // What rounding leaves of values that are all the same is no variance.
    let size = control.plain.abs().max(treated.plain.abs());
    let varies = control.variance.max(treated.variance);
    if varies.is_nan() || varies <= size * size * NO_VARIANCE {
        compared.reason = Some("the values do not vary yet, so nothing can be said of their difference".to_owned());
        return compared;
    }
    let df = variance * variance / (v_c * v_c / (control.n - 1.0) + v_t * v_t / (treated.n - 1.0));
    let q = student_quantile(how.alpha, df);
    let n = control.n + treated.n;
    let value = treated.value - control.value;
    let mut difference = effect(value, variance, [df, q, n], how);
    if how.is_lopsided {
        difference.fixed = interval(control, treated, se, q);
        let k = lopsidedness(control, treated, 1.0, se);
        difference.p = student_beyond(straightened(value / se, k), df);
    }
    difference = difference.at_every_look();
    compared.lift = lift(control, treated, [df, q, n], how).map(|lift| {
        let lift = Effect { p: if how.is_lopsided { difference.p } else { lift.p }, ..lift }.at_every_look();
        if how.is_never_negative { lift.not_below(-1.0) } else { lift }
    });
    if compared.lift.is_none() {
        compared.reason = Some("the control is not clearly above 0, so a lift over it says nothing".to_owned());
    }
    compared.difference = Some(difference);
    compared
}

fn lift(control: &Estimate, treated: &Estimate, [df, q, n]: [f64; 3], how: &How) -> Option<Effect> {
    let (v_c, v_t) = (control.variance_of_value(), treated.variance_of_value());
    // Two standard errors: nearer to 0 the delta method tells nothing.
    if control.plain <= 2.0 * v_c.sqrt() {
        return None;
    }
    if how.is_lopsided {
        let (c, t) = (control.value, treated.value);
        if c <= 0.0 {
            return None;
        }
        let variance = v_t / (c * c) + t * t * v_c / c.powi(4);
        let mut found = effect(t / c - 1.0, variance, [df, q, n], how);
        found.fixed = lift_interval(control, treated, q)?;
        return Some(found);
    }
    let (c, t) = (control.plain, treated.plain);
    let variance = v_t / (c * c) + t * t * v_c / c.powi(4);
    Some(effect((treated.value - control.value) / c, variance, [df, q, n], how))
}

fn effect(value: f64, variance: f64, [df, q, n]: [f64; 3], how: &How) -> Effect {
    let se = variance.sqrt();
    let half = q * se;
    let sequence = Sequence { alpha: how.alpha, n_tuned: how.n_tuned };
    let posterior = Posterior::of(value, variance, how.prior);
    Effect {
        value,
        se,
        df,
        fixed: Interval { low: value - half, high: value + half },
        sequential: sequence.interval(value, variance, n),
        p: student_beyond(value / se, df),
        p_sequential: sequence.p(value, variance, n),
        chance_to_win: posterior.map_or(0.5, |posterior| posterior.chance_to_win),
        risk: posterior.map_or(0.0, |posterior| posterior.risk_of_treated),
    }
}

#[cfg(test)]
mod tests;
