//! Does the fold keep its promises: identity, merging, checkpoints?

mod bounds;
mod failing;
mod joining;
mod memory;
mod person;
mod telling;

use super::*;
use crate::{LinkReason, MemoryProfileStore, StoreError};
use events::{Call, Event, Origin, Place};
use primitives::ErrorKind;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A state that remembers which events it has seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Seen(BTreeSet<u64>);

impl CustomerState for Seen {
    type Reads = ();
    fn apply(&mut self, recorded: &Recorded, (): &()) {
        self.0.insert(recorded.offset.0);
    }
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
    fn n_bytes(&self) -> usize {
        2_048 * self.0.len()
    }
}

/// An event from a few words: `i` identify, `t` track, `a` alias of `previous`.
fn event(offset: u64, user: Option<&str>, anonymous: Option<&str>, previous: Option<&str>) -> Recorded {
    let call = match previous {
        Some(previous_id) => Call::Alias { previous_id: previous_id.to_owned() },
        None => Call::Identify { traits: serde_json::from_str(&format!(r#"{{"n":{offset}}}"#)).unwrap() },
    };
    let at = Timestamp::from_millis(1_000 * i64::try_from(offset).unwrap());
    let event = Event {
        message_id: format!("m{offset}").into(),
        user_id: user.map(Into::into),
        anonymous_id: anonymous.map(Into::into),
        occurred_at: at,
        received_at: at,
        stated_at: None,
        call,
        context: events::Fields::new(),
        origin: Origin::Server,
        reading: events::Reading::default(),
    };
    Recorded { offset: Offset(offset), event }
}

fn fold(events: &[Recorded]) -> Profiles<Seen> {
    let mut profiles = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
    for recorded in events {
        profiles.apply(recorded).unwrap();
    }
    profiles
}

fn seen(profiles: &Profiles<Seen>, name: &str) -> Vec<u64> {
    let id = profiles.find_by_text(name).unwrap().unwrap();
    profiles.customer(&id).unwrap().unwrap().state.0.iter().copied().collect()
}

#[test]
fn what_was_done_before_signing_in_belongs_to_the_user() {
    let profiles = fold(&[
        event(1, None, Some("browser"), None),
        event(2, Some("ann"), Some("browser"), None),
        event(3, None, Some("browser"), None),
    ]);
    for name in ["ann", "browser", "anonymous:browser"] {
        assert_eq!(seen(&profiles, name), [1, 2, 3], "{name}");
    }
    assert_eq!((profiles.totals().n_customers, profiles.totals().n_known, profiles.totals().n_merged), (1, 1, 1));
}

#[test]
fn two_users_of_one_browser_stay_two_people() {
    let profiles = fold(&[
        event(1, Some("ann"), Some("browser"), None),
        event(2, Some("bob"), Some("browser"), None),
        event(3, None, Some("browser"), None),
    ]);
    assert_eq!((seen(&profiles, "ann"), seen(&profiles, "bob")), (vec![1], vec![2, 3]));
    assert_eq!(profiles.totals().n_customers, 2);
}

#[test]
fn an_alias_makes_two_known_users_one() {
    let profiles = fold(&[
        event(1, Some("old"), None, None),
        event(2, Some("new"), None, None),
        event(3, Some("new"), None, Some("old")),
        event(4, Some("old"), None, None),
    ]);
    assert_eq!(seen(&profiles, "old"), [1, 2, 3, 4]);
    let id = profiles.find_by_text("old").unwrap().unwrap();
    assert_eq!(id.as_str(), "new");
    let customer = profiles.customer(&id).unwrap().unwrap();
    let link = &customer.profile.links[&Identifier::User("old".into())];
    assert_eq!((link.offset, link.reason), (Offset(3), LinkReason::Alias));
    assert_eq!((profiles.totals().n_customers, profiles.totals().n_known), (1, 1));
}

#[test]
fn an_alias_ahead_of_the_name_it_speaks_of_holds() {
    let profiles = fold(&[event(1, Some("new"), None, Some("old")), event(2, Some("old"), None, None)]);
    assert_eq!(seen(&profiles, "new"), [1, 2]);
}

#[test]
fn an_event_folded_in_again_changes_nothing() {
    let mut profiles = fold(&[event(1, Some("ann"), None, None)]);
    profiles.apply(&event(1, Some("bob"), None, None)).unwrap();
    assert_eq!(profiles.find_by_text("bob").unwrap(), None);
    assert_eq!(profiles.totals().n_events, 1);
}

/// The same event as another origin sends it.
fn from(origin: Origin, mut recorded: Recorded) -> Recorded {
    recorded.event.origin = origin;
    recorded
}

fn client(offset: u64, user: Option<&str>, anonymous: Option<&str>, previous: Option<&str>) -> Recorded {
    from(Origin::Client, event(offset, user, anonymous, previous))
}

fn customer(profiles: &Profiles<Seen>, name: &str) -> Customer<Seen> {
    let id = profiles.find_by_text(name).unwrap().unwrap();
    profiles.customer(&id).unwrap().unwrap().into_owned()
}

fn arbitrary_events() -> impl Strategy<Value = Vec<Recorded>> {
    let name = || proptest::option::of(proptest::sample::select(vec!["a", "b", "c", "d"]));
    let origin = proptest::sample::select(Origin::ALL.to_vec());
    proptest::collection::vec((origin, name(), name(), name()), 1..25).prop_map(|words| {
        let numbered = (1..).zip(words);
        numbered.map(|(n, (origin, user, device, previous))| from(origin, event(n, user, device, previous))).collect()
    })
}

/// Every stored row, as the store would hold it after a checkpoint.
fn rows(store: &dyn ProfileStore) -> Vec<(Collection, String, Vec<u8>)> {
    let mut rows = Vec::new();
    for collection in Collection::ALL {
        store
            .scan(collection, "", &mut |key, value| {
                rows.push((collection, key.to_owned(), value.to_vec()));
                true
            })
            .unwrap();
    }
    rows
}

proptest! {
    /// However often state was checkpointed, dropped from memory, reopened and told again what it knows, the stored bytes
    /// are the same.
    #[test]
    fn checkpoints_and_restarts_leave_no_trace(events in arbitrary_events(), cuts in proptest::collection::vec(0_usize..25, 0..4)) {
        let run = |cuts: &[usize]| {
            let store = Arc::new(MemoryProfileStore::default());
            let mut profiles = Profiles::<Seen>::open(store.clone()).unwrap();
            for (i, recorded) in events.iter().enumerate() {
                profiles.apply(recorded).unwrap();
                if cuts.contains(&i) {
                    store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
                    profiles.shrink_to(1, usize::MAX);
                    if i % 2 == 0 {
                        profiles = Profiles::open(store.clone()).unwrap();
                        events[..=i].iter().for_each(|again| drop(profiles.apply(again).unwrap()));
                    }
                }
            }
            store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
            rows(store.as_ref())
        };
        prop_assert_eq!(run(&cuts), run(&[]));
    }

    /// A checkpoint in slices is of the moment it began, whatever happens between them, and a failed one costs nothing.
    #[test]
    fn a_checkpoint_is_of_one_moment(
        events in arbitrary_events(), cut in 0_usize..25, n_slice in 1_usize..5, n_between in 0_usize..5, fails: bool,
    ) {
        let (before, after) = events.split_at(cut.min(events.len()));
        let whole = |events: &[Recorded]| {
            let store = MemoryProfileStore::default();
            store.commit(Offset(0), fold(events).take_changes().unwrap()).unwrap();
            rows(&store)
        };
        let store = Arc::new(MemoryProfileStore::default());
        let mut profiles = Profiles::<Seen>::open(store.clone()).unwrap();
        before.iter().for_each(|recorded| drop(profiles.apply(recorded).unwrap()));
        let (offset, mut later) = (profiles.offset(), after.iter());
        profiles.begin_checkpoint().unwrap();
        let stored = store.checkpoint(&[Place::first(offset)], &mut || {
            later.by_ref().take(n_between).for_each(|recorded| drop(profiles.apply(recorded).unwrap()));
            let mut slice = Vec::new();
            profiles.fill(&mut slice, n_slice)?;
            assert!(slice.len() <= n_slice);
            if fails && slice.is_empty() {
                return Err(StoreError { attempt: String::new(), kind: ErrorKind::Unavailable, source: "full".into() });
            }
            Ok(slice)
        });
        prop_assert_eq!((stored.is_err(), store.offset().unwrap()), (fails, if fails { Offset(0) } else { offset }));
        prop_assert_eq!(rows(store.as_ref()), if fails { Vec::new() } else { whole(before) });
        let n_resident = profiles.n_resident();
        profiles.shrink_to(0, usize::MAX);
        prop_assert_eq!(profiles.n_resident(), n_resident, "who may not be in the store stays");
        profiles.end_checkpoint(!fails);
        profiles.shrink_to(0, usize::MAX);
        prop_assert_eq!(profiles.n_resident(), profiles.n_dirty(), "who is in the store goes");
        later.for_each(|recorded| drop(profiles.apply(recorded).unwrap()));
        store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
        prop_assert_eq!(rows(store.as_ref()), whole(&events));
    }

    /// Every event is in exactly one customer, and the sums say how many customers there are.
    #[test]
    fn no_event_is_lost_or_counted_twice(events in arbitrary_events()) {
        let n_owned = events.iter().filter(|e| e.event.user_id.is_some() || e.event.anonymous_id.is_some()).count();
        let profiles = fold(&events);
        let totals = profiles.totals();
        let customers = profiles.into_resident();
        let all: Vec<u64> = customers.iter().flat_map(|c| c.state.0.iter().copied()).collect();
        prop_assert_eq!(all.len(), n_owned);
        prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), n_owned);
        prop_assert_eq!(totals.n_customers, customers.len() as u64);
        prop_assert_eq!(totals.n_known, customers.iter().filter(|c| c.profile.is_known()).count() as u64);
        prop_assert_eq!(customers.iter().map(|c| c.profile.n_events).sum::<u64>(), n_owned as u64);
    }
}

#[test]
fn what_is_admitted_is_what_was_stored_and_nothing_newer_is_lost() {
    let store = Arc::new(MemoryProfileStore::default());
    let mut first: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    for recorded in [event(1, Some("ann"), Some("browser"), None), event(2, Some("bob"), None, None)] {
        first.apply(&recorded).unwrap();
    }
    store.commit(first.offset(), first.take_changes().unwrap()).unwrap();

    let mut reopened: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    assert_eq!(reopened.resident().count(), 0);
    reopened.apply(&event(3, Some("ann"), None, None)).unwrap();
    let mut rows = Vec::new();
    let mut keep = |key: &str, bytes: &[u8]| {
        rows.push(Customer::<Seen>::from_stored(key, bytes).unwrap());
        true
    };
    store.scan(Collection::Customer, "", &mut keep).unwrap();
    let is_admitted: Vec<bool> = rows.iter().cloned().map(|customer| reopened.admit(customer, 2)).collect();
    assert_eq!((is_admitted, reopened.resident().count()), (vec![true, true], 2));
    assert!(!reopened.admit(rows.remove(0), 2), "there is room for two");
    assert_eq!(
        (seen(&reopened, "ann"), seen(&reopened, "browser"), seen(&reopened, "bob")),
        (vec![1, 3], vec![1, 3], vec![2])
    );
    let changed = reopened.take_changes().unwrap();
    let customers = changed.iter().filter(|change| change.collection == Collection::Customer);
    assert_eq!(customers.map(|change| change.key.as_str()).collect::<Vec<_>>(), ["ann"], "reading changes nothing");
}
