//! What comes in, in which shape, and how fresh is it?

use super::extract::Query;
use super::imports::MayLook;
use crate::app::App;
use crate::failure::ApiError;
use crate::schemas::Fit;
use axum::Json;
use axum::extract::State;
use engine::{Incoming, Refused};
use events::{Origin, keys_read};
use features::{Inflow, InflowName, Sender, is_same};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(data))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Only tracked events of this name, all spellings of one that is understood, or a call such as `identify`.
    event: Option<String>,
}

/// What comes in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataReply {
    /// What came in under each name, what came in last first.
    events: Vec<EventDataReply>,
    /// How many events came in under names that are kept no longer: rare ones that only write keys sent.
    forgotten: u64,
    /// Where events come from.
    sources: Vec<SourceReply>,
    /// Of the newest 1,000 rejected events, how many for which reason.
    rejected: Vec<RefusedReply>,
}

/// What came in under a name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventDataReply {
    /// The name of tracked events, else the call.
    #[schema(example = "Order Completed")]
    event: String,
    /// The call.
    #[serde(rename = "type")]
    #[schema(example = "track")]
    kind: &'static str,
    /// How many.
    count: u64,
    /// Whether the name, or the call, stands in a table of what is understood.
    understood: bool,
    /// How many by origin: `client`, `server`, `import`.
    by_origin: BTreeMap<&'static str, u64>,
    first_seen: String,
    last_seen: String,
    /// How many on each of the newest days with any, at most 30.
    days: BTreeMap<String, u32>,
    /// Of how many the name speaks of a purchase that is not understood.
    not_understood: u64,
    /// How many have a property that cannot be read, and does not count.
    marked: u64,
    /// Into how many was looked for what follows: the first 100 of each day, and of what comes beyond them each 64th.
    looked_at: u64,
    properties: Vec<PropertyReply>,
    /// The libraries that sent them.
    libraries: BTreeMap<String, u64>,
    /// How the newest 200 fit the schema that the settings declare for them, where one name is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<SchemaReply>,
}

/// How events fit their schema.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SchemaReply {
    /// What becomes of those that do not: `flag` or `reject`.
    on_violation: &'static str,
    looked_at: u64,
    /// How many of them do not fit.
    violating: u64,
    /// Why, with how many.
    reasons: BTreeMap<String, u64>,
}

/// A property of events, or a trait.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PropertyReply {
    name: String,
    /// In which share of the events that were looked at it was.
    share: f64,
    /// How often it had a value of each type.
    types: BTreeMap<&'static str, u64>,
    /// Whether anything reads it: what is made of these events, or a declared feature or outcome. Left out where nothing is
    /// read of their properties.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_read: Option<bool>,
    /// Which property that is read may have been meant by one that is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "idle_seconds")]
    nearest: Option<&'static str>,
}

/// Where events come from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SourceReply {
    /// `origin`, `library` or `import`.
    kind: &'static str,
    /// Which one.
    #[schema(example = "rapport.js")]
    name: String,
    /// How many events; of a library, of those that were looked into.
    count: u64,
    last_seen: String,
}

/// Events that were refused for one reason.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefusedReply {
    /// What they are called, as far as that can be seen.
    event: String,
    /// The class of reason.
    code: &'static str,
    /// Where in the event, as a JSON pointer.
    field: String,
    count: u64,
    last_seen: String,
    /// The newest one's reason, without the value that was found; `GET /v1/events` has it.
    message: String,
}

