//! Is what is folded from the events around a customer what everything together comes to?

use super::*;
use events::generator::Tangle;
use events::{Envelope, EventLogError, Origin};
use primitives::{Seed, Timestamp};
use profiles::{MemoryProfileStore, encode};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A history in memory, which counts how often it is read.
struct Told(Vec<Recorded>, AtomicUsize);

impl History for Told {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let mut events = self.0.iter().filter(|recorded| recorded.offset > after.offset);
        events.all(|recorded| visit(recorded.clone()));
        Ok(())
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(self.0.len() as u64)
    }
}

fn told(tangle: Tangle, seed: u64) -> Told {
    let mut known = BTreeSet::new();
    let new = tangle.events(Seed::new(seed)).into_iter().filter(|event| known.insert(event.message_id.clone()));
    in_order(new)
}

fn in_order(events: impl Iterator<Item = events::Event>) -> Told {
    let recorded = (1..).map(Offset).zip(events).map(|(offset, event)| Recorded { offset, event });
    Told(recorded.collect(), AtomicUsize::default())
}

/// Somebody for each number: each shares a device with the one before and the one after.
fn chain(numbers: impl Iterator<Item = usize>) -> Told {
    let event = |user: usize, device: usize| {
        let payload = serde_json::json!({"type": "page", "userId": format!("u{user}"), "anonymousId": format!("a{device}"), "properties": {"path": "/"}});
        let envelope = Envelope::new(Timestamp::from_millis(1_000), Origin::Client);
        events::parse_event(payload, None, &envelope).unwrap()
    };
    in_order(numbers.flat_map(|n| [event(n, n), event(n, n + 1)]))
}

#[test]
fn a_long_chain_of_names_is_read_a_few_times() {
    for told in
        [chain(0..300), chain((0..300).rev()), chain((0..300).map(|n| n * 7 % 300)), chain((0..300).chain(400..500))]
    {
        let upto = Offset(told.0.len() as u64);
        let user = |n: usize| Identifier::User(format!("u{n}").into());
        for begin in [0, 150, 299] {
            told.1.store(0, Ordering::Relaxed);
            let gathered = Gathered::around([user(begin)], &told, upto).unwrap();
            assert!(told.1.load(Ordering::Relaxed) <= N_STEPS_MAX + 2);
            assert_eq!((gathered.events().count(), gathered.names().len()), (600, 601));
            assert!(!gathered.names().contains(&user(400)), "who is apart from them is left out");
        }
    }
    let gathered = Gathered::around([Identifier::User("u0".into())], &chain(0..300), Offset(599)).unwrap();
    assert_eq!((gathered.events().count(), gathered.names().len()), (599, 600), "what comes after is left out");
    let told = chain(0..2);
    let gathered = Gathered::around([Identifier::User("u0".into())], &told, Offset(4)).unwrap();
    assert_eq!((gathered.events().count(), told.1.load(Ordering::Relaxed)), (4, 4), "a short one step by step");
}

#[test]
fn a_circle_that_is_too_large_is_refused_and_says_what_to_do() {
    for n_people in [2, 100] {
        let told = chain(0..n_people);
        let n_events = told.0.len();
        let gather = |n_max, upto| {
            Gathered::within(Bounds::new(n_max, BYTES_MAX), [Identifier::User("u0".into())], &told, Offset(upto as u64))
        };
        assert_eq!(gather(n_events, n_events).unwrap().events().count(), n_events);
        let refused = gather(n_events - 1, n_events).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert!(refused.to_string().contains(&format!("more than {} events", n_events - 1)), "{refused}");
        let mut growing = gather(n_events - 1, n_events - 1).unwrap();
        assert!(growing.read_on(&told, Offset(n_events as u64)).is_err());
        let n_bytes: usize = told.0.iter().map(|recorded| recorded.event.free_form_bytes()).sum();
        let gather = |bytes_max| {
            let bounds = Bounds::new(n_events, bytes_max);
            Gathered::within(bounds, [Identifier::User("u0".into())], &told, Offset(n_events as u64))
        };
        assert_eq!(gather(n_bytes).unwrap().events().count(), n_events);
        assert_eq!(gather(n_bytes - 1).err().unwrap().kind(), ErrorKind::Conflict);
    }
}

