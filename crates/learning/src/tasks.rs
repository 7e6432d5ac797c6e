//! What can be learned? One file a task, one line here; outcomes of the settings need neither.

mod act;
pub(crate) mod asked;
pub(crate) mod binary;
mod classes;
mod intent;
mod number;
mod rank;
pub(crate) mod recommend;
mod search;
mod segments;
mod uplift;
mod value;

pub use act::Act;
pub use binary::Binary;
pub use classes::Classes;
pub use intent::{Intent, LABEL_BYTES_MAX, LABELLED, N_LABELS_MAX};
pub use number::Number;
pub use rank::Rank;
pub use recommend::Recommend;
pub use search::Search;
pub use segments::{Segments, rfm_of};
pub use uplift::Uplift;
pub use value::{History as ValueHistory, Value};

use crate::outcome::{Label, Outcome};
use crate::{Task, outcomes};

/// Every task that is built in, then one for each outcome of the settings.
#[must_use]
pub fn tasks(outcomes: &[Outcome]) -> crate::Tasks {
    let mut tasks: Vec<Box<dyn Task>> = vec![
        Box::new(Recommend::default()),
        Box::new(Binary::new(outcomes::churn::churn())),
        Box::new(Value::default()),
        Box::new(Segments::default()),
        Box::new(Search::default()),
        Box::new(Intent::default()),
    ];
    tasks.extend(outcomes.iter().map(of_outcome));
    crate::Tasks::new(tasks)
}

/// The task that learns a question of the settings, by what its label asks for.
fn of_outcome(outcome: &Outcome) -> Box<dyn Task> {
    match outcome.label {
        Label::Did(_) | Label::DidNot(_) => Box::new(Binary::new(outcome.clone())),
        Label::Count(_) | Label::Sum(..) => Box::new(Number::new(outcome.clone())),
        Label::Which(..) => Box::new(Classes::new(outcome.clone())),
    }
}
