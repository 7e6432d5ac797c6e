//! Which lists of customers are kept, who came and who went?

use super::auth::{MayManageLists, MayRead};
use super::extract::{Path, Query, SmallBody};
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::signing::webhook;
use axum::Json;
use axum::extract::State;
use decisions::{Delivery, List, ListChange};
use engine::{By, KnownList, ListSource};
use governance::{Action, Actor, Deed};
use primitives::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many changes are answered where nobody says, and at the most.
const N_CHANGES: usize = 100;
const N_CHANGES_MAX: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(lists, create)).routes(routes!(list, replace, remove)).routes(routes!(changes))
}

/// A list to be saved, or what is to be another in one: what is left out there stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListBody {
    /// Its name: small letters, digits, `_` and `-`.
    #[schema(example = "leaving_regulars")]
    name: Option<String>,
    /// What people call it; empty, or a new list without it: the words of its name.
    title: Option<String>,
    /// For whom it holds, as in `GET /v1/customers`. A new list needs one.
    filter: Option<String>,
    /// By what it is sorted; empty: who was seen last comes first.
    sort: Option<String>,
    /// What is told of each, with commas between; empty: every score.
    columns: Option<String>,
    /// Where it is told who comes and goes, null for nowhere: only with an admin key. Another address goes on where the one
    /// before stopped.
    #[schema(value_type = Option<String>, example = "https://example.org/hooks/leaving")]
    #[serde(default, deserialize_with = "said")]
    webhook: Option<Option<String>>,
}

/// What is there, also where it is null.
fn said<'d, D: Deserializer<'d>>(reader: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

/// A list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListReply {
    name: String,
    title: String,
    filter: String,
    sort: String,
    columns: String,
    /// Where it comes from: `built_in`, `settings` (a segment) or `saved`.
    source: &'static str,
    /// How many customers were on it when it was looked at last; null where it was not yet, as its filter is now, and where
    /// nobody can be on it for want of a score.
    count: Option<u64>,
    /// Why scores that it asks about are known of nobody: a sentence for each model that is missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unanswered: Vec<String>,
    /// When that was.
    #[schema(value_type = Option<String>)]
    looked_at: Option<Timestamp>,
    /// Why it cannot be looked at any more, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// The number of its newest change.
    newest_change: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WebhookReply>,
}

/// How it is with a list's webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WebhookReply {
    url: String,
    /// What signs: told once, when the webhook is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The number of the last change that it took; 0 where it took none yet.
    taken: u64,
    /// How many changes it was not told yet.
    waiting: u64,
    /// How many were forgotten before it took them.
    lost: u64,
    /// How often the next one was tried in vain, when it is tried again, and why it was not taken.
    tries: u32,
    #[schema(value_type = Option<String>)]
    next_try_at: Option<Timestamp>,
    failure: Option<String>,
}

/// Every list.
#[derive(Debug, Serialize, ToSchema)]
struct ListsReply {
    lists: Vec<ListReply>,
}

/// One list, with how many were on it over time.
#[derive(Debug, Serialize, ToSchema)]
struct ListWithCountsReply {
    #[serde(flatten)]
    list: ListReply,
    /// By the beginnings of hours, and of days where that is long ago.
    counts: Vec<CountReply>,
}

/// How many were on a list.
#[derive(Debug, Serialize, ToSchema)]
struct CountReply {
    #[schema(value_type = String)]
    at: Timestamp,
    /// How many who permit analytics; null where there were one to four.
    count: Option<u32>,
}

/// Who came and went.
#[derive(Debug, Serialize, ToSchema)]
struct ChangesReply {
    changes: Vec<ChangeReply>,
    /// Give it as `after` to get what comes next.
    after: u64,
}

/// Somebody came or went.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeReply {
    /// The how manieth change of the list it is.
    number: u64,
    #[schema(value_type = String)]
    at: Timestamp,
    customer_id: String,
    /// `entered` or `left`.
    change: &'static str,
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Only changes after this number.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
    /// How many, 1 to 1000.
    #[param(value_type = Option<usize>, default = 100, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// The word for a change.
pub(crate) fn word(change: &ListChange) -> &'static str {
    if change.has_entered { "entered" } else { "left" }
}

fn source_word(source: ListSource) -> &'static str {
    match source {
        ListSource::BuiltIn => "built_in",
        ListSource::Settings => "settings",
        ListSource::Saved => "saved",
    }
}

