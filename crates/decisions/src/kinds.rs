//! What can be decided? One file a kind, one line here; outcomes of the settings need neither.

mod propensity;
mod recommend;
mod segments;
mod value;

pub use propensity::Propensity;
pub use recommend::Recommend;
pub use segments::{Condition, Segment, SegmentError, Segments};
pub use value::Value;

use crate::{Kind, Kinds};
use learning::Outcome;

/// Every kind that is built in, then one for each outcome of the settings.
#[must_use]
pub fn kinds(outcomes: &[Outcome], segments: &[Segment]) -> Kinds {
    let mut kinds: Vec<Box<dyn Kind>> = vec![
        Box::new(Recommend::default()),
        Box::new(Propensity::new(&learning::churn())),
        Box::new(Value::default()),
        Box::new(Segments::new(segments.to_vec())),
    ];
    kinds.extend(outcomes.iter().map(|outcome| Box::new(Propensity::new(outcome)) as Box<dyn Kind>));
    Kinds::new(kinds)
}
