//! What comes out of a fit?

use super::model::BoostModel;

/// Fitted trees, and how they did on the validation rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// A model for each score of a row: one, or for [`super::Softmax`] one for each class.
    pub outputs: Vec<BoostModel>,
    /// The loss on the validation rows after each tree; empty without such rows.
    pub validation_losses: Vec<f64>,
}

impl Learned {
    /// The first model, which is the only one for all objectives of one score.
    ///
    /// # Panics
    /// Never for what [`super::BoostSettings::learn`] answered: every objective has a score.
    #[must_use]
    pub fn into_one(mut self) -> BoostModel {
        self.outputs.swap_remove(0)
    }
}
