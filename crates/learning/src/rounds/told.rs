//! Of which choices would it be told what came of them? Of some channels it is told what was shown, of others only what succeeded, and of
//! others nothing at all.

use super::Round;
use std::collections::BTreeMap;

/// Of so many choices over a channel one must be told as shown: then what is not told was not shown.
const TOLD_OF: u64 = 10;
/// Where so many successes would have come over a channel, were it like those of which it is told what was shown, and nothing at all is
/// told of it, nobody tells: that none came by chance has a chance of two in a thousand millions.
const N_EXPECTED: f64 = 20.0;

/// What is told of the choices over a channel.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    /// First places, each draw once, and how many of them were told as shown.
    n_first: u64,
    n_shown: u64,
    /// First places that were told as shown, each question by itself, and of how many of those something came.
    n_asked_shown: u64,
    n_came: u64,
    /// Whether any place was told as shown, and whether anything came of one beyond the first, or of any.
    is_any_shown: bool,
    is_any_further: bool,
    is_any_success: bool,
    /// Whether nothing is told of it, as far as that can be told from nothing being wanted.
    is_silent: bool,
}

impl Told {
    /// By channel. Where the company's own customers are enough to learn from, what is told of their choices says what is told over a
    /// channel that they are asked over: whoever has a write key could tell of so many as shown that those would be left out, or have so many
    /// asked about and never shown that nothing would be.
    pub(super) fn of(rounds: &[Round], are_own_enough: bool, period_ms: i64) -> BTreeMap<u64, Self> {
        let mut told = Self::of_these(rounds.iter(), period_ms);
        if are_own_enough {
            told.extend(Self::of_these(rounds.iter().filter(|round| round.is_own), period_ms));
        }
        told
    }

    /// A page asks again whenever it is looked at: what is drawn again within a period is the same draw.
    fn of_these<'a>(rounds: impl Iterator<Item = &'a Round>, period_ms: i64) -> BTreeMap<u64, Self> {
        let (mut told, mut first) = (BTreeMap::<u64, Self>::new(), BTreeMap::<_, bool>::new());
        for round in rounds {
            let of = told.entry(round.channel).or_default();
            of.is_any_shown |= round.is_shown;
            of.is_any_further |= round.place > 0 && round.reward.is_some();
            of.is_any_success |= round.reward.is_some();
            if round.place == 0 {
                let period = round.at.as_millis().div_euclid(period_ms);
                *first.entry((round.channel, &round.customer, period)).or_default() |= round.is_shown;
                of.n_asked_shown += u64::from(round.is_shown);
                of.n_came += u64::from(round.is_shown && round.reward.is_some());
            }
        }
        for ((channel, ..), is_shown) in first {
            let of = told.entry(channel).or_default();
            of.n_first += 1;
            of.n_shown += u64::from(is_shown);
        }
        let where_told = told.values().filter(|of| of.is_told());
        let (n_shown, n_came) = where_told.fold((0, 0), |(n, came), of| (n + of.n_asked_shown, came + of.n_came));
        let rate = n_came as f64 / f64::max(n_shown as f64, 1.0);
        for of in told.values_mut() {
            let is_any = of.is_any_shown || of.is_any_success;
            of.is_silent = !is_any && rate * of.n_first as f64 >= N_EXPECTED;
        }
        told
    }

    /// Whether it is told what was shown.
    fn is_told(self) -> bool {
        self.n_shown > 0 && self.n_shown * TOLD_OF >= self.n_first
    }

    /// Whether a round is one. Not what came of it decides that, but whether it was shown: whoever kept successes that were not
    /// told as shown, and nothing else that was not, would learn that everything succeeds.
    pub(super) fn counts(self, round: &Round) -> bool {
        let is_further_told = !self.is_any_shown && self.is_any_further;
        round.is_shown || !self.is_told() && !self.is_silent && (round.place == 0 || is_further_told)
    }
}
