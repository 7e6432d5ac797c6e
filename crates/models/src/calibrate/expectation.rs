//! Which amount does a score mean, and within which bounds?
//!
//! The mean of the amounts that came with such scores, and where nine of ten of them lay: neither descends, and beyond
//! that nothing is assumed. So the trees may be grown for any number that has the same order.

use super::{Block, at_score, is_ascending, pool};
use crate::settings::settings;
use crate::value::Forecast;
use crate::{ModelError, bytes, labels};
use serde::{Deserialize, Serialize};

const NAME: &str = "calibration of amounts";
const VERSION: u8 = 1;
const OPERATION: &str = "calibrate the amounts";

/// In one of twenty cases the amount is less, in one of twenty more.
const LEVELS: (f64, f64) = (0.05, 0.95);

settings! {
    /// Isotonic regression of an amount on a score, over groups of neighbouring scores, with quantiles of such groups.
    ///
    /// ```text
    /// groups(w) = rows sorted by score, equal scores together, closed as soon as they weigh w; the last takes the rest
    /// mean      = c * PAV over the means of groups(mean_weight), linear between their centres
    /// c         = such that the weighted mean of mean(score) over the rows is that of their amounts
    /// low       = the least 5 % quantile of groups(bounds_weight) at or above the score's
    /// high      = PAV over the 95 % quantiles of groups(bounds_weight), linear between their centres
    /// quantile(q) = the smallest amount of the group that, with all below it, weighs q of the group
    /// ```
    /// Below the lowest centre and above the highest all three are constant, which would lose what the highest scores
    /// bring above their group's mean: `c` gives it back. `low` keeps to amounts that there were, since between 0 and 1
    /// lies no count.
    /// *Shapes*: scores, amounts and weights of one length. *Units*: any score; those of the amounts.
    /// *Guarantees*: mean, low and high do not descend with the score; 0 <= low <= mean <= high; no chance is involved.
    /// *Cost*: two sorts. *Source*: Ayer et al. 1955, doi:10.1214/aoms/1177728423; the rest is elementary.
    ExpectationSettings {
        /// How much a group weighs at least of which the mean is taken: so many rows where rows have no weights.
        mean_weight: f64 = 20.0 in 1.0..=1_000_000.0, larger: "keeps single large amounts from ruling the top, and tells fewer scores apart";
        /// How much a group weighs at least of which the bounds are taken.
        bounds_weight: f64 = 60.0 in 1.0..=1_000_000.0, larger: "makes the bounds steadier, and tells fewer scores apart";
    }
}

/// A fitted calibration. See [`ExpectationSettings`] for the formula.
///
/// ```
/// use models::calibrate::ExpectationSettings;
/// let scores = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0];
/// let settings = ExpectationSettings { mean_weight: 2.0, bounds_weight: 2.0 };
/// let expectation = settings.fit(&scores, &[0.0, 2.0, 3.0, 5.0, 2.0, 2.0], None)?;
/// // Three groups of means 1, 4 and 2; the last two are pooled to 3 at the score 2.5. At 2 that says 1 + 2 / 1.5, and so
/// // 7 / 3 over all rows on average, as they have: 14 / 6.
/// let said = expectation.apply(9.0);
/// assert!((said.mean - 3.0 * (14.0 / 6.0) / ((1.0 + 7.0 / 3.0 + 3.0) / 3.0)).abs() < 1e-12);
/// assert_eq!((said.low, said.high), (2.0, 3.5));
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Expectation(Stored);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    mean: Curve,
    low: Curve,
    high: Curve,
    /// The answer where the score is not a number: mean, low and high.
    base: (f64, f64, f64),
}

/// Centres that ascend, with values that do not descend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Curve {
    centres: Vec<f64>,
    values: Vec<f64>,
}

impl Curve {
    fn of(blocks: &[Block]) -> Self {
        Self { centres: blocks.iter().map(Block::centre).collect(), values: blocks.iter().map(|b| b.value).collect() }
    }

    fn at(&self, score: f64) -> f64 {
        at_score(&self.centres, &self.values, score)
    }

