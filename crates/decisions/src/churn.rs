//! How likely is this customer not to come back?

use crate::{Answer, ChurnScorer, DecisionKind, ModelRef, Outcome, ScoreReason, Subject};
use features::{FeatureVector, catalogue};
use learning::reasons;
use primitives::Probability;

/// How many reasons an answer gives.
const N_REASONS: usize = 5;

/// The customer's own probability, or the average with the reason why it is that.
pub(crate) fn answer(subject: &Subject, model: Option<&ChurnScorer>) -> Answer {
    let (score, reasons, fallback) = match (model, subject) {
        (Some(model), Subject::Known(knowledge)) => personal(model, &knowledge.get().vector),
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

fn personal(scorer: &ChurnScorer, vector: &FeatureVector) -> (Option<Probability>, Vec<ScoreReason>, Option<String>) {
    let has_ordered = catalogue::index_of("orders_all").and_then(|i| vector.values.get(i)).is_some_and(|n| *n > 0.0);
    if !has_ordered {
        let why = "The customer has not bought anything yet, so there is nothing to come back to";
        return (scorer.base_rate, Vec::new(), Some(average(why)));
    }
    match scorer.model.score(vector) {
        Err(error) => (scorer.base_rate, Vec::new(), Some(average(&error.to_string()))),
        Ok(scored) => {
            let reasons = scored.contributions.iter().take(N_REASONS).map(|contribution| ScoreReason {
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

/// With a capital first letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
