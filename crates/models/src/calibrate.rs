//! Which probability, or which number, does a score mean?
//!
//! Isotonic regression: the higher score never gets the lower answer, and beyond that nothing is assumed.

mod expectation;

pub use expectation::{Expectation, ExpectationSettings};

use crate::settings::settings;
use crate::{ModelError, bytes, labels};
use primitives::Probability;
use serde::{Deserialize, Serialize};

const NAME: &str = "isotonic calibration";
const VERSION: u8 = 1;
const OPERATION: &str = "calibrate the scores";

settings! {
    /// Isotonic regression by pool-adjacent-violators, smoothed so that no probability is 0 or 1.
    ///
    /// ```text
    /// blocks   = PAV over (score, label, weight) sorted by score, equal scores pooled first
    /// base     = sum of w y / sum of w
    /// value[b] = (sum of w y in b + prior_weight * base) / (sum of w in b + prior_weight)
    /// values   = PAV over value[b] again, with the blocks' weights, since smoothing may cross small blocks over
    /// centre[b] = weighted mean of the scores in b
    /// ```
    /// *Shapes*: scores, labels and weights of one length. *Units*: any score; probabilities.
    /// *Guarantees*: not decreasing; strictly inside (0, 1), so the log-loss stays finite; no chance is involved.
    /// *Cost*: one sort. *Source*: Ayer et al. 1955, doi:10.1214/aoms/1177728423; Zadrozny and Elkan 2002,
    /// doi:10.1145/775047.775151; the smoothing is Laplace's with the base rate in place of one half.
    IsotonicSettings {
        /// How many rows at the base rate are added to every block.
        prior_weight: f64 = 1.0 in 0.01..=10_000.0, larger: "pulls small blocks towards the base rate";
    }
}

/// A fitted calibration. See [`IsotonicSettings`] for the formula.
///
/// ```
/// let scores = [1.0, 2.0, 3.0, 4.0];
/// let isotonic = models::calibrate::IsotonicSettings::default().fit(&scores, &[0.0, 1.0, 0.0, 1.0], None)?;
/// // Three blocks {0}, {1, 0}, {1}, each with one row of 0.5 added: 0.25, 0.5, 0.75 at 1, 2.5 and 4.
/// assert!((isotonic.apply(1.0).get() - 0.25).abs() < 1e-12);
/// assert!((isotonic.apply(1.75).get() - 0.375).abs() < 1e-12);
/// assert!((isotonic.apply(9.0).get() - 0.75).abs() < 1e-12);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Isotonic(Stored);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    /// Ascending.
    centres: Vec<f64>,
    /// Not descending, one for every centre.
    values: Vec<f64>,
    /// The answer where the score is not a number.
    base: f64,
}

impl IsotonicSettings {
    /// Learns the calibration. `weights` are 1 where there are none.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a score that is not
    /// finite, a label that is not 0 or 1 or a negative weight; [`ModelError::TooFewRows`]; [`ModelError::OneClass`].
    pub fn fit(&self, scores: &[f64], labels: &[f64], weights: Option<&[f64]>) -> Result<Isotonic, ModelError> {
        self.validate()?;
        let rows = labels::check_both(OPERATION, scores.len(), labels, weights)?;
        labels::check_finite(OPERATION, "the score of row", scores)?;
        let mut order: Vec<usize> = (0..scores.len()).filter(|row| rows.weight[*row] > 0.0).collect();
        order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        let tied = order.chunk_by(|a, b| scores[*b] <= scores[*a]).map(|tied| {
            let weight: f64 = tied.iter().map(|row| rows.weight[*row]).sum();
            let positive: f64 = tied.iter().filter(|row| rows.positive[**row]).map(|row| rows.weight[*row]).sum();
            let score = scores[tied[0]];
            Block { first: score, last: score, scores: score * weight, weight, value: positive / weight }
        });
        let base = rows.weight_positive / rows.weight_total;
        let smoothed = pool(tied).into_iter().map(|block| Block {
            value: (block.value * block.weight + self.prior_weight * base) / (block.weight + self.prior_weight),
            ..block
        });
        let blocks = pool(smoothed);
        Ok(Isotonic(Stored {
            centres: blocks.iter().map(Block::centre).collect(),
            values: blocks.iter().map(|b| b.value).collect(),
            base,
        }))
    }
}

