//! How do programs speak to us that speak Gorse's REST API? Unmodified: `docs/gorse.md` says what becomes of each call.

mod known;
mod ranked;
mod written;

use super::auth::counted;
use crate::app::App;
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use governance::Action;
use serde::Deserialize;
use std::sync::Arc;

/// How many are answered where nobody says.
const N_DEFAULT: usize = 10;
/// And at most.
const N_MAX: usize = 1_000;

/// Where something is named by a category, both ends of the address are known: some clients end it with a stroke.
pub(super) fn routes() -> Router<Arc<App>> {
    let paths = Router::new()
        .route("/api/health/live", get(known::health))
        .route("/api/health/ready", get(known::health))
        .route("/api/user", post(written::user))
        .route("/api/users", get(known::users).post(written::users))
        .route("/api/user/{id}", get(known::user).patch(written::changed_user).delete(known::erase_user))
        .route("/api/item", post(written::item))
        .route("/api/items", get(known::items).post(written::items))
        .route("/api/item/{id}", get(known::item).patch(written::changed_item).delete(written::hide_item))
        .route("/api/item/{id}/category/{category}", put(written::into_category).delete(written::out_of_category))
        .route("/api/feedback", post(written::feedback).put(written::feedback).get(not_kept_so))
        .route("/api/feedback/{kind}", get(not_kept_so))
        .route("/api/feedback/{user}/{item}", get(known::feedback_on).delete(never_taken_back))
        .route("/api/feedback/{kind}/{user}/{item}", get(known::one_feedback).delete(never_taken_back))
        .route("/api/item/{id}/feedback", any(not_kept_so))
        .route("/api/item/{id}/feedback/", any(not_kept_so))
        .route("/api/item/{id}/feedback/{kind}", any(not_kept_so))
        .route("/api/user/{id}/feedback", get(known::feedback_of))
        .route("/api/user/{id}/feedback/", get(known::feedback_of))
        .route("/api/user/{id}/feedback/{kind}", get(known::feedback_of_kind))
        .route("/api/user/{id}/neighbors", get(no_neighbours))
        .route("/api/user/{id}/neighbors/", get(no_neighbours))
        .route("/api/user-to-user/{name}/{id}", get(no_neighbours));
    paths.merge(ranked::routes()).layer(from_fn(with_its_id))
}

/// Gorse gives a request's id back.
async fn with_its_id(request: Request, next: Next) -> Response {
    const ID: HeaderName = HeaderName::from_static("x-request-id");
    let id = request.headers().get(&ID).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(ID, id);
    }
    response
}

/// Why a call failed, as Gorse says it: a status, and a sentence as plain text.
pub(super) struct Fault(StatusCode, String);

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self(error.status(), error.message().to_owned())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        (self.0, [(header::CONTENT_TYPE, "text/plain")], self.1).into_response()
    }
}

/// Whoever asks has a key that may do what the call does.
pub(super) struct Caller {
    holder: Holder,
    peer: Peer,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Fault;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
        let action = action_of(&parts.method, parts.uri.path());
        let asking = if parts.method == Method::GET { Asking::Decision } else { Asking::Events };
        let (holder, peer) = counted(parts, app, action, asking).await?;
        Ok(Self { holder, peer })
    }
}

/// What the key of a call must be allowed, as on the paths of our own.
fn action_of(method: &Method, path: &str) -> Action {
    let is_of = |what: &str| path.starts_with(what);
    match *method {
        Method::DELETE if is_of("/api/user/") => Action::Erase,
        _ if is_of("/api/session/") => Action::Decide,
        Method::GET if is_of("/api/recommend/") || is_of("/api/collaborative-filtering/") => Action::Decide,
        Method::GET => Action::Read,
        // Also feedback: a browser's key sends what happened by the paths of our own.
        _ => Action::WriteCatalogue,
    }
}

/// How many, from which on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Slice {
    n: Option<usize>,
    offset: usize,
    cursor: Option<String>,
    /// As `gorsejs` writes it.
    #[serde(rename = "Cursor")]
    capital_cursor: Option<String>,
    q: Option<String>,
    category: Option<String>,
    #[serde(rename = "write-back-type")]
    write_back_type: Option<String>,
}

impl Slice {
    fn n(&self) -> usize {
        self.n.unwrap_or(N_DEFAULT).min(N_MAX)
    }

    fn cursor(&self) -> &str {
        self.cursor.as_deref().or(self.capital_cursor.as_deref()).unwrap_or_default()
    }
}

async fn not_kept_so(_: Caller) -> Fault {
    let message =
        "feedback is kept by customer: ask /api/user/{user-id}/feedback, or read what came in by GET /v1/events";
    Fault(StatusCode::NOT_IMPLEMENTED, message.to_owned())
}

async fn never_taken_back(_: Caller) -> Fault {
    let message =
        "what happened is not taken back one by one: erase the user (DELETE /api/user/{user-id}), or undo an import";
    Fault(StatusCode::NOT_IMPLEMENTED, message.to_owned())
}

async fn no_neighbours(_: Caller) -> Fault {
    let message =
        "customers are not told of each other: ask for items (/api/item/{item-id}/neighbors, /api/recommend/{user-id})";
    Fault(StatusCode::NOT_IMPLEMENTED, message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_needs_the_right_to_do_what_it_does() {
        for (method, path, action) in [
            (Method::GET, "/api/recommend/u1", Action::Decide),
            (Method::GET, "/api/collaborative-filtering/u1/food", Action::Decide),
            (Method::POST, "/api/session/recommend", Action::Decide),
            (Method::GET, "/api/user/u1", Action::Read),
            (Method::GET, "/api/popular", Action::Read),
            (Method::DELETE, "/api/user/u1", Action::Erase),
            (Method::DELETE, "/api/item/tea", Action::WriteCatalogue),
            (Method::POST, "/api/feedback", Action::WriteCatalogue),
            (Method::PATCH, "/api/user/u1", Action::WriteCatalogue),
        ] {
            assert_eq!(action_of(&method, path), action, "{method} {path}");
        }
    }
}
