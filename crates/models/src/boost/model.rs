//! What does the fitted model answer?

use super::contributions::Contributions;
use super::forest::{Forest, NAME, Stored, StoredV1};
use crate::{Frame, ModelError, bytes};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The version of the bytes that this program writes; those of version 1 it reads.
const VERSION: u8 = 2;

/// A fitted gradient-boosted model. See [`super::BoostSettings`] for the formula.
///
/// ```
/// use models::{Frame, boost::BoostSettings};
/// let data: Vec<f64> = (0..40).map(f64::from).collect();
/// let labels: Vec<f64> = (0..40).map(|row| if row < 20 { 0.0 } else { 1.0 }).collect();
/// let settings = BoostSettings { min_leaf_weight: 0.1, ..BoostSettings::default() };
/// let model = settings.fit(Frame::new(&data, 40, 1)?, &labels, None, primitives::Seed::new(1))?;
/// assert!(model.score(&[5.0]) < 0.0 && model.score(&[35.0]) > 0.0);
/// let why = model.contributions(&[35.0]);
/// assert!((why.bias + why.values[0] - model.score(&[35.0])).abs() < 1e-9);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoostModel {
    forest: Forest,
}

impl BoostModel {
    pub(super) fn new(forest: Forest) -> Self {
        Self { forest }
    }

    /// The score of a row, in log-odds or in the unit of the numbers: [`Forest::score`].
    #[must_use]
    pub fn score(&self, row: &[f64]) -> f64 {
        self.forest.score(row)
    }

    /// The scores of all rows, in order, each equal to [`Self::score`] of its row to the bit.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the frame's rows have another length than the training rows.
    pub fn score_all(&self, frame: Frame<'_>) -> Result<Vec<f64>, ModelError> {
        crate::labels::check_length("score the frame", "a row", self.forest.n_features(), frame.n_features())?;
        Ok((0..frame.n_rows()).into_par_iter().with_min_len(256).map(|row| self.score(frame.row(row))).collect())
    }

    /// What each feature added to the score: [`Forest::contributions`].
    #[must_use]
    pub fn contributions(&self, row: &[f64]) -> Contributions {
        self.forest.contributions(row)
    }

    /// How many features a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.forest.n_features()
    }

    /// The trees.
    #[must_use]
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The model as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, &self.forest)
    }

    /// Reads what [`Self::to_bytes`] wrote, in this or an earlier version.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or a walk through them could go astray.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let stored = match bytes.first() {
            Some(1) => bytes::decode::<StoredV1>(NAME, 1, bytes)?.into(),
            _ => bytes::decode::<Stored>(NAME, VERSION, bytes)?,
        };
        Ok(Self::new(stored.try_into()?))
    }
}