impl Isotonic {
    /// The probability that a score means: linear between the blocks' centres, constant beyond the first and the last.
    ///
    /// *Edge cases*: plus and minus infinity mean the last and the first block; a score that is not a number means the
    /// base rate. *Cost*: one binary search.
    #[must_use]
    pub fn apply(&self, score: f64) -> Probability {
        let Stored { centres, values, base } = &self.0;
        let value = if score.is_nan() { *base } else { at_score(centres, values, score) };
        // Fitting and reading both make sure that all values lie inside (0, 1), so the second way is never taken.
        Probability::new(value).unwrap_or(Probability::ONE)
    }

    /// The blocks: ascending scores with the probability each means.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + '_ {
        self.0.centres.iter().copied().zip(self.0.values.iter().copied())
    }

    /// The model as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, &self.0)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        bytes::decode::<Stored>(NAME, VERSION, bytes)?.try_into()
    }
}

impl TryFrom<Stored> for Isotonic {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let corrupt = |reason: &str| Err(ModelError::Corrupt { model: NAME, reason: reason.to_owned() });
        let inside = |value: &f64| *value > 0.0 && *value < 1.0;
        if !is_ascending(&stored.centres, &stored.values) {
            return corrupt("the centres do not ascend with one value each");
        }
        if !stored.values.iter().chain([&stored.base]).all(inside) {
            return corrupt("the values are not probabilities");
        }
        Ok(Self(stored))
    }
}

impl From<Isotonic> for Stored {
    fn from(isotonic: Isotonic) -> Self {
        isotonic.0
    }
}

/// Neighbouring rows that share one value.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: f64,
    last: f64,
    /// The weighted sum of the scores.
    scores: f64,
    weight: f64,
    value: f64,
}

impl Block {
    /// The weighted mean of the scores. Rounding must not carry it out of the block, or centres would not ascend.
    fn centre(&self) -> f64 {
        (self.scores / self.weight).clamp(self.first, self.last)
    }
}

/// Whether centres ascend, with as many values that do not descend.
fn is_ascending(centres: &[f64], values: &[f64]) -> bool {
    let is_finite = centres.iter().all(|centre| centre.is_finite());
    is_finite
        && !centres.is_empty()
        && centres.len() == values.len()
        && centres.is_sorted_by(|a, b| a < b)
        && values.is_sorted()
}

/// The value at a score: linear between the centres, constant beyond the first and the last.
fn at_score(centres: &[f64], values: &[f64], score: f64) -> f64 {
    let above = centres.partition_point(|centre| *centre <= score);
    if above == 0 {
        return values[0];
    }
    if above == centres.len() {
        return values[above - 1];
    }
    let (x0, x1, y0, y1) = (centres[above - 1], centres[above], values[above - 1], values[above]);
    // Halves, because the distance of two finite scores may not be finite. The clamp undoes rounding.
    let part = (score / 2.0 - x0 / 2.0) / (x1 / 2.0 - x0 / 2.0);
    (y0 + part * (y1 - y0)).clamp(y0, y1)
}

