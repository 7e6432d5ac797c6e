//! How does one event stand in the list?

use super::super::customers::label;
use super::super::words::words;
use crate::app::App;
use crate::error::ServerError;
use console::view::{EventRow, EventStatus};
use engine::Live;
use events::{Call, Event, ImportId, Offset, Origin, Places, Recorded, Rejected, RejectionCode, Sent, Understanding};
use primitives::{CustomerId, ItemId, ItemKey, Timestamp};
use profiles::Identifier;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How many rows are made in one look.
const N_AT_ONCE: usize = 32;

/// With which imports some events came, and when. An imported event itself says only when it happened: what was known at
/// a moment of the past is asked by that.
pub(in crate::pages) struct Arrivals {
    came: Vec<(Places, ImportId)>,
    at: BTreeMap<ImportId, Timestamp>,
}

impl Arrivals {
    pub(in crate::pages) fn of(app: &App, found: &[Recorded]) -> Result<Self, ServerError> {
        let imports = &app.engine.ports().imports;
        let imported = found.iter().filter(|one| one.event.origin == Origin::Import).map(|one| one.offset);
        let (mut came, mut at) = (Vec::new(), BTreeMap::new());
        if let Some((first, last)) = imported.clone().min().zip(imported.max()) {
            came = imports.imported_at(Places(first, last))?;
        }
        for id in came.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>() {
            at.extend(imports.import(id)?.map(|import| (id, import.ended_at.unwrap_or(import.began_at))));
        }
        Ok(Self { came, at })
    }

    /// The import, and when it was done or, where it still runs, begun.
    fn of_event(&self, offset: Offset) -> Option<(ImportId, Timestamp)> {
        let (_, id) = self.came.iter().find(|(places, _)| (places.0..=places.1).contains(&offset))?;
        Some((*id, *self.at.get(id)?))
    }
}

/// An accepted event as a row.
pub(in crate::pages) fn accepted(app: &App, recorded: &Recorded) -> Result<EventRow, ServerError> {
    let (arrivals, fault) = (Arrivals::of(app, std::slice::from_ref(recorded))?, fault(app, recorded));
    let texts = Texts::of(&recorded.event);
    let mut row = app.engine.look(|live| row(live, &arrivals, recorded, texts, fault));
    label_others(app, std::slice::from_mut(&mut row));
    Ok(row)
}

/// Accepted events as rows.
pub(super) fn all_accepted(app: &App, found: &[Recorded]) -> Result<Vec<EventRow>, ServerError> {
    let arrivals = Arrivals::of(app, found)?;
    let mut rows = Vec::with_capacity(found.len());
    for some in found.chunks(N_AT_ONCE) {
        let made: Vec<_> = some.iter().map(|one| (one, Texts::of(&one.event), fault(app, one))).collect();
        rows.extend(app.engine.look(|live| {
            let row = |(one, texts, fault)| row(live, &arrivals, one, texts, fault);
            made.into_iter().map(row).collect::<Vec<_>>()
        }));
    }
    label_others(app, &mut rows);
    Ok(rows)
}

/// Labels the customers who are not in memory: of each one look, since events wait while it is read from the disk. Who cannot be
/// read has no label: that is what the page of live events is opened for, and no reason to show none of it.
fn label_others(app: &App, rows: &mut [EventRow]) {
    let mut read: BTreeMap<String, Option<String>> = BTreeMap::new();
    for row in rows {
        let Some(id) = row.customer.as_ref().filter(|_| row.customer_label.is_none()) else { continue };
        if !read.contains_key(id) {
            let label_of = |live: &Live| {
                let known = live.profiles.customer(&CustomerId::from(id.as_str())).ok().flatten()?;
                label(&known.profile)
            };
            read.insert(id.clone(), app.engine.look(label_of));
        }
        row.customer_label.clone_from(&read[id]);
    }
}

/// An event as it was sent, and as it is kept.
struct Texts {
    sent: String,
    stored: String,
}

impl Texts {
    fn of(event: &Event) -> Self {
        Self { sent: as_sent(event).to_string(), stored: serde_json::to_string(event).unwrap_or_default() }
    }
}

/// Where an event does not fit its schema.
fn fault(app: &App, recorded: &Recorded) -> Option<String> {
    Some(format!("Does not fit its schema: {}.", app.schemas.fault_of(&recorded.event)?))
}

fn row(
    live: &Live,
    arrivals: &Arrivals,
    Recorded { offset, event }: &Recorded,
    texts: Texts,
    fault: Option<String>,
) -> EventRow {
    let arrival = arrivals.of_event(*offset);
    let kind = event.kind().name();
    let named = Identifier::of(event).into_iter().flatten().next();
    let words = words(event, &|id| name_of(live, id));
    let notes: Vec<String> = note(event).into_iter().chain(fault).collect();
    let (customer, customer_label) = named.map(|name| customer(live, &name)).unzip();
    EventRow {
        offset: Some(offset.0),
        came_at: arrival.map_or(event.received_at, |(_, at)| at),
        import: arrival.map(|(id, _)| id.0),
        occurred_at: Some(event.occurred_at),
        kind: kind.to_owned(),
        name: if event.title() == kind { String::new() } else { event.title().to_owned() },
        detail: words.detail(),
        says: words.head,
        amount: words.amount,
        customer,
        customer_label: customer_label.flatten(),
        status: EventStatus::Accepted,
        note: (!notes.is_empty()).then(|| notes.join(" ")),
        sent: texts.sent,
        stored: Some(texts.stored),
    }
}

