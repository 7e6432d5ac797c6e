//! Did those come first whom the treatment changed most?

use crate::{ModelError, labels};
use primitives::Seed;
use rand::RngExt as _;

const OPERATION: &str = "compute the Qini curve";

/// How much more came of treating those first whose effect was said to be large.
#[derive(Debug, Clone, PartialEq)]
pub struct Qini {
    /// Additional outcomes among the first rows, from none of them to all; straight within ties.
    pub curve: Vec<f64>,
    /// The area between the curve and the straight line to its end, by row.
    pub coefficient: f64,
}

/// The Qini curve and its coefficient.
///
/// ```text
/// qini(k)     = Y_T - Y_C n_T / n_C      sums and counts of the treated and the others among the k rows of the largest effect
/// coefficient = (mean of qini over 0..n by trapezes - qini(n) / 2) / n
/// ```
/// Sums and counts are weighted by `weights`, 1 where there are none: where some were likelier to be treated than others, give the
/// mean chance of each arm divided by the row's own.
/// *Shapes*: an effect, an arm and an outcome for each row. *Units*: outcomes; the coefficient is an outcome per row. 0 for effects
/// in random order, below it where they say the opposite. Libraries differ in this: here nothing is divided by the best curve.
/// *Guarantees*: rows of equal effect come at once, so that their order does not matter. *Edge cases*: `Y_C n_T / n_C` is 0 as
/// long as there is no untreated row. *Cost*: one sort. *Source*: Radcliffe 2007, "Using control groups to target on predicted lift".
///
/// # Errors
/// [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for numbers that are not finite or beyond 1e12; [`ModelError::OneClass`]
/// where all rows are of one arm; [`ModelError::TooFewRows`].
///
/// ```
/// let effect = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2];
/// let treated = [true, false, true, false, true, false, true, false];
/// let qini = models::metrics::qini(&effect, &treated, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0], None)?;
/// assert!(qini.curve.iter().zip([0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 1.0, 2.0 / 3.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12));
/// assert!((qini.coefficient - 0.151_041_67).abs() < 1e-8);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn qini(effect: &[f64], treated: &[bool], outcome: &[f64], weights: Option<&[f64]>) -> Result<Qini, ModelError> {
    let rows = Rows::new(effect, treated, outcome, weights)?;
    Ok(rows.curve(&vec![1; effect.len()]))
}

/// The coefficient, with how far resamples of the rows spread around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QiniInterval {
    /// The coefficient.
    pub coefficient: f64,
    /// Its standard error: the standard deviation over resamples.
    pub se: f64,
    /// The 2.5 % and 97.5 % quantiles of the resamples.
    pub low: f64,
    /// The upper one.
    pub high: f64,
}

/// The coefficient of [`qini`] on `n_resamples` bootstraps, each with as many treated and untreated rows as there are.
///
/// *Guarantees*: the same for the same seed. *Cost*: one sort, and one pass for each resample. *Source*: Efron 1979,
/// doi:10.1214/aos/1176344552, by strata.
///
/// # Errors
/// As [`qini`].
pub fn qini_interval(
    effect: &[f64],
    treated: &[bool],
    outcome: &[f64],
    weights: Option<&[f64]>,
    n_resamples: u32,
    seed: Seed,
) -> Result<QiniInterval, ModelError> {
    let rows = Rows::new(effect, treated, outcome, weights)?;
    let coefficient = rows.curve(&vec![1; effect.len()]).coefficient;
    let strata = [true, false].map(|arm| (0..treated.len()).filter(|row| treated[*row] == arm).collect::<Vec<usize>>());
    let resample = |resample: u32| {
        let mut random = seed.stream("metrics/qini", u64::from(resample));
        let mut counts = vec![0_u32; effect.len()];
        for stratum in &strata {
            for _ in stratum {
                counts[stratum[random.random_range(0..stratum.len())]] += 1;
            }
        }
        rows.curve(&counts).coefficient
    };
    let mut drawn: Vec<f64> = (0..n_resamples.max(2)).map(resample).collect();
    drawn.sort_by(f64::total_cmp);
    let n = drawn.len() as f64;
    let mean = drawn.iter().sum::<f64>() / n;
    let squares: f64 = drawn.iter().map(|drawn| (drawn - mean) * (drawn - mean)).sum();
    Ok(QiniInterval {
        coefficient,
        se: (squares / (n - 1.0)).sqrt(),
        low: quantile(&drawn, 0.025),
        high: quantile(&drawn, 0.975),
    })
}

