//! Do lists of items keep to what is asked and to what has just happened, for one customer and for many?

use crate::support::world::{fill, shop};
use crate::support::{SERVER, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

fn filled() -> TestServer {
    let server = TestServer::start();
    fill(server.engine());
    server
}

fn recommend(server: &TestServer, question: Value) -> Value {
    let Value::Object(mut question) = question else { panic!("a question is an object") };
    question.insert("decision".to_owned(), "recommend".into());
    server.decide(&question.into()).ok()
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn describe(server: &TestServer, id: &str, traits: Value) {
    server.post_as(SERVER, "/v1/batch", &json!({"batch": [{"type": "item", "itemId": id, "traits": traits}]})).ok();
}

/// Customers who bought several times.
fn buyers(server: &TestServer, n: usize) -> Vec<String> {
    let n_orders = |id: &&String| {
        let found = server.engine().look(|live| live.customer(id)).unwrap();
        found.map_or(0, |customer| customer.state.n_orders())
    };
    shop().user_ids.iter().filter(|id| n_orders(id) >= 4).take(n).cloned().collect()
}

#[test]
fn several_customers_are_answered_in_one_call_and_each_is_logged() {
    let server = filled();
    let mut users = buyers(&server, 3);
    users.push("nobody-knows-me".to_owned());
    let question = json!({"decision": "recommend", "userIds": users, "n": 3, "exclude": ["P00001"]});
    let answer = server.decide(&question).ok();
    let decisions = answer["decisions"].as_array().unwrap();
    assert_eq!(decisions.iter().map(|one| one["customerId"].as_str().unwrap()).collect::<Vec<_>>(), users);
    for (user, decision) in users.iter().zip(decisions) {
        let alone = recommend(&server, json!({"userId": user, "n": 3, "exclude": ["P00001"]}));
        assert_eq!(ids(decision), ids(&alone), "{user}");
        assert_eq!(decision["fallback"].is_null(), user != "nobody-knows-me");
        assert!(server.replays(decision));
    }
    for (users, said) in [
        (json!([]), "userIds names 0 customers: give 1 to 200"),
        (json!(vec!["1"; 201]), "userIds names 201 customers: give 1 to 200"),
        (json!("1"), "userIds is no list"),
        (json!(["1", null]), "userIds holds nobody at place 2: give an id"),
        (json!(["1", 1.5]), "must be whole"),
    ] {
        let error = server.decide(&json!({"decision": "recommend", "userIds": users})).error(400, "invalid");
        assert!(error.contains(said), "{users}: {error}");
    }
    let both = json!({"decision": "recommend", "userIds": ["1"], "userId": "1"});
    assert!(server.decide(&both).error(400, "invalid").contains("userIds stands beside userId"));
    let all = server.decide(&json!({"decision": "churn", "userIds": vec!["1"; 200]})).ok();
    assert_eq!(all["decisions"].as_array().unwrap().len(), 200);
}

#[test]
fn what_cannot_be_had_any_more_is_gone_from_the_next_answer_on() {
    let server = filled();
    let user = &buyers(&server, 1)[0];
    let question = || json!({"userId": user, "n": 5});
    for (traits, rule) in [
        (json!({"available": false}), "out of stock"),
        (json!({"stock": 0}), "out of stock"),
        (json!({"hidden": true}), "hidden"),
    ] {
        let before = recommend(&server, question());
        let first = ids(&before)[0].to_owned();
        describe(&server, &first, traits.clone());
        let after = recommend(&server, question());
        assert!(!ids(&after).contains(&first.as_str()) && ids(&after).len() == 5, "{traits}: {after}");
        assert!(after["leftOut"][rule].as_u64() >= Some(1), "{traits}: {after}");
        assert!(server.replays(&before) && server.replays(&after));
    }
    // What all conditions together leave is told, and by which rule nothing is left.
    let none = recommend(&server, json!({"userId": user, "filter": {"category": "No such thing"}}));
    assert_eq!(ids(&none).len(), 0);
    assert!(none["shortfall"].as_str().unwrap().starts_with("0 of 10 items: filter category left out "), "{none}");
    assert!(server.replays(&none));
}

#[test]
fn a_look_at_an_item_changes_the_next_answer_at_home() {
    let server = filled();
    let user = &buyers(&server, 1)[0];
    let question = || json!({"userId": user, "n": 6});
    let before = recommend(&server, question());
    let near = |item: &str| recommend(&server, json!({"userId": user, "placement": "product", "item": item, "n": 3}));
    let seen = ids(&recommend(&server, json!({"userId": user, "n": 60})))[40..]
        .iter()
        .find(|item| near(item)["items"][0]["reason"].as_str().unwrap().starts_with("Bought by customers who bought "))
        .map(|item| (*item).to_owned())
        .unwrap();
    let view = json!({"userId": user, "event": "Product Viewed", "properties": {"product_id": seen}});
    server.post_as(SERVER, "/v1/track", &view).ok();
    let after = recommend(&server, question());
    assert_ne!(ids(&before), ids(&after), "{seen}");
    assert!(ids(&near(&seen)).iter().any(|item| ids(&after).contains(item)), "what goes with {seen}: {after}");
    assert!(server.replays(&before) && server.replays(&after));
    // Half an hour later that visit is over.
    server.advance(std::time::Duration::from_secs(1_800));
    assert_eq!(ids(&recommend(&server, question())), ids(&before));
}

#[test]
fn an_e_mail_does_not_show_again_what_the_last_one_showed() {
    let server = filled();
    let user = &buyers(&server, 1)[0];
    let mail = || recommend(&server, json!({"userId": user, "n": 8, "placement": "email"}));
    let first = mail();
    recommend(&server, json!({"userId": user, "n": 8}));
    let second = mail();
    assert!(ids(&second).iter().all(|item| !ids(&first).contains(item)), "{first} {second}");
    assert!(server.replays(&first) && server.replays(&second));
    assert_eq!(ids(&mail()), ids(&first), "the last one is the second by now");
}

#[test]
fn words_and_filters_are_answered_by_the_index_and_as_if_there_were_none() {
    let server = filled();
    let user = &buyers(&server, 1)[0];
    for (id, name, brand) in
        [("one", "Zyxomma soap", "Petiolata"), ("two", "Zyxomma brush", "Other"), ("three", "Soap", "Petiolata")]
    {
        describe(&server, id, json!({"name": name, "category": "Bath", "brand": brand, "price": 3, "currency": "EUR"}));
    }
    let sorted = |answer: &Value| {
        let mut found: Vec<String> = ids(answer).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    let searched = recommend(&server, json!({"userId": user, "search": "zyxoma"}));
    assert_eq!(sorted(&searched), ["one", "two"], "{searched}");
    assert_eq!(searched["shortfall"], "2 of 10 items: the search for \"zyxomma\" found 2.");
    assert!(server.replays(&searched));
    server.engine().follow_items().unwrap();
    let filtered =
        || recommend(&server, json!({"userId": user, "filter": {"brand": "Petiolata", "price": {"lte": 3}}}));
    let by_index = filtered();
    assert_eq!(sorted(&by_index), ["one", "three"], "{by_index}");
    assert!(server.replays(&by_index));
    // What was told just now is not on the shelf yet, and is there all the same. Of two prices of one moment either may hold.
    server.advance(Duration::from_secs(1));
    describe(&server, "four", json!({"name": "Comb", "brand": "Petiolata", "price": 1, "currency": "EUR"}));
    describe(&server, "one", json!({"price": 4}));
    assert_eq!(sorted(&filtered()), ["four", "three"]);
    server.engine().follow_items().unwrap();
    assert_eq!(sorted(&filtered()), ["four", "three"]);
}
