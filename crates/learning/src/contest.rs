//! Is the challenger better than the model that answers? Both are asked about the same customers.
//!
//! Numbers of two trainings come from two windows and cannot be compared: the newer window may be the easier one. So the
//! reigning champion foretells the challenger's test window, and the differences are taken customer by customer. That is
//! fair only where neither has learned from a day of that window; where the champion has, it stays.

mod words;

pub(crate) use words::{direction, metric_in_sentence, refused};

use crate::evaluation::Gain;
use primitives::{ModelVersion, Timestamp};
use serde::{Deserialize, Serialize};

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
    /// Both could be asked only about days that the champion has learned from: there it cannot lose.
    Unjudged(Unjudged),
    /// The champion once more, from what it had learned from, without those who have refused since: what came later made
    /// worse models.
    Renewed {
        /// The champion.
        champion: ModelVersion,
        /// How many customers it learned from who have refused or were erased since.
        n_refused: u64,
    },
    /// The champion learned from the same before, and this one from that and more: it goes on from it.
    Continued {
        /// The champion.
        champion: ModelVersion,
        /// How many customers it learned from who have refused or were erased since.
        n_refused: u64,
    },
}

/// A champion that has learned from days of the window on which it would be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unjudged {
    /// The champion.
    pub champion: ModelVersion,
    /// How many customers it learned from who have refused or were erased since.
    pub n_refused: u64,
    /// The end of what it has learned from: from then on the days are new to it.
    pub seen_until: Timestamp,
    /// How many days of the window it has learned from, the last one counted whole.
    pub n_days_seen: u64,
    /// How many days the window has.
    pub window_days: u64,
}

/// Challenger and champion on the same customers, in the number that decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Duel {
    /// The champion.
    pub champion: ModelVersion,
    /// How many customers it learned from who have refused or were erased since.
    pub n_refused: u64,
    /// How many days of the window it had learned from, which spoke for it. None today: see [`Contest::Unjudged`]. Files of
    /// earlier programs have such duels.
    #[serde(default)]
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
    /// The champion learned from customers who have refused or were erased since: whoever is not worse beyond noise takes its place.
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
            Self::Unfit { champion, .. }
            | Self::Judged(Duel { champion, .. })
            | Self::Unjudged(Unjudged { champion, .. })
            | Self::Renewed { champion, .. }
            | Self::Continued { champion, .. } => Some(champion),
        }
    }

    /// Whether the champion cannot stay as it is, and nothing says that the challenger is as good.
    pub(crate) fn asks_for_renewal(&self) -> bool {
        match self {
            Self::Judged(duel) => duel.n_refused > 0 && duel.ruling() == Ruling::Worse,
            Self::Unjudged(unjudged) => unjudged.n_refused > 0,
            _ => false,
        }
    }
}

impl Duel {
    pub(crate) fn ruling(&self) -> Ruling {
        let is_worse_calibrated = self.calibration.is_some_and(|paired| paired.gain.is_loss());
        match self.score.gain {
            gain if gain.is_loss() => Ruling::Worse,
            _ if self.n_refused > 0 => Ruling::Refused,
            gain if gain.is_gain() && is_worse_calibrated => Ruling::WorseCalibrated,
            gain if gain.is_gain() => Ruling::Better,
            _ => Ruling::WithinNoise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version() -> ModelVersion {
        ModelVersion::from("0123456789ab")
    }

    fn duel(score: Gain, calibration: Option<Gain>, n_refused: u64) -> Duel {
        let paired = |gain| Paired { challenger: 0.3, champion: 0.3, gain };
        Duel {
            champion: version(),
            n_refused,
            n_days_seen: 0,
            n_customers: 10,
            metric: "log_loss".to_owned(),
            score: paired(score),
            calibration: calibration.map(paired),
        }
    }

    /// The same comparison, told by the other side.
    fn turned(gain: Gain) -> Gain {
        Gain { mean: -gain.mean, low: -gain.high, high: -gain.low }
    }

    fn any_gain() -> impl Strategy<Value = Gain> {
        let end = || prop_oneof![Just(0.0), -0.1..0.1_f64];
        (end(), end()).prop_map(|(a, b)| Gain { mean: f64::midpoint(a, b), low: a.min(b), high: a.max(b) })
    }

    proptest! {
        #[test]
        fn of_two_models_at_most_one_takes_the_others_place(
            score in any_gain(), calibration in proptest::option::of(any_gain()),
        ) {
            let one = duel(score, calibration, 0).ruling();
            let other = duel(turned(score), calibration.map(turned), 0).ruling();
            prop_assert!(!(one.is_for_challenger() && other.is_for_challenger()), "{:?} and {:?}", one, other);
            // Who is worse sees the other one better, and whoever may be no better sees nothing but chance.
            prop_assert_eq!(one == Ruling::Worse, matches!(other, Ruling::Better | Ruling::WorseCalibrated));
            prop_assert_eq!(one == Ruling::WithinNoise, other == Ruling::WithinNoise);
        }

        #[test]
        fn a_champion_that_holds_somebody_who_refused_always_gives_way(
            score in any_gain(), calibration in proptest::option::of(any_gain()), n_refused in 1..9_u64,
        ) {
            let duel = duel(score, calibration, n_refused);
            let (is_for_challenger, is_worse) = (duel.ruling().is_for_challenger(), score.is_loss());
            prop_assert_eq!(is_for_challenger, !is_worse, "to whoever is not worse");
            prop_assert_eq!(Contest::Judged(duel).asks_for_renewal(), is_worse, "or to itself without them");
        }

        #[test]
        fn worse_calibration_never_takes_over(score in any_gain(), calibration in any_gain()) {
            let ruling = duel(score, Some(calibration), 0).ruling();
            prop_assert_eq!(ruling == Ruling::Better, score.low > 0.0 && calibration.high >= 0.0);
        }
    }
}
