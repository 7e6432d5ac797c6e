//! Is a question of how often or how much learned, judged and doubted as one of yes or no is?

use super::desk::{self, N_DAYS, asked, count, data, dataset, history, rewritten, sum, track};
use super::world::{day, order};
use crate::{Body, Contest, Evaluation, LearningError, Loaded, Number, NumberModel, Outcome, Reigning, Trained};
use events::{Event, Origin};
use primitives::Timestamp;
use proptest::prelude::*;
use serde_json::json;

fn evaluated(outcome: Outcome, events: Vec<Event>) -> Result<Evaluation, LearningError> {
    let dataset = dataset(&outcome, events);
    crate::evaluate(&Number::new(outcome), &data(&dataset))
}

fn trained(outcome: &Outcome, events: Vec<Event>) -> Trained {
    let dataset = dataset(outcome, events);
    crate::train(&Number::new(outcome.clone()), &data(&dataset)).unwrap()
}

fn model(trained: &Trained) -> &NumberModel {
    let Body::Number(model) = &trained.body else { panic!("a number was learned") };
    model
}

#[test]
fn how_often_and_how_much_are_learned_without_a_line_of_code() {
    for outcome in [count(), sum("properties.amount")] {
        let found = evaluated(outcome, history()).unwrap();
        assert!(found.n_test > 200 && found.n_train > 1_000 && found.decides == "gini", "{found:?}");
        assert!(found.metrics["gini"] > 0.4 && found.metrics["sum_bias"].abs() < 0.2, "{found:?}");
        let constant = &found.baselines["constant"];
        assert!(found.gains["constant"].is_gain() && found.metrics["mae"] < constant["mae"], "{found:?}");
        assert!(found.baselines["recency"]["gini"] > 0.3, "what was before tells, too: {found:?}");
        assert_eq!(found.baseline_title("recency"), "what came in as long a time before");
        assert_eq!(found.baseline_title("constant"), "the same for all");
        assert!(found.warnings.is_empty() && found.calibration.len() == 10, "{found:?}");
        assert!(found.base_rate.is_none() && constant["gini"].abs() < 1e-9, "{found:?}");
    }
}

#[test]
fn money_of_one_currency_is_told_in_it_and_other_numbers_in_none() {
    let currency = |outcome: &Outcome, events| trained(outcome, events).header.settings["currency"].clone();
    assert_eq!(currency(&sum("properties.amount"), history()), json!("EUR"));
    assert_eq!(currency(&sum("properties.n"), history()), json!(null), "pieces are no money");
    assert_eq!(currency(&count(), history()), json!(null));
    let of_two = |place: usize, properties: &mut events::Fields| {
        if place.is_multiple_of(50) {
            properties.insert("currency".to_owned(), "USD".into());
        }
    };
    let not_all = |place: usize, properties: &mut events::Fields| {
        if place.is_multiple_of(50) {
            properties.remove("currency");
        }
    };
    for events in [rewritten(of_two), rewritten(not_all)] {
        let trained = trained(&sum("properties.amount"), events);
        assert_eq!(trained.header.settings["currency"], json!(null));
        let warnings = &trained.header.evaluation.warnings;
        assert!(warnings.len() == 1 && warnings[0].contains("several currencies"), "{warnings:?}");
    }
    let none = rewritten(|_, properties| _ = properties.remove("currency"));
    assert!(trained(&sum("properties.amount"), none).header.evaluation.warnings.is_empty());
}