#[test]
fn a_page_reads_less_and_gives_up_where_time_is_over_or_names_are_far_apart() {
    let gather = |told: &Told, bounds: Bounds| {
        let upto = Offset(told.0.len() as u64);
        Gathered::within(bounds, [Identifier::User("u0".into())], told, upto).map(|gathered| gathered.events().count())
    };
    let far = chain(0..300);
    let refused = gather(&far, Bounds::of_page()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert!(far.1.load(Ordering::Relaxed) <= N_STEPS_MAX, "not everything is gone through");
    let near = chain(0..2);
    assert_eq!(gather(&near, Bounds::of_page()).unwrap(), 4);
    let late = Bounds { until: Some((Stopwatch::start(), Duration::ZERO)), ..Bounds::of_page() };
    let refused = gather(&near, late).unwrap_err();
    assert!(refused.kind() == ErrorKind::Conflict && refused.to_string().contains("too long"), "{refused}");
    let few = Bounds { n_events_max: 3, ..Bounds::of_page() };
    assert!(gather(&near, few).unwrap_err().to_string().contains("more than 3 events"));
}

fn bytes(customer: &Customer<FeatureState>) -> Vec<u8> {
    encode("customer", "", customer).unwrap()
}

#[test]
fn a_customer_of_the_circle_is_the_live_one_to_the_byte() {
    let (mut n_merged, mut n_shared, mut n_outside) = (0, 0, 0);
    for seed in 0..150 {
        let size = usize::try_from(seed % 5).unwrap();
        let told = told(Tangle { n_events: 20 + 10 * size, n_users: 6, n_devices: 3 + 4 * size, n_hours: 400 }, seed);
        let upto = Offset(told.0.len() as u64);
        let mut live = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
        for recorded in &told.0 {
            live.apply(recorded).unwrap();
        }
        n_merged += live.totals().n_merged;
        let mut owned = BTreeSet::new();
        for customer in live.into_resident() {
            let profile = &customer.profile;
            n_shared += profile.links.values().filter(|link| link.is_shared).count();
            let circle = Circle::around(names_of(profile), &told, upto, Arc::default()).unwrap();
            n_outside += usize::from(circle.events().count() < told.0.len());
            let theirs = circle.theirs(&profile.id).unwrap().unwrap();
            assert_eq!(bytes(&theirs.customer), bytes(&customer), "seed {seed}, customer {}", profile.id);
            assert_eq!(theirs.offsets.len() as u64, profile.n_events);
            assert!(theirs.offsets.iter().all(|offset| owned.insert(*offset)), "an event is of one customer");
            assert!(theirs.offsets.iter().all(|offset| circle.event(*offset).is_some()));
            for name in profile.links.keys() {
                assert!(circle.names().contains(name) && circle.find(name).unwrap().is_some());
            }
        }
        assert_eq!(owned.len(), told.0.len(), "and each of somebody");
    }
    assert!(n_merged > 300 && n_shared > 300 && n_outside > 50, "{n_merged} {n_shared} {n_outside}");
}

#[test]
fn what_comes_after_is_not_in_it() {
    let told = told(Tangle { n_events: 40, n_users: 2, n_devices: 2, n_hours: 9 }, 7);
    let circle = |upto| {
        let names = ["u0", "u1"].map(|name| Identifier::User(name.into()));
        Circle::around(names, &told, Offset(upto), Arc::default()).unwrap()
    };
    for upto in [0, 1, 17, 40, 50] {
        let last = circle(upto).events().last().map(|recorded| recorded.offset.0);
        assert!(last.is_none_or(|last| last <= upto), "{last:?}");
        let n_owned: usize = circle(upto).customers().map(|theirs| theirs.offsets.len()).sum();
        assert_eq!(n_owned, circle(upto).events().count());
    }
    let nobody = Circle::around([Identifier::User("nobody".into())], &told, Offset(40), Arc::default()).unwrap();
    assert_eq!((nobody.events().count(), nobody.theirs(&"nobody".into()).unwrap()), (0, None));
}
