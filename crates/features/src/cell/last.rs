//! What was the last one, and when?

use events::Offset;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};

/// The last fact that was told: of two at the same moment, the later in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last(Option<(Timestamp, Offset, i64)>);

impl Last {
    pub(crate) fn add(&mut self, at: Timestamp, offset: Offset, value: i64) {
        self.0 = self.0.max(Some((at, offset, value)));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0 = self.0.max(other.0);
    }

    /// When it was, and the number in millionths.
    pub(crate) fn get(&self) -> Option<(Timestamp, i64)> {
        self.0.map(|(at, _, value)| (at, value))
    }
}
