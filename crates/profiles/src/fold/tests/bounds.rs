//! How much may one customer hold, and what makes room?

use super::*;
use crate::RefusalReason;
use events::Fields;

/// A customer founded by a device of which `n` more become known, one event each, from offset 2 on.
fn with_devices(n: u64) -> Vec<Recorded> {
    let first = client(1, Some("ann"), Some("d-first"), None);
    let more = (2..n + 2).map(|n| client(n, Some("ann"), Some(&format!("d-{n}")), None));
    std::iter::once(first).chain(more).collect()
}

#[test]
fn beyond_256_names_the_device_tied_longest_ago_makes_room() {
    let at_the_limit = fold(&with_devices(254));
    assert_eq!(customer(&at_the_limit, "ann").profile.links.len(), 256);
    assert!(at_the_limit.find_by_text("d-first").unwrap().is_some());

    let store = Arc::new(MemoryProfileStore::default());
    let mut profiles: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    for recorded in with_devices(255) {
        profiles.apply(&recorded).unwrap();
    }
    assert_eq!(customer(&profiles, "ann").profile.links.len(), 256);
    store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
    profiles.apply(&client(300, Some("ann"), Some("d-300"), None)).unwrap();
    assert_eq!(
        profiles.find_by_text("d-2").unwrap(),
        None,
        "it leads to nobody at once, although the store still has it"
    );
    profiles.apply(&client(301, None, Some("d-first"), None)).unwrap();
    assert_eq!(customer(&profiles, "d-first").profile.id.as_str(), "anonymous:d-first");
    store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
    profiles.shrink_to(0, usize::MAX);
    assert_eq!(profiles.find_by_text("d-2").unwrap(), None);
    assert_eq!((customer(&profiles, "ann").profile.links.len(), profiles.totals().n_customers), (256, 2));
    assert_eq!(customer(&profiles, "ann").profile.joins.as_slice().len(), 0);
}

#[test]
fn a_shared_device_that_is_let_go_stays_with_whom_it_leads_to() {
    for (last, leads_to) in [("bob", Some("bob")), ("ann", None)] {
        let signed_in = [(1, "ann"), (2, "bob"), (3, last)];
        let mut events: Vec<Recorded> = signed_in.map(|(n, user)| client(n, Some(user), Some("tablet"), None)).into();
        events.extend((4..259).map(|n| client(n, Some("ann"), Some(&format!("d-{n}")), None)));
        let profiles = fold(&events);
        let names = customer(&profiles, "ann").profile.links;
        assert_eq!((names.len(), names.contains_key(&Identifier::Anonymous("tablet".into()))), (256, false));
        assert_eq!(profiles.find_by_text("tablet").unwrap().as_ref().map(CustomerId::as_str), leads_to);
    }
}

#[test]
fn the_name_that_founded_a_customer_is_never_let_go() {
    let mut events = vec![client(1, None, Some("founder"), None)];
    events.extend((2..400).map(|n| client(n, None, Some("founder"), Some(&format!("d-{n}")))));
    let profiles = fold(&events);
    let profile = customer(&profiles, "founder").profile;
    assert_eq!((profile.id.as_str(), profile.links.len()), ("anonymous:founder", 256));
    assert_eq!((profiles.find_by_text("d-144").unwrap(), profiles.totals().n_customers), (None, 1));
    assert!(profiles.find_by_text("d-145").unwrap().is_some());
}

#[test]
fn a_customer_with_too_many_userids_takes_no_more() {
    let mut events = vec![event(1, Some("main"), None, None)];
    events.extend((2..300).map(|n| event(n, Some("main"), None, Some(&format!("u-{n}")))));
    events.push(event(300, Some("late"), None, None));
    events.push(event(301, Some("main"), None, Some("late")));
    let mut profiles = fold(&events);
    let profile = customer(&profiles, "main").profile;
    assert_eq!((profile.links.len(), profile.n_users()), (256, 255));
    assert_eq!((seen(&profiles, "late"), profile.refusals.len()), (vec![300], 16));
    assert_eq!(profile.refusals.last().map(|refusal| refusal.reason), Some(RefusalReason::TooManyNames));
    assert_eq!(customer(&profiles, "late").profile.refusals.len(), 1);
    profiles.take_changes().unwrap();
    assert!(profiles.identifiers.values().all(Option::is_some), "a name that was refused leaves no trace");
}

fn identify(offset: u64, traits: &[(&str, &str)]) -> Recorded {
    let mut recorded = client(offset, Some("ann"), None, None);
    let traits: Fields = traits.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    recorded.event.call = Call::Identify { traits };
    recorded
}

fn traits(events: &[Recorded]) -> Vec<(String, String)> {
    let profile = customer(&fold(events), "ann").profile;
    profile.traits.into_iter().map(|(name, said)| (name, said.json)).collect()
}

#[test]
fn the_latest_word_of_a_trait_is_kept_with_its_evidence() {
    let mut late = identify(3, &[("name", "Old")]);
    late.event.occurred_at = Timestamp::from_millis(500);
    let mut same = identify(4, &[("name", "Same")]);
    same.event.occurred_at = Timestamp::from_millis(2_000);
    let first = [identify(1, &[("name", "Ann")]), identify(2, &[("name", "Anna"), ("city", "Wien")]), late];
    let kept = |name: &str, json: &str| (name.to_owned(), format!("\"{json}\""));
    assert_eq!(traits(&first), [kept("city", "Wien"), kept("name", "Anna")]);
    assert_eq!(traits(&[&first[..], &[same]].concat()), [kept("city", "Wien"), kept("name", "Same")]);
    let profile = customer(&fold(&first), "ann").profile;
    assert_eq!((profile.traits["name"].offset, profile.traits["name"].at), (Offset(2), Timestamp::from_millis(2_000)));
    assert_eq!((profile.first_seen, profile.last_seen), (Timestamp::from_millis(500), Timestamp::from_millis(2_000)));
}

#[test]
fn traits_that_are_too_long_are_not_kept_and_the_oldest_make_room() {
    let (name, value) = ("n".repeat(128), "v".repeat(2 * 1024 - 2));
    assert_eq!(traits(&[identify(1, &[(&name, &value)])]).len(), 1);
    assert!(traits(&[identify(1, &[(&format!("{name}n"), "x"), ("long", &format!("{value}v"))])]).is_empty());

    let many: Vec<Recorded> = (1..=130).map(|n| identify(n, &[(&format!("t-{n}"), "x")])).collect();
    let kept: BTreeSet<String> = traits(&many).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        (kept.len(), kept.contains("t-2"), kept.contains("t-3"), kept.contains("t-130")),
        (128, false, true, true)
    );

    // 2,048 bytes each with its name: eight of them are exactly what is kept.
    let value = "v".repeat(2_043);
    let large: Vec<Recorded> = (1..=9).map(|n| identify(n, &[(&format!("t-{n}"), &value)])).collect();
    assert_eq!(traits(&large[..8]).len(), 8);
    let kept: Vec<String> = traits(&large).into_iter().map(|(name, _)| name).collect();
    assert_eq!((kept.len(), kept.first().map(String::as_str)), (8, Some("t-2")));
}