#[test]
fn values_that_cannot_be_added_up_are_left_aside_and_told_of() {
    let odd = rewritten(|place, properties| match place % 40 {
        0 => _ = properties.insert("amount".to_owned(), json!(-900_000)),
        1 => _ = properties.insert("amount".to_owned(), json!("NaN")),
        2 => _ = properties.insert("amount".to_owned(), json!("a lot")),
        _ => {}
    });
    let without = rewritten(|place, properties| {
        if place % 40 < 3 {
            properties.remove("amount");
        }
    });
    let (odd, without) = (evaluated(sum("properties.amount"), odd), evaluated(sum("properties.amount"), without));
    let (odd, without) = (odd.unwrap(), without.unwrap());
    assert!(odd.warnings.len() == 1 && odd.warnings[0].contains("add nothing to the sum"), "{:?}", odd.warnings);
    assert_eq!(odd.metrics, without.metrics, "as if they had none");
    let huge = rewritten(|_, properties| _ = properties.insert("amount".to_owned(), json!(1e300)));
    let huge = evaluated(sum("properties.amount"), huge).unwrap();
    assert!(huge.metrics.values().all(|number| number.is_finite()), "{huge:?}");
}

/// Tickets of so many customers from the hundreds on, each for the same amount in a currency.
fn tickets(from: u64, n: u64, amount: f64, currency: Option<&str>, origin: Origin) -> Vec<Event> {
    let mut properties = json!({ "amount": amount });
    if let Some(currency) = currency {
        properties["currency"] = json!(currency);
    }
    (from..from + n).map(|id| Event { origin, ..track(id, "Case Opened", 60_000, &properties) }).collect()
}

#[test]
fn what_nobody_vouches_for_counts_for_no_more_than_what_is_far_above_the_usual() {
    let outcome = sum("properties.amount");
    let of_stranger = |others: Vec<Event>, stranger: Origin| {
        let dataset = dataset(&outcome, [tickets(1, 1, 1e12, Some("EUR"), stranger), others].concat());
        let on = outcome.on(&dataset, day(N_DAYS));
        (on.amount(dataset.traces().next().unwrap().1, day(50)), on.trimmed(&dataset))
    };
    let by = |n: u64, origin: Origin| tickets(100, n, 10.0, Some("EUR"), origin);
    // All others are alike: three doublings.
    let (amount, warning) = of_stranger(by(19, Origin::Client), Origin::Client);
    assert!((amount - 80.0).abs() < 1e-9, "{amount}");
    let warning = warning.unwrap();
    assert!(warning.contains("only the write key told of are above 80.00"), "{warning}");
    // One vouched in a thousand is above it.
    assert!((of_stranger(by(100, Origin::Server), Origin::Client).0 - 10.0).abs() < 1e-9);
    assert_eq!(of_stranger(by(100, Origin::Client), Origin::Server), (1e12, None), "the company's own word counts");
    assert_eq!(of_stranger(by(18, Origin::Client), Origin::Client), (1e12, None), "nobody knows what is usual");
    // What was told of after the present says nothing of what is usual.
    let late = by(100, Origin::Server).into_iter().map(|event| Event { received_at: day(N_DAYS + 1), ..event });
    assert_eq!(of_stranger(late.collect(), Origin::Client), (1e12, None));
}

#[test]
fn one_stranger_bends_neither_the_numbers_nor_the_currency() {
    let by_browser = |mut events: Vec<Event>| {
        events.iter_mut().for_each(|event| event.origin = Origin::Client);
        events
    };
    let outcome = sum("properties.amount");
    let honest = trained(&outcome, by_browser(history())).header;
    // Often enough to be in the windows to learn from, and in the one to be judged on.
    let stranger = [90, 120].into_iter().map(|at| {
        let properties = json!({ "amount": 1e12, "currency": "XAF" });
        track(900, "Case Opened", at * 1_000, &properties)
    });
    let bent = trained(&outcome, by_browser(history().into_iter().chain(stranger).collect())).header;
    let of = |header: &crate::ModelHeader| header.evaluation.baselines["constant"]["mae"];
    assert!(of(&bent) < 3.0 * of(&honest), "{} {}", of(&bent), of(&honest));
    assert_eq!((&bent.settings["currency"], &honest.settings["currency"]), (&json!("EUR"), &json!("EUR")));
    let warnings = bent.evaluation.warnings;
    assert!(warnings.iter().any(|warning| warning.contains("far above what is usual")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("another currency than nearly all")), "{warnings:?}");
    assert!(honest.evaluation.warnings.is_empty(), "{:?}", honest.evaluation.warnings);
}

