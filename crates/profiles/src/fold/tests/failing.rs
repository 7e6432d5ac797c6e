//! What remains of an event that could not be folded in, since the store failed in the middle?

use super::person::EventsWatched;
use super::*;
use events::Place;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A store of which so many rows can be read before it fails.
#[derive(Default)]
struct Failing {
    store: MemoryProfileStore,
    n_reads_left: AtomicUsize,
}

impl ProfileStore for Failing {
    fn offset(&self) -> Result<Offset, StoreError> {
        self.store.offset()
    }
    fn get(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.n_reads_left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => self.store.get(collection, key),
            Err(_) => Err(StoreError { attempt: String::new(), kind: ErrorKind::Unavailable, source: "broken".into() }),
        }
    }
    fn scan(
        &self,
        collection: Collection,
        prefix: &str,
        visit: &mut dyn FnMut(&str, &[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.store.scan(collection, prefix, visit)
    }
    fn count(&self, collection: Collection) -> Result<u64, StoreError> {
        self.store.count(collection)
    }
    fn checkpoint(
        &self,
        upto: &[Place],
        next: &mut dyn FnMut() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        self.store.checkpoint(upto, next)
    }
    fn clear(&self) -> Result<(), StoreError> {
        self.store.clear()
    }
}

/// With nobody in memory, each event is tried again and again while the store fails at its first read, its second, and so
/// on, until it comes through. What is stored in the end is what a store that never fails would hold.
fn check_that_failures_leave_no_trace(events: &[Recorded]) {
    let store = Arc::new(Failing { n_reads_left: 2.into(), ..Failing::default() });
    let mut profiles = Profiles::<Seen>::open(store.clone()).unwrap();
    let mut watched = EventsWatched::default();
    for recorded in events {
        let before = (profiles.offset(), profiles.totals());
        for n_reads in 0.. {
            store.n_reads_left.store(n_reads, Relaxed);
            match profiles.apply_watched(recorded, &mut watched) {
                Ok(_) => break,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable),
            }
            assert_eq!((profiles.offset(), profiles.totals()), before);
        }
        assert!(profiles.absent.is_empty());
        store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
        assert!(profiles.shrink_to(0, usize::MAX));
    }
    let expected = MemoryProfileStore::default();
    let mut never_failed = fold(events);
    expected.commit(never_failed.offset(), never_failed.take_changes().unwrap()).unwrap();
    assert_eq!(rows(store.as_ref()), rows(&expected));
    assert_eq!(watched.0, never_failed.resident().map(|customer| customer.profile.n_events).sum::<u64>());
}

proptest! {
    #[test]
    fn an_event_that_fails_has_changed_nothing(events in arbitrary_events()) {
        check_that_failures_leave_no_trace(&events);
    }
}

#[test]
fn an_event_that_fails_where_there_is_no_room_has_changed_nothing() {
    let mut events: Vec<Recorded> = vec![event(1, Some("bob"), Some("d-2"), None)];
    events.extend((2..260).map(|n| event(n, Some("ann"), Some(&format!("d-{n}")), None)));
    events.push(event(260, Some("bob"), Some("d-259"), None));
    check_that_failures_leave_no_trace(&events);
}
