//! What does a person see of a text with tags and entities?

use std::borrow::Cow;

/// So long is a tag at most; what goes on for longer is none.
const TAG_BYTES_MAX: usize = 2_000;
/// So long is the name of an entity at most.
const ENTITY_BYTES_MAX: usize = 10;

/// Elements of which nobody sees what is in them.
const UNSEEN: [&str; 4] = ["script", "style", "head", "title"];

/// Names of letters that are often written so.
const ENTITIES: [(&str, char); 27] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("rsquo", '\''),
    ("lsquo", '\''),
    ("rdquo", '"'),
    ("ldquo", '"'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("euro", '€'),
    ("pound", '£'),
    ("auml", 'ä'),
    ("ouml", 'ö'),
    ("uuml", 'ü'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("szlig", 'ß'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("agrave", 'à'),
    ("ccedil", 'ç'),
    ("ntilde", 'ñ'),
];

/// The text without tags, comments and what is not shown, and with entities as letters. A `<` that begins no tag stays.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        rest = if let Some(after) = after_tag(from) {
            shown.push(' ');
            after
        } else if let Some((letter, after)) = entity(from) {
            shown.push(letter);
            after
        } else {
            // Both signs are one byte long.
            let (sign, after) = from.split_at(1);
            shown.push_str(sign);
            after
        };
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// What comes after the tag or comment that a text begins with.
fn after_tag(text: &str) -> Option<&str> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return Some(comment.split_once("-->").map_or("", |(_, after)| after));
    }
    let inside = text.strip_prefix('<')?;
    let begins = inside.strip_prefix('/').unwrap_or(inside);
    if !begins.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
        return None;
    }
    let end = inside.bytes().take(TAG_BYTES_MAX).position(|byte| byte == b'>')?;
    let (tag, after) = (inside.get(..end)?, inside.get(end + 1..)?);
    // An address in angle brackets is said and no tag.
    if tag.contains('@') && !tag.contains(' ') {
        return None;
    }
    let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if UNSEEN.contains(&name.as_str()) && !tag.ends_with('/') {
        let close = format!("</{name}");
        let at = after.as_bytes().windows(close.len()).position(|part| part.eq_ignore_ascii_case(close.as_bytes()));
        // Without an end there is nothing that can be told apart.
        return Some(
            at.and_then(|at| after.get(at..))
                .map_or(after, |closing| closing.split_once('>').map_or("", |(_, rest)| rest)),
        );
    }
    Some(after)
}

/// The letter that a text begins with as an entity, and what comes after it.
fn entity(text: &str) -> Option<(char, &str)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(ENTITY_BYTES_MAX).position(|byte| byte == b';')?;
    let (name, after) = (inside.get(..end)?, inside.get(end + 1..)?);
    let letter = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((letter, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_stays_and_what_is_no_tag_too() {
        for (text, expected) in [
            ("plain", "plain"),
            ("<p class=\"a\">Hi<br/>there</p>", " Hi there "),
            ("<STYLE>p { color: red }</style >Hi", " Hi"),
            ("<script>alert('x < y')</script>Hi", " Hi"),
            ("<!-- note -->Hi<!-- and no end", " Hi "),
            ("a < b & c > d", "a < b & c > d"),
            ("I <3 it", "I <3 it"),
            ("&lt;b&gt; &amp; &#8364;&#x41;&bogus; &#1114112;", "<b> & €A&bogus; &#1114112;"),
            ("me <me@shop.example>", "me <me@shop.example>"),
            ("<", "<"),
            ("&", "&"),
            ("<é>", "<é>"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        let endless = format!("<a {}", "x".repeat(10_000));
        assert_eq!(shown(&endless), endless, "what never ends is no tag");
    }
}
