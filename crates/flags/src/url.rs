//! Which page is somebody on, and is an experiment for it?

use crate::patterns::compiled;
use crate::payload::UrlPattern;

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
    let url = Address::of(url);
    match kind.as_str() {
        "regex" => compiled(pattern, false).is_some_and(|pattern| {
            let place = url.place();
            let host = if url.host.is_empty() { "_" } else { url.host };
            let whole = format!("{}://{}{place}", url.scheme, host.to_lowercase());
            pattern.is_match(&whole) || pattern.is_match(&place)
        }),
        "simple" => is_simple_match(&url, pattern),
        _ => false,
    }
}

/// Host, path, and what the pattern says of query and anchor; a star stands for anything.
fn is_simple_match(url: &Address<'_>, pattern: &str) -> bool {
    let pattern = Address::of(pattern);
    let with_stars = |text: &str| text.split('*').map(regex::escape).collect::<Vec<_>>().join(".*");
    let is_like = |actual: &str, pattern: &str| {
        compiled(&format!("^{}$", with_stars(pattern)), true).is_some_and(|pattern| pattern.is_match(actual))
    };
    // A slash at either end of a path changes nothing.
    let is_path_like = |actual: &str, pattern: &str| {
        let pattern = format!("^/?{}/?$", with_stars(pattern.trim_start_matches('/').trim_end_matches('/')));
        compiled(&pattern, true).is_some_and(|pattern| pattern.is_match(actual))
    };
    let asked = |name: &str| {
        let mut pairs = url.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    };
    (pattern.host.is_empty() || is_like(url.host, pattern.host))
        && is_path_like(url.path, pattern.path)
        && (pattern.anchor.is_empty() || is_like(url.anchor, pattern.anchor))
        && pattern.query.split('&').filter(|pair| !pair.is_empty()).all(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            is_like(asked(name), value)
        })
}

/// The parts of an address.
pub(crate) struct Address<'a> {
    pub(crate) scheme: &'a str,
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
        let (scheme, after_scheme) = match rest.split_once("://") {
            Some((scheme, rest)) => (scheme, Some(rest)),
            None => ("https", None),
        };
        let first = rest.split('/').next().unwrap_or_default();
        let (host, path) = match after_scheme {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None if first.contains('.') => rest.split_at(first.len()),
            None => ("", rest),
        };
        Self { scheme, host, path, query, anchor }
    }

    /// Path, query and anchor.
    fn place(&self) -> String {
        let part = |mark: &str, text: &str| if text.is_empty() { String::new() } else { format!("{mark}{text}") };
        format!("/{}{}{}", self.path.trim_start_matches('/'), part("?", self.query), part("#", self.anchor))
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
            ("*/x", "http://a.com/x/", true),
            ("/X", "/x", true),
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
        // Patterns mind the case of a path; the host is written small, and a path begins with a slash.
        assert!(!is_targeted("/SHOP/tea", &both[..1]));
        assert!(is_targeted("HTTP://Example.com", &[pattern("regex", r"example\.com/$", None)]));
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
