//! What did we know at a moment?
//!
//! Features are declared once ([`Catalogue`]) and computed by one state machine ([`FeatureState`]). Live, it advances
//! with each event; for training it is replayed over the history ([`Trace`]) and read at each `as_of`. So training and
//! serving cannot differ.
//!
//! What stays true:
//! - the state is a multiset of what happened, in whole numbers and newest-K records: late arrivals, merged customers and
//!   replays all end in the same bits;
//! - a vector is a pure function of the state and `as_of`;
//! - `as_of` never sees what was received later ([`Trace::state_at`]).

mod activity;
mod catalogue;
pub(crate) mod cell;
mod channels;
mod consumed;
mod conversations;
mod crowd;
mod declared;
mod error;
mod history;
mod id;
mod inflow;
mod items;
mod occasions;
mod overflow;
mod probe;
#[cfg(test)]
mod reference;
mod searches;
mod seen;
mod signal;
mod snapshot;
mod state;
mod sum;
mod touch;
mod trace;

pub use activity::{Activity, Happened, QUARTER_MS};
pub use catalogue::{Catalogue, Definition, Inputs, SUBSCRIPTION_AMOUNT, SUBSCRIPTIONS_ACTIVE};
pub use cell::{CellSpec, Cells, Form};
pub use channels::{Contact, VISIT_PAUSE_MS, Worth};
pub use conversations::{Conversation, Conversations, LABELLED, Speaker, Status, Utterance};
pub use declared::{Declared, Measure};
pub use error::FeatureError;
pub use history::History;
pub use id::{FeatureId, NoFeatureId};
pub use inflow::{Inflow, InflowName, Inflows, Sender, Shape, ValueKind, is_same};
pub use items::named;
pub use items::{Fact, Item, Items, N_DAYS_LATELY, News, Offer};
pub use occasions::{Came, Occasions, REWARD};
pub use probe::Probe;
pub use searches::{CHOSEN_WITHIN_MS, Counted, Query, Searches};
pub use seen::Seen;
pub use signal::{Line, Order, View};
pub use state::{FeatureState, N_LINES};
pub use touch::{Touch, Touched};
pub use trace::Trace;
pub use trace::watch::{Match, TraceReads, Watch};
