//! How much does it take to read what was sent?
//!
//! A few bytes of JSON can become many: an object with one key takes a whole node of a tree, and the context of a batch is
//! laid under each of its events. Whoever lets strangers send JSON has to count what it becomes, before it is read.

use super::{BATCH_BYTES_MAX, Refusal};
use crate::Fields;

/// What a batch's context may come to under all its events, in bytes of JSON: this much more than was sent is stored.
const SPREAD_BYTES_MAX: usize = 4 * BATCH_BYTES_MAX;

/// What an object, an array and one more entry of either take at the most, beside the text itself: a node of a map for
/// eleven entries, the first place of a list, and a place with its key.
const OBJECT_BYTES: usize = 656;
const ARRAY_BYTES: usize = 128;
const ENTRY_BYTES: usize = 112;

/// How much memory a JSON text takes once it is read, at the most.
#[must_use]
pub fn memory_of(json: &[u8]) -> usize {
    let after = json.iter().skip(1).chain(b" ");
    let marks = json.iter().zip(after).map(|pair| match pair {
        // Without an entry they take nothing of their own.
        (b'{', b'}') | (b'[', b']') => 1,
        (b'{', _) => OBJECT_BYTES,
        (b'[', _) => ARRAY_BYTES,
        (b',', _) => ENTRY_BYTES,
        _ => 1,
    });
    marks.fold(0, usize::saturating_add)
}

/// The bytes of JSON that a batch's context adds to each of its events.
pub(super) fn of_context(
    context: &Fields,
    n_events: usize,
    has_room: impl FnOnce(usize) -> bool,
) -> Result<usize, Refusal> {
    if context.is_empty() {
        return Ok(0);
    }
    let written = serde_json::to_vec(context)
        .map_err(|_| Refusal::Malformed { message: "the batch's \"context\" cannot be read".to_owned() })?;
    let n_bytes = written.len();
    if n_bytes.saturating_mul(n_events) > SPREAD_BYTES_MAX {
        let message = format!(
            "the batch's \"context\" has {n_bytes} bytes and counts with each of {n_events} events, which may come to \
             {SPREAD_BYTES_MAX} bytes: send a shorter one, or fewer events in a request"
        );
        return Err(Refusal::TooLarge { message });
    }
    if has_room(memory_of(&written).saturating_mul(n_events)) { Ok(n_bytes) } else { Err(Refusal::NoRoom) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// What a value takes on the heap, by the layout of the standard library's collections.
    fn heap(value: &Value) -> usize {
        const NODE: usize = 11 * (size_of::<String>() + size_of::<Value>());
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len(),
            Value::Array(values) => values.capacity() * size_of::<Value>() + values.iter().map(heap).sum::<usize>(),
            // Nodes are at least half full, but for the first one.
            Value::Object(fields) => {
                fields.len().div_ceil(6) * NODE + fields.iter().map(|(key, v)| key.len() + heap(v)).sum::<usize>()
            }
        }
    }

    #[test]
    fn nothing_takes_more_than_is_counted() {
        let many = |item: &str| format!("[{}]", [item; 500].join(","));
        let keys: Vec<String> = (0..500).map(|n| format!("\"{n}\":{{\"\":[0]}}")).collect();
        for text in [
            many("1"),
            many("{}"),
            many("[]"),
            many("{\"\":1}"),
            many("[0]"),
            many("\"\""),
            format!("{{{}}}", keys.join(",")),
        ] {
            let value: Value = serde_json::from_str(&text).unwrap();
            let (counted, taken) = (memory_of(text.as_bytes()), heap(&value));
            assert!(taken <= counted && counted <= 8 * (taken + text.len()), "{taken} of {counted}: {}", &text[..20]);
        }
    }
}