/// What people call an item.
pub(in crate::pages) fn name_of(live: &Live, id: &ItemId) -> Option<String> {
    live.items.get(ItemKey::from(id))?.name.as_ref().map(|name| name.value.clone())
}

/// What its sender should know of an event although it was accepted.
fn note(event: &Event) -> Option<String> {
    let of_name = (event.understanding() == Understanding::NotUnderstood).then(|| {
        "Not understood: the name speaks of a purchase and is none that Rapport knows, so it counts for nothing but an \
         event. docs/events.md has the names."
            .to_owned()
    });
    let of_time = event.stated_at.map(|at| {
        let why = if at > event.received_at { "was in the future" } else { "no clock that is set says" };
        format!("Stated for {at}, which {why}: taken for when it came.")
    });
    // A sentence each, of which the message is the beginning.
    let of_marks = event.marks().into_iter().map(|mark| format!("Does not count: {}.", mark.message));
    let notes: Vec<String> = of_name.into_iter().chain(of_time).chain(of_marks).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// An event as its sender wrote it, what a batch shared merged in: without what was made of it here.
fn as_sent(event: &Event) -> Value {
    let mut sent = match serde_json::to_value(event) {
        Ok(Value::Object(sent)) => sent,
        _ => Map::new(),
    };
    for ours in ["occurredAt", "receivedAt", "statedAt", "origin"] {
        sent.remove(ours);
    }
    let at = event.stated_at.unwrap_or(event.occurred_at);
    if !matches!(event.call, Call::Correction { .. } | Call::Separate { .. }) {
        sent.insert("timestamp".to_owned(), at.to_string().into());
    }
    Value::Object(sent)
}

/// Rejected events as rows.
pub(super) fn all_refused(app: &App, found: Vec<Rejected>) -> Vec<EventRow> {
    let mut rows = app.engine.look(|live| found.into_iter().map(|one| refused(live, one)).collect::<Vec<_>>());
    label_others(app, &mut rows);
    rows
}

/// What was sent may be anything at all, and cut.
fn refused(live: &Live, rejected: Rejected) -> EventRow {
    let sent = Sent::of(&rejected.payload);
    let named = sent.user_id().map(Identifier::User).or_else(|| sent.anonymous_id().map(Identifier::Anonymous));
    // An event that was rejected may be the only one of its customer: then there is nobody to open.
    let known = named.filter(|name| live.profiles.find(name).is_ok_and(|found| found.is_some()));
    let (customer, customer_label) = known.map(|name| customer(live, &name)).unzip();
    EventRow {
        offset: None,
        came_at: rejected.received_at,
        import: None,
        occurred_at: None,
        name: sent.name().unwrap_or_default().chars().take(200).collect(),
        kind: rejected.call.unwrap_or_else(|| "unknown".to_owned()),
        says: String::new(),
        detail: None,
        amount: None,
        customer,
        customer_label: customer_label.flatten(),
        status: EventStatus::Rejected {
            is_conflict: rejected.rejection.code == RejectionCode::Conflict,
            reason: rejected.rejection.message,
            pointer: Some(rejected.rejection.field).filter(|field| !field.is_empty()),
        },
        note: None,
        sent: rejected.payload,
        stored: None,
    }
}

/// The customer a name belongs to by now, and what people call them where they are in memory.
fn customer(live: &Live, name: &Identifier) -> (String, Option<String>) {
    let id = live.profiles.find(name).ok().flatten().unwrap_or_else(|| name.customer_id());
    let known = live.profiles.in_memory(&id).flatten();
    (id.to_string(), known.and_then(|customer| label(&customer.profile)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(payload: Value) -> Event {
        let envelope = events::Envelope::new(Timestamp::from_millis(1_700_000_000_000), Origin::Server);
        events::parse_event(payload, Some(events::CallKind::Track), &envelope).unwrap()
    }

    #[test]
    fn a_note_says_each_thing_that_does_not_count() {
        let noted = |payload: Value| note(&event(payload));
        let call = json!({"userId": "u", "event": "Call Ended", "properties": {"seconds": 5}});
        assert_eq!(noted(call), None);
        let call = json!({"userId": "u", "event": "Call Ended", "properties": {"seconds": -5, "call_id": []},
            "timestamp": "2031-01-01T00:00:00Z"});
        let note = noted(call).unwrap();
        let places = ["Stated for", "Does not count: \"seconds\" is", "Does not count: \"call_id\" is"]
            .map(|part| note.find(part));
        assert!(places.is_sorted() && places[0] == Some(0), "{note}");
    }

    #[test]
    fn what_was_sent_is_told_without_what_was_made_of_it() {
        let sent = json!({"type": "track", "event": "Call Ended", "properties": {"seconds": 5}, "userId": "u",
            "messageId": "m1", "context": {"ip": "::1"}, "timestamp": "2023-11-14T10:00:00.000Z"});
        assert_eq!(as_sent(&event(sent.clone())), sent);
        let mut early = sent;
        early["timestamp"] = json!("2031-01-01T00:00:00.000Z");
        assert_eq!(as_sent(&event(early.clone())), early, "as it was stated");
    }
}
