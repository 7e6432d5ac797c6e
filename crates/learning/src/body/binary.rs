//! How likely is it, and why? Boosted trees over features, and what their scores mean.

use crate::LearningError;
use features::FeatureId;
use models::boost::BoostModel;
use models::calibrate::Isotonic;
use primitives::Probability;
use serde::{Deserialize, Serialize};

/// The version of the bytes that this program writes.
const VERSION: u8 = 1;

/// Boosted trees over the features that they name, and what their scores mean: for every question of yes or no.
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryModel {
    forest: BoostModel,
    calibration: Isotonic,
    features: Vec<String>,
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

/// What one feature added to a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Its place among the model's features.
    pub feature_idx: usize,
    /// Its value for this customer; NaN where it is not known.
    pub value: f64,
    /// What it added, in log-odds.
    pub contribution: f64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u8,
    features: Vec<String>,
    forest: Vec<u8>,
    calibration: Vec<u8>,
}

impl BinaryModel {
    pub(crate) fn new(forest: BoostModel, calibration: Isotonic, features: &[FeatureId]) -> Self {
        Self { forest, calibration, features: features.iter().map(|id| id.name.to_string()).collect() }
    }

    /// Scores a customer.
    ///
    /// # Errors
    /// [`LearningError::Vector`] where there is another number of values than features trained on.
    pub fn score(&self, values: &[f64]) -> Result<Scored, LearningError> {
        self.check(values)?;
        let log_odds = self.forest.score(values);
        let shared = self.forest.contributions(values);
        let each = shared.values.iter().zip(values).enumerate();
        let mut contributions: Vec<Contribution> = each
            .filter(|(_, (contribution, _))| contribution.abs() > 0.0)
            .map(|(feature_idx, (contribution, value))| Contribution {
                feature_idx,
                value: *value,
                contribution: *contribution,
            })
            .collect();
        contributions.sort_by(|a, b| {
            b.contribution.abs().total_cmp(&a.contribution.abs()).then(a.feature_idx.cmp(&b.feature_idx))
        });
        Ok(Scored { probability: self.calibration.apply(log_odds), log_odds, bias: shared.bias, contributions })
    }

    /// The probability alone, without its reasons.
    ///
    /// # Errors
    /// As [`BinaryModel::score`].
    pub fn probability(&self, values: &[f64]) -> Result<Probability, LearningError> {
        self.check(values)?;
        Ok(self.calibration.apply(self.forest.score(values)))
    }

    fn check(&self, values: &[f64]) -> Result<(), LearningError> {
        let (expected, found) = (self.features.len(), values.len());
        if expected == found { Ok(()) } else { Err(LearningError::Vector { expected, found }) }
    }

    /// The trees.
    #[must_use]
    pub fn forest(&self) -> &BoostModel {
        &self.forest
    }

    /// What the scores of the trees mean.
    #[must_use]
    pub fn calibration(&self) -> &Isotonic {
        &self.calibration
    }

    /// The names of the features, in the order of the values.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::Model`] or [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        let encode = LearningError::model("write the model");
        let stored = Stored {
            version: VERSION,
            features: self.features.clone(),
            forest: self.forest.to_bytes().map_err(&encode)?,
            calibration: self.calibration.to_bytes().map_err(&encode)?,
        };
        postcard::to_stdvec(&stored).map_err(|error| LearningError::File { reason: error.to_string() })
    }

    /// Reads what [`BinaryModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] or [`LearningError::Model`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let corrupt = |reason: String| LearningError::File { reason };
        if bytes.first() != Some(&VERSION) {
            return Err(corrupt(format!("the trees have not version {VERSION}")));
        }
        let (stored, rest) = postcard::take_from_bytes::<Stored>(bytes).map_err(|error| corrupt(error.to_string()))?;
        let decode = LearningError::model("read the model");
        let forest = BoostModel::from_bytes(&stored.forest).map_err(&decode)?;
        let calibration = Isotonic::from_bytes(&stored.calibration).map_err(&decode)?;
        if !rest.is_empty() || forest.n_features() != stored.features.len() {
            return Err(corrupt("the model's parts do not fit together".to_owned()));
        }
        Ok(Self { forest, calibration, features: stored.features })
    }
}
