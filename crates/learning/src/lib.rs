//! What can be learned from it?
//!
//! From the whole history ([`Dataset`]) to a model that answers ([`Registry::champion`]): a [`Task`] says what is foretold
//! and how, [`Split`] keeps the test in the future of the training, [`evaluate`] compares with what costs nothing, and
//! [`train`] makes a model whose header says all of it.
//!
//! | module | question |
//! |---|---|
//! | [`tasks`](tasks()) | what can be learned? one file each, one line on the list |
//! | [`Outcome`] | what is to be foretold? a declaration: among whom, what, within how long; start with `outcomes/churn.rs` |
//! | [`Body`] | which mathematics do models have? few shapes, each for many tasks |
//! | [`reasons`] | how is a score's reason said in words? |
//! | [`mod@file`], [`Registry`] | how are models kept, compared and rolled back? |
//!
//! What stays true:
//! - nobody is learned from who does not permit it: a [`Dataset`] holds only `Permitted` customers;
//! - days on which nothing came in are no answer: no window of a label holds a part of a [`Gap`];
//! - training knows nothing of the test: no feature that was received and no label that reaches past the split;
//! - the same events, the same moment and the same seed give the same model file, to the byte;
//! - a model names its own features: it is refused where one of them is not computed, and others do not matter to it;
//! - a model that is worse than a simple answer, or no better than the one that answers, is kept and does not answer.

mod body;
mod calendar;
mod contest;
mod dataset;
mod effects;
mod error;
mod evaluation;
pub mod file;
mod importance;
mod item_traits;
mod loaded;
mod memory;
mod metric;
mod money;
mod name;
mod need;
mod outcome;
mod outcomes;
mod policy;
pub mod reasons;
#[cfg(test)]
mod reference;
mod registry;
mod reigning;
mod rounds;
mod searched;
mod split;
mod store;
mod task;
mod tasks;
#[cfg(test)]
mod tests;
mod train;
mod vouched;
mod wanted;
mod withdrawals;

pub use body::{
    BinaryModel, Body, Changed, Chosen, ClassesModel, Contribution, EffectsModel, Expected, Foretold, NumberModel,
    OrderModel, Ordered, PolicyModel, Scored, Shape,
};
pub use calendar::{Calendar, Gap};
pub use contest::{Contest, Duel, Paired, Unjudged};
pub use dataset::Dataset;
pub use error::LearningError;
pub use evaluation::{CalibrationBin, Comparison, Evaluation, Gain, Numbers, Protocol, Slice};
pub use file::ModelHeader;
pub use importance::Importance;
pub use loaded::Loaded;
pub use memory::{MemoryModelStore, file_name};
pub use metric::{Better, Metric};
pub use money::{Believed, Source};
pub use name::TaskName;
pub use need::Need;
pub use outcome::{Among, Label, Outcome, What, catalogue};
pub use outcomes::{built_in_outcomes, churn::churn};
pub use registry::{Published, Registry, Version, newest_versions};
pub use reigning::Reigning;
pub use rounds::{
    Doable, HOURS, LARGEST, PolicySettings, Reward, Rewarded, Round, RoundLog, Sides, Votes, counts_alone,
    is_large_part, shared_inputs,
};
pub use searched::{Number as SearchNumber, Offered, SearchLog, Searched};
pub use split::Split;
pub use store::{ModelStore, ModelStoreError};
pub use task::{Data, Fitted, Judged, Task, TaskAbout, Tasks};
pub use tasks::{
    Act, Binary, Classes, Intent, LABEL_BYTES_MAX, LABELLED, N_LABELS_MAX, Number, Rank, Recommend, Search, Segments,
    Uplift, Value, ValueHistory, rfm_of, tasks,
};
pub use train::{Trained, Verdict, challenge, evaluate, train};
pub use wanted::Wanted;
pub use withdrawals::{Before, Withdrawals, Withdrawn};
