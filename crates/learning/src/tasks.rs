//! What can be learned? One file a task, one line here; outcomes of the settings need neither.

pub(crate) mod binary;
pub(crate) mod recommend;
mod segments;
mod value;

pub use binary::Binary;
pub use recommend::{Recommend, history_of};
pub use segments::{Segments, rfm_of};
pub use value::{History as ValueHistory, Value};

use crate::outcome::Outcome;
use crate::{Task, outcomes};

/// Every task that is built in, then one for each outcome of the settings.
#[must_use]
pub fn tasks(outcomes: &[Outcome]) -> crate::Tasks {
    let mut tasks: Vec<Box<dyn Task>> = vec![
        Box::new(Recommend::default()),
        Box::new(Binary::new(outcomes::churn::churn())),
        Box::new(Value::default()),
        Box::new(Segments::default()),
    ];
    tasks.extend(outcomes.iter().map(|outcome| Box::new(Binary::new(outcome.clone())) as Box<dyn Task>));
    crate::Tasks::new(tasks)
}
