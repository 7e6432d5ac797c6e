//! How is it chosen among what may be done?

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
}

impl Default for Arbitration {
    fn default() -> Self {
        Self { floor: 0.02, gamma: 10.0, prior_rounds: 100.0, same_hours: 24 }
    }
}
