//! Where in time does an event stand?

use events::Offset;
use primitives::Timestamp;
use profiles::Placed;
use serde::{Deserialize, Serialize};

/// That something happened, whatever it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// Its place in the log.
    pub offset: Offset,
}

/// Where an event stands in time: no other has the same place.
pub(crate) type Place = <Seen as Placed>::Place;

impl Placed for Seen {
    type Place = (Timestamp, Offset);
    fn place(&self) -> Self::Place {
        (self.at, self.offset)
    }
}
