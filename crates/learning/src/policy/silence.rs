//! Since when is nothing told of what comes?

use super::days;
use super::lesson::{came_by, delay_by};
use crate::rounds::{Round, RoundLog};
use primitives::Timestamp;
use std::borrow::Cow;

/// Where so much would have come of the newest rounds, were they like those before, and nothing did, nobody tells: that it is chance has a
/// chance of two in a thousand millions.
const N_EXPECTED: f64 = 20.0;

/// The log until what came of rounds was told last. A trial of speed, or a part of a site that tells no rewards, asks thousands of times
/// and nothing comes of any: that says nothing of which action is better, since all are alike there. What is told as shown is no silence.
/// As soon as anything comes of a round, all before it count again, so that an action that no longer works is found out by the others.
pub(super) fn heard(log: &RoundLog, now: Timestamp) -> Cow<'_, RoundLog> {
    let is_silent = |round: &Round| round.reward.is_none() && (log.settings.is_shared || !round.is_shown);
    let n_heard = log.rounds.iter().rposition(|round| !is_silent(round)).map_or(0, |last| last + 1);
    let (heard, silent) = log.rounds.split_at(n_heard);
    if heard.is_empty() || silent.is_empty() {
        return Cow::Borrowed(log);
    }
    let delay = delay_by(&log.rounds, now, &log.settings);
    let arrived = |part: &[Round]| part.iter().map(|round| delay.share(days(round.at, now))).sum::<f64>();
    let n_came = heard.iter().filter(|round| came_by(round, now, &log.settings).is_some()).count();
    let expected = n_came as f64 / arrived(heard).max(1.0) * arrived(silent);
    if expected < N_EXPECTED {
        return Cow::Borrowed(log);
    }
    let mut heard = log.clone();
    heard.rounds.truncate(n_heard);
    Cow::Owned(heard)
}
