//! What came in lately, and what was rejected why?

use super::visit::Visit;
use super::{Asked, more_rows, n_rows};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::view::{EventRow, EventStatus, EventsPage, Frame, StatusFilter};
use engine::Live;
use events::{
    Event, ImportId, Inspected, InspectedStatus, N_LOOKED_AT, Offset, Origin, Places, Recorded, Rejected,
    RejectionCode, Sent, Understanding,
};
use primitives::Timestamp;
use profiles::Identifier;
use std::collections::{BTreeMap, BTreeSet};

/// Names that are offered while nothing has come in.
const NAMES: [&str; 4] = ["Order Completed", "Product Added", "Product Viewed", "identify"];

/// `/events?status=&name=&live=1`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<EventsPage, ServerError> {
    let text = |name: &str| asked.get(name).map_or("", |value| value.trim());
    let status = StatusFilter::parse(text("status"));
    let name: String = text("name").chars().take(200).collect();
    let n = n_rows(asked);
    let log = &app.engine.ports().events;
    let wanted = match status {
        StatusFilter::All => InspectedStatus::All,
        StatusFilter::Accepted => InspectedStatus::Accepted,
        StatusFilter::Rejected => InspectedStatus::Rejected,
    };
    let found = log.recent(wanted, Some(name.as_str()).filter(|name| !name.is_empty()), n)?;
    let arrivals = Arrivals::of(app, &found)?;
    let fault = |one| Some(format!("Does not fit its schema: {}.", app.schemas.fault(one)?));
    let faults: Vec<Option<String>> = found.iter().map(fault).collect();
    let mut rows: Vec<EventRow> =
        app.engine.look(|live| found.into_iter().map(|one| row(live, &arrivals, one)).collect());
    for (row, fault) in rows.iter_mut().zip(faults).filter(|(_, fault)| fault.is_some()) {
        let notes: Vec<String> = row.note.take().into_iter().chain(fault).collect();
        row.note = Some(notes.join(" "));
    }
    let mut names: BTreeSet<String> = NAMES.map(str::to_owned).into();
    names.extend(rows.iter().map(|row| row.name.clone()).filter(|name| !name.is_empty()));
    let kept_status = if status == StatusFilter::All { "" } else { status.name() };
    Ok(EventsPage {
        status,
        live: text("live") == "1",
        names: names.into_iter().collect(),
        accepted: log.head().0,
        rejected: log.n_rejected()?,
        looked_at: looked_at(&name, status, rows.len() < n, log.head()),
        older: more_rows("/events", &[("status", kept_status), ("name", &name)], rows.len(), n),
        name,
        rows,
        frame,
    })
}

/// Among how many of the newest events those of the name were looked for, where there may be more of them.
fn looked_at(name: &str, status: StatusFilter, are_all_shown: bool, head: Offset) -> Option<u64> {
    let is_by_name = !name.is_empty() && status != StatusFilter::Rejected;
    (is_by_name && are_all_shown && head.0 > N_LOOKED_AT).then_some(N_LOOKED_AT)
}

/// With which imports some events came, and when. An imported event itself says only when it happened: what was known at
/// a moment of the past is asked by that.
struct Arrivals {
    came: Vec<(Places, ImportId)>,
    at: BTreeMap<ImportId, Timestamp>,
}

