//! Did the probabilities tell the classes apart, and did they mean what they said?

use crate::ModelError;
use crate::labels::{self, Labelled};

/// How near to 0 and 1 [`log_loss`] lets a probability come.
pub const LOG_LOSS_CLIP: f64 = 1e-15;

/// The probability that a random positive row scores higher than a random negative one; ties count one half.
///
/// ```text
/// auc = sum over i positive, j negative of w[i] w[j] ([s[i] > s[j]] + [s[i] = s[j]] / 2)
///       / (sum of w over positives * sum of w over negatives)
/// ```
/// For weights of 1 this is the Mann-Whitney statistic on average ranks.
/// *Shapes*: `scores`, `labels` and `weights` of one length. *Units*: from 0 to 1; 0.5 is chance. Any scale of scores.
/// *Errors*: lengths that differ, a score that is not finite, a label that is not 0 or 1, a negative weight, one class.
/// *Cost*: one sort. *Source*: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`], [`ModelError::TooFewRows`] or [`ModelError::OneClass`], as above.
///
/// ```
/// // Positives 0.8 and 0.4 against negatives 0.4 and 0.1: one tie of four pairs.
/// let auc = models::metrics::auc(&[0.8, 0.4, 0.4, 0.1], &[1.0, 1.0, 0.0, 0.0], None)?;
/// assert!((auc - 0.875).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn auc(scores: &[f64], labels: &[f64], weights: Option<&[f64]>) -> Result<f64, ModelError> {
    const OPERATION: &str = "compute the AUC";
    let rows = labels::check_both(OPERATION, scores.len(), labels, weights)?;
    labels::check_finite(OPERATION, "the score of row", scores)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut won, mut below) = (0.0, 0.0);
    // -0.0 and 0.0 are one score, so ties are found with `<=` and not with the order's own equality.
    for tied in order.chunk_by(|a, b| scores[*b] <= scores[*a]) {
        let (mut positive, mut negative) = (0.0, 0.0);
        for &row in tied {
            if rows.positive[row] { positive += rows.weight[row] } else { negative += rows.weight[row] }
        }
        won += positive * (below + negative / 2.0);
        below += negative;
    }
    Ok(won / (rows.weight_positive * below))
}

/// The share of pairs of one score above and one below that are in that order: [`auc`] of scores that lie apart already.
///
/// # Errors
/// As [`auc`].
pub fn auc_between(above: &[f64], below: &[f64]) -> Result<f64, ModelError> {
    let labels = [vec![1.0; above.len()], vec![0.0; below.len()]].concat();
    auc(&[above, below].concat(), &labels, None)
}

/// The mean negative logarithm of the probability that was given to what came true.
///
/// ```text
/// q[i]     = p[i] clipped to [1e-15, 1 - 1e-15]
/// log_loss = - sum of w[i] (y[i] ln q[i] + (1 - y[i]) ln(1 - q[i])) / sum of w
/// ```
/// *Shapes*: three arrays of one length. *Units*: nats, from 0; smaller is better; ln 2 is a fair coin.
/// *Errors*: lengths that differ, a probability outside [0, 1], a label that is not 0 or 1, no rows.
/// *Edge cases*: one class is fine. Certainty that was wrong costs 34.5 and not infinity. *Cost*: one pass.
/// *Source*: Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`] or [`ModelError::TooFewRows`], as above.
///
/// ```
/// let loss = models::metrics::log_loss(&[0.5, 0.25], &[1.0, 0.0], None)?;
/// assert!((loss - (2_f64.ln() - 0.75_f64.ln()) / 2.0).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn log_loss(probabilities: &[f64], labels: &[f64], weights: Option<&[f64]>) -> Result<f64, ModelError> {
    let rows = check_probabilities("compute the log-loss", probabilities, labels, weights)?;
    Ok(weighted_mean(&rows, probabilities, |p, positive| {
        let q = p.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP);
        if positive { -q.ln() } else { -(1.0 - q).ln() }
    }))
}

