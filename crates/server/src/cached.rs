//! How is a file answered that browsers keep?

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file, or that the one the browser has is still the same.
pub(crate) fn answer(
    headers: &HeaderMap,
    content_type: &'static str,
    bytes: &'static [u8],
    etag: &'static str,
    cache: &'static str,
) -> Response {
    let is_known = is_known(headers, etag);
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    if !is_known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::ETAG, HeaderValue::from_static(etag));
    response
}

/// Whether whoever asks has what is known by this tag: by a list of tags, each perhaps weak, with quotation marks or, by some
/// clients, without; `*` is whatever there is.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let bare = |tag: &str| {
        let tag = tag.trim();
        tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"').to_owned()
    };
    let (etag, values) = (bare(etag), headers.get_all(header::IF_NONE_MATCH));
    let known = values.iter().flat_map(|value| value.to_str().unwrap_or_default().split(','));
    known.map(bare).any(|known| known == "*" || (known == etag && !known.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_lists_weak_or_not_quoted_or_not_and_as_any() {
        for (lines, expected) in [
            (vec!["\"a\""], true),
            (vec!["W/\"a\""], true),
            (vec!["a"], true),
            (vec!["\"b\" , W/\"a\",c"], true),
            (vec!["\"b\"", "\"a\""], true),
            (vec!["*"], true),
            (vec!["\"b\""], false),
            (vec!["\"ab\", \"ba\""], false),
            (vec!["", " , ", "\"\""], false),
            (vec![], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            assert_eq!(is_known(&headers, "\"a\""), expected, "{lines:?}");
            assert_eq!(is_known(&headers, "a"), expected, "{lines:?}");
        }
    }
}
