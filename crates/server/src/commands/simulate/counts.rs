//! What became of the company's life so far? Counted while it is lived, and told from another thread.

use super::offers::Offers;
use console::format::{count, counted, date_time, decimal, float, percent_of};
use primitives::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The times of so many decisions are remembered: the newest.
const N_TIMES: usize = 4_096;
/// So many different reasons are told.
const N_REASONS: usize = 5;

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<Counted>);

/// What was counted by a moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    /// What is being done before the first day begins.
    pub(crate) stage: &'static str,
    /// Days that were lived to their end.
    pub(crate) days: u64,
    /// How far the company has lived.
    pub(crate) at: Option<Timestamp>,
    /// Events that arrived, each once.
    pub(crate) events: u64,
    /// Of these, how many the server knew already, since they were sent again.
    pub(crate) known: u64,
    /// Decisions that were asked for.
    pub(crate) decisions: u64,
    /// Of these, how many were clicked on at least once.
    pub(crate) followed: u64,
    /// Things that were shown because they were decided, clicked on and bought.
    pub(crate) shown: u64,
    /// See `shown`.
    pub(crate) clicked: u64,
    /// See `shown`.
    pub(crate) bought: u64,
    /// Events that were refused.
    pub(crate) refused: u64,
    /// Questions to which no answer came: the company showed what it always shows.
    pub(crate) unanswered: u64,
    /// Why, and how often.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// Events that were told, and of which no answer says yet that they arrived: lost, where it ends so.
    pub(crate) waiting: u64,
    /// What was offered to full carts, and what that earned.
    pub(crate) offers: Offers,
    took: engine::Pace<N_TIMES>,
}

impl Counts {
    /// Counts.
    pub(crate) fn add(&self, count: impl FnOnce(&mut Counted)) {
        count(&mut self.lock());
    }

    /// What was counted by now.
    pub(crate) fn so_far(&self) -> Counted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// A decision that came after so long.
    pub(super) fn decided(&mut self, after: Duration) {
        self.decisions += 1;
        self.took.record(after);
    }

    /// Something that went wrong so often, in the server's words.
    pub(super) fn went_wrong(&mut self, why: &str, n: u64) {
        if n > 0 && (self.reasons.len() < N_REASONS || self.reasons.contains_key(why)) {
            *self.reasons.entry(why.to_owned()).or_default() += n;
        }
    }

    /// How long decisions took: so long or shorter did this share of them. In milliseconds.
    fn took_ms(&self, share: f64) -> Option<f64> {
        self.took.quantile(share).map(|time| time.as_secs_f64() * 1_000.0)
    }

    fn per_second(&self, seconds: f64) -> f64 {
        float(self.events) / seconds.max(1e-9)
    }

    /// One line for who looks on.
    pub(crate) fn line(&self, n_days: u32, seconds: f64) -> String {
        if self.at.is_none() {
            return self.stage.to_owned();
        }
        let day = (self.days + 1).min(u64::from(n_days));
        let day =
            if n_days == u32::MAX { count(day) } else { format!("{} of {}", count(day), count(u64::from(n_days))) };
        let at = self.at.map_or_else(String::new, |at| format!(", {}", date_time(at)));
        let mut line = format!(
            "day {day}{at} · {} · {}/s · {}",
            counted(self.events, "event", "events"),
            decimal(self.per_second(seconds), 0),
            counted(self.decisions, "decision", "decisions"),
        );
        if self.decisions > 0 {
            line += &format!(", {} followed", percent_of(self.followed, self.decisions));
        }
        if let (Some(middle), Some(slow)) = (self.took_ms(0.5), self.took_ms(0.99)) {
            line += &format!(" · p50 {} ms, p99 {} ms", decimal(middle, 1), decimal(slow, 1));
        }
        line
    }

    /// Everything, for programs.
    pub(crate) fn document(&self, seconds: f64) -> Value {
        json!({
            "days": self.days, "until": self.at.map(|at| at.to_string()), "events": self.events, "known": self.known,
            "decisions": self.decisions, "followed": self.followed, "shown": self.shown, "clicked": self.clicked,
            "bought": self.bought, "errors": self.refused + self.unanswered, "refused": self.refused,
            "unanswered": self.unanswered, "reasons": self.reasons, "lost": self.waiting, "seconds": seconds,
            "events_per_second": self.per_second(seconds), "decide_ms_p50": self.took_ms(0.5),
            "decide_ms_p99": self.took_ms(0.99), "offers": self.offers.document(), "simulated": true,
        })
    }

    /// The end of the story, for people.
    pub(crate) fn in_words(&self, seconds: f64) -> String {
        let mut text = format!(
            "{} lived in {} s: {} ({}/s), {}",
            counted(self.days, "day", "days"),
            decimal(seconds, 1),
            counted(self.events, "event", "events"),
            decimal(self.per_second(seconds), 0),
            counted(self.decisions, "decision", "decisions"),
        );
        if self.decisions > 0 {
            text += &format!(
                ", {} of them followed: {} shown, {} clicked on, {} bought",
                percent_of(self.followed, self.decisions),
                counted(self.shown, "thing", "things"),
                count(self.clicked),
                count(self.bought),
            );
        }
        text.push('.');
        text += &self.offers.in_words();
        if self.refused > 0 {
            text += &format!(" Refused: {}.", counted(self.refused, "event", "events"));
        }
        if self.unanswered > 0 {
            let questions = counted(self.unanswered, "question", "questions");
            text += &format!(" Without an answer: {questions}; the company showed what it always shows.");
        }
        if self.waiting > 0 {
            let events = counted(self.waiting, "event", "events");
            text += &format!(" Lost, since it ended before an answer came: {events}.");
        }
        for (why, n) in &self.reasons {
            text += &format!("\n  {}: {why}", counted(*n, "time", "times"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_newest_decisions() {
        let mut counted = Counted::default();
        assert_eq!(counted.took_ms(0.5), None);
        for ms in 1..=100 {
            counted.decided(Duration::from_millis(ms));
        }
        assert_eq!((counted.took_ms(0.5), counted.took_ms(0.99)), (Some(50.0), Some(99.0)));
        for _ in 0..N_TIMES {
            counted.decided(Duration::from_millis(7));
        }
        assert_eq!((counted.took_ms(0.01), counted.took_ms(1.0)), (Some(7.0), Some(7.0)));
        assert_eq!(counted.decisions, 100 + N_TIMES as u64);
    }

    #[test]
    fn what_went_wrong_is_told_once_with_how_often() {
        let mut counted = Counted { days: 2, events: 50, decisions: 4, followed: 1, ..Counted::default() };
        let text = "2 days lived in 10.0 s: 50 events (5/s), 4 decisions, 25 % of them followed: 0 things shown, 0 clicked \
                    on, 0 bought.";
        assert_eq!(counted.in_words(10.0), text);
        counted.refused = 3;
        counted.unanswered = 1;
        for n in 0..N_REASONS + 2 {
            counted.went_wrong("too late", 1);
            counted.went_wrong(&format!("reason {n}"), 1);
        }
        let text = counted.in_words(10.0);
        assert!(text.contains(" Refused: 3 events. Without an answer: 1 question;"), "{text}");
        assert!(text.contains("\n  7 times: too late") && !text.contains("reason 4"), "{text}");
        assert_eq!(counted.document(10.0)["errors"], 4);
        assert!(!text.contains("Lost") && counted.document(10.0)["lost"] == 0, "{text}");
        counted.waiting = 1;
        assert!(counted.in_words(10.0).contains(" Lost, since it ended before an answer came: 1 event."));
        assert_eq!(counted.document(10.0)["lost"], 1);
    }
}
