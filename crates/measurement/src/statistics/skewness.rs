//! Where does a difference lie when few customers bring most of the money?

use super::estimate::Estimate;
use crate::Interval;

/// Below this, lopsidedness is nothing.
const NOTHING: f64 = 1e-9;

/// How lopsided the difference of two numbers lies: its third cumulant over the cube of its standard error.
#[must_use]
pub(super) fn lopsidedness(control: &Estimate, treated: &Estimate, rho: f64, se: f64) -> f64 {
    if se <= 0.0 {
        return 0.0;
    }
    let third = |arm: &Estimate| arm.third / (arm.n * arm.n);
    (third(treated) - rho.powi(3) * third(control)) / se.powi(3)
}

/// Hall's cubic, which takes a lopsided statistic to one that lies as Student's t does.
///
/// ```text
/// T(t) = t + (k/3) t² + (k²/27) t³ + k/6          k: lopsidedness of the difference
/// ```
/// *Guarantees*: increasing in t; t itself where k is 0.
/// *Source*: Hall 1992, doi:10.1111/j.2517-6161.1992.tb01876.x.
#[must_use]
pub(super) fn straightened(t: f64, k: f64) -> f64 {
    t + k / 3.0 * t * t + k * k / 27.0 * t * t * t + k / 6.0
}

/// The inverse of [`straightened`].
#[must_use]
pub(super) fn bent(q: f64, k: f64) -> f64 {
    if k.abs() < NOTHING { q } else { 3.0 / k * ((1.0 + k * (q - k / 6.0)).cbrt() - 1.0) }
}

/// The interval of treated − control, corrected for lopsided values.
///
/// ```text
/// (d − s·g(q), d − s·g(−q))          g: the inverse of Hall's cubic, q: the quantile of Student's t
/// ```
#[must_use]
pub(super) fn interval(control: &Estimate, treated: &Estimate, se: f64, q: f64) -> Interval {
    let d = treated.value - control.value;
    let k = lopsidedness(control, treated, 1.0, se);
    Interval { low: d - se * bent(q, k), high: d - se * bent(-q, k) }
}

/// The interval of treated / control − 1, corrected for lopsided values: every lift that the cubic does not refuse.
///
/// ```text
/// D(ρ) = treated − ρ·control,  s(ρ)² = s²_T/n_T + ρ² s²_C/n_C
/// ρ − 1 belongs to it where  g(−q) ≤ D(ρ)/s(ρ) ≤ g(q)
/// ```
/// A ratio of two means has no symmetric interval; asking of each lift whether the data refuse it needs none (Fieller).
/// *Edge cases*: `None` where the control is not clearly above 0: then every lift is possible.
/// *Source*: Fieller 1954, doi:10.1111/j.2517-6161.1954.tb00159.x, with Hall's cubic.
#[must_use]
pub(super) fn lift_interval(control: &Estimate, treated: &Estimate, q: f64) -> Option<Interval> {
    // How far inside (above 0) or outside the lower and the upper edge a lift is.
    let se = |rho: f64| (treated.variance_of_value() + rho * rho * control.variance_of_value()).sqrt();
    let inside = |rho: f64, q: f64| {
        let (d, s) = (treated.value - rho * control.value, se(rho));
        d - s * bent(q, lopsidedness(control, treated, rho, s))
    };
    if control.value <= 0.0 || control.value <= q * control.variance_of_value().sqrt() {
        return None;
    }
    let rho = treated.value / control.value;
    let width = 64.0 * se(rho.abs().max(1.0)) / control.value + 1e-12;
    // D falls in ρ: the low edge is where the upper quantile is just reached, the high edge where the lower one is.
    let low = root(|rho| inside(rho, q), rho - width, rho)?;
    let high = root(|rho| inside(rho, -q), rho, rho + width)?;
    Some(Interval { low: low - 1.0, high: high - 1.0 })
}

/// Where a function that falls from above 0 to below it is 0; `None` where it does not.
fn root(f: impl Fn(f64) -> f64, low: f64, high: f64) -> Option<f64> {
    let (mut low, mut high) = (low, high);
    if f(low) < 0.0 || f(high) > 0.0 {
        return None;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if f(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bending_undoes_straightening(t in -6.0_f64..6.0, k in -0.4_f64..0.4) {
            prop_assert!((bent(straightened(t, k), k) - t).abs() < 1e-6);
            prop_assert!(straightened(t + 0.01, k) > straightened(t, k));
        }

        #[test]
        fn without_lopsidedness_it_is_students(q in -6.0_f64..6.0) {
            prop_assert!((bent(q, 0.0) - q).abs() < 1e-15);
            prop_assert!((straightened(q, 0.0) - q).abs() < 1e-15);
        }
    }

    fn arm(value: f64, variance: f64, n: f64) -> Estimate {
        Estimate { n, plain: value, value, variance, third: 0.0 }
    }

    #[test]
    fn a_lift_without_lopsidedness_is_fiellers() {
        // By hand: a control without variance leaves the interval of the treated over it.
        let found = lift_interval(&arm(10.0, 0.0, 100.0), &arm(11.0, 4.0, 100.0), 2.0).unwrap();
        assert!((found.low - 0.06).abs() < 1e-9 && (found.high - 0.14).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_control_that_may_be_nothing_tells_no_lift() {
        assert!(lift_interval(&arm(0.1, 4.0, 100.0), &arm(1.0, 4.0, 100.0), 2.0).is_none());
        assert!(lift_interval(&arm(-1.0, 0.0, 100.0), &arm(1.0, 4.0, 100.0), 2.0).is_none());
    }
}
