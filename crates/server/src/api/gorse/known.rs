//! What is known of users, items and feedback, in Gorse's words?

use super::{Caller, Fault, Slice};
use crate::api::answered::categories;
use crate::api::extract::{Path, Query};
use crate::app::{App, ERASED_WITHIN};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::By;
use events::Event;
use features::Item;
use governance::Actor;
use primitives::{CustomerId, ErrorKind, ItemId, ItemKey, UserId};
use profiles::{Identifier, Profile};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long customers are looked for.
const TIME_MAX: Duration = Duration::from_secs(2);

type Answer = Result<Json<Value>, Fault>;

/// Whoever gets an answer reached a server that is ready: it listens only then.
pub(super) async fn health() -> Json<Value> {
    Json(json!({
        "Ready": true,
        "DataStoreError": null,
        "CacheStoreError": null,
        "DataStoreConnected": true,
        "CacheStoreConnected": true,
    }))
}

pub(super) async fn user(_: Caller, State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let found = app.run(move |app| {
        let known = app.engine.look(|live| live.customer(&Identifier::User(UserId::from(id.as_str())).to_meant()))?;
        Ok(known.map(|customer| user_of(&customer.profile, Some(&id))))
    });
    found.await?.map(Json).ok_or_else(|| Fault(StatusCode::NOT_FOUND, "user not found".to_owned()))
}

/// The customers who are known by a name and were seen last. There are no more pages: lists of customers are our own.
pub(super) async fn users(_: Caller, State(app): State<Arc<App>>, Query(slice): Query<Slice>) -> Answer {
    let n = slice.n();
    let found = app.run(move |app| Ok(app.engine.search("", n, TIME_MAX)?.customers)).await?;
    let known = found.iter().filter(|customer| customer.profile.is_known());
    let users: Vec<Value> = known.map(|customer| user_of(&customer.profile, None)).collect();
    Ok(Json(json!({ "Cursor": "", "Users": users })))
}

/// Erases for good, as everywhere: what only this customer's events carried is in no file any more.
pub(super) async fn erase_user(caller: Caller, State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let erased = app.run(move |app| {
        let by = By { actor: Actor::from(&caller.holder), address: Some(caller.peer.address) };
        let name = Identifier::User(UserId::from(id.as_str())).to_meant();
        match app.eraser.erase(&name, &by, ERASED_WITHIN) {
            Ok(_) => Ok(1),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    });
    Ok(Json(json!({ "RowAffected": erased.await? })))
}

fn user_of(profile: &Profile, asked: Option<&str>) -> Value {
    let said = |name: &str| {
        let json = profile.traits.get(name).map(|said| said.json.to_string());
        json.and_then(|json| serde_json::from_str::<Value>(&json).ok()).unwrap_or_default()
    };
    let id = asked.map_or_else(|| name_of(profile), str::to_owned);
    let comment = said("comment").as_str().unwrap_or_default().to_owned();
    json!({ "UserId": id, "Labels": said("labels"), "Comment": comment })
}

/// The first of their names that a company gave them.
fn name_of(profile: &Profile) -> String {
    let users = profile.links.keys().filter_map(|name| match name {
        Identifier::User(id) => Some(id.to_string()),
        Identifier::Anonymous(_) => None,
    });
    users.min().unwrap_or_else(|| profile.id.to_string())
}

pub(super) async fn item(_: Caller, State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let found = app.run(move |app| {
        let key = ItemKey::from(&ItemId::from(id.as_str()));
        Ok(app.engine.look(|live| live.items.get(key).map(item_of)))
    });
    found.await?.map(Json).ok_or_else(no_such_item)
}

pub(super) fn no_such_item() -> Fault {
    Fault(StatusCode::NOT_FOUND, "item not found".to_owned())
}

/// A page of the catalogue in the order of the keys, or what a search finds.
pub(super) async fn items(_: Caller, State(app): State<Arc<App>>, Query(slice): Query<Slice>) -> Answer {
    let after = match slice.cursor() {
        "" => None,
        cursor => Some(ItemKey(u64::from_str_radix(cursor, 16).map_err(|_| no_such_page(cursor))?)),
    };
    let found = app.run(move |app| {
        let n = slice.n();
        if let Some(query) = slice.q.as_deref().filter(|query| !query.is_empty()) {
            let found = app.engine.search_items(query, n, TIME_MAX);
            return Ok((String::new(), found.iter().map(item_of).collect::<Vec<_>>()));
        }
        Ok(app.engine.look(|live| {
            let page: Vec<_> = live.items.after(after, n).collect();
            let next = page.last().filter(|_| page.len() == n).map(|(key, _)| format!("{:016x}", key.0));
            (next.unwrap_or_default(), page.into_iter().map(|(_, item)| item_of(item)).collect())
        }))
    });
    let (cursor, items) = found.await?;
    Ok(Json(json!({ "Cursor": cursor, "Items": items })))
}

fn no_such_page(cursor: &str) -> Fault {
    let message = format!("the cursor is {cursor:?}: begin without one, and go on with the one that is answered");
    Fault(StatusCode::BAD_REQUEST, message)
}

fn item_of(item: &Item) -> Value {
    let text = |name: &str| item.said(name).and_then(|said| said.as_str().map(str::to_owned)).unwrap_or_default();
    let stated = item.said("timestamp").map(|said| match said {
        Value::String(text) => text,
        _ => item.stated_since().map(|at| at.to_string()).unwrap_or_default(),
    });
    let at = match stated.unwrap_or_default() {
        at if at.is_empty() => item.first_at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string()),
        at => at,
    };
    json!({
        "ItemId": item.id.as_str(),
        "IsHidden": !item.is_available(),
        "Categories": categories(item),
        "Timestamp": at,
        "Labels": item.said("labels"),
        "Comment": text("comment"),
    })
}