/// Pools neighbours until no value is below the one before it.
fn pool(blocks: impl Iterator<Item = Block>) -> Vec<Block> {
    let mut pooled: Vec<Block> = Vec::new();
    for mut block in blocks {
        while let Some(before) = pooled.pop_if(|before| before.value >= block.value) {
            let weight = before.weight + block.weight;
            block = Block {
                first: before.first,
                last: block.last,
                scores: before.scores + block.scores,
                value: (before.value * before.weight + block.value * block.weight) / weight,
                weight,
            };
        }
        pooled.push(block);
    }
    pooled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fit(scores: &[f64], labels: &[f64], weights: Option<&[f64]>) -> Isotonic {
        // The smallest prior, so that the values are near those of unsmoothed isotonic regression.
        IsotonicSettings { prior_weight: 0.01 }.fit(scores, labels, weights).unwrap()
    }

    #[test]
    fn agrees_with_scikit_learn() {
        // Made with scikit-learn 1.9.1; tolerance 0.01 because of the smoothing:
        //   IsotonicRegression().fit_transform(range(1, 9), [0,1,0,0,1,1,0,1], sample_weight=W)
        let scores: Vec<f64> = (1..=8).map(f64::from).collect();
        let labels = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0];
        let third = 1.0 / 3.0;
        let golden: [(Option<[f64; 8]>, [f64; 8]); 2] = [
            (None, [0.0, third, third, third, 2.0 * third, 2.0 * third, 2.0 * third, 1.0]),
            (Some([1.0, 2.0, 1.0, 3.0, 1.0, 1.0, 2.0, 1.0]), [0.0, third, third, third, 0.5, 0.5, 0.5, 1.0]),
        ];
        for (weights, expected) in golden {
            let isotonic = fit(&scores, &labels, weights.as_ref().map(|w| &w[..]));
            let distinct: Vec<f64> = expected.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|chunk| chunk[0]).collect();
            assert_eq!(isotonic.blocks().len(), distinct.len());
            for ((_, found), expected) in isotonic.blocks().zip(distinct) {
                assert!((found - expected).abs() < 0.01, "{found} is not {expected}");
            }
        }
    }

    #[test]
    fn any_score_has_an_answer() {
        let isotonic = fit(&[-1e308, 0.0, 1e308], &[0.0, 1.0, 1.0], None);
        for score in [f64::NEG_INFINITY, f64::MIN, -1.0, 0.0, 5e307, f64::MAX, f64::INFINITY, f64::NAN] {
            let p = isotonic.apply(score).get();
            assert!(p > 0.0 && p < 1.0, "{score} means {p}");
        }
        assert!((isotonic.apply(f64::NAN).get() - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn small_blocks_do_not_cross_over() {
        // Without the second pooling the single yes at 2 would be pulled below the 1,000 rows at 1.
        let scores: Vec<f64> = [vec![0.0; 9_000], vec![1.0; 1_000], vec![2.0]].concat();
        let labels: Vec<f64> = (0..10_001).map(|row| if row >= 9_000 && row % 2 == 0 { 1.0 } else { 0.0 }).collect();
        let isotonic = IsotonicSettings { prior_weight: 10.0 }.fit(&scores, &labels, None).unwrap();
        assert!(isotonic.apply(2.0) >= isotonic.apply(1.0));
        assert!(isotonic.apply(1.0) > isotonic.apply(0.0));
    }

    proptest! {
        #[test]
        fn never_descends_and_never_reaches_certainty(
            rows in prop::collection::vec((-50_i32..50, any::<bool>(), 1_u8..4), 2..80), prior_weight in 0.01_f64..20.0,
        ) {
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 7.0).collect();
            let mut labels: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row.1))).collect();
            let weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            (labels[0], labels[1]) = (0.0, 1.0);
            let isotonic = IsotonicSettings { prior_weight }.fit(&scores, &labels, Some(&weights)).unwrap();
            let answers: Vec<f64> = (-80..80).map(|at| isotonic.apply(f64::from(at) / 10.0).get()).collect();
            prop_assert!(answers.is_sorted());
            prop_assert!(answers.iter().all(|p| *p > 0.0 && *p < 1.0));
        }

        #[test]
        fn bytes_that_were_changed_never_panic(at in 0_usize..60, byte in any::<u8>()) {
            let mut bytes = fit(&[1.0, 2.0, 3.0], &[0.0, 1.0, 1.0], None).to_bytes().unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(read) = Isotonic::from_bytes(&bytes) {
                prop_assert!(read.apply(2.5).get() > 0.0);
            }
        }
    }
}
