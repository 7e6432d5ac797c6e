//! How is something large read while it changes, so that neither waits for the other?
//!
//! It is there twice: one is shown, the other is changed while nobody sees it, and then they change places. What was done to the
//! one is done to the other before the next change. Whoever reads holds on to what was shown when they began, and no lock: a slow
//! reading holds back at most the change after the next, and no other reading. That costs the memory twice and the work twice.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// How often it is asked whether those who read what was shown before are done.
const PAUSE: Duration = Duration::from_millis(1);

/// Something that is there twice.
#[derive(Default)]
pub(super) struct Doubled<T> {
    /// Locked to take hold of it and to put another in its place, and never while it is read.
    shown: RwLock<Arc<T>>,
    /// Held while it changes: one change at a time.
    spare: Mutex<Spare<T>>,
}

/// A change that was made to the other one only.
type Missed<T> = Box<dyn Fn(&mut T) + Send>;

/// The one that nobody sees, and what it has missed.
#[derive(Default)]
struct Spare<T> {
    state: Arc<T>,
    missed: Option<Missed<T>>,
}

impl<T> Doubled<T> {
    /// Reads it as it is now. Nothing waits for that, but that it may not be changed from within.
    pub(super) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let shown = Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner));
        look(&shown)
    }

    /// Changes it, twice: `change` does the same to what is the same.
    pub(super) fn change<R>(&self, change: impl Fn(&mut T) -> R + Send + 'static) -> R {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let spare = &mut *spare;
        let changed = loop {
            let Some(state) = Arc::get_mut(&mut spare.state) else {
                // Somebody still reads it, who began when it was shown.
                std::thread::sleep(PAUSE);
                continue;
            };
            if let Some(missed) = spare.missed.take() {
                missed(state);
            }
            break change(state);
        };
        std::mem::swap(&mut *self.shown.write().unwrap_or_else(PoisonError::into_inner), &mut spare.state);
        spare.missed = Some(Box::new(move |state| drop(change(state))));
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Long enough for whatever waits for nobody.
    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn whoever_reads_sees_every_change_once_and_in_order() {
        let doubled = Doubled::<Vec<u32>>::default();
        for n in 0..9 {
            assert_eq!(
                doubled.change(move |all| {
                    all.push(n);
                    all.len()
                }),
                n as usize + 1
            );
            assert_eq!(doubled.look(Vec::clone), (0..=n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_slow_reading_holds_back_neither_a_change_nor_another_reading() {
        let doubled = Arc::new(Doubled::<Vec<u32>>::default());
        let (done, is_done) = mpsc::channel();
        let change = |n: u32| {
            let (doubled, done) = (Arc::clone(&doubled), done.clone());
            std::thread::spawn(move || {
                doubled.change(move |all| all.push(n));
                done.send(n).unwrap();
            })
        };
        let (second, seen) = doubled.look(|before| {
            let first = change(1);
            assert_eq!(is_done.recv_timeout(SOON), Ok(1), "the change waits for nobody");
            first.join().unwrap();
            // The one after it waits, and whoever reads meanwhile does not.
            let second = change(2);
            let (look, looked) = mpsc::channel();
            let reader = Arc::clone(&doubled);
            std::thread::spawn(move || look.send(reader.look(Vec::clone)).unwrap());
            let seen = looked.recv_timeout(SOON).unwrap();
            assert!(before.is_empty(), "what is read does not change");
            assert!(is_done.try_recv().is_err(), "what is read is not changed");
            (second, seen)
        });
        assert_eq!(seen, [1]);
        second.join().unwrap();
        assert_eq!(doubled.look(Vec::clone), [1, 2]);
    }
}
