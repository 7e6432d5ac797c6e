//! What came in lately, and what was rejected why?

use super::auth::MayRead;
use super::extract::Query;
use super::wire::{EventReply, EventsReply};
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use events::InspectedStatus;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many events are answered where nobody says, and at the most.
const N_DEFAULT: usize = 50;
const N_MAX: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// How many, 1 to 1000.
    #[param(value_type = Option<usize>, default = 50, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// `accepted` or `rejected`; both where it is not given.
    status: Option<String>,
    /// Only events of exactly this name: accepted ones are looked for among the newest 300,000.
    event: Option<String>,
}

/// The newest events, newest first, rejected ones with their reason
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(Filter),
    responses(
        (status = 200, description = "The newest events", body = EventsReply),
        (status = 400, description = "A filter cannot be read", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn events(
    _: MayRead,
    State(app): State<Arc<App>>,
    Query(filter): Query<Filter>,
) -> Result<Json<EventsReply>, ApiError> {
    let status = status(filter.status.as_deref())?;
    let limit = limit(filter.limit.as_deref())?;
    let found = app.run(move |app| {
        let name = filter.event.as_deref().filter(|name| !name.is_empty());
        let found = app.engine.ports().events.recent(status, name, limit)?.into_iter();
        let reply = |one| {
            let fault = app.schemas.fault(&one);
            EventReply::of(one, fault)
        };
        Ok(found.map(reply).collect())
    });
    Ok(Json(EventsReply { events: found.await? }))
}

pub(crate) fn status(text: Option<&str>) -> Result<InspectedStatus, ApiError> {
    match text.unwrap_or_default() {
        "" | "all" => Ok(InspectedStatus::All),
        "accepted" => Ok(InspectedStatus::Accepted),
        "rejected" => Ok(InspectedStatus::Rejected),
        other => {
            let shown: String = other.chars().take(40).collect();
            Err(ApiError::invalid(format!("status \"{shown}\" does not exist: give accepted, rejected or all")))
        }
    }
}

pub(super) fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    let Some(text) = text else { return Ok(N_DEFAULT) };
    match text.parse() {
        Ok(n @ 1..=N_MAX) => Ok(n),
        _ => Err(ApiError::invalid(format!("limit must be a whole number from 1 to {N_MAX}"))),
    }
}
