//! Where does a passage leave room for what is known of the customer?

use std::collections::BTreeMap;

/// The longest name of a placeholder, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The names of the placeholders of a text, `{{order.status}}`, in their order, each once.
#[must_use]
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    each(text, |_, name| {
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            names.push(name);
        }
    });
    names
}

/// A text with what is known in the place of its placeholders; or the first that is not known.
///
/// # Errors
/// The name of a placeholder that nothing is known for.
pub fn filled(text: &str, known: &BTreeMap<String, String>) -> Result<String, String> {
    let (mut filled, mut missing) = (String::with_capacity(text.len()), None);
    each(text, |before, name| {
        filled.push_str(before);
        match name.map(|name| (name, known.get(name))) {
            Some((_, Some(value))) => filled.push_str(value),
            Some((name, None)) => missing = missing.take().or_else(|| Some(name.to_owned())),
            None => {}
        }
    });
    missing.map_or(Ok(filled), Err)
}

/// Names each placeholder with what stands before it, and at last what stands after all. What looks like none is text.
fn each<'a>(text: &'a str, mut found: impl FnMut(&'a str, Option<&'a str>)) {
    let mut rest = text;
    let mut from = 0;
    while let Some(at) = rest.get(from..).and_then(|rest| rest.find("{{")).map(|at| at + from) {
        let inside = rest.get(at + 2..).and_then(|after| after.split_once("}}"));
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= NAME_BYTES_MAX
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
        };
        match inside.map(|(name, after)| (name.trim(), after)).filter(|(name, _)| is_name(name)) {
            Some((name, after)) => {
                found(rest.get(..at).unwrap_or_default(), Some(name));
                (rest, from) = (after, 0);
            }
            None => from = at + 2,
        }
    }
    found(rest, None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_filled_whole_or_not_at_all() {
        let known = BTreeMap::from([("plan".to_owned(), "{{order.id}}".to_owned()), ("n".to_owned(), "3".to_owned())]);
        for (text, expected) in [
            ("You have {{ plan }} and {{n}}.", Ok("You have {{order.id}} and 3.".to_owned())),
            ("{{plan}}", Ok("{{order.id}}".to_owned())),
            ("{{order.id}} of {{plan}}", Err("order.id".to_owned())),
            ("{{ }} {{a b}} {{n", Ok("{{ }} {{a b}} {{n".to_owned())),
            ("{{{n}}}", Ok("{{{n}}}".to_owned())),
            ("", Ok(String::new())),
        ] {
            assert_eq!(filled(text, &known), expected, "{text}");
        }
        assert_eq!(placeholders("{{a}} {{b.c}} {{a}}"), ["a", "b.c"]);
    }

    proptest! {
        #[test]
        fn a_text_without_placeholders_is_itself(text in "[a-z{} .]{0,30}") {
            let names = placeholders(&text);
            let all: BTreeMap<String, String> = names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
            let filled = filled(&text, &all).unwrap();
            prop_assert!(filled.len() <= text.len());
            prop_assert!(!names.is_empty() || filled == text);
        }
    }
}
