//! Which members are there?

use super::accumulator::Accumulator;
use super::content::ContentModel;
use super::context::ContextModel;
use super::cooccurrence::CooccurrenceModel;
use super::ease::EaseModel;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::two_tower::TwoTowerModel;
use super::{Content, Context, Cooccurrence, Ease, TwoTower};
use crate::ModelError;
use primitives::Seed;
use serde::{Deserialize, Serialize};

/// Every member once: its name, how it is fitted.
macro_rules! members {
    ($($(#[$meta:meta])* $name:ident($settings:ident, $model:ident) = $word:literal;)*) => {
        /// How a member is fitted.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum MemberSettings {
            $($(#[$meta])* $name($settings),)*
        }

        impl MemberSettings {
            /// Every member as it is by default.
            #[must_use]
            pub fn all() -> Vec<Self> {
                vec![$(Self::$name($settings::default()),)*]
            }

            /// A word for it: small letters and hyphens.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $word,)*
                }
            }

            /// Learns from purchases.
            ///
            /// # Errors
            /// [`ModelError::Setting`]; [`ModelError::Fit`].
            pub(super) fn fit(&self, prepared: &Prepared, seed: Seed) -> Result<MemberModel, ModelError> {
                match self {
                    $(Self::$name(settings) => settings.fit(prepared, seed).map(MemberModel::$name),)*
                }
            }
        }

        /// A fitted member.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(super) enum MemberModel {
            $($(#[$meta])* $name($model),)*
        }

        impl Member for MemberModel {
            fn propose(&self, own: &Own, sums: &mut Accumulator) {
                match self {
                    $(Self::$name(model) => model.propose(own, sums),)*
                }
            }

            fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
                match self {
                    $(Self::$name(model) => model.score(own, places),)*
                }
            }

            fn check(&self, n_items: usize) -> Result<(), ModelError> {
                match self {
                    $(Self::$name(model) => model.check(n_items),)*
                }
            }
        }
    };
}

// Their order is part of stored models: a new one comes last.
members! {
    /// What the same customers have.
    Cooccurrence(Cooccurrence, CooccurrenceModel) = "item-to-item";
    /// The linear autoencoder.
    Ease(Ease, EaseModel) = "ease";
    /// What is like what they had, by what it is.
    Content(Content, ContentModel) = "content";
    /// Customers and items in one learned space.
    TwoTower(TwoTower, TwoTowerModel) = "two-tower";
    /// What sells at this hour of the week.
    Context(Context, ContextModel) = "context";
}

#[cfg(test)]
mod tests;
