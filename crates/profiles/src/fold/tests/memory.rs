//! Who is in memory, which names lead to them there, and who is forgotten first?

use super::*;

/// Customers `c-1` to `c-n`, each with a device, as a store has them that was just given all of them.
fn stored(n: u64) -> (Arc<MemoryProfileStore>, Profiles<Seen>) {
    let store = Arc::new(MemoryProfileStore::default());
    let mut profiles: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    for n in 1..=n {
        profiles.apply(&event(n, Some(&format!("c-{n}")), Some(&format!("d-{n}")), None)).unwrap();
    }
    checkpoint(&store, &mut profiles);
    (store, profiles)
}

fn checkpoint(store: &MemoryProfileStore, profiles: &mut Profiles<Seen>) {
    store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
}

fn in_memory(profiles: &Profiles<Seen>) -> Vec<String> {
    let mut ids: Vec<_> = profiles.resident().map(|customer| customer.profile.id.to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn a_fold_goes_on_where_the_store_says() {
    let (store, mut profiles) = stored(3);
    let nobody = event(4, None, None, None);
    assert_eq!(profiles.apply(&nobody).unwrap(), Applied { customer: None, n_merged: 0 });
    assert_eq!((profiles.offset(), profiles.totals().n_events), (Offset(4), 4));
    checkpoint(&store, &mut profiles);
    let mut reopened: Profiles<Seen> = Profiles::open(store).unwrap();
    assert_eq!((reopened.offset(), reopened.totals()), (Offset(4), profiles.totals()));
    reopened.apply(&event(3, Some("c-1"), None, None)).unwrap();
    assert_eq!((reopened.totals(), reopened.n_dirty()), (profiles.totals(), 0), "it was folded in before");
    let joined = reopened.apply(&event(5, Some("c-1"), None, Some("c-2"))).unwrap();
    assert_eq!(joined, Applied { customer: Some("c-1".into()), n_merged: 1 });
}

#[test]
fn everybody_in_the_store_can_be_forgotten_whoever_was_met_lately_last() {
    let (_, mut profiles) = stored(8);
    assert!(!profiles.shrink_to(4, 7), "all were met: the first round only looks at them");
    assert_eq!(profiles.n_resident(), 8);
    assert!(!profiles.shrink_to(4, 3));
    assert_eq!(profiles.n_resident(), 6, "no more than it may look at");
    assert!(profiles.shrink_to(6, 0) && profiles.shrink_to(4, 2));
    profiles.apply(&event(9, Some("c-7"), None, None)).unwrap();
    assert!(!profiles.shrink_to(0, usize::MAX));
    assert_eq!(in_memory(&profiles), ["c-7"], "what only memory knows stays");
    profiles.take_changes().unwrap();
    assert!(profiles.shrink_to(0, usize::MAX));

    let (_, mut profiles) = stored(8);
    assert!(profiles.shrink_to(0, usize::MAX), "in one go as well");
    assert_eq!(profiles.n_resident(), 0);

    let (_, mut profiles) = stored(4);
    profiles.shrink_to(4, 0);
    profiles.shrink_to(3, 5);
    assert_eq!(in_memory(&profiles), ["c-2", "c-3", "c-4"]);
    profiles.apply(&event(5, Some("c-2"), None, None)).unwrap();
    profiles.take_changes().unwrap();
    assert!(profiles.shrink_to(2, usize::MAX));
    assert_eq!(in_memory(&profiles), ["c-2", "c-4"], "who was met since gets a second chance");
}

#[test]
fn a_customer_who_is_forgotten_takes_along_the_names_that_lead_to_them_and_no_others() {
    let (store, mut profiles) = stored(2);
    profiles.apply(&event(3, Some("c-2"), Some("d-1"), None)).unwrap();
    checkpoint(&store, &mut profiles);
    profiles.apply(&event(4, Some("c-2"), None, None)).unwrap();
    assert!(profiles.shrink_to(1, usize::MAX));
    assert_eq!(in_memory(&profiles), ["c-2"]);
    let mut names: Vec<String> = profiles.identifiers.keys().map(ToString::to_string).collect();
    names.sort();
    assert_eq!(names, ["anonymousId d-1", "anonymousId d-2", "userId c-2"], "the shared device leads to who stays");
    assert_eq!(profiles.find_by_text("c-1").unwrap().unwrap().as_str(), "c-1", "and the store knows the others");
}

#[test]
fn a_full_slice_takes_nothing_more() {
    let (_, mut profiles) = stored(1);
    profiles.apply(&event(2, Some("c-1"), Some("d-2"), None)).unwrap();
    profiles.begin_checkpoint().unwrap();
    let foreign = Change { collection: Collection::Item, key: "tea".to_owned(), value: None };
    let mut slice = vec![foreign.clone()];
    profiles.fill(&mut slice, 1).unwrap();
    assert_eq!(slice, std::slice::from_ref(&foreign));
    profiles.fill(&mut slice, 9).unwrap();
    let collections: Vec<_> = slice.iter().map(|change| change.collection).collect();
    assert_eq!(collections, [Collection::Item, Collection::Totals, Collection::Customer, Collection::Identifier]);
}

#[test]
fn a_name_that_was_let_go_leads_to_nobody_before_and_after_the_store_knows() {
    let store = Arc::new(MemoryProfileStore::default());
    let mut profiles: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    for n in 1..=255 {
        profiles.apply(&event(n, Some("ann"), Some(&format!("d-{n}")), None)).unwrap();
    }
    checkpoint(&store, &mut profiles);
    profiles.apply(&event(256, Some("ann"), Some("d-256"), None)).unwrap();
    let leads_to_nobody = |profiles: &Profiles<Seen>| profiles.find_by_text("d-1").unwrap().is_none();
    for is_durable in [false, true] {
        assert!(leads_to_nobody(&profiles));
        profiles.begin_checkpoint().unwrap();
        let mut slice = Vec::new();
        profiles.fill(&mut slice, usize::MAX).unwrap();
        if is_durable {
            store.commit(profiles.offset(), slice).unwrap();
        }
        profiles.end_checkpoint(is_durable);
        assert!(leads_to_nobody(&profiles), "{is_durable}");
        assert_eq!((profiles.let_go.len(), profiles.identifiers.len()), if is_durable { (0, 256) } else { (1, 257) });
    }

    // A name that is somebody's again is not let go any more.
    profiles.apply(&event(257, Some("ann"), Some("d-257"), None)).unwrap();
    profiles.apply(&event(258, Some("bob"), Some("d-2"), None)).unwrap();
    checkpoint(&store, &mut profiles);
    assert_eq!(profiles.find_by_text("d-2").unwrap().unwrap().as_str(), "bob");
    assert!(profiles.let_go.is_empty() && profiles.identifiers.contains_key(&Identifier::Anonymous("d-2".into())));
}

/// As how many all in memory count, by hand. Who was merged away counts as one.
fn weighed(profiles: &Profiles<Seen>) -> usize {
    let n_bytes = |one: &Customer<Seen>| one.profile.n_bytes() + one.state.n_bytes();
    let living: usize = profiles.resident().map(|one| n_bytes(one).div_ceil(8 * 1024)).sum();
    living + profiles.n_resident() - profiles.resident().count()
}

proptest! {
    /// Whoever grows, shares, joins and is forgotten: what all in memory count as is kept up to date.
    #[test]
    fn the_weight_is_that_of_everybody_in_memory(events in arbitrary_events(), cuts in proptest::collection::vec(0_usize..25, 0..4)) {
        let store = Arc::new(MemoryProfileStore::default());
        let mut profiles = Profiles::<Seen>::open(store.clone()).unwrap();
        for (i, recorded) in events.iter().enumerate() {
            profiles.apply(recorded).unwrap();
            prop_assert_eq!(profiles.weight(), weighed(&profiles));
            if cuts.contains(&i) {
                checkpoint(&store, &mut profiles);
                prop_assert!(profiles.shrink_to(i % 3, usize::MAX) && profiles.weight() <= i % 3);
                prop_assert_eq!(profiles.weight(), weighed(&profiles));
            }
            prop_assert_eq!(profiles.n_in_memory(), profiles.resident().count() as u64);
        }
    }
}

#[test]
fn a_customer_full_of_traits_or_of_long_names_counts_as_several() {
    let traits = |recorded: &mut Recorded| {
        let all = (0..7).map(|n| (format!("t-{n}"), "v".repeat(2_040).into()));
        recorded.event.call = Call::Identify { traits: all.collect() };
    };
    let mut heavy = event(1, Some("ann"), None, None);
    traits(&mut heavy);
    let mut profiles = fold(&[heavy.clone()]);
    assert_eq!((profiles.n_resident(), profiles.weight()), (1, 3));
    let ann = customer(&profiles, "ann");
    let mut other: Profiles<Seen> = Profiles::open(Arc::new(MemoryProfileStore::default())).unwrap();
    assert!(other.admit(ann.clone(), 3) && !other.admit(ann, 3), "there is room for three ordinary ones");

    let long = |n: u64| format!("{n:03}{}", "x".repeat(200));
    for n in 2..200 {
        profiles.apply(&event(n, Some("bob"), Some(&long(n)), None)).unwrap();
    }
    assert!(customer(&profiles, "bob").profile.n_bytes() > 198 * 200);
}

#[test]
fn slices_have_everybody_once_and_nobody_twice_who_is_put_last_meanwhile() {
    let ids = |profiles: &Profiles<Seen>, places| {
        profiles.resident_at(places).map(|customer| customer.profile.id.to_string()).collect::<Vec<_>>()
    };
    for n in 1..=9 {
        let (_, profiles) = stored(8);
        let places = profiles.resident_places();
        assert_eq!(places, 0..8);
        let slices = places.clone().step_by(n).map(|first| first..places.end.min(first + n as u64));
        let mut seen: Vec<String> = slices.flat_map(|slice| ids(&profiles, slice)).collect();
        seen.sort();
        assert_eq!(seen, in_memory(&profiles), "by {n}");
    }
    // All were met, so five looks put five of them last.
    let (_, mut profiles) = stored(8);
    let places = profiles.resident_places();
    let first = ids(&profiles, 0..4);
    profiles.shrink_to(0, 5);
    assert_eq!((profiles.resident_places(), profiles.n_resident()), (5..13, 8));
    assert_eq!([ids(&profiles, 0..5), ids(&profiles, 4..6)].map(|ids| ids.len()), [0, 1]);
    let rest = ids(&profiles, 4..places.end);
    assert_eq!(rest.len(), 3);
    assert!(rest.iter().all(|id| !first.contains(id)));
    assert_eq!(ids(&profiles, 0..99).len(), 8);
    assert!(ids(&profiles, 20..30).is_empty());
}
