//! How likely is this customer not to come back?

use crate::{Answer, ChurnScorer, DecisionKind, Knowledge, ModelRef, Outcome, ScoreReason, Subject};
use features::catalogue;
use learning::{Contribution, reasons};
use primitives::Probability;
use std::collections::BTreeSet;

/// How many reasons an answer gives.
const N_REASONS: usize = 5;

/// How long a customer must have been one before a score says anything of them: all that is known of who bought a minute ago
/// is that purchase, and the model has hardly seen such customers.
const TENURE_DAYS_MIN: f64 = 1.0;

/// The customer's own probability, or the average with the reason why it is that.
pub(crate) fn answer(subject: &Subject, model: Option<&ChurnScorer>) -> Answer {
    let (score, reasons, fallback) = match (model, subject) {
        (Some(model), Subject::Known(knowledge)) => personal(model, knowledge.get()),
        (Some(model), Subject::Withheld(consent)) => {
            let why = format!("The customer's data may not be used for {}", consent.purpose);
            (model.base_rate, Vec::new(), Some(average(&why)))
        }
        (Some(model), Subject::Unknown(_)) => {
            (model.base_rate, Vec::new(), Some(average("Nothing is known of this customer yet")))
        }
        (None, _) => {
            let why = "No churn model has been trained yet: there is no score.".to_owned();
            (None, Vec::new(), Some(why))
        }
    };
    Answer {
        outcome: Outcome::Score { score, reasons },
        model: model
            .map(|model| ModelRef { name: DecisionKind::Churn.name().to_owned(), version: model.version.clone() }),
        consent: subject.consent(),
        fallback,
        propensity: Probability::ONE,
    }
}

fn average(why: &str) -> String {
    format!("{why}: this is the average over all customers.")
}

fn personal(scorer: &ChurnScorer, known: &Knowledge) -> (Option<Probability>, Vec<ScoreReason>, Option<String>) {
    if let Some(why) = too_little_known(known) {
        return (scorer.base_rate, Vec::new(), Some(average(why)));
    }
    let vector = &known.vector;
    match scorer.model.score(vector) {
        Err(error) => (scorer.base_rate, Vec::new(), Some(average(&error.to_string()))),
        Ok(scored) => {
            // Of several features that say the same in words, the weightiest speaks.
            let mut said = BTreeSet::new();
            let tells_more = |contribution: &&Contribution| said.insert(reasons::said_of(vector, contribution));
            let reasons =
                scored.contributions.iter().filter(tells_more).take(N_REASONS).map(|contribution| ScoreReason {
                    feature: catalogue::definitions()
                        .get(contribution.feature_idx)
                        .map(|d| d.name.clone())
                        .unwrap_or_default(),
                    value: (!contribution.value.is_nan()).then_some(contribution.value),
                    contribution: contribution.contribution,
                    text: sentence(&reasons::text_of(vector, contribution)),
                });
            (Some(scored.probability), reasons.collect(), None)
        }
    }
}

/// Why the customer's own history says nothing yet.
fn too_little_known(known: &Knowledge) -> Option<&'static str> {
    if known.n_orders() == 0 {
        return Some("The customer has not bought anything yet, so there is nothing to come back to");
    }
    let is_new = known.feature("tenure_days").is_some_and(|days| days < TENURE_DAYS_MIN);
    is_new.then_some("The customer first bought less than a day ago, which is too little to go by")
}

/// With a capital first letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