/// What comes in by name: volume, senders, properties with their types, what cannot be read, and how fresh it is
#[utoipa::path(
    get, path = "/v1/data", tag = "events", params(Asked),
    responses(
        (status = 200, description = "What comes in", body = DataReply),
        (status = 400, description = "The query cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn data(
    _: MayLook,
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<DataReply>, ApiError> {
    let reply = app.run(move |app| {
        let mut incoming = app.engine.incoming()?;
        let Some(event) = asked.event else { return Ok(DataReply::from(incoming)) };
        incoming.names.retain(|(name, _)| name.is_meant_by(&event));
        incoming.refused.retain(|refused| is_same(&refused.name, &event));
        let mut reply = DataReply::from(incoming);
        for one in &mut reply.events {
            let fit = app.schemas.fit(&one.event, one.count, app.engine.ports().events.as_ref())?;
            one.schema = fit.map(SchemaReply::from);
        }
        Ok(reply)
    });
    Ok(Json(reply.await?))
}

impl From<Incoming> for DataReply {
    fn from(incoming: Incoming) -> Self {
        let source = |kind, name: String, sender: &Sender| SourceReply {
            kind,
            name,
            count: sender.n_events,
            last_seen: sender.last_at.to_string(),
        };
        let origins =
            incoming.origins.iter().map(|(origin, sender)| source("origin", origin.name().to_owned(), sender));
        let libraries = incoming.libraries.iter().map(|(name, sender)| source("library", name.clone(), sender));
        let imports = incoming.imports.iter().map(|(name, import)| SourceReply {
            kind: "import",
            name: name.clone(),
            count: import.counts.accepted,
            last_seen: import.ended_at.unwrap_or(import.began_at).to_string(),
        });
        Self {
            sources: origins.chain(libraries).chain(imports).collect(),
            events: incoming.names.iter().map(|(name, inflow)| EventDataReply::of(name, inflow, &incoming)).collect(),
            forgotten: incoming.n_forgotten,
            rejected: incoming.refused.into_iter().map(RefusedReply::from).collect(),
        }
    }
}

impl EventDataReply {
    fn of(name: &InflowName, inflow: &Inflow, incoming: &Incoming) -> Self {
        let counts = inflow.by_origin.iter().map(|sender| sender.n_events);
        let unread = incoming.unread(name, inflow);
        let is_any_read = !keys_read(&name.name).is_empty();
        let property = |(name, shape): (&String, &features::Shape)| PropertyReply {
            name: name.clone(),
            share: inflow.share(shape),
            types: shape.kinds().into_iter().map(|(kind, n)| (kind.name(), n)).collect(),
            is_read: is_any_read.then(|| !unread.contains_key(name)),
            nearest: unread.get(name).and_then(|unread| unread.nearest),
        };
        Self {
            event: name.shown().to_owned(),
            kind: name.kind.name(),
            count: inflow.n_events,
            understood: inflow.is_understood(name),
            by_origin: Origin::ALL.into_iter().map(Origin::name).zip(counts).filter(|(_, n)| *n > 0).collect(),
            first_seen: inflow.first_at.to_string(),
            last_seen: inflow.last_at.to_string(),
            days: inflow.days.iter().map(|(day, n)| (date(*day), *n)).collect(),
            not_understood: inflow.n_not_understood,
            marked: inflow.n_marked,
            looked_at: inflow.n_looked,
            properties: inflow.properties.iter().map(property).collect(),
            libraries: inflow.libraries.iter().map(|(name, sender)| (name.clone(), sender.n_events)).collect(),
            schema: None,
        }
    }
}

impl From<Fit> for SchemaReply {
    fn from(fit: Fit) -> Self {
        let Fit { on_violation, n_looked_at, n_violating, reasons } = fit;
        let reasons = reasons.into_iter().collect();
        Self { on_violation: on_violation.name(), looked_at: n_looked_at, violating: n_violating, reasons }
    }
}

/// A day as `2026-11-22`.
fn date(day: i64) -> String {
    Timestamp::from_millis(0).plus_days(day).to_string().chars().take(10).collect()
}

impl From<Refused> for RefusedReply {
    fn from(refused: Refused) -> Self {
        let Refused { name, code, field, n_events, last_at, reason: message, .. } = refused;
        Self { event: name, code: code.name(), field, count: n_events, last_seen: last_at.to_string(), message }
    }
}
