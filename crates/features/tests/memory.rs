//! How much memory does what is remembered of an ordinary customer take?

use events::generator::Tangle;
use events::{Offset, Recorded};
use features::FeatureState;
use primitives::Seed;
use profiles::{CustomerState, MemoryProfileStore, Profiles};
use std::sync::Arc;

/// Of 25 events of all channels, half a year long: hardly any customer counts as more than one, and the state takes on average
/// little more than what is in it, what was said of subscriptions before their newest words included.
#[test]
fn whoever_all_channels_tell_of_is_an_ordinary_customer() {
    let tangle = Tangle { n_events: 25, n_users: 1, n_devices: 1, n_hours: 24 * 180 };
    let (mut n_customers, mut n_heavy, mut n_bytes) = (0, 0, 0);
    for seed in 0..200 {
        let mut profiles: Profiles<FeatureState> = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
        for (offset, event) in (1..).zip(tangle.events(Seed::new(seed))) {
            profiles.apply(&Recorded { offset: Offset(offset), event }).unwrap();
        }
        n_heavy += profiles.weight() - profiles.n_resident();
        n_customers += profiles.resident().count();
        n_bytes += profiles.resident().map(|customer| customer.state.n_bytes()).sum::<usize>();
    }
    // What came of decisions is remembered one by one, and who has much of that has more than 8 KB in all.
    assert!(n_heavy * 50 <= n_customers, "{n_heavy} of {n_customers} count as two");
    let mean = n_bytes / n_customers;
    assert!(mean <= 2_950, "{mean} bytes each, {n_customers}");
}
