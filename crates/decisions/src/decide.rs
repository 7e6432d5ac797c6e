//! How is a decision made? The one path of every kind, live and replayed: consent and what is missing are said here.

use crate::interleave::{Interleave, SIDES, Side, coins, draft};
use crate::recalled::{Further, Recalled};
use crate::{
    Answer, Ask, Contender, Content, DecisionError, Kind, Kinds, Models, Parameters, Question, RankedItem, Record,
    Subject, Why, World, Worth,
};
use features::Catalogue;
use models::recommend::Part;
use primitives::{DecisionId, ItemKey, Seed, stable_hash};

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
    decide_by(kinds.get(question.kind.as_str())?, catalogue, question, subject, models, world)
}

/// Decides by a kind, as it is held by now.
///
/// # Errors
/// As [`decide`].
pub fn decide_by(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> Result<Answer, DecisionError> {
    kind.check(&question.parameters)?;
    Ok(answer(kind, &live(catalogue, question, models, world), subject))
}

/// What is asked now.
fn live<'a>(catalogue: &'a Catalogue, question: &'a Question, models: &'a Models, world: &'a dyn World) -> Ask<'a> {
    Ask { question, models, world, catalogue, as_before: false, is_unplaced: false }
}

/// What is asked about the customer of a record.
fn recalled<'a>(
    catalogue: &'a Catalogue,
    record: &Record,
    question: &'a Question,
    models: &'a Models,
    world: &'a dyn World,
) -> Result<Ask<'a>, DecisionError> {
    if record.is_forgotten() {
        return Err(DecisionError::Forgotten);
    }
    let (as_before, is_unplaced) = (record.is_of_before(), record.is_unplaced());
    Ok(Ask { question, models, world, catalogue, as_before, is_unplaced })
}

/// Decides by a kind where an experiment drafts its lists from two ways to ask it: the answer, and who picked each item.
///
/// # Errors
/// As [`decide`].
pub fn decide_drafted(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
    by: &Interleave,
) -> Result<(Answer, Vec<Side>), DecisionError> {
    for side in SIDES {
        kind.check(&by.asked(question, side).parameters)?;
    }
    Ok(drafted(kind, &live(catalogue, question, models, world), subject, by))
}

/// The list that both sides of an experiment pick. Who is not known, or has nothing by the control, is answered by that alone.
fn drafted(kind: &dyn Kind, ask: &Ask<'_>, subject: &Subject, by: &Interleave) -> (Answer, Vec<Side>) {
    let of = |side: Side| {
        let question = by.asked(ask.question, side);
        answer(kind, &Ask { question: &question, ..*ask }, subject)
    };
    let mut control = of(Side::Control);
    let seed = ask.world.seed().filter(|_| !ask.is_held_out() && control.fallback.is_none());
    let Some(seed) = seed else { return (control, Vec::new()) };
    let other = of(Side::Other);
    let (Content::Items(first), Content::Items(second)) = (&control.content, &other.content) else {
        return (control, Vec::new());
    };
    let lists = [first, second];
    let orders = lists.map(|list| list.iter().map(|item| ItemKey::from(&item.id)).collect::<Vec<_>>());
    let n = first.len().max(second.len());
    let picks = draft([&orders[0], &orders[1]], n, coins(seed));
    let item = |(key, side): &(ItemKey, Side)| {
        let at = orders[*side as usize].iter().position(|one| one == key)?;
        // How likely it was to stand here hangs on both lists, and on the coins.
        Some(RankedItem { propensity: None, ..lists[*side as usize][at].clone() })
    };
    // What rules left out of one list may stand in the other: of both together nothing is told.
    control.left_out.clear();
    if picks.len() > first.len() {
        control.shortfall = other.shortfall;
    }
    control.content = Content::Items(picks.iter().filter_map(item).collect());
    (control, picks.into_iter().map(|(_, side)| side).collect())
}

