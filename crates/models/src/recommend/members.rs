//! Which members are there?

use super::accumulator::Accumulator;
use super::als::AlsModel;
use super::bpr::BprModel;
use super::content::ContentModel;
use super::context::ContextModel;
use super::cooccurrence::CooccurrenceModel;
use super::ease::EaseModel;
use super::gf_cf::GfCfModel;
use super::member::Member;
use super::prepared::Prepared;
use super::query::Own;
use super::sequence::MarkovModel;
use super::sessions::SessionsModel;
use super::two_tower::TwoTowerModel;
use super::user_knn::{TifuKnnModel, UpCfModel};
use super::{Als, Bpr, Content, Context, Cooccurrence, Ease, GfCf, Markov, Sessions, TifuKnn, TwoTower, UpCf};
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
    /// Implicit alternating least squares.
    Als(Als, AlsModel) = "als";
    /// The smoothed graph of customers and items.
    GfCf(GfCf, GfCfModel) = "gf-cf";
    /// What customers with the same items had of late.
    UpCf(UpCf, UpCfModel) = "up-cf";
    /// Decayed frequencies, their own and those of the nearest customers.
    TifuKnn(TifuKnn, TifuKnnModel) = "tifu-knn";
    /// What comes after what came last.
    Markov(Markov, MarkovModel) = "markov";
    /// What was in sessions like this one.
    Sessions(Sessions, SessionsModel) = "sessions";
    /// Bayesian personalised ranking.
    Bpr(Bpr, BprModel) = "bpr";
}

#[cfg(test)]
mod tests;
