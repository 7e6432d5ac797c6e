//! How do programs speak to us that speak Azure AI Personalizer's interface? Unmodified: `docs/azure-personalizer.md` says what becomes
//! of each call.

use super::answered::message_id;
use super::auth::counted;
use super::extract::{Path, SmallBody};
use super::ingest::accept;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use decisions::{Actions, Content, Kind, Parameters, Record};
use engine::Asked;
use events::{Fields, OCCASIONS, Object};
use features::REWARD;
use governance::Action;
use primitives::{AnonymousId, ErrorKind, plain_words};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// As what every version of the paths that is understood begins.
const VERSION: &str = "v1.";

pub(super) fn routes() -> Router<Arc<App>> {
    // The newest client names the version in the query.
    Router::new()
        .route("/personalizer/rank", post(rank))
        .route("/personalizer/{version}/rank", post(rank))
        .route("/personalizer/events/{event}/reward", post(reward))
        .route("/personalizer/events/{event}/activate", post(activate))
        .route("/personalizer/{version}/events/{event}/reward", post(reward))
        .route("/personalizer/{version}/events/{event}/activate", post(activate))
}

/// Why a call failed, as Azure's services say it.
pub(super) struct Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", message)
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        let retry_after = error.retry_after().map(Box::new);
        let (status, code) = match error.status() {
            StatusCode::NOT_FOUND => (StatusCode::NOT_FOUND, "ResourceNotFound"),
            StatusCode::UNAUTHORIZED => (StatusCode::UNAUTHORIZED, "401"),
            StatusCode::FORBIDDEN => (StatusCode::FORBIDDEN, "403"),
            StatusCode::TOO_MANY_REQUESTS => (StatusCode::TOO_MANY_REQUESTS, "429"),
            status if status.is_server_error() => (status, "InternalServerError"),
            // What is asked otherwise than before is, there as here, a mistake of whoever asks.
            StatusCode::CONFLICT => (StatusCode::BAD_REQUEST, "BadRequest"),
            status => (status, "BadRequest"),
        };
        Self { retry_after, ..Self::new(status, code, error.message()) }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().extend(self.retry_after.map(|header| *header));
        response
    }
}

