//! Who looks at whom, and which of it is written down? Who asks always is; a page that renews itself is one look a day.

use crate::found_lately::FoundLately;
use engine::By;
use primitives::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many looks are remembered: who falls out is written down again.
const N_KEPT: usize = 1_000;

/// So many pages may read through the whole history at a time; decisions and events want the processor and the memory too.
const N_PASTS_MAX: usize = 1;

/// So many pages are filled at a time: a page may look at every customer or item, and each look holds up what comes in.
pub(crate) const N_PAGES_MAX: usize = 2;

/// What is known of those who look at pages.
#[derive(Debug)]
pub(crate) struct Looks {
    /// Who looked at whom lately, the newest last.
    noted: Mutex<VecDeque<(Timestamp, By, String)>>,
    /// What was found of the customers for the overview lately.
    pub(crate) found: FoundLately,
    /// How many pages may read somebody's whole past at a time.
    pub(crate) pasts: Semaphore,
    /// How many pages may be filled at a time; the others wait in line.
    pub(crate) pages: Arc<Semaphore>,
}

impl Default for Looks {
    fn default() -> Self {
        let pasts = Semaphore::new(N_PASTS_MAX);
        let pages = Arc::new(Semaphore::new(N_PAGES_MAX));
        Self { noted: Mutex::default(), found: FoundLately::default(), pasts, pages }
    }
}

/// Somebody who opens a customer.
#[derive(Debug, Clone)]
pub(crate) struct Opener {
    /// Who it is.
    pub(crate) by: By,
    /// Whether their page asks, and not they.
    pub(crate) is_by_itself: bool,
}

impl Looks {
    /// Whether a look is to be written down. That a page asks by itself is only its word: without a look before it counts as one.
    pub(crate) fn is_due(&self, opener: &Opener, id: &str, now: Timestamp) -> bool {
        let mut looks = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|(at, ..)| *at > now.plus_days(-1) && *at <= now);
        let of_them = looks.iter().position(|(_, by, of)| *by == opener.by && of == id);
        if opener.is_by_itself && of_them.is_some() {
            return false;
        }
        if let Some(place) = of_them {
            looks.remove(place);
        }
        looks.push_back((now, opener.by.clone(), id.to_owned()));
        if looks.len() > N_KEPT {
            looks.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governance::Actor;

    #[test]
    fn a_page_that_renews_itself_is_one_look_a_day_and_who_asks_is_always_written_down() {
        let looks = Looks::default();
        let by = |actor: Actor| By { actor, address: None };
        let opener = |is_by_itself| Opener { by: by(Actor::OpenConsole), is_by_itself };
        let at = |days: i64, ms: i64| Timestamp::from_millis(ms).plus_days(days);
        assert!(looks.is_due(&opener(true), "ann", at(10, 0)), "nobody looked before");
        assert!(!looks.is_due(&opener(true), "ann", at(10, 1)));
        assert!(looks.is_due(&opener(true), "bob", at(10, 1)), "somebody else is another look");
        let other = Opener { by: by(Actor::Command), is_by_itself: true };
        assert!(looks.is_due(&other, "ann", at(10, 1)), "and so is somebody else's");
        assert!(looks.is_due(&opener(false), "ann", at(10, 2)) && looks.is_due(&opener(false), "ann", at(10, 2)));
        assert!(!looks.is_due(&opener(true), "ann", at(11, 1)), "counted from the last");
        assert!(looks.is_due(&opener(true), "ann", at(11, 2)));
        (0..N_KEPT - 1).for_each(|n| assert!(looks.is_due(&opener(false), &n.to_string(), at(11, 3))));
        assert!(!looks.is_due(&opener(true), "ann", at(11, 4)));
        assert!(looks.is_due(&opener(false), "one more", at(11, 4)) && looks.is_due(&opener(true), "ann", at(11, 4)));
    }
}
