//! How much does a conversation press, and why?

use events::Priority;
use features::{Conversation, Status};
use primitives::Timestamp;

/// How much each part counts; together they are 1.
const URGENCY: f64 = 0.3;
const MOOD: f64 = 0.25;
const WAIT: f64 = 0.25;
const VALUE: f64 = 0.1;
const DECLARED: f64 = 0.1;
/// Who has waited so long is half as pressing as somebody who waits for ever.
const HALF_HOURS: f64 = 24.0;
const HOUR_MS: f64 = 3_600_000.0;

/// How much a conversation presses: each part from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pressing {
    /// How little the messages that nobody has answered can wait.
    pub urgency: f64,
    /// How frustrated the customer sounds in them.
    pub mood: f64,
    /// How long they wait: one half after a day.
    pub wait: f64,
    /// What the customer spent, beside the others who wait: one half where it is as much as theirs on the average.
    pub value: f64,
    /// What the company said when it opened the ticket.
    pub declared: f64,
}

impl Pressing {
    /// How much one presses at a moment, where others have spent so much on the average.
    pub(super) fn of(one: &Conversation, mean_spent: f64, as_of: Timestamp) -> Self {
        let Some(since) = one.waiting_since() else { return Self::default() };
        let worst = |of: &dyn Fn(&events::Mood) -> f64| {
            one.unanswered().filter_map(|said| said.mood.as_ref()).map(of).fold(0.0, f64::max)
        };
        #[expect(clippy::cast_precision_loss, reason = "times of this calendar are below 2^53 milliseconds")]
        let hours = as_of.millis_since(since).max(0) as f64 / HOUR_MS;
        Self {
            urgency: worst(&|mood| mood.urgency()),
            mood: worst(&|mood| mood.emotion("frustration")),
            wait: 1.0 - (-hours / HALF_HOURS).exp2(),
            value: if one.spent > 0.0 { one.spent / (one.spent + mean_spent) } else { 0.0 },
            declared: match one.priority {
                None | Some(Priority::Low) => 0.0,
                Some(Priority::Normal) => 0.3,
                Some(Priority::High) => 0.7,
                Some(Priority::Urgent) => 1.0,
            },
        }
    }

    /// All together, from 0 to 1.
    #[must_use]
    pub fn total(&self) -> f64 {
        URGENCY * self.urgency + MOOD * self.mood + WAIT * self.wait + VALUE * self.value + DECLARED * self.declared
    }

    /// The same in millionths: what conversations are ordered by.
    pub(super) fn rank(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to a million")]
        let rank = (self.total().clamp(0.0, 1.0) * 1e6).round() as u64;
        rank
    }
}

/// What those spent on the average whose conversations have not ended.
pub(super) fn mean_spent<'a>(all: impl Iterator<Item = &'a Conversation>) -> f64 {
    let open = all.filter(|one| one.status() != Status::Resolved && one.spent > 0.0);
    let (sum, n) = open.fold((0.0, 0.0), |(sum, n), one| (sum + one.spent, n + 1.0));
    if n > 0.0 { sum / n } else { 0.0 }
}