#[test]
fn whom_the_company_vouches_for_decide_on_the_currency_and_else_nearly_all() {
    use Origin::{Client, Server};
    let (eur, usd) = (Some("EUR"), Some("USD"));
    for (told, currency, is_mixed, is_told_otherwise) in [
        // One customer of twenty may say something else; or say nothing.
        (vec![(19, eur, Client), (1, usd, Client)], eur, false, true),
        (vec![(18, eur, Client), (1, usd, Client)], None, true, false),
        (vec![(19, eur, Client), (1, None, Client)], eur, false, true),
        (vec![(38, eur, Client), (1, None, Client), (1, usd, Client)], eur, false, true),
        (vec![(37, eur, Client), (2, None, Client), (1, usd, Client)], None, true, false),
        // Of those who are vouched for nobody may.
        (vec![(20, eur, Server), (99, usd, Client)], eur, false, true),
        (vec![(19, eur, Server), (999, usd, Client)], usd, false, true),
        (vec![(99, eur, Server), (1, usd, Server)], None, true, false),
        (vec![(99, eur, Server), (1, None, Server)], None, true, false),
        (vec![(30, None, Client)], None, false, false),
    ] {
        let mut from = 0;
        let each = told.iter().flat_map(|(n, currency, origin)| {
            from += n;
            tickets(from - n, *n, 10.0, *currency, *origin)
        });
        let outcome = sum("properties.amount");
        // What is told of after the present was not known.
        let late = Event { received_at: day(N_DAYS + 1), ..tickets(5_000, 1, 10.0, Some("JPY"), Server).remove(0) };
        let dataset = dataset(&outcome, each.chain([late]).collect());
        let found = outcome.told(&dataset, day(N_DAYS));
        let expected = currency.map(|code| primitives::Currency::parse(code).unwrap());
        let said = (found.currency, found.is_mixed, found.is_told_otherwise);
        assert_eq!(said, (expected, is_mixed, is_told_otherwise), "{told:?}");
        assert_eq!(found.n_events, told.iter().map(|(n, ..)| n).sum::<u64>());
    }
}

#[test]
fn what_is_told_of_after_the_present_has_not_come_true() {
    let late = |event: Event| Event { received_at: day(N_DAYS + 1), ..event };
    let properties = json!({ "amount": 2.5, "reason": "login" });
    let ticket = || track(1, "Case Opened", 60_000, &properties);
    let buys = || order("c001", "tea", day(60), day(60));
    let did = |event: &str| asked(&json!({ "did": { "event": event } }));
    let (outcomes, which) = (
        [
            count(),
            sum("properties.amount"),
            did("Case Opened"),
            did("Order Completed"),
            asked(&json!({ "count": { "event": "Order Completed" } })),
        ],
        desk::which("properties.reason"),
    );
    let seen = || track(1, "Signed In", 10_000, &json!({}));
    for outcome in outcomes {
        let comes = |events: Vec<Event>| {
            let dataset = dataset(&outcome, events);
            let (on, trace) = (outcome.on(&dataset, day(N_DAYS)), dataset.traces().next().unwrap().1);
            (
                on.came_true(trace, day(50)),
                on.amount(trace, day(50)) > 0.0,
                outcome.first_told(&dataset, day(N_DAYS)).is_some(),
            )
        };
        let is_event = !outcome.is_about_purchases();
        assert_eq!(comes(vec![seen(), ticket(), buys()]), (true, true, is_event), "{outcome:?}");
        assert_eq!(comes(vec![seen(), late(ticket()), late(buys())]), (false, false, false), "{outcome:?}");
    }
    let dataset = dataset(&which, vec![seen(), late(ticket())]);
    assert_eq!(which.on(&dataset, day(N_DAYS)).first_value(dataset.traces().next().unwrap().1, day(50)), None);
    let missing = |now| dataset.missing(&which.watches()[0], now).is_some();
    assert!(missing(day(N_DAYS)) && !missing(day(N_DAYS + 1)));
}

