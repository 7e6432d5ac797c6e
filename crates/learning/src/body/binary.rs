//! How likely is it, and why? Boosted trees over features, and what their scores mean.

use super::trees::{Contribution, Explained, Trees};
use crate::LearningError;
use features::FeatureId;
use models::boost::BoostModel;
use models::calibrate::Isotonic;
use primitives::Probability;
use serde::{Deserialize, Serialize};

/// Boosted trees over the features that they name, and what their scores mean: for every question of yes or no.
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryModel {
    trees: Trees,
    calibration: Isotonic,
}

/// A customer's score with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// How likely it is.
    pub probability: Probability,
    /// The score of the trees before calibration, in log-odds: `bias` and all contributions together.
    pub log_odds: f64,
    /// The score of a customer of whom nothing is known.
    pub bias: f64,
    /// What each feature added, the largest amount first; features without influence are left out.
    pub contributions: Vec<Contribution>,
}

impl BinaryModel {
    pub(crate) fn new(forest: BoostModel, calibration: Isotonic, features: &[FeatureId]) -> Self {
        Self { trees: Trees::new(forest, features), calibration }
    }

    /// Scores a customer.
    ///
    /// # Errors
    /// [`LearningError::Vector`] where there is another number of values than features trained on.
    pub fn score(&self, values: &[f64]) -> Result<Scored, LearningError> {
        let Explained { score: log_odds, bias, contributions } = self.trees.explain(values)?;
        Ok(Scored { probability: self.calibration.apply(log_odds), log_odds, bias, contributions })
    }

    /// The probability alone, without its reasons.
    ///
    /// # Errors
    /// As [`BinaryModel::score`].
    pub fn probability(&self, values: &[f64]) -> Result<Probability, LearningError> {
        Ok(self.calibration.apply(self.trees.score(values)?))
    }

    /// The trees.
    #[must_use]
    pub fn forest(&self) -> &BoostModel {
        &self.trees.forest
    }

    /// What the scores of the trees mean.
    #[must_use]
    pub fn calibration(&self) -> &Isotonic {
        &self.calibration
    }

    /// The names of the features, in the order of the values.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.trees.features
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::Model`] or [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        self.trees.to_bytes(self.calibration.to_bytes().map_err(LearningError::model("write the model"))?)
    }

    /// Reads what [`BinaryModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] or [`LearningError::Model`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let (trees, calibration) = Trees::from_bytes(bytes)?;
        let calibration = Isotonic::from_bytes(&calibration).map_err(LearningError::model("read the model"))?;
        Ok(Self { trees, calibration })
    }
}
