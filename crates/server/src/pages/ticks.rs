//! How does an open page learn that it is no longer up to date?

use super::Asked;
use super::entry::is_still_in;
use super::visit::Visit;
use crate::failure::ApiError;
use crate::sessions;
use crate::ticks::{Beat, Listener, mark};
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// `/ticks?since=`: a stream that says when something came in.
pub(super) async fn stream(visit: Visit, mut headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let Some(entry) = visit.entry().cloned() else { return visit.not_found() };
    // Who comes again after a break says what was told last.
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()).filter(|last| !last.is_empty());
    let known = last.map_or_else(|| asked.get("since").cloned().unwrap_or_default(), str::to_owned);
    // To listen is no sign that somebody is there.
    headers.insert(sessions::BY_ITSELF, HeaderValue::from_static("1"));
    let (app, holder) = (visit.app.clone(), entry.by.actor.clone());
    let look = move || {
        let (app, is_in) = (app.clone(), is_still_in(&app, &entry, &headers));
        async move {
            if !is_in {
                return Beat::Over;
            }
            app.run(|app| mark(&app.engine)).await.map_or(Beat::Unknown, Beat::At)
        }
    };
    let body = match visit.app.ticks.stream(Listener::Holder(holder), known, look) {
        Ok(body) => body,
        Err(n_max) => return ApiError::too_many_pages(n_max).into_response(),
    };
    const ALWAYS: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // A proxy that gathers answers would hold back what is told.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (ALWAYS, body).into_response()
}
