//! Which of several, how likely is each, and why? One calibrated forest for each class, one for all other values together, and
//! one for nothing at all; what they say is brought to 1 in sum.

use super::binary::BinaryModel;
use super::trees::Contribution;
use crate::LearningError;
use primitives::Probability;
use serde::{Deserialize, Serialize};

/// The version of the bytes that this program writes.
const VERSION: u8 = 1;

/// What all values are called together that are no class of their own.
pub(crate) const OTHER: &str = "other values";

/// What says how likely one part of the answer is: trees, or the share of everybody where there were too few rows for trees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// Its share among the rows that were learned from, never 0.
    pub(crate) share: f64,
    /// The trees; `None` where the share is all there is.
    pub(crate) trees: Option<BinaryModel>,
}

/// Which of several it will be: for every question of which.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassesModel {
    /// The classes, the most frequent first.
    names: Vec<String>,
    /// One for each class, then one for all other values, then one for nothing.
    parts: Vec<Part>,
}

/// How likely each class is for a customer, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The classes and all other values together, the likeliest first. What is missing to 1 is that nothing happens.
    pub classes: Vec<(String, Probability)>,
    /// What each feature added to the score of the likeliest, the largest amount first.
    pub contributions: Vec<Contribution>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u8,
    names: Vec<String>,
    parts: Vec<(f64, Option<Vec<u8>>)>,
}

impl ClassesModel {
    /// `parts` has one more for all other values, and one for nothing.
    pub(crate) fn new(names: Vec<String>, parts: Vec<Part>) -> Self {
        Self { names, parts }
    }

    /// The classes, the most frequent first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How likely each part is: the classes, all other values, nothing. They are 1 in sum.
    ///
    /// # Errors
    /// [`LearningError::Vector`] where there is another number of values than features trained on.
    pub fn probabilities(&self, values: &[f64]) -> Result<Vec<f64>, LearningError> {
        let one =
            |part: &Part| part.trees.as_ref().map_or(Ok(part.share), |trees| Ok(trees.probability(values)?.get()));
        let each = self.parts.iter().map(one).collect::<Result<Vec<f64>, LearningError>>()?;
        Ok(in_sum_1(each))
    }

    /// The classes for a customer.
    ///
    /// # Errors
    /// As [`ClassesModel::probabilities`].
    pub fn choose(&self, values: &[f64]) -> Result<Chosen, LearningError> {
        let order = self.ranked(self.probabilities(values)?);
        let trees = order.first().and_then(|(place, _)| self.parts[*place].trees.as_ref());
        let scored = trees.map(|trees| trees.score(values)).transpose()?;
        let contributions = scored.map(|scored| scored.contributions).unwrap_or_default();
        Ok(Chosen { classes: self.named(order), contributions })
    }

    /// The first of [`ClassesModel::choose`] alone, without what each feature added: for many customers at once.
    ///
    /// # Errors
    /// As [`ClassesModel::probabilities`].
    pub fn likeliest(&self, values: &[f64]) -> Result<Option<String>, LearningError> {
        let order = self.ranked(self.probabilities(values)?);
        Ok(self.named(order).into_iter().next().map(|(name, _)| name))
    }

    /// The classes by their shares among all customers, the likeliest first.
    #[must_use]
    pub fn overall(&self) -> Vec<(String, Probability)> {
        self.named(self.ranked(self.shares()))
    }

    /// The share of each part.
    pub(crate) fn shares(&self) -> Vec<f64> {
        in_sum_1(self.parts.iter().map(|part| part.share).collect())
    }

    pub(crate) fn forests(&self) -> Vec<&models::boost::BoostModel> {
        self.parts.iter().filter_map(|part| Some(part.trees.as_ref()?.forest())).collect()
    }

    /// The places of the classes and of all other values, the likeliest first, ties by their order.
    fn ranked(&self, probabilities: Vec<f64>) -> Vec<(usize, f64)> {
        let mut order: Vec<(usize, f64)> = probabilities.into_iter().take(self.names.len() + 1).enumerate().collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        order
    }

    fn named(&self, order: Vec<(usize, f64)>) -> Vec<(String, Probability)> {
        let name = |place: usize| self.names.get(place).map_or(OTHER, String::as_str).to_owned();
        order.into_iter().filter_map(|(place, p)| Some((name(place), Probability::new(p).ok()?))).collect()
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::Model`] or [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        let part = |part: &Part| Ok((part.share, part.trees.as_ref().map(BinaryModel::to_bytes).transpose()?));
        let parts = self.parts.iter().map(part).collect::<Result<_, LearningError>>()?;
        let stored = Stored { version: VERSION, names: self.names.clone(), parts };
        postcard::to_stdvec(&stored).map_err(|error| LearningError::File { reason: error.to_string() })
    }

    /// Reads what [`ClassesModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] or [`LearningError::Model`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let corrupt = |reason: String| LearningError::File { reason };
        if bytes.first() != Some(&VERSION) {
            return Err(corrupt(format!("the classes are of another version than {VERSION}")));
        }
        let (stored, rest) = postcard::take_from_bytes::<Stored>(bytes).map_err(|error| corrupt(error.to_string()))?;
        let is_share = |share: f64| share > 0.0 && share <= 1.0;
        if !rest.is_empty()
            || stored.parts.len() != stored.names.len() + 2
            || !stored.parts.iter().all(|(share, _)| is_share(*share))
        {
            return Err(corrupt("the model's parts do not fit together".to_owned()));
        }
        let part = |(share, trees): (f64, Option<Vec<u8>>)| {
            Ok(Part { share, trees: trees.as_deref().map(BinaryModel::from_bytes).transpose()? })
        };
        let parts = stored.parts.into_iter().map(part).collect::<Result<Vec<Part>, LearningError>>()?;
        // All trees look at the same features.
        let mut looked_at = parts.iter().filter_map(|part| Some(part.trees.as_ref()?.features()));
        let first = looked_at.next();
        if looked_at.any(|features| Some(features) != first) {
            return Err(corrupt("the model's parts look at different features".to_owned()));
        }
        Ok(Self { names: stored.names, parts })
    }
}

/// Probabilities that are above 0, brought to 1 in sum.
fn in_sum_1(mut each: Vec<f64>) -> Vec<f64> {
    let sum: f64 = each.iter().sum();
    each.iter_mut().for_each(|p| *p /= sum);
    each
}
