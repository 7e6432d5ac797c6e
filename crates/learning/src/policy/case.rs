//! What does a policy foretell of a round that it has not learned from?

use crate::body::{PolicyModel, SHARED};
use crate::rounds::{Round, RoundLog};

/// A round that is judged.
pub(super) struct Case<'a> {
    pub(super) round: &'a Round,
    pub(super) view: Vec<f64>,
    /// What came, and which share of what comes could have come.
    pub(super) came: f64,
    pub(super) arrived: f64,
}

/// Which share of its worth an action brings in a case.
pub(super) fn foretold(log: &RoundLog, model: &PolicyModel, case: &Case<'_>, action: u32) -> f64 {
    let found = match &case.round.sides {
        // What was drawn is looked at most often.
        Some(_) if action == case.round.action => model.foretell(&case.view, SHARED, SHARED),
        Some(sides) => case.round.place_of(action).and_then(|at| model.foretell_row(&sides.row(at))),
        None => {
            let doable = log.actions.get(action as usize);
            doable.and_then(|doable| model.foretell(&case.view, &doable.name, &doable.group))
        }
    };
    found.map_or(0.0, |found| found.share)
}
