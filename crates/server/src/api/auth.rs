//! Whose request is this? The key, by every way in which clients send it.

use super::ApiError;
use crate::app::App;
use crate::exposure::{is_local, is_public};
use crate::keys::Holder;
use crate::pages::session;
use crate::peer::Peer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use engine::By;
use governance::{Action, Actor, Role};
use std::sync::Arc;

/// The key in a request's headers: `Authorization: Bearer KEY`, `Authorization: Basic` with the key as user name (the
/// colon may be missing), or `X-API-Key: KEY`.
#[must_use]
pub fn key_in(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(authorization) = text(header::AUTHORIZATION) {
        let (scheme, credentials) = authorization.split_once(' ')?;
        return match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(credentials.trim().to_owned()),
            "basic" => basic_user(credentials.trim()),
            _ => None,
        };
    }
    text(header::HeaderName::from_static("x-api-key")).map(str::to_owned)
}

/// Whether the key came in the form that a browser, once given it with an address, sends by itself from then on.
#[must_use]
pub fn is_basic(headers: &HeaderMap) -> bool {
    let scheme = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    scheme.is_some_and(|scheme| scheme.trim().to_ascii_lowercase().starts_with("basic"))
}

/// Whether a key is a JSON Web Token. It is never ours: it is meant for somebody on the way.
#[must_use]
pub fn is_for_others(key: &str) -> bool {
    key.starts_with("eyJ")
}

fn basic_user(credentials: &str) -> Option<String> {
    let decoded = STANDARD.decode(credentials).or_else(|_| STANDARD_NO_PAD.decode(credentials)).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split(':').next().unwrap_or_default().to_owned())
}

/// Whose key the request has in a header, where it may do `action`.
///
/// # Errors
/// As [`permit`].
pub fn holder<'a>(headers: &HeaderMap, extensions: &'a Extensions, action: Action) -> Result<&'a Holder, ApiError> {
    let found = extensions.get::<Holder>();
    let key = if found.is_some() { None } else { key_in(headers) };
    permit(found, key.as_deref(), action)
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
    if is_open || session::holder(&app, request.headers()).is_some_and(|holder| holder.role.may(Action::Read)) {
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
                let address = Peer::of_request(&parts.extensions, &parts.headers, app).address;
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
    /// The request may train and roll back.
    MayOperate,
    Action::Operate
);
extractor!(
    /// The request may read the audit list.
    MayAdminister,
    Action::Administer
);

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_key_is_found_however_it_is_sent() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (name, value, expected) in [
            ("authorization", "Bearer secret".to_owned(), Some("secret")),
            ("authorization", "bearer  secret".to_owned(), Some("secret")),
            ("authorization", basic("secret:"), Some("secret")),
            ("authorization", basic("secret"), Some("secret")),
            ("authorization", basic("secret:password"), Some("secret")),
            ("authorization", basic("secret:").replace('=', ""), Some("secret")),
            ("x-api-key", "secret".to_owned(), Some("secret")),
            ("authorization", "Digest x".to_owned(), None),
            ("authorization", "secret".to_owned(), None),
            ("authorization", "Basic ???".to_owned(), None),
            ("cookie", "secret".to_owned(), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
            assert_eq!(key_in(&headers).as_deref(), expected, "{name}: {value}");
        }
    }
}
