//! Were the amounts that were predicted those that came, and were the customers told apart who bring most?

use crate::{ModelError, labels};
use serde::{Deserialize, Serialize};

/// Into how many groups of equal size [`decile_calibration`] divides.
const N_DECILES: usize = 10;

/// One tenth of the rows, by what was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decile {
    /// How many rows are in it.
    pub n_rows: usize,
    /// The mean of what was predicted.
    pub predicted: f64,
    /// The mean of what came.
    pub observed: f64,
}

/// How well the order of the predictions gathers the amounts, from 1 for the best order there is.
///
/// ```text
/// gini(order)     = sum of (2 rank - n - 1) observed / (n * sum of observed)      rank ascending by order, ties averaged
/// normalised gini = gini(predicted) / gini(observed)
/// ```
/// *Shapes*: two arrays of one length. *Units*: from -1 to 1; 0 for predictions in random order, or all equal.
/// *Errors*: lengths that differ, numbers that are not finite, a negative amount, fewer than two rows, amounts that are
/// all equal. *Cost*: two sorts. *Source*: the Lorenz curve by Gini 1921, doi:10.2307/2223319; normalised by the best
/// order as in Wang, Liu and Miao 2019, section 4, arXiv:1912.07753.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`], [`ModelError::TooFewRows`] or [`ModelError::NothingToLearn`], as above.
///
/// ```
/// // Of 0, 1 and 3 the first two are exchanged: (-2 * 1 + 0 * 0 + 2 * 3) of (-2 * 0 + 0 * 1 + 2 * 3).
/// let gini = models::metrics::normalised_gini(&[0.5, 0.2, 0.9], &[0.0, 1.0, 3.0])?;
/// assert!((gini - 4.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn normalised_gini(predicted: &[f64], observed: &[f64]) -> Result<f64, ModelError> {
    const OPERATION: &str = "compute the normalised Gini coefficient";
    check(OPERATION, predicted, observed, 2)?;
    let concentration = |order: &[f64]| {
        let ranks = ranks(order);
        let middle = (ranks.len() + 1) as f64 / 2.0;
        ranks.iter().zip(observed).map(|(rank, amount)| (rank - middle) * amount).sum::<f64>()
    };
    let best = concentration(observed);
    if best > 0.0 {
        return Ok((concentration(predicted) / best).clamp(-1.0, 1.0));
    }
    Err(ModelError::NothingToLearn { operation: OPERATION, reason: all_equal("amounts", observed) })
}

/// Spearman's rank correlation: how far a larger prediction means a larger amount.
///
/// ```text
/// rho = correlation of the ranks of predicted and observed, ties averaged
/// ```
/// *Shapes*: two arrays of one length. *Units*: from -1 to 1. *Errors*: as [`normalised_gini`], and predictions that are
/// all equal. *Cost*: two sorts. *Source*: Spearman 1904, doi:10.2307/1412159.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`], [`ModelError::TooFewRows`] or [`ModelError::NothingToLearn`], as above.
///
/// ```
/// // Ranks 1, 2, 3 and 2, 1, 3: 1 - 6 (1 + 1 + 0) / (3 (9 - 1)).
/// let rho = models::metrics::spearman(&[0.1, 0.5, 0.7], &[20.0, 0.0, 30.0])?;
/// assert!((rho - 0.5).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn spearman(predicted: &[f64], observed: &[f64]) -> Result<f64, ModelError> {
    const OPERATION: &str = "compute the rank correlation";
    check(OPERATION, predicted, observed, 2)?;
    let middle = (predicted.len() + 1) as f64 / 2.0;
    let (left, right) = (ranks(predicted), ranks(observed));
    let product = |left: &[f64], right: &[f64]| {
        left.iter().zip(right).map(|(left, right)| (left - middle) * (right - middle)).sum::<f64>()
    };
    let (spread_left, spread_right) = (product(&left, &left), product(&right, &right));
    for (what, values, spread) in [("predictions", predicted, spread_left), ("amounts", observed, spread_right)] {
        if spread <= 0.0 {
            return Err(ModelError::NothingToLearn { operation: OPERATION, reason: all_equal(what, values) });
        }
    }
    Ok((product(&left, &right) / (spread_left.sqrt() * spread_right.sqrt())).clamp(-1.0, 1.0))
}

