//! Did it work, is it fair, has the world moved?
//!
//! Pure functions over small structs: what was shown ([`Shown`]), what was bought afterwards ([`Bought`]), and how sure
//! a share is ([`wilson`]).
//!
//! What stays true:
//! - a number comes with how many it is made of and how sure it is; where nothing can be said, the reason is said;
//! - nothing here is causal: that a purchase followed a decision does not say that the decision made it. Only a holdout
//!   could, and none is compared here;
//! - decisions never see this crate: a policy cannot look at its own evaluation.

mod attribution;
mod intervals;

pub use attribution::{Attribution, Bought, Credit, REWARD_WINDOW_DAYS, Shown, attribute};
pub use intervals::{Interval, Share, wilson};
