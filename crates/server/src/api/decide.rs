//! How is a decision asked for, and read again?

use super::auth::{MayRead, counted};
use super::extract::{Path, QuestionBody, SMALL_BYTES_MAX, larger_than};
use super::wire::{DecideBody, DecisionRecordReply, DecisionReply};
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use crate::replayed::Replay;
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use decisions::{KindAbout, Kinds, Parameters, Takes};
use engine::Asked;
use governance::Action;
use primitives::{AnonymousId, UserId, nearest, plain_words, visible};
use profiles::Identifier;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(decide)).routes(routes!(decision)).routes(routes!(replay))
}

/// What should we do for this customer?
#[utoipa::path(
    post, path = "/v1/decide", tag = "decisions", request_body = DecideBody,
    responses(
        (status = 200, description = "The decision, logged durably but for suggestions, of which one in a hundred is; of several customers one each", body = DecisionReply),
        (status = 400, description = "The question cannot be read", body = crate::failure::ErrorBody),
        (status = 403, description = "A write key may not ask for decisions", body = crate::failure::ErrorBody),
        (status = 413, description = "The question is larger than 64 KB, or 2 MB where it is of a message", body = crate::failure::ErrorBody),
        (status = 429, description = "Too many questions: of several customers, each is one", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn decide(
    MayDecide { holder, peer }: MayDecide,
    State(app): State<Arc<App>>,
    QuestionBody(body): QuestionBody,
) -> Result<Response, ApiError> {
    let body = question(&app, body).await?;
    let text = match asked(&app.engine.capabilities().kinds, body)? {
        Whom::One(asked) => app.run(move |app| Ok::<_, ServerError>(app.engine.decide(asked)?)).await?.response,
        Whom::Several(asked, users) => {
            // The first was counted before the body was read.
            app.limits.count_more(Asking::Decision, &peer, &holder, users.len().saturating_sub(1))?;
            let records = app.run(move |app| Ok::<_, ServerError>(app.engine.decide_all(&asked, users)?)).await?;
            let answers: Vec<String> = records.into_iter().map(|record| record.response).collect();
            format!("{{\"decisions\":[{}]}}", answers.join(","))
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The request may ask for a decision, and its key and its address may do so by now.
struct MayDecide {
    holder: Holder,
    peer: Peer,
}

impl FromRequestParts<Arc<App>> for MayDecide {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let (holder, peer) = counted(parts, app, Action::Decide, Asking::Decision).await?;
        Ok(Self { holder, peer })
    }
}

/// The fields of every question.
const FIELDS: [&str; 5] = ["decision", "userId", "userIds", "anonymousId", "context"];

/// Of how many customers one question may be.
const N_USERS_MAX: usize = 200;

/// Why a question cannot be read.
fn unreadable(error: &serde_json::Error) -> ApiError {
    let fault = plain_words(error);
    ApiError::invalid(format!("the body cannot be read: {fault}; send {{\"decision\":\"recommend\",\"userId\":\"…\"}}"))
}

/// Of whom it is asked.
enum Whom {
    One(Asked),
    /// The same of each of these customers.
    Several(Asked, Vec<Identifier>),
}

fn asked(kinds: &Kinds, body: DecideBody) -> Result<Whom, ApiError> {
    let in_force = kinds.in_force(&body.decision).map_err(ServerError::from)?;
    let decided = in_force.kind();
    let kind = decided.about();
    if body.context.is_some() && !kind.is_shown {
        let message = format!(
            "\"{}\" takes no \"context\", which says where the answer is shown to the customer: leave it out",
            kind.name
        );
        return Err(ApiError::invalid(message));
    }
    let mut parameters = Parameters::new();
    for (name, value) in body.parameters {
        if !takes(kind, &name) {
            let is_of_another = kinds.iter().any(|other| takes(other.about(), &name));
            let refused = kind
                .check(&Parameters::from([(name.clone(), 0.into())]))
                .map_err(|error| ServerError::from(error).into());
            return Err(refused.err().filter(|_| is_of_another).unwrap_or_else(|| unknown_field(kind, &name)));
        }
        // A field that is null was not given.
        if !value.is_null() {
            parameters.insert(name, value);
        }
    }
    decided.check(&parameters).map_err(ServerError::from)?;
    let context = body.context.unwrap_or_default();
    let asked = |names| Asked { kind: kind.name.clone(), names, parameters, context };
    if let Some(several) = body.user_ids.filter(|several| !several.is_null()) {
        if body.user_id.is_some() || body.anonymous_id.is_some() {
            return Err(ApiError::invalid("userIds stands beside userId or anonymousId: give one of them"));
        }
        return Ok(Whom::Several(asked(Vec::new()), several_users(several)?));
    }
    let mut names = Vec::new();
    if let Some(id) = name("userId", body.user_id)? {
        names.push(Identifier::User(UserId::from(id)));
    }
    if let Some(id) = name("anonymousId", body.anonymous_id)? {
        names.push(Identifier::Anonymous(AnonymousId::from(id)));
    }
    if names.is_empty() && !decided.may_be_of_nobody() {
        return Err(ApiError::invalid("nobody was named: give userId or anonymousId"));
    }
    Ok(Whom::One(asked(names)))
}

/// The customers of one question about several.
fn several_users(several: Value) -> Result<Vec<Identifier>, ApiError> {
    let Value::Array(several) = several else {
        return Err(ApiError::invalid("userIds is no list: give at most 200 ids, such as [\"42\",\"43\"]"));
    };
    if several.is_empty() || several.len() > N_USERS_MAX {
        let message = format!("userIds names {} customers: give 1 to {N_USERS_MAX}", several.len());
        return Err(ApiError::invalid(message));
    }
    let user = |(place, id): (usize, Value)| match name(&format!("userIds/{place}"), Some(id))? {
        Some(id) => Ok(Identifier::User(UserId::from(id))),
        None => Err(ApiError::invalid(format!("userIds holds nobody at place {}: give an id", place + 1))),
    };
    several.into_iter().enumerate().map(user).collect()
}

fn takes(kind: &KindAbout, parameter: &str) -> bool {
    kind.parameters.iter().any(|known| known.name == parameter)
}

/// A field that does not exist is named, with the one that was probably meant.
fn unknown_field(kind: &KindAbout, name: &str) -> ApiError {
    let shown: String = name.chars().take(40).collect();
    let fields = || FIELDS.into_iter().chain(kind.parameters.iter().map(|parameter| parameter.name));
    let advice = match nearest(&shown, fields()) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => format!("a question of \"{}\" has {}", kind.name, fields().collect::<Vec<_>>().join(", ")),
    };
    ApiError::invalid(format!("there is no field \"{}\" in a question of \"{}\": {advice}", visible(&shown), kind.name))
}

/// A customer's name, read as in an event.
fn name(field: &str, value: Option<Value>) -> Result<Option<String>, ApiError> {
    let read = events::customer_id_of(value.unwrap_or_default(), &["/", field].concat());
    read.map_err(|rejection| ApiError::invalid(rejection.message))
}

/// A question as it was sent. What is larger than others are is read away from the threads that serve connections, and may only be of a
/// message.
async fn question(app: &Arc<App>, body: Vec<u8>) -> Result<DecideBody, ApiError> {
    let read = |body: &[u8]| serde_json::from_slice::<DecideBody>(body).map_err(|error| unreadable(&error));
    if body.len() <= SMALL_BYTES_MAX {
        return read(&body);
    }
    let question = app.run(move |_| Ok(read(&body))).await??;
    let takes_messages =
        |kind: &KindAbout| kind.parameters.iter().any(|one| matches!(one.takes, Takes::Message { .. }));
    match app.engine.capabilities().kinds.get(&question.decision) {
        Ok(kind) if takes_messages(kind.about()) => Ok(question),
        _ => Err(larger_than(SMALL_BYTES_MAX)),
    }
}

/// What a decision was made from
#[utoipa::path(
    get, path = "/v1/decisions/{id}", tag = "decisions",
    params(("id" = String, Path, description = "The decisionId of an answer")),
    responses(
        (status = 200, description = "The decision, with its feature vector", body = DecisionRecordReply),
        (status = 404, description = "No such decision", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn decision(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<DecisionRecordReply>, ApiError> {
    let (record, features, came) = app
        .run(move |app| {
            let record = app.engine.decision(&id.into())?;
            let (features, came) = (app.engine.features_of(&record), app.engine.came_of(&record)?);
            Ok::<_, ServerError>((record, features, came))
        })
        .await?;
    if by.is_person() {
        app.audit.note_decision(&by, &record);
    }
    Ok(Json(DecisionRecordReply::new(&record, features).with_what_came(came)))
}

/// Make a decision again from its log, and compare the answers byte by byte. Nothing is logged or changed
#[utoipa::path(
    post, path = "/v1/decisions/{id}/replay", tag = "decisions",
    params(("id" = String, Path, description = "The decisionId of an answer")),
    responses(
        (status = 200, description = "Whether it came out the same, and both answers", body = ReplayReply),
        (status = 404, description = "No such decision, or a model that it names is gone", body = crate::failure::ErrorBody),
        (status = 409, description = "What was known of the customer then was forgotten", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn replay(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<ReplayReply>, ApiError> {
    let replayed = app.run(move |app| {
        let record = app.engine.decision(&id.into())?;
        let replay = Replay::of(&record, app.engine.replay(&record)?);
        Ok::<_, ServerError>((record, replay))
    });
    let (record, Replay { text, is_same }) = replayed.await?;
    if by.is_person() {
        app.audit.note_decision(&by, &record);
    }
    let open = |text: &str| serde_json::from_str(text).unwrap_or_default();
    Ok(Json(ReplayReply {
        decision_id: record.decision.id.to_string(),
        identical: is_same,
        logged: open(&record.response),
        replayed: open(&text),
    }))
}

/// What came out of making a decision again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReplayReply {
    decision_id: String,
    /// Whether the bytes are the ones that were sent.
    identical: bool,
    /// The answer that was sent.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    logged: Value,
    /// The answer that comes out.
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    replayed: Value,
}
