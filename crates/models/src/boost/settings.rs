//! How are the boosted trees grown? Settings and fitting.

use super::BoostModel;
use super::convert::{self, Columns};
use crate::settings::settings;
use crate::{Frame, ModelError, labels};
use forust_ml::gradientbooster::{GradientBooster, GrowPolicy};
use forust_ml::objective::ObjectiveType;
use primitives::Seed;

const OPERATION: &str = "fit the boosted trees";

settings! {
    /// Gradient-boosted trees for a yes or no, with logistic loss, or for a number, with squared loss.
    ///
    /// ```text
    /// F_m(x) = F_{m-1}(x) + learning_rate * tree_m(x)          m = 1..n_trees
    /// leaf   = - G / (H + l2)
    /// yes/no : F_0 = ln(sum of w over y = 1 / sum of w over y = 0),  p = 1 / (1 + exp(-F_{m-1}))
    ///          G   = sum of w (p - y),  H = sum of w p (1 - p)
    /// number : F_0 = sum of w y / sum of w,  G = sum of w (F_{m-1} - y),  H = sum of w
    /// gain   = G_l^2 / (H_l + l2) + G_r^2 / (H_r + l2) - G^2 / (H + l2)     split where it is largest and above 0
    /// ```
    /// Missing values (NaN) go to the side on which they gain most. Trees grow where the gain is largest.
    /// *Shapes*: a frame of `n_rows` rows and as many labels (0 or 1) or numbers, and weights. *Units*: the score is in
    /// log-odds of a yes or no, and in the numbers' own unit.
    /// *Guarantees*: equal to the bit for equal data in equal order, on any number of threads; no chance is involved, the
    /// seed is not used. A column without information changes nothing. A row of weight 0 is not there.
    /// *Cost*: `n_trees * n_rows * n_features` additions. *Source*: Friedman 2001, doi:10.1214/aos/1013203451; Chen and
    /// Guestrin 2016, equations 5 to 7, doi:10.1145/2939672.2939785.
    BoostSettings {
        /// How many trees are grown.
        n_trees: usize = 200 in 1..=5_000, larger: "fits closer and costs time, when scoring too";
        /// How much of each tree is used.
        learning_rate: f64 = 0.05 in 0.001..=1.0, larger: "needs fewer trees and fits more coarsely";
        /// How many leaves a tree may have.
        max_leaves: usize = 31 in 2..=4_096, larger: "lets more features act together and overfits earlier";
        /// How many questions lead to a leaf at most.
        max_depth: usize = 6 in 1..=32, larger: "lets more features act together and costs time";
        /// What is added to the divisor of every leaf.
        l2: f64 = 1.0 in 0.0..=10_000.0, larger: "makes leaves with little evidence more cautious";
        /// The least `H` in a leaf: for a yes or no about four rows at even odds for 1, for a number one row for 1.
        min_leaf_weight: f64 = 5.0 in 0.001..=1_000_000.0, larger: "keeps small groups together";
        /// The least gain for which a node is split.
        min_gain: f64 = 0.0 in 0.0..=10_000.0, larger: "stops earlier";
        /// Into how many intervals a feature is cut.
        n_bins: usize = 255 in 2..=4_096, larger: "finds finer thresholds and costs time";
    }
}

impl BoostSettings {
    /// Grows the trees. `weights` are 1 where there are none.
    ///
    /// The seed is accepted because every estimator takes one; nothing here is drawn by chance.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a label that is not
    /// 0 or 1 or a negative weight; [`ModelError::TooFewRows`]; [`ModelError::OneClass`]; [`ModelError::Fit`].
    pub fn fit(
        &self,
        frame: Frame<'_>,
        labels: &[f64],
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<BoostModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let rows = labels::check_both(OPERATION, frame.n_rows(), labels, weights)?;
        let base_score = (rows.weight_positive / (rows.weight_total - rows.weight_positive)).ln();
        let y: Vec<f64> = rows.positive.iter().map(|is_yes| if *is_yes { 1.0 } else { 0.0 }).collect();
        self.grow(frame, &y, &rows.weight, ObjectiveType::LogLoss, base_score)
    }

