//! How do events come in? Segment's tracking API.

use super::auth::{holder, permit};
use super::body::{Limit, Sent};
use super::extract::{Path, Query};
use super::wire::IngestReply;
use crate::admission::{who, who_now};
use crate::app::App;
use crate::bodies::{Held, no_room};
use crate::credentials::{is_for_others, key_in};
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::{self, Peer};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use engine::Ingested;
use events::{Batch, CallKind, Envelope, Origin, Refusal, RejectionCode};
use governance::Action;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The one-letter paths that browser libraries use.
const SHORT_PATHS: [(&str, Option<CallKind>); 7] = [
    ("/v1/i", Some(CallKind::Identify)),
    ("/v1/t", Some(CallKind::Track)),
    ("/v1/p", Some(CallKind::Page)),
    ("/v1/s", Some(CallKind::Screen)),
    ("/v1/g", Some(CallKind::Group)),
    ("/v1/a", Some(CallKind::Alias)),
    ("/v1/b", None),
];

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(batch))
        .routes(routes!(beacon))
        .routes(routes!(browser_settings))
        .routes(routes!(identify))
        .routes(routes!(track))
        .routes(routes!(page))
        .routes(routes!(screen))
        .routes(routes!(group))
        .routes(routes!(alias))
        .routes(routes!(item))
}

pub(super) fn short_paths() -> axum::Router<Arc<App>> {
    let mut router = axum::Router::new();
    for (path, kind) in SHORT_PATHS {
        router = router.route(path, post(move |app, query, peer, request| receive(app, query, peer, kind, request)));
    }
    router
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct KeyInQuery {
    #[serde(rename = "writeKey")]
    pub(super) write_key: Option<String>,
}

pub(super) type Received = Result<(StatusCode, Json<IngestReply>), ApiError>;

/// Reads, accepts and answers one request of events.
async fn receive(
    State(app): State<Arc<App>>,
    Query(query): Query<KeyInQuery>,
    peer: Peer,
    kind: Option<CallKind>,
    request: Request,
) -> Received {
    let (parts, body) = request.into_parts();
    let sender = sender_before_body(&app, &parts, query.write_key, &peer).await;
    // A wrong key counts, too.
    app.limits.count(Asking::Events, &peer, sender.as_ref().ok().and_then(Option::as_ref))?;
    let sender = sender?;
    let limit = if sender.is_some() { Limit::Batch } else { Limit::Keyless };
    let body = Sent::read(&parts, body, limit).await?;
    let work = move |app: &App| {
        Ok(body.with_plain(|body, held| {
            accept(app, sender, &peer, |envelope| match kind {
                Some(kind) => events::parse_single(body, kind, envelope),
                None => events::parse_batch_within(body, envelope, more_room(held)),
            })
        }))
    };
    app.run_public(work).await?
}

/// Whether there is room for so many bytes more than the body was taken for.
pub(super) fn more_room(held: Option<&Held>) -> impl FnMut(usize) -> bool {
    move |n_bytes| held.is_none_or(|held| held.take_more_to_read(n_bytes).is_ok())
}

/// Who sends events, by the key in the header or else in the query: it is looked at before the body is. Where there is
/// none, the body's own counts.
pub(super) async fn sender_before_body(
    app: &Arc<App>,
    parts: &Parts,
    in_query: Option<String>,
    peer: &Peer,
) -> Result<Option<Holder>, ApiError> {
    if key_in(&parts.headers).is_some_and(|key| !key.is_empty() && !is_for_others(&key)) {
        return holder(&parts.headers, &parts.extensions, Action::Ingest).cloned().map(Some);
    }
    let Some(key) = in_query.filter(|key| !key.is_empty()) else { return Ok(None) };
    let found = who(app, key.clone(), peer.address).await?;
    permit(found.as_ref(), Some(&key), Action::Ingest).cloned().map(Some)
}

/// Whose the events are that somebody sends now.
pub(super) fn envelope(app: &App, sender: Option<&Holder>) -> Envelope {
    let origin = match sender {
        Some(sender) if sender.role.may(Action::WriteCatalogue) => Origin::Server,
        _ => Origin::Client,
    };
    Envelope::new(app.engine.clock().now(), origin).with_currency(app.settings.default_currency())
}

/// Reads events with an envelope that says whose they are, and accepts them.
pub(super) fn accept(
    app: &App,
    sender: Option<Holder>,
    peer: &Peer,
    parse: impl FnOnce(Envelope) -> Result<Batch, Refusal>,
) -> Received {
    let parsed = parse(envelope(app, sender.as_ref()));
    let batch = parsed.map_err(|refusal| match refusal {
        Refusal::TooLarge { message } => ApiError::too_large(message),
        Refusal::Malformed { message } => ApiError::new(StatusCode::BAD_REQUEST, "malformed", message),
        Refusal::NoRoom => no_room(),
    });
    let sender = match sender {
        Some(sender) => sender,
        None => {
            let key = batch.as_ref().ok().and_then(|batch| batch.write_key.as_deref());
            let found = key.map(|key| who_now(app, key, peer.address)).transpose()?.flatten();
            let sender = permit(found.as_ref(), key, Action::Ingest)?.clone();
            app.limits.count_key(Asking::Events, peer, Some(&sender))?;
            sender
        }
    };
    let mut batch = batch?;
    let n_more = (batch.accepted.len() + batch.rejected.len()).saturating_sub(1);
    app.limits.count_more(Asking::Events, peer, &sender, n_more)?;
    // Only now: it is work, and who may not send makes none.
    app.schemas.judge(&mut batch);
    let reply = IngestReply::rejections(&batch);
    let status = status(&batch);
    let ingested = app.engine.ingest(batch).map_err(ServerError::from)?;
    let Ingested { n_accepted, n_duplicates, conflicts, erased, .. } = &ingested;
    let is_only_erased = !erased.is_empty() && n_accepted + n_duplicates + conflicts.len() == 0;
    let status = if is_only_erased { StatusCode::BAD_REQUEST } else { status };
    Ok((status, Json(reply.counted(ingested))))
}

/// A request counts as failed only where nothing of it was accepted: clients would send the accepted events again.
fn status(batch: &Batch) -> StatusCode {
    if batch.rejected.is_empty() || !batch.accepted.is_empty() {
        StatusCode::OK
    } else if batch.rejected.iter().all(|rejected| rejected.rejection.code == RejectionCode::TooLarge) {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        StatusCode::BAD_REQUEST
    }
}

/// What Segment's browser library asks before it sends anything: where to send events
#[utoipa::path(
    get, path = "/v1/projects/{write_key}/settings", tag = "events",
    params(("write_key" = String, Path, description = "The write key")),
    responses(
        (status = 200, description = "The settings that the library expects", body = events::Object),
        (status = 401, description = "An unknown key", body = crate::failure::ErrorBody),
        (status = 403, description = "The key may not send events", body = crate::failure::ErrorBody),
    ),
)]
async fn browser_settings(
    State(app): State<Arc<App>>,
    Path(write_key): Path<String>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let found = who(&app, write_key.clone(), peer.address).await?;
    permit(found.as_ref(), Some(&write_key), Action::Ingest)?;
    let segment = json!({
        "apiKey": write_key,
        "apiHost": format!("{}/v1", peer::host(&headers)),
        // Where none is named the library takes https, and its events are lost where there is none.
        "protocol": peer::scheme(&headers),
        "addBundledMetadata": false,
    });
    Ok(Json(json!({
        "integrations": {"Segment.io": segment},
        "plan": {"track": {"__default": {"enabled": true, "integrations": {}}}},
        "edgeFunction": {},
        "analyticsNextEnabled": true,
        "metrics": {"sampleRate": 0}
    })))
}

