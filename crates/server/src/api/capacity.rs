//! How many places has a channel free? So that nobody is called while the queue is full.

use super::auth::MayTell;
use super::extract::{Path, SmallBody};
use crate::app::App;
use crate::failure::ApiError;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use decisions::CHANNELS;
use primitives::{nearest, plain_words, visible};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// For so long it counts where nobody says.
const SECONDS: i64 = 300;
/// No longer than a day: what is not told again is not known.
const SECONDS_MAX: i64 = 86_400;

/// What a channel has free.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CapacityBody {
    /// How many contacts it can take now.
    #[schema(example = 12)]
    pub free: u64,
    /// For how long that counts, if nothing else is told: 1 to 86400, and 300 where nothing is said. Then it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 300)]
    pub seconds: Option<i64>,
}

/// What counts of a channel from now on.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapacityReply {
    /// The channel.
    pub channel: String,
    /// How many contacts it can take.
    pub free: u64,
    /// For how long that counts.
    pub seconds: i64,
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(tell, look))
}

/// Say how many places a channel has free
///
/// Each answer for the channel takes one. While none is free, no action is answered for it, and `leftOut` says `capacity`. After
/// `seconds` it is not known any more, and nothing is left out for it.
#[utoipa::path(
    put, path = "/v1/capacity/{channel}", tag = "decisions", request_body = CapacityBody,
    params(("channel" = String, Path, description = "web, app, email, sms, push, call or store")),
    responses(
        (status = 200, description = "It counts from now on", body = CapacityReply),
        (status = 400, description = "Something it says cannot be", body = crate::failure::ErrorBody),
        (status = 403, description = "A write key may not say it", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such channel", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn tell(
    MayTell(_): MayTell,
    State(app): State<Arc<App>>,
    Path(channel): Path<String>,
    SmallBody(body): SmallBody,
) -> Result<Json<CapacityReply>, ApiError> {
    known(&channel)?;
    let CapacityBody { free, seconds } = serde_json::from_slice(&body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!("the body cannot be read: {fault}; send {{\"free\": 12, \"seconds\": 300}}"))
    })?;
    let seconds = seconds.unwrap_or(SECONDS);
    if !(1..=SECONDS_MAX).contains(&seconds) {
        return Err(ApiError::invalid(format!("seconds is {seconds}: give 1 to {SECONDS_MAX}")));
    }
    app.engine.set_free(&channel, free, seconds);
    Ok(Json(CapacityReply { channel, free, seconds }))
}

/// See how many places a channel has free
///
/// What is left of what was said last, and for how many seconds more that counts. 404 where nothing was said, or it does not count any more:
/// then nothing is left out for it.
#[utoipa::path(
    get, path = "/v1/capacity/{channel}", tag = "decisions",
    params(("channel" = String, Path, description = "web, app, email, sms, push, call or store")),
    responses(
        (status = 200, description = "What is left", body = CapacityReply),
        (status = 403, description = "A write key may not see it", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such channel, or it is not known", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn look(
    MayTell(_): MayTell,
    State(app): State<Arc<App>>,
    Path(channel): Path<String>,
) -> Result<Json<CapacityReply>, ApiError> {
    known(&channel)?;
    let Some((free, seconds)) = app.engine.free_of(&channel) else {
        let message = format!(
            "it is not known how many places {channel} has free: say so with PUT /v1/capacity/{channel}; until then nothing is left out for it"
        );
        return Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message));
    };
    Ok(Json(CapacityReply { channel, free, seconds }))
}

fn known(channel: &str) -> Result<(), ApiError> {
    if CHANNELS.contains(&channel) {
        return Ok(());
    }
    let remedy = match nearest(channel, CHANNELS) {
        Some(name) => format!("did you mean \"{name}\"?"),
        None => format!("write one of {}", CHANNELS.join(", ")),
    };
    let message = format!("there is no channel \"{}\": {remedy}", visible(channel));
    Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message))
}
