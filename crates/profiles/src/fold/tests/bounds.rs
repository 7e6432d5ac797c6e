//! How much may one customer hold, and what makes room?

use super::*;
use crate::{Profile, RefusalReason, Trait};
use events::Fields;

/// A customer founded by a device of which `n` more become known, one event each, from offset 2 on.
fn with_devices(n: u64) -> Vec<Recorded> {
    let first = client(1, Some("ann"), Some("d-first"), None);
    let more = (2..n + 2).map(|n| event(n, Some("ann"), Some(&format!("d-{n}")), None));
    std::iter::once(first).chain(more).collect()
}

#[test]
fn beyond_256_names_the_company_s_next_makes_the_device_tied_longest_ago_go() {
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
    profiles.apply(&event(300, Some("ann"), Some("d-300"), None)).unwrap();
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

/// A customer's id means that customer, also where the device that founded them speaks for somebody else by now.
#[test]
fn a_customer_is_found_by_their_id_whomever_its_device_leads_to() {
    let events = [
        event(1, None, Some("d"), None),
        event(2, None, Some("d"), Some("bob")),
        client(3, Some("ann"), Some("d"), None),
    ];
    let profiles = fold(&events);
    let id = |text: &str| profiles.find_by_text(text).unwrap().unwrap().to_string();
    assert_eq!(["anonymous:d", "bob", "ann", "d"].map(id), ["anonymous:d", "anonymous:d", "ann", "ann"]);
}

#[test]
fn a_shared_device_is_never_let_go() {
    for last in ["bob", "ann"] {
        let signed_in = [(1, "ann"), (2, "bob"), (3, last)];
        let mut events: Vec<Recorded> = signed_in.map(|(n, user)| client(n, Some(user), Some("tablet"), None)).into();
        events.extend((4..259).map(|n| event(n, Some("ann"), Some(&format!("d-{n}")), None)));
        let profiles = fold(&events);
        let names = customer(&profiles, "ann").profile.links;
        assert_eq!((names.len(), names.contains_key(&Identifier::Anonymous("tablet".into()))), (256, true));
        assert_eq!(profiles.find_by_text("tablet").unwrap(), profiles.find_by_text(last).unwrap());
        assert_eq!(profiles.find_by_text("d-4").unwrap(), None, "the oldest that is only hers made room");
    }
}

#[test]
fn the_name_that_founded_a_customer_is_never_let_go() {
    let mut events = vec![client(1, None, Some("founder"), None)];
    events.extend((2..400).flat_map(|n| {
        let device = format!("d-{n}");
        [client(2 * n, None, Some(&device), None), event(2 * n + 1, None, Some("founder"), Some(&device))]
    }));
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
    assert_eq!((profile.links.len(), profile.n_lasting()), (256, 255));
    assert_eq!((seen(&profiles, "late"), profile.refusals.len()), (vec![300], 16));
    assert_eq!(profile.refusals.last().map(|refusal| refusal.reason), Some(RefusalReason::TooManyNames));
    assert_eq!(customer(&profiles, "late").profile.refusals.len(), 1);
    profiles.take_changes().unwrap();
    assert!(profiles.identifiers.values().all(Option::is_some), "a name that was refused leaves no trace");
}

/// Ann on her phone, and a stranger who has made up names for her until there is no room for more.
fn ann_crowded_by_a_stranger() -> Vec<Recorded> {
    let mut events = vec![client(1, Some("ann"), Some("phone"), None), client(2, None, Some("visitor"), None)];
    events.extend([client(3, Some("bob"), Some("tablet"), None), event(4, Some("old ann"), None, None)]);
    events.extend((10..400).map(|n| client(n, Some("ann"), Some(&format!("junk-{n}")), None)));
    events
}

#[test]
fn a_write_key_takes_no_device_away_whatever_it_ties_to_a_customer() {
    let mut profiles = fold(&ann_crowded_by_a_stranger());
    let is_refused = |profiles: &Profiles<Seen>, name: &str| {
        let refusals = customer(profiles, name).profile.refusals;
        refusals.last().is_some_and(|refusal| refusal.reason == RefusalReason::TooManyNames)
    };
    assert_eq!((customer(&profiles, "ann").profile.links.len(), is_refused(&profiles, "ann")), (256, true));
    assert_eq!(
        (profiles.find_by_text("junk-399").unwrap(), profiles.find_by_text("junk-263").unwrap()),
        (None, { Some("ann".into()) })
    );
    // Nor does one that signs in with a history, or on somebody else's device, or says so by an alias.
    profiles.apply(&client(400, Some("ann"), Some("visitor"), None)).unwrap();
    profiles.apply(&client(401, Some("ann"), Some("tablet"), None)).unwrap();
    profiles.apply(&client(402, Some("ann"), None, Some("visitor"))).unwrap();
    profiles.apply(&client(403, None, Some("visitor"), Some("ann"))).unwrap();
    assert!(["visitor", "bob"].into_iter().all(|name| is_refused(&profiles, name)));
    assert_eq!((seen(&profiles, "visitor"), seen(&profiles, "tablet")), (vec![2, 403], vec![3]));
    profiles.apply(&client(404, None, Some("phone"), None)).unwrap();
    assert!(seen(&profiles, "ann").contains(&404), "the phone is hers as before");
    // The company's word makes room.
    profiles.apply(&event(405, Some("ann"), Some("visitor"), None)).unwrap();
    profiles.apply(&event(406, Some("ann"), None, Some("old ann"))).unwrap();
    let ann = customer(&profiles, "ann").profile;
    assert_eq!((ann.links.len(), ann.joins.as_slice().len()), (256, 2));
    assert_eq!((profiles.find_by_text("phone").unwrap(), seen(&profiles, "visitor").contains(&2)), (None, true));
}

#[test]
fn a_shared_device_is_never_let_go_so_that_nobody_is_founded_over_its_founder() {
    let mut events = vec![event(1, None, Some("tablet"), Some("u1")), client(2, Some("eve"), Some("tablet"), None)];
    events.extend((3..400).map(|n| event(n, Some("eve"), Some(&format!("d-{n}")), None)));
    events.push(client(400, None, Some("tablet"), None));
    let profiles = fold(&events);
    assert_eq!((seen(&profiles, "u1"), profiles.totals().n_customers), (vec![1], 2));
    assert!(seen(&profiles, "tablet").contains(&400) && seen(&profiles, "eve").contains(&400));
    let eve = customer(&profiles, "eve").profile;
    assert_eq!((eve.links.len(), eve.n_lasting()), (256, 2));
}

#[test]
fn a_name_stays_in_memory_only_with_whom_it_leads_to() {
    let store = Arc::new(MemoryProfileStore::default());
    let mut profiles: Profiles<Seen> = Profiles::open(store.clone()).unwrap();
    let stored = |profiles: &mut Profiles<Seen>| {
        store.commit(profiles.offset(), profiles.take_changes().unwrap()).unwrap();
        profiles.shrink_to(0, usize::MAX);
        profiles.identifiers.len()
    };
    for recorded in [client(1, Some("ann"), Some("tablet"), None), client(2, Some("bob"), Some("tablet"), None)] {
        profiles.apply(&recorded).unwrap();
    }
    assert_eq!(stored(&mut profiles), 0);
    // Ann is met with another device: then it is looked up to whom her shared one leads.
    profiles.apply(&client(3, Some("ann"), Some("phone"), None)).unwrap();
    assert!(profiles.identifiers.contains_key(&Identifier::Anonymous("tablet".into())));
    assert_eq!(stored(&mut profiles), 0);
}

fn identify(offset: u64, traits: &[(&str, &str)]) -> Recorded {
    let mut recorded = client(offset, Some("ann"), None, None);
    let traits: Fields = traits.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    recorded.event.call = Call::Identify { traits };
    recorded
}

fn traits(events: &[Recorded]) -> Vec<(String, String)> {
    let profile = customer(&fold(events), "ann").profile;
    profile.traits.into_iter().map(|(name, said)| (name, said.json.into())).collect()
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
fn a_write_key_changes_no_trait_that_the_company_told_and_makes_none_go() {
    let company = |offset: u64, said: &[(&str, &str)]| {
        let mut recorded = identify(offset, said);
        recorded.event.origin = Origin::Server;
        recorded
    };
    let kept = |name: &str, json: &str| (name.to_owned(), format!("\"{json}\""));
    let told = [company(2, &[("vip", "no")]), identify(3, &[("vip", "yes"), ("city", "Graz")])];
    let expected = [kept("city", "Graz"), kept("vip", "no")];
    assert_eq!(traits(&told), expected, "what the company left unsaid a write key may say");
    let earlier = Recorded { offset: Offset(1), event: told[1].event.clone() };
    assert_eq!(traits(&[earlier, told[0].clone()]), expected, "in whichever order they arrive");
    let first = [identify(1, &[("vip", "yes")]), told[0].clone(), company(4, &[("vip", "perhaps")])];
    assert_eq!(traits(&first), [kept("vip", "perhaps")], "the company's own latest word counts");
    let many = (5..400).map(|offset| identify(offset, &[(&format!("t-{offset}"), "x")]));
    let all: Vec<Recorded> = told.iter().cloned().chain(many).collect();
    let found = traits(&all);
    assert!(found.len() == 128 && found.contains(&kept("vip", "no")) && !found.contains(&kept("city", "Graz")));
    // Two that turn out to be one: a stranger's word on the one changes nothing of the other.
    let stranger = Recorded {
        offset: Offset(3),
        event: Event { user_id: None, anonymous_id: Some("v".into()), ..told[1].event.clone() },
    };
    let mut joins = company(4, &[]);
    joins.event.anonymous_id = Some("v".into());
    assert_eq!(traits(&[told[0].clone(), stranger, joins]), expected);
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

proptest! {
    /// Whichever of two customers goes on, and in whichever order their words came, the same traits are kept.
    #[test]
    fn traits_are_merged_the_same_in_both_directions(
        said in proptest::collection::vec((0_u64..12, 0_usize..3, 0_usize..10, any::<bool>()), 1..40),
    ) {
        let [mut left, mut right] = [(); 2].map(|()| Profile::new("ann".into(), Identifier::User("ann".into()), &client(1, Some("ann"), None, None)));
        for ((name, size, at, is_left), offset) in said.into_iter().zip(1..) {
            let json = "v".repeat([1, 1_024, 2_043][size]);
            let at = Timestamp::from_millis(i64::try_from(at).unwrap());
            let profile = if is_left { &mut left } else { &mut right };
            let (offset, key, is_vouched) = (Offset(offset), events::EventKey(offset), offset.is_multiple_of(3));
            profile.keep_traits([(format!("t-{name:02}"), Trait { json: json.into(), is_vouched, at, offset, key })]);
        }
        let (mut one, mut other) = (left.clone(), right.clone());
        one.merge(right);
        other.merge(left);
        prop_assert_eq!(one.traits, other.traits);
    }
}
