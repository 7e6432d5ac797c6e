//! Whom does an event name that was rejected? What stands where an identifier of a customer does, however it is written.

use crate::identifier::id_of;
use crate::scalars::each_scalar;
use std::collections::BTreeSet;

/// How many names are kept of one event.
const N_NAMES_MAX: usize = 100;
/// The fields of a customer's identifiers in our events and in CloudEvents, without `_`.
const FIELDS: [&str; 4] = ["userid", "anonymousid", "previousid", "subject"];

/// The names in a payload, also where it could not be read as an event.
#[must_use]
pub fn named_in(payload: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    each_scalar(payload, is_field, |at, value| {
        if at.is_meant && found.len() < N_NAMES_MAX {
            found.extend(id_of(value, "").ok().flatten());
        }
    });
    found.into_iter().collect()
}

/// Whether a key is such a field, in whichever letters, and with `_` or not.
fn is_field(key: &str) -> bool {
    let letters = || key.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
    FIELDS.iter().any(|field| letters().eq(field.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalars::DEPTH_MAX;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let deep = format!("{{\"properties\":{}1{},\"userId\":\"v\"}}", "[".repeat(300), "]".repeat(300));
        let deep_map = format!("{{\"properties\":{}1{},\"userId\":\"v\"}}", "{\"a\":".repeat(300), "}".repeat(300));
        let within = |n: usize| format!("{{\"userId\":{}\"v\"{}}}", "[".repeat(n), "]".repeat(n));
        for (payload, expected) in [
            (r#"{"userId":" v ","properties":{"note":"w"}}"#, vec!["v"]),
            (r#"{"userId":7,"anonymousId":8.0,"previousId":-9}"#, vec!["-9", "7", "8"]),
            (r#"{"userId":"v","userId":"w"}"#, vec!["v", "w"]),
            (r#"{"__USER__ID_":"v","userIds":"w","userI":"x","serId":"y","":"z","_":"z"}"#, vec!["v"]),
            (r#"{"anonymousId":{"id":["v"]}}"#, vec!["v"]),
            (r#"{"data":{"user_id":"v"},"subject":"w","anonymousid":"x"}"#, vec!["v", "w", "x"]),
            (r#"[{"user\u0049d":"v\u0065"}]"#, vec!["ve"]),
            (r#"{"userId":null,"anonymousId":true,"event":"v"}"#, vec![]),
            (r#"{"userId":"v","event":"#, vec!["v"]),
            (deep.as_str(), vec!["v"]),
            (deep_map.as_str(), vec!["v"]),
            (within(DEPTH_MAX - 1).as_str(), vec!["v"]),
            (within(DEPTH_MAX).as_str(), vec![]),
        ] {
            assert_eq!(named_in(payload), expected, "{payload}");
        }
        let many = format!("{{\"userId\":{:?}}}", (0..2 * N_NAMES_MAX).collect::<Vec<_>>());
        assert_eq!(named_in(&many).len(), N_NAMES_MAX);
    }
}
