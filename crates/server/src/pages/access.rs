//! Who may see the console, and may this request change something?
//!
//! Three ways in: a session that was begun with a key that may see it, such a key itself in the `Authorization` header,
//! and, for a demonstration on this machine only, none at all. A browser sends cookies and reaches loopback addresses on
//! behalf of any page it shows, so what changes something must come from a page of our own, and an open console answers
//! only under a name of this machine.

use super::entry::{Way, entry, path_of};
use super::visit::Visit;
use crate::app::App;
use crate::peer::{SentBy, is_change, sent_by};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use console::view::{LoginPage, safe_back};
use governance::{Action, Role};
use std::sync::Arc;

/// What a page needs.
#[derive(Clone)]
pub(super) struct Needs {
    pub(super) app: Arc<App>,
    pub(super) action: Action,
}

/// Lets only those through who may do what the page is for; who has not come in gets the sign-in page with 401.
pub(super) async fn guard(State(needs): State<Needs>, mut request: Request, next: Next) -> Response {
    let Needs { app, action } = needs;
    let Some(entry) = entry(&app, request.headers(), request.extensions()) else {
        let back = match *request.method() {
            Method::GET | Method::HEAD => path_of(request.uri()),
            _ => "/".to_owned(),
        };
        let (mut parts, _) = request.into_parts();
        let visit = Visit::read(&mut parts, &app);
        return sign_in(&visit, &back, None);
    };
    if is_change(request.method()) && entry.way != Way::Key && sent_by(request.headers()) != SentBy::OwnPage {
        return foreign(request, &app);
    }
    if !entry.role.may(action) {
        return not_allowed(request, &app, entry.role);
    }
    request.extensions_mut().insert(entry);
    next.run(request).await
}

/// Lets only forms of our own pages through: for what needs no sign-in.
pub(super) async fn guard_forms(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if is_change(request.method()) && sent_by(request.headers()) != SentBy::OwnPage {
        return foreign(request, &app);
    }
    next.run(request).await
}

/// The sign-in page with 401.
pub(super) fn sign_in(visit: &Visit, back: &str, problem: Option<String>) -> Response {
    let page = LoginPage {
        theme: visit.theme,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        problem,
        back: safe_back(back).to_owned(),
        new_key_command: "rapport keys create NAME --role admin".to_owned(),
    };
    let mut response = (StatusCode::UNAUTHORIZED, super::html(page.render())).into_response();
    // Not "Basic": a browser would put its own window before the page.
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn not_allowed(request: Request, app: &Arc<App>, role: Role) -> Response {
    let (mut parts, _) = request.into_parts();
    Visit::read(&mut parts, app).error(
        StatusCode::FORBIDDEN,
        "Your key does not allow this",
        &format!("You came in with a {role} key, which changes nothing and does not administer."),
        "Ask somebody with an admin key, or sign in with one.",
    )
}

fn foreign(request: Request, app: &Arc<App>) -> Response {
    let (mut parts, _) = request.into_parts();
    Visit::read(&mut parts, app).error(
        StatusCode::FORBIDDEN,
        "This did not come from the console",
        "The request was sent by another site, or by a program that does not say where it comes from.",
        "Open the console itself and try again there; a program sends the admin key as \"Authorization: Bearer KEY\".",
    )
}
