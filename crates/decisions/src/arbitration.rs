//! How is it chosen among what may be done?

use crate::ContactPolicy;
use learning::Votes;
use primitives::HOUR_MS;
use serde::{Deserialize, Serialize};

/// How it is chosen among what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arbitration {
    /// The share of the choices that is spread evenly over everything that could be chosen.
    pub floor: f64,
    /// The share of the choices that doing nothing gets at least where it could be chosen, so that what the others change can be told.
    #[serde(default)]
    pub nothing_share: f64,
    /// The larger, the more is left to what seems best.
    pub gamma: f64,
    /// As if so many rounds were known: what is declared counts from the first answer on.
    pub prior_rounds: f64,
    /// For how many hours the same customer is drawn the same.
    pub same_hours: i64,
    /// How chance is spent on learning more.
    #[serde(default)]
    pub explore: Explore,
    /// The features that a policy looks at besides those that it always does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// When customers are left alone.
    #[serde(default, skip_serializing_if = "ContactPolicy::is_none")]
    pub contact: ContactPolicy,
}

/// How chance is spent on learning more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Explore {
    /// The better an action is known to be behind, the less it is tried.
    #[default]
    SquareCb,
    /// What could be best is taken.
    LinUcb,
    /// As often as it could be best.
    Thompson,
    /// What seems best is taken.
    Greedy,
    /// A twentieth is tried evenly, whatever is believed.
    Epsilon,
    /// As often as models take it for the best that learned from resamples of what happened.
    Bag,
    /// As often as models take it for the best of which each is drawn to what the others rarely chose.
    Cover,
}

impl Explore {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::SquareCb, Self::LinUcb, Self::Thompson, Self::Greedy, Self::Epsilon, Self::Bag, Self::Cover];

    /// Their names in settings, in the same order.
    pub const NAMES: [&'static str; 7] = ["squarecb", "linucb", "thompson", "greedy", "epsilon", "bag", "cover"];

    /// The one of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().zip(Self::ALL).find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }

    /// Whose votes are to be learned for it.
    #[must_use]
    pub fn votes(self) -> Votes {
        match self {
            Self::Bag => Votes::Bag,
            Self::Cover => Votes::Cover,
            Self::SquareCb | Self::LinUcb | Self::Thompson | Self::Greedy | Self::Epsilon => Votes::None,
        }
    }
}

impl Arbitration {
    /// For how long the same customer is drawn the same, in milliseconds: at least an hour.
    #[must_use]
    pub fn same_ms(&self) -> i64 {
        self.same_hours.max(1).saturating_mul(HOUR_MS)
    }
}

impl Default for Arbitration {
    fn default() -> Self {
        Self {
            floor: 0.02,
            nothing_share: 0.05,
            gamma: 10.0,
            prior_rounds: 100.0,
            same_hours: 24,
            explore: Explore::default(),
            features: Vec::new(),
            contact: ContactPolicy::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_records_call_every_way_to_try_the_same() {
        for explore in Explore::ALL {
            assert_eq!(serde_json::json!(explore), explore.name());
            assert_eq!(Explore::of(explore.name()), Some(explore));
        }
    }
}
