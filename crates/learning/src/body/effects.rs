//! What does an action change for somebody? Read from what is known of them, by name.

use super::Ground;
use crate::LearningError;
use models::uplift::EffectModel;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the bytes that this program writes, and the one before, which it still reads.
const VERSION: u8 = 2;
const UNORDERED: u8 = 1;

/// What each action changes for whom, beside doing nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EffectsModel {
    ground: Ground,
    of: BTreeMap<String, OfAction>,
}

/// What one action changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OfAction {
    /// For whom how much; `None` where that could not be told apart.
    pub(crate) model: Option<EffectModel>,
    /// The share of the successes that would not come without it, where it is other than none beyond noise.
    pub(crate) share: Option<f64>,
    /// In one sentence.
    pub(crate) said: String,
    /// How often who had it ordered, where an order is success; `None` where success is told of decisions.
    pub(crate) ordered: Option<f64>,
}

/// The same, before it said how often was ordered.
#[derive(Deserialize)]
struct Unordered {
    model: Option<EffectModel>,
    share: Option<f64>,
    said: String,
}

impl From<Unordered> for OfAction {
    fn from(Unordered { model, share, said }: Unordered) -> Self {
        Self { model, share, said, ordered: None }
    }
}

/// What an action changes for somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Changed<'a> {
    /// By so much they succeed more likely with it than without.
    By(f64),
    /// For everybody alike.
    Alike {
        /// The share of the successes that would not come without it; `None` where it cannot be told from none.
        share: Option<f64>,
        /// Why it is the same for everybody.
        said: &'a str,
    },
}

impl EffectsModel {
    pub(crate) fn new(ground: Ground, of: BTreeMap<String, OfAction>) -> Self {
        Self { ground, of }
    }

    /// What is known of somebody, as it looks at it: `number` answers what is known by its name, and NaN where nothing is.
    #[must_use]
    pub fn view(&self, number: impl Fn(&str) -> f64) -> Vec<f64> {
        self.ground.view(|at| number(&self.ground.inputs()[at]))
    }

    /// What an action changes for whoever is seen so; `None` where nothing was learned of it.
    ///
    /// # Panics
    /// Where the view is none of [`EffectsModel::view`].
    #[must_use]
    pub fn change(&self, view: &[f64], action: &str) -> Option<Changed<'_>> {
        let OfAction { model, share, said, .. } = self.of.get(action)?;
        Some(match model {
            Some(model) => Changed::By(model.effect(view)),
            None => Changed::Alike { share: *share, said },
        })
    }

    /// How likely whoever is changed so succeeds with an action, where an order is success and it can be told what changes; nobody succeeds
    /// less than they are changed.
    #[must_use]
    pub fn succeeds(&self, action: &str, changed: Changed<'_>) -> Option<f64> {
        let mean = self.of.get(action)?.ordered?;
        match changed {
            Changed::By(effect) => Some(mean.max(effect).min(1.0)),
            Changed::Alike { share: Some(_), .. } => Some(mean),
            Changed::Alike { share: None, .. } => None,
        }
    }

    /// What was found of each action, in a sentence.
    pub fn says(&self) -> impl Iterator<Item = (&str, &str)> {
        self.of.iter().map(|(name, found)| (name.as_str(), found.said.as_str()))
    }

    /// The model as bytes.
    ///
    /// # Errors
    /// [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        postcard::to_extend(self, vec![VERSION]).map_err(|error| LearningError::File { reason: error.to_string() })
    }

    /// The model as a former program wrote it.
    #[cfg(test)]
    pub(crate) fn to_bytes_of_before(&self) -> Result<Vec<u8>, postcard::Error> {
        let of: BTreeMap<_, _> = self.of.iter().map(|(name, of)| (name, (&of.model, of.share, &of.said))).collect();
        postcard::to_extend(&(&self.ground, of), vec![UNORDERED])
    }

    /// Reads what [`EffectsModel::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`LearningError::File`] where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LearningError> {
        let corrupt = |reason: String| LearningError::File { reason };
        let read = match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes(rest),
            Some((&UNORDERED, rest)) => {
                let read = postcard::from_bytes::<(Ground, BTreeMap<String, Unordered>)>(rest);
                read.map(|(ground, of)| {
                    Self::new(ground, of.into_iter().map(|(name, one)| (name, one.into())).collect())
                })
            }
            _ => return Err(corrupt(format!("the effects are of another version than {VERSION}"))),
        };
        let model = read.map_err(|error| corrupt(error.to_string()))?;
        let n = model.ground.n_inputs();
        let fits = |of: &OfAction| {
            of.model.as_ref().is_none_or(|model| model.n_features() == n)
                && [of.share, of.ordered].into_iter().flatten().all(f64::is_finite)
        };
        let is_whole = model.ground.is_whole() && model.of.values().all(fits);
        if is_whole { Ok(model) } else { Err(corrupt("the model's parts do not fit together".to_owned())) }
    }
}
