//! Which customers does a filter mean, in which order, and what is told of each?
//!
//! What stays true:
//! - what is computed from behaviour (scores, features, groups and segments) is not known of who refuses personalization;
//! - customers are looked at in slices, so that events and decisions go on, and models are asked outside of them;
//! - customers on disk are found, too, each once;
//! - a list that many others ask about is judged once for each customer, and no filter is longer in judging than there is time;
//! - who is on a list is found by the same look, again and again; who came and who went is told to its webhook until it is
//!   taken, and who is erased is on no list.

mod asked;
mod cursor;
mod deliver;
mod facts;
mod follow;
mod holding;
mod left_out;
mod order;
mod people;
mod row;
mod saved;
mod scores;
mod select;
mod selection;
mod unanswered;
mod walk;

pub use deliver::Courier;
pub use follow::RollCall;
pub(crate) use left_out::LeftOut;
pub use people::{Compared, Counts, People, RANGES_DAYS, Subscribed};
pub use row::{Cell, CustomerLine};
pub use saved::{KnownList, ListSource, RiskLine, written};
pub(crate) use scores::ScoreCache;
pub use select::{Found, Page, PaidIn, Sum};
pub use selection::{Column, Selection, Sort};
