//! How does a picture tell that it was looked at? For e-mails and pages where no script runs.

use super::extract::Query;
use super::ingest::{KeyInQuery, accept, sender_before_body};
use crate::app::App;
use crate::failure::ApiError;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use events::CallKind;
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A picture of one transparent point.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\
                         \x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// How deep a name with dots may lead.
const DEPTH_MAX: usize = 8;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(track)).routes(routes!(page))
}

macro_rules! picture {
    ($name:ident, $kind:expr, $path:literal, $summary:literal) => {
        #[doc = $summary]
        #[utoipa::path(
            get, path = $path, tag = "events", summary = $summary,
            description = "The query describes the event, dots leading into objects: \
                           `userId=42&event=Email+Opened&properties.campaign_id=spring`. The picture comes whatever becomes of it.",
            params(
                ("writeKey" = String, Query, description = "The write key"),
                ("userId" = Option<String>, Query, description = "Who it is; this, or `anonymousId`"),
                ("anonymousId" = Option<String>, Query, description = "Which visitor it is"),
                ("event" = Option<String>, Query, description = "What is tracked"),
                ("name" = Option<String>, Query, description = "Which page it is"),
            ),
            responses(
                (status = 200, description = "Durable; a picture of one transparent point", content_type = "image/gif", body = Vec<u8>),
                (status = 400, description = "Not accepted; the reason is in the live inspector", content_type = "image/gif", body = Vec<u8>),
                (status = 401, description = "No key or an unknown one", content_type = "image/gif", body = Vec<u8>),
                (status = 403, description = "The key may not do this", content_type = "image/gif", body = Vec<u8>),
                (status = 429, description = "Too many requests", content_type = "image/gif", body = Vec<u8>),
                (status = 503, description = "The server cannot do this now", content_type = "image/gif", body = Vec<u8>),
            ),
        )]
        async fn $name(app: State<Arc<App>>, peer: Peer, request: Request) -> Response {
            show(app, peer, $kind, request).await
        }
    };
}

picture!(
    track,
    CallKind::Track,
    "/pixel/v1/track",
    "A picture that tells that something happened, such as an e-mail opened"
);
picture!(page, CallKind::Page, "/pixel/v1/page", "A picture that tells that a page was seen");

/// The picture, whatever becomes of the event: nobody sees a broken one in a mail. The status says what became of it.
async fn show(State(app): State<Arc<App>>, peer: Peer, kind: CallKind, request: Request) -> Response {
    let (status, retry_after) = match take(&app, peer, kind, request).await {
        Ok(status) => (status, None),
        Err(error) => (error.status(), error.retry_after()),
    };
    let mut response = (status, PICTURE).into_response();
    let headers = response.headers_mut();
    headers.extend(retry_after);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, max-age=0"));
    const OPEN: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(OPEN, HeaderValue::from_static("cross-origin"));
    response
}

async fn take(app: &Arc<App>, peer: Peer, kind: CallKind, request: Request) -> Result<StatusCode, ApiError> {
    let (mut parts, _) = request.into_parts();
    // Whoever looks whether there is a picture has not seen it.
    if parts.method == Method::HEAD {
        return Ok(StatusCode::OK);
    }
    let Query(asked) = Query::from_request_parts(&mut parts, app).await?;
    let (key, event) = event_of(asked)?;
    let sender = sender_before_body(app, &parts, key.write_key, &peer).await;
    app.limits.count(Asking::Events, &peer, sender.as_ref().ok().and_then(Option::as_ref))?;
    let sender = sender?;
    let work = move |app: &App| {
        Ok(accept(app, sender, &peer, |envelope| events::parse_single(event.to_string().as_bytes(), kind, envelope)))
    };
    app.run_public(work).await?.map(|(status, _)| status)
}

/// The event that a query describes: `userId=42&event=Email+Opened&properties.campaign=spring`.
fn event_of(asked: Vec<(String, String)>) -> Result<(KeyInQuery, Value), ApiError> {
    let mut key = KeyInQuery::default();
    let mut event = Map::new();
    for (name, text) in asked {
        if name == "writeKey" {
            key.write_key = Some(text);
        } else if !put(&mut event, &name, value_of(&name, text)) {
            let shown: String = name.chars().take(40).collect();
            let message =
                format!("\"{shown}\" is there twice, or has more than {DEPTH_MAX} parts: give each name once");
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "malformed", message));
        }
    }
    Ok((key, Value::Object(event)))
}

/// What a text stands for: itself, but for an object or a text that is written as JSON, and for yes and no of a consent.
fn value_of(name: &str, text: String) -> Value {
    let is_json = text.starts_with(['{', '"']);
    match text.as_str() {
        "true" | "false" if name.starts_with("context.consent.") => Value::Bool(text == "true"),
        _ if is_json => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        _ => Value::String(text),
    }
}

/// Puts a value where its name with dots leads, unless something is there.
fn put(object: &mut Map<String, Value>, name: &str, value: Value) -> bool {
    let mut parts = name.split('.');
    let (Some(last), true) = (parts.next_back(), name.split('.').count() <= DEPTH_MAX) else { return false };
    let mut place = object;
    for part in parts {
        match place.entry(part).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => place = inner,
            _ => return false,
        }
    }
    place.insert(last.to_owned(), value).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(pairs: &[(&str, &str)]) -> Option<Value> {
        let asked = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        event_of(asked).ok().map(|(_, event)| event)
    }

    #[test]
    fn a_query_describes_an_event() {
        for (pairs, event) in [
            (&[][..], Some(json!({}))),
            (&[("writeKey", "k"), ("event", "Email Opened")], Some(json!({"event": "Email Opened"}))),
            (&[("anonymousId", "\"a1\""), ("userId", "007")], Some(json!({"anonymousId": "a1", "userId": "007"}))),
            (
                &[("properties.campaign.name", "spring"), ("properties.price", "9.5"), ("properties.campaign.id", "1")],
                Some(json!({"properties": {"campaign": {"name": "spring", "id": "1"}, "price": "9.5"}})),
            ),
            (&[("properties", "{\"a\":1}"), ("properties.b", "2")], Some(json!({"properties": {"a": 1, "b": "2"}}))),
            (
                &[("context.consent.categoryPreferences.analytics", "false"), ("properties.is", "true")],
                Some(
                    json!({"context": {"consent": {"categoryPreferences": {"analytics": false}}}, "properties": {"is": "true"}}),
                ),
            ),
            (&[("event", "{broken")], Some(json!({"event": "{broken"}))),
            (&[("a.b.c.d.e.f.g.h", "8")], Some(json!({"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": "8"}}}}}}}}))),
            (&[("a.b.c.d.e.f.g.h.i", "9")], None),
            (&[("event", "a"), ("event", "b")], None),
            (&[("properties", "text"), ("properties.a", "1")], None),
            (&[("properties.a", "1"), ("properties", "{}")], None),
        ] {
            assert_eq!(read(pairs), event, "{pairs:?}");
        }
    }
}
