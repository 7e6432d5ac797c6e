//! How much more comes of somebody with the treatment than without?

use super::linear::Line;
use crate::boost::BoostModel;
use crate::labels::check_length;
use crate::{Frame, ModelError, bytes};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const NAME: &str = "effects of a treatment";
const VERSION: u8 = 1;

/// The effect of a treatment on whom. See [`super::Learner`] for the formulas.
///
/// ```
/// use models::{Frame, uplift::{Learner, Trial, UpliftSettings}};
/// // Those with a 1 buy because of the treatment, the others whatever happens.
/// let x: Vec<f64> = (0..400).map(|row| f64::from(row % 2)).collect();
/// let treated: Vec<bool> = (0..400).map(|row| row / 2 % 2 == 0).collect();
/// let outcome: Vec<f64> = (0..400).map(|row| f64::from(u8::from(row % 2 == 0 || row / 2 % 2 == 0))).collect();
/// let key: Vec<u64> = (0..400).collect();
/// let trial = Trial { x: Frame::new(&x, 400, 1)?, treated: &treated, outcome: &outcome, chance: &[0.5; 400], key: &key };
/// let model = Learner::Linear.fit(&trial, &UpliftSettings::default(), primitives::Seed::new(1))?;
/// assert!((model.effect(&[1.0]) - 1.0).abs() < 0.05 && model.effect(&[0.0]).abs() < 0.05);
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct EffectModel(Stored);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) n_features: usize,
    pub(super) effect: Effect,
}

/// Where the effect comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Effect {
    Line(Line),
    /// One model, whose last input is whether somebody is treated.
    Switched(BoostModel),
    /// The outcome with and without the treatment.
    Between {
        treated: BoostModel,
        control: BoostModel,
    },
    /// What treated and untreated rows say of the effect, and how much the first of them counts.
    Mixed {
        by_treated: BoostModel,
        by_control: BoostModel,
        share: f64,
    },
    Direct(BoostModel),
}

impl TryFrom<Stored> for EffectModel {
    type Error = ModelError;

    fn try_from(stored: Stored) -> Result<Self, ModelError> {
        let n = stored.n_features;
        let is_of = |model: &BoostModel| model.n_features() == n;
        let is_sound = match &stored.effect {
            Effect::Line(line) => line.is_sound(n),
            Effect::Switched(model) => n.checked_add(1) == Some(model.n_features()),
            Effect::Between { treated, control } => is_of(treated) && is_of(control),
            Effect::Mixed { by_treated, by_control, share } => {
                is_of(by_treated) && is_of(by_control) && (0.0..=1.0).contains(share)
            }
            Effect::Direct(model) => is_of(model),
        };
        if is_sound {
            return Ok(Self(stored));
        }
        Err(ModelError::Corrupt { model: NAME, reason: "its parts are not of the same inputs".to_owned() })
    }
}

impl EffectModel {
    pub(super) fn of(n_features: usize, effect: Effect) -> Self {
        Self(Stored { n_features, effect })
    }

    /// How much more comes with the treatment than without, for a row of inputs.
    ///
    /// # Panics
    /// Where the row has another length than the training rows.
    #[must_use]
    pub fn effect(&self, x: &[f64]) -> f64 {
        assert_eq!(x.len(), self.0.n_features, "a row has as many inputs as those that were learned from");
        match &self.0.effect {
            Effect::Line(line) => line.effect(x),
            Effect::Switched(model) => {
                let with = |treated: f64| model.score(&[x, &[treated]].concat());
                with(1.0) - with(0.0)
            }
            Effect::Between { treated, control } => treated.score(x) - control.score(x),
            Effect::Mixed { by_treated, by_control, share } => {
                share * by_treated.score(x) + (1.0 - share) * by_control.score(x)
            }
            Effect::Direct(model) => model.score(x),
        }
    }

    /// The effects of all rows, each equal to [`Self::effect`] of its row to the bit.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where the frame's rows have another length than the training rows.
    pub fn effect_all(&self, frame: Frame<'_>) -> Result<Vec<f64>, ModelError> {
        check_length("say whom a treatment changes", "a row", self.0.n_features, frame.n_features())?;
        Ok((0..frame.n_rows()).into_par_iter().with_min_len(256).map(|row| self.effect(frame.row(row))).collect())
    }

    /// How many inputs a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.0.n_features
    }

    /// The model as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        bytes::encode(NAME, VERSION, self)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        bytes::decode::<Stored>(NAME, VERSION, bytes)?.try_into()
    }
}