macro_rules! single {
    ($name:ident, $kind:expr, $path:literal, $summary:literal) => {
        #[doc = $summary]
        #[utoipa::path(
            post, path = $path, tag = "events", summary = $summary, request_body = super::wire::EventBody,
            params(("writeKey" = Option<String>, Query, description = "The write key, where no header can be sent")),
            responses(
                (status = 200, description = "Durable, and seen by every later read", body = IngestReply),
                (status = 400, description = "Not accepted; the reason is in the body and in the live inspector", body = crate::failure::ErrorBody),
                (status = 413, description = "Larger than 32 KB", body = IngestReply),
            ),
            security(("bearer" = []), ("basic" = []), ()),
        )]
        async fn $name(app: State<Arc<App>>, query: Query<KeyInQuery>, peer: Peer, request: Request) -> Received {
            receive(app, query, peer, Some($kind), request).await
        }
    };
}

single!(identify, CallKind::Identify, "/v1/identify", "Who the customer is");
single!(track, CallKind::Track, "/v1/track", "What the customer did");
single!(page, CallKind::Page, "/v1/page", "Which page the customer saw");
single!(screen, CallKind::Screen, "/v1/screen", "Which screen of an app the customer saw");
single!(group, CallKind::Group, "/v1/group", "Which group the customer belongs to");
single!(alias, CallKind::Alias, "/v1/alias", "That two identities are one customer");
single!(item, CallKind::Item, "/v1/item", "What an item of the catalogue is (server key)");

/// Up to 2,500 events at once, accepted one by one
#[utoipa::path(
    post, path = "/v1/batch", tag = "events", request_body = super::wire::BatchBody,
    params(("writeKey" = Option<String>, Query, description = "The write key, where no header can be sent")),
    responses(
        (status = 200, description = "Durable, and seen by every later read; single events may be rejected", body = IngestReply),
        (status = 400, description = "Not JSON, or no event was accepted", body = crate::failure::ErrorBody),
        (status = 413, description = "More than 500 KB or 2,500 events", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = []), ()),
)]
async fn batch(app: State<Arc<App>>, query: Query<KeyInQuery>, peer: Peer, request: Request) -> Received {
    receive(app, query, peer, None, request).await
}

/// The same for `navigator.sendBeacon` and the browser snippet: the key in the query, the body of whichever media type
#[utoipa::path(
    post, path = "/beacon/v1/batch", tag = "events", request_body(content = super::wire::BatchBody, content_type = "text/plain"),
    params(("writeKey" = Option<String>, Query, description = "The write key, where the body does not say it")),
    responses(
        (status = 200, description = "Durable, and seen by every later read; single events may be rejected", body = IngestReply),
        (status = 400, description = "Not JSON, or no event was accepted", body = crate::failure::ErrorBody),
        (status = 413, description = "More than 500 KB or 2,500 events", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = []), ()),
)]
async fn beacon(app: State<Arc<App>>, query: Query<KeyInQuery>, peer: Peer, request: Request) -> Received {
    receive(app, query, peer, None, request).await
}
