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
    // Without an entry an object and an array take nothing of their own.
    let n_objects = count(json, |byte, next| (byte == b'{') & (next != b'}'));
    let n_arrays = count(json, |byte, next| (byte == b'[') & (next != b']'));
    let n_more = count(json, |byte, _| byte == b',');
    json.len() + n_objects * (OBJECT_BYTES - 1) + n_arrays * (ARRAY_BYTES - 1) + n_more * (ENTRY_BYTES - 1)
}

/// Of how many bytes, each with the one after it, something is true. Every body is counted before it is read, so this is
/// written as the compiler can do it for many bytes at a time: no branches, and sums that fit into a byte.
fn count(json: &[u8], is_counted: impl Fn(u8, u8) -> bool) -> usize {
    const N_AT_ONCE: usize = u8::MAX as usize;
    let Some((last, before)) = json.split_last() else { return 0 };
    let pairs = before.chunks(N_AT_ONCE).zip(json[1..].chunks(N_AT_ONCE));
    let counts = pairs.map(|(bytes, nexts)| {
        let counted = bytes.iter().zip(nexts).map(|(byte, next)| u8::from(is_counted(*byte, *next)));
        usize::from(counted.fold(0_u8, u8::wrapping_add))
    });
    counts.sum::<usize>() + usize::from(is_counted(*last, b' '))
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
    use proptest::prelude::*;
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

    /// Byte by byte, as it is meant.
    fn counted(json: &[u8]) -> usize {
        let of = |(place, byte): (usize, &u8)| match (byte, json.get(place + 1)) {
            (b'{', Some(b'}')) | (b'[', Some(b']')) => 1,
            (b'{', _) => OBJECT_BYTES,
            (b'[', _) => ARRAY_BYTES,
            (b',', _) => ENTRY_BYTES,
            _ => 1,
        };
        json.iter().enumerate().map(of).sum()
    }

    proptest! {
        /// Of any bytes, JSON or not, as often as the same marks come one after the other.
        #[test]
        fn many_bytes_at_a_time_count_as_one_by_one(bytes in "[\\[\\]{}, a]{0,12}", n in 0_usize..300, rest in "[\\[{,}]{0,2}") {
            let json = format!("{}{rest}", bytes.repeat(n));
            prop_assert_eq!(memory_of(json.as_bytes()), counted(json.as_bytes()));
        }
    }

    #[test]
    fn every_byte_of_a_long_run_of_marks_counts() {
        for n in [0, 1, 254, 255, 256, 257, 510, 511, 512, 1_000] {
            for mark in ["{", "[", ",", "{}", "[]", "}", "a"] {
                let json = mark.repeat(n);
                assert_eq!(memory_of(json.as_bytes()), counted(json.as_bytes()), "{n} times {mark}");
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
