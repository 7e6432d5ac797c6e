//! Can a stranger who holds the public write key bend what is learned of money, and do honest shops pay for the guard?

use super::contests::reigning;
use super::world::{data, day, load, numbered};
use crate::money::Ceiling;
use crate::{Body, Contest, Dataset, Evaluation, Segments, Task, Trained, Value, evaluate};
use events::{Call, Event, Origin};
use primitives::{Currency, Seed, Timestamp};
use rand::RngExt;
use serde_json::json;

/// How long the shops of these tests are open.
const N_DAYS: i64 = 180;

fn order(who: &str, n: usize, minute: i64, major: f64, currency: &str, origin: Origin) -> Event {
    let at = Timestamp::from_millis(minute * 60_000);
    let properties = json!({"revenue": major, "currency": currency, "products": [{"product_id": "tea"}]});
    let properties = properties.as_object().unwrap().clone();
    Event {
        message_id: format!("{who} {n}").into(),
        call: Call::Track { event: "Order Completed".into(), properties: properties.into() },
        origin,
        ..super::world::order(who, "tea", at, at)
    }
}

/// What an order costs in a shop, by chance: uniform numbers.
type Prices = fn(&mut dyn FnMut() -> f64) -> f64;

fn lognormal(sd: f64, chance: &mut dyn FnMut() -> f64) -> f64 {
    // Two uniform numbers make a normal one.
    let normal = (-2.0 * (1.0 - chance()).ln()).sqrt() * (std::f64::consts::TAU * chance()).cos();
    20.0 * (sd * normal).exp()
}

fn pareto(shape: f64, chance: &mut dyn FnMut() -> f64) -> f64 {
    10.0 * (1.0 - chance()).powf(-1.0 / shape)
}

/// 500 customers who come at rates of their own, until they leave.
fn shop(prices: Prices, origin: Origin) -> Vec<Event> {
    let mut events = Vec::new();
    for customer in 0..500_i64 {
        let mut random = Seed::new(5).stream("shop", customer.unsigned_abs());
        let mut chance = || random.random::<f64>();
        let (level, pause) = (0.6 + chance(), 8.0 + 60.0 * chance());
        let (mut at, mut n) = (chance() * 120.0, 0);
        while at < N_DAYS as f64 {
            let minute = std::time::Duration::from_secs_f64(at * 86_400.0).as_secs().cast_signed() / 60;
            events.push(order(&format!("c{customer}"), n, minute, level * prices(&mut chance), "EUR", origin));
            n += 1;
            if chance() < 0.08 {
                break;
            }
            at -= pause * (1.0 - chance()).ln();
        }
    }
    events
}

/// Invented customers who order twice before the test's window and once in it, for a fortune.
fn strangers(n: usize, currency: &str) -> impl Iterator<Item = Event> {
    (0..n).flat_map(move |who| {
        [60_i64, 90, 150].into_iter().enumerate().map(move |(n, on)| {
            order(&format!("stranger {who}"), n, on * 1_440 + who as i64, 1e6, currency, Origin::Client)
        })
    })
}

fn dataset_of(events: impl IntoIterator<Item = Event>) -> Dataset {
    let mut events: Vec<Event> = events.into_iter().collect();
    events.sort_by_key(|event| event.received_at);
    load(&numbered(events))
}

fn judged(task: &dyn Task, dataset: &Dataset) -> Evaluation {
    evaluate(task, &data(dataset, day(N_DAYS))).unwrap()
}

fn trained(dataset: &Dataset) -> Trained {
    trained_on(dataset, day(N_DAYS))
}

fn trained_on(dataset: &Dataset, now: Timestamp) -> Trained {
    crate::train(&Value::default(), &data(dataset, now)).unwrap()
}

/// What customers bring in a year on average, as far as the model knows.
fn average(trained: &Trained) -> f64 {
    let Body::Amount(model) = &trained.body else { panic!("not a model of value") };
    model.population(365.0, primitives::Probability::new(0.8).unwrap()).mean
}

