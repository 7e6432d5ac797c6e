//! How is state shared between threads so that nobody can wait for themselves?
//!
//! A thread that reads and wants to read again waits for a writer that has come in between, and that writer waits for the
//! first reading to end: for ever. So no guard leaves this file. State is looked at inside a closure, what the closure
//! needs is passed down as `&T`, and a second look from within is refused before it can wait.

use std::cell::Cell;
use std::sync::{PoisonError, RwLock};

thread_local! {
    /// Whether this thread is inside a closure of [`Shared`].
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// State that many threads read and one at a time changes.
#[derive(Debug)]
pub(super) struct Shared<T>(RwLock<T>);

impl<T> Shared<T> {
    pub(super) fn new(state: T) -> Self {
        Self(RwLock::new(state))
    }

    /// Reads the state. Events and whoever else changes it wait meanwhile: take out what is needed, compute afterwards.
    ///
    /// # Panics
    /// Where this thread is inside a look or a change already.
    pub(super) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let _inside = Inside::enter();
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state. Everybody else waits meanwhile.
    ///
    /// # Panics
    /// As [`Shared::look`].
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let _inside = Inside::enter();
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The mark of a thread that is inside; it goes when the closure ends, by a panic, too.
struct Inside;

impl Inside {
    /// A request that fails and says so does little harm; one that waits for itself stops everything.
    fn enter() -> Self {
        assert!(
            !IS_INSIDE.replace(true),
            "the live state is being looked at by this thread already: pass the reference on in place of a second look"
        );
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IS_INSIDE.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_second_look_from_within_is_refused_and_never_waits() {
        let shared = Shared::new(1);
        type Second<'a> = &'a dyn Fn();
        let (look, change): (Second<'_>, Second<'_>) = (&|| shared.look(|_| ()), &|| shared.change(|_| ()));
        for second in [look, change] {
            let within_look = catch_unwind(AssertUnwindSafe(|| shared.look(|_| second())));
            let within_change = catch_unwind(AssertUnwindSafe(|| shared.change(|_| second())));
            for refused in [within_look, within_change] {
                let said = *refused.expect_err("it would wait for itself").downcast::<&str>().unwrap();
                assert!(said.contains("pass the reference on"), "{said}");
            }
        }
        // Who was refused can look again afterwards.
        assert_eq!((shared.change(|state| std::mem::replace(state, 2)), shared.look(|state| *state)), (1, 2));
    }
}
