//! Does a page say what its own numbers say?

use super::Console;
use engine::Stopwatch;
use events::{Envelope, ImportCounts, NewImport, Origin, parse_event};
use learning::TaskName;
use primitives::{ModelVersion, Seed, Timestamp};
use serde_json::json;
use std::time::Duration;

fn recommend() -> TaskName {
    "recommend".into()
}

/// An order of so many days ago.
fn order(console: &Console, user: &str, n_days_ago: i64, products: &serde_json::Value) -> serde_json::Value {
    let at = console.running.app().engine.clock().now().plus_days(-n_days_ago);
    json!({
        "type": "track", "event": "Order Completed", "userId": user, "timestamp": at.to_string(),
        "properties": {"revenue": 12.5, "currency": "EUR", "products": products},
    })
}

fn send(console: &Console, events: &[serde_json::Value]) {
    console.send_events(&json!({"batch": events}).to_string());
}

/// Somebody the recommender has learned from.
fn learned_from(console: &Console) -> String {
    let found = console.running.app().engine.search("", 20, Duration::from_secs(9)).unwrap().customers;
    let known = |customer: &&profiles::Customer<features::FeatureState>| {
        let policy = governance::ConsentPolicy::default();
        let answer = policy.answer(&customer.profile.consents, governance::Purpose::Analytics);
        customer.profile.is_known() && answer.basis == governance::ConsentBasis::Default
    };
    found.iter().find(|customer| known(customer) && customer.state.n_orders() > 0).unwrap().profile.id.to_string()
}

fn refuse(console: &Console, user: &str) {
    let context = json!({"consent": {"categoryPreferences": {"analytics": false}}});
    send(
        console,
        &[json!({"type": "track", "event": "Consent Preference Updated", "userId": user, "context": context})],
    );
}

