//! Which warnings and errors were logged lately? The newest of them, in memory, for the console.

use crate::clock::SystemClock;
use primitives::{Clock, Timestamp};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How many lines of each level are kept, and how long one may be.
const N_KEPT: usize = 20;
const N_CHARS_MAX: usize = 500;

/// Errors, and warnings: whoever causes many warnings makes no error go.
static NEWEST: [Mutex<VecDeque<Logged>>; 2] = [const { Mutex::new(VecDeque::new()) }; 2];

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
    let each = NEWEST.iter().map(|newest| newest.lock().unwrap_or_else(PoisonError::into_inner).clone());
    let mut all: Vec<Logged> = each.flatten().collect();
    all.sort_by_key(|one| Reverse(one.at));
    all
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
        let is_error = level == Level::ERROR;
        let of_level = &NEWEST[usize::from(!is_error)];
        let mut newest = of_level.lock().unwrap_or_else(PoisonError::into_inner);
        newest.push_front(Logged { at: SystemClock.now(), is_error, text });
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
            (0..N_KEPT + 5).for_each(|n| tracing::warn!("warning {n}"));
        });
        let kept = logged();
        let of_level = |is_error| {
            let of_it = kept.iter().filter(move |one| one.is_error == is_error);
            of_it.map(|one| one.text.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of_level(true), ["the disk (error: it is full, n: 3)"], "no warning makes it go");
        let newest: Vec<String> = (5..N_KEPT + 5).rev().map(|n| format!("warning {n}")).collect();
        assert_eq!(of_level(false), newest);
        assert!(kept.is_sorted_by(|a, b| a.at >= b.at));
    }
}
