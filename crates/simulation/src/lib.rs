//! What would a company's life look like, with a truth that is known?
//!
//! Larkspur sells coffee and what belongs to a home, on the web, in an app and in shops, has memberships, connected machines
//! and a service desk. It does not exist: everything about it falls out of a seed, to the byte.
//!
//! What stays true:
//! - the same settings make the same company, on any number of threads: to the byte with the same build on the same kind of
//!   machine, whose last digits of a logarithm are the same;
//! - a person's day depends on the person, their life so far, the day, and coins of their own; so the same life can be played on
//!   with other coins, and what would have come is a mean over many futures, not a guess;
//! - what people do is made of needs, moods and money ([`crate::Company::live`]), not of what any model of this product assumes.

mod actions;
mod beside;
mod calendar;
mod catalogue;
mod company;
mod concerns;
mod crooks;
mod day;
mod desk;
mod dice;
mod futures;
mod history;
mod host;
mod label;
mod life;
mod living;
mod message;
mod numbers;
mod object;
mod people;
mod prices;
mod respond;
mod settings;
mod shelves;
mod things;

pub use actions::{Answer, Contact, Offer, Retention};
pub use calendar::{Calendar, Promotion, Today};
pub use catalogue::{FIRST_ITEM, LIVED, LIVED_BY};
pub use company::{Company, Lives};
pub use concerns::{CONCERNS, Concern};
pub use futures::DayAhead;
pub use history::{HistoryError, Written, write_history};
pub use host::{Host, Listener, Question, Reply, decision};
pub use label::{Label, LabelError};
pub use message::{Message, Sender};
pub use people::{Group, Identity, Person};
pub use respond::Mind;
pub use settings::{N_CUSTOMERS_MAX, N_DAYS_MAX, Settings, SettingsError};
pub use things::{Thing, Things};
