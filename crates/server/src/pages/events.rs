//! What came in lately, and what was rejected why?

mod found;
pub(super) mod row;

use super::visit::Visit;
use super::{Asked, more_rows, n_rows, text};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Query;
use axum::response::Response;
use console::format::address;
use console::view::{EventRow, EventsPage, Frame, Pause, RejectedReason, StatusFilter};
use engine::N_REJECTED_LOOKED_AT;
use events::{CallKind, Inspected, InspectedStatus, Offset};
use found::{Found, Wanted};
use primitives::Timestamp;
use std::cmp::Reverse;

/// How many names are offered, the most frequent first.
const N_NAMES: usize = 14;
/// How many reasons of rejection are told.
const N_REASONS: usize = 20;
/// The longest text that is looked for.
const TEXT_CHARS_MAX: usize = 200;

/// `/events?status=&name=&q=&before=&until=&at=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    visit.page(move |app, frame| Ok(fill(app, frame, &asked)?.render())).await
}

/// How many came in under each name, and of what.
#[derive(Default)]
struct Counts {
    names: Vec<(String, u64)>,
    accepted: u64,
    not_understood: u64,
    catalogue: u64,
}

fn fill(app: &App, frame: Frame, asked: &Asked) -> Result<EventsPage, ServerError> {
    let text = |name: &str| text(asked, name, TEXT_CHARS_MAX);
    let number = |name: &str| asked.get(name).and_then(|text| text.parse::<u64>().ok());
    let status = StatusFilter::parse(&text("status"));
    let (name, query, n) = (text("name"), text("q"), n_rows(asked));
    let log = &app.engine.ports().events;
    let head = log.head().0;
    let until = number("until").filter(|until| *until <= head);
    let paused = until.map(|until| Pause { until, at: paused_at(asked, frame.now), n_since: head - until });
    let before = number("before");
    let place = before.or(until.map(|until| until + 1)).unwrap_or(u64::MAX);

    let wanted = Wanted::new(app, status, name.clone(), &query)?;
    let Found { events, mut looked_at, further } = match status {
        StatusFilter::Rejected => Found { events: Vec::new(), looked_at: None, further: None },
        _ => wanted.before(app, Offset(place), n)?,
    };
    let last = events.last().map(|last| last.offset.0).filter(|_| events.len() >= n).or(further.map(|place| place.0));
    let mut rows = row::all_accepted(app, &events)?;
    let is_rejected_shown = status == StatusFilter::Rejected || status == StatusFilter::All && before.is_none();
    if is_rejected_shown {
        let (refused, is_full) = rejected(app, &wanted, paused.map(|pause| pause.at), n)?;
        rows = merged(rows, refused, n);
        looked_at = looked_at.or((is_full && status == StatusFilter::Rejected).then_some(N_REJECTED_LOOKED_AT as u64));
    }
    let reasons = if status == StatusFilter::Rejected { reasons(app, &name)? } else { Vec::new() };
    let counts = counts(app, &name);
    let same = [
        ("status", if status == StatusFilter::All { "" } else { status.name() }),
        ("name", name.as_str()),
        ("q", query.as_str()),
        ("until", asked.get("until").filter(|_| paused.is_some()).map_or("", String::as_str)),
        ("at", asked.get("at").filter(|_| paused.is_some()).map_or("", String::as_str)),
    ];
    let older = match status {
        StatusFilter::Rejected => more_rows("/events", &same, rows.len(), n),
        _ => last.map(|last| address("/events", &[&same[..], &[("before", &last.to_string())]].concat())),
    };
    Ok(EventsPage {
        older,
        customer: wanted.customer.as_ref().map(|(profile, _)| {
            (profile.id.to_string(), super::customers::label(profile).unwrap_or_else(|| profile.id.to_string()))
        }),
        is_newest: paused.is_none() && before.is_none(),
        head,
        names: counts.names,
        accepted: counts.accepted,
        not_understood: counts.not_understood,
        catalogue: counts.catalogue,
        rejected: log.n_rejected_kept()?,
        rejected_shown_max: N_REJECTED_LOOKED_AT as u64,
        status,
        name,
        query,
        paused,
        reasons,
        rows,
        looked_at,
        frame,
    })
}

