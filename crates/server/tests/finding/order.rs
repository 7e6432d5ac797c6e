//! Is an order learned from what shoppers choose of what searches show, and is it used, named and made again?

use crate::support::{SERVER, TestServer};
use engine::Material;
use learning::{Data, LearningError, TaskName};
use primitives::{Seed, stable_hash};
use serde_json::{Value, json};
use std::time::Duration;

const COLOURS: [&str; 5] = ["red", "blue", "green", "black", "white"];
const N_SHOPPERS: usize = 70;
const N_DAYS: usize = 24;

fn of_search() -> TaskName {
    "search".into()
}

/// A number from 0 to 1 that is the same every time.
fn chance(of: &str) -> f64 {
    f64::from(u32::try_from(stable_hash(of) >> 32).unwrap()) / f64::from(u32::MAX)
}

fn colour_of(item: &str) -> &'static str {
    let n: usize = item.trim_start_matches("shoe-").parse().unwrap();
    COLOURS[n % COLOURS.len()]
}

fn taste_of(shopper: usize) -> &'static str {
    COLOURS[shopper % COLOURS.len()]
}

fn user(shopper: usize) -> String {
    format!("shopper-{shopper}")
}

fn event(user: &str, name: &str, properties: Value) -> Value {
    json!({"type": "track", "userId": user, "event": name, "properties": properties})
}

fn ordered(user: &str, item: &str) -> Value {
    let products = json!([{"product_id": item, "quantity": 1}]);
    event(user, "Order Completed", json!({"products": products, "revenue": 1, "currency": "EUR"}))
}

fn send(server: &TestServer, batch: Vec<Value>) {
    if !batch.is_empty() {
        server.post_as(SERVER, "/v1/batch", &json!({ "batch": batch })).ok();
    }
}

/// A shop of shoes of six brands in five colours, whose shoppers bought one brand in one colour and care for the colour alone.
fn shop() -> TestServer {
    let server = TestServer::start();
    let shoe = |n: usize| {
        let traits = json!({
            "name": format!("Shoe {n}"), "category": "Shoes", "brand": format!("Brand {}", n % 6),
            "colour": COLOURS[n % COLOURS.len()], "sole": format!("Sole {}", n % 7), "lace": format!("Lace {}", n % 4),
            "price": 50 + n % 9, "currency": "EUR",
        });
        json!({"type": "item", "itemId": format!("shoe-{n}"), "traits": traits})
    };
    send(&server, (0..60).map(shoe).collect());
    for shopper in 0..N_SHOPPERS {
        let first = (0..30).find(|n| n % 6 == shopper % 6 && n % 5 == shopper % 5).unwrap();
        send(&server, [first, first + 30].map(|n| ordered(&user(shopper), &format!("shoe-{n}"))).into());
    }
    server
}

fn search(server: &TestServer, shopper: &str) -> Value {
    server.decide(&json!({"decision": "search", "query": "shoe", "userId": shopper, "n": 30})).ok()
}

