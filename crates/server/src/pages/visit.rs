//! What does a request tell about its visitor, and how are they answered?

use super::entry::{Entry, Way, entry, path_of};
use super::html;
use super::story::{self, Progress};
use crate::app::App;
use crate::cookies::{self, Cookies};
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::looks::Opener;
use crate::peer::{self, Peer};
use crate::sessions::BY_ITSELF;
use crate::simulated;
use crate::ticks::mark;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use console::format::url_part;
use console::view::{ErrorPage, Flash, Frame, Health, Theme};
use engine::By;
use governance::{Action, Actor, Deed};
use std::convert::Infallible;
use std::sync::Arc;

/// The cookie that carries an action's result to the page it leads to.
const FLASH: &str = "rapport_flash";

/// How long it may take to get there, in seconds.
const FLASH_SECONDS: i64 = 30;

/// Somebody who looks at a page.
#[derive(Clone)]
pub(super) struct Visit {
    /// What every request handler has at hand.
    pub(super) app: Arc<App>,
    /// The colours they chose.
    pub(super) theme: Theme,
    /// Under which address they reached this server.
    pub(super) base_url: String,
    /// The page's path and query.
    here: String,
    /// How they came in; nobody has to for errors and for signing in.
    entry: Option<Entry>,
    /// Who is at the other end.
    pub(super) peer: Peer,
    /// Whether the page asks by itself, and nobody looks for the first time.
    is_by_itself: bool,
    /// The result of the action that led here.
    flash: Option<Flash>,
    /// The stop of the guided tour that they are at.
    stop: Option<usize>,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::read(parts, app))
    }
}

impl Visit {
    /// Reads what the request tells.
    pub(super) fn read(parts: &mut Parts, app: &Arc<App>) -> Self {
        let headers = &parts.headers;
        let cookies = Cookies::of(&app.settings.server);
        let entered = parts.extensions.get::<Entry>().cloned();
        Self {
            app: app.clone(),
            theme: cookies.read(headers, Theme::COOKIE).map(Theme::parse).unwrap_or_default(),
            base_url: peer::base_url(headers),
            here: path_of(&parts.uri),
            entry: entered.or_else(|| entry(app, headers, &parts.extensions)),
            peer: Peer::of_request(&parts.extensions, headers, &app.settings.server.trusted_proxies),
            is_by_itself: headers.contains_key(BY_ITSELF),
            flash: cookies.read(headers, FLASH).and_then(flash),
            stop: Progress::read(cookies, headers).stop_at(&parts.uri),
        }
    }

    /// The same visit to another address: where the page that answers a form can be seen again.
    pub(super) fn at(self, here: String) -> Self {
        Self { here, ..self }
    }

    /// How they came in.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// Whether they may see the console.
    pub(super) fn may_see(&self) -> bool {
        self.entry.is_some()
    }