#[test]
fn time_that_passes_after_the_history_is_nobodys_silence() {
    let prices: Prices = |random| lognormal(0.8, random);
    let dataset = dataset_of(shop(prices, Origin::Server));
    let (at_its_end, later) = (trained(&dataset), trained_on(&dataset, day(N_DAYS + 182)));
    assert!((average(&at_its_end) - average(&later)).abs() < 1e-9, "{} {}", average(&at_its_end), average(&later));
    assert_eq!(at_its_end.body.to_bytes().unwrap(), later.body.to_bytes().unwrap());
    assert_eq!(at_its_end.header.newest_row, later.header.newest_row);
}

#[test]
fn invented_fortunes_do_not_bend_a_shop_that_vouches_for_its_orders() {
    let prices: Prices = |random| lognormal(0.8, random);
    let honest = dataset_of(shop(prices, Origin::Server));
    let attacked = dataset_of(shop(prices, Origin::Server).into_iter().chain(strangers(40, "EUR")));
    let (before, after) = (trained(&honest), trained(&attacked));
    let bent = average(&after) / average(&before);
    assert!((1.2..2.2).contains(&bent), "{bent}");
    let warning = &after.header.evaluation.warnings[0];
    assert!(warning.starts_with("orders of 40 customers that only the write key told of"), "{warning}");
    assert!(before.header.evaluation.warnings.is_empty());
    // The same orders from the company itself count as they are.
    let ours = strangers(40, "EUR").map(|event| Event { origin: Origin::Import, ..event });
    let told = trained(&dataset_of(shop(prices, Origin::Server).into_iter().chain(ours)));
    assert!(average(&told) > 100.0 * average(&before) && told.header.evaluation.warnings.is_empty());
}

#[test]
fn invented_fortunes_bend_a_shop_without_a_server_key_by_a_bounded_factor() {
    let prices: Prices = |random| lognormal(0.8, random);
    let honest = trained(&dataset_of(shop(prices, Origin::Client)));
    let attacked = trained(&dataset_of(shop(prices, Origin::Client).into_iter().chain(strangers(40, "EUR"))));
    let bent = average(&attacked) / average(&honest);
    assert!((1.5..4.5).contains(&bent), "{bent}");
    let segments =
        judged(&Segments::default(), &dataset_of(shop(prices, Origin::Client).into_iter().chain(strangers(40, "EUR"))));
    assert!(segments.warnings.len() == 1 && segments.metrics["sum_bias"].abs() < 5.0, "{segments:?}");
}

#[test]
fn invented_currencies_do_not_take_the_place_of_the_shops() {
    let attacked =
        dataset_of(shop(|random| lognormal(0.5, random), Origin::Server).into_iter().chain(strangers(600, "XAF")));
    let found = judged(&Value::default(), &attacked);
    assert!(found.n_test > 200, "{found:?}");
    assert_eq!(trained(&attacked).header.settings["currency"], "EUR");
}

#[test]
fn twenty_customers_whom_the_company_vouches_for_decide_on_the_currency() {
    let split = crate::Split { test_from: day(9), ..super::files::split() };
    for (n_vouched, currency) in [(0, "XAF"), (19, "XAF"), (20, "EUR")] {
        let vouched = (0..n_vouched).map(|n| order(&format!("c{n}"), 0, 1_440, 5.0, "EUR", Origin::Server));
        let others = (0..50).map(|n| order(&format!("s{n}"), 0, 1_440, 5.0, "XAF", Origin::Client));
        // What was told of after the present decides nothing, and what comes after the split's moment neither.
        let told_late = || {
            let early = (0..60).map(|n| order(&format!("t{n}"), 0, 1_440, 5.0, "JPY", Origin::Server));
            early.map(|event| Event { received_at: Timestamp::from_millis(day(12).as_millis() + 1), ..event })
        };
        let late = (0..60).map(|n| order(&format!("l{n}"), 0, 10 * 1_440, 5.0, "JPY", Origin::Server));
        let dataset = dataset_of(vouched.chain(others).chain(late).chain(told_late()));
        let found = crate::money::main_currency(&super::world::data(&dataset, day(12)), &split);
        assert_eq!(found, Some(Currency::parse(currency).unwrap()), "{n_vouched}");
    }
}

