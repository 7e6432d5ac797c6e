//! Whom is an action for? Its two conditions, read.

use crate::action::Action;
use crate::filter::{Filter, Names};
use crate::kinds::conditions::read;

/// An action with its conditions.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) action: Action,
    eligible: Option<Filter>,
    suitable: Option<Filter>,
}

impl Choice {
    /// Reads the conditions; one that cannot be read is kept as none, which holds of nobody.
    pub(super) fn of(action: Action, names: &Names) -> Self {
        let (eligible, suitable) = (read(&action.eligible, names), read(&action.suitable, names));
        Self { action, eligible, suitable }
    }

    /// The first of the two conditions that does not hold, and whether that is known.
    pub(super) fn fails(&self, holds: &dyn Fn(&Filter) -> Option<bool>) -> Option<&'static str> {
        let of = |filter: &Option<Filter>| filter.as_ref().and_then(holds);
        match (of(&self.eligible), of(&self.suitable)) {
            (Some(false), _) => Some("eligible"),
            (None, _) => Some("eligible: not known"),
            (_, Some(false)) => Some("suitable"),
            (_, None) => Some("suitable: not known"),
            (Some(true), Some(true)) => None,
        }
    }

    /// The conditions that could be read.
    pub(super) fn filters(&self) -> impl Iterator<Item = &Filter> {
        [&self.eligible, &self.suitable].into_iter().flatten()
    }
}
