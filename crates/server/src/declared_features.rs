//! What do clients of flags load that evaluate by themselves? It is written once for each declaration, not for each client.

use axum::body::Bytes;
use axum::http::HeaderValue;
use decisions::Flags;
use primitives::{Timestamp, stable_hash};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

/// Before this moment no settings were written: what lies in an image may have none.
const EARLIEST: Timestamp = Timestamp::from_millis(1_577_836_800_000);

/// What was written last, and of which declaration.
#[derive(Debug)]
pub(crate) struct DeclaredFeatures {
    last: Mutex<Option<(String, Arc<Loaded>)>>,
    /// The file that declares them.
    file: Option<PathBuf>,
    started_at: Timestamp,
}

/// What is sent, and by what it is known again.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) text: Bytes,
    pub(crate) etag: HeaderValue,
}

impl DeclaredFeatures {
    /// Nothing is written yet. When the file was changed last says since when its flags are what they are.
    pub(crate) fn of(file: Option<PathBuf>, started_at: Timestamp) -> Self {
        Self { last: Mutex::default(), file, started_at }
    }

    /// Since when the settings are what they are, as far as the file says; without one since the start.
    fn changed_at(&self) -> Timestamp {
        let changed = self.file.as_ref().and_then(|file| std::fs::metadata(file).ok()?.modified().ok());
        let since = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let at = since.and_then(|since| i64::try_from(since.as_millis()).ok()).map(Timestamp::from_millis);
        at.filter(|at| *at >= EARLIEST).unwrap_or(self.started_at)
    }

    /// What these flags come to, where it was written already.
    pub(crate) fn known(&self, flags: &Flags) -> Option<Arc<Loaded>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(of, _)| of == flags.digest()).map(|(_, loaded)| Arc::clone(loaded))
    }

    /// Writes what these flags come to. Of a thousand flags that takes a while: it is no work for the threads that serve
    /// connections.
    pub(crate) fn write(&self, flags: &Flags) -> Arc<Loaded> {
        let features = serde_json::to_value(&flags.published().features).unwrap_or_default();
        let text = self.reply(&features).to_string();
        let etag = HeaderValue::from_str(&format!("\"{:016x}\"", stable_hash(&text)));
        let etag = etag.unwrap_or(HeaderValue::from_static("\"\""));
        let loaded = Arc::new(Loaded { text: text.into(), etag });
        let last = (flags.digest().to_owned(), Arc::clone(&loaded));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        loaded
    }

    /// What is sent to clients. They take `dateUpdated` for the version: the same features have the same for as long as the
    /// settings are, and others of the same second differ in their milliseconds.
    pub(crate) fn reply(&self, features: &Value) -> Value {
        const SECOND_MS: i64 = 1_000;
        let of_these = i64::try_from(stable_hash(&features.to_string()) % 1_000).unwrap_or_default();
        let second = self.changed_at().as_millis().div_euclid(SECOND_MS) * SECOND_MS;
        let updated = Timestamp::from_millis(second + of_these).to_string();
        json!({ "status": 200, "features": features, "experiments": [], "dateUpdated": updated })
    }
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
        let started_at = Timestamp::parse("2026-11-30T08:00:00Z").unwrap();
        let features = DeclaredFeatures::of(None, started_at);
        assert!(features.known(&flags(7)).is_none());
        let written = features.write(&flags(7));
        let known = features.known(&flags(7)).unwrap();
        assert!(Arc::ptr_eq(&written, &known), "it is not written again");
        let text: Value = serde_json::from_slice(&written.text).unwrap();
        assert_eq!(text["features"], json!({"limit": {"defaultValue": 7}}));
        assert!(features.known(&flags(8)).is_none(), "other flags are another text");
        let other = features.write(&flags(8));
        assert_ne!(other.etag, written.etag);
        let updated = |of: &DeclaredFeatures| {
            let text: Value = serde_json::from_slice(&of.write(&flags(7)).text).unwrap();
            Timestamp::parse(text["dateUpdated"].as_str().unwrap()).unwrap()
        };
        assert_eq!(updated(&features).as_millis() / 1_000, started_at.as_millis() / 1_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        let at = UNIX_EPOCH + std::time::Duration::from_secs(1_790_000_000);
        file.as_file().set_modified(at).unwrap();
        let followed = DeclaredFeatures::of(Some(file.path().to_owned()), started_at);
        assert_eq!(updated(&followed).as_millis() / 1_000, 1_790_000_000, "since the file was changed");
        assert_eq!(updated(&followed), updated(&followed), "and it stays");
        features.write(&flags(8));
        assert!(features.known(&flags(7)).is_none() && features.known(&flags(8)).is_some());
    }
}