impl ListReply {
    /// The address of a webhook may hold a secret of its own: who is no admin is told its host.
    fn new(known: KnownList, secret: Option<String>, is_admin: bool) -> Self {
        let count = known.count();
        let KnownList { list, source, state, unanswered } = known;
        let Delivery { upto, n_lost, n_tries, next_at, failure } = state.delivery;
        let webhook = list.webhook.map(|webhook| {
            // What was found before there was a webhook was never told.
            let passed = upto.max(webhook.after);
            WebhookReply {
                url: if is_admin { webhook.url } else { host_of(&webhook.url) },
                secret,
                taken: if upto > webhook.after { upto } else { 0 },
                waiting: state.newest.saturating_sub(passed),
                lost: n_lost,
                tries: n_tries,
                next_try_at: next_at,
                failure,
            }
        });
        Self {
            name: list.name,
            title: list.title,
            filter: list.filter,
            sort: list.sort,
            columns: list.columns,
            source: source_word(source),
            count,
            unanswered,
            looked_at: state.looked_at,
            failure: state.failure,
            newest_change: state.newest,
            webhook,
        }
    }
}

/// Every list: built in, segments of the settings, and saved
#[utoipa::path(
    get, path = "/v1/lists", tag = "lists",
    responses((status = 200, description = "The lists, with how many customers are on each", body = ListsReply)),
    security(("bearer" = []), ("basic" = [])),
)]
async fn lists(MayRead(by): MayRead, State(app): State<Arc<App>>) -> Result<Json<ListsReply>, ApiError> {
    let lists = app.run(|app| Ok(app.engine.lists()?)).await?;
    let reply = |list| ListReply::new(list, None, is_admin(&by));
    Ok(Json(ListsReply { lists: lists.into_iter().map(reply).collect() }))
}

