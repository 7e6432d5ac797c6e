//! Where does the guided tour lead, and how is it begun, closed and opened again?

mod stops;

use super::door::unreadable;
use super::story::{COOKIE, Progress};
use super::visit::Visit;
use crate::app::App;
use crate::cookies::Cookies;
use crate::error::ServerError;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use console::view::{Frame, TourCard, TourStop};

/// How long the cookie is kept.
const SECONDS: i64 = 365 * 86_400;

/// The tour as it stands on the overview; nothing where there is nobody to be shown.
pub(super) fn card(
    app: &App,
    frame: &Frame,
    progress: Progress,
    base_url: &str,
) -> Result<Option<TourCard>, ServerError> {
    if app.engine.look(|live| live.profiles.totals().n_customers) == 0 {
        return Ok(None);
    }
    // Where the company is a real one, people know it: there it is offered, and opens when it is asked for.
    let is_shown = app.is_console_open || frame.notice.is_some() || progress.seen > 0;
    let stop = |stop: stops::Stop| TourStop {
        number: stop.number,
        title: stop.title.to_owned(),
        text: stop.text,
        link: stop.link.to_owned(),
        command: stop.command,
        is_seen: progress.has_seen(stop.number),
    };
    let is_open = is_shown && !progress.is_closed;
    let stops = stops::all(app, base_url, frame.may_administer, is_open)?.into_iter().map(stop).collect();
    Ok(Some(TourCard { stops, is_open }))
}

/// `/tour/{number}`: leads to the page of a stop, which was seen then.
pub(super) async fn visit(visit: Visit, headers: HeaderMap, number: Result<Path<usize>, PathRejection>) -> Response {
    let Ok(Path(number)) = number else { return visit.not_found() };
    let (base_url, may_administer) = (visit.base_url.clone(), visit.may_administer());
    let found = visit.app.run(move |app| stops::all(app, &base_url, may_administer, true));
    let stops = match found.await {
        Ok(stops) => stops,
        Err(error) => return visit.failed(&error),
    };
    let Some(stop) = stops.into_iter().find(|stop| stop.number == number) else { return visit.not_found() };
    let cookies = Cookies::of(&visit.app.settings.server);
    let mut response = Redirect::to(&stop.href).into_response();
    let progress = Progress { is_closed: false, ..Progress::read(cookies, &headers) };
    cookies.set(&mut response, COOKIE, &progress.with(number).text(), SECONDS);
    response
}

/// `POST /tour/{open|close}`.
pub(super) async fn turn(visit: Visit, headers: HeaderMap, what: Result<Path<String>, PathRejection>) -> Response {
    let is_closed = match what.as_ref().map(|Path(what)| what.as_str()) {
        Ok("open") => false,
        Ok("close") => true,
        _ => return unreadable(&visit),
    };
    let cookies = Cookies::of(&visit.app.settings.server);
    let mut response = Redirect::to("/").into_response();
    let progress = Progress::read(cookies, &headers);
    // Where nothing was seen yet a bit of no stop says that it was asked for, so that it opens where it is only offered.
    let progress = if is_closed || progress.seen > 0 { progress } else { progress.with(16) };
    cookies.set(&mut response, COOKIE, &Progress { is_closed, ..progress }.text(), SECONDS);
    response
}
