//! What do clients of flags load that evaluate by themselves? It is written once for each declaration, not for each client.

use axum::body::Bytes;
use axum::http::HeaderValue;
use decisions::Flags;
use primitives::{Timestamp, stable_hash};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// Versions are moments of the years from 2000 to 2019: nobody takes one for a time at which something was declared, and of any two
/// declarations one in 600,000,000,000 has the other's.
const FIRST_MS: i64 = 946_684_800_000;
const VERSIONS_MS: u64 = 20 * 365 * 86_400_000;

/// What was written last, and of which declaration.
#[derive(Debug, Default)]
pub(crate) struct DeclaredFeatures {
    last: Mutex<Option<(String, Arc<Loaded>)>>,
}

/// What is sent, and by what it is known again.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) text: Bytes,
    pub(crate) etag: HeaderValue,
}

impl DeclaredFeatures {
    /// What these flags come to, where it was written already.
    pub(crate) fn known(&self, flags: &Flags) -> Option<Arc<Loaded>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(of, _)| of == flags.digest()).map(|(_, loaded)| Arc::clone(loaded))
    }

    /// Writes what these flags come to. Of a thousand flags that takes a while: it is no work for the threads that serve
    /// connections.
    pub(crate) fn write(&self, flags: &Flags) -> Arc<Loaded> {
        let features = serde_json::to_value(&flags.published().features).unwrap_or_default();
        let text = reply(&features).to_string();
        let etag = HeaderValue::from_str(&format!("\"{:016x}\"", stable_hash(&text)));
        let etag = etag.unwrap_or(HeaderValue::from_static("\"\""));
        let loaded = Arc::new(Loaded { text: text.into(), etag });
        let last = (flags.digest().to_owned(), Arc::clone(&loaded));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        loaded
    }
}

/// What is sent to clients. They take `dateUpdated` for the version, and leave everything as it is where it is the same: so it comes from
/// the features alone, and says nothing of a time.
pub(crate) fn reply(features: &Value) -> Value {
    let hash = stable_hash(&features.to_string());
    let of_these = i64::try_from(hash % VERSIONS_MS).unwrap_or_default();
    let updated = Timestamp::from_millis(FIRST_MS + of_these).to_string();
    json!({ "status": 200, "features": features, "experiments": [], "dateUpdated": updated })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn flags(default: u32) -> Flags {
        let flag = serde_json::from_value(json!({"name": "limit", "default": default})).unwrap();
        Flags::new(vec![flag], Vec::new(), &[], &BTreeSet::new(), &[])
    }

    #[test]
    fn what_is_declared_is_written_once_until_other_flags_are() {
        let features = DeclaredFeatures::default();
        assert!(features.known(&flags(7)).is_none());
        let written = features.write(&flags(7));
        let known = features.known(&flags(7)).unwrap();
        assert!(Arc::ptr_eq(&written, &known), "it is not written again");
        let text: Value = serde_json::from_slice(&written.text).unwrap();
        assert_eq!(text["features"], json!({"limit": {"defaultValue": 7}}));
        assert!(features.known(&flags(8)).is_none(), "other flags are another text");
        let other = features.write(&flags(8));
        assert_ne!(other.etag, written.etag);
        features.write(&flags(8));
        assert!(features.known(&flags(7)).is_none() && features.known(&flags(8)).is_some());
    }

    #[test]
    fn other_features_are_another_version_and_the_same_are_the_same() {
        let version = |of: u32| {
            let at = reply(&json!({ "limit": { "defaultValue": of } }))["dateUpdated"].clone();
            Timestamp::parse(at.as_str().unwrap()).unwrap()
        };
        // Of as many declarations of one second two would have shared a millisecond long before.
        let versions: BTreeSet<Timestamp> = (0..20_000).map(version).collect();
        assert_eq!(versions.len(), 20_000);
        let [from, until] = ["2000-01-01T00:00:00Z", "2020-01-01T00:00:00Z"].map(|at| Timestamp::parse(at).unwrap());
        assert!(versions.range(from..until).count() == 20_000);
        assert_eq!(version(7), version(7));
    }
}
