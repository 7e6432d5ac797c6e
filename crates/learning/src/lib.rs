//! What can be learned from it?
//!
//! From the whole history ([`Dataset`]) to a model that answers ([`Registry::champion`]): outcomes give the labels,
//! [`Split`] keeps the test in the future of the training, [`evaluate_recommend`] and [`evaluate_churn`] compare with
//! what costs nothing, and [`train`] makes a model whose header says all of it.
//!
//! | module | question |
//! |---|---|
//! | [`outcomes`] | what is to be foretold? start with `outcomes/churn.rs` |
//! | [`recommend`](evaluate_recommend), [`churn`](evaluate_churn) | how is it learned and judged? |
//! | [`reasons`] | how is a score's reason said in words? |
//! | [`mod@file`], [`Registry`] | how are models kept, compared and rolled back? |
//! | [`readiness`](readiness()) | what is still missing to train? |
//!
//! What stays true:
//! - nobody is learned from who does not permit it: a [`Dataset`] holds only `Permitted` customers;
//! - days on which nothing came in are no answer: no window of a label holds a part of a [`Gap`];
//! - training knows nothing of the test: no feature that was received and no label that reaches past the split;
//! - the same events, the same moment and the same seed give the same model file, to the byte;
//! - a model whose features differ from this program's is refused when it is opened, never scored;
//! - a model that is worse than a simple answer, or no better than the one that answers, is kept and does not answer.

mod calendar;
mod churn;
mod contest;
mod dataset;
mod error;
mod evaluation;
pub mod file;
mod kind;
mod memory;
pub mod outcomes;
mod readiness;
pub mod reasons;
mod recommend;
mod registry;
mod split;
mod store;
#[cfg(test)]
mod tests;
mod train;
mod withdrawals;

pub use calendar::{Calendar, Gap};
pub use churn::{ChurnModel, ChurnSettings, Contribution, Importance, Scored, evaluate_churn};
pub use contest::{Contest, Duel, Paired, Reigning, Unjudged};
pub use dataset::Dataset;
pub use error::LearningError;
pub use evaluation::{
    CalibrationBin, ChurnEvaluation, Comparison, Evaluation, Gain, ProbabilityMetrics, RankingMetrics,
    RecommendEvaluation, baseline_name, metric_name,
};
pub use file::{Model, ModelHeader};
pub use kind::ModelKind;
pub use memory::{MemoryModelStore, file_name};
pub use readiness::{DatasetStats, Requirement, readiness};
pub use recommend::{evaluate_recommend, history_of};
pub use registry::{Loaded, Published, Registry, Version};
pub use split::Split;
pub use store::{ModelStore, ModelStoreError};
pub use train::{Trained, Verdict, challenge, train};
pub use withdrawals::{Before, Withdrawals, Withdrawn};