/// The mean squared difference between the probability and what came true.
///
/// ```text
/// brier = sum of w[i] (p[i] - y[i])^2 / sum of w
/// ```
/// *Shapes*, *Errors*, *Cost*: as [`log_loss`]. *Units*: from 0 to 1; smaller is better.
/// *Source*: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`] or [`ModelError::TooFewRows`], as above.
///
/// ```
/// assert!((models::metrics::brier(&[0.5, 1.0], &[1.0, 1.0], None)? - 0.125).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn brier(probabilities: &[f64], labels: &[f64], weights: Option<&[f64]>) -> Result<f64, ModelError> {
    let rows = check_probabilities("compute the Brier score", probabilities, labels, weights)?;
    Ok(weighted_mean(&rows, probabilities, |p, positive| {
        let error = p - if positive { 1.0 } else { 0.0 };
        error * error
    }))
}

/// How far the stated probabilities lie from the observed frequencies, over bins of equal width.
///
/// ```text
/// bin b  = rows with p in [b / n_bins, (b + 1) / n_bins); p = 1 belongs to the last bin
/// ece    = sum over bins of W[b] / W * |mean of y in b - mean of p in b|   (means and W weighted)
/// ```
/// *Shapes*: three arrays of one length. *Units*: probability, from 0 to 1; smaller is better.
/// *Parameters*: `n_bins` from 1, 10 or 15 by custom; more bins see finer errors and more noise.
/// *Errors*: as [`log_loss`], and `n_bins` of 0. *Edge cases*: an empty bin adds nothing. *Cost*: one pass.
/// *Source*: Naeini, Cooper and Hauskrecht 2015, section "Calibration measures", doi:10.1609/aaai.v29i1.9602.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`] or [`ModelError::TooFewRows`], as above.
///
/// ```
/// // Two bins: 0.2 and 0.4 with one yes of two (|0.5 - 0.3| = 0.2), and 0.9 with one yes of one (0.1).
/// let ece = models::metrics::expected_calibration_error(&[0.2, 0.4, 0.9], &[0.0, 1.0, 1.0], None, 2)?;
/// assert!((ece - (2.0 * 0.2 + 0.1) / 3.0).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn expected_calibration_error(
    probabilities: &[f64],
    labels: &[f64],
    weights: Option<&[f64]>,
    n_bins: usize,
) -> Result<f64, ModelError> {
    const OPERATION: &str = "compute the calibration error";
    let rows = check_probabilities(OPERATION, probabilities, labels, weights)?;
    if n_bins == 0 {
        return Err(ModelError::Shape { operation: OPERATION, what: "n_bins", expected: 1, found: 0 });
    }
    // A bin's error is |W mean(y) - W mean(p)| = |sum of w (y - p)|, so one sum per bin is enough.
    let mut surplus = vec![0.0; n_bins];
    for (row, &p) in probabilities.iter().enumerate() {
        let label = if rows.positive[row] { 1.0 } else { 0.0 };
        surplus[bin_of(p, n_bins)] += rows.weight[row] * (label - p);
    }
    Ok(surplus.iter().map(|sum: &f64| sum.abs()).sum::<f64>() / rows.weight_total)
}

/// The harmonic mean of precision and recall of what was told.
///
/// ```text
/// F1 = 2 both / (told + so)
/// ```
/// *Shapes*: of one length; what is missing of one of them is left out. *Edge cases*: 0 where nothing is so and nothing was told. *Source*: elementary.
///
/// ```
/// // Of two that were told one is so, and of two that are so one was told.
/// let f1 = models::metrics::f1(&[true, true, false, false], &[true, false, true, false]);
/// assert!((f1 - 0.5).abs() < 1e-12);
/// ```
#[must_use]
pub fn f1(told: &[bool], is_so: &[bool]) -> f64 {
    let (mut both, mut either) = (0.0, 0.0);
    for (told, is_so) in told.iter().zip(is_so) {
        both += if *told && *is_so { 2.0 } else { 0.0 };
        either += f64::from(u8::from(*told) + u8::from(*is_so));
    }
    if either > 0.0 { both / either } else { 0.0 }
}

fn bin_of(probability: f64, n_bins: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the floor of a number in [0, n_bins] is wanted"
    )]
    let bin = (probability * n_bins as f64) as usize;
    bin.min(n_bins - 1)
}