    /// Whether they may administer.
    pub(super) fn may_administer(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.role.may(Action::Administer))
    }

    /// Who they are, for the audit list.
    pub(super) fn by(&self) -> By {
        let unknown = || By { actor: Actor::Unknown, address: Some(self.peer.address) };
        self.entry.as_ref().map_or_else(unknown, |entry| entry.by.clone())
    }

    /// Who they are where they open a customer.
    pub(super) fn opener(&self) -> Opener {
        Opener { by: self.by(), is_by_itself: self.is_by_itself }
    }

    /// Fills a page with data, away from the threads that serve connections.
    pub(super) async fn page(
        self,
        fill: impl FnOnce(&App, Frame) -> Result<String, ServerError> + Send + 'static,
    ) -> Response {
        let (had_flash, visit) = (self.flash.is_some(), self.clone());
        // Held until the page is filled, also where whoever asked has gone.
        let turn = self.app.looks.pages.clone().acquire_owned().await;
        let work = move |app: &App| {
            let _turn = turn;
            fill(app, Frame { mark: mark(&app.engine)?, ..visit.frame_looked_at() })
        };
        match self.app.clone().run(work).await {
            Ok(page) => {
                let mut response = html(page).into_response();
                if had_flash {
                    Cookies::of(&self.app.settings.server).set(&mut response, FLASH, "", 0);
                }
                response
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Leads to another page, which says once what was done or why not.
    pub(super) fn lead_to(&self, path: &str, flash: &Flash) -> Response {
        let mut response = Redirect::to(path).into_response();
        let (key, text) = match flash {
            Flash::Done(text) => ("done", text),
            Flash::Failed(text) => ("failed", text),
        };
        // A cookie holds 4,096 bytes, and an escaped letter takes up to twelve.
        let text: String = text.chars().take(300).collect();
        Cookies::of(&self.app.settings.server).set(
            &mut response,
            FLASH,
            &format!("{key}.{}", url_part(&text)),
            FLASH_SECONDS,
        );
        response
    }

    /// A failure as a page.
    pub(super) fn failed(&self, error: &ApiError) -> Response {
        let (title, remedy) = match error.status() {
            StatusCode::NOT_FOUND => ("That is not here", "Check the address, or start from the overview."),
            StatusCode::BAD_REQUEST => ("That cannot be done", "Go back, change it and try again."),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                ("The server is busy", "Load the page again in a moment.")
            }
            StatusCode::FORBIDDEN => ("This is not allowed", "Open the console itself and try again there."),
            StatusCode::CONFLICT => ("That is under way already", "Wait until it is done."),
            _ => ("The page could not be filled", "Look at the server’s log, then try again."),
        };
        self.error(error.status(), title, &primitives::capital(error.message()), remedy)
    }

    /// An error as a page.
    pub(super) fn error(&self, status: StatusCode, title: &str, message: &str, remedy: &str) -> Response {
        let page = ErrorPage {
            frame: self.frame(),
            status: status.as_u16(),
            title: title.to_owned(),
            message: message.to_owned(),
            remedy: remedy.to_owned(),
        };
        (status, html(page.render())).into_response()
    }

    /// That no page stands at this address.
    pub(super) fn not_found(&self) -> Response {
        (StatusCode::NOT_FOUND, html(ErrorPage::not_found(self.frame()).render())).into_response()
    }

    /// The frame of a page that is filled: the catalogue is looked at, for which somebody who only waits has no time.
    fn frame_looked_at(&self) -> Frame {
        let frame = self.frame();
        let told = self.entry.as_ref().and_then(|_| simulated::notice(&self.app.engine));
        let tour = self.stop.and_then(|number| story::strip(&self.app, number));
        Frame { notice: frame.notice.or(told), tour, ..frame }
    }

    fn frame(&self) -> Frame {
        // Who may not see the console learns nothing of how the server is.
        let (health, notice) = match self.entry {
            Some(_) => (health(&self.app), self.app.notice.clone()),
            None => (Health::Good, None),
        };
        let may = |action| self.entry.as_ref().is_some_and(|entry| entry.role.may(action));
        Frame {
            now: self.app.engine.clock().now(),
            theme: self.theme,
            notice,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            health,
            flash: self.flash.clone(),
            here: self.here.clone(),
            signed_in_as: self
                .entry
                .as_ref()
                .filter(|entry| entry.way == Way::Session)
                .map(|entry| name(&entry.by.actor)),
            may_operate: may(Action::Operate),
            may_administer: may(Action::Administer),
            mark: String::new(),
            tour: None,
        }
    }
}

/// Writes down who opened a customer.
pub(super) fn note_opened(app: &App, opener: &Opener, id: &str) {
    if app.looks.is_due(opener, id, app.engine.clock().now()) {
        app.audit.note(Deed::CustomerOpened, &opener.by, id);
    }
}

/// What somebody is called.
pub(super) fn name(actor: &Actor) -> String {
    match actor {
        Actor::Key { name, .. } => name.clone(),
        Actor::OpenConsole => "Open console".to_owned(),
        Actor::Command => "Command on the server".to_owned(),
        Actor::Schedule => "Rapport itself".to_owned(),
        Actor::Unknown => "Unknown".to_owned(),
    }
}

fn health(app: &App) -> Health {
    if !app.engine.is_sound() {
        return Health::Degraded(
            "The profiles could not follow the log: stop the server and start it again".to_owned(),
        );
    }
    let faults = app.engine.champion_status().into_iter().filter(|status| status.fault.is_some());
    let faulty: Vec<String> = faults.map(|status| status.task.to_string()).collect();
    match faulty.as_slice() {
        [] => Health::Good,
        names => Health::Degraded(format!("The model in force cannot be used for {}: see Models", names.join(" and "))),
    }
}

fn flash(cookie: &str) -> Option<Flash> {
    let (key, text) = cookie.split_once('.')?;
    let text = cookies::unescape(text);
    match key {
        "done" => Some(Flash::Done(text)),
        "failed" => Some(Flash::Failed(text)),
        _ => None,
    }
}
