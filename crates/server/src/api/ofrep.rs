//! How do OpenFeature's clients ask what a flag is? By OFREP 0.3, unmodified: `docs/flags.md` says how.

use super::auth::counted;
use super::extract::{Path, SmallBody};
use crate::app::App;
use crate::cached;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::Json;
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use decisions::{Answer, Content, FlagAnswer, FlagAnswers, FlagReason, Flags, Kind, Parameters, Record};
use engine::Asked;
use events::{Fields, Object};
use governance::Action;
use primitives::{nearest, plain_words, stable_hash, visible};
use profiles::Identifier;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A key may have strokes and other odd letters: some clients do not encode it.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/ofrep/v1/evaluate/flags", post(all))
        .route("/ofrep/v1/evaluate/flags/", post(all))
        .route("/ofrep/v1/evaluate/flags/{*key}", post(one))
}

/// Why nothing was evaluated. Clients read `key`, `errorCode` and `errorDetails` of whatever went wrong.
pub(super) struct Fault {
    status: StatusCode,
    code: &'static str,
    details: String,
    key: Option<String>,
    retry_after: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Fault {
    fn new(status: StatusCode, code: &'static str, details: impl Into<String>) -> Self {
        Self { status, code, details: details.into(), key: None, retry_after: None }
    }

    fn invalid(code: &'static str, details: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, details)
    }

    fn of(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        let retry_after = error.retry_after().map(Box::new);
        Self { retry_after, ..Self::new(error.status(), "GENERAL", error.message()) }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut body = json!({ "errorCode": self.code, "errorDetails": self.details });
        if let Some(key) = self.key {
            body["key"] = key.into();
        }
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().extend(self.retry_after.map(|header| *header));
        response
    }
}

/// Whoever may ask what flags are.
pub(super) struct Asker;

impl FromRequestParts<Arc<App>> for Asker {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
        let _: (Holder, Peer) = counted(parts, app, Action::Decide, Asking::Decision).await?;
        Ok(Self)
    }
}

/// What one flag is.
async fn one(
    _: Asker,
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    SmallBody(body): SmallBody,
) -> Result<Response, Fault> {
    let (names, context) = asked(&body).map_err(|fault| fault.of(&key))?;
    let flags = app.engine.capabilities().flags.now();
    if flags.flag(&key).is_none() {
        return Err(unknown(&flags, &key));
    }
    let parameters = Parameters::from([("flags".to_owned(), json!([key]))]);
    let asked = Asked { kind: flags.about().name.clone(), names, parameters, context };
    let decided = app.run(move |app| Ok::<_, ServerError>(app.engine.decide(asked)?)).await;
    let record = decided.map_err(|error| Fault::from(error).of(&key))?;
    let answer = flags_of(&record.decision.answer).and_then(|flags| flags.flags.get(&key));
    let answer = answer.ok_or_else(|| unknown(&flags, &key))?;
    let mut told = evaluated(&key, answer);
    told["metadata"]["decisionId"] = record.decision.id.as_str().into();
    Ok(Json(told).into_response())
}

/// What all flags are. Who has this answer already is told so, by its ETag.
async fn all(
    _: Asker,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    SmallBody(body): SmallBody,
) -> Result<Response, Fault> {
    let (names, context) = asked(&body)?;
    let flags = app.engine.capabilities().flags.now();
    let people: Vec<String> = names.iter().map(Identifier::to_meant).collect();
    let about = [flags.digest(), &people.join("\n"), context.as_text()].join("\n");
    let asked = Asked { kind: flags.about().name.clone(), names, parameters: Parameters::new(), context };
    let decided = app.run(move |app| {
        let is_known = |record: &Record| cached::is_known(&headers, &tag(&about, record));
        let record = app.engine.decide_unless(asked, is_known)?;
        Ok::<_, ServerError>((tag(&about, &record), is_known(&record), record))
    });
    let (tag, is_known, record) = decided.await?;
    let quoted = HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""));
    let etag = [(header::ETAG, quoted)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
    }
    let answers = flags_of(&record.decision.answer);
    let told: Vec<Value> =
        answers.into_iter().flat_map(|answers| &answers.flags).map(|(key, answer)| evaluated(key, answer)).collect();
    let metadata = json!({ "version": flags.digest(), "decisionId": record.decision.id.as_str() });
    Ok((etag, Json(json!({ "flags": told, "metadata": metadata }))).into_response())
}

