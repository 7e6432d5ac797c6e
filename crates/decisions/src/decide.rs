//! How is a decision made? The one path of every kind, live and replayed: consent and what is missing are said here.

use crate::search::{Completion, Found};
use crate::{
    Answer, Ask, Content, DecisionError, ItemFacts, Kind, Kinds, Models, Parameters, Question, Record, Sales, Subject,
    Why, World,
};
use features::Catalogue;
use primitives::{ItemKey, Probability};

/// Decides.
///
/// # Errors
/// [`DecisionError`] where there is no such kind, or a parameter is out of range.
pub fn decide(
    kinds: &Kinds,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    now(kinds.get(question.kind.as_str())?, catalogue, question, subject, models, world)
}

/// Decides by a kind.
pub(crate) fn now(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    answer(kind, &Ask { question, models, world, catalogue, as_before: false }, subject)
}

fn answer(kind: &dyn Kind, ask: &Ask<'_>, subject: &Subject) -> Result<Answer, DecisionError> {
    kind.about().check(&ask.question.parameters)?;
    let personal = match subject {
        Subject::Known(known) => kind.personal(ask, known.get()),
        Subject::Withheld(consent) => Err(Why::Refused(*consent)),
        Subject::Unknown(_) => Err(Why::Unknown),
    };
    let (said, fallback) = match personal {
        Ok(said) => (said, None),
        Err(why) => {
            let (said, sentence) = kind.general(ask, &why);
            (said, Some(sentence))
        }
    };
    Ok(Answer {
        content: said.content,
        model: said.model,
        consent: subject.consent(),
        fallback,
        propensity: Probability::ONE,
    })
}

/// Decides again with other parameters, to see what would have come next. The models and the customer are those of the record;
/// what the record's testimony does not hold, `world` answers as it is today.
///
/// # Errors
/// As [`replay`].
pub fn replay_further(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    record: &Record,
    models: &Models,
    parameters: &Parameters,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    let question = Question { parameters: parameters.clone(), ..record.question.clone() };
    again(kind, catalogue, record, models, &question, &Further { record, world })
}

/// Decides once more about the customer of a record.
fn again(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    record: &Record,
    models: &Models,
    question: &Question,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    if record.is_forgotten() {
        return Err(DecisionError::Forgotten);
    }
    answer(kind, &Ask { question, models, world, catalogue, as_before: record.is_of_before() }, &record.subject())
}

/// What was answered then, and beyond it what is answered now.
struct Further<'a> {
    record: &'a Record,
    world: &'a dyn World,
}

impl World for Further<'_> {
    fn is_available(&self, item: ItemKey) -> bool {
        let chosen = match &self.record.decision.answer.content {
            Content::Items(items) | Content::Search { items, .. } => {
                items.iter().any(|chosen| ItemKey::from(&chosen.id) == item)
            }
            _ => false,
        };
        chosen || self.record.testimony.is_available(item) && self.world.is_available(item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.record.testimony.facts(item).or_else(|| self.world.facts(item))
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.record.testimony.popular(n)
    }

    fn found(&self, own: &[(ItemKey, f64)]) -> Option<Found> {
        self.record.testimony.found(own)
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        self.record.testimony.completed()
    }
}

/// Decides again what was decided before, from the record alone and what it names: the models, and the kind as it was
/// declared then ([`Record::declaration`]).
///
/// # Errors
/// [`DecisionError`] as [`decide`] gave it; also where what was known of the customer was forgotten since.
pub fn replay(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    record: &Record,
    models: &Models,
) -> Result<Answer, DecisionError> {
    again(kind, catalogue, record, models, &record.question, &record.testimony)
}
