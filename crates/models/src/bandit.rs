//! What is each action worth here, and with which chance is each taken?
//!
//! [`ValuesSettings`] learn from [`Rounds`] what every action brings to whom, and answer with [`Values`]. An [`Explorer`]
//! makes probabilities of that: most for what seems best, and something for everything else, so that more is learned. The
//! [`race`] draws by them in such a way that small changes rarely change the winner. Rewards come late: a [`Delay`] says
//! which share of them has come at which age. A [`Committee`] is several models, for explorers that let them vote.
//!
//! Where actions come and go, one regression learns of all of them from rows that are [`crossed`].
//!
//! Fits are made in batches from what was logged. [`Online`] learns with each round, and is for comparisons and simulations.

mod committee;
mod crossed;
mod delay;
mod explore;
mod fit;
mod online;
mod race;
mod rounds;
#[cfg(test)]
mod tests;
mod values;

pub use committee::Committee;
pub use crossed::{Side, crossed};
pub use delay::Delay;
pub use explore::{Beliefs, Explorer};
pub use fit::ValuesSettings;
pub use online::Online;
pub use race::{draw, race, race_propensities, unit};
pub use rounds::Rounds;
pub use values::{Arm, Values};
