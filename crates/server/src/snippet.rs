//! Where do pages get the script that tells what their visitors do?

mod shorten;

use crate::app::App;
use crate::cached;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use primitives::stable_hash;
use std::sync::{Arc, LazyLock};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An hour without asking, and then a question in the background: pages get a new version within a day.
const CACHE: &str = "public, max-age=3600, stale-while-revalidate=86400";

/// As browsers load it.
static SHORT: LazyLock<String> = LazyLock::new(|| {
    let script = include_str!("snippet/rapport.js").replace("'VERSION'", concat!("'", env!("CARGO_PKG_VERSION"), "'"));
    shorten::shorten(&script)
});

static ETAG: LazyLock<String> = LazyLock::new(|| format!("\"{:016x}\"", stable_hash(&SHORT)));

pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(script))
}

/// The browser snippet: pages load it from here
#[utoipa::path(
    get, path = "/rapport.js", tag = "events",
    responses(
        (status = 200, description = "JavaScript of less than 5 KB", content_type = "text/javascript", body = String),
        (status = 304, description = "The one that the browser has is still the same"),
    ),
)]
async fn script(headers: HeaderMap) -> Response {
    let mut response =
        cached::answer(&headers, "text/javascript; charset=utf-8", SHORT.as_bytes(), ETAG.as_str(), CACHE);
    // Pages that keep strangers' files out take this one in all the same.
    const OPEN: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    response.headers_mut().insert(OPEN, HeaderValue::from_static("cross-origin"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What browsers load, uncompressed.
    const BYTES_MAX: usize = 5_000;

    #[test]
    fn it_is_five_kilobytes_and_one_expression() {
        let script = SHORT.as_str();
        assert!(script.len() <= BYTES_MAX, "{} bytes, at most {BYTES_MAX}", script.len());
        assert!(script.len() > 4_000, "it is all there: {} bytes", script.len());
        assert!(script.starts_with("(()=>{") && script.ends_with("})();"), "nothing but window.rapport is left behind");
        assert!(script.contains(concat!("version:'", env!("CARGO_PKG_VERSION"), "'")) && !script.contains("//"));
    }

    #[test]
    fn every_parenthesis_is_closed_by_its_own() {
        let mut open = Vec::new();
        let mut is_text = false;
        for letter in SHORT.chars() {
            is_text ^= letter == '\'';
            match letter {
                _ if is_text => {}
                '(' => open.push(')'),
                '[' => open.push(']'),
                '{' => open.push('}'),
                ')' | ']' | '}' => assert_eq!(open.pop(), Some(letter)),
                _ => {}
            }
        }
        assert!(open.is_empty() && !is_text);
    }

    /// Where it is not kept to, the shortened script would say something else.
    #[test]
    fn the_source_keeps_to_the_forms_that_can_be_shortened() {
        let source = include_str!("snippet/rapport.js");
        assert!(source.lines().all(|line| line.len() <= 320));
        let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for (form, why) in [
            ("`", "a template"),
            ("\"", "a text in other quotation marks"),
            ("\\", "an escape"),
            ("const {", "an object that is taken apart"),
            ("const [", "a list that is taken apart"),
            ("eval", "a name that is looked up by its text"),
            ("document.cookie", "a cookie"),
            (".value.", "a look into a field"),
            ("event.key", "which key it was"),
            ("event.data", "what was typed"),
        ] {
            assert!(!code.contains(form), "{why}: {form}");
        }
    }
}
