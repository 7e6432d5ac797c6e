//! What else does a page of the shop ask when a customer comes? What its flags are and what may be offered, once a day.

use crate::error::ServerError;
use decisions::{ContentShape, Kind, KindName};
use engine::{Asked, Engine};
use events::{Envelope, Event, Fields, Origin, parse_event};
use primitives::{ErrorKind, Timestamp, UserId};
use profiles::Identifier;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Where the shop shows it.
const CHANNEL: &str = "web";

/// Who came today, and what is asked of them.
pub(super) struct Visits {
    kinds: Vec<(KindName, bool)>,
    day: i64,
    came: BTreeSet<String>,
}

impl Visits {
    /// Asks for what the settings declare: they may be somebody's own.
    pub(super) fn of(engine: &Engine) -> Self {
        let capabilities = engine.capabilities();
        let has_flags = capabilities.flags.now().flags().next().is_some();
        let has_budget = |name: &KindName| {
            capabilities.kinds.in_force(name.as_str()).is_ok_and(|in_force| !in_force.kind().budgets().is_empty())
        };
        let abouts = capabilities.kinds.iter().map(Kind::about);
        let asked = abouts.filter_map(|about| match about.shape {
            ContentShape::Flags if has_flags => Some((about.name.clone(), false)),
            ContentShape::Actions if has_budget(&about.name) => Some((about.name.clone(), true)),
            _ => None,
        });
        Self { kinds: asked.collect(), day: 0, came: BTreeSet::new() }
    }

    /// What is asked now of who comes: nothing where they were here today.
    pub(super) fn asked_of(&mut self, user: &str, at: Timestamp) -> Vec<Asked> {
        if at.day() != self.day {
            self.day = at.day();
            self.came.clear();
        }
        if !self.came.insert(user.to_owned()) {
            return Vec::new();
        }
        let of = |(kind, is_shown): &(KindName, bool)| Asked {
            kind: kind.clone(),
            names: vec![Identifier::User(UserId::from(user))],
            parameters: is_shown.then(|| BTreeMap::from([("channel".to_owned(), CHANNEL.into())])).unwrap_or_default(),
            context: Fields::new(),
        };
        self.kinds.iter().map(of).collect()
    }
}

/// The page showed what was answered.
pub(super) fn shown(user: &str, decision: &str, at: Timestamp) -> Result<Event, ServerError> {
    let payload = json!({
        "type": "track", "event": "Decision Shown", "userId": user, "messageId": format!("shown-{decision}"),
        "timestamp": at.to_string(), "properties": { "decision_id": decision, "channel": CHANNEL },
    });
    parse_event(payload, None, &Envelope::new(at, Origin::Server)).map_err(|rejection| {
        let message = format!("{} ({}): this is a mistake of the demonstration", rejection.message, rejection.field);
        ServerError::new(ErrorKind::Internal, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_is_asked_about_once_a_day() {
        let mut visits = Visits { kinds: vec![("flags".into(), false)], day: 0, came: BTreeSet::new() };
        let noon = Timestamp::from_millis(12 * primitives::HOUR_MS);
        let mut n = |user: &str, days: i64| visits.asked_of(user, noon.plus_days(days)).len();
        assert_eq!([n("ann", 3), n("ben", 3), n("ann", 3), n("ann", 4), n("ann", 4)], [1, 1, 0, 1, 0]);
    }

    #[test]
    fn what_was_shown_is_told_as_a_shop_tells_it() {
        let event = shown("ann", "d-1", Timestamp::from_millis(0)).unwrap();
        assert_eq!(event.user_id, Some(UserId::from("ann")));
    }
}