fn flags_of(answer: &Answer) -> Option<&FlagAnswers> {
    match &answer.content {
        Content::Flags(flags) => Some(flags),
        _ => None,
    }
}

/// Of whom it is asked, and what is said of them.
fn asked(body: &[u8]) -> Result<(Vec<Identifier>, Fields), Fault> {
    let unreadable = |error: serde_json::Error| {
        let fault = plain_words(&error);
        let details = format!("the body cannot be read: {fault}; send {{\"context\":{{\"targetingKey\":\"…\"}}}}");
        Fault::invalid("PARSE_ERROR", details)
    };
    let body: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let Some(context) = body.get("context").and_then(Value::as_object) else {
        return Err(Fault::invalid("INVALID_CONTEXT", "there is no context: send it as an object with a targetingKey"));
    };
    let key = context.get("targetingKey").filter(|key| !key.is_null());
    let key = key.ok_or_else(|| {
        Fault::invalid("TARGETING_KEY_MISSING", "the context has no targetingKey: send the customer's id, as text")
    })?;
    if !key.is_string() {
        return Err(Fault::invalid("INVALID_CONTEXT", format!("targetingKey is {key}: send it as text")));
    }
    let named = events::customer_id_of(key.clone(), "/context/targetingKey");
    let named = named.map_err(|rejection| Fault::invalid("INVALID_CONTEXT", rejection.message))?;
    let named = named.ok_or_else(|| {
        Fault::invalid("TARGETING_KEY_MISSING", "the context's targetingKey is empty: send the customer's id, as text")
    })?;
    let mut said: Object = context.clone();
    said.remove("targetingKey");
    let names = Identifier::meant_by(&named).to_vec();
    Ok((names, Fields::from(said)))
}

fn unknown(flags: &Flags, key: &str) -> Fault {
    let shown: String = key.chars().take(40).collect();
    let published = flags.published().features.keys().map(String::as_str);
    let advice = match nearest(&shown, published) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "the settings declare what there is".to_owned(),
    };
    let details = format!("there is no flag \"{}\": {advice}", visible(&shown));
    Fault::new(StatusCode::NOT_FOUND, "FLAG_NOT_FOUND", details).of(key)
}

/// A flag as it is told. Some clients need each of these to be there; one that is switched off has no value, so that they take
/// their own.
fn evaluated(key: &str, answer: &FlagAnswer) -> Value {
    let rule = answer.rule.map(|rule| format!("rule {rule}"));
    let variant = answer.variation.clone().or(rule).unwrap_or_else(|| FlagReason::Default.name().to_owned());
    let reason = match answer.reason {
        FlagReason::Default => "STATIC",
        FlagReason::Rule | FlagReason::Needs => "TARGETING_MATCH",
        FlagReason::Share | FlagReason::Experiment | FlagReason::Holdout => "SPLIT",
        FlagReason::Off => "DISABLED",
    };
    let mut metadata = Map::from_iter([("reason".to_owned(), answer.reason.name().into())]);
    metadata.extend(answer.rule.map(|rule| ("rule".to_owned(), rule.into())));
    let mut told = json!({ "key": key, "reason": reason, "variant": variant, "metadata": metadata });
    if answer.reason != FlagReason::Off {
        told["value"] = answer.value.clone();
    }
    told
}

/// By what an answer is known again: what was declared, of whom and with which context it was asked, what came out, which may be
/// another thing as soon as more is known of the customer, and which draws they met. Who is told that nothing changed meets none:
/// another draw of the holdout is another answer, also where it says the same.
fn tag(asked: &str, record: &Record) -> String {
    let met = record.met().iter().map(|one| format!("{}={}", one.experiment, one.arm));
    let met = met.collect::<Vec<_>>().join("\n");
    let told = flags_of(&record.decision.answer).map(|flags| {
        let each = flags.flags.iter().map(|(key, answer)| evaluated(key, answer).to_string());
        each.collect::<Vec<_>>().join("\n")
    });
    let text = [asked, "\n\n", told.as_deref().unwrap_or_default(), "\n\n", &met].concat();
    format!("{:016x}{:016x}", stable_hash(&text), stable_hash(&format!("{text}\n")))
}
