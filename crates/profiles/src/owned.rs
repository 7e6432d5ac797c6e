//! Which events is a customer's state made of?

use crate::CustomerState;
use events::{Offset, Recorded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A customer's state, and where the events that went into it stand in the log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Owned<S> {
    /// The state.
    pub state: S,
    /// Its events.
    pub offsets: BTreeSet<Offset>,
}

impl<S: CustomerState> CustomerState for Owned<S> {
    type Reads = S::Reads;
    const HAS_TIMELINE: bool = S::HAS_TIMELINE;

    fn apply(&mut self, recorded: &Recorded, reads: &S::Reads) {
        self.state.apply(recorded, reads);
        self.offsets.insert(recorded.offset);
    }

    fn merge(&mut self, other: Self) {
        self.state.merge(other.state);
        self.offsets.extend(other.offsets);
    }

    fn n_bytes(&self) -> usize {
        self.state.n_bytes() + self.offsets.len() * size_of::<Offset>()
    }
}
