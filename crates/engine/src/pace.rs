//! How fast are decisions made lately?

use std::collections::VecDeque;
use std::time::Duration;

/// How long the newest `N_KEPT` decisions took, from question to answer, and how many there were since the start.
#[derive(Debug, Clone, Default)]
pub struct Pace<const N_KEPT: usize = 1_000> {
    took: VecDeque<Duration>,
    n_decisions: u64,
}

impl<const N_KEPT: usize> Pace<N_KEPT> {
    /// One more decision, which took so long.
    pub fn record(&mut self, took: Duration) {
        if self.took.len() == N_KEPT {
            self.took.pop_front();
        }
        self.took.push_back(took);
        self.n_decisions += 1;
    }

    /// How many decisions were made since the start.
    #[must_use]
    pub fn n_decisions(&self) -> u64 {
        self.n_decisions
    }

    /// The time that a share of the newest decisions did not exceed (nearest rank); `None` before the first.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.took.iter().copied().collect();
        sorted.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53 are kept")]
        let rank = (share * sorted.len() as f64).ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to their number")]
        let rank = rank as usize;
        sorted.get(rank.min(sorted.len()).checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_newest_thousand() {
        let mut pace = <Pace>::default();
        assert_eq!((pace.quantile(0.5), pace.n_decisions()), (None, 0));
        pace.record(Duration::from_millis(9_000));
        assert_eq!(pace.quantile(0.0), Some(Duration::from_millis(9_000)));
        for ms in 1..=1_000 {
            pace.record(Duration::from_millis(ms));
        }
        assert_eq!(pace.n_decisions(), 1_001);
        for (share, ms) in [(0.5, 500), (0.99, 990), (1.0, 1_000)] {
            assert_eq!(pace.quantile(share), Some(Duration::from_millis(ms)), "{share}");
        }
    }
}
