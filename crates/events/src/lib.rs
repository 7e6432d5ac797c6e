//! What happened?
//!
//! The vocabulary is Segment's: six calls (identify, track, page, screen, group, alias), the events of e-commerce and e-mail,
//! those of support, payments and every other channel, and one call of our own, `item`, by which a trusted source describes
//! the catalogue. Parsing gives either an [`Event`] or a [`Rejection`] that says which field is wrong and what to do; nothing
//! is dropped in silence. What an event says is its [`Deed`], read once.
//!
//! What stays true:
//! - an accepted event names a customer (`userId` or `anonymousId`), or is an `item`;
//! - `occurred_at <= received_at`: the customer's clock is corrected, and never ahead of ours;
//! - a `messageId` of one origin is appended once ([`EventLog::append`]): sending an event again changes nothing, and
//!   another content under the same id is told as a conflict;
//! - what was accepted stays in the log; a correction says what of it counts no longer ([`ImportLog`]);
//! - a stored record opens in every later version ([`Event::to_record`], [`Event::from_record`]).

mod channel;
mod commerce;
mod consent;
pub mod declared;
mod deed;
mod described;
mod error;
mod event;
mod fields;
pub mod filter;
mod fingerprint;
pub mod generator;
mod identifier;
mod imports;
mod log;
mod moment;
mod mood;
mod own;
mod parse;
mod parts;
mod place;
mod reading;
mod record;
#[cfg(test)]
mod reference;
mod rejection;
mod scalars;
mod sent;
mod vocabulary;

pub use channel::Channel;
pub use commerce::{Commerce, CommerceStep, Product};
pub use consent::{CONSENT_UPDATED, consent_statements};
pub use declared::Mistake;
pub use deed::{
    DecisionSeen, DecisionStep, Deed, Email, EmailStep, Fault, Interval, Measurement, Message, PageLeft, Payment,
    PaymentStep, PhoneCall, Priority, Question, Rating, Search, Session, StoreVisit, Subscription, SubscriptionStep,
    Ticket, TicketStep, Understanding,
};
pub use described::{DescribedChannel, DescribedEvent, DescribedProperty, described};
pub use error::{EventLogError, ImportRefusal};
pub use event::{Call, CallKind, Event, Origin};
pub use fields::{Fields, Object};
pub use filter::{Filter, FilterError, Pointer, Take};
pub use identifier::{ANONYMOUS_PREFIX, OCCASIONS, USER_PREFIX, customer_id_of, says_a_kind};
pub use imports::{Corrected, Import, ImportCounts, ImportLog, NewImport, Replaced};
pub use log::{EventLog, Inspected, InspectedStatus, N_LOOKED_AT, Receipt, Recorded};
pub use moment::moment;
pub use mood::Mood;
pub use parse::named_in;
pub use parse::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, Batch, CloudForm, EVENT_BYTES_MAX, Envelope, Refusal, memory_of, parse_batch,
    parse_batch_within, parse_cloud_events, parse_event, parse_single,
};
pub use parts::{CallParts, Damage};
pub use place::{EventKey, ImportId, Offset, Partition, Place, Places};
pub use reading::Reading;
pub use record::RecordError;
pub use rejection::{Rejected, Rejection, RejectionCode};
pub use sent::Sent;
pub use vocabulary::{as_sent, keys_read, nearest_key, table_name};
