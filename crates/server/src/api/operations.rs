//! Is it alive, is it ready, and what does it count?

use super::auth::MayMeasure;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use primitives::ErrorKind;
use serde::Serialize;
use std::sync::Arc;
use storage::Room;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Whether the program is well.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`, or what is wrong.
    status: String,
    /// The program's version.
    version: &'static str,
}

impl Health {
    fn now(status: impl Into<String>) -> Json<Self> {
        Json(Self { status: status.into(), version: env!("CARGO_PKG_VERSION") })
    }
}

/// Whether the program runs
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, description = "It runs", body = Health)))]
async fn healthz() -> Json<Health> {
    Health::now("ok")
}

/// Whether the program can take events and decide
///
/// It asks the log's writer, the live state and, after a start, the index of items, for at most two seconds, and looks at the disk.
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "It can", body = Health), (status = 503, description = "It cannot; the body says why", body = Health))
)]
async fn readyz(State(app): State<Arc<App>>) -> Response {
    match app.probe(check).await {
        Ok(()) => Health::now("ok").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Health::now(error.message())).into_response(),
    }
}

fn check(app: &App) -> Result<(), ServerError> {
    app.engine.check()?;
    let unready = |message| Err(ServerError::new(ErrorKind::Unavailable, message));
    if let Some(room) = app.storage.room().filter(Room::is_used_up) {
        let n_mb = room.free_bytes >> 20;
        return unready(format!("the disk of the data directory is full, with {n_mb} MB left: make room on it"));
    }
    if let Some((n, n_items)) = app.engine.beginning_to_search() {
        let message = "items of the catalogue can be searched since the start: the others follow by themselves";
        return unready(format!("{n} of {n_items} {message}"));
    }
    Ok(())
}

/// What the program counts and measures, in Prometheus's text format
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses(
        (status = 200, description = "Metrics", body = String, content_type = "text/plain"),
        (status = 503, description = "What is counted cannot be read in time", body = crate::failure::ErrorBody),
    )
)]
async fn metrics(_: MayMeasure, State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let text = app.probe(|app| Ok(crate::telemetry::render(app))).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
