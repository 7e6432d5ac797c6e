//! How does somebody sign in and out, choose colours, and get the style sheet?

use super::access;
use super::visit::Visit;
use crate::attempts::Refused;
use crate::cached;
use crate::cookies::Cookies;
use crate::keys::Holder;
use crate::sessions;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use console::asset as find_asset;
use console::view::{Flash, Theme, safe_back};
use engine::By;
use governance::{Action, Actor, Deed, Role};
use primitives::capital;
use serde::Deserialize;
use std::time::Duration;

/// How long a choice of colours is remembered, in seconds.
const THEME_SECONDS: i64 = 365 * 86_400;

/// How long a session lasts, in seconds.
const SESSION_SECONDS: i64 = sessions::LIFETIME_DAYS * 86_400;

/// Where a form leads afterwards, and what it says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filled {
    key: String,
    theme: String,
    back: String,
}

/// The sign-in page.
pub(super) async fn login_page(visit: Visit, Query(asked): Query<super::Asked>) -> Response {
    let back = safe_back(asked.get("back").map_or("/", String::as_str));
    if visit.may_see() {
        return Redirect::to(back).into_response();
    }
    let mut response = access::sign_in(&visit, back, None);
    // Who asks for the page itself gets what they asked for.
    *response.status_mut() = StatusCode::OK;
    response
}

/// Begins a session for who knows a key that may see the console. Who keeps trying others waits.
pub(super) async fn login(headers: HeaderMap, visit: Visit, filled: Result<Form<Filled>, FormRejection>) -> Response {
    let Ok(Form(filled)) = filled else { return unreadable(&visit) };
    let (app, back) = (visit.app.clone(), safe_back(&filled.back).to_owned());
    let address = visit.peer.address;
    let judged = app.run(move |app| {
        let found = app.keys.find(filled.key.trim());
        let right = found.clone().filter(|holder| holder.role.may(Action::View));
        Ok((app.sign_ins.judge(right, address, app.engine.clock().now()), found))
    });
    let holder = match judged.await {
        Ok((Ok(holder), _)) => holder,
        Ok((Err(Refused::Wrong(n_wrong)), found)) => return wrong_key(&visit, &back, n_wrong, found.as_ref()),
        Ok((Err(Refused::Wait(wait)), _)) => return too_early(&visit, &back, wait),
        Err(error) => return visit.failed(&error),
    };
    app.sign_ins.forget(address);
    let had = Cookies::of(&app.settings.server).read(&headers, sessions::COOKIE);
    let token = match app.sessions.begin(&holder.id, had, app.engine.clock().now()) {
        Ok(token) => token,
        Err(error) => return visit.failed(&error.into()),
    };
    app.audit.note(Deed::SignIn, &By { actor: (&holder).into(), address: Some(address) }, "console");
    let mut response = Redirect::to(&back).into_response();
    Cookies::of(&app.settings.server).set(&mut response, sessions::COOKIE, &token, SESSION_SECONDS);
    response
}

fn wrong_key(visit: &Visit, back: &str, n_wrong: u32, found: Option<&Holder>) -> Response {
    let address = visit.peer.address;
    let role = found.map(|holder| holder.role);
    tracing::warn!(%address, n_wrong, role = role.map(Role::name), "a sign-in to the console was refused");
    let actor = found.map_or(Actor::Unknown, Actor::from);
    visit.app.audit.note(
        Deed::SignInRefused,
        &By { actor, address: Some(address) },
        format!("wrong key number {n_wrong}"),
    );
    access::sign_in(visit, back, Some(refused(role)))
}

fn refused(role: Option<Role>) -> String {
    match role {
        Some(role) => format!("This is a {role} key. The console opens with an admin key or a viewer key."),
        None => "This is not one of the server’s keys. Check that it was copied whole.".to_owned(),
    }
}

/// Says when to try again. The key was not looked at.
fn too_early(visit: &Visit, back: &str, wait: Duration) -> Response {
    let seconds = wait.as_millis().div_ceil(1_000);
    let problem = format!("Too many keys were tried from your address. Try again in {seconds} s.");
    let mut response = access::sign_in(visit, back, Some(problem));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    if let Ok(seconds) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Ends the session.
pub(super) async fn logout(headers: HeaderMap, visit: Visit) -> Response {
    let cookies = Cookies::of(&visit.app.settings.server);
    if let Some(token) = cookies.read(&headers, sessions::COOKIE) {
        visit.app.sessions.end(token);
    }
    let mut response = Redirect::to("/login").into_response();
    cookies.set(&mut response, sessions::COOKIE, "", 0);
    response
}

/// Remembers the colours.
pub(super) async fn theme(visit: Visit, filled: Result<Form<Filled>, FormRejection>) -> Response {
    let Ok(Form(filled)) = filled else { return unreadable(&visit) };
    let mut response = Redirect::to(safe_back(&filled.back)).into_response();
    Cookies::of(&visit.app.settings.server).set(
        &mut response,
        Theme::COOKIE,
        Theme::parse(&filled.theme).name(),
        THEME_SECONDS,
    );
    response
}

/// A file of the console's own, kept by browsers for ever under the version that pages name.
pub(super) async fn asset(
    visit: Visit,
    headers: HeaderMap,
    Path(path): Path<String>,
    Query(asked): Query<super::Asked>,
) -> Response {
    let Some((content_type, bytes, etag)) = find_asset(&path) else { return visit.not_found() };
    let is_this_version = asked.get("v").is_some_and(|version| version == etag.trim_matches('"'));
    let cache = if is_this_version { "public, max-age=31536000, immutable" } else { "no-cache" };
    cached::answer(&headers, content_type, bytes, etag, cache)
}

/// What a form that cannot be read is answered with.
pub(super) fn unreadable(visit: &Visit) -> Response {
    visit.error(
        StatusCode::BAD_REQUEST,
        "The form cannot be read",
        "It was not sent the way browsers send forms, or it is larger than any form of the console.",
        "Open the page again and fill in its form there.",
    )
}

/// What became of an action, for the page it leads to.
pub(super) fn flash(done: Result<String, crate::failure::ApiError>) -> Flash {
    match done {
        Ok(text) => Flash::Done(text),
        Err(error) => Flash::Failed(format!("{}.", capital(error.message()))),
    }
}
