//! Do the folds come to what the plain list of events says, read slowly and without a trick?
//!
//! Seeded cases of late, duplicate, reordered, merged, shared and separated events. By default some hundred; as many as
//! `RAPPORT_NAIVE_CASES` says for a longer run: `RAPPORT_NAIVE_CASES=10000 cargo test -p features --test naive`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod channels;
mod reading;
mod who;

use events::generator::Tangle;
use events::{Event, Offset, Recorded};
use features::FeatureState;
use primitives::Seed;
use profiles::{Customer, Identifier, Owned, Profiles, Separations, encode};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the cases had in them, so that they are known to be of every sort.
#[derive(Debug, Default)]
struct Had {
    duplicates: usize,
    late: usize,
    merged: usize,
    shared: usize,
    separated: usize,
    refused: usize,
    full: usize,
    known: channels::Known,
}

/// A case: events as they arrive, those included that arrive twice.
fn case(seed: u64) -> Vec<Event> {
    let size = usize::try_from(seed % 7).unwrap();
    // Some have so many events that not all of them are remembered one by one.
    let n_events = if seed % 50 == 49 { 600 } else { 8 + 9 * size };
    // In some it takes months or years until all of it has happened.
    let n_hours = 1 + size * [30, 30, 30, 500, 2_000][usize::try_from(seed % 5).unwrap()];
    let tangle = Tangle { n_events, n_users: 1 + size, n_devices: 2 + size / 2, n_hours };
    let mut events = with_songs(tangle.events(Seed::new(seed)));
    if seed.is_multiple_of(3) {
        for n in 0..=size as u64 {
            let [a, b] = [seed / 3 + n, seed / 7 + 3 * n];
            let names = [
                format!("u:u{}", a % (1 + size as u64)),
                format!("{}{}", if b.is_multiple_of(2) { "a:d" } else { "u:u" }, b % 3),
            ];
            if names[0] != names[1] {
                let place = usize::try_from(seed * 31 + n * 17).unwrap() % events.len();
                let at = events[place].received_at;
                events.insert(place, Event::separation(names, String::new(), at, Offset(n)));
            }
        }
    }
    events
}

/// A message of an origin counts once: its place is that of the first.
fn log(arrived: &[Event]) -> Vec<Recorded> {
    let mut log: Vec<Recorded> = Vec::new();
    for event in arrived {
        let is_known =
            log.iter().any(|known| known.event.message_id == event.message_id && known.event.origin == event.origin);
        if !is_known {
            log.push(Recorded { offset: Offset(log.len() as u64 + 1), event: event.clone() });
        }
    }
    log
}

fn fold(log: &[Recorded]) -> Profiles<Owned<FeatureState>> {
    let mut profiles = Profiles::told_anew(Arc::default(), Separations::known(log)).unwrap();
    for recorded in log {
        profiles.apply(recorded).unwrap();
        // Told again, it changes nothing.
        profiles.apply(recorded).unwrap();
    }
    profiles
}

