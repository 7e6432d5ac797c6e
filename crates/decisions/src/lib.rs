//! What should we do?
//!
//! A decision is a pure function of what was asked, what is known of the customer, what the world answered and the model.
//! All four are logged, so [`replay`] gives the same answer, to the byte.
//!
//! What stays true:
//! - a customer's data enters only as [`governance::Permitted`]: forgetting consent does not compile;
//! - there is always a useful answer: without consent, history or a model it is the popular list, or the average score,
//!   and [`Answer::fallback`] says why;
//! - nothing here knows how decisions are evaluated: feedback comes back as events.

mod answer;
mod champions;
mod churn;
mod error;
mod log;
mod packed;
mod recommend;
mod record;
mod subject;
#[cfg(test)]
mod tests;
mod world;

pub use answer::{Answer, Decision, ModelRef, Outcome, RankedItem, ScoreReason};
pub use champions::{Champions, ChurnScorer, Recommender};
pub use error::DecisionError;
pub use log::{DecisionLog, DecisionLogError, LoggedDecision};
pub use record::Record;
pub use subject::{Bought, Knowledge, Subject};
pub use world::{ItemFacts, Sales, Testimony, Witness, World};

use governance::Purpose;
use primitives::{CustomerId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most items one decision answers with.
pub const N_ITEMS_MAX: usize = 100;

/// What can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionKind {
    /// Which items to show.
    Recommend,
    /// How likely the customer is not to come back within 30 days.
    Churn,
}

impl DecisionKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Recommend, Self::Churn];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recommend => "recommend",
            Self::Churn => "churn",
        }
    }

    /// The kind of that name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether its answer is shown to the customer, so that it matters where, and how many items there are.
    #[must_use]
    pub fn is_shown(self) -> bool {
        match self {
            Self::Recommend => true,
            Self::Churn => false,
        }
    }

    /// What the customer's data would be used for: what consent is asked for.
    #[must_use]
    pub fn purpose(self) -> Purpose {
        match self {
            Self::Recommend | Self::Churn => Purpose::Personalization,
        }
    }
}

impl fmt::Display for DecisionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What is to be decided.
    pub kind: DecisionKind,
    /// About whom: the resolved customer, or the one an unknown name would found.
    pub customer: CustomerId,
    /// The moment as of which it is decided.
    pub as_of: Timestamp,
    /// How many items, at most [`N_ITEMS_MAX`].
    pub n: usize,
    /// Where it will be shown; logged, and for later policies to use.
    pub context: events::Fields,
}

/// Decides.
///
/// # Errors
/// [`DecisionError`] where the question is out of range.
pub fn decide(
    question: &Question,
    subject: &Subject,
    champions: &Champions,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    if question.n == 0 || question.n > N_ITEMS_MAX {
        return Err(DecisionError::N { n: question.n });
    }
    Ok(match question.kind {
        DecisionKind::Recommend => recommend::answer(question, subject, champions.recommend.as_deref(), world),
        DecisionKind::Churn => churn::answer(subject, champions.churn.as_deref()),
    })
}

/// Decides again what was decided before, from the record alone and the models it names.
///
/// # Errors
/// [`DecisionError`] as [`decide`] gave it; also where what was known of the customer was forgotten since.
pub fn replay(record: &Record, champions: &Champions) -> Result<Answer, DecisionError> {
    if record.is_forgotten() {
        return Err(DecisionError::Forgotten);
    }
    decide(&record.question, &record.subject(), champions, &record.testimony)
}