    /// Grows the trees for a number; otherwise as [`Self::fit`]. Where all numbers are equal there are no trees.
    ///
    /// # Errors
    /// [`ModelError::Setting`]; [`ModelError::Shape`] where lengths differ; [`ModelError::Value`] for a number beyond
    /// 1e12 either way, or a negative weight; [`ModelError::TooFewRows`]; [`ModelError::Fit`].
    ///
    /// ```
    /// use models::{Frame, boost::BoostSettings};
    /// let data: Vec<f64> = (0..40).map(f64::from).collect();
    /// let numbers: Vec<f64> = data.iter().map(|x| if *x < 20.0 { 3.0 } else { 8.0 }).collect();
    /// let model = BoostSettings::default().fit_number(Frame::new(&data, 40, 1)?, &numbers, None, primitives::Seed::new(1))?;
    /// assert!((model.score(&[5.0]) - 3.0).abs() < 0.1 && (model.score(&[35.0]) - 8.0).abs() < 0.1);
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn fit_number(
        &self,
        frame: Frame<'_>,
        numbers: &[f64],
        weights: Option<&[f64]>,
        seed: Seed,
    ) -> Result<BoostModel, ModelError> {
        let _ = seed;
        self.validate()?;
        let weights = labels::check_numbers(OPERATION, frame.n_rows(), numbers, weights)?;
        let (sum, total) = numbers.iter().zip(&weights).fold((0.0, 0.0), |(s, t), (y, w)| (s + w * y, t + w));
        self.grow(frame, numbers, &weights, ObjectiveType::SquaredLoss, sum / total)
    }

    fn grow(
        &self,
        frame: Frame<'_>,
        y: &[f64],
        weights: &[f64],
        objective: ObjectiveType,
        base_score: f64,
    ) -> Result<BoostModel, ModelError> {
        let kept: Vec<usize> = (0..frame.n_rows()).filter(|row| weights[*row] > 0.0).collect();
        let columns = Columns::informative(frame, &kept);
        if columns.is_empty() {
            return Ok(BoostModel::new(convert::no_trees(frame.n_features(), base_score)?));
        }
        let of_kept = |values: &[f64]| kept.iter().map(|row| values[*row]).collect::<Vec<f64>>();
        let (y, w) = (of_kept(y), of_kept(weights));
        let mut booster = self.booster(objective, base_score);
        let fit = |booster: &mut GradientBooster| booster.fit(&columns.matrix(kept.len()), &y, &w, None);
        fit(&mut booster).map_err(|error| ModelError::Fit { operation: OPERATION, reason: error.to_string() })?;
        Ok(BoostModel::new(convert::forest(&booster, &columns, frame.n_features())?))
    }

    /// The fitting library's settings that mean ours.
    pub(super) fn booster(&self, objective: ObjectiveType, base_score: f64) -> GradientBooster {
        #[expect(clippy::cast_possible_truncation, reason = "the library computes in single precision")]
        let single = |value: f64| value as f32;
        let mut booster = GradientBooster::default()
            .set_objective_type(objective)
            .set_iterations(self.n_trees)
            .set_learning_rate(single(self.learning_rate))
            .set_max_leaves(self.max_leaves)
            .set_max_depth(self.max_depth)
            .set_l2(single(self.l2))
            .set_gamma(single(self.min_gain))
            .set_min_leaf_weight(single(self.min_leaf_weight))
            .set_nbins(u16::try_from(self.n_bins).unwrap_or(u16::MAX))
            .set_base_score(base_score)
            .set_initialize_base_score(false)
            .set_missing(f64::NAN)
            .set_create_missing_branch(false)
            .set_parallel(true);
        booster.grow_policy = GrowPolicy::LossGuide;
        booster
    }
}