    /// The value of the last centre that is not above the score.
    fn below(&self, score: f64) -> f64 {
        self.values[self.centres.partition_point(|centre| *centre <= score).saturating_sub(1)]
    }

    fn is_sound(&self) -> bool {
        is_ascending(&self.centres, &self.values) && self.values.iter().all(|value| is_amount(*value))
    }
}

fn is_amount(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// What is calibrated: rows that count, with their scores, amounts and weights.
struct Rows<'a> {
    /// The rows that count, from the lowest score to the highest.
    order: Vec<usize>,
    scores: &'a [f64],
    amounts: &'a [f64],
    weights: Vec<f64>,
}

impl ExpectationSettings {
    /// Learns the calibration. `weights` are 1 where there are none.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a score that is not
    /// finite, an amount that is not from 0 to 1e12, or a negative weight; [`ModelError::TooFewRows`].
    pub fn fit(&self, scores: &[f64], amounts: &[f64], weights: Option<&[f64]>) -> Result<Expectation, ModelError> {
        self.validate()?;
        let weights = labels::check_numbers(OPERATION, scores.len(), amounts, weights)?;
        labels::check_finite(OPERATION, "the score of row", scores)?;
        labels::check_each(OPERATION, "the amount of row", amounts, "not negative", |amount| amount >= 0.0)?;
        let mut order: Vec<usize> = (0..scores.len()).filter(|row| weights[*row] > 0.0).collect();
        // By the amount, too: sums are then the same to the bit for any order of the rows.
        order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(amounts[*a].total_cmp(&amounts[*b])));
        let rows = Rows { order, scores, amounts, weights };
        let bounds = |level: f64| rows.blocks(self.bounds_weight, |group| rows.quantile(group, level));
        let mut low = bounds(LEVELS.0);
        for at in (1..low.len()).rev() {
            low[at - 1].value = low[at - 1].value.min(low[at].value);
        }
        let overall = rows.mean(&rows.order);
        let mut mean = Curve::of(&pool(rows.blocks(self.mean_weight, |group| rows.mean(group)).into_iter()));
        let said = rows.weighted(&rows.order, |row| mean.at(scores[row]));
        if said > 0.0 {
            mean.values.iter_mut().for_each(|value| *value *= overall / said);
        }
        let all = |level| rows.quantile(&rows.order, level);
        Ok(Expectation(Stored {
            mean,
            low: Curve::of(&low),
            high: Curve::of(&pool(bounds(LEVELS.1).into_iter())),
            base: (overall, all(LEVELS.0), all(LEVELS.1)),
        }))
    }
}

impl Rows<'_> {
    /// One block for each group that weighs enough.
    fn blocks(&self, min_weight: f64, value: impl Fn(&[usize]) -> f64) -> Vec<Block> {
        let block = |group: &[usize]| Block {
            first: group.first().map_or(0.0, |row| self.scores[*row]),
            last: group.last().map_or(0.0, |row| self.scores[*row]),
            scores: group.iter().map(|row| self.weights[*row] * self.scores[*row]).sum(),
            weight: group.iter().map(|row| self.weights[*row]).sum(),
            value: value(group),
        };
        self.groups(min_weight).into_iter().map(block).collect()
    }

    /// The rows, cut where a group weighs enough and the score changes.
    fn groups(&self, min_weight: f64) -> Vec<&[usize]> {
        let (mut cuts, mut weight) = (vec![0], 0.0);
        let mut left: f64 = self.order.iter().map(|row| self.weights[*row]).sum();
        for (place, row) in self.order.iter().enumerate() {
            weight += self.weights[*row];
            left -= self.weights[*row];
            let changes = self.order.get(place + 1).is_some_and(|next| self.scores[*next] > self.scores[*row]);
            // What is left must be a group of its own; what rounding does to the sum must not decide it.
            if changes && weight >= min_weight && left >= min_weight - 1e-6 {
                cuts.push(place + 1);
                weight = 0.0;
            }
        }
        cuts.push(self.order.len());
        cuts.windows(2).map(|cut| &self.order[cut[0]..cut[1]]).collect()
    }

    /// The weighted mean of something over rows.
    fn weighted(&self, rows: &[usize], value: impl Fn(usize) -> f64) -> f64 {
        let (sum, weight) = rows.iter().fold((0.0, 0.0), |(sum, weight), row| {
            (sum + self.weights[*row] * value(*row), weight + self.weights[*row])
        });
        sum / weight
    }

    fn mean(&self, rows: &[usize]) -> f64 {
        self.weighted(rows, |row| self.amounts[row])
    }

    fn quantile(&self, rows: &[usize], level: f64) -> f64 {
        let mut sorted: Vec<usize> = rows.to_vec();
        sorted.sort_by(|a, b| self.amounts[*a].total_cmp(&self.amounts[*b]));
        let weight: f64 = sorted.iter().map(|row| self.weights[*row]).sum();
        let mut below = 0.0;
        let reached = sorted.iter().find(|row| {
            below += self.weights[**row];
            below >= level * weight
        });
        reached.or(sorted.last()).map_or(0.0, |row| self.amounts[*row])
    }
}

