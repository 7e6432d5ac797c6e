//! Who is separated stays so, and is the past told anew what it would be had it been known from the beginning?

use super::*;
use crate::RefusalReason;
use std::collections::BTreeMap;

fn user(name: &str) -> Identifier {
    Identifier::User(name.into())
}

fn device(name: &str) -> Identifier {
    Identifier::Anonymous(name.into())
}

/// A person says that two names are not one customer.
fn separate(offset: u64, names: [&Identifier; 2]) -> Recorded {
    let mut recorded = event(offset, None, None, None);
    recorded.event.call = Call::Separate { names: names.map(Identifier::key), reason: String::new() };
    recorded
}

/// Whose each event is, for somebody who is only told how customers change.
#[derive(Default, PartialEq, Debug)]
struct Watched(BTreeMap<u64, CustomerId>);

impl Watch<Seen> for Watched {
    type Before = u64;
    fn before(&mut self, _: &Customer<Seen>, recorded: &Recorded) -> u64 {
        recorded.offset.0
    }
    fn after(&mut self, customer: &Customer<Seen>, offset: u64) {
        assert_eq!(self.0.insert(offset, customer.profile.id.clone()), None);
    }
    fn leaves(&mut self, customer: &Customer<Seen>) {
        for offset in &customer.state.0 {
            assert_eq!(self.0.remove(offset).as_ref(), Some(&customer.profile.id), "they leave as they were");
        }
    }
    fn enters(&mut self, customer: &Customer<Seen>) {
        for offset in &customer.state.0 {
            assert_eq!(self.0.insert(*offset, customer.profile.id.clone()), None, "nobody enters twice");
        }
    }
}

fn refused(profiles: &Profiles<Seen>, name: &str) -> Vec<(u64, RefusalReason)> {
    let refusals = customer(profiles, name).profile.refusals;
    refusals.into_iter().map(|refusal| (refusal.offset.0, refusal.reason)).collect()
}

#[test]
fn names_that_a_person_separated_are_not_joined_until_the_company_says_so() {
    let (ann, bob, phone) = (user("ann"), user("bob"), device("phone"));
    let mut events = vec![
        event(1, Some("ann"), None, None),
        event(2, Some("bob"), None, None),
        separate(3, [&bob, &ann]),
        separate(4, [&phone, &ann]),
        // Neither by what a client says, nor by a name that is new, nor by a device.
        client(5, Some("bob"), None, Some("ann")),
        event(6, Some("ann"), Some("phone"), None),
        event(7, Some("bob"), Some("phone"), None),
        event(8, Some("ann"), Some("phone"), None),
    ];
    let profiles = fold(&events);
    assert_eq!(refused(&profiles, "ann"), [(5, RefusalReason::TwoUsers), (8, RefusalReason::Separated)]);
    assert_eq!((seen(&profiles, "ann"), seen(&profiles, "bob")), (vec![1, 6, 8], vec![2, 5, 7]));
    assert_eq!(seen(&profiles, "phone"), [2, 5, 7]);
    assert_eq!((profiles.totals().n_customers, profiles.totals().n_merged), (2, 0));
    // Of two contrary words of the company the later counts.
    events.push(event(9, Some("bob"), None, Some("ann")));
    let profiles = fold(&events);
    assert_eq!(profiles.separations().iter().map(|one| one.lifted).collect::<Vec<_>>(), [Some(Offset(9)), None]);
    assert_eq!(refused(&profiles, "ann").last(), Some(&(9, RefusalReason::Separated)), "phone and ann are apart");
    let events = [&events[..3], &[event(9, Some("bob"), None, Some("ann"))]].concat();
    assert_eq!(seen(&fold(&events), "ann"), [1, 2, 9]);
}

#[test]
fn an_alias_means_both_names_of_its_word_and_what_it_comes_with_means_itself() {
    let profiles = fold(&[
        event(1, Some("x"), None, None),
        event(2, None, Some("tablet"), None),
        separate(3, [&device("tablet"), &device("x")]),
        client(4, None, Some("tablet"), Some("x")),
        event(5, Some("ann"), None, None),
        separate(6, [&user("ann"), &device("phone")]),
        client(7, Some("ann"), Some("phone"), Some("y")),
    ]);
    assert_eq!(
        refused(&profiles, "tablet"),
        [(4, RefusalReason::Separated)],
        "the user x is meant, the device x as well"
    );
    assert_eq!(refused(&profiles, "ann"), [(7, RefusalReason::Separated)]);
    assert_eq!(profiles.find(&device("phone")).unwrap(), None);
    assert_eq!(profiles.find(&device("y")).unwrap(), Some("ann".into()), "of that nobody has said anything");
}

