//! What do clients of flags load that evaluate by themselves? It is written once for each declaration, not for each client.

use axum::body::Bytes;
use axum::http::HeaderValue;
use decisions::Flags;
use primitives::{Timestamp, stable_hash};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// What was written last, and of which declaration.
#[derive(Debug, Default)]
pub(crate) struct DeclaredFeatures(Mutex<Option<(String, Arc<Loaded>)>>);

/// What is sent, and by what it is known again.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) text: Bytes,
    pub(crate) etag: HeaderValue,
}

impl DeclaredFeatures {
    /// What these flags come to, where it was written already.
    pub(crate) fn known(&self, flags: &Flags) -> Option<Arc<Loaded>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        loaded
    }
}

/// What is sent to clients. They take `dateUpdated` for the version: the same features have the same.
pub(crate) fn reply(features: &Value) -> Value {
    // Any moment serves, as long as another declaration has another one: milliseconds of some day since 1970.
    const DAYS_10_000_MS: u64 = 864_000_000_000;
    let version = i64::try_from(stable_hash(&features.to_string()) % DAYS_10_000_MS).unwrap_or_default();
    let version = Timestamp::from_millis(version).to_string();
    json!({ "status": 200, "features": features, "experiments": [], "dateUpdated": version })
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
        assert!(features.known(&flags(7)).is_none() && features.known(&flags(8)).is_some());
    }
}
