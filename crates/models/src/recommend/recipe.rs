//! What can be set about how several members become one recommender?

use super::hold_out::HoldOut;
use super::members::MemberSettings;
use super::{
    Als, Bpr, Content, Context, Cooccurrence, Ease, Interactions, ItemTraits, Markov, Sessions, TifuKnn, UpCf,
};
use crate::settings::settings;
use serde::{Deserialize, Serialize};

settings! {
    /// How candidates are proposed, and how an order of them is learned from questions whose answers are known.
    Blend {
        /// How many candidates each source proposes: the customer's habits, popularity, each member.
        n_each: usize = 50 in 1..=1_000, larger: "finds more of what is wanted and costs time at every question";
        /// About how many customers are asked.
        n_questions: usize = 6_000 in 10..=1_000_000, larger: "learns finer differences and costs time and memory";
        /// How many candidates that were not wanted are learned from for each question.
        n_others: usize = 80 in 1..=10_000, larger: "learns more of what is not wanted and costs time";
        /// How many trees put the candidates in order.
        n_trees: usize = 100 in 1..=1_000, larger: "fits closer and costs time at every question";
        /// How many leaves a tree may have.
        n_leaves: usize = 16 in 2..=256, larger: "lets more numbers act together";
        /// How much of each tree is used.
        learning_rate: f64 = 0.1 in 0.001..=1.0, larger: "needs fewer trees and fits more coarsely";
    }
}

/// How a recommender is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecommenderSettings {
    /// Which purchases are asked for to choose an order.
    pub hold_out: HoldOut,
    /// Which models may propose, the first one always: it also says which items are similar. Of a fitted recommender, those that
    /// do.
    pub members: Vec<MemberSettings>,
    /// How they become one list.
    pub blend: Blend,
}

impl Default for RecommenderSettings {
    fn default() -> Self {
        Self { hold_out: HoldOut::LastOccasion, members: members(), blend: Blend::default() }
    }
}

/// What may propose by default. Those that nobody misses in the answers to questions are left out: see
/// [`RecommenderSettings::fit`].
fn members() -> Vec<MemberSettings> {
    vec![
        MemberSettings::Cooccurrence(Cooccurrence::default()),
        MemberSettings::Ease(Ease::default()),
        MemberSettings::Markov(Markov::default()),
        MemberSettings::Als(Als::default()),
        MemberSettings::Bpr(Bpr::default()),
        MemberSettings::Sessions(Sessions::default()),
        MemberSettings::TifuKnn(TifuKnn::default()),
        MemberSettings::UpCf(UpCf::default()),
        MemberSettings::Content(Content::default()),
        MemberSettings::Context(Context::default()),
    ]
}

impl MemberSettings {
    /// Whether it has anything to say: of items of which nothing is known but who had them, without hours, or where nothing is
    /// consumed twice, some are silent or repeat what others say.
    pub(super) fn suits(&self, interactions: &Interactions, repeats: bool) -> bool {
        match self {
            Self::Content(_) => !interactions.traits.iter().all(|traits| *traits == ItemTraits::default()),
            Self::Context(_) => interactions.hours.iter().any(|hour| *hour != Interactions::NO_HOUR),
            Self::TifuKnn(_) | Self::UpCf(_) => repeats,
            _ => true,
        }
    }
    /// Whether it answers what belongs to everything that somebody had, whenever that was.
    pub(super) fn is_of_taste(&self) -> bool {
        matches!(self, Self::Cooccurrence(_) | Self::Ease(_) | Self::Als(_) | Self::GfCf(_) | Self::Bpr(_))
    }
}
