//! Which words does everyone share?
//!
//! Identifiers, time, randomness, money, probability and the kinds of error. Nothing here does I/O, reads a clock or
//! draws a random number that was not asked for: time and randomness come in as arguments.
//!
//! What stays true:
//! - a [`Timestamp`] is a whole number of milliseconds since the Unix epoch, in UTC;
//! - [`Money`] is a whole number of minor units of one currency, so sums are exact;
//! - [`Seed::stream`] gives the same numbers for the same seed, label and number, on every machine and version;
//! - [`stable_hash`] gives the same key for the same text, for ever: keys are stored.

mod error_kind;
mod ids;
mod money;
mod nearest;
mod plain;
mod probability;
mod seed;
mod time;
mod visible;
mod zone;

pub use error_kind::ErrorKind;
pub use ids::{AnonymousId, CustomerId, DecisionId, ItemId, ItemKey, MessageId, ModelVersion, UserId, stable_hash};
pub use money::{Currency, Money, MoneyError};
pub use nearest::{n_wrong_letters, nearest};
pub use plain::{capital, plain_words, whole};
pub use probability::{Probability, ProbabilityError};
pub use seed::Seed;
pub use time::{Clock, DAY_MS, HOUR_MS, SimulatedClock, TimeError, Timestamp};
pub use visible::{visible, visible_lines};
pub use zone::{Zone, ZoneError};
