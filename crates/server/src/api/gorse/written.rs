//! What becomes of what is written: users, items and feedback are events.

use super::{Caller, Fault};
use crate::api::answered::{categories, meant, message_id};
use crate::api::extract::{Path, SmallBody, read_up_to};
use crate::api::ingest::envelope;
use crate::api::wire::ERASED;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::limits::Asking;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use events::{BATCH_BYTES_MAX, Batch};
use primitives::{ItemId, ItemKey, plain_words};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How many rows a call may have: all of them are taken in at once, and its clients send what they have.
const N_ROWS_MAX: usize = 10_000;
/// How long, and how often, it is waited for the next moment.
const PAUSE: Duration = Duration::from_millis(1);
const N_PAUSES_MAX: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct User {
    #[serde(default)]
    user_id: String,
    labels: Option<Value>,
    comment: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Item {
    item_id: String,
    is_hidden: Option<bool>,
    categories: Option<Vec<String>>,
    timestamp: Option<Value>,
    labels: Option<Value>,
    comment: Option<String>,
}

/// How a time that was never set begins.
const NEVER: &str = "0001-01-01";

type Written = Result<Json<Value>, Fault>;

pub(super) async fn user(caller: Caller, State(app): State<Arc<App>>, SmallBody(body): SmallBody) -> Written {
    let user: User = read(&body)?;
    take(app, caller, vec![identify(user)]).await
}

pub(super) async fn users(caller: Caller, State(app): State<Arc<App>>, body: Body) -> Written {
    let users: Vec<User> = read_list(body).await?;
    take(app, caller, users.into_iter().map(identify).collect()).await
}

pub(super) async fn changed_user(
    caller: Caller,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    SmallBody(body): SmallBody,
) -> Written {
    let user: User = read(&body)?;
    take(app, caller, vec![identify(User { user_id: id, ..user })]).await
}

pub(super) async fn item(caller: Caller, State(app): State<Arc<App>>, SmallBody(body): SmallBody) -> Written {
    let item: Item = read(&body)?;
    take(app, caller, vec![describe(item, false)?]).await
}

pub(super) async fn items(caller: Caller, State(app): State<Arc<App>>, body: Body) -> Written {
    let items: Vec<Item> = read_list(body).await?;
    let events: Result<Vec<Value>, Fault> = items.into_iter().map(|item| describe(item, false)).collect();
    take(app, caller, events?).await
}

pub(super) async fn changed_item(
    caller: Caller,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    SmallBody(body): SmallBody,
) -> Written {
    let item: Item = read(&body)?;
    take(app, caller, vec![describe(Item { item_id: id, ..item }, true)?]).await
}

/// Its sales stay in the past of whoever bought it: it is never shown again.
pub(super) async fn hide_item(caller: Caller, State(app): State<Arc<App>>, Path(id): Path<String>) -> Written {
    let key = ItemKey::from(&ItemId::from(id.as_str()));
    let is_there = app.run(move |app| Ok(app.engine.look(|live| live.items.get(key).is_some()))).await?;
    let hidden = describe(Item { item_id: id, is_hidden: Some(true), ..Item::default() }, true)?;
    take(app, caller, is_there.then_some(hidden).into_iter().collect()).await
}

pub(super) async fn into_category(
    caller: Caller,
    State(app): State<Arc<App>>,
    Path((id, category)): Path<(String, String)>,
) -> Written {
    if category.contains(char::is_control) {
        return Err(bad("the category holds a sign that cannot be written: send a text".to_owned()));
    }
    let put = move |categories: &mut Vec<String>| {
        if !categories.contains(&category) {
            categories.push(category);
        }
    };
    recategorize(app, caller, id, put).await
}

pub(super) async fn out_of_category(
    caller: Caller,
    State(app): State<Arc<App>>,
    Path((id, category)): Path<(String, String)>,
) -> Written {
    recategorize(app, caller, id, move |categories| categories.retain(|known| *known != category)).await
}

async fn recategorize(
    app: Arc<App>,
    caller: Caller,
    id: String,
    change: impl FnOnce(&mut Vec<String>) + Send + 'static,
) -> Written {
    let n_rows = app.run_public(move |app| Ok(recategorize_now(app, &caller, id, change))).await??;
    Ok(Json(json!({ "RowAffected": n_rows })))
}

/// One after the other of one item: each begins with what the one before has left.
fn recategorize_now(
    app: &App,
    caller: &Caller,
    id: String,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<u64, Fault> {
    let key = ItemKey::from(&ItemId::from(id.as_str()));
    let [first, ..] = key.0.to_le_bytes();
    let mut last = app.categorized[usize::from(first)].lock().unwrap_or_else(PoisonError::into_inner);
    // And says so later: what is said at one moment has no order.
    let now = || app.engine.clock().now();
    (0..N_PAUSES_MAX).take_while(|_| now() <= *last).for_each(|_| std::thread::sleep(PAUSE));
    let known = app.engine.look(|live| live.items.get(key).map(categories));
    let mut categories = known.ok_or_else(super::known::no_such_item)?;
    change(&mut categories);
    let item = Item { item_id: id, categories: Some(categories), ..Item::default() };
    let n_rows = take_now(app, caller, vec![describe(item, true)?])?;
    *last = now();
    Ok(n_rows)
}

/// Both verbs: what was said of a user and an item is said anew, and the same feedback sent again changes nothing.
pub(super) async fn feedback(caller: Caller, State(app): State<Arc<App>>, body: Body) -> Written {
    let feedback: Vec<Map<String, Value>> = read_list(body).await?;
    let events: Result<Vec<Value>, Fault> = feedback.into_iter().map(event_of).collect();
    take(app, caller, events?).await
}

/// What a feedback is as an event; it carries what was sent, so that it can be told again.
pub(super) fn event_of(feedback: Map<String, Value>) -> Result<Value, Fault> {
    let text = |name: &str| feedback.get(name).and_then(Value::as_str).unwrap_or_default();
    let (kind, user, item) = (text("FeedbackType"), text("UserId"), text("ItemId"));
    let at = feedback.get("Timestamp").cloned().map(stated).transpose()?.flatten();
    for (name, value) in [("FeedbackType", kind), ("UserId", user), ("ItemId", item)] {
        if value.is_empty() {
            return Err(bad(format!("a feedback lacks its {name}: send it as a text")));
        }
    }
    let (name, properties) = meant(kind, item);
    let mut event = json!({"type": "track", "event": name, "userId": user, "properties": properties});
    if let Some(at) = at {
        let said = at.as_str().map_or_else(|| at.to_string(), str::to_owned);
        event["timestamp"] = at.as_str().map_or_else(|| at.clone(), |at| moment(at).into());
        let same = format!("{kind}\n{user}\n{item}\n{said}");
        event["messageId"] = message_id("gorse", &same).into();
    }
    event["context"] = json!({ "gorse": feedback });
    Ok(event)
}

/// A time as it was sent; `None` where it was never set, for which clients of Gorse's write the first moment that they know. A
/// number counts seconds or milliseconds since 1970.
fn stated(at: Value) -> Result<Option<Value>, Fault> {
    match &at {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() || text.starts_with(NEVER) => Ok(None),
        Value::Number(number) if number.as_f64() == Some(0.0) => Ok(None),
        Value::String(_) | Value::Number(_) => Ok(Some(at)),
        _ => Err(bad(format!(
            "the Timestamp is {at}: send a text such as \"2026-11-22T10:00:00Z\", or seconds since 1970"
        ))),
    }
}

/// Gorse takes a day, and a blank between the day and the hour.
fn moment(at: &str) -> String {
    let at = at.trim();
    let is_day = at.len() == 10
        && at
            .bytes()
            .enumerate()
            .all(|(i, byte)| if matches!(i, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if is_day {
        return format!("{at}T00:00:00Z");
    }
    match at.split_once(' ') {
        Some((day, hour)) if day.len() == 10 && !hour.contains(' ') => format!("{day}T{hour}"),
        _ => at.to_owned(),
    }
}

fn identify(user: User) -> Value {
    let mut traits = Map::new();
    traits.extend(user.labels.filter(|labels| !labels.is_null()).map(|labels| ("labels".to_owned(), labels)));
    traits.extend(user.comment.map(|comment| ("comment".to_owned(), comment.into())));
    json!({"type": "identify", "userId": user.user_id, "traits": traits})
}

/// An item as the catalogue takes it. Of a change only what is said counts.
fn describe(item: Item, is_change: bool) -> Result<Value, Fault> {
    let at = item.timestamp.map(stated).transpose()?.flatten();
    let mut traits = Map::new();
    let mut say = |name: &str, value: Option<Value>| traits.extend(value.map(|value| (name.to_owned(), value)));
    let hidden = item.is_hidden.or((!is_change).then_some(false));
    say("available", hidden.map(|hidden| (!hidden).into()));
    say("category", item.categories.as_ref().and_then(|all| all.first()).map(|first| first.as_str().into()));
    say("categories", item.categories.map(Into::into).or((!is_change).then(|| json!([]))));
    say("labels", item.labels.filter(|labels| !labels.is_null()));
    say("timestamp", at);
    // Gorse has no name for an item: people write it there.
    say("name", item.comment.as_deref().filter(|comment| !comment.trim().is_empty()).map(Into::into));
    say("comment", item.comment.map(Into::into));
    Ok(json!({"type": "item", "itemId": item.item_id, "traits": traits}))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| bad(format!("the body cannot be read: {}", plain_words(&error))))
}

async fn read_list<T: DeserializeOwned>(body: Body) -> Result<Vec<T>, Fault> {
    let too_large =
        || ApiError::too_large(format!("the body is larger than {BATCH_BYTES_MAX} bytes: send less at a time"));
    let list: Vec<T> = read(&read_up_to(body, BATCH_BYTES_MAX).await?.ok_or_else(too_large)?)?;
    if list.len() > N_ROWS_MAX {
        let message = format!("the body has {} rows and may have {N_ROWS_MAX}: send less at a time", list.len());
        return Err(ApiError::too_large(message).into());
    }
    Ok(list)
}

fn bad(message: String) -> Fault {
    Fault(StatusCode::BAD_REQUEST, message)
}

/// Takes events in, and answers how many there are now. Where one of them is not accepted the call fails with its reason, and
/// none of them is taken in.
pub(super) async fn take(app: Arc<App>, caller: Caller, events: Vec<Value>) -> Written {
    let n_rows = app.run_public(move |app| Ok(take_now(app, &caller, events))).await??;
    Ok(Json(json!({ "RowAffected": n_rows })))
}

/// The same, on a thread that may wait.
pub(super) fn take_now(app: &App, caller: &Caller, events: Vec<Value>) -> Result<u64, Fault> {
    // The call itself is counted already.
    app.limits.count_more(Asking::Events, &caller.peer, &caller.holder, events.len().saturating_sub(1))?;
    let envelope = envelope(app, Some(&caller.holder));
    let mut batch = Batch::default();
    for event in events {
        let is_nameless = event.get("messageId").is_none();
        let event = events::parse_event(event, None, &envelope).map_err(|rejection| bad(rejection.message))?;
        if app.engine.names_erased(&event) {
            return Err(bad(ERASED.to_owned()));
        }
        batch.nameless.extend(is_nameless.then_some(batch.accepted.len()));
        batch.accepted.push(event);
    }
    app.schemas.judge(&mut batch);
    if let Some(rejected) = batch.rejected.first() {
        return Err(bad(rejected.rejection.message.clone()));
    }
    let ingested = app.engine.ingest(batch).map_err(|error| ApiError::from(ServerError::from(error)))?;
    // Somebody whose erasure became final since.
    if ingested.erased.is_empty() {
        Ok((ingested.n_accepted + ingested.n_duplicates) as u64)
    } else {
        Err(bad(ERASED.to_owned()))
    }
}
