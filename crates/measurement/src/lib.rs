//! Did it work, is it fair, has the world moved?
//!
//! Pure functions over small structs. What was shown ([`Shown`]) and bought afterwards ([`Bought`]), and how sure a share is
//! ([`wilson`]). What a company is measured by ([`kpi`]), how arms of an experiment differ ([`statistics`]), what an experiment
//! found ([`experiment`], counted from whom each arm met: [`exposed`]), what decisions were worth against those held out of them ([`lift`]), and at which step on the way
//! to it ([`flow`]). What another way of choosing would have earned, from what was logged of this one ([`policy`]). Where
//! customers cannot be split: which of two lists they choose from ([`interleave`]), and what a change did that is switched on
//! and off ([`switchback`]).
//!
//! What stays true:
//! - a number comes with how many it is made of and how sure it is; where nothing can be said, the reason is said;
//! - what followed a decision was not made by it: that a purchase came after a decision ([`attribute`]) does not say that the
//!   decision made it. Only arms that chance made say that, and only while they are as large as they should be;
//! - decisions never see this crate: a policy cannot look at its own evaluation.

mod attribution;
mod intervals;

pub mod experiment;
pub mod exposed;
pub mod flow;
pub mod interleave;
pub mod kpi;
pub mod lift;
pub mod policy;
pub mod statistics;
pub mod switchback;

pub use attribution::{Attribution, Bought, Credit, REWARD_WINDOW_DAYS, Shown, attribute};
pub use intervals::{Interval, Share, wilson};
