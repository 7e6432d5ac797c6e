//! How much does a feature matter to a model?

use serde::{Deserialize, Serialize};

/// How much a feature matters: its mean absolute contribution, as a share of all features'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The feature's name in the catalogue.
    pub feature: String,
    /// From 0 to 1; all together are 1.
    pub share: f64,
}
