//! What was found of the customers for the overview lately?

use console::view::{AtRisk, Figure};
use engine::People;
use primitives::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long what was found holds.
const KEPT: Duration = Duration::from_secs(60);

/// What was found of the customers.
#[derive(Debug)]
pub(crate) struct Found {
    /// What they did.
    pub(crate) people: People,
    /// Who is about to leave.
    pub(crate) at_risk: AtRisk,
    /// What is at stake.
    pub(crate) stake: Figure,
}

/// What was found last, and when.
#[derive(Debug, Default)]
pub(crate) struct FoundLately(Mutex<Option<(Timestamp, Arc<Found>)>>);

impl FoundLately {
    /// What was found up to a minute ago.
    pub(crate) fn get(&self, now: Timestamp) -> Option<Arc<Found>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|(at, _)| now >= *at && now < *at + KEPT).map(|(_, found)| found)
    }

    /// Keeps what was found.
    pub(crate) fn put(&self, now: Timestamp, found: Arc<Found>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, found));
    }
}
