//! Does the generated world hold what it promises: the same bytes, acceptable events, and something to learn?

use super::*;
use crate::{Call, CallKind, Commerce, CommerceStep, consent_statements};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

/// The events of one larger world, made once for all tests that look for what can be learned from it.
static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| World::new(Seed::new(3), large()).events().collect());

fn large() -> WorldSettings {
    WorldSettings { n_customers: 600, ..WorldSettings::default() }
}

fn small() -> WorldSettings {
    WorldSettings { n_customers: 150, n_items: 200, n_days: 60, ..WorldSettings::default() }
}

fn lines(seed: u64, settings: WorldSettings) -> Vec<String> {
    World::new(Seed::new(seed), settings).payloads().map(|payload| payload.to_string()).collect()
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
    let world = World::new(Seed::new(7), small());
    let first: Vec<String> = world.payloads().map(|payload| payload.to_string()).collect();
    assert_eq!(first, lines(7, small()));
    assert!(world.payloads().map(|payload| payload.to_string()).eq(first.iter().cloned()), "a world can be told twice");
    let ids = |lines: &[String]| -> HashSet<String> {
        let id = |line: &String| serde_json::from_str::<Value>(line).unwrap()["messageId"].to_string();
        lines.iter().map(id).collect()
    };
    assert!(ids(&first).is_disjoint(&ids(&lines(8, small()))));
    assert_eq!(ids(&first).len(), first.len());
}

/// Figures in the documentation, and those of two releases, can be compared only in the same world.
#[test]
fn a_seed_makes_the_same_world_in_every_release() {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    let settings = WorldSettings { n_items: 150, ..small() };
    lines(7, settings).iter().for_each(|line| hasher.update(line.as_bytes()));
    let world = format!("{:032x}", hasher.digest128());
    assert_eq!(world, "1090fe1bd68fa3f14740cc0897f0a326", "where another world is meant, take its figures anew");
}

#[test]
fn every_payload_is_acceptable_and_told_in_order() {
    let world = World::new(Seed::new(1), small());
    let envelope = Envelope::new(world.settings().ends_at, Origin::Import);
    let mut last = world.starts_at();
    let mut seen = BTreeMap::<CallKind, usize>::new();
    for payload in world.payloads() {
        let event = parse_event(payload.clone(), None, &envelope).unwrap_or_else(|r| panic!("{r}: {payload}"));
        assert!(event.occurred_at >= last && event.occurred_at < world.settings().ends_at, "{payload}");
        assert_eq!(event.received_at, event.occurred_at);
        last = event.occurred_at;
        *seen.entry(event.kind()).or_default() += 1;
    }
    assert_eq!(seen[&CallKind::Item], 200);
    assert_eq!(world.events().count(), seen.values().sum::<usize>());
}

#[test]
fn the_default_world_has_every_situation() {
    let (mut n_orders, mut n_aliases, mut n_refusals) = (0, 0, 0);
    let (mut anonymous, mut identified) = (HashSet::new(), HashSet::new());
    for event in EVENTS.iter() {
        match (&event.user_id, &event.anonymous_id) {
            (None, Some(device)) => drop(anonymous.insert(device.clone())),
            (Some(_), Some(device)) if event.kind() == CallKind::Identify => drop(identified.insert(device.clone())),
            _ => {}
        }
        n_refusals += consent_statements(event).iter().filter(|(_, granted)| !granted).count();
        n_aliases += usize::from(matches!(event.call, Call::Alias { .. }));
        n_orders += usize::from(Commerce::read(event).unwrap().is_some_and(|c| c.step == CommerceStep::Ordered));
    }
    let n_who_told = anonymous.intersection(&identified).count();
    assert!(n_orders > 3_000, "{n_orders} orders");
    assert!((2..40).contains(&n_aliases), "{n_aliases} aliases");
    assert!((15..150).contains(&n_refusals), "{n_refusals} refusals");
    assert!(n_who_told > 40, "{n_who_told} visitors who said later who they are");
    assert!(anonymous.len() > n_who_told + 100, "{} anonymous visitors", anonymous.len());
}

#[test]
fn the_smallest_worlds_exist() {
    let tiny = WorldSettings { n_customers: 0, n_items: 0, n_days: 0, ..WorldSettings::default() };
    assert_eq!(World::new(Seed::new(1), tiny).events().count(), 1, "one item and nobody to buy it");
    let tiny = WorldSettings { n_customers: 3, n_items: 1, n_days: 40, ..WorldSettings::default() };
    assert!(World::new(Seed::new(1), tiny).events().count() > 5);
}