impl Expectation {
    /// What a score means.
    ///
    /// *Edge cases*: plus and minus infinity mean the highest and the lowest group; a score that is not a number means what
    /// is true of all rows together. Where the mean lies outside the bounds, since few large amounts pull it out, they are
    /// widened to hold it. *Cost*: three binary searches.
    #[must_use]
    pub fn apply(&self, score: f64) -> Forecast {
        let Stored { mean, low, high, base } = &self.0;
        let (mean, low, high) = if score.is_nan() { *base } else { (mean.at(score), low.below(score), high.at(score)) };
        Forecast { mean, low: low.min(mean), high: high.max(mean) }
    }

    /// What is true of all rows together.
    #[must_use]
    pub fn overall(&self) -> Forecast {
        self.apply(f64::NAN)
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

impl TryFrom<Stored> for Expectation {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let (mean, low, high) = stored.base;
        let is_sound = [&stored.mean, &stored.low, &stored.high].into_iter().all(Curve::is_sound)
            && [mean, low, high].into_iter().all(is_amount);
        if is_sound {
            return Ok(Self(stored));
        }
        Err(ModelError::Corrupt { model: NAME, reason: "the curves are not amounts that ascend".to_owned() })
    }
}

impl From<Expectation> for Stored {
    fn from(expectation: Expectation) -> Self {
        expectation.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fit(scores: &[f64], amounts: &[f64], weight: f64) -> Expectation {
        ExpectationSettings { mean_weight: weight, bounds_weight: weight }.fit(scores, amounts, None).unwrap()
    }

    #[test]
    fn groups_can_be_counted_by_hand() {
        let ten: Vec<f64> = (0..10).map(f64::from).collect();
        let sizes = |scores: &[f64], min_weight| {
            let (order, weights) = ((0..scores.len()).collect(), vec![1.0; scores.len()]);
            let rows = Rows { order, scores, amounts: scores, weights };
            rows.groups(min_weight).iter().map(|group| group.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&ten, 3.0), [3, 3, 4], "the last takes the rest");
        assert_eq!(sizes(&ten, 5.0), [5, 5]);
        assert_eq!(sizes(&ten, 6.0), [10], "there are not enough rows for two");
        assert_eq!(sizes(&[0.0, 1.0, 1.0, 1.0, 2.0, 3.0], 2.0), [4, 2], "equal scores stay together");
    }

    #[test]
    fn bounds_are_those_of_one_in_twenty() {
        let amounts: Vec<f64> = (1..=100).map(f64::from).collect();
        let said = fit(&[0.0; 100], &amounts, 40.0).apply(0.0);
        assert_eq!((said.low, said.mean, said.high), (5.0, 50.5, 95.0));
        let mut rare = vec![0.0; 99];
        rare.push(300.0);
        let said = fit(&[0.0; 100], &rare, 40.0).apply(0.0);
        assert_eq!((said.low, said.mean, said.high), (0.0, 3.0, 3.0), "the bounds hold the mean");
    }

    #[test]
    fn the_lower_bound_is_an_amount_that_there_was() {
        let scores: Vec<f64> = (0..8).map(|row| f64::from(row / 2)).collect();
        let fitted = fit(&scores, &[0.0, 9.0, 1.0, 9.0, 0.0, 9.0, 2.0, 9.0], 2.0);
        let lows: Vec<f64> = [-1.0, 0.0, 1.0, 1.9, 2.0, 2.9, 3.0, 9.0].map(|score| fitted.apply(score).low).to_vec();
        assert_eq!(lows, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0]);
    }

