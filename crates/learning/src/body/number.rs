//! How much or how often, within which bounds, and why? Boosted trees over features, and what their scores mean.

use super::trees::{Contribution, Explained, Trees};
use crate::LearningError;
use features::FeatureId;
use models::boost::BoostModel;
use models::calibrate::Expectation;
use models::value::Forecast;

/// Boosted trees over the features that they name, and which number their scores mean: for every question of how much or how
/// often.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberModel {
    trees: Trees,
    expectation: Expectation,
}

/// What is expected of a customer, with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// How much, and between what nine times of ten.
    pub forecast: Forecast,
    /// What each feature added to the score of the trees, the largest amount first; features without influence are left out.
    pub contributions: Vec<Contribution>,
}

impl NumberModel {
    pub(crate) fn new(forest: BoostModel, expectation: Expectation, features: &[FeatureId]) -> Self {
        Self { trees: Trees::new(forest, features), expectation }
    }

    /// What is expected of a customer.
    ///
    /// # Errors
    /// [`LearningError::Vector`] where there is another number of values than features trained on.
    pub fn expect(&self, values: &[f64]) -> Result<Expected, LearningError> {
        let Explained { score, contributions, .. } = self.trees.explain(values)?;
        Ok(Expected { forecast: self.expectation.apply(score), contributions })
    }

    /// The same without what each feature added, which is far quicker: for many customers at once.
    ///
    /// # Errors
    /// As [`NumberModel::expect`].
    pub fn forecast(&self, values: &[f64]) -> Result<Forecast, LearningError> {
        Ok(self.expectation.apply(self.trees.score(values)?))
    }

    /// What is true of all customers together.
    #[must_use]
    pub fn overall(&self) -> Forecast {
        self.expectation.overall()
    }

    /// The trees.
    #[must_use]
    pub fn forest(&self) -> &BoostModel {
        &self.trees.forest
    }

    /// Which number the scores of the trees mean.
    #[must_use]
    pub fn expectation(&self) -> &Expectation {
        &self.expectation
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::Model`] or [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        self.trees.to_bytes(self.expectation.to_bytes().map_err(LearningError::model("write the model"))?)
    }

    /// Reads what [`NumberModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] or [`LearningError::Model`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let (trees, expectation) = Trees::from_bytes(bytes)?;
        let expectation = Expectation::from_bytes(&expectation).map_err(LearningError::model("read the model"))?;
        Ok(Self { trees, expectation })
    }
}