/// Waits until another model answers.
fn wait_for_another(console: &Console, before: Option<&ModelVersion>) {
    let app = console.running.app();
    let watch = Stopwatch::start();
    while app.engine.registry().champion_version(&recommend()).unwrap().as_ref() == before {
        assert!(watch.elapsed() < Duration::from_secs(120), "still the same: {:?}", app.trainer.status(&recommend()));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn orders_of_last_month_are_not_called_none_yet() {
    let console = Console::start(true);
    send(&console, &[order(&console, "ann", 40, &json!([]))]);
    let overview = console.get("/").body;
    assert!(
        overview.contains("The newest event is from 13 Oct 2026: the figures of the days since are empty."),
        "{overview}"
    );
    assert!(!overview.contains("No orders yet"), "{overview}");
}

#[test]
fn days_without_orders_at_the_end_are_said() {
    let console = Console::start(true);
    let seen =
        json!({"type": "track", "event": "Product Viewed", "userId": "ann", "properties": {"product_id": "tea"}});
    send(&console, &[order(&console, "ann", 3, &json!([])), seen]);
    let overview = console.get("/").body;
    assert!(overview.contains("Needs attention") && overview.contains("No orders since 19 Nov 2026."), "{overview}");
    send(&console, &[order(&console, "ann", 1, &json!([]))]);
    let overview = console.get("/").body;
    // Something else may need attention: the disk of the machine that tests may be full.
    assert!(!overview.contains("No orders since"), "{overview}");
}

#[test]
fn imported_events_say_when_they_happened_and_when_they_came_in() {
    let console = Console::start(true);
    let engine = &console.running.app().engine;
    let now = engine.clock().now();
    let new = NewImport { file: "orders.csv".to_owned(), mapping: None, mapping_sha256: None };
    let import = engine.begin_import(&new).unwrap();
    let envelope = Envelope::new(now, Origin::Import);
    let event = parse_event(order(&console, "bob", 40, &json!([])), None, &envelope).unwrap();
    engine.ingest_imported(import, vec![event]).unwrap();
    engine.end_import(import, ImportCounts::default()).unwrap();
    console.clock.advance(Duration::from_secs(7 * 60));
    send(&console, &[order(&console, "ann", 2, &json!([]))]);
    let page = console.get("/events").body;
    assert!(page.contains("In the order they came in, the newest first"), "{page}");
    let rows: Vec<&str> = page.split("<tr role=\"row\" class=\"main").skip(1).collect();
    let [sent, imported] = rows[..] else { panic!("{} rows", rows.len()) };
    assert!(sent.contains("/customers/ann") && sent.contains("20 Nov 2026, 12:07:00"), "{sent}");
    assert!(!sent.contains("with import"), "{sent}");
    assert!(imported.contains("/customers/bob") && imported.contains("7 min ago"), "{imported}");
    assert!(imported.contains("with import 1") && imported.contains("13 Oct 2026, 12:00:00"), "{imported}");
}

#[test]
fn a_customer_page_agrees_with_its_orders() {
    let console = Console::filled(150);
    send(&console, &[order(&console, "plain", 3, &json!([])), order(&console, "new", 0, &json!([]))]);
    let page = console.get("/customers/plain").body;
    assert!(page.contains("<dt>Orders</dt><dd>1</dd>") && !page.contains("has not bought anything"), "{page}");
    assert!(page.contains("orders name no products: these are the most popular items"), "{page}");
    let stranger = console.get("/customers/anonymous:nobody").body;
    assert!(!stranger.contains("this is the average over all customers. It is NaN"), "{stranger}");
}

#[test]
fn a_gap_is_named_and_the_champion_stays() {
    let console = Console::filled(150);
    let engine = &console.running.app().engine;
    let champion = engine.registry().champion_version(&recommend()).unwrap();
    console.clock.advance(Duration::from_secs(10 * 86_400));
    send(&console, &[order(&console, "late", 0, &json!([{"product_id": "tea", "price": 3.0}]))]);
    let material = engine.material(&mut |_| {}).unwrap();
    let published = engine::train(engine, &recommend(), &material, Seed::new(1)).unwrap();
    assert!(!published.is_champion && published.reason.contains("goes on answering"), "{}", published.reason);
    assert_eq!(engine.registry().champion_version(&recommend()).unwrap(), champion);
    let models = console.get("/models").body;
    assert!(models.contains("goes on answering. A newer model cannot be compared with it fairly yet"), "{models}");
    assert!(!models.contains("nothing was learned from these days"), "the champion knows of no gap: {models}");
    engine.registry().promote(&recommend(), &published.version).unwrap();
    engine.reload_champions().unwrap();
    let models = console.get("/models").body;
    assert!(models.contains("No orders from 22 Nov 2026 to 1 Dec 2026, where about"), "{models}");
    assert!(models.contains("A person made this model the champion. What its training had decided:"), "{models}");
    assert_eq!(published.gaps[0].until, Timestamp::parse("2026-12-02T00:00:00Z").unwrap());
}

#[test]
fn a_refusal_marks_the_model_and_is_followed_by_a_training_within_a_day() {
    let console = Console::filled(150);
    let app = console.running.app().clone();
    let refused_since =
        || app.engine.still_learned_from(&recommend()).unwrap().map(|still| (still.n_refused, still.n_erased));
    assert_eq!(refused_since(), None);
    let user = learned_from(&console);
    for _ in 0..2 {
        console.clock.advance(Duration::from_secs(600));
        refuse(&console, &user);
    }
    assert_eq!(refused_since(), Some((1, 0)), "it was said twice");
    let models = console.get("/models").body;
    let said =
        "1 customer who has refused since is still in this model; it is trained again without them by 23 Nov 2026";
    assert!(models.contains(said) && models.contains("1 customer has refused since"), "{models}");

    // Where nothing is trained unasked, this is, and not before it is due.
    app.trainer.train_when_due(&app.engine, 0);
    assert_eq!(app.trainer.status(&recommend()), None);
    let before = app.engine.registry().champion_version(&recommend()).unwrap();
    console.clock.advance(Duration::from_secs(23 * 3_600));
    app.trainer.train_when_due(&app.engine, 0);
    wait_for_another(&console, before.as_ref());
    assert_eq!(refused_since(), None);
    let models = console.get("/models").body;
    assert!(
        models.contains(
            "which learned from 1 customer who has refused or was erased since. It is that model trained again without them"
        ),
        "{models}"
    );
    assert!(!models.contains("still in this model"), "{models}");
}

/// Everybody has refused, so that nothing is left to learn from, and the champion still is to be trained again.
#[test]
fn a_training_that_cannot_forget_is_tried_after_an_hour_and_not_every_minute() {
    let console = Console::filled(150);
    let app = console.running.app().clone();
    let everybody = app.engine.search("", 9_999, Duration::from_secs(60)).unwrap().customers;
    for some in everybody.chunks(100) {
        let refusal = |customer: &profiles::Customer<features::FeatureState>| {
            let context = json!({"consent": {"categoryPreferences": {"analytics": false}}});
            let names = customer.profile.links.keys().next().unwrap();
            let (kind, name) = match names {
                profiles::Identifier::User(id) => ("userId", id.to_string()),
                profiles::Identifier::Anonymous(id) => ("anonymousId", id.to_string()),
            };
            json!({"type": "track", "event": "Consent Preference Updated", kind: name, "context": context})
        };
        send(&console, &some.iter().map(refusal).collect::<Vec<_>>());
    }
    let n_begun = || {
        // What waits before this is stored when it is answered.
        app.storage.prune(app.engine.clock().now()).unwrap();
        let question = storage::AuditQuestion { deeds: vec![governance::Deed::Training], n_max: 99, before: None };
        app.storage.audit(&question).unwrap().iter().filter(|(_, entry)| entry.subject == "recommend").count()
    };
    let round = || {
        app.trainer.train_when_due(&app.engine, 0);
        let watch = Stopwatch::start();
        while app.trainer.is_training(&recommend()) {
            assert!(watch.elapsed() < Duration::from_secs(120), "it goes on and on");
            std::thread::sleep(Duration::from_millis(20));
        }
        n_begun()
    };
    assert_eq!(round(), 0, "not before it is due");
    console.clock.advance(Duration::from_secs(23 * 3_600));
    assert_eq!(round(), 1);
    assert!(app.trainer.status(&recommend()).is_some(), "it says why it came to nothing");
    for _ in 0..3 {
        console.clock.advance(Duration::from_secs(60));
        assert_eq!(round(), 1, "nothing has changed");
    }
    console.clock.advance(Duration::from_secs(3_600 - 3 * 60 - 1));
    assert_eq!(round(), 1, "not yet an hour");
    console.clock.advance(Duration::from_secs(1));
    assert_eq!(round(), 2, "who has refused is to be forgotten within the day");
}
