//! What does an answer hold?

use crate::DecisionKind;
use governance::ConsentAnswer;
use primitives::{CustomerId, DecisionId, ItemId, ModelVersion, Probability};
use serde::{Deserialize, Serialize};

/// An answer with its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its name.
    pub id: DecisionId,
    /// What was decided.
    pub kind: DecisionKind,
    /// About whom.
    pub customer: CustomerId,
    /// The answer.
    pub answer: Answer,
}

/// What was decided, by which model, on which ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The items or the score.
    pub outcome: Outcome,
    /// The model that was asked; `None` where there is none yet.
    pub model: Option<ModelRef>,
    /// Whether the customer's data could be used, and who said so.
    pub consent: ConsentAnswer,
    /// Why the answer is not the full one; `None` where it is.
    pub fallback: Option<String>,
    /// How likely this policy was to give this answer: 1 for a policy without chance.
    pub propensity: Probability,
}

/// The items or the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Items, best first.
    Items(Vec<RankedItem>),
    /// A score with its reasons, the weightiest first.
    Score {
        /// A probability; `None` where nothing is known to say one.
        score: Option<Probability>,
        /// Why.
        reasons: Vec<ScoreReason>,
    },
}

/// One item of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedItem {
    /// The item.
    pub id: ItemId,
    /// How strongly it is recommended; comparable within one answer.
    pub score: f64,
    /// Why, in words.
    pub reason: String,
}

/// One feature's part in a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReason {
    /// The feature.
    pub feature: String,
    /// Its value; `None` where it is not known.
    pub value: Option<f64>,
    /// What it added to the log-odds.
    pub contribution: f64,
    /// In words.
    pub text: String,
}

/// Which model it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRef {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: ModelVersion,
}
