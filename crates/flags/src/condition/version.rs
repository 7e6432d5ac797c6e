//! Which of two versions is newer?

use serde_json::Value;

/// A version as text that is ordered as versions are: numbers by their size, and what came before a release before it.
///
/// ```text
/// 1.2.3            →  "    1-    2-    3-~"          a tilde is behind every letter: a release is newer than its candidates
/// v1.10.0-beta.2   →  "    1-   10-    0-beta-    2"
/// ```
/// A `v` before and a build behind `+` do not count; what is no version counts as 0.
pub(super) fn comparable(value: &Value) -> String {
    let version = match value {
        Value::Number(_) => crate::value::text_of(value),
        Value::String(text) if !text.is_empty() => text.clone(),
        _ => "0".to_owned(),
    };
    let version = version.strip_prefix('v').unwrap_or(&version);
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    let mut parts: Vec<&str> = version.split(['-', '.']).collect();
    if parts.len() == 3 {
        parts.push("~");
    }
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let wide = |part: &&str| if is_number(part) { format!("{part:>5}") } else { (*part).to_owned() };
    parts.iter().map(wide).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn numbers_are_ordered_by_size(one in prop::array::uniform3(0_u32..9999), other in prop::array::uniform3(0_u32..9999)) {
            let version = |[a, b, c]: [u32; 3]| comparable(&json!(format!("{a}.{b}.{c}")));
            prop_assert_eq!(version(one).cmp(&version(other)), one.cmp(&other));
        }
    }

    #[test]
    fn a_release_is_newer_than_its_candidates() {
        let order = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-a"];
        for pair in order.windows(2) {
            assert!(comparable(&json!(pair[0])) < comparable(&json!(pair[1])), "{pair:?}");
        }
        assert_eq!(comparable(&json!("v1.2.3+build.7")), comparable(&json!("1.2.3")));
        assert_eq!(comparable(&json!(null)), comparable(&json!("0")));
    }
}