fn ids(answer: &Value) -> Vec<String> {
    answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Days of searches: whoever looks at a place of the colour they love chooses what stands there.
fn live(server: &TestServer, days: std::ops::Range<usize>) {
    for day in days {
        for shopper in (0..N_SHOPPERS).filter(|shopper| (shopper + day).is_multiple_of(2)) {
            let who = user(shopper);
            let shown = ids(&search(server, &who));
            server.advance(Duration::from_secs(30));
            let mut chosen = Vec::new();
            for (place, item) in shown.iter().enumerate() {
                let sees = chance(&format!("{day} {shopper} sees {place}")) < 1.0 / (place as f64 + 1.0).sqrt();
                let wants =
                    colour_of(item) == taste_of(shopper) || chance(&format!("{day} {shopper} wants {item}")) < 0.03;
                if sees && wants {
                    chosen.push(event(&who, "Product Viewed", json!({"product_id": item})));
                }
            }
            send(server, chosen);
        }
        server.advance(Duration::from_secs(24 * 3_600 - 35 * 30));
    }
}

fn material(server: &TestServer) -> Material {
    server.engine().material(&mut |_| {}).unwrap()
}

#[test]
fn what_shoppers_choose_puts_the_next_search_in_order() {
    let server = shop();
    live(&server, 0..2);
    let lacking = engine::train(server.engine(), &of_search(), &material(&server), Seed::new(1)).unwrap_err();
    assert!(lacking.to_string().contains("searches that something was chosen from"), "{lacking}");
    live(&server, 2..N_DAYS);

    let before = search(&server, "shopper-0");
    let of_colour = |answer: &Value| ids(answer).iter().take(10).filter(|item| colour_of(item) == "red").count();
    let published = engine::train(server.engine(), &of_search(), &material(&server), Seed::new(1)).unwrap();
    assert!(published.is_champion, "{}", published.reason);

    let after = search(&server, "shopper-0");
    assert_eq!(after["model"]["name"], "search", "{after}");
    assert!(of_colour(&after) > of_colour(&before), "{} then {}", of_colour(&before), of_colour(&after));
    assert_eq!(after["items"][0]["reason"], "Has what this customer usually takes", "{after}");
    // Both are made again as they were answered, by what answered then.
    assert!(server.replays(&before) && server.replays(&after));
    let nobody = server.decide(&json!({"decision": "search", "query": "shoe"})).ok();
    assert!(nobody["model"]["name"] == "search" && nobody["fallback"].is_string() && server.replays(&nobody));

    let refusal = json!({"categoryPreferences": {"personalization": false, "analytics": false}});
    let mut event = event("shopper-0", "Segment Consent Preference Updated", json!({}));
    event["context"] = json!({ "consent": refusal });
    send(&server, vec![event]);
    let refused = search(&server, "shopper-0");
    assert_eq!(ids(&refused), ids(&server.decide(&json!({"decision": "search", "query": "shoe", "n": 30})).ok()));
    assert!(server.replays(&refused));

    // Of who refused to be learned from nothing is.
    let n_learned = |material: &Material| {
        let data = server.engine().data(material, Seed::new(1));
        let task = server.engine().capabilities().tasks.get("search").unwrap();
        learning::train(task, &data).map(|trained| trained.header.n_customers)
    };
    assert_eq!(n_learned(&material(&server)).unwrap(), N_SHOPPERS as u64 - 1);
}

#[test]
fn the_past_is_judged_by_what_was_known_then() {
    let server = shop();
    live(&server, 0..N_DAYS);
    let material = material(&server);
    let data = server.engine().data(&material, Seed::new(1));
    let task = server.engine().capabilities().tasks.get("search").unwrap();
    let judged = learning::evaluate(task, &data).unwrap();
    assert!(judged.gains.values().all(learning::Gain::is_gain), "{judged:?}");
    assert_eq!(judged.to_beat.as_deref(), Some("sum"));
    let early = Data { now: data.now.plus_days(-23), ..data };
    assert!(matches!(learning::evaluate(task, &early), Err(LearningError::NotReady { .. })));
}

#[test]
fn what_was_shown_is_known_with_its_places_and_forgotten_with_who_refuses() {
    let server = shop();
    let ask = |question: Value| server.decide(&question).ok();
    ask(json!({"decision": "search", "query": "Shoe", "userId": "shopper-1", "n": 10}));
    ask(json!({"decision": "search", "query": "shoe", "userId": "shopper-1", "n": 5, "from": 10}));
    ask(json!({"decision": "search", "query": "shoe", "userId": "shopper-1", "filter": {"colour": "red"}}));
    ask(json!({"decision": "search", "query": "shoe"}));
    ask(json!({"decision": "search", "query": "nothing of ours", "userId": "shopper-1"}));
    let mut searches = server.engine().searched().unwrap().searches;
    assert_eq!(searches.len(), 3, "nobody and nothing teach nothing");
    searches.reverse();
    let places = |at: usize| {
        let mut places: Vec<u32> = searches[at].items.iter().filter_map(|offered| offered.place).collect();
        places.sort_unstable();
        (places, searches[at].items.iter().filter(|offered| offered.place.is_none()).count())
    };
    assert_eq!(places(0), ((0..10).collect(), 10));
    assert_eq!(places(1), ((10..15).collect(), 0), "what stood before was shown as well");
    let words: Vec<u64> = searches.iter().map(|search| search.words).collect();
    assert!(words[0] == words[1] && words[1] != words[2], "pages are one search, filters another");
    assert!(searches.iter().all(|search| search.numbers.len() == 14 * search.items.len()));

    let refusal = json!({"categoryPreferences": {"personalization": false}});
    let mut event = event("shopper-1", "Segment Consent Preference Updated", json!({}));
    event["context"] = json!({ "consent": refusal });
    server.advance(Duration::from_secs(60));
    send(&server, vec![event]);
    server.engine().forget_refused(&mut None, 1_000).unwrap();
    assert!(server.engine().searched().unwrap().searches.is_empty());
}
