//! Who may join whom? The table of `docs/adr/0011`, event by event, and what it must never come to.

use super::*;
use crate::evidence::{Claim, Verdict};
use crate::{JoinRefusal, RefusalReason};
use proptest::test_runner::TestCaseError;

fn user(name: &str) -> Identifier {
    Identifier::User(name.into())
}

fn device(name: &str) -> Identifier {
    Identifier::Anonymous(name.into())
}

fn refusals(profiles: &Profiles<Seen>, name: &str) -> Vec<(u64, RefusalReason, [Identifier; 2])> {
    let refusals = customer(profiles, name).profile.refusals;
    refusals.into_iter().map(|refusal| (refusal.offset.0, refusal.reason, refusal.names)).collect()
}

#[test]
fn the_table_of_who_may_join_whom() {
    use LinkReason::{Alias, SeenTogether};
    use Verdict::{Join, Keep, Share};
    let (main, ann, phone) = (user("bob"), user("ann"), device("phone"));
    for (reason, other, both_known, is_shared, client, company) in [
        (SeenTogether, &phone, false, false, Join, Join),
        (SeenTogether, &phone, true, false, Share, Share),
        (SeenTogether, &phone, true, true, Share, Share),
        (Alias, &phone, false, false, Join, Join),
        (Alias, &phone, true, false, Share, Join),
        (Alias, &phone, true, true, Share, Share),
        (Alias, &ann, false, false, Join, Join),
        (Alias, &ann, true, false, Keep, Join),
    ] {
        for origin in Origin::ALL {
            let recorded = from(origin, event(1, Some("bob"), None, Some("x")));
            let claim = Claim { recorded: &recorded, main: &main, other: other.clone(), reason };
            let expected = if origin == Origin::Client { client } else { company };
            assert_eq!(claim.verdict(both_known, is_shared), expected, "{reason:?} {other} {both_known} {origin:?}");
        }
    }
}

#[test]
fn a_write_key_joins_a_device_with_its_history_to_a_user() {
    for last in [client(2, Some("ann"), Some("phone"), None), client(2, Some("ann"), None, Some("phone"))] {
        let profiles = fold(&[client(1, None, Some("phone"), None), last]);
        let ann = customer(&profiles, "phone");
        assert_eq!((ann.profile.id.as_str(), seen(&profiles, "ann")), ("ann", vec![1, 2]));
        assert!(ann.profile.refusals.is_empty());
    }
}

#[test]
fn a_device_that_names_a_user_becomes_part_of_that_user() {
    let profiles = fold(&[
        client(1, Some("ann"), None, None),
        client(2, None, Some("phone"), None),
        client(3, None, Some("phone"), Some("ann")),
    ]);
    let ann = customer(&profiles, "phone").profile;
    assert_eq!((ann.id.as_str(), seen(&profiles, "ann")), ("ann", vec![1, 2, 3]));
    assert_eq!(ann.links[&user("ann")].reason, LinkReason::FirstSeen, "the older evidence stays");
    assert_eq!(
        (ann.links[&device("phone")].offset, ann.links[&device("phone")].reason),
        (Offset(3), LinkReason::Alias)
    );
    let totals = profiles.totals();
    assert_eq!((totals.n_customers, totals.n_known, totals.n_merged), (1, 1, 1));
}

#[test]
fn a_write_key_cannot_make_two_users_one() {
    let events = [
        client(1, Some("ann"), None, None),
        client(2, Some("bob"), None, None),
        client(3, Some("bob"), None, Some("ann")),
        client(4, Some("eve"), None, Some("ann")),
    ];
    let profiles = fold(&events);
    for (name, own) in [("ann", vec![1]), ("bob", vec![2, 3]), ("eve", vec![4])] {
        assert_eq!(seen(&profiles, name), own, "{name}");
    }
    let of_bob = (3, RefusalReason::TwoUsers, [user("bob"), user("ann")]);
    let of_eve = (4, RefusalReason::TwoUsers, [user("eve"), user("ann")]);
    assert_eq!(refusals(&profiles, "ann"), [of_bob.clone(), of_eve.clone()]);
    assert_eq!((refusals(&profiles, "bob"), refusals(&profiles, "eve")), (vec![of_bob], vec![of_eve]));
    assert_eq!((profiles.totals().n_customers, profiles.totals().n_merged), (3, 0));
}

#[test]
fn a_write_key_cannot_claim_a_user_before_the_user_comes() {
    let profiles = fold(&[client(1, Some("eve"), None, Some("ann")), client(2, Some("ann"), None, None)]);
    assert_eq!((seen(&profiles, "eve"), seen(&profiles, "ann")), (vec![1], vec![2]));
    assert!(customer(&profiles, "eve").profile.links.contains_key(&device("ann")));
}

