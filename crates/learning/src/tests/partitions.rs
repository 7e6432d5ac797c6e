//! Is what is learned from the same wherever a customer's events stand?

use super::world::{Told, dataset, events};
use crate::Dataset;
use events::{EventLogError, Partition, Place, Recorded};
use features::{History, TraceReads};
use governance::ConsentPolicy;
use profiles::Identifier;
use std::collections::BTreeMap;

/// A history of which each customer is in one of several partitions.
struct Spread {
    n: u16,
    told: Told,
    /// Where the events of each name are; of what names nobody, in the first.
    of: BTreeMap<Identifier, Partition>,
}

impl History for Spread {
    fn partitions(&self) -> Vec<Partition> {
        (0..self.n).map(Partition).collect()
    }

    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        self.told.replay(Place::first(after.offset), &mut |recorded| {
            let of = Identifier::mentioned(&recorded.event).find_map(|name| self.of.get(&name).copied());
            of.unwrap_or_default() != after.partition || visit(recorded)
        })
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        self.told.n_events()
    }
}

#[test]
fn customers_who_are_spread_over_partitions_are_the_same_customers() {
    let whole = dataset();
    for n in [2, 5] {
        let customers = (0..).zip(whole.customers());
        let of = customers.flat_map(|(place, customer)| {
            let names = customer.get().profile.links.keys().cloned();
            names.map(move |name| (name, Partition(place % n)))
        });
        let history = Spread { n, told: Told(events().to_vec()), of: of.collect() };
        let spread = Dataset::load(&history, &ConsentPolicy::default(), TraceReads::default(), &mut |_| {}).unwrap();
        assert_eq!((spread.n_events(), spread.n_customers()), (whole.n_events(), whole.n_customers()));
        assert_eq!((spread.read_until(), spread.span()), (whole.read_until(), whole.span()));
        let [ours, theirs] =
            [&spread, whole].map(|data| data.customers().iter().map(|one| one.get()).collect::<Vec<_>>());
        assert!(ours == theirs, "in the same order");
    }
}
