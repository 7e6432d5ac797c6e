//! What is one model of the several that make a list together?

use super::accumulator::Accumulator;
use super::query::Own;
use crate::ModelError;

/// One model of several. What it says of items can be compared within one question only, and not with what others say.
pub(super) trait Member: Send + Sync {
    /// Adds to every item that it speaks for what it says of it: of all others it says 0. Its work is bounded by what the
    /// customer bought, whatever the size of the catalogue; one that has something to say of every item adds its best ones.
    ///
    /// The source is the place in [`Own::items`] of what it follows from, so that a reason can name it.
    fn propose(&self, own: &Own, sums: &mut Accumulator);

    /// What it says of each of these places, in their order: for a model that has something to say of every item. `None` where
    /// [`Member::propose`] has said all.
    fn score(&self, own: &Own, places: &[u32]) -> Option<Vec<f32>> {
        let _ = (own, places);
        None
    }

    /// Whether what was stored of it fits a catalogue of `n_items` and can be asked without fear.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] says what does not fit.
    fn check(&self, n_items: usize) -> Result<(), ModelError>;
}