fn missing(outcome: Outcome, events: Vec<Event>, about: &str) -> String {
    let error = evaluated(outcome, events).unwrap_err();
    let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
    let need = missing.iter().find(|need| need.what.contains(about)).unwrap_or_else(|| panic!("{missing:?}"));
    need.how.clone()
}

#[test]
fn what_is_missing_is_named_with_what_was_meant() {
    let typo = missing(sum("properties.amuont"), history(), "a number at \"properties.amuont\"");
    assert!(typo.contains("did you mean \"properties.amount\"?"), "{typo}");
    let text = missing(sum("properties.kind"), history(), "a number at \"properties.kind\"");
    assert!(text.contains("something else there"), "{text}");
    let never = asked(&json!({ "count": { "event": "Case Opend" } }));
    assert!(missing(never, history(), "Case Opend").contains("did you mean \"Case Opened\"?"));
    let nothing = rewritten(|_, properties| _ = properties.insert("amount".to_owned(), json!(0)));
    assert!(missing(sum("properties.amount"), nothing, "more than 0 in the last").contains("check what the outcome"));
    // Everybody does the same.
    let daily =
        (0..60).flat_map(|customer| (0..N_DAYS).map(move |at| track(customer, "Ping", at * 1_000 + 7, &json!({}))));
    let alike = missing(asked(&json!({ "count": { "event": "Ping" } })), daily.collect(), "different numbers");
    assert!(alike.contains("nothing to foretell"), "{alike}");
}

/// The labels of one customer who did things at these thousandths of a day, and what they did before, asked at a day's end.
fn labels(outcome: &Outcome, events: Vec<Event>, as_of: Timestamp) -> (f64, f64) {
    let dataset = dataset(outcome, events);
    let (_, trace) = dataset.traces().next().unwrap();
    let on = outcome.on(&dataset, day(N_DAYS));
    (on.amount(trace, as_of), on.amount_before(trace, as_of))
}

#[test]
fn a_window_is_open_at_its_beginning_and_closed_at_its_end() {
    let properties = json!({ "amount": 2.5 });
    let tickets = |moments: &[i64]| moments.iter().map(|at| track(1, "Case Opened", *at, &properties)).collect();
    let as_of = day(50);
    for (at, after, before) in [
        (29_000, 0.0, 0.0),
        (29_001, 0.0, 1.0),
        (50_000, 0.0, 1.0),
        (50_001, 1.0, 0.0),
        (71_000, 1.0, 0.0),
        (71_001, 0.0, 0.0),
    ] {
        assert_eq!(labels(&count(), tickets(&[at]), as_of), (after, before), "{at}");
        assert_eq!(labels(&sum("properties.amount"), tickets(&[at]), as_of), (2.5 * after, 2.5 * before), "{at}");
    }
    assert_eq!(labels(&count(), tickets(&[60_000, 60_001, 61_000, 40_000]), as_of), (3.0, 1.0));
    // What was told of later was not known before, and does come true.
    let late = |occurred: i64| {
        let mut event = track(1, "Case Opened", occurred, &properties);
        event.received_at = day(90);
        vec![event]
    };
    assert_eq!(labels(&count(), late(40_000), as_of), (0.0, 0.0));
    assert_eq!(labels(&count(), late(60_000), as_of), (1.0, 0.0));
    let buys = asked(&json!({ "count": { "event": "Order Completed" } }));
    let days = [(29, 29), (30, 30), (40, 90), (50, 50), (51, 51), (71, 71), (72, 72)];
    let events = days.map(|(at, told)| order("c1", &format!("tea{at}"), day(at), day(told))).to_vec();
    assert_eq!(labels(&buys, events, as_of), (2.0, 2.0));
}