macro_rules! caller {
    ($(#[doc = $doc:literal])+ $name:ident, $asking:expr) => {
        $(#[doc = $doc])+
        pub(super) struct $name {
            holder: Holder,
            peer: Peer,
        }

        impl FromRequestParts<Arc<App>> for $name {
            type Rejection = Fault;
            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
                let (holder, peer) = counted(parts, app, Action::Decide, $asking).await?;
                Ok(Self { holder, peer })
            }
        }
    };
}

caller!(
    /// Whoever may ask which action suits.
    Asker,
    Asking::Decision
);
caller!(
    /// Whoever may tell what came of it: only a system of the company's, since it is learned from.
    Teller,
    Asking::Events
);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ranked {
    #[serde(default)]
    context_features: Option<Vec<Object>>,
    actions: Vec<Value>,
    #[serde(default)]
    excluded_actions: Option<Vec<String>>,
    #[serde(default)]
    event_id: Option<String>,
    #[serde(default)]
    defer_activation: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Rewarded {
    value: f64,
}

/// Where a path stands below the version.
#[derive(Debug, Deserialize)]
struct Below {
    version: Option<String>,
    event: Option<String>,
}

impl Below {
    fn check(&self) -> Result<(), Fault> {
        match self.version.as_deref().filter(|version| !version.starts_with(VERSION)) {
            None => Ok(()),
            Some(_) => Err(Fault::missing("there is no such version: ask for /personalizer/v1.0/ or v1.1")),
        }
    }
}

/// Which of the actions: a decision like any other.
async fn rank(
    asker: Asker,
    Path(below): Path<Below>,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<(StatusCode, Json<Value>), Fault> {
    drop((asker.holder, asker.peer));
    below.check()?;
    let Ranked { context_features, actions, excluded_actions, event_id, defer_activation } = read(&body)?;
    let context = merged(context_features.unwrap_or_default());
    let mut parameters = Parameters::from([("actions".to_owned(), Value::from(actions))]);
    let excluded = excluded_actions.filter(|excluded| !excluded.is_empty());
    parameters.extend(excluded.map(|excluded| ("exclude".to_owned(), excluded.into())));
    parameters.extend(event_id.clone().map(|event| ("event".to_owned(), event.into())));
    parameters.extend(defer_activation.filter(|deferred| *deferred).map(|yes| ("deferred".to_owned(), yes.into())));
    let record = app.run(move |app| {
        let kind = ranker(app)?.about().name.clone();
        Ok::<_, ServerError>(app.engine.decide(Asked { kind, names: Vec::new(), parameters, context })?)
    });
    let record = record.await?;
    let actions = actions_of(&record)?;
    let event = event_id.unwrap_or_else(|| record.decision.id.to_string());
    let first = actions.chosen.first().map(|first| first.id.as_str());
    let told = json!({ "ranking": ranking(actions), "eventId": event, "rewardActionId": first });
    Ok((StatusCode::CREATED, Json(told)))
}

/// The kind that is asked about actions of questions.
fn ranker(app: &App) -> Result<&dyn Kind, ServerError> {
    let kind = app.engine.capabilities().kinds.iter().find(|kind| kind.is_of_occasions());
    let message = || "no kind of decision chooses among actions that come with a question".to_owned();
    kind.ok_or_else(|| ServerError::Other { kind: ErrorKind::NotFound, message: message() })
}

fn actions_of(record: &Record) -> Result<&Actions, Fault> {
    match &record.decision.answer.content {
        Content::Actions(actions) => Ok(actions),
        _ => Err(Fault::missing("nothing was chosen there")),
    }
}

/// All actions with how likely each was to be the first: what is answered first, then by that, and what was excluded last.
fn ranking(actions: &Actions) -> Vec<Value> {
    let mut left = 1.0;
    let mut all = Vec::with_capacity(actions.chosen.len());
    for action in &actions.chosen {
        // An answer says how likely each was for its place, after those before it.
        let probability = left * action.propensity.get();
        left = (left - probability).max(0.0);
        all.push((action.id.as_str(), probability));
    }
    if let Some((_, others)) = all.split_first_mut() {
        others.sort_by(|a, b| b.1.total_cmp(&a.1));
    }
    let excluded = actions.left_out.values().flatten().map(|id| (id.as_str(), 0.0));
    all.into_iter().chain(excluded).map(|(id, probability)| json!({ "id": id, "probability": probability })).collect()
}

/// What is said of the situation, in one object: of two that say the same name each is kept.
fn merged(all: Vec<Object>) -> Fields {
    let mut merged = Map::new();
    for (name, said) in all.into_iter().flatten() {
        match merged.get_mut(&name) {
            None => drop(merged.insert(name, said)),
            Some(Value::Array(known)) => known.push(said),
            Some(known) => *known = json!([known.take(), said]),
        }
    }
    merged.into()
}

/// How much came of an occasion: an event that names its decision.
async fn reward(
    teller: Teller,
    Path(below): Path<Below>,
    State(app): State<Arc<App>>,
    SmallBody(body): SmallBody,
) -> Result<StatusCode, Fault> {
    below.check()?;
    let Rewarded { value } = read(&body)?;
    if !(-1.0..=1.0).contains(&value) {
        return Err(Fault::bad(format!("value is {value}: it goes from -1 to 1")));
    }
    let name = if value > 0.0 { "Decision Converted" } else { "Decision Dismissed" };
    tell(app, teller, below.event.unwrap_or_default(), name, Some(value)).await
}

/// That what was answered was shown.
async fn activate(teller: Teller, Path(below): Path<Below>, State(app): State<Arc<App>>) -> Result<StatusCode, Fault> {
    below.check()?;
    tell(app, teller, below.event.unwrap_or_default(), "Decision Shown", None).await
}

async fn tell(
    app: Arc<App>,
    teller: Teller,
    event: String,
    name: &'static str,
    value: Option<f64>,
) -> Result<StatusCode, Fault> {
    let reason = app.run_public(move |app| {
        let Some(record) = app.engine.occasion(&event)? else { return Ok(Err(unknown(&event))) };
        let body = json!({ "batch": [told(&record, name, value)] }).to_string();
        // No way in may mention the name that they are told in, this one included.
        let parse = |envelope| {
            let mut batch = events::parse_batch(body.as_bytes(), envelope)?;
            batch.accepted.iter_mut().for_each(|event| event.anonymous_id = Some(AnonymousId::from(OCCASIONS)));
            Ok(batch)
        };
        let reply = accept(app, Some(teller.holder), &teller.peer, parse);
        Ok(reply.map(|(_, Json(reply))| reply.first_reason()).map_err(Fault::from))
    });
    match reason.await?? {
        Some(reason) => Err(Fault::bad(reason)),
        None => Ok(StatusCode::NO_CONTENT),
    }
}

fn unknown(event: &str) -> Fault {
    let shown: String = event.chars().take(40).collect();
    Fault::missing(format!(
        "nothing was ranked by the eventId {:?}, or so long ago that it is not kept any more: ask for a ranking first",
        primitives::visible(&shown)
    ))
}

/// The event that says so. Said again it is the same event.
fn told(record: &Record, name: &str, value: Option<f64>) -> Value {
    let id = record.decision.id.as_str();
    let first = actions_of(record).ok().and_then(|actions| actions.chosen.first());
    let mut properties = Map::from_iter([("decision_id".to_owned(), Value::from(id))]);
    properties.extend(first.map(|first| ("action".to_owned(), first.id.as_str().into())));
    properties.extend(value.map(|value| (REWARD.to_owned(), value.into())));
    let same = format!("{id}\n{name}\n{value:?}");
    json!({
        "type": "track", "event": name, "anonymousId": id, "messageId": message_id("personalizer", &same),
        "properties": properties,
    })
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::bad(format!("the body cannot be read: {}", plain_words(&error))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use decisions::ChosenAction;
    use primitives::Probability;

    #[test]
    fn the_probabilities_of_a_ranking_are_those_of_the_first_place_and_sum_to_one() {
        // First drawn with 0.2 of 1, then 0.3 of 0.8, then what is left.
        let one = |id: &str, propensity: f64| ChosenAction {
            id: id.to_owned(),
            propensity: Probability::new(propensity).unwrap(),
            priority: 0.0,
            factors: None,
            reason: String::new(),
            content: Map::new(),
            is_mandatory: false,
        };
        let actions = Actions {
            chosen: vec![one("a", 0.2), one("b", 0.3 / 0.8), one("c", 1.0)],
            left_out: [("asked".to_owned(), vec!["d".to_owned()])].into(),
            chances: [].into(),
        };
        let told = ranking(&actions);
        let ids: Vec<&str> = told.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["a", "c", "b", "d"], "the one to be shown stands first");
        let p: Vec<f64> = told.iter().map(|one| one["probability"].as_f64().unwrap()).collect();
        for (found, expected) in p.iter().zip([0.2, 0.5, 0.3, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{p:?}");
        }
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_that_is_said_of_a_situation_is_lost() {
        let objects = json!([{"time": "morning"}, {"time": "late", "device": {"type": "app"}}, {"time": 3}]);
        let all: Vec<Object> = serde_json::from_value(objects).unwrap();
        let merged: Object = merged(all).into();
        assert_eq!(Value::from(merged), json!({"time": ["morning", "late", 3], "device": {"type": "app"}}));
    }
}
