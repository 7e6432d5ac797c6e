//! What can be decided? One file a kind, one line here; outcomes of the settings need neither.

mod act;
mod answer;
mod asked;
mod conditions;
mod flags;
mod propensity;
mod quantity;
mod rank;
mod recommend;
mod search;
mod segments;
mod suggest;
mod understand;
mod value;
mod which;

pub use act::Act;
pub(crate) use act::EFFECTS;
pub(crate) use act::arbitrate::OUTRANKED;
pub use act::context::looked_at_in_words;
pub(crate) use act::context::{Look, names as looked_at};
pub use answer::Answer;
pub use conditions::names as names_of_conditions;
pub use flags::Flags;
pub use propensity::Propensity;
pub use quantity::Quantity;
pub use rank::Rank;
pub(crate) use rank::excluded;
pub use recommend::Recommend;
pub use search::Search;
pub use segments::Segments;
pub use suggest::Suggest;
use understand::Understand;
pub use value::Value;
pub use which::Which;

use crate::declaration::{Chosen, Declared};
use crate::repertoire::Of;
use crate::rules::Rules;
use crate::{Action, DecisionError, Declaration, Kind, Kinds, List, Repertoire, Segment};
use learning::{Label, Outcome};

/// Every kind that is built in, then one for each outcome of the settings; lists of items keep to these rules.
#[must_use]
pub fn kinds(outcomes: &[Outcome], segments: &[Segment], rules: Rules) -> Kinds {
    let mut kinds: Vec<Box<dyn Kind>> = vec![
        Box::new(Recommend::new(rules)),
        Box::new(Propensity::new(&learning::churn())),
        Box::new(Value::default()),
        Box::new(Segments::new(segments.to_vec(), &[&learning::built_in_outcomes()[..], outcomes].concat())),
        Box::new(Search::default()),
        Box::new(Suggest::default()),
        Box::new(Understand::default()),
    ];
    kinds.extend(outcomes.iter().map(of_outcome));
    Kinds::new(kinds)
}

/// The lists that are there from the start.
#[must_use]
pub fn built_in_lists() -> Vec<List> {
    let leaving = List {
        name: "about_to_leave".to_owned(),
        title: "Who is about to leave, what are they worth, and why".to_owned(),
        filter: "churn >= 0.5".to_owned(),
        sort: "-churn".to_owned(),
        columns: "churn,value,why.churn".to_owned(),
        webhook: None,
    };
    vec![leaving]
}

/// The kind that answers a question of the settings, by what its label asks for.
fn of_outcome(outcome: &Outcome) -> Box<dyn Kind> {
    match outcome.label {
        Label::Did(_) | Label::DidNot(_) => Box::new(Propensity::new(outcome)),
        Label::Count(_) | Label::Sum(..) => Box::new(Quantity::new(outcome)),
        Label::Which(..) => Box::new(Which::new(outcome)),
    }
}

impl Declaration {
    /// The kind as it was declared then.
    ///
    /// # Errors
    /// [`DecisionError::Declaration`] where the words are not those that were kept, [`DecisionError::Version`] where a newer
    /// program wrote them.
    pub fn kind(&self) -> Result<Box<dyn Kind>, DecisionError> {
        Ok(declared(self.open()?))
    }

    /// The outcome that was declared then; `None` where it was something else.
    ///
    /// # Errors
    /// As [`Declaration::kind`].
    pub fn outcome(&self) -> Result<Option<Outcome>, DecisionError> {
        Ok(match self.open()? {
            Declared::Outcome(outcome) => Some(outcome),
            Declared::Segments { .. }
            | Declared::Rules(_)
            | Declared::Actions(_)
            | Declared::Offers(_)
            | Declared::Flags { .. }
            | Declared::Ranking(_) => None,
        })
    }
}

/// The kind that chooses from a list.
fn chooser(of: Of, chosen: Chosen<Action>) -> Box<dyn Kind> {
    let Chosen { actions: all, arbitration, outcomes, features, segments, beside } = chosen;
    Box::new(Act::new(Repertoire { of, all, beside }, arbitration, &outcomes, &features, &segments))
}

/// The kind that a declaration made.
fn declared(declared: Declared) -> Box<dyn Kind> {
    match declared {
        Declared::Outcome(outcome) => of_outcome(&outcome),
        Declared::Segments { segments, outcomes } => Box::new(Segments::new(segments, &outcomes)),
        Declared::Rules(rules) => Box::new(Recommend::new(rules)),
        Declared::Actions(chosen) => chooser(Of::Actions, chosen),
        Declared::Offers(chosen) => chooser(Of::Offers, chosen.of(Action::from)),
        Declared::Ranking(ranking) => Box::new(Rank::new(ranking)),
        Declared::Flags { flags, experiments, outcomes, features, segments } => {
            Box::new(Flags::new(flags, experiments, &outcomes, &features, &segments))
        }
    }
}
