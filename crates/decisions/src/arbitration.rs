//! How is it chosen among what may be done?

use crate::ContactPolicy;
use serde::{Deserialize, Serialize};

/// How it is chosen among what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arbitration {
    /// The share of the choices that is spread evenly over everything that could be chosen.
    pub floor: f64,
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
}

impl Explore {
    /// Their names in settings.
    pub const NAMES: [&'static str; 4] = ["squarecb", "linucb", "thompson", "greedy"];

    /// The one of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let place = Self::NAMES.iter().position(|known| *known == name)?;
        [Self::SquareCb, Self::LinUcb, Self::Thompson, Self::Greedy].get(place).copied()
    }
}

impl Default for Arbitration {
    fn default() -> Self {
        Self {
            floor: 0.02,
            gamma: 10.0,
            prior_rounds: 100.0,
            same_hours: 24,
            explore: Explore::default(),
            features: Vec::new(),
            contact: ContactPolicy::default(),
        }
    }
}