/// When the stream was paused, by its address; never in the future.
fn paused_at(asked: &Asked, now: Timestamp) -> Timestamp {
    let at = asked.get("at").and_then(|at| at.parse().ok()).map_or(now, Timestamp::from_millis);
    at.clamp(Timestamp::MIN, now)
}

/// What came in by name, all told. A name that is asked for stands among them.
fn counts(app: &App, asked: &str) -> Counts {
    let mut counts = app.engine.look(|live| {
        let mut counts = Counts { accepted: live.inflows.n_forgotten(), ..Counts::default() };
        for (name, inflow) in live.inflows.iter() {
            if name.kind == CallKind::Item {
                counts.catalogue += inflow.n_events;
                continue;
            }
            counts.accepted += inflow.n_events;
            counts.not_understood += inflow.n_not_understood;
            counts.names.push((name.shown().to_owned(), inflow.n_events));
        }
        counts
    });
    counts.names.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    let is_asked = counts.names.iter().position(|(name, _)| name == asked);
    let beyond = is_asked.filter(|place| *place >= N_NAMES).map(|place| counts.names.swap_remove(place));
    counts.names.truncate(N_NAMES);
    let unknown = || (!asked.is_empty() && is_asked.is_none()).then(|| (asked.to_owned(), 0));
    counts.names.extend(beyond.or_else(unknown));
    counts
}

/// Rejected events that are meant, the newest first, and whether there may be older ones than were looked at; none that came after
/// the stream was paused.
fn rejected(
    app: &App,
    wanted: &Wanted,
    until: Option<Timestamp>,
    n: usize,
) -> Result<(Vec<EventRow>, bool), ServerError> {
    let title = Some(wanted.name.as_str()).filter(|name| !name.is_empty());
    let kept = app.engine.ports().events.recent(InspectedStatus::Rejected, title, N_REJECTED_LOOKED_AT)?;
    let is_full = kept.len() >= N_REJECTED_LOOKED_AT;
    let rejected = kept.into_iter().filter_map(|one| match one {
        Inspected::Rejected(rejected) => Some(rejected),
        Inspected::Accepted(_) => None,
    });
    let meant = rejected
        .filter(|one| until.is_none_or(|until| one.received_at <= until) && wanted.is_rejected_meant(one))
        .take(n);
    Ok((row::all_refused(app, meant.collect()), is_full))
}

/// Both newest first, by when they came in; each stays in its own order.
fn merged(accepted: Vec<EventRow>, rejected: Vec<EventRow>, n: usize) -> Vec<EventRow> {
    // Beyond the last of a full page of accepted ones there are others that are not shown.
    let last = accepted.last().filter(|_| accepted.len() >= n).map(|row| row.came_at);
    let mut rejected = rejected.into_iter().filter(|row| last.is_none_or(|last| row.came_at >= last)).peekable();
    let mut rows = Vec::new();
    for row in accepted {
        while let Some(newer) = rejected.next_if(|one| one.came_at >= row.came_at) {
            rows.push(newer);
        }
        rows.push(row);
    }
    rows.extend(rejected);
    rows
}

fn reasons(app: &App, name: &str) -> Result<Vec<RejectedReason>, ServerError> {
    let refused = app.engine.rejected_since(Timestamp::MIN)?.into_iter();
    let meant = refused.filter(|one| name.is_empty() || features::is_same(&one.name, name)).take(N_REASONS);
    let reason = |one: engine::Refused| RejectedReason {
        name: one.name,
        code: one.code.name().to_owned(),
        pointer: one.field,
        reason: primitives::capital(&one.message),
        count: one.n_events,
        last_at: one.last_at,
        example: one.example,
    };
    Ok(meant.map(reason).collect())
}
