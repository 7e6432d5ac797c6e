//! How much may one parameter of a question hold, and how is a value named in an error?

use serde_json::Value;

/// The most words of one list.
pub(crate) const N_WORDS_MAX: usize = 1_000;
/// How long one word of a list is at most, in bytes.
pub(crate) const WORD_BYTES_MAX: usize = 256;

/// A value as an error names it: not more of it than helps.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", primitives::visible(&text[..at])),
        None => primitives::visible(&text).into_owned(),
    }
}
