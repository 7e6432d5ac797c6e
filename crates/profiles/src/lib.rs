//! Who did it happen to?
//!
//! Identity and the live profile, both folds over events: the same events in the same order give the same bytes, live,
//! after a crash and in `rapport rebuild`.
//!
//! What stays true:
//! - every identifier belongs to one customer at a time; two known users become one only by an `alias`;
//! - each link between an identifier and a customer keeps its evidence: which event said so, and when;
//! - a profile knows nothing of features: the fold carries a [`CustomerState`] that `features` defines, so training
//!   replays the very same fold with another state;
//! - a checkpoint holds profiles, identifiers and the log's offset together: after a crash exactly the tail is replayed.

mod changed;
mod customer;
mod error;
mod fold;
mod identity;
mod newest;
mod residents;
mod store;

pub use changed::Changed;
pub use customer::{Customer, CustomerState, Link, LinkReason, Moment, Profile, Trait};
pub use error::ProfileError;
pub use fold::{Applied, Profiles, Totals};
pub use identity::Identifier;
pub use newest::{Newest, Placed};
pub use store::{Change, Collection, MemoryProfileStore, ProfileStore, StoreError};