/// One list, with how many were on it over time
#[utoipa::path(
    get, path = "/v1/lists/{name}", tag = "lists", params(("name" = String, Path, description = "The name of a list")),
    responses(
        (status = 200, description = "The list", body = ListWithCountsReply),
        (status = 404, description = "There is none of that name", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn list(
    MayRead(by): MayRead,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<ListWithCountsReply>, ApiError> {
    app.run(move |app| {
        let list = ListReply::new(app.engine.list(&name)?, None, is_admin(&by));
        let counts = app.engine.list_counts(&name)?.into_iter().map(|(at, n)| CountReply { at, count: n.told() });
        Ok(ListWithCountsReply { list, counts: counts.collect() })
    })
    .await
    .map(Json)
}

/// Save a list
///
/// With a webhook the answer holds the secret that signs what is sent to it, once.
#[utoipa::path(
    post, path = "/v1/lists", tag = "lists", request_body = ListBody,
    responses(
        (status = 200, description = "The list", body = ListReply),
        (status = 400, description = "Something it says cannot be: the message says where", body = crate::failure::ErrorBody),
        (status = 409, description = "There is one of that name", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn create(
    MayManageLists(by): MayManageLists,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<Json<ListReply>, ApiError> {
    let body = read(&body)?;
    let Some(name) = body.name.clone() else { return Err(ApiError::invalid("name is missing: give the list one")) };
    if body.filter.is_none() {
        return Err(ApiError::invalid(
            "filter is missing: say for whom the list holds, as in GET /v1/customers; \"\" is everybody",
        ));
    }
    let is_admin = is_admin(&by);
    let saved = app.run(move |app| save(app, body, name, false, is_admin)).await?;
    app.audit.note(Deed::ListSaved, &by, saved.name.as_str());
    Ok(Json(saved))
}

/// Change a saved list
///
/// What is left out stays as it is. A webhook that stays at its address keeps its secret. One at another address has a new one,
/// which the answer holds, and is told of what the one before did not take; the first is told of what comes from now on.
#[utoipa::path(
    put, path = "/v1/lists/{name}", tag = "lists", request_body = ListBody,
    params(("name" = String, Path, description = "The name of a saved list")),
    responses(
        (status = 200, description = "The list", body = ListReply),
        (status = 400, description = "Something it says cannot be: the message says where", body = crate::failure::ErrorBody),
        (status = 404, description = "There is none of that name", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn replace(
    MayManageLists(by): MayManageLists,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    SmallBody(body): SmallBody,
) -> Result<Json<ListReply>, ApiError> {
    let body = read(&body)?;
    if body.name.as_ref().is_some_and(|given| *given != name) {
        return Err(ApiError::invalid("name is another one than the address names: a list keeps its name"));
    }
    let is_admin = is_admin(&by);
    let saved = app.run(move |app| save(app, body, name, true, is_admin)).await?;
    app.audit.note(Deed::ListSaved, &by, saved.name.as_str());
    Ok(Json(saved))
}

/// Remove a saved list, with all that is kept of it
#[utoipa::path(
    delete, path = "/v1/lists/{name}", tag = "lists",
    params(("name" = String, Path, description = "The name of a saved list")),
    responses(
        (status = 200, description = "It is gone", body = Value),
        (status = 404, description = "There is none of that name", body = crate::failure::ErrorBody),
        (status = 409, description = "It was not saved, or another list asks about it", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn remove(
    MayManageLists(by): MayManageLists,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let is_admin = is_admin(&by);
    let removed = name.clone();
    app.run(move |app| {
        if !is_admin && app.engine.tells_others(&name) {
            return Err(only_an_admin());
        }
        Ok(app.engine.remove_list(&name)?)
    })
    .await?;
    app.audit.note(Deed::ListRemoved, &by, removed);
    Ok(Json(serde_json::json!({ "success": true })))
}

/// Who came on a list and who went, in the order in which it was found
#[utoipa::path(
    get, path = "/v1/lists/{name}/changes", tag = "lists",
    params(("name" = String, Path, description = "The name of a list"), Asked),
    responses(
        (status = 200, description = "The changes after a number", body = ChangesReply),
        (status = 404, description = "There is no list of that name", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn changes(
    _: MayRead,
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<ChangesReply>, ApiError> {
    let after = asked.after.as_deref().map_or(Ok(0), |after| {
        after.parse::<u64>().map_err(|_| ApiError::invalid("after must be the number of a change"))
    })?;
    let limit = asked.limit.as_deref().map_or(Some(N_CHANGES), |limit| limit.parse().ok());
    let limit = limit.filter(|n| (1..=N_CHANGES_MAX).contains(n));
    let limit =
        limit.ok_or_else(|| ApiError::invalid(format!("limit must be a whole number from 1 to {N_CHANGES_MAX}")))?;
    let changes = app
        .run(move |app| {
            app.engine.list(&name)?;
            Ok(app.engine.ports().lists.changes(&name, after, limit).map_err(engine::EngineError::from)?)
        })
        .await?;
    let after = changes.last().map_or(after, |last| last.number);
    let change = |change: ListChange| ChangeReply {
        number: change.number,
        at: change.at,
        customer_id: change.customer.to_string(),
        change: word(&change),
    };
    Ok(Json(ChangesReply { changes: changes.into_iter().map(change).collect(), after }))
}

fn read(body: &[u8]) -> Result<ListBody, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let fault = primitives::plain_words(&error);
        ApiError::invalid(format!("the body cannot be read: {fault}; send {{\"name\":\"…\",\"filter\":\"…\"}}"))
    })
}

fn is_admin(by: &By) -> bool {
    matches!(by.actor, Actor::Key { role, .. } if role.may(Action::Administer))
}

/// The beginning of an address, up to its host.
fn host_of(url: &str) -> String {
    let host = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    // What stands before the host lets somebody in.
    match host.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
        Some((scheme, host)) => format!("{scheme}://{host}/…"),
        None => format!("{host}/…"),
    }
}

fn only_an_admin() -> ServerError {
    ServerError::new(
        primitives::ErrorKind::Forbidden,
        "this list, or one that asks about it, has a webhook or is to have one, which tells others of customers: use the admin key",
    )
}

fn save(app: &App, body: ListBody, name: String, replaces: bool, is_admin: bool) -> Result<ListReply, ServerError> {
    let before = if replaces { Some(app.engine.list(&name)?.list) } else { None };
    let had = before.as_ref().and_then(|list| list.webhook.clone());
    let wanted = body.webhook.unwrap_or_else(|| had.as_ref().map(|webhook| webhook.url.clone()));
    let wanted = wanted.filter(|url| !url.is_empty());
    if !is_admin && (wanted.is_some() || app.engine.tells_others(&name)) {
        return Err(only_an_admin());
    }
    let state = app.engine.ports().lists.state(&name).map_err(engine::EngineError::from)?;
    let (webhook, secret) = webhook(wanted, had, state.newest, &app.settings.webhooks)?;
    let before = before.unwrap_or_default();
    let title = body.title.unwrap_or(before.title);
    let words = || primitives::capital(&name.replace(['_', '-'], " "));
    let list = List {
        title: if title.trim().is_empty() { words() } else { title },
        filter: body.filter.unwrap_or(before.filter),
        sort: body.sort.unwrap_or(before.sort),
        columns: body.columns.unwrap_or(before.columns),
        name,
        webhook,
    };
    Ok(ListReply::new(app.engine.save_list(&list, replaces)?, secret, is_admin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_its_host_is_told() {
        for (url, told) in [
            ("https://example.org/hooks/secret?token=1", "https://example.org/…"),
            ("http://user:word@example.org:8080/", "http://example.org:8080/…"),
            ("https://example.org", "https://example.org/…"),
        ] {
            assert_eq!(host_of(url), told);
        }
    }
}
