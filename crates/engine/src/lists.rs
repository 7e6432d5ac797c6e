//! Which customers does a filter mean, in which order, and what is told of each?
//!
//! What stays true:
//! - what is computed from behaviour (scores, features, groups and segments) is not known of who refuses personalization;
//! - customers are looked at in slices, so that events and decisions go on, and models are asked outside of them;
//! - customers on disk are found, too, each once.

mod cursor;
mod facts;
mod order;
mod row;
mod scores;
mod select;
mod selection;

pub use row::{Cell, CustomerLine};
pub(crate) use scores::ScoreCache;
pub use select::{Found, Page, Sum};
pub use selection::{Column, Selection, Sort};
