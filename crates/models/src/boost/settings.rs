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
    /// Gradient-boosted trees for a yes or no, with logistic loss.
    ///
    /// ```text
    /// F_0(x) = ln(sum of w over y = 1 / sum of w over y = 0)
    /// F_m(x) = F_{m-1}(x) + learning_rate * tree_m(x)          m = 1..n_trees
    /// leaf   = - G / (H + l2)        G = sum of w (p - y),  H = sum of w p (1 - p),  p = 1 / (1 + exp(-F_{m-1}))
    /// gain   = G_l^2 / (H_l + l2) + G_r^2 / (H_r + l2) - G^2 / (H + l2)     split where it is largest and above 0
    /// ```
    /// Missing values (NaN) go to the side on which they gain most. Trees grow where the gain is largest.
    /// *Shapes*: a frame of `n_rows` rows and as many labels (0 or 1) and weights. *Units*: the score is in log-odds.
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
        /// The least `sum of w p (1 - p)` in a leaf: about four rows at even odds for 1.
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
        let kept: Vec<usize> = (0..frame.n_rows()).filter(|row| rows.weight[*row] > 0.0).collect();
        let columns = Columns::informative(frame, &kept);
        if columns.is_empty() {
            return Ok(BoostModel::new(convert::no_trees(frame.n_features(), base_score)?));
        }
        let y: Vec<f64> = kept.iter().map(|row| if rows.positive[*row] { 1.0 } else { 0.0 }).collect();
        let w: Vec<f64> = kept.iter().map(|row| rows.weight[*row]).collect();
        let mut booster = self.booster(base_score);
        let fit = |booster: &mut GradientBooster| booster.fit(&columns.matrix(kept.len()), &y, &w, None);
        fit(&mut booster).map_err(|error| ModelError::Fit { operation: OPERATION, reason: error.to_string() })?;
        Ok(BoostModel::new(convert::forest(&booster, &columns, frame.n_features())?))
    }

    /// The fitting library's settings that mean ours.
    pub(super) fn booster(&self, base_score: f64) -> GradientBooster {
        #[expect(clippy::cast_possible_truncation, reason = "the library computes in single precision")]
        let single = |value: f64| value as f32;
        let mut booster = GradientBooster::default()
            .set_objective_type(ObjectiveType::LogLoss)
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