/// By which part of what came the predictions are too high in sum.
///
/// ```text
/// bias = sum of predicted / sum of observed - 1
/// ```
/// *Shapes*: two arrays of one length. *Units*: a part; 0.1 is ten percent too much, -0.1 too little. *Errors*: lengths
/// that differ, numbers that are not finite, a negative amount, no rows, amounts of 0 in sum. *Cost*: one pass.
/// *Source*: elementary.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`], [`ModelError::TooFewRows`] or [`ModelError::NothingToLearn`], as above.
///
/// ```
/// assert!((models::metrics::sum_bias(&[1.0, 2.0], &[0.0, 4.0])? + 0.25).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn sum_bias(predicted: &[f64], observed: &[f64]) -> Result<f64, ModelError> {
    const OPERATION: &str = "compute the bias of the sum";
    check(OPERATION, predicted, observed, 1)?;
    let total = positive_sum(OPERATION, observed)?;
    Ok(predicted.iter().sum::<f64>() / total - 1.0)
}

/// What was predicted and what came, for each tenth of the rows from the lowest predictions to the highest.
///
/// ```text
/// tenth of the row at place i of n (from 0, ascending by prediction) = floor(10 i / n)
/// ```
/// Rows of one prediction share their amounts equally, so that their order does not matter where a border runs among
/// them. *Shapes*: two arrays of one length; ten groups. *Errors*: lengths that differ, numbers that are not finite, a
/// negative amount, fewer than ten rows. *Cost*: one sort. *Source*: elementary.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`] or [`ModelError::TooFewRows`], as above.
///
/// ```
/// let predicted: Vec<f64> = (0..20).map(f64::from).collect();
/// let observed: Vec<f64> = (0..20).map(|n| f64::from(n / 10)).collect();
/// let deciles = models::metrics::decile_calibration(&predicted, &observed)?;
/// assert_eq!((deciles.len(), deciles[0].n_rows, deciles[0].predicted, deciles[9].observed), (10, 2, 0.5, 1.0));
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn decile_calibration(predicted: &[f64], observed: &[f64]) -> Result<Vec<Decile>, ModelError> {
    check("compare by tenths", predicted, observed, N_DECILES)?;
    let n_rows = predicted.len();
    let mut deciles = vec![Decile { n_rows: 0, predicted: 0.0, observed: 0.0 }; N_DECILES];
    let mut place = 0;
    let order = ascending(predicted);
    for tied in order.chunk_by(|a, b| predicted[*b] <= predicted[*a]) {
        // In the order of the amounts, so that the sum is the same to the bit for any order of the rows.
        let mut amounts: Vec<f64> = tied.iter().map(|row| observed[*row]).collect();
        amounts.sort_by(f64::total_cmp);
        let shared = amounts.iter().sum::<f64>() / amounts.len() as f64;
        for &row in tied {
            let decile = &mut deciles[N_DECILES * place / n_rows];
            decile.n_rows += 1;
            decile.predicted += predicted[row];
            decile.observed += shared;
            place += 1;
        }
    }
    for decile in &mut deciles {
        decile.predicted /= decile.n_rows as f64;
        decile.observed /= decile.n_rows as f64;
    }
    Ok(deciles)
}

/// How far the tenths of [`decile_calibration`] are from what came, as a part of all that came.
///
/// ```text
/// error = sum over tenths of |n predicted - n observed| / sum of observed
/// ```
/// A tenth counts by what it brings, and so one of which nothing came does not make the error infinite.
/// *Shapes*, *Errors*: as [`decile_calibration`], and amounts of 0 in sum. *Units*: a part, from 0; smaller is better.
/// *Cost*: one sort. *Source*: elementary.
///
/// # Errors
/// [`ModelError::Shape`], [`ModelError::Value`], [`ModelError::TooFewRows`] or [`ModelError::NothingToLearn`], as above.
///
/// ```
/// // One row in each tenth; two of them are off by 1, of 45 in all.
/// let observed: Vec<f64> = (0..10).map(f64::from).collect();
/// let mut predicted = observed.clone();
/// (predicted[0], predicted[9]) = (-1.0, 10.0);
/// assert!((models::metrics::decile_error(&predicted, &observed)? - 2.0 / 45.0).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn decile_error(predicted: &[f64], observed: &[f64]) -> Result<f64, ModelError> {
    let deciles = decile_calibration(predicted, observed)?;
    let total = positive_sum("compute the error by tenths", observed)?;
    let off = |decile: &Decile| decile.n_rows as f64 * (decile.predicted - decile.observed).abs();
    Ok(deciles.iter().map(off).sum::<f64>() / total)
}

