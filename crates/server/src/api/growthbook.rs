//! How do GrowthBook's clients get their features? They load what is declared and evaluate it themselves, or have it evaluated:
//! `docs/flags.md` says how.

mod forced;

use super::auth::permit;
use super::extract::{Path, SmallBody};
use crate::admission::who;
use crate::app::App;
use crate::cached;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use crate::ticks::{Beat, Listener};
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use decisions::{Content, FlagAnswer, FlagRule, Flags, Kind, Parameters};
use engine::Asked;
use events::Fields;
use forced::Forced;
use governance::Action;
use primitives::plain_words;
use profiles::Identifier;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/features/{key}", get(features))
        .route("/api/eval/{key}", post(evaluated))
        .route("/sub/{key}", get(updates))
}

/// Why nothing is answered, as GrowthBook says it.
pub(super) struct Fault {
    status: StatusCode,
    message: String,
    retry_after: Option<(HeaderName, HeaderValue)>,
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self { status: error.status(), message: error.message().to_owned(), retry_after: error.retry_after() }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({ "status": self.status.as_u16(), "error": self.message });
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().extend(self.retry_after);
        response
    }
}

/// The key stands in the address: whoever may do `action` with it goes on, counted.
async fn let_in(app: &Arc<App>, key: &str, peer: &Peer, action: Action) -> Result<Holder, Fault> {
    let found = who(app, key.to_owned(), peer.address).await?;
    app.limits.count(Asking::Decision, peer, found.as_ref())?;
    Ok(permit(found.as_ref(), Some(key), action)?.clone())
}

/// What is declared, for clients that evaluate by themselves. The key lies in web pages, so what is declared is public with it.
async fn features(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let_in(&app, &key, &peer, Action::Ingest).await?;
    let flags = app.engine.capabilities().flags.now();
    let loaded = match app.features.known(&flags) {
        Some(loaded) => loaded,
        None => app.run_public(move |app| Ok::<_, ServerError>(app.features.write(&flags))).await?,
    };
    let always = [
        (header::ETAG, loaded.etag.clone()),
        // Who is told that others are declared loads through the browser's cache: what it keeps it asks us about first.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (HeaderName::from_static("x-sse-support"), HeaderValue::from_static("enabled")),
    ];
    if cached::is_known(&headers, loaded.etag.to_str().unwrap_or_default()) {
        return Ok((StatusCode::NOT_MODIFIED, always).into_response());
    }
    Ok((always, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], loaded.text.clone())
        .into_response())
}

/// Tells that other features are declared, for as long as the client listens; what they are it loads then.
async fn updates(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let_in(&app, &key, &peer, Action::Ingest).await?;
    let declared = |app: &App| app.engine.capabilities().flags.now().digest().to_owned();
    // Who comes again after a break says what was told last.
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()).filter(|last| !last.is_empty());
    let known = last.map_or_else(|| declared(&app), str::to_owned);
    let of = app.clone();
    let look = move || {
        let is_in = of.keys.known(&key).is_some_and(|holder| holder.role.may(Action::Ingest));
        let beat = if is_in { Beat::At(declared(&of)) } else { Beat::Over };
        std::future::ready(beat)
    };
    // Everybody has the key, since it lies in web pages: addresses are told apart, and not holders.
    let listener = Listener::at(peer.address);
    let body = app.feature_ticks.stream(listener, known, look).map_err(ApiError::too_many_listeners)?;
    const ALWAYS: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // A proxy that gathers answers would hold back what is told.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((ALWAYS, body).into_response())
}

/// Who is asked for, and what is forced on them to see how it looks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    attributes: Map<String, Value>,
    forced_variations: BTreeMap<String, usize>,
    forced_features: Value,
}

/// What each feature is for somebody, evaluated here with all that is known of them.
async fn evaluated(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    peer: Peer,
    SmallBody(body): SmallBody,
) -> Result<Json<Value>, Fault> {
    let_in(&app, &key, &peer, Action::Decide).await?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|error| {
        let fault = plain_words(&error);
        ApiError::invalid(format!("the body cannot be read: {fault}; send {{\"attributes\":{{\"id\":\"…\"}}}}"))
    })?;
    let mut attributes = wanted.attributes;
    let named = events::customer_id_of(attributes.remove("id").unwrap_or_default(), "/attributes/id");
    let named = named.map_err(|rejection| ApiError::invalid(rejection.message))?;
    let names = named.map_or_else(Vec::new, |named| Identifier::meant_by(&named).to_vec());
    let flags = app.engine.capabilities().flags.now();
    let kind = flags.about().name.clone();
    let asked = Asked { kind, names, parameters: Parameters::new(), context: Fields::from(attributes) };
    let forced = Forced::new(wanted.forced_variations, wanted.forced_features);
    let (decided, forced) = app
        .run({
            let flags = Arc::clone(&flags);
            move |app| {
                let record = app.engine.decide_but_for(asked, |record| forced.met(&flags, record))?;
                Ok::<_, ServerError>((record, forced))
            }
        })
        .await?;
    let Content::Flags(answers) = &decided.decision.answer.content else {
        return Ok(Json(crate::declared_features::reply(&json!({}))));
    };
    let id = decided.decision.customer.as_str();
    let mut features: Map<String, Value> =
        answers.flags.iter().map(|(name, answer)| (name.clone(), feature(&flags, name, answer, id))).collect();
    let forced = forced.values(&flags, answers).into_iter();
    features.extend(forced.map(|(name, value)| (name, json!({ "defaultValue": value }))));
    Ok(Json(crate::declared_features::reply(&Value::Object(features))))
}

/// A feature that is nothing but its value; what was drawn is told with it, so that the client says that it was met.
fn feature(flags: &Flags, name: &str, answer: &FlagAnswer, customer: &str) -> Value {
    let mut told = json!({ "defaultValue": answer.value });
    let Some((rule, variation)) =
        answer.rule.and_then(|rule| flags.flag(name)?.rules.get(rule - 1)).zip(answer.variation.as_ref())
    else {
        return told;
    };
    let FlagRule::Experiment(experiment) = rule else { return told };
    let drawn = flags.experiment(experiment);
    let place = drawn.and_then(|drawn| drawn.variations.iter().position(|one| one.name == *variation));
    let (Some(drawn), Some(place)) = (drawn, place) else { return told };
    let values: Vec<&Value> = drawn.variations.iter().map(|one| &one.value).collect();
    let meta: Vec<Value> = drawn.variations.iter().map(|one| json!({ "key": one.name })).collect();
    let experiment = json!({ "key": drawn.name, "name": drawn.title, "variations": values, "meta": meta });
    let result = json!({
        "key": variation, "featureId": name, "inExperiment": true, "hashUsed": true, "variationId": place,
        "value": answer.value, "hashAttribute": "id", "hashValue": customer, "stickyBucketUsed": false,
    });
    told["rules"] = json!([{
        "id": format!("rule:{}", answer.rule.unwrap_or_default()), "force": answer.value,
        "tracks": [{ "experiment": experiment, "result": result }],
    }]);
    told
}
