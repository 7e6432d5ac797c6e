//! How far up does each of several items belong, and why? Boosted trees over what speaks for an item.

use super::trees::{Contribution, Explained, Trees};
use crate::LearningError;
use models::boost::BoostModel;

/// Boosted trees over the numbers that they name: items are put in order by their scores.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderModel {
    trees: Trees,
}

/// An item's score with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered {
    /// The score: the higher, the further up. Only differences between the items of one answer mean something.
    pub score: f64,
    /// What each number added, the largest amount first; numbers without influence are left out.
    pub contributions: Vec<Contribution>,
}

impl OrderModel {
    pub(crate) fn new(forest: BoostModel, names: Vec<String>) -> Self {
        Self { trees: Trees { forest, features: names } }
    }

    /// The names of the numbers, in the order in which they are given.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.trees.features
    }

    /// The score of an item.
    ///
    /// # Errors
    /// [`LearningError::Vector`] where there is another number of numbers than [`OrderModel::names`].
    pub fn score(&self, numbers: &[f64]) -> Result<f64, LearningError> {
        self.trees.score(numbers)
    }

    /// The score of an item with what each number added to it.
    ///
    /// # Errors
    /// As [`OrderModel::score`].
    pub fn explain(&self, numbers: &[f64]) -> Result<Ordered, LearningError> {
        let Explained { score, contributions, .. } = self.trees.explain(numbers)?;
        Ok(Ordered { score, contributions })
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::Model`] or [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        self.trees.to_bytes(Vec::new())
    }

    /// Reads what [`OrderModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] or [`LearningError::Model`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let (trees, _) = Trees::from_bytes(bytes)?;
        Ok(Self { trees })
    }
}
