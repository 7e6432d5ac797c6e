//! How does nobody slip in while it is looked up who somebody is? Appends go through a door that can be closed to names.

use profiles::Identifier;
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The door of all appends.
#[derive(Debug, Default)]
pub(crate) struct Door {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed_to: BTreeSet<Identifier>,
    /// How many appends are under way that came before the door was closed the last time, and after it.
    n_within: [usize; 2],
    turn: usize,
}

/// An append under way.
pub(crate) struct Within<'a> {
    door: &'a Door,
    turn: usize,
}

/// Keeps the door closed to some names.
pub(super) struct Closed<'a>(&'a Door);

impl Door {
    /// Lets an append in that the door is not closed to; `names_one` says of some names whether it names one of them. Waits
    /// while it does, since whoever closed it opens it again soon; `None` where that takes too long.
    pub(crate) fn enter(
        &self,
        names_one: impl Fn(&BTreeSet<Identifier>) -> bool,
        patience: Duration,
    ) -> Option<Within<'_>> {
        let is_closed = |state: &mut State| !state.closed_to.is_empty() && names_one(&state.closed_to);
        let waited = self.changed.wait_timeout_while(self.state(), patience, is_closed);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        let turn = state.turn;
        state.n_within[turn] += 1;
        Some(Within { door: self, turn })
    }

    /// Closes the door to more names, one caller at a time, and waits until every append that came in before is through.
    pub(super) fn close_to(&self, names: impl IntoIterator<Item = Identifier>) -> Closed<'_> {
        let mut state = self.state();
        state.closed_to.extend(names);
        let before = state.turn;
        state.turn = 1 - before;
        let is_within = |state: &mut State| state.n_within[before] > 0;
        drop(self.changed.wait_while(state, is_within).unwrap_or_else(PoisonError::into_inner));
        Closed(self)
    }

    /// Whether it is closed to a name.
    pub(super) fn is_closed_to(&self, name: &Identifier) -> bool {
        self.state().closed_to.contains(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.door.state().n_within[self.turn] -= 1;
        self.door.changed.notify_all();
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.state().closed_to.clear();
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::UserId;
    use std::sync::atomic::{AtomicBool, Ordering};

    const LONG: Duration = Duration::from_secs(60);

    fn name(text: &str) -> Identifier {
        Identifier::User(UserId::from(text))
    }

    #[test]
    fn whoever_closes_the_door_waits_for_those_within_and_for_nobody_else() {
        let door = Door::default();
        let enter = |text| door.enter(|closed| closed.contains(&name(text)), Duration::ZERO);
        let within = enter("a").unwrap();
        let is_closed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let closing = scope.spawn(|| {
                let closed = door.close_to([name("a")]);
                is_closed.store(true, Ordering::Release);
                assert!(enter("a").is_none());
                // One more name while somebody is within who came after the first: it is not waited for by the first.
                drop(enter("b").unwrap());
                drop(door.close_to([name("b")]));
                drop(closed);
            });
            while !door.is_closed_to(&name("a")) {
                std::thread::yield_now();
            }
            assert!(enter("a").is_none());
            let after = enter("b").unwrap();
            assert!(!is_closed.load(Ordering::Acquire));
            drop((after, within));
            closing.join().unwrap();
        });
        assert!(enter("a").is_some() && enter("b").is_some(), "open again");
    }

    #[test]
    fn who_is_named_waits_until_the_door_is_open_again() {
        let door = Door::default();
        let closed = door.close_to([name("a")]);
        let is_within = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let within = door.enter(|closed| closed.contains(&name("a")), LONG);
                is_within.store(true, Ordering::Release);
                within.is_some()
            });
            assert!(door.enter(|closed| closed.contains(&name("a")), Duration::from_millis(20)).is_none());
            assert!(!is_within.load(Ordering::Acquire));
            drop(closed);
            assert!(waiting.join().unwrap());
        });
    }
}