fn check(seed: u64, had: &mut Had) {
    let arrived = case(seed);
    let log = log(&arrived);
    let told = who::told(&log);
    let profiles = fold(&log);
    had.duplicates += arrived.len() - log.len();
    had.late += log.iter().filter(|one| one.event.occurred_at < one.event.received_at).count();
    had.merged += usize::try_from(profiles.totals().n_merged).unwrap();
    had.separated += Separations::known(&log).iter().count();

    let totals = profiles.totals();
    let n_known = told.people.iter().filter(|person| person.is_known()).count();
    assert_eq!(
        (totals.n_events, totals.n_customers, totals.n_known, totals.n_merged),
        (log.len() as u64, told.people.len() as u64, n_known as u64, told.n_merged),
        "seed {seed}"
    );
    for name in log.iter().flat_map(|recorded| Identifier::mentioned(&recorded.event)) {
        assert_eq!(profiles.find(&name).unwrap(), told.leads(&name), "seed {seed}: {name}");
    }
    let customers = profiles.into_resident();
    assert!(customers.iter().map(|one| &one.profile.id).eq(told.people.iter().map(|person| &person.id)), "seed {seed}");
    for (customer, person) in customers.iter().zip(&told.people) {
        let why = format!("seed {seed}, customer {}", person.id);
        assert!(customer.state.offsets.iter().eq(&person.events), "{why}");
        let links = customer.profile.links.iter().map(|(name, link)| (name.clone(), link.is_shared));
        assert_eq!(
            links.collect::<Vec<_>>(),
            person.names.iter().map(|(a, b)| (a.clone(), *b)).collect::<Vec<_>>(),
            "{why}"
        );
        let refusals: BTreeSet<_> =
            customer.profile.refusals.iter().map(|one| (one.reason, one.names.clone())).collect();
        assert!(person.refusals.len() > 16 || refusals == person.refusals, "{why}");
        assert_eq!(customer.profile.consents, person.consents, "{why}");
        had.shared += person.names.values().filter(|is_shared| **is_shared).count();
        had.refused += refusals.len();
        had.full += usize::from(person.events.len() > 96);
        let theirs: Vec<&Recorded> = log.iter().filter(|one| person.events.contains(&one.offset)).collect();
        reading::check(&customer.profile, &customer.state.state, &theirs, &mut had.known, &why);
    }
}

#[test]
fn the_folds_come_to_what_the_plain_list_says() {
    let n_cases = std::env::var("RAPPORT_NAIVE_CASES").ok().map_or(400_usize, |n| n.parse().unwrap());
    let mut had = Had::default();
    (0..n_cases as u64).for_each(|seed| check(seed, &mut had));
    let of_every_sort = [had.duplicates, had.late, had.merged, had.shared, had.separated, had.refused, 20 * had.full];
    assert!(of_every_sort.iter().all(|n| *n > n_cases / 4), "{had:?}");
    assert!(had.known.values().all(|n| *n > n_cases / 50), "{:?}", had.known);
}

/// Of the products looked at some are songs that were heard, each told at its beginning or its end.
fn with_songs(mut events: Vec<Event>) -> Vec<Event> {
    for event in &mut events {
        let heard = primitives::stable_hash(event.message_id.as_str()) % 4;
        if let events::Call::Track { event, .. } = &mut event.call {
            let song = ["Song Started", "Song Played"].get(usize::try_from(heard).unwrap());
            if let Some(song) = song.filter(|_| event == "Product Viewed") {
                *event = (*song).to_owned();
            }
        }
    }
    events
}

/// What is known of somebody, but for where it stands in the log: that is evidence, and tells when it arrived. Whose word on
/// consent counts depends on when it was heard, on purpose (ADR 0012).
fn apart_from_places(mut customer: Customer<FeatureState>) -> Vec<u8> {
    let profile = &mut customer.profile;
    profile.known_since = Offset::default();
    profile.consents = governance::Consents::default();
    profile.links.values_mut().for_each(|link| (link.offset, link.at) = (Offset::default(), profile.first_seen));
    profile.traits.values_mut().for_each(|said| said.offset = Offset::default());
    let moments = std::mem::take(&mut profile.moments);
    for mut moment in moments.into_things() {
        moment.offset = Offset::default();
        profile.moments.add(moment);
    }
    encode("customer", "", &customer).unwrap()
}

/// Who is who depends on the order in which the events around a customer arrive. What is known of somebody does not: also
/// of events at the same moment.
#[test]
fn what_is_known_of_somebody_does_not_depend_on_the_order_of_arrival() {
    for seed in 0..120 {
        let tangle =
            Tangle { n_events: 30 + 2 * usize::try_from(seed).unwrap(), n_users: 1, n_devices: 1, n_hours: 12 };
        let mut events = with_songs(tangle.events(Seed::new(seed)));
        for event in &mut events {
            (event.user_id, event.anonymous_id) = (Some("u0".into()), None);
        }
        events.retain(|event| !matches!(event.call, events::Call::Alias { .. }));
        let known = |arrived: &[Event]| {
            let mut profiles: Profiles<FeatureState> =
                Profiles::told_anew(Arc::default(), Separations::default()).unwrap();
            log(arrived).iter().for_each(|recorded| drop(profiles.apply(recorded).unwrap()));
            profiles.into_resident().into_iter().map(apart_from_places).collect::<Vec<_>>()
        };
        let in_order = known(&events);
        assert_eq!(in_order.len(), 1);
        events.reverse();
        assert!(known(&events) == in_order, "seed {seed}, backwards");
        events.sort_by_key(|event| primitives::stable_hash(event.message_id.as_str()));
        assert!(known(&events) == in_order, "seed {seed}, in any order");
    }
}

