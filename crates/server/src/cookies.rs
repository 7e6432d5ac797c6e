//! How are the console's cookies read and set?

use crate::settings::ServerSettings;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

/// How cookies are named and guarded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    /// Whether browsers reach the server over TLS only. Then no other host and no page without TLS can set ours.
    is_tls: bool,
}

impl Cookies {
    /// As the settings say.
    pub(crate) fn of(settings: &ServerSettings) -> Self {
        Self { is_tls: settings.tls_proxy }
    }

    fn prefix(self) -> &'static str {
        if self.is_tls { "__Host-" } else { "" }
    }

    /// The value of a cookie.
    pub(crate) fn read<'h>(self, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(found, _)| found.strip_prefix(self.prefix()) == Some(name)).map(|(_, value)| value).next()
    }

    /// Sets a cookie that only this server's own pages send, and that no script can read. `value` must be plain:
    /// hexadecimal, or escaped for an address. A lifetime of nought removes it.
    pub(crate) fn set(self, response: &mut Response, name: &str, value: &str, lifetime_seconds: i64) {
        let (prefix, secure) = (self.prefix(), if self.is_tls { "; Secure" } else { "" });
        let cookie =
            format!("{prefix}{name}={value}; Path=/; Max-Age={lifetime_seconds}; HttpOnly; SameSite=Strict{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

/// Reads what [`url_part`](console::format::url_part) escaped.
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| after.split_at_checked(2)).flatten();
        let code = escaped.and_then(|(digits, _)| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (code, escaped) {
            (Some(byte), Some((_, after))) => {
                bytes.push(byte);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use console::format::url_part;
    use proptest::prelude::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; rapport_theme=dark;b=x=y"));
        headers.append(header::COOKIE, HeaderValue::from_static("rapport_theme=light"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-b=safe"));
        let (plain, tls) = (Cookies { is_tls: false }, Cookies { is_tls: true });
        assert_eq!(plain.read(&headers, "rapport_theme"), Some("dark"));
        assert_eq!((plain.read(&headers, "b"), tls.read(&headers, "b")), (Some("x=y"), Some("safe")));
        assert_eq!((plain.read(&headers, "theme"), tls.read(&headers, "a")), (None, None));
    }

    proptest! {
        #[test]
        fn what_was_escaped_is_read_again(text in "\\PC{0,40}") {
            prop_assert_eq!(unescape(&url_part(&text)), text);
        }

        #[test]
        fn anything_can_be_unescaped(text in "[%0-9a-gé]{0,12}") {
            unescape(&text);
        }
    }
}
