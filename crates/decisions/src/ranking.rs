//! How is it chosen among actions that come with a question?

use serde::{Deserialize, Serialize};

/// How it is chosen among actions that come with a question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The share of the choices that is spread evenly over everything that could be chosen.
    pub floor: f64,
    /// The larger, the more is left to what seems best.
    pub gamma: f64,
    /// How much comes of a choice of which nothing is said.
    pub reward_default: f64,
}

impl Default for Ranking {
    fn default() -> Self {
        Self { floor: 0.05, gamma: 10.0, reward_default: 0.0 }
    }
}