#[test]
fn a_world_knows_its_settings_and_its_customers() {
    let world = World::new(Seed::new(7), small());
    assert_eq!(world.settings(), &small());
    let known: BTreeSet<&str> = world.user_ids().collect();
    assert_eq!((known.len(), known.contains("C000001"), known.contains("C000150")), (150, true, true));
    let seen: BTreeSet<String> = world.events().filter_map(|event| Some(event.user_id?.to_string())).collect();
    assert!(
        seen.iter().all(|id| known.contains(id.as_str()) || id.starts_with('L')),
        "or as an older system knew them"
    );
}

#[test]
fn items_have_names_of_their_own() {
    let world = World::new(Seed::new(2), WorldSettings { n_items: 5_000, ..small() });
    let names: BTreeSet<&str> = world.catalogue.items().iter().map(|item| item.name.as_str()).collect();
    assert_eq!((names.len(), world.item_ids().collect::<BTreeSet<_>>().len()), (5_000, 5_000));
    assert!(names.contains("Oat drink 1 l"));
}

/// Orders as (customer, day, items), in order of time.
fn orders() -> Vec<(String, i64, Vec<String>)> {
    let order = |event: &Event| {
        let commerce = Commerce::read(event).ok()??;
        let items = commerce.products.iter().map(|product| product.id.to_string()).collect();
        let customer = event.user_id.as_ref()?.to_string();
        (commerce.step == CommerceStep::Ordered).then(|| (customer, event.occurred_at.day(), items))
    };
    EVENTS.iter().filter_map(order).collect()
}

#[test]
fn what_customers_bought_says_more_about_what_they_will_buy_than_popularity() {
    let split = large().ends_at.day() - 30;
    let mut popular = HashMap::<String, usize>::new();
    let mut of_customer = HashMap::<String, HashMap<String, usize>>::new();
    let mut future = HashMap::<String, HashSet<String>>::new();
    for (customer, day, items) in orders() {
        for item in items {
            if day < split {
                *popular.entry(item.clone()).or_default() += 1;
                *of_customer.entry(customer.clone()).or_default().entry(item).or_default() += 1;
            } else {
                future.entry(customer.clone()).or_default().insert(item);
            }
        }
    }
    let top = |counts: &HashMap<String, usize>| -> HashSet<String> {
        let mut ranked: Vec<_> = counts.iter().map(|(item, n)| (std::cmp::Reverse(*n), item.clone())).collect();
        ranked.sort();
        ranked.into_iter().take(10).map(|(_, item)| item).collect()
    };
    let most_popular = top(&popular);
    let (mut n_by_history, mut n_by_popularity) = (0, 0);
    for (customer, bought) in &future {
        let Some(history) = of_customer.get(customer) else { continue };
        n_by_history += top(history).intersection(bought).count();
        n_by_popularity += most_popular.intersection(bought).count();
    }
    assert!(n_by_popularity > 100 && n_by_history > 2 * n_by_popularity, "{n_by_history} and {n_by_popularity} hits");
}

/// The probability that a customer who stays away has the larger number, ties counting half.
fn auc(scored: &[(f64, bool)]) -> f64 {
    let of = |away: bool| scored.iter().filter(move |(_, a)| *a == away).map(|(score, _)| *score);
    let (mut wins, mut n_pairs) = (0.0, 0.0);
    for positive in of(true) {
        for negative in of(false) {
            n_pairs += 1.0;
            wins += if positive > negative {
                1.0
            } else if positive < negative {
                0.0
            } else {
                0.5
            };
        }
    }
    wins / n_pairs
}

#[test]
fn silence_means_more_next_to_the_customers_own_rhythm() {
    let split = large().ends_at.day() - 30;
    let mut days = BTreeMap::<String, Vec<i64>>::new();
    for (customer, day, _) in orders() {
        days.entry(customer).or_default().push(day);
    }
    let (mut by_recency, mut by_rhythm) = (Vec::new(), Vec::new());
    for days in days.values() {
        let past: Vec<i64> = days.iter().copied().filter(|day| *day < split).collect();
        let (Some(first), Some(last)) = (past.first(), past.last()) else { continue };
        let is_away = past.len() == days.len();
        let recency = (split - last) as f64;
        let gap = ((last - first) as f64 + 10.0) / past.len() as f64;
        by_recency.push((recency, is_away));
        // Still a customer, and then due within 30 days: elementary guesses that know the customer's own interval.
        let is_here = 1.0 / (1.0 + (1.5 * (recency / gap - 2.5)).exp());
        let is_due = 1.0 - (-30.0 / gap).exp();
        by_rhythm.push((1.0 - is_here * is_due, is_away));
    }
    let n_away = by_recency.iter().filter(|(_, away)| *away).count();
    let (recency, rhythm) = (auc(&by_recency), auc(&by_rhythm));
    assert!((0.15..0.6).contains(&(n_away as f64 / by_recency.len() as f64)), "{n_away} of {}", by_recency.len());
    assert!(recency > 0.7 && recency < 0.95, "recency {recency}");
    assert!(rhythm > recency + 0.01, "rhythm {rhythm}, recency {recency}");
}
