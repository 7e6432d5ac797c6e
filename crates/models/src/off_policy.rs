//! What would another way of choosing have earned, from what was logged of this one?
//!
//! [`Logged`] rounds say with which chance each action was taken, and with which the other policy would have taken it. An
//! [`Estimator`] makes an [`Estimate`] of that; [`judge`] says whether it is better, worse or unclear, and refuses where too few
//! rounds speak for it. What each action would have brought is foretold by [`smoothed`] or by [`cross_fit`].

mod estimate;
mod reward_model;
#[cfg(test)]
mod tests;
mod verdict;

pub use estimate::{Estimate, Estimator, Logged, Overlap};
pub use reward_model::{Foretold, cross_fit, mrdr_weights, smoothed};
pub use verdict::{Judgement, Verdict, judge};
