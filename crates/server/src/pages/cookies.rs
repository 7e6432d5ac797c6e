//! How are the console's cookies read and set?

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

/// The value of a cookie.
pub(super) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).next()
}

/// Sets a cookie that only this server's own pages send, and that no script can read. `value` must be plain: hexadecimal,
/// or escaped for an address. A lifetime of nought removes it.
pub(super) fn set(response: &mut Response, name: &str, value: &str, lifetime_seconds: i64) {
    let cookie = format!("{name}={value}; Path=/; Max-Age={lifetime_seconds}; HttpOnly; SameSite=Strict");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Reads what [`url_part`](crate::console::format::url_part) escaped.
pub(super) fn unescape(text: &str) -> String {
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
    use crate::console::format::url_part;
    use proptest::prelude::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; rapport_theme=dark;b=x=y"));
        headers.append(header::COOKIE, HeaderValue::from_static("rapport_theme=light"));
        assert_eq!(read(&headers, "rapport_theme"), Some("dark"));
        assert_eq!(read(&headers, "b"), Some("x=y"));
        assert_eq!(read(&headers, "theme"), None);
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