fn check(operation: &'static str, predicted: &[f64], observed: &[f64], n_rows_min: usize) -> Result<(), ModelError> {
    labels::check_length(operation, "observed", predicted.len(), observed.len())?;
    labels::check_finite(operation, "the prediction of row", predicted)?;
    labels::check_finite(operation, "the amount of row", observed)?;
    labels::check_each(operation, "the amount of row", observed, "not negative", |amount| amount >= 0.0)?;
    if predicted.len() < n_rows_min {
        return Err(ModelError::TooFewRows { operation, n_rows: predicted.len(), n_rows_min });
    }
    Ok(())
}

fn positive_sum(operation: &'static str, observed: &[f64]) -> Result<f64, ModelError> {
    let total: f64 = observed.iter().sum();
    if total > 0.0 {
        return Ok(total);
    }
    Err(ModelError::NothingToLearn { operation, reason: all_equal("amounts", observed) })
}

fn all_equal(what: &str, values: &[f64]) -> String {
    format!("all {} {what} are {}; give rows that differ, for example from a longer time", values.len(), values[0])
}

fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

/// The rank of every value from 1, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut ranks = vec![0.0; values.len()];
    let mut n_below = 0;
    // -0.0 and 0.0 are one value, so ties are found with `<=` and not with the order's own equality.
    for tied in ascending(values).chunk_by(|a, b| values[*b] <= values[*a]) {
        let shared = n_below as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|row| ranks[*row] = shared);
        n_below += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(ranks(&[3.0, -0.0, 0.0, 7.0, 3.0, 3.0]), [4.0, 1.5, 1.5, 6.0, 4.0, 4.0]);
    }

    #[test]
    fn the_order_is_judged_by_what_it_gathers() {
        let observed = [0.0, 0.0, 10.0, 30.0];
        assert_near(normalised_gini(&[1.0, 2.0, 3.0, 4.0], &observed).unwrap(), 1.0);
        assert_near(normalised_gini(&[4.0, 3.0, 2.0, 1.0], &observed).unwrap(), -1.0);
        assert_near(normalised_gini(&[5.0; 4], &observed).unwrap(), 0.0);
        // Ranks less 2.5 are 1.5 for the 10 and 0.5 for the 30: 15 + 15 of 5 + 45.
        assert_near(normalised_gini(&[1.0, 2.0, 4.0, 3.0], &observed).unwrap(), 0.6);
        // The two highest are tied, 1 each: 10 + 30 of 50.
        assert_near(normalised_gini(&[1.0, 2.0, 3.0, 3.0], &observed).unwrap(), 0.8);
    }

    #[test]
    fn spearman_is_the_correlation_of_ranks() {
        // Ranks 1, 2.5, 2.5, 4 and 2, 1, 3.5, 3.5 less 2.5: 0.75 + 0 + 0 + 1.5 of the root of 4.5 * 4.5.
        assert_near(spearman(&[1.0, 2.0, 2.0, 9.0], &[5.0, 0.0, 6.0, 6.0]).unwrap(), 2.25 / 4.5);
        assert_near(spearman(&[1.0, 2.0, 3.0], &[9.0, 4.0, 1.0]).unwrap(), -1.0);
    }

    #[test]
    fn tenths_go_from_low_to_high_and_share_ties() {
        // 25 rows in falling order: tenths of 3 and 2 rows in turn.
        let predicted: Vec<f64> = (0..25).rev().map(f64::from).collect();
        let observed: Vec<f64> = predicted.iter().map(|value| 2.0 * value).collect();
        let deciles = decile_calibration(&predicted, &observed).unwrap();
        assert_eq!(deciles.iter().map(|decile| decile.n_rows).collect::<Vec<_>>(), [3, 2, 3, 2, 3, 2, 3, 2, 3, 2]);
        assert_near(deciles[0].predicted, 1.0);
        assert_near(deciles[0].observed, 2.0);
        assert_near(deciles[9].predicted, 23.5);
        assert_near(deciles[9].observed, 47.0);
        assert_near(decile_error(&predicted, &observed).unwrap(), 0.5);
        assert_near(sum_bias(&predicted, &observed).unwrap(), -0.5);
        // All predictions are equal, and so no tenth is better than another.
        let deciles = decile_calibration(&[4.0; 25], &observed).unwrap();
        assert!(deciles.iter().all(|decile| (decile.observed - 24.0).abs() < 1e-12), "{deciles:?}");
        assert_near(decile_error(&[4.0; 25], &observed).unwrap(), 20.0 / 24.0);
    }

    #[test]
    fn bad_input_is_refused_with_a_reason() {
        type Metric = fn(&[f64], &[f64]) -> Result<f64, ModelError>;
        let metrics: [Metric; 4] = [normalised_gini, spearman, sum_bias, decile_error];
        let (good, varied): (Vec<f64>, Vec<f64>) = ((0..12).map(f64::from).collect(), (5..17).map(f64::from).collect());
        for metric in metrics {
            metric(&good, &varied).unwrap();
            assert!(matches!(metric(&good, &varied[1..]), Err(ModelError::Shape { .. })));
            assert!(matches!(metric(&[], &[]), Err(ModelError::TooFewRows { n_rows: 0, .. })));
            let mut bad = good.clone();
            bad[3] = f64::NAN;
            assert!(matches!(metric(&bad, &varied), Err(ModelError::Value { row: 3, .. })));
            assert!(matches!(metric(&good, &bad), Err(ModelError::Value { row: 3, .. })));
            bad[3] = -0.5;
            assert!(matches!(metric(&good, &bad), Err(ModelError::Value { row: 3, .. })));
            metric(&bad, &varied).unwrap();
            let error = metric(&good, &[0.0; 12]).unwrap_err();
            assert!(error.to_string().contains("all 12 amounts are 0"), "{error}");
        }
        let error = spearman(&[7.0; 12], &varied).unwrap_err();
        assert!(error.to_string().contains("all 12 predictions are 7"), "{error}");
        assert!(matches!(decile_error(&good[..9], &varied[..9]), Err(ModelError::TooFewRows { n_rows_min: 10, .. })));
        assert!(matches!(spearman(&good[..1], &varied[..1]), Err(ModelError::TooFewRows { n_rows_min: 2, .. })));
        assert!(matches!(normalised_gini(&good, &[3.0; 12]), Err(ModelError::NothingToLearn { .. })));
        assert_near(sum_bias(&[3.0], &[2.0]).unwrap(), 0.5);
        decile_error(&good[..10], &varied[..10]).unwrap();
    }

    proptest! {
        #[test]
        fn only_the_order_counts_and_rows_may_come_in_any(
            rows in prop::collection::vec((0_u8..20, 0_u8..9), 10..60), turn in 1_usize..9,
        ) {
            let predicted: Vec<f64> = rows.iter().map(|row| f64::from(row.0)).collect();
            let mut observed: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 7.0).collect();
            observed[0] = 30.0;
            let gini = normalised_gini(&predicted, &observed).unwrap();
            prop_assert!((-1.0..=1.0).contains(&gini));
            let cubes: Vec<f64> = predicted.iter().map(|value| value.powi(3) - 5.0).collect();
            prop_assert!((normalised_gini(&cubes, &observed).unwrap() - gini).abs() < 1e-12);
            prop_assert!((normalised_gini(&observed, &observed).unwrap() - 1.0).abs() < 1e-12);
            let deciles = decile_calibration(&predicted, &observed).unwrap();
            prop_assert!(deciles.iter().map(|decile| decile.n_rows).sum::<usize>() == predicted.len());
            prop_assert!(deciles.is_sorted_by(|low, high| low.predicted <= high.predicted + 1e-12));
            let bias = sum_bias(&predicted, &observed).unwrap();
            prop_assert!(bias.abs() <= decile_error(&predicted, &observed).unwrap() + 1e-12);
            let (mut other, mut others) = (predicted.clone(), observed.clone());
            other.rotate_left(turn);
            others.rotate_left(turn);
            prop_assert_eq!(decile_calibration(&other, &others).unwrap(), deciles);
            prop_assert!((normalised_gini(&other, &others).unwrap() - gini).abs() < 1e-12);
        }
    }
}