#[test]
fn the_company_joins_two_users_and_the_evidence_stays() {
    for origin in [Origin::Server, Origin::Import] {
        let profiles = fold(&[
            client(1, Some("old"), Some("phone"), None),
            client(2, Some("new"), None, None),
            from(origin, event(3, Some("new"), None, Some("old"))),
        ]);
        let joined = customer(&profiles, "old").profile;
        assert_eq!((joined.id.as_str(), seen(&profiles, "phone")), ("new", vec![1, 2, 3]));
        let [join] = joined.joins.as_slice() else { panic!("one join: {:?}", joined.joins) };
        let names = [user("new"), user("old")];
        assert_eq!((join.offset, join.at, join.origin), (Offset(3), Timestamp::from_millis(3_000), origin));
        assert_eq!((join.reason, &join.names, join.n_events), (LinkReason::Alias, &names, 1));
        assert_eq!((join.into.as_str(), join.absorbed.as_str()), ("new", "old"));
        assert_eq!((profiles.totals().n_customers, profiles.totals().n_known), (1, 1));
    }
}

#[test]
fn a_shared_device_serves_whoever_signed_in_last() {
    for origin in [Origin::Client, Origin::Server] {
        let profiles = fold(&[
            from(origin, event(1, Some("ann"), Some("tablet"), None)),
            from(origin, event(2, Some("bob"), Some("tablet"), None)),
            from(origin, event(3, None, Some("tablet"), None)),
            from(origin, event(4, Some("ann"), Some("tablet"), None)),
            from(origin, event(5, None, Some("tablet"), None)),
            from(origin, event(6, Some("bob"), Some("tablet"), None)),
            from(origin, event(7, None, Some("tablet"), None)),
        ]);
        assert_eq!((seen(&profiles, "ann"), seen(&profiles, "bob")), (vec![1, 4, 5], vec![2, 3, 6, 7]));
        let refusal = (2, RefusalReason::SharedDevice, [user("bob"), device("tablet")]);
        for (name, offset) in [("ann", 1), ("bob", 2)] {
            let profile = customer(&profiles, name).profile;
            let link = &profile.links[&device("tablet")];
            assert!(link.is_shared && !profile.links[&user(name)].is_shared, "{name}");
            assert_eq!((link.offset, link.reason), (Offset(offset), LinkReason::SeenTogether));
            assert_eq!(
                refusals(&profiles, name),
                std::slice::from_ref(&refusal),
                "{name}: said once, not at every sign-in"
            );
        }
    }
}

#[test]
fn a_shared_device_joins_nobody_who_is_known() {
    let shared = [client(1, Some("ann"), Some("tablet"), None), client(2, Some("bob"), Some("tablet"), None)];
    for last in [
        event(3, Some("ann"), None, Some("tablet")),
        client(3, Some("ann"), None, Some("tablet")),
        client(3, Some("ann"), Some("tablet"), None),
    ] {
        let mut events = shared.to_vec();
        events.extend([last, event(4, None, Some("tablet"), None)]);
        let profiles = fold(&events);
        assert_eq!((seen(&profiles, "ann"), seen(&profiles, "bob")), (vec![1, 3, 4], vec![2]));
    }
}

#[test]
fn a_merge_takes_along_only_the_names_that_lead_to_it() {
    let profiles = fold(&[
        client(1, Some("ann"), Some("tablet"), None),
        client(2, Some("bob"), Some("tablet"), None),
        event(3, Some("cleo"), None, Some("ann")),
        event(4, None, Some("tablet"), None),
        event(5, Some("cleo"), Some("tablet"), None),
        event(6, None, Some("tablet"), None),
    ]);
    assert_eq!((seen(&profiles, "bob"), seen(&profiles, "cleo")), (vec![2, 4], vec![1, 3, 5, 6]));
    let both = fold(&[
        client(1, Some("ann"), Some("tablet"), None),
        client(2, Some("bob"), Some("tablet"), None),
        event(3, Some("cleo"), None, Some("bob")),
        event(4, None, Some("tablet"), None),
    ]);
    assert_eq!((seen(&both, "ann"), seen(&both, "cleo")), (vec![1], vec![2, 3, 4]));
}

#[test]
fn a_shared_device_leads_to_the_right_customer_after_a_start() {
    let store = Arc::new(MemoryProfileStore::default());
    let mut first: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    for recorded in [client(1, Some("bob"), Some("tablet"), None), client(2, Some("ann"), Some("tablet"), None)] {
        first.apply(&recorded).unwrap();
    }
    first.apply(&client(3, Some("bob"), Some("tablet"), None)).unwrap();
    store.commit(first.offset(), first.take_changes().unwrap()).unwrap();
    let mut rows = Vec::new();
    let mut keep = |key: &str, bytes: &[u8]| {
        rows.push(Customer::<Seen>::from_stored(key, bytes).unwrap());
        true
    };
    store.scan(Collection::Customer, "", &mut keep).unwrap();
    let mut reopened: Profiles<Seen> = Profiles::open(store).unwrap();
    assert!(rows.into_iter().all(|customer| reopened.admit(customer, 9)), "ann is admitted before bob");
    reopened.apply(&client(4, None, Some("tablet"), None)).unwrap();
    assert_eq!(seen(&reopened, "bob"), [1, 3, 4]);
}