fn check_probabilities(
    operation: &'static str,
    probabilities: &[f64],
    labels: &[f64],
    weights: Option<&[f64]>,
) -> Result<Labelled, ModelError> {
    let rows = labels::check(operation, probabilities.len(), labels, weights)?;
    match probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        None => Ok(rows),
        Some(row) => {
            let (what, allowed) = ("the probability of row", "from 0 to 1");
            Err(ModelError::Value { operation, what, row, value: probabilities[row], allowed })
        }
    }
}

fn weighted_mean(rows: &Labelled, probabilities: &[f64], loss: impl Fn(f64, bool) -> f64) -> f64 {
    let terms = probabilities.iter().zip(&rows.positive).zip(&rows.weight);
    terms.map(|((p, positive), weight)| weight * loss(*p, *positive)).sum::<f64>() / rows.weight_total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P: [f64; 8] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.05, 0.9, 0.4];
    const Y: [f64; 8] = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0];
    const W: [f64; 8] = [1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 0.25, 2.0];

    #[test]
    fn agrees_with_scikit_learn() {
        // Made with scikit-learn 1.9.1, tolerance 1e-12, for weights of 1 and for W:
        //   roc_auc_score(Y, P, sample_weight=W), log_loss(Y, P, sample_weight=W), brier_score_loss(Y, P, sample_weight=W)
        let golden = [
            (None, [0.8125, 0.434_115_247_615_278_4, 0.145_625]),
            (Some(&W[..]), [0.719_298_245_614_035_1, 0.532_392_859_833_470_7, 0.184_767_441_860_465_12]),
        ];
        for (weights, expected) in golden {
            let found = [auc(&P, &Y, weights), log_loss(&P, &Y, weights), brier(&P, &Y, weights)];
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found.clone().unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
            }
        }
    }

    #[test]
    fn bad_input_is_refused_with_a_reason() {
        assert!(matches!(auc(&[0.1, 0.2], &[1.0, 1.0], None), Err(ModelError::OneClass { .. })));
        assert!(matches!(log_loss(&[], &[], None), Err(ModelError::TooFewRows { .. })));
        assert!(matches!(log_loss(&[1.5], &[1.0], None), Err(ModelError::Value { row: 0, .. })));
        assert!(matches!(log_loss(&[f64::NAN], &[1.0], None), Err(ModelError::Value { row: 0, .. })));
        assert!(matches!(brier(&[0.5, 0.5], &[1.0, f64::NAN], None), Err(ModelError::Value { row: 1, .. })));
        assert!(matches!(brier(&[0.5], &[1.0, 0.0], None), Err(ModelError::Shape { .. })));
        assert!(matches!(brier(&[0.5], &[1.0], Some(&[-1.0])), Err(ModelError::Value { .. })));
        assert!(expected_calibration_error(&[0.5], &[1.0], None, 0).is_err());
    }

    #[test]
    fn wrong_certainty_costs_a_finite_amount() {
        let loss = log_loss(&[0.0], &[1.0], None).unwrap();
        assert!((loss - 34.538_776_394_910_684).abs() < 1e-9, "{loss}");
        assert!((expected_calibration_error(&[1.0, 1.0], &[1.0, 0.0], None, 10).unwrap() - 0.5).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn weight_two_is_two_rows_and_auc_sees_only_the_order(
            rows in prop::collection::vec((0_u8..20, any::<bool>()), 2..40),
        ) {
            let mut p: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 20.0).collect();
            let mut y: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row.1))).collect();
            (y[0], y[1]) = (0.0, 1.0);
            let mut w = vec![1.0; p.len()];
            w[0] = 2.0;
            let weighted = [auc(&p, &y, Some(&w)), log_loss(&p, &y, Some(&w)), expected_calibration_error(&p, &y, Some(&w), 7)];
            let squares: Vec<f64> = p.iter().map(|p| p * p).collect();
            prop_assert!((auc(&squares, &y, Some(&w)).unwrap() - weighted[0].clone().unwrap()).abs() < 1e-12);
            p.push(p[0]);
            y.push(y[0]);
            let twice = [auc(&p, &y, None), log_loss(&p, &y, None), expected_calibration_error(&p, &y, None, 7)];
            for (a, b) in weighted.into_iter().zip(twice) {
                prop_assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
            }
        }
    }
}
