//! How long does something take? The engine measures; what time it is, its clock says.

use std::time::{Duration, Instant};

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "durations are measured here, and only here")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has been.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// How long is waited for something at most, from when it was made.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    since: Stopwatch,
    at_most: Duration,
}

impl Patience {
    /// Begins to wait.
    #[must_use]
    pub fn of(at_most: Duration) -> Self {
        Self { since: Stopwatch::start(), at_most }
    }

    /// Whether it was waited long enough.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.since.elapsed() > self.at_most
    }
}
