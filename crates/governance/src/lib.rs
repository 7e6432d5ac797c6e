//! Who may use what, for which purpose, and for how long?
//!
//! Pure rules: consent, roles, retention, and what the audit list tells. No I/O, no clock.
//!
//! What stays true:
//! - [`Permitted<T>`] can be made only by [`permit`], so code that takes one cannot have forgotten to ask for consent;
//! - where a customer has said nothing, [`ConsentPolicy`] decides per purpose, and [`ConsentBasis`] names that it did;
//! - what a customer said later wins over what they said earlier, in whichever order it arrives.

mod audit;
mod consent;
mod permitted;
mod retention;
mod role;

pub use audit::{Actor, AuditEntry, Deed};
pub use consent::{ConsentAnswer, ConsentBasis, ConsentPolicy, Consents, Purpose, Statement};
pub use permitted::{Denied, Permitted, permit};
pub use retention::Retention;
pub use role::{Action, Role};
