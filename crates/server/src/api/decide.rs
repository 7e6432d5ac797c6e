//! How is a decision asked for, and read again?

use super::ApiError;
use super::auth::{MayRead, holder};
use super::extract::{Path, SmallBody};
use super::wire::{DecideBody, DecisionRecordReply, DecisionReply};
use crate::app::App;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use decisions::{DecisionKind, Record};
use engine::Asked;
use governance::Action;
use primitives::{AnonymousId, UserId, plain_words, visible};
use profiles::Identifier;
use serde_json::Value;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many items are answered where nobody says.
const N_DEFAULT: usize = 10;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(decide)).routes(routes!(decision))
}

/// What should we do for this customer?
#[utoipa::path(
    post, path = "/v1/decide", tag = "decisions", request_body = DecideBody,
    responses(
        (status = 200, description = "The decision, logged durably", body = DecisionReply),
        (status = 400, description = "The question cannot be read", body = super::error::ErrorBody),
        (status = 403, description = "A write key may not ask for decisions", body = super::error::ErrorBody),
        (status = 413, description = "The question is larger than 64 KB", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn decide(_: MayDecide, State(app): State<Arc<App>>, SmallBody(body): SmallBody) -> Result<Response, ApiError> {
    let body: DecideBody = serde_json::from_slice(&body).map_err(|error| unreadable(&body, &error))?;
    let asked = asked(body)?;
    let record: Record = app.run(move |app| Ok(app.engine.decide(asked)?)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], record.response).into_response())
}

/// The request may ask for a decision, and its key and its address may do so by now.
struct MayDecide;

impl FromRequestParts<Arc<App>> for MayDecide {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        let holder = holder(&parts.headers, &parts.extensions, Action::Decide);
        // A wrong key counts, too.
        app.limits.count(Asking::Decision, &peer, holder.as_ref().ok().copied())?;
        holder.map(|_| Self)
    }
}

/// Every field of a question.
const FIELDS: [&str; 5] = ["decision", "userId", "anonymousId", "n", "context"];
/// A field that is no further from a known one, as changed letters go, was probably meant to be it.
const TYPOS_MAX: usize = 3;

/// Why a question cannot be read. A field that does not exist is named, with the one that was probably meant.
fn unreadable(body: &[u8], error: &serde_json::Error) -> ApiError {
    let sent: events::Fields = serde_json::from_slice(body).unwrap_or_default();
    let Some(unknown) = sent.keys().find(|name| !FIELDS.contains(&name.as_str())) else {
        let fault = plain_words(error);
        let message = format!("the body cannot be read: {fault}; send {{\"decision\":\"recommend\",\"userId\":\"…\"}}");
        return ApiError::invalid(message);
    };
    let shown: String = unknown.chars().take(40).collect();
    let distance = |known: &str| strsim::damerau_levenshtein(&shown.to_lowercase(), &known.to_lowercase());
    let nearest = FIELDS.into_iter().map(|known| (distance(known), known)).min();
    let advice = match nearest {
        Some((n, known)) if n <= TYPOS_MAX && n < known.len() => format!("did you mean \"{known}\"?"),
        _ => format!("a question has {}", FIELDS.join(", ")),
    };
    ApiError::invalid(format!("there is no field \"{}\" in a question: {advice}", visible(&shown)))
}

fn asked(body: DecideBody) -> Result<Asked, ApiError> {
    let Some(kind) = DecisionKind::from_name(&body.decision) else {
        let kinds = DecisionKind::ALL.map(DecisionKind::name).join(" or ");
        let shown: String = body.decision.chars().take(40).collect();
        return Err(ApiError::invalid(format!("there is no decision \"{}\": ask for {kinds}", visible(&shown))));
    };
    for (field, is_there) in [("n", body.n.is_some()), ("context", body.context.is_some())] {
        if is_there && !kind.is_shown() {
            let message =
                format!("\"{kind}\" takes no \"{field}\", which says where and how many items are shown: leave it out");
            return Err(ApiError::invalid(message));
        }
    }
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

/// A customer's name, read as in an event.
fn name(field: &str, value: Option<Value>) -> Result<Option<String>, ApiError> {
    let read = events::customer_id_of(value.unwrap_or_default(), &["/", field].concat());
    read.map_err(|rejection| ApiError::invalid(rejection.message))
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
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<DecisionRecordReply>, ApiError> {
    let record = app.run(move |app| Ok(app.engine.decision(&id.into())?)).await?;
    if by.is_person() {
        app.audit.note_decision(&by, &record);
    }
    Ok(Json(DecisionRecordReply::from(&record)))
}