/// Straight between the two places that it lies between.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let at = level * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - at.floor()) * (sorted[above] - sorted[below])
}

/// Rows, checked and in the order of their effect.
struct Rows<'a> {
    effect: &'a [f64],
    treated: &'a [bool],
    outcome: &'a [f64],
    weights: Vec<f64>,
    order: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(
        effect: &'a [f64],
        treated: &'a [bool],
        outcome: &'a [f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, ModelError> {
        let weights = check(effect, treated, outcome, weights)?;
        let mut order: Vec<usize> = (0..effect.len()).collect();
        order.sort_by(|a, b| effect[*b].total_cmp(&effect[*a]));
        Ok(Self { effect, treated, outcome, weights, order })
    }

    /// The curve over rows that each occur `counts` times.
    fn curve(&self, counts: &[u32]) -> Qini {
        let mut sums = [[0.0_f64; 2]; 2];
        let (mut curve, mut area, mut last) = (vec![0.0], 0.0, 0.0);
        // -0.0 and 0.0 are one effect, so ties are found with `>=` and not with the order's own equality.
        for tied in self.order.chunk_by(|a, b| self.effect[*b] >= self.effect[*a]) {
            let mut n_tied = 0;
            for &row in tied {
                let weight = self.weights[row] * f64::from(counts[row]);
                let [n, y] = &mut sums[usize::from(self.treated[row])];
                *n += weight;
                *y += weight * self.outcome[row];
                n_tied += counts[row];
            }
            let [[n_control, y_control], [n_treated, y_treated]] = sums;
            let expected = if n_control > 0.0 { y_control * n_treated / n_control } else { 0.0 };
            let next = y_treated - expected;
            area += f64::from(n_tied) * (last + next) / 2.0;
            curve.extend((1..=n_tied).map(|place| last + (next - last) * f64::from(place) / f64::from(n_tied)));
            last = next;
        }
        let n = (curve.len() - 1) as f64;
        Qini { coefficient: (area / n - last / 2.0) / n, curve }
    }
}