impl Arrivals {
    fn of(app: &App, found: &[Inspected]) -> Result<Self, ServerError> {
        let imports = &app.engine.ports().imports;
        let imported = found.iter().filter_map(|one| match one {
            Inspected::Accepted(Recorded { offset, event }) => (event.origin == Origin::Import).then_some(*offset),
            Inspected::Rejected(_) => None,
        });
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

fn row(live: &Live, arrivals: &Arrivals, inspected: Inspected) -> EventRow {
    match inspected {
        Inspected::Accepted(recorded) => accepted(live, arrivals, &recorded),
        Inspected::Rejected(rejected) => refused(live, rejected),
    }
}

fn accepted(live: &Live, arrivals: &Arrivals, Recorded { offset, event }: &Recorded) -> EventRow {
    let arrival = arrivals.of_event(*offset);
    let kind = event.kind().name();
    let named = Identifier::of(event).into_iter().flatten().next();
    EventRow {
        came_at: arrival.map_or(event.received_at, |(_, at)| at),
        import: arrival.map(|(id, _)| id.0),
        occurred_at: Some(event.occurred_at),
        kind: kind.to_owned(),
        name: if event.title() == kind { String::new() } else { event.title().to_owned() },
        customer: named.map(|name| customer(live, &name)),
        status: EventStatus::Accepted,
        note: note(event),
        json: serde_json::to_string(event).unwrap_or_default(),
    }
}

/// What its sender should know of an event although it was accepted.
fn note(event: &Event) -> Option<String> {
    let of_name = (event.understanding() == Understanding::NotUnderstood).then(|| {
        "Not understood: the name speaks of a purchase and is none that Rapport knows, so it counts for nothing but an \
         event. docs/events.md has the names."
            .to_owned()
    });
    let of_time =
        event.stated_at.map(|at| format!("Stated for {at}, which was in the future: taken for when it came."));
    // A sentence each, of which the message is the beginning.
    let of_marks = event.marks().into_iter().map(|mark| format!("Does not count: {}.", mark.message));
    let notes: Vec<String> = of_name.into_iter().chain(of_time).chain(of_marks).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// What was sent may be anything at all, and cut.
fn refused(live: &Live, rejected: Rejected) -> EventRow {
    let sent = Sent::of(&rejected.payload);
    let named = sent.user_id().map(Identifier::User).or_else(|| sent.anonymous_id().map(Identifier::Anonymous));
    // An event that was rejected may be the only one of its customer: then there is nobody to open.
    let customer = named.and_then(|name| live.profiles.find(&name).ok().flatten()).map(|id| id.to_string());
    EventRow {
        came_at: rejected.received_at,
        import: None,
        occurred_at: None,
        name: sent.name().unwrap_or_default().chars().take(200).collect(),
        kind: rejected.call.unwrap_or_else(|| "unknown".to_owned()),
        customer,
        status: EventStatus::Rejected {
            is_conflict: rejected.rejection.code == RejectionCode::Conflict,
            reason: rejected.rejection.message,
            pointer: Some(rejected.rejection.field).filter(|field| !field.is_empty()),
        },
        note: None,
        json: rejected.payload,
    }
}

/// The customer a name belongs to by now.
fn customer(live: &Live, name: &Identifier) -> String {
    live.profiles.find(name).ok().flatten().unwrap_or_else(|| name.customer_id()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn that_there_may_be_older_events_of_a_name_is_said_where_there_may_be() {
        let (all, many) = (StatusFilter::All, Offset(N_LOOKED_AT + 1));
        assert_eq!(looked_at("Home", all, true, many), Some(N_LOOKED_AT));
        assert_eq!(looked_at("Home", StatusFilter::Accepted, true, many), Some(N_LOOKED_AT));
        assert_eq!(looked_at("", all, true, many), None, "all names");
        assert_eq!(looked_at("Home", StatusFilter::Rejected, true, many), None, "all of those are looked at");
        assert_eq!(looked_at("Home", all, false, many), None, "there is a next page");
        assert_eq!(looked_at("Home", all, true, Offset(N_LOOKED_AT)), None, "all were looked at");
    }

    #[test]
    fn a_note_says_each_thing_that_does_not_count() {
        let noted = |payload: Value| {
            let envelope = events::Envelope::new(Timestamp::from_millis(1_700_000_000_000), Origin::Server);
            note(&events::parse_event(payload, Some(events::CallKind::Track), &envelope).unwrap())
        };
        let call = serde_json::json!({"userId": "u", "event": "Call Ended", "properties": {"seconds": 5}});
        assert_eq!(noted(call), None);
        let call = serde_json::json!({"userId": "u", "event": "Call Ended", "properties": {"seconds": -5, "call_id": []},
            "timestamp": "2031-01-01T00:00:00Z"});
        let note = noted(call).unwrap();
        let places = ["Stated for", "Does not count: \"seconds\" is", "Does not count: \"call_id\" is"]
            .map(|part| note.find(part));
        assert!(places.is_sorted() && places[0] == Some(0), "{note}");
    }
}
