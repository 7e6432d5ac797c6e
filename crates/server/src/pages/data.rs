//! Can the data be trusted? What comes in by name.

use super::Asked;
use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use crate::schemas::Fit;
use axum::extract::Query;
use axum::response::Response;
use console::view::{DataPage, DataProperty, DataRow, DataSource, Frame, RefusedRow, SchemaState};
use engine::{Incoming, Refused, Unread};
use events::{Origin, as_sent, table_name};
use features::{Inflow, InflowName, Shape, is_same};
use primitives::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// How many days a page tells.
const N_DAYS: i64 = 30;
/// How many names and reasons are listed.
const N_ROWS_MAX: usize = 200;
const N_REFUSED_MAX: usize = 20;
/// The longest name that is asked for.
const NAME_CHARS_MAX: usize = 300;

/// `/data?event=`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let event: String = asked.get("event").map_or("", String::as_str).chars().take(NAME_CHARS_MAX).collect();
    visit.page(move |app, frame| Ok(fill(app, frame, event)?.render())).await
}

fn fill(app: &App, frame: Frame, event: String) -> Result<DataPage, ServerError> {
    let mut incoming = app.engine.incoming()?;
    let refused_of = incoming.refused.iter().map(|one| one.n_events).sum();
    let sources = sources(&incoming);
    if !event.is_empty() {
        incoming.names.retain(|(name, _)| name.is_meant_by(&event));
        incoming.refused.retain(|refused| is_same(&refused.name, &event));
    }
    let now = frame.now;
    let n_refused = n_refused(&incoming);
    let rows = incoming.names.iter().take(N_ROWS_MAX);
    let mut rows: Vec<DataRow> = rows.map(|(name, inflow)| row(name, inflow, &incoming, &n_refused, now)).collect();
    let log = app.engine.ports().events.as_ref();
    let fits = if event.is_empty() { app.schemas.fits(log)? } else { HashMap::new() };
    for row in &mut rows {
        let fit = match event.is_empty() {
            true => app.schemas.declared_as(&row.name).and_then(|declared| fits.get(declared).cloned()),
            false => app.schemas.fit(&row.name, row.count, log)?,
        };
        row.schema = fit.map(schema_state);
    }
    Ok(DataPage {
        rows,
        forgotten: incoming.n_forgotten,
        sources,
        refused: incoming.refused.into_iter().take(N_REFUSED_MAX).map(refused_row).collect(),
        refused_of,
        event,
        frame,
    })
}

/// What people call an origin, and by which key it is known.
fn origin_name(origin: Origin) -> (&'static str, &'static str) {
    match origin {
        Origin::Client => ("Browsers and apps", "write key"),
        Origin::Server => ("Your services", "server key"),
        Origin::Import => ("Imports", "by when they happened"),
    }
}

fn sources(incoming: &Incoming) -> Vec<DataSource> {
    let origins = incoming.origins.iter().map(|(origin, sender)| {
        let (name, about) = origin_name(*origin);
        (name.to_owned(), about, sender.n_events, sender.last_at, *origin != Origin::Import)
    });
    let libraries = incoming
        .libraries
        .iter()
        .map(|(name, sender)| (name.clone(), "library", sender.n_events, sender.last_at, true));
    let imports = incoming.imports.iter().map(|(name, import)| {
        let last_at = import.ended_at.unwrap_or(import.began_at);
        let state = if import.undone_at.is_some() { "taken out again" } else { "imported" };
        (format!("Import {name}"), state, import.counts.accepted, last_at, false)
    });
    let all = origins.chain(libraries).chain(imports);
    all.map(|(name, about, count, last_seen, is_steady)| {
        let about = about.to_owned();
        DataSource { name, about, count, last_seen, is_steady }
    })
    .collect()
}

/// How many were rejected under each name that is listed, other spellings of it included that are not.
fn n_refused(incoming: &Incoming) -> BTreeMap<String, u64> {
    let mut found: BTreeMap<String, u64> =
        incoming.names.iter().map(|(name, _)| (name.shown().to_owned(), 0)).collect();
    for Refused { name, n_events, .. } in &incoming.refused {
        let spelled_otherwise = || table_name(name).map(as_sent);
        let listed = if found.contains_key(name) { Some(name.clone()) } else { spelled_otherwise() };
        if let Some(n) = listed.and_then(|listed| found.get_mut(&listed)) {
            *n += n_events;
        }
    }
    found
}

fn row(
    name: &InflowName,
    inflow: &Inflow,
    incoming: &Incoming,
    n_refused: &BTreeMap<String, u64>,
    now: Timestamp,
) -> DataRow {
    let (today, unread) = (now.day(), incoming.unread(name, inflow));
    let day = |day: i64| {
        let n = inflow.days.get(&day).copied().unwrap_or_default();
        (Timestamp::from_millis(0).plus_days(day), u64::from(n))
    };
    let senders = Origin::ALL.into_iter().zip(&inflow.by_origin).filter(|(_, sender)| sender.n_events > 0);
    let mut properties: Vec<_> = inflow.properties.iter().collect();
    properties.sort_by_key(|(name, shape)| (std::cmp::Reverse(shape.n()), *name));
    DataRow {
        name: name.shown().to_owned(),
        kind: name.kind.name().to_owned(),
        count: inflow.n_events,
        understood: inflow.is_understood(name),
        first_seen: inflow.first_at,
        last_seen: inflow.last_at,
        days: (today - N_DAYS + 1..=today).map(day).collect(),
        senders: senders.map(|(origin, _)| origin_name(origin).0.to_lowercase()).collect(),
        not_understood: inflow.n_not_understood,
        marked: inflow.n_marked,
        refused: n_refused.get(name.shown()).copied().unwrap_or_default(),
        schema: None,
        looked_at: inflow.n_looked,
        properties: properties
            .into_iter()
            .map(|(name, shape)| property(inflow, name, shape, unread.get(name)))
            .collect(),
    }
}

fn schema_state(fit: Fit) -> SchemaState {
    let Fit { on_violation, n_looked_at, n_violating, reasons } = fit;
    SchemaState { on_violation: on_violation.name().to_owned(), counted: (n_looked_at, n_violating), reasons }
}

fn property(inflow: &Inflow, name: &str, shape: &Shape, unread: Option<&Unread>) -> DataProperty {
    #[expect(clippy::cast_precision_loss, reason = "a share of counts far below 2^53")]
    let share = |n: u64| n as f64 / shape.n().max(1) as f64;
    DataProperty {
        name: name.to_owned(),
        share: inflow.share(shape),
        is_unread: unread.is_some(),
        nearest: unread.and_then(|unread| unread.nearest).map(str::to_owned),
        types: shape.kinds().into_iter().map(|(kind, n)| (kind.name().to_owned(), share(n))).collect(),
    }
}

fn refused_row(refused: Refused) -> RefusedRow {
    let Refused { name, field, n_events, last_at, reason, .. } = refused;
    RefusedRow { name, pointer: field, reason, count: n_events, last_seen: last_at }
}
