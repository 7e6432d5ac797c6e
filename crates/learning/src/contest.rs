//! Is the challenger better than the model that answers? Both are asked about the same customers.
//!
//! Numbers of two trainings come from two windows and cannot be compared: the newer window may be the easier one. So the
//! reigning champion foretells the challenger's test window, and the differences are taken customer by customer.

use crate::evaluation::{Gain, metric_name};
use crate::{Loaded, Split};
use primitives::{DAY_MS, ModelVersion};
use serde::{Deserialize, Serialize};

/// The champion that answers while a challenger is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Reigning {
    /// Its version.
    pub version: ModelVersion,
    /// The model, or why it cannot be asked: then it cannot answer decisions either.
    pub model: Result<Box<Loaded>, String>,
    /// How many customers it learned from who have refused since.
    pub n_refused: u64,
}

/// How a challenger and the champion of its time compare. Kept in the challenger's header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contest {
    /// No model answered.
    Unopposed,
    /// The champion could not be asked.
    Unfit {
        /// The champion.
        champion: ModelVersion,
        /// Why not.
        fault: String,
    },
    /// Both were asked.
    Judged(Duel),
}

/// Challenger and champion on the same customers, in the number that decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duel {
    /// The champion.
    pub champion: ModelVersion,
    /// How many customers it learned from who have refused since.
    pub n_refused: u64,
    /// How many days of the window it had seen already, since its data reaches into it: they speak for it.
    pub n_days_seen: u64,
    /// About how many customers both were asked.
    pub n_customers: u64,
    /// The number that decides: `ndcg@10` or `log_loss`.
    pub metric: String,
    /// The challenger's and the champion's, and by how much the challenger is better, customer by customer.
    pub score: Paired,
    /// Their calibration errors; `None` where a model gives no probabilities.
    pub calibration: Option<Paired>,
}

/// A number of both, and the difference with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// The challenger's.
    pub challenger: f64,
    /// The champion's.
    pub champion: f64,
    /// By how much the challenger is better; below 0 it is worse.
    pub gain: Gain,
}

/// Who shall answer after a duel, and what decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// The challenger is better beyond noise, and calibrated no worse.
    Better,
    /// The champion learned from customers who have refused since: whoever is good enough takes its place.
    Refused,
    /// The challenger is better, and its probabilities are further from what comes true.
    WorseCalibrated,
    /// The difference may be chance.
    WithinNoise,
    /// The challenger is worse beyond noise.
    Worse,
}

impl Ruling {
    pub(crate) fn is_for_challenger(self) -> bool {
        matches!(self, Self::Better | Self::Refused)
    }
}

impl Contest {
    /// The champion that the challenger was measured against.
    #[must_use]
    pub fn champion(&self) -> Option<&ModelVersion> {
        match self {
            Self::Unopposed => None,
            Self::Unfit { champion, .. } | Self::Judged(Duel { champion, .. }) => Some(champion),
        }
    }

    /// Asks the champion by `judge`, or says why that cannot be.
    pub(crate) fn of<E>(
        reigning: Option<&Reigning>,
        judge: impl FnOnce(&Loaded) -> Result<(u64, Paired, Option<Paired>), E>,
        metric: &str,
        split: &Split,
    ) -> Result<Self, E> {
        let Some(Reigning { version, model, n_refused }) = reigning else { return Ok(Self::Unopposed) };
        let loaded = match model {
            Ok(loaded) => loaded,
            Err(fault) => return Ok(Self::Unfit { champion: version.clone(), fault: fault.clone() }),
        };
        let (n_customers, score, calibration) = judge(loaded)?;
        let seen = loaded.header.data_until.min(split.test_until).millis_since(split.test_from).max(0);
        Ok(Self::Judged(Duel {
            champion: version.clone(),
            n_refused: *n_refused,
            n_days_seen: u64::try_from(seen / DAY_MS).unwrap_or(0),
            n_customers,
            metric: metric.to_owned(),
            score,
            calibration,
        }))
    }
}

impl Duel {
    pub(crate) fn ruling(&self) -> Ruling {
        let is_worse_calibrated = self.calibration.is_some_and(|paired| paired.gain.is_loss());
        match self.score.gain {
            _ if self.n_refused > 0 => Ruling::Refused,
            gain if gain.is_gain() && is_worse_calibrated => Ruling::WorseCalibrated,
            gain if gain.is_gain() => Ruling::Better,
            gain if gain.is_loss() => Ruling::Worse,
            _ => Ruling::WithinNoise,
        }
    }

    /// What decided, with its numbers: `its Log loss 0.3035 against 0.3046 …: within noise`.
    pub(crate) fn sentence(&self) -> String {
        let numbers = |what: &str, paired: &Paired| {
            let Paired { challenger, champion, gain } = paired;
            let Gain { mean, low, high } = gain;
            format!(
                "{what} {challenger:.4} against {champion:.4} ({mean:+.4} in its favour, 95 % interval {low:+.4} to {high:+.4})"
            )
        };
        let what = format!("on the same {} customers as model {}: its", self.n_customers, self.champion);
        let score = numbers(&format!("{what} {}", metric_name(&self.metric)), &self.score);
        let calibration =
            self.calibration.map(|paired| numbers(&format!("its {}", metric_name("ece")), &paired)).unwrap_or_default();
        let refused = match self.n_refused {
            1 => "1 customer who has refused since".to_owned(),
            n => format!("{n} customers who have refused since"),
        };
        let decided = match self.ruling() {
            Ruling::Better => "better beyond noise, so it takes over".to_owned(),
            Ruling::Refused => format!("the older model learned from {refused}, so this one takes over"),
            Ruling::WorseCalibrated => format!("better, but calibrated worse, {calibration}, so the older model stays"),
            Ruling::WithinNoise => "within noise, so the older model stays".to_owned(),
            Ruling::Worse => "worse beyond noise, so the older model stays".to_owned(),
        };
        let seen = match self.n_days_seen {
            0 => String::new(),
            n => format!("; the older model had seen {n} days of this window, which speaks for it"),
        };
        format!("{score}: {decided}{seen}")
    }
}
