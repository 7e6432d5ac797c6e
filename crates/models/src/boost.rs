//! How likely is a yes, or how large a number, and which features say so?
//!
//! [`BoostSettings`] fits gradient-boosted trees and answers with a [`BoostModel`], which scores a row and shares the
//! score out among the features. The trees are kept in our own format, [`Forest`]: whoever fits them, they are scored
//! and explained here.

mod contributions;
mod convert;
mod forest;
mod model;
mod settings;
#[cfg(test)]
mod tests;

pub use contributions::Contributions;
pub use forest::Forest;
pub use model::BoostModel;
pub use settings::BoostSettings;
