//! What came in lately, and what was rejected why?

use super::visit::Visit;
use super::{Asked, more_rows, n_rows};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::view::{EventRow, EventStatus, EventsPage, Frame, StatusFilter};
use engine::Live;
use events::{Commerce, Event, Inspected, InspectedStatus, Recorded, Rejected, RejectionCode, Understanding};
use primitives::{AnonymousId, UserId};
use profiles::Identifier;
use serde_json::Value;
use std::collections::BTreeSet;

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
    let rows: Vec<EventRow> = app.engine.look(|live| found.into_iter().map(|one| row(live, one)).collect());
    let mut names: BTreeSet<String> = NAMES.map(str::to_owned).into();
    names.extend(rows.iter().map(|row| row.name.clone()).filter(|name| !name.is_empty()));
    let kept_status = if status == StatusFilter::All { "" } else { status.name() };
    Ok(EventsPage {
        status,
        live: text("live") == "1",
        names: names.into_iter().collect(),
        accepted: log.head().0,
        rejected: log.n_rejected()?,
        older: more_rows("/events", &[("status", kept_status), ("name", &name)], rows.len(), n),
        name,
        rows,
        frame,
    })
}

fn row(live: &Live, inspected: Inspected) -> EventRow {
    match inspected {
        Inspected::Accepted(recorded) => accepted(live, &recorded),
        Inspected::Rejected(rejected) => refused(live, rejected),
    }
}

fn accepted(live: &Live, Recorded { event, .. }: &Recorded) -> EventRow {
    let kind = event.kind().name();
    let named = Identifier::of(event).into_iter().flatten().next();
    EventRow {
        received_at: event.received_at,
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
    let of_name = (Commerce::understanding(event) == Understanding::NotUnderstood).then(|| {
        "Not understood: the name speaks of a purchase and is none that Rapport knows, so it counts for nothing but an \
         event. docs/events.md has the names."
            .to_owned()
    });
    let of_time =
        event.stated_at.map(|at| format!("Stated for {at}, which was in the future: taken for when it came."));
    let notes: Vec<String> = of_name.into_iter().chain(of_time).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// What was sent may be anything at all, and cut.
fn refused(live: &Live, rejected: Rejected) -> EventRow {
    let sent: Value = serde_json::from_str(&rejected.payload).unwrap_or_default();
    let text = |name: &str| match sent.get(name) {
        Some(Value::String(text)) => text.chars().take(200).collect(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let named = match (text("userId"), text("anonymousId")) {
        (user, _) if !user.is_empty() => Some(Identifier::User(UserId::from(user))),
        (_, anonymous) if !anonymous.is_empty() => Some(Identifier::Anonymous(AnonymousId::from(anonymous))),
        _ => None,
    };
    // An event that was rejected may be the only one of its customer: then there is nobody to open.
    let customer = named.and_then(|name| live.profiles.find(&name).ok().flatten()).map(|id| id.to_string());
    let event = text("event");
    EventRow {
        received_at: rejected.received_at,
        name: if event.is_empty() { text("name") } else { event },
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