#[test]
fn what_is_told_of_after_the_present_was_not_spent() {
    let currency = Some(Currency::parse("EUR").unwrap());
    for (told, spent) in [(day(12), 5.0), (Timestamp::from_millis(day(12).as_millis() + 1), 0.0)] {
        let order = Event { received_at: told, ..order("ann", 0, 10 * 1_440, 5.0, "EUR", Origin::Server) };
        let dataset = dataset_of([order]);
        let ceiling = Ceiling::of(&dataset, currency, day(12));
        let trace = dataset.traces().next().unwrap().1;
        let found = crate::money::spent(trace, (day(9), day(11)), day(12), currency, &ceiling);
        assert!((found - spent).abs() < 1e-12, "{found} {spent}");
    }
}

#[test]
fn honest_shops_with_heavy_tails_pay_little_for_the_guard() {
    // (prices, the most that the sum of all orders loses, the most that Gini loses)
    let shops: [(&str, Prices, f64, f64); 5] = [
        ("lognormal 0.5", |random| lognormal(0.5, random), 0.0, 0.0),
        ("lognormal 1.0", |random| lognormal(1.0, random), 0.0, 0.0),
        ("lognormal 1.5", |random| lognormal(1.5, random), 0.0, 0.0),
        ("Pareto 2", |random| pareto(2.0, random), 0.03, 0.0),
        ("Pareto 1.5", |random| pareto(1.5, random), 0.1, 0.0),
    ];
    for (name, prices, loss_max, gini_max) in shops {
        let (free, trimmed) = (dataset_of(shop(prices, Origin::Server)), dataset_of(shop(prices, Origin::Client)));
        let sum = |dataset: &Dataset| {
            let ceiling = Ceiling::of(dataset, Some(Currency::parse("EUR").unwrap()), day(N_DAYS));
            let told = dataset.traces().flat_map(|(_, trace)| trace.orders_told());
            told.map(|(origin, order)| ceiling.of_order(origin, order) as f64).sum::<f64>()
        };
        let loss = 1.0 - sum(&trimmed) / sum(&free);
        let (free, trimmed) = (judged(&Value::default(), &free), judged(&Value::default(), &trimmed));
        let of = |found: &Evaluation, metric: &str| found.metrics[metric];
        assert!(loss <= loss_max, "{name}: {loss}");
        assert!(of(&trimmed, "gini") >= of(&free, "gini") - gini_max, "{name}: {free:?} {trimmed:?}");
        assert!(of(&trimmed, "sum_bias").abs() <= of(&free, "sum_bias").abs() + 0.05, "{name}: {free:?} {trimmed:?}");
    }
}

#[test]
fn a_sum_that_is_far_off_keeps_a_model_out_whatever_its_order_is_worth() {
    let prices: Prices = |random| lognormal(0.8, random);
    let mut header = trained(&dataset_of(shop(prices, Origin::Server))).header;
    assert!(header.verdict().is_champion && header.evaluation.bounds["sum_bias"] > 0.0);
    let mut said = |ours: f64, simple: f64| {
        header.evaluation.metrics.insert("sum_bias".to_owned(), ours);
        for numbers in header.evaluation.baselines.values_mut() {
            numbers.insert("sum_bias".to_owned(), simple);
        }
        header.verdict()
    };
    for (ours, simple, is_champion) in [
        (0.5, 0.0, true),
        (-0.5, 0.0, true),
        (0.51, 0.0, false),
        (-0.51, 0.0, false),
        (0.51, 0.52, true),
        (0.51, -0.52, true),
        (4.0, -0.9, false),
    ] {
        assert_eq!(said(ours, simple).is_champion, is_champion, "{ours} {simple}");
    }
    assert_eq!(
        said(24.0, 0.1).reason,
        "this model does not answer: its sum bias of 24.0000 is beyond the 0.5000 that is allowed, where the best simple \
         answer (groups by recency, frequency and money) has 0.1000 (nearer to zero is better)"
    );
    header.evaluation.bounds.clear();
    assert!(header.verdict().is_champion, "files of earlier programs have no bounds");
}

