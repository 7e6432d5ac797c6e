//! Whom does a treatment change, and by how much?
//!
//! A [`Trial`] says who was treated, with which chance, and what came. A [`Learner`] makes an [`EffectModel`] of it, which says
//! for a row how much more comes with the treatment than without. [`UpliftSettings::choose`] takes the learner that finds those who gain most,
//! on rows that it did not learn from, and says so where none does better than chance.

mod choose;
mod learner;
mod linear;
mod model;
#[cfg(test)]
mod tests;
mod trial;

pub use choose::{Chosen, Judged};
pub use learner::{Learner, UpliftSettings};
pub use model::EffectModel;
pub use trial::{Trial, is_open};
