//! Is the company of a data directory a simulated one, and which?

use console::view::Notice;
use engine::Engine;
use events::{Call, CallKind, Event, Origin};
use features::{Inflow, InflowName, Inflows};
use primitives::{ItemId, ItemKey};
use serde::Deserialize;
use serde_json::Value;
use simulation::{FIRST_ITEM, Label};
use std::collections::BTreeMap;

/// Whose catalogue a place holds. A simulated company comes only where there is none, or its own: among what is real it would be
/// taken for real.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resident {
    /// None has come in yet.
    Nobody,
    /// A simulated company's.
    Simulated(Label),
    /// Others'.
    Others,
}

impl Resident {
    /// Of what is known of the first thing that every simulated company sells, and of whether a company has told of anything.
    pub(crate) fn of(simulated: Option<&Value>, has_told: bool) -> Self {
        match simulated.and_then(|said| Label::deserialize(said).ok()) {
            Some(label) => Self::Simulated(label),
            None if has_told => Self::Others,
            None => Self::Nobody,
        }
    }

    /// Of the data directory of an engine.
    pub(crate) fn here(engine: &Engine) -> Self {
        let first = ItemKey::from(&ItemId::from(FIRST_ITEM));
        engine.look(|live| {
            let said = live.items.get(first).and_then(|item| serde_json::from_str(item.simulated()?).ok());
            Self::of(said.as_ref(), live.inflows.iter().any(|(_, inflow)| has_told(inflow)))
        })
    }
}

/// Whether the company itself has told any of what came in: whoever holds the write key tells what they like.
fn has_told(inflow: &Inflow) -> bool {
    Origin::ALL.iter().zip(&inflow.by_origin).any(|(origin, sender)| origin.is_trusted() && sender.n_events > 0)
}

/// Where a server tells of a thing.
pub(crate) fn path_of(id: &str) -> String {
    format!("/v1/items/{id}")
}

/// What has come in at a server, as far as it matters here.
#[derive(Deserialize)]
pub(crate) struct Incoming {
    events: Vec<Called>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Called {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    by_origin: BTreeMap<String, u64>,
}

impl Incoming {
    /// Where a server tells it.
    pub(crate) const PATH: &str = "/v1/data";

    /// Whether a company has told of anything that it sells.
    pub(crate) fn has_items(&self) -> bool {
        self.events.iter().any(|event| event.kind == CallKind::Item.name())
    }

    /// Whether a company has told of anything, with a server key or an import.
    pub(crate) fn has_told(&self) -> bool {
        let has_told = |origin: &Origin| {
            self.events.iter().any(|event| event.by_origin.get(origin.name()).is_some_and(|n_events| *n_events > 0))
        };
        Origin::ALL.iter().filter(|origin| origin.is_trusted()).any(has_told)
    }
}

/// The simulated company that the catalogue says it is of; `None` in a company that is real.
pub(crate) fn label(engine: &Engine) -> Option<Label> {
    engine.look(|live| live.items.simulated().and_then(|said| serde_json::from_str(said).ok()))
}

/// The simulated company that a thing is told to be of; as of [`label`], only where the company itself says so.
pub(crate) fn of(event: &Event) -> Option<Label> {
    match &event.call {
        Call::Item { traits, .. } if event.origin.is_trusted() => {
            serde_json::from_value(traits.get("simulated")?.clone()).ok()
        }
        _ => None,
    }
}

/// From what a company was made, in words.
pub(crate) fn name(label: &Label) -> String {
    let Label { seed, customers, days, end } = label;
    format!("seed {seed}, {customers} customers, {days} days up to {end}")
}

/// What everybody must know of a simulated company's data.
pub(crate) fn notice(engine: &Engine) -> Option<Notice> {
    label(engine).map(|label| told(&label, false, engine.look(|live| has_history(&live.inflows))))
}

/// The same of a company whose history is known, and may live on while one looks.
pub(crate) fn notice_of(label: &Label, is_alive: bool) -> Notice {
    told(label, is_alive, true)
}

fn told(label: &Label, is_alive: bool, has_history: bool) -> Notice {
    let Label { seed, customers, days, end } = label.clone();
    Notice::Simulated { seed, customers: u64::from(customers), days: u64::from(days), end, is_alive, has_history }
}

/// Whether the days of its label were told: the catalogue is imported with them. That of a company that began to live beside the
/// server is told by the company.
fn has_history(inflows: &Inflows) -> bool {
    let items = inflows.get(&InflowName { kind: CallKind::Item, name: String::new() });
    let mut senders = items.into_iter().flat_map(|items| Origin::ALL.into_iter().zip(&items.by_origin));
    senders.any(|(origin, sender)| origin == Origin::Import && sender.n_events > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Envelope, Offset, Recorded, parse_event};
    use primitives::Timestamp;
    use serde_json::json;

    #[test]
    fn days_were_told_where_the_catalogue_was_imported() {
        let of = |call: serde_json::Value, origin| {
            let mut inflows = Inflows::default();
            let at = Timestamp::parse("2026-11-02T00:00:00Z").unwrap();
            let event = parse_event(call, None, &Envelope::new(at, origin)).unwrap();
            inflows.apply(&Recorded { offset: Offset(1), event });
            has_history(&inflows)
        };
        let item = json!({"type": "item", "itemId": "LK-0000", "traits": {"name": "Tea"}, "messageId": "1", "timestamp": "2026-11-01T00:00:00Z"});
        let track = json!({"type": "track", "event": "Order Completed", "userId": "u", "messageId": "2",
            "timestamp": "2026-11-01T00:00:00Z"});
        assert!(of(item.clone(), Origin::Import));
        assert!(!of(item, Origin::Server) && !of(track, Origin::Import));
        assert!(!has_history(&Inflows::default()));
    }
}
