//! How does nobody slip in while it is looked up who somebody is? Appends go through a door that can be closed to names.

use events::Event;
use profiles::Identifier;
use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The door of all appends.
#[derive(Debug, Default)]
pub(crate) struct Door {
    state: Mutex<State>,
    left: Condvar,
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
    /// Lets an append in, and says which of its events the door is closed to.
    pub(crate) fn enter(
        &self,
        events: &[Event],
        mut is_refused: impl FnMut(&Event) -> bool,
    ) -> (Within<'_>, Vec<bool>) {
        let mut state = self.state();
        let turn = state.turn;
        state.n_within[turn] += 1;
        let is_closed = |event: &Event| {
            !state.closed_to.is_empty() && Identifier::mentioned(event).any(|name| state.closed_to.contains(&name))
        };
        let mut refused: Vec<bool> = events.iter().map(is_closed).collect();
        drop(state);
        // Within, so that whoever closes the door afterwards waits for this append.
        let within = Within { door: self, turn };
        events.iter().zip(&mut refused).for_each(|(event, refused)| *refused = *refused || is_refused(event));
        (within, refused)
    }

    /// Closes the door to more names, one caller at a time, and waits until every append that came in before is through.
    pub(super) fn close_to(&self, names: impl IntoIterator<Item = Identifier>) -> Closed<'_> {
        let mut state = self.state();
        state.closed_to.extend(names);
        let before = state.turn;
        state.turn = 1 - before;
        let is_within = |state: &mut State| state.n_within[before] > 0;
        drop(self.left.wait_while(state, is_within).unwrap_or_else(PoisonError::into_inner));
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
        self.door.left.notify_all();
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.state().closed_to.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Call, Fields, Origin, Reading};
    use primitives::{MessageId, Timestamp, UserId};
    use std::sync::atomic::{AtomicBool, Ordering};

    fn of(user: &str) -> Event {
        Event {
            message_id: MessageId::from("m"),
            user_id: Some(UserId::from(user)),
            anonymous_id: None,
            occurred_at: Timestamp::from_millis(0),
            received_at: Timestamp::from_millis(0),
            stated_at: None,
            call: Call::Identify { traits: Fields::new() },
            context: Fields::new(),
            origin: Origin::Server,
            reading: Reading::default(),
        }
    }

    #[test]
    fn whoever_closes_the_door_waits_for_those_within_and_for_nobody_else() {
        let door = Door::default();
        let events = [of("a"), of("b")];
        let (within, refused) = door.enter(&events, |event| event.user_id == Some(UserId::from("b")));
        assert_eq!(refused, [false, true]);
        let is_closed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let closing = scope.spawn(|| {
                let closed = door.close_to([Identifier::User(UserId::from("a"))]);
                is_closed.store(true, Ordering::Release);
                let (later, refused) = door.enter(&events, |_| false);
                assert_eq!(refused, [true, false]);
                // One more name while somebody is within who came after the first: it is not waited for by the first.
                drop(later);
                drop(door.close_to([Identifier::User(UserId::from("b"))]));
                drop(closed);
            });
            while !door.is_closed_to(&Identifier::User(UserId::from("a"))) {
                std::thread::yield_now();
            }
            let (after, refused) = door.enter(&events, |_| false);
            assert_eq!((refused, is_closed.load(Ordering::Acquire)), (vec![true, false], false));
            drop(after);
            drop(within);
            closing.join().unwrap();
        });
        assert_eq!(door.enter(&events, |_| false).1, [false, false], "open again");
    }
}