/// What came in of a user by Gorse's calls, newest first.
pub(super) async fn feedback_of(_: Caller, State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    Ok(Json(told(&app, id, |_| true).await?.into()))
}

pub(super) async fn feedback_of_kind(
    _: Caller,
    State(app): State<Arc<App>>,
    Path((id, kind)): Path<(String, String)>,
) -> Answer {
    Ok(Json(told(&app, id, move |said| said["FeedbackType"] == kind.as_str()).await?.into()))
}

pub(super) async fn feedback_on(
    _: Caller,
    State(app): State<Arc<App>>,
    Path((user, item)): Path<(String, String)>,
) -> Answer {
    Ok(Json(told(&app, user, move |said| said["ItemId"] == item.as_str()).await?.into()))
}

pub(super) async fn one_feedback(
    _: Caller,
    State(app): State<Arc<App>>,
    Path((kind, user, item)): Path<(String, String, String)>,
) -> Answer {
    let is_meant = move |said: &Value| said["FeedbackType"] == kind.as_str() && said["ItemId"] == item.as_str();
    let found = told(&app, user, is_meant).await?.into_iter().next();
    found.map(Json).ok_or_else(|| Fault(StatusCode::NOT_FOUND, "feedback not found".to_owned()))
}

async fn told(
    app: &Arc<App>,
    user: String,
    is_meant: impl Fn(&Value) -> bool + Send + 'static,
) -> Result<Vec<Value>, Fault> {
    let found = app.run(move |app| {
        let name = Identifier::User(UserId::from(user.as_str()));
        let known = app.engine.look(|live| live.customer(&name.to_meant()))?;
        let Some(id): Option<CustomerId> = known.map(|customer| customer.profile.id) else { return Ok(Vec::new()) };
        let Some(circle) = app.engine.page_around(&id)? else { return Ok(Vec::new()) };
        let offsets = circle.theirs(&id)?.map(|theirs| theirs.offsets).unwrap_or_default();
        let said = offsets.iter().rev().filter_map(|offset| said_in(&circle.event(*offset)?.event));
        Ok(said.filter(|said| is_meant(said)).collect())
    });
    Ok(found.await?)
}

/// The feedback that an event was made of.
fn said_in(event: &Event) -> Option<Value> {
    event.context.get("gorse").filter(|said| said.is_object()).cloned()
}
