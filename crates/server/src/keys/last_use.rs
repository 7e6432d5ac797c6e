//! When was a key last used? To the minute, in memory; the file follows later, so that no request waits for it.

use super::file::replace;
use crate::error::ServerError;
use primitives::{ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The file in the data directory: beside the keys and not among them, so that keys change only when people change them.
const FILE: &str = "key-use.json";
/// The version of the file.
const VERSION: u8 = 1;
/// How exactly it is remembered.
const MINUTE_MS: i64 = 60_000;

/// When one key was last used.
#[derive(Debug, Default)]
pub(super) struct LastUse(AtomicI64);

impl LastUse {
    /// Remembers that the key was used. Costs a comparison, and a store once a minute.
    pub(super) fn mark(&self, now: Timestamp) {
        let minute = now.as_millis().div_euclid(MINUTE_MS);
        if self.0.load(Ordering::Relaxed) != minute {
            self.0.store(minute, Ordering::Relaxed);
        }
    }

    pub(super) fn at(&self) -> Option<Timestamp> {
        let minute = self.0.load(Ordering::Relaxed);
        (minute > 0).then(|| Timestamp::from_millis(minute * MINUTE_MS))
    }
}

/// When each key was last used, by its id.
#[derive(Debug, Default)]
pub(super) struct Uses {
    by_id: Mutex<BTreeMap<String, Arc<LastUse>>>,
    /// What the file holds.
    stored: Mutex<BTreeMap<String, Timestamp>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u8,
    used_at: BTreeMap<String, Timestamp>,
}

impl Uses {
    /// What was remembered. A file that cannot be read is as good as none: nothing depends on it.
    pub(super) fn load(data: &Path) -> Self {
        let stored =
            std::fs::read(data.join(FILE)).ok().and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        let used_at = stored.filter(|stored| stored.v == VERSION).map(|stored| stored.used_at).unwrap_or_default();
        let known = |(id, at): (&String, &Timestamp)| {
            let last_use = LastUse::default();
            last_use.mark(*at);
            (id.clone(), Arc::new(last_use))
        };
        Self { by_id: Mutex::new(used_at.iter().map(known).collect()), stored: Mutex::new(used_at) }
    }

    /// Where the last use of a key is remembered.
    pub(super) fn of(&self, id: &str) -> Arc<LastUse> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default().clone()
    }

    /// Writes down what has changed since the last time.
    pub(super) fn store(&self, data: &Path) -> Result<(), ServerError> {
        let used_at: BTreeMap<String, Timestamp> = {
            let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
            by_id.iter().filter_map(|(id, last_use)| Some((id.clone(), last_use.at()?))).collect()
        };
        if *self.stored.lock().unwrap_or_else(PoisonError::into_inner) == used_at {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&Stored { v: VERSION, used_at: used_at.clone() })
            .map_err(|error| ServerError::new(ErrorKind::Internal, format!("{FILE} cannot be written: {error}")))?;
        replace(&data.join(FILE), &text)?;
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = used_at;
        Ok(())
    }
}
