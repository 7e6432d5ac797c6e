//! How is a JSON document shown so that it can be read? Indented, in its own order, keys and values told apart by colour.

use super::format::escape;
use serde::de::IgnoredAny;

/// Documents larger than this are shown as they came, cut off, so that one event cannot make a page heavy.
const BYTES_MAX: usize = 40_000;

/// The document as HTML for a `<pre>`: escaped, with spans for keys, texts, numbers and words.
/// Fields keep their order and numbers their digits. What is not JSON is shown as it is, escaped.
#[must_use]
pub(crate) fn to_html(text: &str) -> String {
    if text.len() > BYTES_MAX {
        let cut: String = text.chars().take(BYTES_MAX).collect();
        return format!("{}\n… ({} bytes in all)", escape(&cut), text.len());
    }
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return escape(text);
    }
    let mut html = String::with_capacity(text.len() * 3);
    let (mut depth, mut rest) = (0_usize, text.trim());
    // The document is valid, so each token says what may follow it.
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token_length(rest));
        let next = after.trim_start();
        match first {
            '{' | '[' if next.starts_with(['}', ']']) => {
                html.push(first);
                html.push_str(&next[..1]);
                rest = next[1..].trim_start();
                continue;
            }
            '{' | '[' => {
                depth += 1;
                html.push(first);
                new_line(&mut html, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut html, depth);
                html.push(first);
            }
            ',' => {
                html.push(',');
                new_line(&mut html, depth);
            }
            ':' => html.push_str(": "),
            '"' => span(&mut html, if next.starts_with(':') { "j-key" } else { "j-text" }, token),
            't' | 'f' | 'n' => span(&mut html, "j-word", token),
            _ => span(&mut html, "j-number", token),
        }
        rest = next;
    }
    html
}

/// The length in bytes of the token at the start of a valid document's rest.
fn token_length(rest: &str) -> usize {
    let mut letters = rest.char_indices();
    match letters.next() {
        Some((_, '"')) => {
            let mut escaped = false;
            for (i, letter) in letters {
                match letter {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '"' => return i + 1,
                    _ => {}
                }
            }
            rest.len()
        }
        Some((_, '{' | '}' | '[' | ']' | ',' | ':')) | None => rest.len().min(1),
        Some(_) => rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len()),
    }
}

fn span(html: &mut String, class: &str, text: &str) {
    html.push_str("<span class=\"");
    html.push_str(class);
    html.push_str("\">");
    html.push_str(&escape(text));
    html.push_str("</span>");
}

fn new_line(html: &mut String, depth: usize) {
    html.push('\n');
    html.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The text a reader sees: without spans, with the escapes undone.
    fn seen(html: &str) -> String {
        let mut text = html.replace("</span>", "");
        for class in ["j-key", "j-text", "j-number", "j-word"] {
            text = text.replace(&format!("<span class=\"{class}\">"), "");
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    #[test]
    fn a_document_keeps_its_order_and_digits_and_is_escaped() {
        let html = to_html(r#" {"z":[1.50,true],"<b>":"</pre><script> \" , {" , "e":{ },"l":[]} "#);
        let expected = "{\n  \"z\": [\n    1.50,\n    true\n  ],\n  \"<b>\": \"</pre><script> \\\" , {\",\n  \"e\": {},\n  \"l\": []\n}";
        assert_eq!(seen(&html), expected);
        assert!(
            html.contains("<span class=\"j-key\">&quot;&lt;b&gt;&quot;</span>") && !html.contains("<script"),
            "{html}"
        );
    }

    #[test]
    fn what_is_not_json_is_shown_escaped_and_what_is_long_is_cut() {
        assert_eq!(to_html("<not json"), "&lt;not json");
        assert_eq!(to_html("{\"a\":"), "{&quot;a&quot;:");
        assert_eq!(to_html(""), "");
        let long = to_html(&format!("\"{}\"", "é".repeat(BYTES_MAX)));
        assert!(long.ends_with("bytes in all)"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("\\PC*", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_seen_is_the_same_document(value in any_json()) {
            let read: Value = serde_json::from_str(&seen(&to_html(&value.to_string()))).unwrap();
            prop_assert_eq!(read.to_string(), value.to_string());
        }
    }
}
