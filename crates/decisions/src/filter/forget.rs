//! What does a filter say without the name of somebody who was erased?

use super::FILTER_BYTES_MAX;
use super::lexer::{What, tokens};

/// What stands in the place of a name: nobody has it.
pub const ERASED: &str = "(erased)";

/// The filter as it is written, with [`ERASED`] for each text that `is_theirs`; nothing where there is none. It is told of each
/// text, and whether `id` is compared with it. A filter that cannot be taken apart names nobody. Where it would become longer than
/// a filter may be, nothing stands in the place of the name.
#[must_use]
pub fn without_names(filter: &str, is_theirs: &dyn Fn(&str, bool) -> bool) -> Option<String> {
    let marked = with_instead(ERASED, filter, is_theirs)?;
    if marked.len() <= FILTER_BYTES_MAX { Some(marked) } else { with_instead("", filter, is_theirs) }
}

fn with_instead(mark: &str, filter: &str, is_theirs: &dyn Fn(&str, bool) -> bool) -> Option<String> {
    let (mut is_id, mut is_part, mut upto) = (false, false, 0);
    let mut written = String::new();
    let chars: Vec<char> = filter.chars().collect();
    let part = |first: usize, end: usize| chars.get(first..end).unwrap_or_default().iter().collect::<String>();
    for token in tokens(filter).ok()? {
        match &token.what {
            // Words of the language are read in whichever letters.
            What::Word(word) if ["in", "contains"].iter().any(|known| word.eq_ignore_ascii_case(known)) => {}
            // After a dot it is a trait that is called so.
            What::Word(word) => is_id = word == "id" && !is_part,
            What::Text(text) if is_theirs(text, is_id && !is_part) => {
                let first = token.at - 1;
                written += &part(upto, first);
                written += &format!("\"{mark}\"");
                upto = first + token.n_chars;
            }
            _ => {}
        }
        is_part = token.what == What::Dot;
    }
    (upto > 0).then(|| written + &part(upto, chars.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn without(filter: &str) -> Option<String> {
        without_names(filter, &|text, is_id| text == "a@b" || (is_id && text == "Zo\u{eb} \"4\""))
    }

    #[test]
    fn the_names_go_and_everything_else_stays_as_it_is_written() {
        for (filter, expected) in [
            (r#"id="Zo\u{eb} \"4\"""#, Some(r#"id="(erased)""#)),
            (
                r#"known  and ID = 'x' or id != 'Zo\u{eb} "4"' and churn>0.5"#,
                Some(r#"known  and ID = 'x' or id != "(erased)" and churn>0.5"#),
            ),
            (r#"id in ("x", "Zo\u{eb} \"4\"", "y")"#, Some(r#"id in ("x", "(erased)", "y")"#)),
            (r#"id IN ("x", "Zo\u{eb} \"4\"")"#, Some(r#"id IN ("x", "(erased)")"#)),
            (r#"id Contains "Zo\u{eb} \"4\"""#, Some(r#"id Contains "(erased)""#)),
            (r#"id contains "Zo\u{eb} \"4\"""#, Some(r#"id contains "(erased)""#)),
            (
                r#"traits.mail="a@b" or traits."a@b" exists"#,
                Some(r#"traits.mail="(erased)" or traits."(erased)" exists"#),
            ),
            // Who is called as a city is does not take it out of filters.
            (r#"traits.id="Zo\u{eb} \"4\"" or id="x" and traits.city="Zo\u{eb} \"4\"""#, None),
            (r#"known and id exists or traits.x="Zo\u{eb} \"4\"""#, None),
            ("", None),
            (r#"id="a@b" §"#, None),
        ] {
            let filter = filter.replace(r"\u{eb}", "\u{eb}");
            assert_eq!(without(&filter).as_deref(), expected, "{filter}");
        }
    }

    #[test]
    fn a_filter_becomes_no_longer_than_it_may_be() {
        for (n_bytes, mark) in [(FILTER_BYTES_MAX - 5, ERASED), (FILTER_BYTES_MAX - 4, ""), (FILTER_BYTES_MAX, "")] {
            let (before, after) = ("id=\"a@b\" or id=\"", "\"");
            let filter = format!("{before}{}{after}", "x".repeat(n_bytes - before.len() - after.len()));
            assert_eq!(filter.len(), n_bytes);
            let left = without(&filter).unwrap();
            assert!(left.starts_with(&format!("id=\"{mark}\" or")), "{n_bytes}: {left}");
            assert!(left.len() <= FILTER_BYTES_MAX, "{n_bytes}");
        }
    }

    proptest! {
        /// Once is enough, and what is left can be taken apart as before.
        #[test]
        fn nothing_is_left_to_forget(filter in "(id|known|traits\\.id|,|=|in|\\(|\\)| |\"a@b\"|'a@b'|\"\u{eb}\"){0,20}") {
            if let Some(left) = without(&filter) {
                prop_assert_eq!(without(&left), None);
                prop_assert!(!left.contains("a@b") && left.contains(ERASED), "{}", left);
            }
        }
    }
}
