//! How long is something kept?

use primitives::Timestamp;

/// The shortest time for which a `messageId` is remembered, so that a late retry changes nothing.
const DEDUP_DAYS_MIN: i64 = 30;

/// How long the audit list goes back where nothing else is said.
const AUDIT_DAYS: i64 = 400;

/// How long decisions are kept where nothing else is said.
const DECISION_DAYS: i64 = 400;

/// How long records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days for which a `messageId` is remembered, at least 30.
    dedup_days: i64,
    /// Days for which a decision can be explained and replayed.
    pub decision_days: i64,
    /// How many rejected events the live inspector keeps.
    pub n_rejections_max: usize,
    /// Days for which an entry of the audit list is kept.
    audit_days: i64,
    /// How many entries of each kind the audit list keeps, so that many of one kind push out none of another.
    pub n_audit_max: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            dedup_days: DEDUP_DAYS_MIN,
            decision_days: DECISION_DAYS,
            n_rejections_max: 10_000,
            audit_days: AUDIT_DAYS,
            n_audit_max: 50_000,
        }
    }
}

impl Retention {
    /// Remembers each `messageId` for `dedup_days`, or for 30 days where that is fewer.
    #[must_use]
    pub fn with_dedup_days(self, dedup_days: i64) -> Self {
        Self { dedup_days: dedup_days.max(DEDUP_DAYS_MIN), ..self }
    }

    /// Keeps each entry of the audit list for `audit_days`.
    #[must_use]
    pub fn with_audit_days(self, audit_days: i64) -> Self {
        Self { audit_days, ..self }
    }

    /// A `messageId` first seen before this moment may be forgotten.
    #[must_use]
    pub fn forget_message_ids_before(&self, now: Timestamp) -> Timestamp {
        now.plus_days(-self.dedup_days)
    }

    /// A decision made before this moment is forgotten.
    #[must_use]
    pub fn forget_decisions_before(&self, now: Timestamp) -> Timestamp {
        now.plus_days(-self.decision_days)
    }

    /// An entry of the audit list from before this moment is forgotten.
    #[must_use]
    pub fn forget_audit_before(&self, now: Timestamp) -> Timestamp {
        now.plus_days(-self.audit_days)
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

    #[test]
    fn decisions_and_the_audit_list_go_back_as_far_as_they_are_told() {
        let now = Timestamp::from_millis(0).plus_days(100);
        let kept = Retention { decision_days: 30, ..Retention::default() }.with_audit_days(60);
        assert_eq!((kept.forget_decisions_before(now).day(), kept.forget_audit_before(now).day()), (70, 40));
        let untold = Retention::default();
        assert_eq!((untold.forget_decisions_before(now).day(), untold.forget_audit_before(now).day()), (-300, -300));
    }
}
