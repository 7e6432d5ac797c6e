//! What do customers write, whose turn is it, and what does whoever answers need to know?

use super::auth::MayRead;
use super::extract::{Path, Query, SmallBody};
use super::imports::may;
use super::wire::conversed::{ConversationReply, ConversationsReply, ThreadReply};
use crate::app::App;
use crate::conversing::{Step, cursor, next_action, read_cursor, told};
use crate::error::ServerError;
use crate::failure::{ApiError, ErrorBody};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use engine::{Inbox, Listed, Said};
use features::Status;
use governance::{Action, Deed};
use primitives::plain_words;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many are answered where nobody says, and at the most.
const N_DEFAULT: usize = 20;
const N_MAX: usize = 100;
/// So many of the newest decisions about the customer are told.
const N_DECISIONS: usize = 5;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(conversations))
        .routes(routes!(conversation))
        .routes(routes!(reply))
        .routes(routes!(resolve))
        .routes(routes!(reopen))
        .routes(routes!(assign))
        .routes(routes!(correct))
}

/// Whoever speaks for the company, and a command on this machine.
struct MayAnswer;

impl FromRequestParts<Arc<App>> for MayAnswer {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::WriteCatalogue).map(|_| Self)
    }
}

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `open` (all that have not ended), `waiting` (for the company), `answered`, `resolved` or `all`.
    #[param(default = "open", example = "open")]
    status: Option<String>,
    /// Those of one customer, ended ones of long ago included, the newest first: a customerId, userId or anonymousId.
    #[serde(rename = "userId")]
    #[param(rename = "userId")]
    user_id: Option<String>,
    /// How many, 1 to 100.
    #[param(value_type = Option<usize>, default = 20, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The cursor of the page before.
    cursor: Option<String>,
}

