//! Which variation does somebody get?
//!
//! A feature has a value, and rules that give others another one: all whom a condition is for, a share of them, or by the draw
//! of an experiment. The form is GrowthBook's, and so is every answer: clients that load a [`Payload`] and evaluate it
//! themselves find the same as [`evaluate`] does here.
//!
//! What stays true:
//! - an answer is a function of payload and context alone: nothing is drawn but by a hash of who somebody is;
//! - a larger share only adds people, and nobody changes the variation by it;
//! - whatever stands in a payload, evaluation ends, and what it cannot read does not hold.

mod buckets;
mod circle;
mod condition;
mod context;
mod contextual;
mod decrypt;
mod evaluate;
mod experiment;
mod hash;
mod patterns;
mod payload;
mod ranges;
mod redirect;
mod sticky;
mod url;
mod value;

#[cfg(test)]
mod tests;

pub use buckets::{StickyBuckets, StickyDoc};
pub use circle::circle;
pub use condition::{SavedGroups, holds};
pub use context::Context;
pub use decrypt::{DecryptError, decrypt};
pub use evaluate::{Evaluated, Evaluation, Source, evaluate, run};
pub use experiment::{ExperimentResult, in_namespace};
pub use hash::hash;
pub use patterns::Patterns;
pub use payload::{
    BanditContext, ContextualBandit, Experiment, Feature, Leaf, ParentCondition, Payload, RangeFilter, Rule,
    UrlPattern, VariationMeta,
};
pub use ranges::{Range, bucket_ranges, choose_variation, equal_weights, in_range};
pub use redirect::{Redirect, redirect};
pub use url::query_override;
