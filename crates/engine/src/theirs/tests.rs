//! Is what is folded from the events around a customer what everything together comes to?

use super::*;
use events::generator::Tangle;
use primitives::Seed;
use profiles::{MemoryProfileStore, encode};

/// A history in memory.
struct Told(Vec<Recorded>);

impl History for Told {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
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
    Told((1..).map(Offset).zip(new).map(|(offset, event)| Recorded { offset, event }).collect())
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
