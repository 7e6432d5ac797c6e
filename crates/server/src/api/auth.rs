//! Whose request is this? The key, by every way in which clients send it.

use crate::app::App;
use crate::credentials::key_in;
use crate::exposure::{is_local, is_public};
use crate::failure::ApiError;
use crate::keys::Holder;
use crate::limits::Asking;
use crate::peer::Peer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use engine::By;
use governance::{Action, Actor, Role};
use std::sync::Arc;

/// Whose key the request has in a header, where it may do `action`.
///
/// # Errors
/// As [`permit`].
pub fn holder<'a>(headers: &HeaderMap, extensions: &'a Extensions, action: Action) -> Result<&'a Holder, ApiError> {
    let found = extensions.get::<Holder>();
    let key = if found.is_some() { None } else { key_in(headers) };
    permit(found, key.as_deref(), action)
}

/// Whose key the request has in a header, where it may do `action`, and from where it comes. It is counted before its body is read.
///
/// # Errors
/// As [`permit`], and [`ApiError`] with 429 where the key or its address has asked too much.
pub async fn counted(
    parts: &mut Parts,
    app: &Arc<App>,
    action: Action,
    asking: Asking,
) -> Result<(Holder, Peer), ApiError> {
    let Ok(peer) = Peer::from_request_parts(parts, app).await;
    let found = holder(&parts.headers, &parts.extensions, action);
    // A wrong key counts, too.
    app.limits.count(asking, &peer, found.as_ref().ok().copied())?;
    Ok((found?.clone(), peer))
}

/// Lets whoever was found do `action`.
///
/// # Errors
/// [`ApiError`] with 401 where nobody was found for the key or none was given, with 403 where the key may not do it.
pub fn permit<'a>(found: Option<&'a Holder>, key: Option<&str>, action: Action) -> Result<&'a Holder, ApiError> {
    let Some(holder) = found else {
        if key.is_none_or(str::is_empty) {
            let message = "no API key was given: send it as \"Authorization: Bearer KEY\", or as the Basic user name";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "no_key", message));
        }
        let message =
            "the API key is not one of this server's, or was revoked: `rapport keys list` shows what there is";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unknown_key", message));
    };
    if holder.role.may(action) {
        return Ok(holder);
    }
    let able: Vec<&str> = Role::ALL.into_iter().filter(|role| role.may(action)).map(Role::name).collect();
    let message = format!("a {} key may not do this: use the {} key", holder.role, able.join(" or the "));
    Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message))
}

/// Lets those through who may read the interface's description: everybody, where only this machine reaches the server or
/// the settings say so; else who has a key to read with, or is signed in to the console.
pub(super) async fn guard_docs(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_open = app.settings.server.public_docs || !is_public(&app.settings.server);
    if is_open || app.signed_in(request.headers()).is_some_and(|holder| holder.role.may(Action::Read)) {
        return next.run(request).await;
    }
    if let Err(error) = holder(request.headers(), request.extensions(), Action::Read) {
        return error.into_response();
    }
    next.run(request).await
}

/// The request may read metrics: as it may read the interface's description, by a setting of its own. Where they need no
/// key, since only this machine asks, the page of another site does not ask by a browser of this machine.
#[derive(Debug, Clone, Copy)]
pub struct MayMeasure;

impl FromRequestParts<Arc<App>> for MayMeasure {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let is_open = || !is_public(&app.settings.server) && is_local(&parts.headers);
        if app.settings.server.public_metrics || is_open() {
            return Ok(Self);
        }
        holder(&parts.headers, &parts.extensions, Action::Read).map(|_| Self)
    }
}

macro_rules! extractor {
    ($(#[doc = $doc:literal])+ $name:ident, $action:expr) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub struct $name(
            /// Who asks.
            pub By,
        );

        impl FromRequestParts<Arc<App>> for $name {
            type Rejection = ApiError;
            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
                let holder = holder(&parts.headers, &parts.extensions, $action)?;
                let address = Peer::of_request(&parts.extensions, &parts.headers, &app.settings.server.trusted_proxies).address;
                Ok(Self(By { actor: Actor::from(holder), address: Some(address) }))
            }
        }
    };
}

extractor!(
    /// The request may read customers, events, decisions and models.
    MayRead,
    Action::Read
);
extractor!(
    /// The request may say what decisions go by.
    MayTell,
    Action::Decide
);
extractor!(
    /// The request may save and remove lists.
    MayManageLists,
    Action::ManageLists
);
extractor!(
    /// The request may declare actions, offers, experiments and flags.
    MayDeclare,
    Action::Declare
);
extractor!(
    /// The request may train and roll back.
    MayOperate,
    Action::Operate
);
extractor!(
    /// The request may read the audit list.
    MayAdminister,
    Action::Administer
);