/// Events of two worlds that share no name, told alternately; with another word in every name of the second.
fn two_worlds(seed: u64) -> Vec<Event> {
    let tangle = |seed| Tangle { n_events: 24, n_users: 3, n_devices: 4, n_hours: 90 }.events(Seed::new(seed));
    let other = |mut event: Event| {
        event.message_id = format!("other-{}", event.message_id).into();
        event.user_id = event.user_id.map(|id| format!("other-{id}").into());
        event.anonymous_id = event.anonymous_id.map(|id| format!("other-{id}").into());
        if let events::Call::Alias { previous_id } = &mut event.call {
            *previous_id = format!("other-{previous_id}");
        }
        event
    };
    let others = tangle(seed + 1_000).into_iter().map(other);
    tangle(seed).into_iter().zip(others).flat_map(|(one, other)| [one, other]).collect()
}

/// What two names that were joined by mistake come to once they are separated is what would be had nobody ever said so.
#[test]
fn separated_is_as_if_never_joined() {
    let mut n_joined = 0;
    for seed in 0..60 {
        let mut events = two_worlds(seed);
        // Nothing else makes one customer of two who are known.
        let half = events.len() / 2;
        let mut n = 0;
        events.retain(|event| {
            n += 1;
            n <= half || !matches!(event.call, events::Call::Alias { .. })
        });
        let user = |is_other: bool| {
            let users = events[..half].iter().filter_map(|event| event.user_id.clone());
            users.into_iter().find(|id| id.as_str().starts_with("other-") == is_other)
        };
        let (Some(one), Some(other)) = (user(false), user(true)) else { continue };
        let world = |previous: &str, separated: Option<[Identifier; 2]>| {
            let mut events = events.clone();
            let mut alias = Event::separation(Default::default(), String::new(), events[0].received_at, Offset(0));
            alias.user_id = Some(one.clone());
            alias.call = events::Call::Alias { previous_id: previous.to_owned() };
            events.insert(half.min(events.len()), alias);
            let names = separated.map(|names| names.map(|name| name.key()));
            events.extend(names.map(|names| Event::separation(names, String::new(), events[0].received_at, Offset(1))));
            fold(&log(&events))
        };
        let of_other = Identifier::User(other.clone());
        let joined = world(other.as_str(), None).find(&of_other).unwrap().unwrap();
        let founder = Identifier::founder(&joined);
        assert!(!founder.to_string().contains("other-"), "the one to whom the alias happened goes on");
        n_joined += 1;
        let mut customers = [
            world(other.as_str(), Some([founder, of_other])).into_resident(),
            world(one.as_str(), None).into_resident(),
        ];
        let is_of_the_claim = |one: &profiles::JoinRefusal| one.reason == profiles::RefusalReason::Separated;
        let refused = customers[0].iter().filter(|one| one.profile.refusals.iter().any(is_of_the_claim)).count();
        assert_eq!(refused, 2, "seed {seed}: both keep that they were not joined");
        // That is all that tells the two apart.
        customers.iter_mut().flatten().for_each(|one| one.profile.refusals.retain(|one| !is_of_the_claim(one)));
        let bytes = customers.map(|all| all.iter().map(|one| encode("customer", "", one).unwrap()).collect::<Vec<_>>());
        assert!(bytes[0] == bytes[1], "seed {seed}");
    }
    assert!(n_joined > 50, "{n_joined}");
}
