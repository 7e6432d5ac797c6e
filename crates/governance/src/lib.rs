//! Who may use what, for which purpose, and for how long?
//!
//! Pure rules: consent, roles, retention, and what the audit list tells. No I/O, no clock.
//!
//! What stays true:
//! - [`Permitted<T>`] can be made only by [`permit`], so code that takes one cannot have forgotten to ask for consent;
//! - where a customer has said nothing, [`ConsentPolicy`] decides per purpose, and [`ConsentBasis`] names that it did;
//! - a refusal holds at once, whoever states it; nothing that a write key says, and no merge, undoes what the company
//!   refused on a customer's behalf;
//! - a number of fewer than five customers is never told ([`Headcount`]).

mod audit;
mod consent;
mod headcount;
mod permitted;
mod retention;
mod role;

pub use audit::{Actor, AuditEntry, Deed};
pub use consent::{ConsentAnswer, ConsentBasis, ConsentPolicy, Consents, Purpose, Statement, Voice};
pub use headcount::Headcount;
pub use permitted::{Denied, Permitted, permit};
pub use retention::Retention;
pub use role::{Action, Role};
