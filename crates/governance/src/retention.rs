//! How long is something kept?

use primitives::Timestamp;

/// The shortest time for which a `messageId` is remembered, so that a late retry changes nothing.
const DEDUP_DAYS_MIN: i64 = 30;

/// How long records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days for which a `messageId` is remembered, at least 30.
    dedup_days: i64,
    /// How many rejected events the live inspector keeps.
    pub n_rejections_max: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self { dedup_days: DEDUP_DAYS_MIN, n_rejections_max: 10_000 }
    }
}

impl Retention {
    /// Remembers each `messageId` for `dedup_days`, or for 30 days where that is fewer.
    #[must_use]
    pub fn with_dedup_days(self, dedup_days: i64) -> Self {
        Self { dedup_days: dedup_days.max(DEDUP_DAYS_MIN), ..self }
    }

    /// A `messageId` first seen before this moment may be forgotten.
    #[must_use]
    pub fn forget_message_ids_before(&self, now: Timestamp) -> Timestamp {
        now.plus_days(-self.dedup_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_never_forgotten_within_thirty_days() {
        let now = Timestamp::from_millis(0).plus_days(100);
        for (days, day) in [(1, 70), (30, 70), (60, 40)] {
            assert_eq!(Retention::default().with_dedup_days(days).forget_message_ids_before(now).day(), day);
        }
    }
}