/// The conversations with customers, what presses most first
///
/// How much one presses is the sum of five parts, each told: how little the messages can wait that nobody has answered, how frustrated they
/// sound, how long they wait, what the customer spent beside others, and the priority of the ticket. Texts are read where their writer
/// permits the purpose `service`.
#[utoipa::path(
    get, path = "/v1/conversations", tag = "conversations", params(Asked),
    responses(
        (status = 200, description = "A page of them, and how many there are", body = ConversationsReply),
        (status = 400, description = "The query cannot be read", body = ErrorBody),
        (status = 404, description = "Nobody goes by the name in `userId`", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn conversations(
    _: MayRead,
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<ConversationsReply>, ApiError> {
    let statuses = statuses(asked.status.as_deref())?;
    let n_max = limit(asked.limit.as_deref())?;
    let no_cursor = || ApiError::invalid("cursor is none that a page before gave: leave it out".to_owned());
    let after = asked.cursor.as_deref().map(|text| read_cursor(text).ok_or_else(no_cursor)).transpose()?;
    app.run(move |app| {
        if let Some(customer) = &asked.user_id {
            let mut rows = app.engine.conversations_of(customer)?;
            rows.retain(|row| statuses.is_empty() || statuses.contains(&row.conversation.status()));
            rows.truncate(n_max);
            return Ok(ConversationsReply::of_one(&rows));
        }
        let (as_of, after) =
            after.map_or_else(|| (app.engine.clock().now(), None), |(as_of, place)| (as_of, Some(place)));
        let listing = app.engine.conversations(&Inbox { statuses, as_of, after, n_max })?;
        let next = listing.rows.last().filter(|_| listing.has_more);
        Ok(ConversationsReply::of(&listing, next.map(|row| cursor(as_of, row))))
    })
    .await
    .map(Json)
}

/// By whose events a conversation of long ago is found.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Whose {
    /// Whose it is: needed for those that ended long ago.
    #[serde(rename = "userId")]
    #[param(rename = "userId")]
    user_id: Option<String>,
}

/// One conversation, with all that whoever takes it over needs to know
///
/// What was said with what is read in it, a summary in the customer's own sentences, the course of the mood, what the customer is worth and may
/// do, what happened to them lately, what was decided for them, and what to do next where actions are declared.
#[utoipa::path(
    get, path = "/v1/conversations/{id}", tag = "conversations",
    params(("id" = String, Path, description = "The conversation: the id of its ticket, or one of its own"), Whose),
    responses(
        (status = 200, description = "The conversation", body = ThreadReply),
        (status = 404, description = "There is none of this id, or none of late", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn conversation(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<ThreadReply>, ApiError> {
    let reply = app.run(move |app| {
        let (listed, said) = app.engine.conversation(&id, whose.user_id.as_deref())?;
        if by.is_person() {
            app.audit.note(Deed::CustomerOpened, &by, listed.customer.as_str());
        }
        thread(app, &listed, &said)
    });
    Ok(Json(reply.await?))
}

fn thread(app: &App, listed: &Listed, said: &[Said]) -> Result<ThreadReply, ServerError> {
    let view = app.engine.customer(listed.customer.as_str())?;
    let decided = app.engine.ports().decisions.recent(Some(&view.customer.profile.id), N_DECISIONS)?;
    Ok(ThreadReply::of((listed, said), &view, &decided, next_action(app, listed)?))
}

/// A reply of the company.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReplyBody {
    /// What is written.
    #[schema(example = "Your parcel arrives tomorrow.")]
    text: String,
    /// Who writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    /// Sent again with the same one, it counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
}

/// Who takes care of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignBody {
    /// Who.
    #[schema(example = "agent-03")]
    assignee: String,
}

/// What it asks for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectBody {
    /// The label; an empty one takes it away.
    #[schema(example = "delivery")]
    intent: String,
}

/// Answer the customer
///
/// It becomes the event `Message Sent`. To bring it to the customer is up to whoever sends mails or chats: follow the events.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/messages", tag = "conversations", request_body = ReplyBody,
    params(("id" = String, Path, description = "The conversation"), Whose),
    responses(
        (status = 200, description = "Durable: the conversation as it is now", body = ConversationReply),
        (status = 400, description = "There is no text, or too much", body = ErrorBody),
        (status = 403, description = "A write key may not speak for the company", body = ErrorBody),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn reply(
    _: MayAnswer,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
    SmallBody(body): SmallBody,
) -> Result<Json<ConversationReply>, ApiError> {
    let ReplyBody { text, agent, message_id } = read(&body, r#"{"text": "Your parcel arrives tomorrow."}"#)?;
    done(app, id, whose, Step::Reply { text, agent, message_id }).await
}

/// Say that it has ended
///
/// It becomes the event `Ticket Resolved`.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/resolve", tag = "conversations",
    params(("id" = String, Path, description = "The conversation"), Whose),
    responses(
        (status = 200, description = "Durable: the conversation as it is now", body = ConversationReply),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn resolve(
    _: MayAnswer,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<ConversationReply>, ApiError> {
    done(app, id, whose, Step::Resolve).await
}

/// Say that it goes on
///
/// It becomes the event `Ticket Reopened`.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/reopen", tag = "conversations",
    params(("id" = String, Path, description = "The conversation"), Whose),
    responses(
        (status = 200, description = "Durable: the conversation as it is now", body = ConversationReply),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn reopen(
    _: MayAnswer,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<ConversationReply>, ApiError> {
    done(app, id, whose, Step::Reopen).await
}

/// Give it to somebody
///
/// It becomes the event `Ticket Assigned` with `assignee`.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/assign", tag = "conversations", request_body = AssignBody,
    params(("id" = String, Path, description = "The conversation"), Whose),
    responses(
        (status = 200, description = "Durable: the conversation as it is now", body = ConversationReply),
        (status = 400, description = "Nobody is named", body = ErrorBody),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn assign(
    _: MayAnswer,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
    SmallBody(body): SmallBody,
) -> Result<Json<ConversationReply>, ApiError> {
    let AssignBody { assignee } = read(&body, r#"{"assignee": "agent-03"}"#)?;
    done(app, id, whose, Step::Assign(assignee)).await
}

/// Say what it asks for
///
/// It becomes the event `Message Labelled` with the first message of the customer that is known: the intent is learned from it.
#[utoipa::path(
    post, path = "/v1/conversations/{id}/correct", tag = "conversations", request_body = CorrectBody,
    params(("id" = String, Path, description = "The conversation"), Whose),
    responses(
        (status = 200, description = "Durable: the conversation as it is now", body = ConversationReply),
        (status = 400, description = "The label cannot be one", body = ErrorBody),
        (status = 404, description = "There is no such conversation", body = ErrorBody),
        (status = 409, description = "The customer wrote nothing that may be read", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn correct(
    _: MayAnswer,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
    SmallBody(body): SmallBody,
) -> Result<Json<ConversationReply>, ApiError> {
    let CorrectBody { intent } = read(&body, r#"{"intent": "delivery"}"#)?;
    done(app, id, whose, Step::Correct(intent)).await
}

async fn done(app: Arc<App>, id: String, whose: Whose, step: Step) -> Result<Json<ConversationReply>, ApiError> {
    let reply = app.run(move |app| {
        let (listed, _) = told(app, &id, whose.user_id.as_deref(), &step)?;
        Ok(ConversationReply::of(&listed))
    });
    Ok(Json(reply.await?))
}

fn read<T: DeserializeOwned>(body: &[u8], example: &str) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!("the body cannot be read: {fault}; send {example}"))
    })
}

fn statuses(text: Option<&str>) -> Result<Vec<Status>, ApiError> {
    statuses_named(text.unwrap_or("open"))
        .ok_or_else(|| ApiError::invalid("status must be one of open, waiting, answered, resolved and all".to_owned()))
}

/// What a word means of the states of conversations.
pub(crate) fn statuses_named(word: &str) -> Option<Vec<Status>> {
    Some(match word {
        "open" => vec![Status::Waiting, Status::Answered],
        "waiting" => vec![Status::Waiting],
        "answered" => vec![Status::Answered],
        "resolved" => vec![Status::Resolved],
        "all" => Vec::new(),
        _ => return None,
    })
}

fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    let Some(text) = text else { return Ok(N_DEFAULT) };
    let wrong = || ApiError::invalid(format!("limit must be a whole number from 1 to {N_MAX}"));
    text.parse().ok().filter(|n| (1..=N_MAX).contains(n)).ok_or_else(wrong)
}