#[test]
fn the_same_history_gives_the_same_bytes_in_any_order_of_customers() {
    let outcome = sum("properties.amount");
    let one = trained(&outcome, history());
    let mut turned = history();
    turned.sort_by_key(|event| std::cmp::Reverse(event.user_id.clone()));
    let other = trained(&outcome, turned);
    let bytes = |trained: &Trained| trained.body.to_bytes().unwrap();
    assert_eq!(bytes(&one), bytes(&other));
    assert_eq!(one.header.evaluation, other.header.evaluation);
    let read = Body::open(one.body.shape(), &bytes(&one)).unwrap();
    assert_eq!((read, one.header.shape.as_str()), (one.body.clone(), "number"));
    assert!(one.header.importances[0].share > 0.0 && one.header.method.contains("root"));
    for broken in [&bytes(&one)[1..], &bytes(&one)[..40], &[bytes(&one), vec![0]].concat()[..]] {
        assert!(NumberModel::from_bytes(broken).is_err());
    }
}

#[test]
fn a_champion_of_numbers_is_asked_about_the_same_customers() {
    let outcome = sum("properties.amount");
    // Of the champion's history nobody knows who writes how often.
    let shuffled = rewritten(|place, properties| _ = properties.insert("amount".to_owned(), json!(place % 97)));
    for (events, is_equal) in [(history(), true), (shuffled, false)] {
        let Trained { mut header, body } = trained(&outcome, events);
        (header.data_until, header.newest_row) = (day(0), None);
        let catalogue = super::world::catalogue();
        let inputs = catalogue.inputs(&header.features).unwrap();
        let loaded = Loaded { version: "0123456789ab".into(), header, catalogue: catalogue.clone(), inputs, body };
        let reigning = Reigning { version: loaded.version.clone(), model: Ok(Box::new(loaded)), n_refused: 0 };
        let dataset = dataset(&outcome, history());
        let challenger = crate::challenge(&Number::new(outcome.clone()), &data(&dataset), Some(&reigning)).unwrap();
        let Contest::Judged(duel) = challenger.header.contest.unwrap() else { panic!("not judged") };
        let evaluation = &challenger.header.evaluation;
        assert_eq!((duel.metric.as_str(), duel.n_customers), ("gini", evaluation.n_test));
        assert!((duel.score.challenger - evaluation.metrics["gini"]).abs() < 1e-12, "{duel:?}");
        assert!(duel.score.champion > 0.3 && duel.score.gain.low <= duel.score.gain.high, "{duel:?}");
        assert!(!is_equal || duel.score.gain.mean.abs() < 0.10, "{duel:?}");
    }
}

#[test]
fn a_feature_that_tells_all_too_well_is_named() {
    // Whoever writes does so every day, and as often as ever.
    let every_day = |customer: u64| {
        let seen = (0..N_DAYS).map(move |at| track(customer, "Signed In", at * 1_000 + 5, &json!({ "n": 0 })));
        let writes = move |at: i64| {
            (0..customer % 7).map(move |n| track(customer, "Case Opened", at * 1_000 + 100, &json!({ "n": n })))
        };
        seen.chain((0..N_DAYS).flat_map(writes))
    };
    let found = evaluated(count(), (0..70).flat_map(every_day).collect()).unwrap();
    assert!(found.warnings.iter().any(|warning| warning.contains("alone tells almost surely")), "{:?}", found.warnings);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bounds_hold_the_number_and_none_is_below_nothing(values in proptest::collection::vec(-10.0..500.0_f64, 64)) {
        static TRAINED: std::sync::OnceLock<Trained> = std::sync::OnceLock::new();
        let trained = TRAINED.get_or_init(|| trained(&desk::count(), history()));
        let model = model(trained);
        let n = trained.header.features.len();
        let values: Vec<f64> = (0..n).map(|i| if i % 7 == 0 { f64::NAN } else { values[i % 64] }).collect();
        let expected = model.expect(&values).unwrap();
        let forecast = expected.forecast;
        prop_assert!(0.0 <= forecast.low && forecast.low <= forecast.mean && forecast.mean <= forecast.high);
        prop_assert!(forecast.high.is_finite() && expected.contributions.len() <= n);
        prop_assert!(expected.contributions.is_sorted_by(|a, b| a.contribution.abs() >= b.contribution.abs()));
        prop_assert!(model.expect(&values[1..]).is_err());
    }
}
