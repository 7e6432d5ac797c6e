//! How did somebody come in to the console, and who is it?

use crate::app::App;
use crate::credentials::is_basic;
use crate::exposure::is_local;
use crate::keys::Holder;
use crate::peer::Peer;
use axum::http::{Extensions, HeaderMap, Uri};
use engine::By;
use governance::{Action, Actor, Role};

/// How somebody came in, and who it is.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) way: Way,
    pub(super) role: Role,
    pub(super) by: By,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By a session: they can sign out.
    Session,
    /// By a key in a header, which no other site can make a browser send unasked.
    Key,
    /// By a key that a browser may have been given with an address, and sends by itself from then on.
    Remembered,
    /// By being on this machine.
    Open,
}

/// How somebody may come in, or `None`.
pub(super) fn entry(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Option<Entry> {
    let address = Some(Peer::of_request(extensions, headers, &app.settings.server.trusted_proxies).address);
    let entry = |way, holder: &Holder| Entry { way, role: holder.role, by: By { actor: holder.into(), address } };
    let may_view = |holder: &Holder| holder.role.may(Action::View);
    if let Some(holder) = app.signed_in(headers).filter(may_view) {
        return Some(entry(Way::Session, &holder));
    }
    if let Some(holder) = extensions.get::<Holder>().filter(|holder| may_view(holder)) {
        return Some(entry(if is_basic(headers) { Way::Remembered } else { Way::Key }, holder));
    }
    let by = By { actor: Actor::OpenConsole, address };
    (app.is_console_open && is_local(headers)).then_some(Entry { way: Way::Open, role: Role::Admin, by })
}

/// A request's path and query.
pub(super) fn path_of(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// Whether who came in may still see the console.
pub(super) fn is_still_in(app: &App, entry: &Entry, headers: &HeaderMap) -> bool {
    match (entry.way, &entry.by.actor) {
        (Way::Session, _) => app.signed_in(headers).is_some(),
        (Way::Key | Way::Remembered, Actor::Key { id, .. }) => app.keys.holder(id).is_some(),
        _ => app.is_console_open,
    }
}
