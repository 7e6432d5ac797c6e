//! Are the overview's figures those that one counts who goes through every event?

use super::Console;
use engine::{Calendar, Counts, RANGES_DAYS};
use events::{Batch, Envelope, Event, Origin, parse_event};
use primitives::{Currency, DAY_MS, Seed, Timestamp, Zone};
use rand_chacha::rand_core::Rng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What somebody did.
struct Deed {
    user: String,
    at: Timestamp,
    /// What was paid, of an order.
    cents: Option<i64>,
    /// What the company did to them, in place of anything of their own.
    done_to_them: Option<(&'static str, serde_json::Value)>,
}

/// The deeds of 40 customers over 200 days; some refuse that they are counted.
fn deeds(now: Timestamp) -> Vec<Deed> {
    let mut chance = Seed::new(3).stream("deeds", 0);
    let mut one = |_| {
        let user = chance.next_u32() % 40;
        // Who has a small number is there rarely.
        let day = i64::from(chance.next_u32() % (1 + user * 5).max(40));
        let ms = i64::from(chance.next_u32()) % DAY_MS;
        let cents = chance.next_u32().is_multiple_of(3).then(|| i64::from(chance.next_u32() % 10_000));
        Deed {
            user: format!("u{user}"),
            at: Timestamp::from_millis(now.as_millis() - day * DAY_MS - ms),
            cents,
            done_to_them: None,
        }
    };
    let own = (0..3_000).map(&mut one);
    own.chain(done_to_them(now)).collect()
}

/// What the company, its machines and banks do every day, to everybody and to ten who never do anything.
fn done_to_them(now: Timestamp) -> Vec<Deed> {
    let all = [
        ("Email Sent", json!({"email_id": "1"})),
        ("Email Delivered", json!({"email_id": "1"})),
        ("Email Bounced", json!({"email_id": "1"})),
        ("Service Measured", json!({"service_id": "1", "metric": "data_mb", "value": 3})),
        ("Service Faulted", json!({"service_id": "1"})),
        ("Subscription Renewed", json!({"subscription_id": "1"})),
        ("Ticket Assigned", json!({"ticket_id": "1"})),
        ("Ticket Resolved", json!({"ticket_id": "1"})),
        ("Message Sent", json!({"ticket_id": "1"})),
        ("Payment Approved", json!({"payment_id": "1"})),
        ("Chargeback Received", json!({"payment_id": "1"})),
        ("Decision Shown", json!({"decision_id": "1"})),
    ];
    let one = |i: i64| {
        let done = all.iter().cycle().nth(usize::try_from(i).unwrap()).cloned();
        let at = now.plus_days(-i / 2);
        Deed { user: format!("u{}", i % 50), at, cents: None, done_to_them: done }
    };
    (0..180).map(one).collect()
}

fn sent(deeds: &[Deed], now: Timestamp) -> Vec<Event> {
    let said = |(i, deed): (usize, &Deed)| {
        let done = deed.done_to_them.clone();
        let (event, properties) = match deed.cents {
            None if done.is_some() => done.unwrap(),
            None => ("Product Viewed", json!({"product_id": "tea"})),
            Some(cents) => {
                let total = format!("{}.{:02}", cents / 100, cents % 100);
                ("Order Completed", json!({"order_id": i.to_string(), "total": total, "currency": "EUR"}))
            }
        };
        let said = json!({"type": "track", "event": event, "userId": deed.user, "messageId": i.to_string(),
            "timestamp": deed.at.to_string(), "properties": properties});
        parse_event(said, None, &Envelope::new(now, Origin::Import)).unwrap()
    };
    let refused = ["u7", "u31"].map(|user| {
        let said = json!({"type": "track", "event": "Consent Preference Updated", "userId": user, "messageId": user,
            "timestamp": now.plus_days(-300).to_string(),
            "context": {"consent": {"categoryPreferences": {"analytics": false}}}});
        parse_event(said, None, &Envelope::new(now, Origin::Server)).unwrap()
    });
    deeds.iter().enumerate().map(said).chain(refused).collect()
}

/// The numbers of those who were there, ordered, and came back, as one counts them by hand.
fn counted(deeds: &[Deed], is_in: &dyn Fn(Timestamp) -> bool, first: Timestamp) -> (u32, u32, Option<f64>) {
    let counts = |deed: &&Deed| !["u7", "u31"].contains(&deed.user.as_str());
    let there: BTreeSet<&str> = deeds
        .iter()
        .filter(counts)
        .filter(|deed| deed.done_to_them.is_none() && is_in(deed.at))
        .map(|deed| &*deed.user)
        .collect();
    let mut orders: BTreeMap<&str, (u32, bool)> = BTreeMap::new();
    for deed in deeds.iter().filter(counts).filter(|deed| deed.cents.is_some()) {
        let (n, had_before) = orders.entry(&deed.user).or_default();
        *n += u32::from(is_in(deed.at));
        *had_before |= deed.at < first;
    }
    let buyers = orders.values().filter(|(n, _)| *n > 0);
    let n_buyers = u32::try_from(buyers.clone().count()).unwrap();
    let returning = buyers.filter(|(n, had_before)| *n > 1 || *had_before).count();
    let rate = (n_buyers >= 5).then(|| f64::from(u32::try_from(returning).unwrap()) / f64::from(n_buyers));
    (u32::try_from(there.len()).unwrap(), n_buyers, rate)
}

fn told(counts: Counts) -> (u32, u32, Option<f64>) {
    let of = |n: governance::Headcount| n.told().unwrap_or(99);
    (of(counts.active()), of(counts.buyers()), counts.repeat_rate())
}

fn few((active, buyers, rate): (u32, u32, Option<f64>)) -> (u32, u32, Option<f64>) {
    let of = |n: u32| if (1..5).contains(&n) { 99 } else { n };
    (of(active), of(buyers), rate)
}

#[test]
fn every_figure_is_what_one_counts_by_hand() {
    for zone in ["UTC", "Asia/Kolkata", "America/New_York"] {
        let zone = Zone::parse(zone).unwrap();
        let console = Console::start_with(true, |settings| settings.company.timezone = zone.clone());
        let engine = &console.running.app().engine;
        let now = engine.clock().now();
        let deeds = deeds(now);
        engine.ingest(Batch { accepted: sent(&deeds, now), ..Batch::default() }).unwrap();
        let calendar = Calendar::new(now, &zone);
        let people = engine.people(&calendar, Duration::from_secs(60)).unwrap();
        assert!(people.is_complete);
        let today = zone.day(now);
        for (days, found) in RANGES_DAYS.into_iter().zip(people.ranges) {
            let last = |at: Timestamp| zone.day(at) > today - days && at <= now;
            // It is noon: the last day counts until noon and the quarter of an hour that has begun.
            let so_far_ms = now.millis_since(zone.start_of(today)) + 15 * 60_000;
            let before = |at: Timestamp| {
                let day = zone.day(at);
                let is_early = at.millis_since(zone.start_of(day)) < so_far_ms;
                day > today - 2 * days && (day < today - days || (day == today - days && is_early))
            };
            let starts = [zone.start_of(today - days + 1), zone.start_of(today - 2 * days + 1)];
            assert_eq!(told(found.last), few(counted(&deeds, &last, starts[0])), "{zone}: {days}");
            assert_eq!(told(found.before), few(counted(&deeds, &before, starts[1])), "{zone}: before {days}");
            let stretches: [(_, &dyn Fn(Timestamp) -> bool); 2] =
                [(calendar.last(days), &last), (calendar.before(days), &before)];
            for (stretch, is_in) in stretches {
                let orders: Vec<i64> =
                    deeds.iter().filter(|deed| is_in(deed.at)).filter_map(|deed| deed.cents).collect();
                let happened = engine.look(|live| live.activity.between(stretch.from, stretch.until));
                let revenue = happened.revenue.get(&Currency::parse("EUR").unwrap()).copied().unwrap_or(0);
                assert_eq!((happened.n_orders, revenue), (orders.len() as u64, orders.iter().sum()), "{zone}: {days}");
            }
        }
        for (ago, counts) in (0..90).zip(people.days.iter().rev()) {
            let day = |at: Timestamp| zone.day(at) == today - ago;
            assert_eq!(told(*counts), few(counted(&deeds, &day, zone.start_of(today - ago))), "{zone}: {ago} days ago");
        }
        let page = console.get("/?days=7").body;
        let seven = people.ranges[0].last;
        assert!(page.contains(&format!("<p class=\"big\">{}</p>", seven.active().told().unwrap())), "{page}");
        assert!(page.contains("The last 7 days up to now") && page.contains(" EUR</p>"), "{page}");
    }
}

#[test]
fn who_lives_from_payments_is_told_of_payments() {
    let console = Console::start(true);
    let now = console.running.app().engine.clock().now();
    let said = |i: i64, event: &str, properties: serde_json::Value| {
        json!({"type": "track", "event": event, "userId": format!("m{}", i % 6), "messageId": format!("{event}{i}"),
            "timestamp": now.plus_days(-i).to_string(), "properties": properties})
    };
    let events: Vec<_> = (0..40)
        .flat_map(|i| {
            let failed = (i % 4 == 0).then(|| said(i, "Payment Declined", json!({"amount": 9.9, "currency": "EUR"})));
            let paid = said(i, "Payment Approved", json!({"amount": 9.9, "currency": "EUR"}));
            [Some(paid), failed].into_iter().flatten()
        })
        .chain((0..6).map(|i| {
            let properties = json!({"subscription_id": i.to_string(), "plan": "home", "amount": 30, "currency": "EUR"});
            said(i, "Subscription Started", properties)
        }))
        .collect();
    let envelope = Envelope::new(now, Origin::Import);
    let accepted = events.into_iter().map(|said| parse_event(said, None, &envelope).unwrap()).collect();
    console.running.app().engine.ingest(Batch { accepted, ..Batch::default() }).unwrap();
    let page = console.get("/?days=28").body;
    for part in [
        "<p class=\"big\">277 EUR</p>",
        "28 payments",
        "<p class=\"big\">20 %</p>",
        "7 of 35",
        "Subscriptions</a>",
        "<p class=\"big\">180 EUR</p>",
        "a month, 6 subscribed",
        "No model tells yet who is about to leave.",
        "declare your own question",
        "Payment Approved",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for part in ["orders</p>", "Repeat rate", ">Revenue<", "id=\"worth\"", "Product Viewed"] {
        assert!(!page.contains(part), "{part}: {page}");
    }
    // What is learned from purchases waits for them, and nobody is told to wait for older ones.
    let waiting = |page: &str| page.matches("It learns from purchases, and none has come in.").count();
    let [models, capabilities, one, api] =
        ["/models", "/capabilities", "/capabilities/churn", "/api"].map(|path| console.get(path).body);
    assert_eq!([&models, &capabilities, &one].map(|page| waiting(page)), [4, 4, 1]);
    assert!(!models.contains("Customers with two purchases") && models.contains("Waits for purchases"), "{models}");
    assert!(!api.contains("Product Viewed\"") && api.contains("Payment Approved"), "{api}");
    // As soon as somebody looks at something that is sold, they will come.
    console.send_events(
        r#"{"batch":[{"type":"track","event":"Product Viewed","userId":"m1","properties":{"product_id":"tea"}}]}"#,
    );
    let [page, models] = ["/", "/models"].map(|path| console.get(path).body);
    assert!(page.contains("Product Viewed") && page.contains("Are the recommendations worth it?"), "{page}");
    assert!(!page.contains("declare your own question"), "{page}");
    assert!(waiting(&models) == 0 && models.contains("Customers with two purchases"), "{models}");
}

#[test]
fn the_example_is_what_comes_in_most_however_it_is_spelled() {
    let console = Console::start(true);
    let said =
        |no: u32, event: &str| format!(r#"{{"type":"track","event":"{event}","userId":"m1","messageId":"{no}"}}"#);
    let send = |numbers: std::ops::Range<u32>, event: &str| {
        let events = numbers.map(|no| said(no, event)).collect::<Vec<_>>().join(",");
        console.send_events(&format!(r#"{{"batch":[{events}]}}"#));
    };
    let event = || {
        let app = console.running.app();
        let (_, calls) = crate::pages::api::calls(app, &crate::pages::api::Somebody::of(app).unwrap()).swap_remove(0);
        let call = calls.into_iter().find(|call| call.path == "/v1/track").unwrap();
        call.body.unwrap()
    };
    // Whose name says nothing has no example, however often it comes.
    send(0..9, "Unheard Of");
    send(9..12, "Ticket Created");
    assert_eq!(event()["event"], "Ticket Created");
    send(12..16, "payment_approved");
    let found = event();
    assert_eq!(found["event"], "payment_approved", "as it is spelled here");
    assert!(found["properties"]["payment_id"].is_string() && found["properties"]["product_id"].is_null(), "{found}");
    // Of two that come as often, always the same.
    send(16..17, "Ticket Created");
    assert_eq!(event()["event"], "Ticket Created");
}

#[test]
fn what_is_declared_of_other_events_comes_before_what_waits_for_purchases() {
    let outcome = |name: &str, event: &str| -> learning::Outcome {
        serde_json::from_value(json!({"name": name, "question": "Gone?", "among": "everyone",
            "label": {"did": {"event": event}}, "within_days": 30, "good": "low"}))
        .unwrap()
    };
    let declared = vec![outcome("buys", "Order Completed"), outcome("cancels", "Subscription Cancelled")];
    let console = Console::start_with(true, |settings| settings.outcomes = declared);
    let titles = |page: &str| {
        let each =
            ["Cancels", "Recommendations", "Churn", "Buys"].map(|title| (page.find(&format!("{title}</a>")), title));
        let mut each = each.to_vec();
        each.sort_unstable();
        each.into_iter().map(|(_, title)| title).collect::<Vec<_>>()
    };
    assert_eq!(
        titles(&console.get("/capabilities").body),
        ["Recommendations", "Churn", "Buys", "Cancels"],
        "nothing came"
    );
    console.send_events(
        r#"{"batch":[{"type":"track","event":"Subscription Started","userId":"m1","properties":{"subscription_id":"1"}}]}"#,
    );
    assert_eq!(titles(&console.get("/capabilities").body), ["Cancels", "Recommendations", "Churn", "Buys"]);
    let overview = console.get("/").body;
    assert!(overview.contains("No model tells yet who is about to leave. "), "{overview}");
    assert!(!overview.contains("declare your own question"), "there is one: {overview}");
    // A risk of the settings is a list, before the one that waits.
    let lists = console.get("/lists").body;
    let place = |name: &str| lists.find(&format!("href=\"/lists/{name}\"")).unwrap();
    assert!(place("likely_cancels") < place("about_to_leave"), "{lists}");
    let list = console.running.app().engine.list("likely_cancels").unwrap();
    assert_eq!((list.source, list.list.filter.as_str()), (engine::ListSource::Settings, "score.cancels >= 0.5"));
    assert_eq!(list.unanswered, ["No cancels model has been trained yet."]);
    let waits = console.running.app().engine.list("likely_buys").unwrap().unanswered;
    assert!(waits[0].contains("It learns from orders, and none has come in"), "{waits:?}");
}