fn check(effect: &[f64], treated: &[bool], outcome: &[f64], weights: Option<&[f64]>) -> Result<Vec<f64>, ModelError> {
    let n_rows = effect.len();
    labels::check_length(OPERATION, "the arms", n_rows, treated.len())?;
    let weights = labels::check_numbers(OPERATION, n_rows, outcome, weights)?;
    labels::check_finite(OPERATION, "the effect of row", effect)?;
    let n_treated = treated.iter().filter(|treated| **treated).count();
    if n_treated == 0 || n_treated == n_rows {
        let label = if n_treated == 0 { 0.0 } else { 1.0 };
        return Err(ModelError::OneClass { operation: OPERATION, n_rows, label });
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows() -> impl Strategy<Value = (Vec<f64>, Vec<bool>, Vec<f64>)> {
        let row =
            (-3_i8..3, any::<bool>(), 0_u8..3).prop_map(|(effect, arm, y)| (f64::from(effect), arm, f64::from(y)));
        prop::collection::vec(row, 4..40).prop_map(|rows| {
            let mut rows = rows;
            (rows[0].1, rows[1].1) = (true, false);
            let (effect, rest): (Vec<f64>, Vec<(bool, f64)>) =
                rows.into_iter().map(|row| (row.0, (row.1, row.2))).unzip();
            let (treated, outcome) = rest.into_iter().unzip();
            (effect, treated, outcome)
        })
    }

    proptest! {
        #[test]
        fn the_order_of_rows_and_the_scale_of_effects_change_nothing((effect, treated, outcome) in rows()) {
            let found = qini(&effect, &treated, &outcome, None).unwrap();
            let reversed = |values: &[f64]| values.iter().rev().copied().collect::<Vec<f64>>();
            let arms: Vec<bool> = treated.iter().rev().copied().collect();
            let turned = qini(&reversed(&effect), &arms, &reversed(&outcome), None).unwrap();
            let scaled: Vec<f64> = effect.iter().map(|effect| 10.0 * effect + 3.0).collect();
            let scaled = qini(&scaled, &treated, &outcome, None).unwrap();
            prop_assert!((found.coefficient - turned.coefficient).abs() < 1e-9);
            prop_assert!((found.coefficient - scaled.coefficient).abs() < 1e-9);
            prop_assert_eq!(found.curve.len(), effect.len() + 1);
        }

        #[test]
        fn one_effect_for_all_tells_nobody_apart((effect, treated, outcome) in rows()) {
            let found = qini(&vec![1.0; effect.len()], &treated, &outcome, None).unwrap();
            prop_assert!(found.coefficient.abs() < 1e-9);
        }
    }

    #[test]
    fn whoever_gains_first_is_better_than_whoever_gains_last() {
        // Half of the customers buy because of the treatment, the others whatever happens.
        let n = 2_000;
        let effect: Vec<f64> = (0..n).map(|row| f64::from(row % 2)).collect();
        let treated: Vec<bool> = (0..n).map(|row| row / 2 % 2 == 0).collect();
        let outcome: Vec<f64> = (0..n).map(|row| f64::from(u8::from(row % 2 == 0 || row / 2 % 2 == 0))).collect();
        let (good, opposite) = (qini(&effect, &treated, &outcome, None).unwrap(), {
            let effect: Vec<f64> = effect.iter().map(|effect| -effect).collect();
            qini(&effect, &treated, &outcome, None).unwrap()
        });
        // 500 of 2000 more: up to them in the first half, flat in the second: (3/4 - 1/2) 500 / 2000.
        assert!((good.coefficient - 0.0625).abs() < 1e-9 && (opposite.coefficient + 0.0625).abs() < 1e-9);
        let within = qini_interval(&effect, &treated, &outcome, None, 500, Seed::new(1)).unwrap();
        assert!(within.low < 0.0625 && within.high > 0.0625 && within.low > 0.04 && within.high < 0.085, "{within:?}");
        assert!(within.se > 0.0 && within.se < 0.01);
        assert_eq!(within, qini_interval(&effect, &treated, &outcome, None, 500, Seed::new(1)).unwrap());
    }

    #[test]
    fn a_weight_of_two_counts_like_two_rows_of_one_effect() {
        let (effect, treated, outcome) = ([3.0, 3.0, 2.0, 1.0], [true, false, true, false], [1.0, 0.0, 0.0, 1.0]);
        let weighted = qini(&effect, &treated, &outcome, Some(&[2.0, 1.0, 1.0, 1.0])).unwrap();
        // 2 - 0, then 2 - 0 with three of weight treated, then 2 - 1 * 3 / 2.
        assert!((weighted.curve[2] - 2.0).abs() < 1e-12 && (weighted.curve[4] - 0.5).abs() < 1e-12, "{weighted:?}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(matches!(qini(&[1.0], &[true], &[1.0], None), Err(ModelError::OneClass { .. })));
        assert!(matches!(qini(&[1.0, 2.0], &[true], &[1.0, 2.0], None), Err(ModelError::Shape { .. })));
        assert!(matches!(
            qini(&[1.0, f64::NAN], &[true, false], &[1.0, 2.0], None),
            Err(ModelError::Value { row: 1, .. })
        ));
        assert!(matches!(qini(&[], &[], &[], None), Err(ModelError::TooFewRows { .. })));
    }
}
