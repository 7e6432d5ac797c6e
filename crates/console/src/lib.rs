//! What does the product look like to a person?
//!
//! Pages are plain data ([`view`]) rendered on the server with the templates in `templates`; they work without
//! scripts, and the one script there is ([`asset`]`("console.js")`) makes them change in place. The files they need are
//! compiled in and served under `/assets/`. Nothing here knows HTTP or the engine: the routes fill the views.
//!
//! What stays true:
//! - no page holds a script or a style of its own, or an address of another host but of pictures of items, so that
//!   [`CONTENT_SECURITY_POLICY`] holds;
//! - all text from outside is escaped, in HTML and in SVG;
//! - the colours of [`asset`]`("console.css")` that meet as text and ground have a contrast of at least 4.5.

pub mod chart;
pub mod format;
mod icon;
mod json;
pub mod view;

pub use icon::Icon;

use primitives::stable_hash;
use std::sync::LazyLock;

/// The policy every page of the console can be served with. Pictures of items may lie where the company keeps them; who is asked
/// for one is not told from where.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
     img-src 'self' data: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const CSS: &[u8] = concat!(include_str!("../assets/console.css"), include_str!("../assets/frame.css")).as_bytes();
const SCRIPT: &[u8] = include_bytes!("../assets/console.js");
const LOGO: &[u8] = include_bytes!("../assets/logo.svg");

static CSS_ETAG: LazyLock<String> = LazyLock::new(|| etag_of(CSS));
static SCRIPT_ETAG: LazyLock<String> = LazyLock::new(|| etag_of(SCRIPT));
static LOGO_ETAG: LazyLock<String> = LazyLock::new(|| etag_of(LOGO));

/// A file under `/assets/`, by its path without that prefix: its content type, its bytes and its quoted `ETag`.
///
/// Pages name the file with `?v=` and its version, so that an answer may be cached for ever.
#[must_use]
pub fn asset(path: &str) -> Option<(&'static str, &'static [u8], &'static str)> {
    match path {
        "console.css" => Some(("text/css; charset=utf-8", CSS, &CSS_ETAG)),
        "console.js" => Some(("text/javascript; charset=utf-8", SCRIPT, &SCRIPT_ETAG)),
        "logo.svg" => Some(("image/svg+xml", LOGO, &LOGO_ETAG)),
        _ => None,
    }
}

/// The address of an asset with its version, for the templates.
fn asset_url(path: &str) -> String {
    let version = asset(path).map_or("", |(_, _, etag)| etag.trim_matches('"'));
    format!("/assets/{path}?v={version}")
}

fn etag_of(bytes: &[u8]) -> String {
    format!("\"{:016x}\"", stable_hash(&String::from_utf8_lossy(bytes)))
}

#[cfg(test)]
mod tests;
