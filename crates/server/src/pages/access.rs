//! Who may see the console, and may this request change something?
//!
//! Three ways in: a session that was begun with the admin key, the admin key itself in the `Authorization` header, and,
//! for a demonstration on this machine only, none at all. A browser sends cookies and reaches loopback addresses on
//! behalf of any page it shows, so what changes something must come from a page of our own, and an open console answers
//! only under a name of this machine.

use super::cookies;
use super::session;
use super::visit::Visit;
use crate::api::auth::key_in;
use crate::app::App;
use crate::console::view::{LoginPage, safe_back};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governance::Action;
use std::net::IpAddr;
use std::sync::Arc;

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// By a session: they can sign out.
    Session,
    /// By the admin key in a header, which no other site can make a browser send unasked.
    Key,
    /// By being on this machine.
    Open,
}

/// Lets only those through who may see the console; others get the sign-in page with 401.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(entry) = entry(&app, request.headers()) else {
        let back = match *request.method() {
            Method::GET | Method::HEAD => path_of(request.uri()),
            _ => "/".to_owned(),
        };
        let (mut parts, _) = request.into_parts();
        let visit = Visit::read(&mut parts, &app);
        return sign_in(&visit, &back, None);
    };
    if is_change(request.method()) && entry != Entry::Key && !is_own_page(request.headers()) {
        return foreign(request, &app);
    }
    next.run(request).await
}

/// Lets only forms of our own pages through: for what needs no sign-in.
pub(super) async fn guard_forms(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if is_change(request.method()) && !is_own_page(request.headers()) {
        return foreign(request, &app);
    }
    next.run(request).await
}

/// How somebody may come in, or `None`.
pub(super) fn entry(app: &App, headers: &HeaderMap) -> Option<Entry> {
    let token = cookies::read(headers, session::COOKIE);
    if token.is_some_and(|token| app.sessions.is_open(token, app.engine.clock().now())) {
        return Some(Entry::Session);
    }
    if key_in(headers).and_then(|key| app.keys.role_of(&key)).is_some_and(|role| role.may(Action::Operate)) {
        return Some(Entry::Key);
    }
    (app.is_console_open && is_loopback(host(headers)?)).then_some(Entry::Open)
}

/// The sign-in page with 401.
pub(super) fn sign_in(visit: &Visit, back: &str, problem: Option<String>) -> Response {
    let page = LoginPage {
        theme: visit.theme,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        problem,
        back: safe_back(back).to_owned(),
        new_key_command: None,
    };
    let mut response = (StatusCode::UNAUTHORIZED, super::html(page.render())).into_response();
    // Not "Basic": a browser would put its own window before the page.
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The host a request was sent to, as the client names it.
pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// A request's path and query.
pub(super) fn path_of(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

fn is_change(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the page that sent this is one of ours: the browser says so, and pages cannot make it lie.
fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name: &'static str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match text("origin") {
        Some(origin) => {
            let origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            origin.zip(host(headers)).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
        }
        None => matches!(text("sec-fetch-site"), Some("same-origin" | "none")),
    }
}

/// Whether a `Host` header names this machine itself. Any other name may be one that an attacker's server resolves to
/// this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_open_the_console() {
        for own in ["127.0.0.1", "127.0.0.1:7070", "127.9.9.9", "localhost", "LOCALHOST:7070", "[::1]", "[::1]:7070"] {
            assert!(is_loopback(own), "{own}");
        }
        for foreign in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:7070",
            "10.0.0.1",
            "[::2]",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_change_must_come_from_a_page_of_our_own() {
        for (name, value, is_own) in [
            ("origin", "http://127.0.0.1:7070", true),
            ("origin", "https://127.0.0.1:7070", true),
            ("origin", "http://127.0.0.1:7071", false),
            ("origin", "http://evil.example", false),
            ("origin", "null", false),
            ("origin", "ftp://127.0.0.1:7070", false),
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "none", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("x-other", "anything", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:7070"));
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(is_own_page(&headers), is_own, "{name}: {value}");
        }
    }

    #[test]
    fn what_a_browser_says_of_the_page_outweighs_what_it_says_of_the_site() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:7070"));
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://evil.example"));
        headers.insert("sec-fetch-site", HeaderValue::from_static("none"));
        assert!(!is_own_page(&headers));
    }
}
