//! Which page is somebody on, and is an experiment for it?

use crate::payload::UrlPattern;
use regex::{Regex, RegexBuilder};

/// The number of a variation that the query of a page asks for: `?checkout=1`.
///
/// ```
/// assert_eq!(flags::query_override("my-test", "http://example.com?a=b&my-test=1#top", 2), Some(1));
/// ```
#[must_use]
pub fn query_override(key: &str, url: &str, n: usize) -> Option<usize> {
    let query = Address::of(url).query;
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key)?.1;
    let digits = value.len() - value.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    value[..digits].parse().ok().filter(|variation| *variation < n)
}

/// Whether a page is one of those that an experiment is for: on none that is left out, and on one that is named.
#[must_use]
pub(crate) fn is_targeted(url: &str, patterns: &[UrlPattern]) -> bool {
    let matches = |pattern: &&UrlPattern| is_match(url, pattern);
    let (left_out, named): (Vec<_>, Vec<_>) = patterns.iter().partition(|pattern| pattern.include == Some(false));
    !patterns.is_empty() && !left_out.iter().any(&matches) && (named.is_empty() || named.iter().any(matches))
}

fn is_match(url: &str, UrlPattern { kind, pattern, .. }: &UrlPattern) -> bool {
    match kind.as_str() {
        "regex" => compiled(pattern).is_some_and(|pattern| {
            let path = url.find("://").and_then(|at| url[at + 3..].find('/').map(|slash| &url[at + 3 + slash..]));
            pattern.is_match(url) || path.is_some_and(|path| pattern.is_match(path))
        }),
        "simple" => is_simple_match(&Address::of(url), pattern),
        _ => false,
    }
}

/// Host, path, and what the pattern says of query and anchor; a star stands for anything.
fn is_simple_match(url: &Address<'_>, pattern: &str) -> bool {
    let pattern = Address::of(pattern);
    let is_like = |actual: &str, pattern: &str, is_path: bool| {
        let (actual, pattern) = match is_path {
            true => (actual.trim_matches('/'), pattern.trim_matches('/')),
            false => (actual, pattern),
        };
        let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
        compiled(&format!("^{}$", parts.join(".*"))).is_some_and(|pattern| pattern.is_match(actual))
    };
    let asked = |query: &'_ str, name: &str| -> String {
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == name).map_or_else(String::new, |(_, value)| value.to_owned())
    };
    (pattern.host.is_empty() || is_like(url.host, pattern.host, false))
        && is_like(url.path, pattern.path, true)
        && (pattern.anchor.is_empty() || is_like(url.anchor, pattern.anchor, false))
        && pattern.query.split('&').filter(|pair| !pair.is_empty()).all(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            is_like(&asked(url.query, name), value, false)
        })
}

fn compiled(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(1 << 20).build().ok()
}

/// The parts of an address.
pub(crate) struct Address<'a> {
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) anchor: &'a str,
}

impl<'a> Address<'a> {
    /// An address begins with a scheme, a host (which has a point) or a path.
    pub(crate) fn of(url: &'a str) -> Self {
        let (rest, anchor) = url.split_once('#').unwrap_or((url, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let after_scheme = rest.split_once("://").map(|(_, rest)| rest);
        let first = rest.split('/').next().unwrap_or_default();
        let (host, path) = match after_scheme {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None if first.contains('.') => rest.split_at(first.len()),
            None => ("", rest),
        };
        Self { host, path, query, anchor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(kind: &str, pattern: &str, include: Option<bool>) -> UrlPattern {
        UrlPattern { kind: kind.to_owned(), pattern: pattern.to_owned(), include }
    }

    #[test]
    fn a_star_stands_for_anything_and_slashes_at_the_ends_for_nothing() {
        for (asked, url, expected) in [
            ("http://www.example.com/home", "https://www.example.com/home/", true),
            ("/home", "http://www.example.com/home?a=1", true),
            ("/home", "http://www.example.com/home-new", false),
            ("*.example.com/shop/*", "http://de.example.com/shop/beans/1", true),
            ("www.example.com/*", "http://www.other.com/a", false),
            ("/search?q=tea", "/search?page=2&q=tea", true),
            ("/search?q=tea", "/search?q=coffee", false),
            ("/a.b", "/axb", false),
            ("/home#top", "/home#end", false),
        ] {
            assert_eq!(is_targeted(url, &[pattern("simple", asked, None)]), expected, "{asked} {url}");
        }
    }

    #[test]
    fn pages_that_are_left_out_win_over_those_that_are_named() {
        let both = [pattern("regex", "^/shop/.*", Some(true)), pattern("simple", "/shop/help", Some(false))];
        assert!(is_targeted("https://example.com/shop/tea", &both));
        assert!(!is_targeted("https://example.com/shop/help", &both) && !is_targeted("https://example.com/", &both));
        assert!(is_targeted("/", &both[1..]) && !is_targeted("/", &[]));
        assert!(!is_targeted("/", &[pattern("regex", "(", None)]) && !is_targeted("/", &[pattern("else", "/", None)]));
    }

    #[test]
    fn a_query_asks_for_a_variation_that_is_there() {
        for (url, expected) in [
            ("?t=1", Some(1)),
            ("?t=1.9", Some(1)),
            ("?t=-1", None),
            ("?t=2", None),
            ("?t=", None),
            ("?t", None),
            ("#?t=1", None),
            ("", None),
            ("?t=99999999999999999999999", None),
        ] {
            assert_eq!(query_override("t", url, 2), expected, "{url}");
        }
    }
}
