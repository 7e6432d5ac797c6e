//! Which warnings and errors were logged lately? The newest of them, in memory, for the console.

use crate::clock::SystemClock;
use primitives::{Clock, Timestamp};
use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How many lines are kept, and how long one may be.
const N_KEPT: usize = 20;
const N_CHARS_MAX: usize = 500;

static NEWEST: Mutex<VecDeque<Logged>> = Mutex::new(VecDeque::new());

/// A line that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    /// When.
    pub at: Timestamp,
    /// Whether it is an error, and not only a warning.
    pub is_error: bool,
    /// What it says.
    pub text: String,
}

/// The newest warnings and errors, the newest first.
pub(crate) fn logged() -> Vec<Logged> {
    NEWEST.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// Keeps what is logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recent;

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        if level > Level::WARN {
            return;
        }
        let mut words = Words::default();
        event.record(&mut words);
        let text: String = words.line().chars().take(N_CHARS_MAX).collect();
        let mut newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner);
        newest.push_front(Logged { at: SystemClock.now(), is_error: level == Level::ERROR, text });
        newest.truncate(N_KEPT);
    }
}

/// What an event says, and what else it tells.
#[derive(Debug, Default)]
struct Words {
    message: String,
    others: String,
}

impl Words {
    fn line(self) -> String {
        if self.others.is_empty() { self.message } else { format!("{} ({})", self.message, self.others) }
    }

    fn add(&mut self, name: &str, value: &dyn std::fmt::Display) {
        // Nothing can go wrong where a text is written into another.
        if name == "message" {
            let _ = write!(self.message, "{value}");
        } else {
            let _ = write!(self.others, "{}{name}: {value}", if self.others.is_empty() { "" } else { ", " });
        }
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field.name(), &format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn the_newest_warnings_and_errors_are_kept() {
        let subscriber = tracing_subscriber::registry().with(Recent);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("all is well");
            tracing::error!(error = "it is full", n = 3, "the disk");
            (0..N_KEPT - 1).for_each(|n| tracing::warn!("warning {n}"));
        });
        let kept = logged();
        assert_eq!(kept.len(), N_KEPT);
        assert_eq!((kept[0].text.as_str(), kept[0].is_error), ("warning 18", false));
        assert_eq!(
            (kept[N_KEPT - 1].text.as_str(), kept[N_KEPT - 1].is_error),
            ("the disk (error: it is full, n: 3)", true)
        );
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Recent), || tracing::warn!("one more"));
        assert_eq!((logged().len(), logged()[0].text.as_str()), (N_KEPT, "one more"), "the oldest is gone");
    }
}