#[test]
fn the_same_refusal_again_takes_the_place_of_the_first_and_the_newest_stay() {
    let mut events = vec![client(1, Some("user-1"), None, None)];
    events.extend((2..=20).map(|n| client(n, Some(&format!("user-{n}")), None, Some("user-1"))));
    events.push(client(21, Some("user-6"), None, Some("user-1")));
    let profiles = fold(&events);
    let kept: Vec<u64> = refusals(&profiles, "user-1").iter().map(|(offset, ..)| *offset).collect();
    let newest: Vec<u64> = std::iter::once(5).chain(7..=21).collect();
    assert_eq!(kept, newest, "that of user 6 stands at its last place");
    assert_eq!(refusals(&profiles, "user-6").len(), 1);
}

#[test]
fn refusals_of_two_customers_who_are_joined_later_are_kept_once() {
    let profiles = fold(&[
        client(1, Some("ann"), None, None),
        client(2, Some("bob"), None, Some("ann")),
        event(3, Some("bob"), None, Some("ann")),
    ]);
    assert_eq!(refusals(&profiles, "ann"), [(2, RefusalReason::TwoUsers, [user("bob"), user("ann")])]);
    assert_eq!(seen(&profiles, "ann"), [1, 2, 3]);
}

#[test]
fn reasons_are_told_in_words() {
    let links = [LinkReason::FirstSeen, LinkReason::SeenTogether, LinkReason::Alias].map(LinkReason::text);
    let refusals = RefusalReason::ALL.map(RefusalReason::text);
    let texts: BTreeSet<&str> = links.into_iter().chain(refusals).collect();
    assert_eq!(texts.len(), 7);
    assert!(texts.iter().all(|text| text.len() > 20));
    assert!(refusals[0].contains("write key") && refusals[1].contains("device") && refusals[2].contains("names"));
    assert!(refusals[3].contains("a person said"));
}

proptest! {
    /// Write keys alone never give a customer a second userId, whatever they send.
    #[test]
    fn write_keys_alone_never_join_two_users(events in arbitrary_events()) {
        let profiles = fold(&events.into_iter().map(|one| from(Origin::Client, one)).collect::<Vec<_>>());
        for customer in profiles.into_resident() {
            let users = customer.profile.links.keys().filter(|name| matches!(name, Identifier::User(_)));
            prop_assert!(users.count() <= 1, "{:?}", customer.profile.links);
            let is_user = |refusal: &JoinRefusal| matches!(refusal.names[1], Identifier::User(_));
            let is_right = |refusal: &JoinRefusal| (refusal.reason == RefusalReason::TwoUsers) == is_user(refusal);
            prop_assert!(customer.profile.refusals.iter().all(is_right));
        }
    }

    /// Every name leads to a customer who knows it; a name of several customers is marked as shared by each of them.
    #[test]
    fn names_and_customers_agree(events in arbitrary_events()) {
        are_names_and_customers_at_one(&fold(&events))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// It holds where some have as many names as may be, too, and then nothing of anybody is lost either.
    #[test]
    fn names_and_customers_agree_where_there_is_no_room(events in arbitrary_events()) {
        let crowd = ["a", "b"].into_iter().flat_map(|name| (0..255).map(move |n| (name, format!("{name}-{n}"))));
        let crowd = (1..).zip(crowd).map(|(n, (name, device))| client(n, Some(name), Some(&device), None));
        let later = events.into_iter().map(|mut recorded| {
            recorded.offset = Offset(recorded.offset.0 + 1_000);
            recorded
        });
        let events: Vec<Recorded> = crowd.chain(later).collect();
        let n_owned = events.iter().filter(|one| Identifier::of(&one.event).into_iter().flatten().next().is_some()).count();
        let profiles = fold(&events);
        are_names_and_customers_at_one(&profiles)?;
        prop_assert!(profiles.resident().all(|customer| customer.profile.links.len() <= 256));
        prop_assert_eq!(profiles.resident().map(|customer| customer.profile.n_events).sum::<u64>(), n_owned as u64);
        prop_assert_eq!(profiles.totals().n_customers, profiles.resident().count() as u64);
        prop_assert_eq!(profiles.totals().n_customers, profiles.n_in_memory());
    }
}

fn are_names_and_customers_at_one(profiles: &Profiles<Seen>) -> Result<(), TestCaseError> {
    let customers: Vec<Customer<Seen>> = profiles.resident().cloned().collect();
    for (name, id) in &profiles.identifiers {
        let owners: Vec<_> = customers.iter().filter(|customer| customer.profile.links.contains_key(name)).collect();
        prop_assert_eq!(owners.is_empty(), id.is_none());
        prop_assert!(id.is_none() || owners.iter().any(|owner| Some(&owner.profile.id) == id.as_ref()));
        prop_assert!(owners.len() < 2 || owners.iter().all(|owner| owner.profile.links[name].is_shared));
    }
    for customer in &customers {
        for name in customer.profile.links.keys() {
            prop_assert!(profiles.find(name).unwrap().is_some());
        }
    }
    let n_joins: usize = customers.iter().map(|customer| customer.profile.joins.as_slice().len()).sum();
    prop_assert_eq!(n_joins as u64, profiles.totals().n_merged);
    Ok(())
}
