//! What becomes of events, items and users that are put? Events of ours.

use super::{Fault, Teller, read};
use crate::api::answered::{SHOWN_EVENT, meant, message_id};
use crate::api::extract::SmallBody;
use crate::api::ingest::accept;
use crate::app::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use primitives::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How many may be put at a time.
const N_MAX: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    tracking_id: String,
    user_id: Option<String>,
    session_id: String,
    event_list: Vec<Told>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    event_id: Option<String>,
    event_type: String,
    event_value: Option<f64>,
    item_id: Option<String>,
    /// JSON in a text.
    properties: Option<String>,
    sent_at: Value,
    recommendation_id: Option<String>,
    #[serde(default)]
    impression: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Items {
    items: Vec<ItemPut>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemPut {
    item_id: String,
    properties: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Users {
    users: Vec<UserPut>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserPut {
    user_id: String,
    properties: Option<String>,
}

pub(super) async fn events(
    teller: Teller,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<StatusCode, Fault> {
    let sent: Events = read(&body)?;
    let mut all = Vec::new();
    for told in few(&sent.event_list)? {
        all.extend(events_of(&sent, told)?);
    }
    take(app, teller, all).await
}

/// The event itself, and where it names an answer of ours, what became of that.
fn events_of(sent: &Events, told: &Told) -> Result<Vec<Value>, Fault> {
    let mut properties = json_in(told.properties.as_deref())?;
    let mut who = Map::from_iter([("anonymousId".to_owned(), Value::from(sent.session_id.as_str()))]);
    who.extend(sent.user_id.as_deref().map(|user| ("userId".to_owned(), user.into())));
    let id = |what: &str| {
        let id = told.event_id.as_deref()?;
        let same = format!("{}\n{}\n{id}\n{what}", sent.tracking_id, sent.session_id);
        Some(message_id("personalize", &same))
    };
    let track = |name: &str, properties: Map<String, Value>| {
        let mut event = json!({"type": "track", "event": name, "timestamp": told.sent_at, "properties": properties});
        if let Value::Object(event) = &mut event {
            event.extend(who.clone());
            event.extend(id(name).map(|id| ("messageId".to_owned(), id.into())));
        }
        event
    };
    properties.extend(told.event_value.map(|value| ("eventValue".to_owned(), value.into())));
    if !told.impression.is_empty() {
        properties.insert("impression".to_owned(), told.impression.clone().into());
    }
    let Some(item) = told.item_id.as_deref() else { return Ok(vec![track(&told.event_type, properties)]) };
    let (name, of_item) = meant(&told.event_type, item);
    properties.extend(of_item);
    let mut all = vec![track(name, properties)];
    if let Some(decision) = told.recommendation_id.as_deref().filter(|decision| !decision.is_empty()) {
        let step = match name {
            SHOWN_EVENT => None,
            "Content Clicked" => Some("Decision Clicked"),
            _ => Some("Decision Converted"),
        };
        let said = json!({"decision_id": decision, "item_id": item});
        all.extend(step.map(|step| track(step, said.as_object().cloned().unwrap_or_default())));
    }
    Ok(all)
}

pub(super) async fn items(
    teller: Teller,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<StatusCode, Fault> {
    let sent: Items = read(&body)?;
    let mut all = Vec::new();
    for item in few(&sent.items)? {
        let traits = named_as_ours(json_in(item.properties.as_deref())?);
        all.push(json!({"type": "item", "itemId": item.item_id, "traits": traits}));
    }
    take(app, teller, all).await
}

pub(super) async fn users(
    teller: Teller,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<StatusCode, Fault> {
    let sent: Users = read(&body)?;
    let mut all = Vec::new();
    for user in few(&sent.users)? {
        let traits = json_in(user.properties.as_deref())?;
        all.push(json!({"type": "identify", "userId": user.user_id, "traits": traits}));
    }
    take(app, teller, all).await
}

/// What the domains of Amazon's schemas call what the catalogue has a place for. Several of one field stand between strokes.
fn named_as_ours(properties: Map<String, Value>) -> Map<String, Value> {
    let mut traits = Map::new();
    for (name, value) in properties {
        let listed = |text: &str| text.split('|').map(|one| Value::from(one.trim())).collect::<Vec<_>>();
        match (name.to_ascii_lowercase().replace('_', "").as_str(), &value) {
            ("categoryl1" | "genres" | "genre", Value::String(text)) => {
                traits.extend(listed(text).first().map(|first| ("category".to_owned(), first.clone())));
                traits.insert("categories".to_owned(), listed(text).into());
            }
            ("productname" | "title" | "itemname", Value::String(_)) => drop(traits.insert("name".to_owned(), value)),
            ("productdescription" | "description", _) => drop(traits.insert("description".to_owned(), value)),
            ("creationtimestamp", _) => drop(traits.insert("timestamp".to_owned(), moment(value))),
            (plain @ ("price" | "currency" | "brand" | "name" | "category" | "available"), _) => {
                traits.insert(plain.to_owned(), value);
            }
            _ => drop(traits.insert(name.to_ascii_lowercase(), value)),
        }
    }
    traits
}

/// The moment that seconds since 1970 are, which schemas hold; what is none stays as it is.
pub(super) fn moment(value: Value) -> Value {
    let seconds = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let millis = seconds.and_then(|seconds| seconds.checked_mul(1_000));
    millis.map_or(value, |millis| Timestamp::from_millis(millis).to_string().into())
}

/// As many as may be put at a time.
pub(super) fn few<T>(all: &[T]) -> Result<&[T], Fault> {
    if (1..=N_MAX).contains(&all.len()) {
        return Ok(all);
    }
    Err(Fault::invalid(format!("{} were put at a time: put 1 to {N_MAX}", all.len())))
}

/// What a text holds as JSON.
pub(super) fn json_in(text: Option<&str>) -> Result<Map<String, Value>, Fault> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Map::new()) };
    serde_json::from_str(text)
        .map_err(|_| Fault::invalid("properties are a JSON object in a text: \"{\\\"price\\\": 4.9}\""))
}

pub(super) async fn take(app: Arc<App>, teller: Teller, events: Vec<Value>) -> Result<StatusCode, Fault> {
    let reason = app.run_public(move |app| {
        let body = json!({ "batch": events }).to_string();
        let parse = |envelope| events::parse_batch(body.as_bytes(), envelope);
        Ok(accept(app, Some(teller.holder), &teller.peer, parse).map(|(_, Json(reply))| reply.first_reason()))
    });
    match reason.await?? {
        Some(reason) => Err(Fault::invalid(reason)),
        None => Ok(StatusCode::OK),
    }
}
