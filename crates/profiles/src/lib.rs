//! Who did it happen to?
//!
//! Identity and the live profile, both folds over events: the same events in the same order give the same bytes, live,
//! after a crash and in `rapport rebuild`.
//!
//! What stays true:
//! - what happens under an identifier belongs to one customer at a time; two known users become one only by an `alias`
//!   of the company's own, never by what a write key says;
//! - each link, each join and each join that was refused keeps its evidence: which event said so, and when;
//! - everything in a profile has a bound, with a rule for what makes room;
//! - a profile knows nothing of features: the fold carries a [`CustomerState`] that `features` defines, so training
//!   replays the very same fold with another state;
//! - a checkpoint holds profiles, identifiers and the log's offset together: after a crash exactly the tail is replayed.

mod changed;
mod customer;
mod erasure;
mod error;
mod evidence;
mod few;
mod fold;
mod identity;
mod layout;
mod newest;
mod owned;
mod residents;
mod separations;
mod store;
mod totals_row;
mod watch;

pub use changed::Changed;
pub use customer::{Customer, CustomerState, Moment, Profile, Trait};
pub use erasure::{Erasure, ErasureId, ErasurePlan, ErasureStage, ErasureStep, ErasureStore, Removed};
pub use error::ProfileError;
pub use evidence::{Join, JoinRefusal, Link, LinkReason, RefusalReason};
pub use few::{Few, squeeze_in};
pub use fold::{Applied, Profiles, Totals};
pub use identity::Identifier;
pub use layout::{decode, encode, is_of_another_layout, is_outdated, made_with_change};
pub use newest::{Newest, Placed};
pub use owned::Owned;
pub use separations::{Separation, Separations};
pub use store::{Change, Collection, MemoryProfileStore, ProfileStore, StoreError};
pub use totals_row::TotalsRow;
pub use watch::Watch;
