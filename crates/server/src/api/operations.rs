//! Is it alive, is it ready, and what does it count?

use super::auth::MayMeasure;
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
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

/// Whether the program can take events and decide: it asks the log's writer and the live state, for at most two seconds
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "It can", body = Health), (status = 503, description = "It cannot; the body says why", body = Health))
)]
async fn readyz(State(app): State<Arc<App>>) -> Response {
    match app.probe(|app| Ok(app.engine.check()?)).await {
        Ok(()) => Health::now("ok").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, Health::now(error.message())).into_response(),
    }
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
