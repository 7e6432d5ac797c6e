//! Which time is it while a demonstration is made? The company's where it lives and learns, ours where something is done now.

use crate::clock::SystemClock;
use primitives::{Clock, SimulatedClock, Timestamp};
use std::sync::atomic::{AtomicBool, Ordering};

/// A clock that shows our time until it is set, and again when it is let go.
pub(super) struct Hour {
    is_set: AtomicBool,
    shown: SimulatedClock,
}

impl Hour {
    /// One that shows our time.
    pub(super) fn now() -> Self {
        Self { is_set: AtomicBool::new(false), shown: SimulatedClock::new(Timestamp::MIN) }
    }

    /// It is this moment, until something else is said.
    pub(super) fn set(&self, moment: Timestamp) {
        self.shown.set(moment);
        self.is_set.store(true, Ordering::SeqCst);
    }

    /// It is as late as it is.
    pub(super) fn let_go(&self) {
        self.is_set.store(false, Ordering::SeqCst);
    }
}

impl Clock for Hour {
    fn now(&self) -> Timestamp {
        if self.is_set.load(Ordering::SeqCst) { self.shown.now() } else { SystemClock.now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_late_as_is_said_and_else_as_it_is() {
        let hour = Hour::now();
        let before = SystemClock.now();
        assert!(hour.now() >= before);
        for ms in [7, 3] {
            hour.set(Timestamp::from_millis(ms));
            assert_eq!(hour.now().as_millis(), ms);
        }
        hour.let_go();
        assert!(hour.now() >= before);
    }
}
