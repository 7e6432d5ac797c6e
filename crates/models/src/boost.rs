//! How likely is a yes, how large a number, which order is best, and which features say so?
//!
//! [`BoostSettings`] grow gradient-boosted trees and answer with a [`BoostModel`], which scores a row and shares the
//! score out among the features. [`BoostSettings::fit`] learns a yes or no and [`BoostSettings::fit_number`] a number from
//! a table; [`BoostSettings::learn`] learns any [`Objective`] from [`Rows`] whose columns were [`Binned`] once, for as many
//! fits as wanted. The trees are kept in a format of their own, [`Forest`]: whoever grew them, they are scored and
//! explained here.
//!
//! | objective | what the labels are |
//! |---|---|
//! | [`Logistic`] | 0 and 1, or how likely it is |
//! | [`Squared`], [`Quantile`] | numbers: their mean, or a quantile of them |
//! | [`Poisson`], [`Gamma`], [`Tweedie`] | counts, amounts above 0, amounts that are often 0 |
//! | [`Softmax`] | the number of a class |
//! | [`XeNdcg`], [`LambdaRank`] | grades of rows within a group: which order is best |
//! | [`Cox`] | times until something happened, or negative until it had not |

mod binned;
mod contributions;
mod fit;
mod forest;
mod learned;
mod lesson;
mod model;
mod objective;
mod set;
mod settings;
#[cfg(test)]
mod tests;
mod train;
mod tree;

pub use binned::{Binned, Column};
pub use contributions::Contributions;
pub use forest::Forest;
pub use learned::Learned;
pub use lesson::{Lesson, Rows};
pub use model::BoostModel;
pub use objective::{
    Cox, Gamma, LambdaRank, Logistic, Loss, Objective, Pair, Poisson, Quantile, Softmax, Squared, Targets, Tweedie,
    XeNdcg,
};
pub use settings::{BoostSettings, Monotone};
