//! Where does the guided tour lead, with which customer, and how far has somebody come?

mod stops;

use super::door::unreadable;
use super::visit::Visit;
use crate::app::App;
use crate::cookies::Cookies;
use crate::error::ServerError;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use console::view::{Frame, TourCard, TourStop};
use stops::Stop;

/// The cookie that keeps how far somebody has come: a bit for each stop that was seen, and whether the tour is closed.
const COOKIE: &str = "rapport_tour";
const SECONDS: i64 = 365 * 86_400;
const CLOSED: &str = "c";

/// How far somebody has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    seen: u16,
    is_closed: bool,
}

impl Progress {
    /// As the cookie says; anything else is the beginning.
    pub(super) fn read(cookies: Cookies, headers: &HeaderMap) -> Self {
        cookies.read(headers, COOKIE).map(Self::parse).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let (bits, is_closed) = text.strip_suffix(CLOSED).map_or((text, false), |bits| (bits, true));
        u16::from_str_radix(bits, 16).map(|seen| Self { seen, is_closed }).unwrap_or_default()
    }

    fn text(self) -> String {
        format!("{:x}{}", self.seen, if self.is_closed { CLOSED } else { "" })
    }

    fn has_seen(self, number: usize) -> bool {
        (1..=16).contains(&number) && self.seen >> (number - 1) & 1 == 1
    }

    fn with(self, number: usize) -> Self {
        Self { seen: self.seen | 1 << (number - 1), ..self }
    }
}

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
    let stop = |(number, stop): (usize, Stop)| TourStop {
        number,
        title: stop.title.to_owned(),
        text: stop.text,
        link: stop.link.to_owned(),
        command: stop.command,
        is_seen: progress.has_seen(number),
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
    let Some((_, stop)) = stops.into_iter().find(|(of, _)| *of == number) else { return visit.not_found() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_is_written_and_nonsense_is_the_beginning() {
        let begun = Progress::default().with(1).with(12);
        assert_eq!(
            [1, 2, 11, 12, 0, 17].map(|number| begun.has_seen(number)),
            [true, false, false, true, false, false]
        );
        for progress in
            [Progress::default(), begun, Progress { is_closed: true, ..begun }, Progress::default().with(16)]
        {
            assert_eq!(Progress::parse(&progress.text()), progress);
        }
        for nonsense in ["", "c", "xyz", "12345", "-1", "<script>"] {
            assert_eq!(Progress::parse(nonsense), Progress::default(), "{nonsense}");
        }
    }
}