#[test]
fn a_champion_is_met_on_the_newest_days_that_it_has_not_learned_from() {
    let events = shop(|random| lognormal(0.8, random), Origin::Server);
    // Some hundred customers order within a fortnight; of every fourth of them too few do.
    let small: Vec<Event> = events
        .iter()
        .filter(|event| event.user_id.as_ref().is_some_and(|id| id.as_str().ends_with(['3', '7'])))
        .cloned()
        .collect();
    for (events, n_days_ago, met_on) in [
        (&events, 13, Err(14)),
        (&events, 14, Ok(14)),
        (&events, 23, Ok(23)),
        (&events, 60, Ok(59)),
        (&events, 75, Ok(59)),
        (&small, 14, Err(28)),
        (&small, 27, Err(28)),
        (&small, 28, Ok(28)),
    ] {
        let then = day(N_DAYS - n_days_ago);
        let known = events.iter().filter(|event| event.received_at < then).cloned();
        let champion = crate::train(&Value::default(), &data(&dataset_of(known), then)).unwrap();
        let everything = dataset_of(events.iter().cloned());
        let found = crate::challenge(&Value::default(), &data(&everything, day(N_DAYS)), Some(&reigning(&champion)));
        let header = found.unwrap().header;
        assert!(header.evaluation.split.window_days >= 57, "the model is judged on the long window all the same");
        match (&header.contest, met_on) {
            (Some(Contest::Judged(duel)), Ok(n_days)) => {
                assert_eq!((duel.metric.as_str(), duel.n_days_seen), ("gini", 0));
                let test_from = day(N_DAYS - n_days);
                let known = everything.traces().filter(|(_, trace)| trace.orders_known(test_from).next().is_some());
                assert_eq!(duel.n_customers, known.count() as u64, "{n_days_ago} days ago");
            }
            (Some(Contest::Unjudged(unjudged)), Err(n_days)) => {
                assert_eq!(unjudged.window_days, n_days, "{n_days_ago} days ago");
                assert!(header.verdict().reason.contains(&format!("That takes {n_days} days of data")));
            }
            (other, _) => panic!("{n_days_ago} days ago: {other:?}"),
        }
    }
}

#[test]
fn a_fortnight_will_do_with_a_hundred_customers_who_spend_money_in_it() {
    let is_small = |event: &Event| event.user_id.as_ref().is_some_and(|id| id.as_str().ends_with(['3', '7']));
    let small = shop(|random| lognormal(0.8, random), Origin::Server).into_iter().filter(is_small);
    let small: Vec<Event> = small.collect();
    let then = day(N_DAYS - 14);
    let known = small.iter().filter(|event| event.received_at < then).cloned();
    let champion = crate::train(&Value::default(), &data(&dataset_of(known), then)).unwrap();
    let until = dataset_of(small.iter().cloned()).calendar(day(N_DAYS)).unwrap().end();
    let lately = |event: &&Event| event.occurred_at > until.plus_days(-14) && event.occurred_at <= until;
    let spenders: std::collections::BTreeSet<_> =
        small.iter().filter(lately).map(|event| event.user_id.clone()).collect();
    for (n_spenders, is_enough) in [(99, false), (100, true)] {
        let more = (spenders.len()..n_spenders).map(|n| {
            let minute = until.plus_days(-1).as_millis() / 60_000 - i64::try_from(n).unwrap();
            order(&format!("new {n}"), 0, minute, 9.0, "EUR", Origin::Server)
        });
        // Who got it for nothing spent no money.
        let free = (0..9).map(|n| {
            order(&format!("free {n}"), 0, until.plus_days(-2).as_millis() / 60_000, 0.0, "EUR", Origin::Server)
        });
        let everything = dataset_of(small.iter().cloned().chain(more).chain(free));
        assert_eq!(everything.calendar(day(N_DAYS)).unwrap().end(), until);
        let found = crate::challenge(&Value::default(), &data(&everything, day(N_DAYS)), Some(&reigning(&champion)));
        let contest = found.unwrap().header.contest.unwrap();
        assert_eq!(matches!(contest, Contest::Judged(_)), is_enough, "{n_spenders}: {contest:?}");
    }
}
