//! How is a decision made? The one path of every kind, live and replayed: consent and what is missing are said here.

use crate::{Answer, Ask, DecisionError, Kind, Kinds, Models, Question, Record, Subject, Why, World};
use features::Catalogue;
use primitives::Probability;

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
    if record.is_forgotten() {
        return Err(DecisionError::Forgotten);
    }
    let (question, world) = (&record.question, &record.testimony);
    let ask = Ask { question, models, world, catalogue, as_before: record.is_of_before() };
    answer(kind, &ask, &record.subject())
}
