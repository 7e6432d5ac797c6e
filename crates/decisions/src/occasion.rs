//! What did a decision choose among actions that came with its question? As it is learned from.

use crate::kinds::excluded;
use crate::options::{self, Given};
use crate::{Arm, Content, Record};
use learning::Sides;
use primitives::{CustomerId, Timestamp};
use serde_json::Value;

/// What one decision about an occasion chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Occasion {
    /// About whom; `None` where nobody was named.
    pub customer: Option<CustomerId>,
    /// When.
    pub at: Timestamp,
    /// Whether it counts only once it is said that it was shown.
    pub is_deferred: bool,
    /// Which was chosen, by its place in the question's list.
    pub chosen: u32,
    /// With which chance.
    pub propensity: f64,
    /// Those that could have been, by their places in that list.
    pub candidates: Box<[u32]>,
    /// What was said of the situation, and of each of them.
    pub sides: Sides,
}

impl Record {
    /// What it chose; `None` where it is of another kind, the customer was held out, or it is forgotten.
    #[must_use]
    pub fn occasion(&self) -> Option<Occasion> {
        let Content::Actions(actions) = &self.decision.answer.content else { return None };
        if self.is_forgotten() || self.question.arm == Some(Arm::Holdout) {
            return None;
        }
        let parameters = &self.question.parameters;
        let excluded = excluded(parameters);
        let open: Vec<(u32, Given<'_>)> = (0..)
            .zip(options::given(parameters.get("actions")))
            .filter(|(_, one)| !excluded.contains(one.id))
            .collect();
        let first = actions.chosen.first()?;
        let (chosen, _) = open.iter().find(|(_, one)| one.id == first.id)?;
        Some(Occasion {
            customer: (!self.question.is_of_nobody()).then(|| self.question.customer.clone()),
            at: self.question.as_of,
            is_deferred: parameters.get("deferred") == Some(&Value::Bool(true)),
            chosen: *chosen,
            propensity: first.propensity.get(),
            candidates: open.iter().map(|(place, _)| *place).collect(),
            sides: Sides {
                x: options::side_of(self.question.context.iter()),
                actions: open.iter().map(|(_, one)| one.side()).collect(),
            },
        })
    }
}