    #[test]
    fn one_large_amount_does_not_rule_the_top() {
        let scores: Vec<f64> = (0..100).map(f64::from).collect();
        let mut amounts = vec![1.0; 100];
        amounts[99] = 1_001.0;
        let top = fit(&scores, &amounts, 50.0).apply(99.0).mean;
        assert!((20.0..23.0).contains(&top), "{top}");
        assert!(fit(&scores, &amounts, 1.0).apply(99.0).mean > top, "where each row is a group, it does more");
    }

    #[test]
    fn amounts_below_zero_are_refused() {
        let error = ExpectationSettings::default().fit(&[1.0, 2.0], &[1.0, -0.5], None).unwrap_err();
        assert!(matches!(error, ModelError::Value { row: 1, .. }), "{error}");
        assert!(fit(&[1.0, 2.0], &[0.0, 0.0], 1.0).apply(2.0).mean.abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn nothing_descends_the_sum_is_kept_and_a_row_of_weight_two_is_two_rows(
            rows in prop::collection::vec((-50_i32..50, 0_u16..500, 1_u8..4), 1..120), weight in 1.0_f64..30.0,
        ) {
            let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 7.0).collect();
            let amounts: Vec<f64> = rows.iter().map(|row| f64::from(row.1)).collect();
            let weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
            let settings = ExpectationSettings { mean_weight: weight, bounds_weight: 2.0 * weight };
            let fitted = settings.fit(&scores, &amounts, Some(&weights)).unwrap();
            let said: Vec<Forecast> = (-80..80).map(|at| fitted.apply(f64::from(at) / 10.0)).collect();
            for told in said.iter().chain([&fitted.overall()]) {
                prop_assert!(0.0 <= told.low && told.low <= told.mean && told.mean <= told.high && told.high.is_finite());
            }
            prop_assert!(said.is_sorted_by(|a, b| a.mean <= b.mean && a.low <= b.low && a.high <= b.high));
            let sum = |amount: &dyn Fn(usize) -> f64| (0..rows.len()).map(|row| weights[row] * amount(row)).sum::<f64>();
            let (told, came) = (sum(&|row| fitted.apply(scores[row]).mean), sum(&|row| amounts[row]));
            prop_assert!((told - came).abs() <= 1e-9 * came.max(1.0), "{} of {}", told, came);
            let twice = |values: &[f64]| {
                rows.iter().zip(values).flat_map(|(row, value)| vec![*value; usize::from(row.2)]).collect::<Vec<_>>()
            };
            let repeated = settings.fit(&twice(&scores), &twice(&amounts), None).unwrap();
            for at in -80..80 {
                let (a, b) = (fitted.apply(f64::from(at) / 10.0), repeated.apply(f64::from(at) / 10.0));
                prop_assert!((a.mean - b.mean).abs() < 1e-6 && (a.high - b.high).abs() < 1e-6, "{:?} {:?}", a, b);
            }
        }

        #[test]
        fn bytes_that_were_changed_never_panic(at in 0_usize..90, byte in any::<u8>()) {
            let mut bytes = fit(&[1.0, 2.0, 3.0], &[0.0, 1.0, 5.0], 1.0).to_bytes().unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(read) = Expectation::from_bytes(&bytes) {
                prop_assert!(read.apply(2.5).low >= 0.0);
            }
        }
    }
}
