//! What is the same of every model of trees: the features that it names, what each of them added, and its bytes?

use crate::LearningError;
use features::FeatureId;
use models::boost::BoostModel;
use serde::{Deserialize, Serialize};

/// The version of the bytes that this program writes.
const VERSION: u8 = 1;

/// What one feature added to a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Its place among the model's features.
    pub feature_idx: usize,
    /// Its value for this customer; NaN where it is not known.
    pub value: f64,
    /// What it added to the score of the trees: in log-odds, where they tell a yes from a no.
    pub contribution: f64,
}

/// Trees with the names of what they look at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trees {
    pub(super) forest: BoostModel,
    pub(super) features: Vec<String>,
}

/// A score of the trees with its reasons.
pub(super) struct Explained {
    /// `bias` and all contributions together.
    pub(super) score: f64,
    /// The score of a customer of whom nothing is known.
    pub(super) bias: f64,
    /// What each feature added, the largest amount first; features without influence are left out.
    pub(super) contributions: Vec<Contribution>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u8,
    features: Vec<String>,
    forest: Vec<u8>,
    calibration: Vec<u8>,
}

impl Trees {
    pub(super) fn new(forest: BoostModel, features: &[FeatureId]) -> Self {
        Self { forest, features: features.iter().map(|id| id.name.to_string()).collect() }
    }

    /// The score alone.
    pub(super) fn score(&self, values: &[f64]) -> Result<f64, LearningError> {
        let (expected, found) = (self.features.len(), values.len());
        if expected == found { Ok(self.forest.score(values)) } else { Err(LearningError::Vector { expected, found }) }
    }

    /// The score with what each feature added.
    pub(super) fn explain(&self, values: &[f64]) -> Result<Explained, LearningError> {
        let score = self.score(values)?;
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
        Ok(Explained { score, bias: shared.bias, contributions })
    }

    /// The trees as bytes, together with those of what their scores mean.
    pub(super) fn to_bytes(&self, calibration: Vec<u8>) -> Result<Vec<u8>, LearningError> {
        let forest = self.forest.to_bytes().map_err(LearningError::model("write the model"))?;
        let stored = Stored { version: VERSION, features: self.features.clone(), forest, calibration };
        postcard::to_stdvec(&stored).map_err(|error| LearningError::File { reason: error.to_string() })
    }

    /// Reads what [`Trees::to_bytes`] wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<(Self, Vec<u8>), LearningError> {
        let corrupt = |reason: String| LearningError::File { reason };
        if bytes.first() != Some(&VERSION) {
            return Err(corrupt(format!("the trees are of another version than {VERSION}")));
        }
        let (stored, rest) = postcard::take_from_bytes::<Stored>(bytes).map_err(|error| corrupt(error.to_string()))?;
        let forest = BoostModel::from_bytes(&stored.forest).map_err(LearningError::model("read the model"))?;
        if !rest.is_empty() || forest.n_features() != stored.features.len() {
            return Err(corrupt("the model's parts do not fit together".to_owned()));
        }
        Ok((Self { forest, features: stored.features }, stored.calibration))
    }
}
