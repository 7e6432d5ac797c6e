//! What can be learned and computed from arrays?
//!
//! The mathematics: what to recommend, how likely something is, how good a ranking or a probability was. Arrays come
//! in, numbers go out: no events, files, clocks or async. Ages are given in days before the moment that is asked about.
//!
//! | module | question |
//! |---|---|
//! | [`recommend`] | which items next? [`recommend::ItemToItem`] → [`recommend::ItemToItemModel`] |
//! | [`boost`] | how likely is a yes, and why? [`boost::BoostSettings`] → [`boost::BoostModel`] |
//! | [`calibrate`] | which probability does a score mean? [`calibrate::IsotonicSettings`] → [`calibrate::Isotonic`] |
//! | [`value`] | what will a customer without a contract bring? [`value::ValueSettings`] → [`value::ValueModel`] |
//! | [`neural`] | what can a network of layers learn? [`neural::MlpSettings`] → [`neural::Mlp`] |
//! | [`nearest`] | which of millions of vectors point where this one points? [`nearest::NearestSettings`] → [`nearest::Nearest`] |
//! | [`bandit`] | what is each action worth here, and with which chance is each taken? [`bandit::ValuesSettings`] → [`bandit::Values`] |
//! | [`fitted_q`] | what is an action worth with all that follows it? [`fitted_q::FittedQSettings`] → [`fitted_q::FittedQ`] |
//! | [`off_policy`] | what would another way of choosing have earned? [`off_policy::Logged`] → [`off_policy::Estimate`] |
//! | [`budget`] | who gets which offer, so that a budget earns most? |
//! | [`text`] | what does a message ask for? [`text::IntentSettings`] → [`text::IntentModel`] |
//! | [`uplift`] | whom does a treatment change, and by how much? [`uplift::UpliftSettings`] → [`uplift::EffectModel`] |
//! | [`minimise`] | where is a smooth function smallest? |
//! | [`examination`] | which places of a list are looked at? [`examination::ExaminationSettings`] → [`examination::Examination`] |
//! | [`metrics`] | how good was it? |
//!
//! What stays true:
//! - settings and fitted model are two types: "not fitted" cannot be written;
//! - the same data and seed give the same model to the bit, on any number of threads;
//! - `from_bytes(to_bytes(model))` is the model; other bytes give [`ModelError::Corrupt`] and never a panic;
//! - a model that was fitted answers every finite question with finite numbers; NaN means "not known";
//! - ties are broken by the item's key, so every ranking is total;
//! - every estimator passes the one suite in `tests/estimators.rs`; [`fitted_q`], which learns from steps, keeps the same in its own tests.

pub mod bandit;
pub mod boost;
pub mod budget;
mod bytes;
pub mod calibrate;
mod error;
pub mod examination;
pub mod fitted_q;
mod folds;
mod frame;
mod labels;
mod linear;
pub mod metrics;
pub mod minimise;
pub mod nearest;
pub mod neural;
pub mod off_policy;
pub mod recommend;
pub mod rfm;
mod settings;
pub mod text;
pub mod uplift;
pub mod value;

pub use error::ModelError;
pub use folds::folds;
pub use frame::Frame;
pub use settings::Range;
