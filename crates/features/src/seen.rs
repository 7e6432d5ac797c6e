//! Where in time does an event stand?

use events::EventKey;
use primitives::Timestamp;
use profiles::Placed;
use serde::{Deserialize, Serialize};

/// That something happened, whatever it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// What tells it from others at the same moment.
    pub key: EventKey,
    /// Whether the customer did it, and it was not done to them.
    pub is_own: bool,
}

/// Where an event stands in time: no other has the same place.
pub(crate) type Place = <Seen as Placed>::Place;

impl Placed for Seen {
    type Place = (Timestamp, EventKey);
    fn place(&self) -> Self::Place {
        (self.at, self.key)
    }
}
