//! How is a decision asked for, and read again?

use super::ApiError;
use super::auth::{MayRead, authorize, key_in};
use super::extract::{Path, SmallBody};
use super::wire::{DecideBody, DecisionRecordReply, DecisionReply};
use crate::app::App;
use crate::engine::Asked;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use decisions::{DecisionKind, Record};
use governance::Action;
use primitives::{AnonymousId, UserId};
use profiles::Identifier;
use serde_json::Value;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many items are answered where nobody says.
const N_DEFAULT: usize = 10;

/// The longest name of a customer.
const NAME_BYTES_MAX: usize = 512;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(decide)).routes(routes!(decision))
}

/// What should we do for this customer?
#[utoipa::path(
    post, path = "/v1/decide", tag = "decisions", request_body = DecideBody,
    responses(
        (status = 200, description = "The decision, logged durably", body = DecisionReply),
        (status = 400, description = "The question cannot be read", body = super::error::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
        (status = 403, description = "A write key may not ask for decisions", body = super::error::ErrorBody),
        (status = 413, description = "The question is larger than 64 KB", body = super::error::ErrorBody),
        (status = 429, description = "Too many requests", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn decide(_: MayDecide, State(app): State<Arc<App>>, SmallBody(body): SmallBody) -> Result<Response, ApiError> {
    let body: DecideBody = serde_json::from_slice(&body).map_err(|error| {
        ApiError::invalid(format!(
            "the body cannot be read: {error}; send {{\"decision\":\"recommend\",\"userId\":\"…\"}}"
        ))
    })?;
    let asked = asked(body)?;
    let record: Record = app.run(move |app| app.engine.decide(asked)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], record.response).into_response())
}

/// The request may ask for a decision, and its key and its address may do so by now.
struct MayDecide;

impl FromRequestParts<Arc<App>> for MayDecide {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        let key = key_in(&parts.headers);
        let role = authorize(app, key.as_deref(), Action::Decide);
        // A wrong key counts, too.
        app.limits.count(Asking::Decision, &peer, key.as_deref().zip(role.as_ref().ok().copied()))?;
        role.map(|_| Self)
    }
}

fn asked(body: DecideBody) -> Result<Asked, ApiError> {
    let Some(kind) = DecisionKind::from_name(&body.decision) else {
        let kinds = DecisionKind::ALL.map(DecisionKind::name).join(" or ");
        let shown: String = body.decision.chars().take(40).collect();
        return Err(ApiError::invalid(format!("there is no decision \"{shown}\": ask for {kinds}")));
    };
    let mut names = Vec::new();
    if let Some(id) = name("userId", body.user_id)? {
        names.push(Identifier::User(UserId::from(id)));
    }
    if let Some(id) = name("anonymousId", body.anonymous_id)? {
        names.push(Identifier::Anonymous(AnonymousId::from(id)));
    }
    if names.is_empty() {
        return Err(ApiError::invalid("nobody was named: give userId or anonymousId"));
    }
    Ok(Asked { kind, names, n: body.n.unwrap_or(N_DEFAULT), context: body.context.unwrap_or_default() })
}

/// A customer's name: a text, or a whole number, as events may carry it. A blank one counts as absent there, too.
fn name(field: &str, value: Option<Value>) -> Result<Option<String>, ApiError> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => {
            let text = number.to_string();
            let whole = text.strip_suffix(".0").unwrap_or(&text);
            if !whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                return Err(ApiError::invalid(format!("{field} is {number}: send a text, or a whole number")));
            }
            whole.to_owned()
        }
        Some(_) => return Err(ApiError::invalid(format!("{field} must be a text"))),
    };
    match text.len() {
        _ if text.trim().is_empty() => Ok(None),
        ..=NAME_BYTES_MAX => Ok(Some(text)),
        n => Err(ApiError::invalid(format!("{field} has {n} bytes: at most {NAME_BYTES_MAX} are allowed"))),
    }
}

/// What a decision was made from
#[utoipa::path(
    get, path = "/v1/decisions/{id}", tag = "decisions",
    params(("id" = String, Path, description = "The decisionId of an answer")),
    responses(
        (status = 200, description = "The decision, with its feature vector", body = DecisionRecordReply),
        (status = 404, description = "No such decision", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn decision(
    _: MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<DecisionRecordReply>, ApiError> {
    let record = app.run(move |app| app.engine.decision(&id.into())).await?;
    Ok(Json(DecisionRecordReply::from(&record)))
}
