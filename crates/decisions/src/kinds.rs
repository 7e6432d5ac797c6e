//! What can be decided? One file a kind, one line here; outcomes of the settings need neither.

mod propensity;
mod recommend;
mod value;

pub use propensity::Propensity;
pub use recommend::Recommend;
pub use value::Value;

use crate::{Kind, Kinds};
use learning::Outcome;

/// Every kind that is built in, then one for each outcome of the settings.
#[must_use]
pub fn kinds(outcomes: &[Outcome]) -> Kinds {
    let mut kinds: Vec<Box<dyn Kind>> =
        vec![Box::new(Recommend::default()), Box::new(Propensity::new(&learning::churn())), Box::new(Value::default())];
    kinds.extend(outcomes.iter().map(|outcome| Box::new(Propensity::new(outcome)) as Box<dyn Kind>));
    Kinds::new(kinds)
}
