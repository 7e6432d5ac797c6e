//! What was found of one action: whom it changes, if that can be told, and how much in the mean.

use super::rows::Rows;
use crate::LearningError;
use crate::body::Ground;
use models::uplift::{EffectModel, Learner, Trial, UpliftSettings};
use models::{Frame, ModelError};
use primitives::Seed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many standard errors must the mean effect lie from none.
const N_ERRORS: f64 = 2.0;
const ATTEMPT: &str = "learn what an action changes";

/// What was found of one action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Found {
    /// Which learner tells whom it changes; `None` where none does.
    pub(super) learner: Option<Learner>,
    /// Its Qini coefficient; 0 where everybody is treated alike.
    pub(super) qini: f64,
    /// The standard error of the best learner's.
    pub(super) se: f64,
    /// Which share of the successes would not come without it, in the mean; `None` where it cannot be told from none.
    pub(super) share: Option<f64>,
    /// By how much more likely somebody succeeds with it, in the mean, and its standard error.
    pub(super) mean: (f64, f64),
    /// How likely somebody succeeds with it, in the mean.
    #[serde(default)]
    pub(super) with: f64,
    /// In one sentence.
    pub(super) said: String,
}

/// What an action changes in the mean.
struct Mean {
    with: f64,
    effect: f64,
    se: f64,
    share: Option<f64>,
}

impl Found {
    pub(super) fn of(rows: &Rows<'_>, ground: &Ground, seed: Seed) -> Result<Self, LearningError> {
        let x = inputs(rows, ground);
        let chosen = trial(&x, rows, ground).and_then(|trial| UpliftSettings::default().choose(&trial, seed));
        let chosen = match chosen {
            // Where folds lack an arm, nothing can be told apart.
            Err(ModelError::TooFewRows { .. } | ModelError::NothingToLearn { .. }) => None,
            other => Some(other.map_err(LearningError::model(ATTEMPT))?),
        };
        let Mean { with, effect, se, share } = mean_effect(rows);
        let mean = (effect, se);
        let Some(chosen) = chosen else {
            let said = "too few choices to tell whom it changes: everybody is treated alike".to_owned();
            return Ok(Self { learner: None, qini: 0.0, se: 0.0, share, mean, with, said });
        };
        let best = chosen.judged.iter().max_by(|a, b| a.1.qini.total_cmp(&b.1.qini)).map(|(_, judged)| *judged);
        let of = chosen.learner.and_then(|learner| chosen.judged.iter().find(|(known, _)| *known == learner));
        Ok(Self {
            learner: chosen.learner,
            qini: of.map_or(0.0, |(_, judged)| judged.qini),
            se: of.map(|(_, judged)| *judged).or(best).map_or(0.0, |judged| judged.se),
            share,
            mean,
            with,
            said: chosen.said,
        })
    }

    /// The model of whom it changes, from all rows; `None` where everybody is treated alike.
    pub(super) fn fit(
        &self,
        rows: &Rows<'_>,
        ground: &Ground,
        seed: Seed,
    ) -> Result<Option<EffectModel>, LearningError> {
        let Some(learner) = self.learner else { return Ok(None) };
        let x = inputs(rows, ground);
        let fitted = trial(&x, rows, ground).and_then(|trial| learner.fit(&trial, &UpliftSettings::default(), seed));
        Ok(Some(fitted.map_err(LearningError::model(ATTEMPT))?))
    }

    /// What was found, with what it changes in the mean.
    pub(super) fn in_words(&self) -> String {
        let (mean, se) = self.mean;
        let share = match self.share {
            Some(share) => format!("{:.0} of 100 successes would not come without it", 100.0 * share),
            None => "which cannot be told from none".to_owned(),
        };
        format!(
            "{}. In the mean it changes success by {:+.1} ± {:.1} of 100, {share}",
            self.said,
            100.0 * mean,
            100.0 * se
        )
    }
}

fn inputs(rows: &Rows<'_>, ground: &Ground) -> Vec<f64> {
    rows.of.iter().flat_map(|round| ground.view(|input| f64::from(round.x[input]))).collect()
}

fn trial<'a>(x: &'a [f64], rows: &'a Rows<'_>, ground: &Ground) -> Result<Trial<'a>, ModelError> {
    let Rows { treated, outcome, chance, key, .. } = rows;
    Ok(Trial { x: Frame::new(x, rows.len(), ground.n_inputs())?, treated, outcome, chance, key })
}

/// The mean effect with its standard error, and which share of the successes it is, where it lies two standard errors from none.
///
/// ```text
/// m1 = sum of (T y / e) / sum of (T / e),   m0 the same of the others with 1 - e;   effect = m1 - m0,   share = effect / m1
/// se^2 = sum over customers of (sum of their T (y - m1) / e)^2 / (sum of (T / e))^2, and the same of the others
/// ```
fn mean_effect(rows: &Rows<'_>) -> Mean {
    let of = |arm: bool| {
        let counted = || (0..rows.len()).filter(move |row| rows.treated[*row] == arm);
        let weight = |row: usize| if arm { 1.0 / rows.chance[row] } else { 1.0 / (1.0 - rows.chance[row]) };
        let (mut sum, mut n) = (0.0, 0.0);
        for row in counted().filter(|row| weight(*row).is_finite()) {
            n += weight(row);
            sum += weight(row) * rows.outcome[row];
        }
        let mean = if n > 0.0 { sum / n } else { 0.0 };
        let mut by_customer: BTreeMap<u64, f64> = BTreeMap::new();
        for row in counted().filter(|row| weight(*row).is_finite()) {
            *by_customer.entry(rows.key[row]).or_default() += weight(row) * (rows.outcome[row] - mean);
        }
        let squares: f64 = by_customer.values().map(|one| one * one).sum();
        (mean, if n > 0.0 { squares / (n * n) } else { 0.0 })
    };
    let ((with, a), (without, b)) = (of(true), of(false));
    let (effect, se) = (with - without, (a + b).sqrt());
    let is_told = effect.abs() > N_ERRORS * se && with > 0.0;
    Mean { with, effect, se, share: is_told.then(|| (effect / with).clamp(-1.0, 1.0)) }
}
