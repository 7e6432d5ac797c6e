//! Whose request is this? The key, by every way in which clients send it.

use super::ApiError;
use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use governance::{Action, Role};
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

fn basic_user(credentials: &str) -> Option<String> {
    let decoded = STANDARD.decode(credentials).or_else(|_| STANDARD_NO_PAD.decode(credentials)).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split(':').next().unwrap_or_default().to_owned())
}

/// The role of a key that may do `action`.
///
/// # Errors
/// [`ApiError`] with 401 where there is no key or an unknown one, with 403 where the key may not do it.
pub fn authorize(app: &App, key: Option<&str>, action: Action) -> Result<Role, ApiError> {
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        let message = "no API key was given: send it as \"Authorization: Bearer KEY\", or as the Basic user name";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "no_key", message));
    };
    let Some(role) = app.keys.role_of(key) else {
        let message = "the API key is not one of this server's: use a key that was shown at its first start";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unknown_key", message));
    };
    if role.may(action) {
        return Ok(role);
    }
    let needed = Role::ALL.into_iter().find(|role| role.may(action)).unwrap_or(Role::Admin);
    let message = format!("a {role} key may not do this: use the {needed} key");
    Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message))
}

macro_rules! extractor {
    ($(#[doc = $doc:literal])+ $name:ident, $action:expr) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl FromRequestParts<Arc<App>> for $name {
            type Rejection = ApiError;
            async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
                authorize(app, key_in(&parts.headers).as_deref(), $action).map(|_| Self)
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
