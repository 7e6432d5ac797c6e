//! Who can reach this server?
//!
//! A server that only this machine reaches may be open where one that others reach may not.

use crate::error::ServerError;
use crate::keys::Keys;
use crate::settings::ServerSettings;
use axum::http::{HeaderMap, header};
use primitives::ErrorKind;
use std::net::IpAddr;

/// Whether others than this machine can reach it: by its address, or through a proxy.
#[must_use]
pub fn is_public(server: &ServerSettings) -> bool {
    !server.listen.ip().is_loopback() || server.tls_proxy || !server.trusted_proxies.is_empty()
}

/// Whether it is safe to listen: where others can reach it, only with keys that existed before this start and that
/// nobody can guess.
///
/// # Errors
/// [`ServerError`] of kind `Forbidden` with what to do.
pub fn check_exposure(server: &ServerSettings, keys: &Keys) -> Result<(), ServerError> {
    if !is_public(server) {
        return Ok(());
    }
    let listen = server.listen;
    if let Some(weakness) = keys.weakness() {
        let message =
            format!("not listening on {listen}, where others can reach it: {weakness}; choose a longer one of its own");
        return Err(ServerError::new(ErrorKind::Forbidden, message));
    }
    if keys.are_complete() {
        return Ok(());
    }
    let message = format!(
        "not listening on {listen}, where others can reach it, without keys: make them first with `rapport keys create NAME \
         --role ROLE` (write, server and admin), or preset RAPPORT__KEYS__WRITE, RAPPORT__KEYS__SERVER and \
         RAPPORT__KEYS__ADMIN"
    );
    Err(ServerError::new(ErrorKind::Forbidden, message))
}

/// Whether the request was sent to this machine under a name of its own, and by no page of another site. Any other name
/// may be one that an attacker's server resolves to this machine.
#[must_use]
pub fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    let is_local_origin = |origin: &str| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host));
    host.is_some_and(is_loopback) && origin.is_none_or(is_local_origin)
}

/// Whether a `Host` header names this machine itself.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
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
    fn a_page_of_another_site_is_not_local_whatever_it_calls_the_server() {
        for (origin, is_own) in [
            ("http://localhost:3000", true),
            ("https://127.0.0.1", true),
            ("http://[::1]:7070", true),
            ("http://evil.example", false),
            ("null", false),
            ("", false),
            ("http://localhost.evil.example", false),
        ] {
            assert_eq!(is_local(&headers(&[("host", "127.0.0.1:7070"), ("origin", origin)])), is_own, "{origin}");
        }
        assert!(is_local(&headers(&[("host", "localhost")])) && !is_local(&headers(&[])));
        assert!(!is_local(&headers(&[("host", "evil.example"), ("origin", "http://localhost")])));
    }
}