fn answer(kind: &dyn Kind, ask: &Ask<'_>, subject: &Subject) -> Answer {
    let own = match subject {
        Subject::Known(known) => Ok(known.get()),
        Subject::Withheld(consent) => Err(Why::Refused(*consent)),
        Subject::Unknown(_) => Err(Why::Unknown),
    };
    let (said, fallback) = if ask.is_held_out() {
        let (said, sentence) = kind.held_out(ask, own.ok());
        (said, Some(sentence))
    } else {
        match own.and_then(|known| kind.personal(ask, known)) {
            Ok(mut said) => {
                let fallback = said.more.fallback.take();
                (said, fallback)
            }
            Err(why) => {
                let (said, sentence) = kind.general(ask, &why);
                (said, Some(sentence).filter(|sentence| !sentence.is_empty()))
            }
        }
    };
    Answer {
        content: said.content,
        model: said.model,
        consent: subject.consent(),
        fallback,
        propensity: said.more.propensity,
        shortfall: said.more.shortfall,
        left_out: said.more.left_out,
        arm: ask.question.arm,
    }
}

/// What whoever is held out would have been answered, chance aside.
///
/// # Errors
/// As [`decide`].
pub fn withheld(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> Result<Content, DecisionError> {
    let question = Question { arm: None, ..question.clone() };
    Ok(decide_by(kind, catalogue, &question, subject, models, world)?.content)
}

/// What each of those that the kind chooses among is worth, asked as for [`decide`]; nothing for who is held out.
///
/// # Errors
/// As [`decide`].
pub fn worths(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
) -> Result<Vec<Worth>, DecisionError> {
    kind.check(&question.parameters)?;
    let ask = live(catalogue, question, models, world);
    Ok(if ask.is_held_out() { Vec::new() } else { kind.worths(&ask, subject.known()) })
}

/// What each part of the kind's model says of each of these items, asked as for [`decide`]; nothing where the answer is not
/// made from this customer's data.
#[must_use]
pub fn parts(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    question: &Question,
    subject: &Subject,
    models: &Models,
    world: &dyn World,
    items: &[ItemKey],
) -> Vec<Vec<Part>> {
    let ask = live(catalogue, question, models, world);
    subject.known().map_or_else(Vec::new, |known| kind.parts(&ask, known, items))
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
    again(kind, catalogue, record, models, &question, &Further::of(record, world))
}

/// Everything that could have been drawn first in a decision that was made before, weighed again by a kind: that of then
/// ([`Record::declaration`]), or the same with other levers ([`Kind::with_levers`]). Nothing where nothing was drawn, and of whom was
/// held out.
///
/// # Errors
/// [`DecisionError::Forgotten`] where what was known of the customer was forgotten since.
pub fn contenders(
    kind: &dyn Kind,
    catalogue: &Catalogue,
    record: &Record,
    models: &Models,
) -> Result<Vec<Contender>, DecisionError> {
    let world = Recalled::of(record).by_chance(seed_of(&record.decision.id));
    let ask = recalled(catalogue, record, &record.question, models, &world)?;
    Ok(if ask.is_held_out() { Vec::new() } else { kind.contenders(&ask, record.subject().known()) })
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
    let ask = recalled(catalogue, record, question, models, world)?;
    let subject = if record.is_held_out_unseen() { record.subject().unseen() } else { record.subject() };
    kind.check_again(&question.parameters)?;
    Ok(match record.drafted() {
        Some(by) => drafted(kind, &ask, &subject, &by.by).0,
        None => answer(kind, &ask, &subject),
    })
}

/// From which seed chance comes in a decision: its name tells it again.
#[must_use]
pub fn seed_of(id: &DecisionId) -> Seed {
    Seed::new(stable_hash(id.as_str()))
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
    let world = Recalled::of(record).by_chance(seed_of(&record.decision.id));
    again(kind, catalogue, record, models, &record.question, &world)
}
