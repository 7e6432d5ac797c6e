//! What was the last one, and when?

use events::EventKey;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};

/// The last fact that was told: of two at the same moment, one that does not depend on
/// which arrived first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last(Option<(Timestamp, EventKey, i64)>);

impl Last {
    pub(crate) fn add(&mut self, at: Timestamp, key: EventKey, value: i64) {
        self.0 = self.0.max(Some((at, key, value)));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0 = self.0.max(other.0);
    }

    /// When it was, and the number in millionths.
    pub(crate) fn get(&self) -> Option<(Timestamp, i64)> {
        self.0.map(|(at, _, value)| (at, value))
    }
}
