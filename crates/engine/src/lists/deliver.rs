//! How is a webhook told who came and went? One change after the other, each until it is taken.

use super::saved::ListSource;
use crate::Engine;
use crate::error::EngineError;
use decisions::{Delivery, List, ListChange, Webhook};
use primitives::Timestamp;
use std::sync::PoisonError;
use std::time::Duration;

/// How many changes of a list are told before the next list has its turn.
const N_AT_A_TIME: usize = 100;
/// After so many that were taken it is noted how far it came: after a crash these are told again.
const N_NOTED: usize = 20;
/// How long it is waited after the first failure; twice as long after each further one, up to the longest.
const PAUSE: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// How much is kept of what a failure said.
const N_CHARS_MAX: usize = 300;

/// Brings a change to where it is to be told.
pub trait Courier: Send + Sync {
    /// Tells one change, and answers when it was taken.
    ///
    /// # Errors
    /// Why it was not, for people.
    fn deliver(&self, engine: &Engine, list: &List, webhook: &Webhook, change: &ListChange) -> Result<(), String>;
}

impl Engine {
    /// Tells webhooks of changes that they were not told yet, where it is time. Answers how many were taken.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read or written.
    pub fn tell_webhooks(&self, courier: &dyn Courier, is_stopped: &dyn Fn() -> bool) -> Result<u64, EngineError> {
        let mut n_taken = 0;
        for (list, source) in self.all_lists() {
            let Some(webhook) = list.webhook.as_ref().filter(|_| source == ListSource::Saved) else { continue };
            let state = self.ports.lists.state(&list.name)?;
            let is_due = state.delivery.next_at.is_none_or(|at| at <= self.clock().now());
            if is_due && !is_stopped() {
                let delivery = Delivery { upto: state.delivery.upto.max(webhook.after), ..state.delivery };
                n_taken += self.tell(courier, &list, webhook, delivery, is_stopped)?;
            }
        }
        Ok(n_taken)
    }

    fn tell(
        &self,
        courier: &dyn Courier,
        list: &List,
        webhook: &Webhook,
        mut delivery: Delivery,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<u64, EngineError> {
        let (mut n_taken, mut n_noted) = (0, 0);
        for _ in 0..N_AT_A_TIME {
            // One at a time: meanwhile the webhook may be taken away, or somebody erased who would be told.
            if is_stopped() || !self.has_webhook(list, webhook) {
                break;
            }
            let Some(change) = self.ports.lists.changes(&list.name, delivery.upto, 1)?.pop() else { break };
            match courier.deliver(self, list, webhook, &change) {
                Ok(()) => {
                    delivery = Delivery { upto: change.number, n_lost: delivery.n_lost, ..Delivery::default() };
                    n_taken += 1;
                    metrics::counter!("cx_webhook_deliveries_total", "result" => "taken").increment(1);
                    if n_taken - n_noted >= N_NOTED as u64 {
                        self.ports.lists.note_delivery(&list.name, &delivery)?;
                        n_noted = n_taken;
                    }
                }
                Err(why) => {
                    metrics::counter!("cx_webhook_deliveries_total", "result" => "failed").increment(1);
                    // Another address has failures of its own, and goes on from what this one took.
                    if self.has_webhook(list, webhook) {
                        self.ports.lists.note_delivery(&list.name, &failed(delivery, &why, self.clock().now()))?;
                        return Ok(n_taken);
                    }
                    break;
                }
            }
        }
        // Also where the address is another one by now: that goes on from here.
        if n_taken > n_noted {
            self.ports.lists.note_delivery(&list.name, &delivery)?;
        }
        Ok(n_taken)
    }

    /// Whether a list is there and has this webhook still.
    fn has_webhook(&self, list: &List, webhook: &Webhook) -> bool {
        let saved = self.saved.read().unwrap_or_else(PoisonError::into_inner);
        saved.iter().any(|saved| saved.name == list.name && saved.webhook.as_ref() == Some(webhook))
    }
}

fn failed(delivery: Delivery, why: &str, now: Timestamp) -> Delivery {
    let pause = PAUSE.saturating_mul(1_u32.checked_shl(delivery.n_tries).unwrap_or(u32::MAX)).min(PAUSE_MAX);
    let why: String = why.chars().take(N_CHARS_MAX).collect();
    Delivery {
        n_tries: delivery.n_tries.saturating_add(1),
        next_at: Some(now + pause),
        failure: Some(primitives::visible(&why).into_owned()),
        ..delivery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_pause_up_to_an_hour() {
        let now = Timestamp::from_millis(0);
        let mut delivery = Delivery { upto: 7, n_lost: 2, ..Delivery::default() };
        let mut pauses = Vec::new();
        for _ in 0..40 {
            delivery = failed(delivery, &"no\u{202e}".repeat(200), now);
            pauses.push(delivery.next_at.unwrap().millis_since(now) / 1_000);
        }
        assert_eq!(pauses[..5], [5, 10, 20, 40, 80]);
        assert_eq!((pauses[9], pauses[10], pauses[39]), (2_560, 3_600, 3_600));
        assert_eq!((delivery.upto, delivery.n_lost, delivery.n_tries), (7, 2, 40));
        let failure = delivery.failure.unwrap();
        assert!(failure.starts_with("no") && !failure.contains('\u{202e}'), "{failure}");
    }
}
