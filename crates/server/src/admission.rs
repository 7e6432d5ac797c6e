//! Whose key comes in a request's header, and is the request let in at all?
//!
//! Every request passes here before anything else looks at it, so that nowhere can keys be tried without being counted, and
//! nowhere can another site use the key that a browser remembers. Whose key it is stands in the request's extensions as a
//! [`Holder`] from then on; what that one may do is judged where it is done.

use crate::app::App;
use crate::attempts::Refused;
use crate::credentials::{is_basic, is_for_others, key_in};
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::pages;
use crate::peer::{Peer, SentBy, is_change, sent_by};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use governance::Role;
use std::net::IpAddr;
use std::sync::Arc;

/// Lets a request in, with whose key it has, unless its address tries too many or another site sends it.
pub(crate) async fn admit(State(app): State<Arc<App>>, peer: Peer, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(key) = key_in(headers).filter(|key| !key.is_empty() && !is_for_others(key)) else {
        return next.run(request).await;
    };
    let is_foreign = is_change(request.method()) && is_basic(headers) && sent_by(headers) == SentBy::ForeignPage;
    let holder = match who(&app, key, peer.address).await {
        Ok(holder) => holder,
        Err(error) => return pages::refused(&app, request, error).await,
    };
    if let Some(holder) = holder {
        if is_foreign && holder.role != Role::Write {
            return pages::refused(&app, request, of_another_site()).await;
        }
        request.extensions_mut().insert(holder);
    }
    next.run(request).await
}

/// Whose a key from an address is; `None` where it is nobody's. A key that is not known may have been made a moment ago:
/// whether it was is looked up away from the threads that serve connections.
///
/// # Errors
/// [`ApiError`] with 429: too many wrong ones came from there.
pub(crate) async fn who(app: &Arc<App>, key: String, address: IpAddr) -> Result<Option<Holder>, ApiError> {
    match app.keys.known(&key) {
        Some(holder) => judge(app, Some(holder), address),
        None => app.run_public(move |app| Ok(who_now(app, &key, address))).await?,
    }
}

/// [`who`], where one may wait for the disk.
///
/// # Errors
/// As [`who`].
pub(crate) fn who_now(app: &App, key: &str, address: IpAddr) -> Result<Option<Holder>, ApiError> {
    if app.local_key.is(key) { Ok(None) } else { judge(app, app.keys.find(key), address) }
}

fn judge(app: &App, found: Option<Holder>, address: IpAddr) -> Result<Option<Holder>, ApiError> {
    match app.guesses.judge(found, address, app.engine.clock().now()) {
        Ok(holder) => Ok(Some(holder)),
        Err(Refused::Wrong(n_wrong)) => {
            tracing::warn!(%address, n_wrong, "a wrong key was refused");
            Ok(None)
        }
        Err(Refused::Wait(wait)) => {
            metrics::counter!("cx_requests_limited_total").increment(1);
            Err(ApiError::wrong_too_often(wait))
        }
    }
}

fn of_another_site() -> ApiError {
    let message = "the page of another site made a browser send this with a key that it remembers: a program sends the key \
                   as \"Authorization: Bearer KEY\"";
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", message)
}