#[test]
fn a_separation_that_is_known_beforehand_parts_what_was_joined_before_it() {
    let (ann, bob) = (user("ann"), user("bob"));
    let events = [
        event(1, Some("ann"), None, None),
        event(2, Some("bob"), None, Some("ann")),
        event(3, Some("ann"), None, None),
        separate(4, [&ann, &bob]),
    ];
    let live = fold(&events);
    assert_eq!((seen(&live, "ann"), live.separations().to_do().count()), (vec![1, 2, 3], 1));
    let told = anew(&events, Separations::known(&events));
    assert_eq!((seen(&told, "ann"), seen(&told, "bob")), (vec![1, 3], vec![2]));
    assert_eq!(refused(&told, "bob"), [(2, RefusalReason::Separated)]);
    assert_eq!(told.separations().to_do().count(), 0);
}

/// Told by somebody who knows some separations beforehand.
fn anew(events: &[Recorded], known: Separations) -> Profiles<Seen> {
    let mut told = Profiles::told_anew(Arc::default(), known).unwrap();
    events.iter().for_each(|recorded| drop(told.apply(recorded).unwrap()));
    told
}

/// Events of two companies' customers that never meet, with separations among the names of the first.
fn two_groups() -> impl Strategy<Value = Vec<Recorded>> {
    let name = || proptest::option::of(0..3_usize);
    let origin = proptest::sample::select(Origin::ALL.to_vec());
    let said = (any::<bool>(), 0..6_u8, origin, name(), name(), name(), (0..6_usize, 0..6_usize));
    proptest::collection::vec(said, 2..30).prop_map(|said| {
        let numbered = (1..).zip(said);
        let one = |(n, (is_first, what, origin, user_place, device_place, previous, (a, b)))| {
            let names: &[&str] = if is_first { &["a", "b", "c"] } else { &["x", "y", "z"] };
            let of = |place: Option<usize>| place.map(|place: usize| names[place]);
            let all = first_group();
            if is_first && what == 0 && a != b {
                return separate(n, [&all[a], &all[b]]);
            }
            let previous = of(previous).filter(|_| what < 3);
            from(origin, event(n, of(user_place), of(device_place), previous))
        };
        numbered.map(one).collect()
    })
}

fn first_group() -> Vec<Identifier> {
    ["a", "b", "c"].iter().flat_map(|name| [user(name), device(name)]).collect()
}

proptest! {
    /// To the byte: whoever is told anew is as if all separations had been known from the beginning, and everybody else is as
    /// they were, wherever they lay meanwhile, in memory or in the store.
    #[test]
    fn what_is_told_anew_is_as_if_it_had_been_known(
        events in two_groups(), cut in 0_usize..30, shrinks: bool, is_durable: bool,
    ) {
        let store = Arc::new(MemoryProfileStore::default());
        let mut live = Profiles::<Seen>::open(store.clone()).unwrap();
        let mut watched = Watched::default();
        for (i, recorded) in events.iter().enumerate() {
            live.apply_watched(recorded, &mut watched).unwrap();
            if i == cut {
                store.commit(live.offset(), live.take_changes().unwrap()).unwrap();
                if shrinks {
                    live.shrink_to(0, usize::MAX);
                }
            }
        }
        let known = Separations::known(&events);
        prop_assume!(known.iter().next().is_some());
        let names: BTreeSet<Identifier> = first_group().into_iter().collect();
        let theirs: Vec<Recorded> =
            events.iter().filter(|one| Identifier::mentioned(&one.event).any(|name| names.contains(&name))).cloned().collect();
        let then = anew(&theirs, Separations::default()).totals().n_merged;
        // A checkpoint under way is of the moment at which it began.
        let before = MemoryProfileStore::default();
        before.commit(Offset(0), fold(&events).take_changes().unwrap()).unwrap();
        live.begin_checkpoint().unwrap();
        let offset = live.offset();
        live.tell_anew(&names, anew(&theirs, known.clone()), then, &mut watched).unwrap();
        let mut changes = Vec::new();
        live.fill(&mut changes, usize::MAX).unwrap();
        if is_durable {
            store.commit(offset, changes).unwrap();
            prop_assert_eq!(rows(store.as_ref()), rows(&before));
        }
        live.end_checkpoint(is_durable);

        let expected_store = MemoryProfileStore::default();
        let mut expected = Profiles::<Seen>::open(Arc::new(MemoryProfileStore::default())).unwrap();
        expected.know(known);
        let mut expected_watched = Watched::default();
        events.iter().for_each(|recorded| drop(expected.apply_watched(recorded, &mut expected_watched).unwrap()));
        prop_assert_eq!(live.totals(), expected.totals());
        prop_assert_eq!(&watched, &expected_watched);
        for name in names.iter().chain([&user("x"), &device("y")]) {
            prop_assert_eq!(live.find(name).unwrap(), expected.find(name).unwrap(), "{}", name);
        }
        store.commit(live.offset(), live.take_changes().unwrap()).unwrap();
        expected_store.commit(expected.offset(), expected.take_changes().unwrap()).unwrap();
        prop_assert_eq!(rows(store.as_ref()), rows(&expected_store));
        prop_assert!(live.separations().iter().eq(expected.separations().iter()));
    }
}
