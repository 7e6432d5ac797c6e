//! Is found what was meant, for whom it is, and at once?

use crate::support::{SERVER, TestServer, until};
use serde_json::{Value, json};
use std::io::{Seek, SeekFrom, Write};

fn item(server: &TestServer, id: &str, traits: Value) {
    server.post_as(SERVER, "/v1/batch", &json!({"batch": [{"type": "item", "itemId": id, "traits": traits}]})).ok();
}

fn shoe(name: &str, brand: &str, colour: &str, size: i64, price: f64) -> Value {
    json!({"name": name, "category": "Running Shoes", "brand": brand, "colour": colour, "size": size, "price": price, "currency": "EUR"})
}

fn shop() -> TestServer {
    let server = TestServer::start();
    for (id, name, brand, colour, size, price) in [
        ("nike-42", "Pegasus", "Nike", "red", 42, 120.0),
        ("nike-44", "Pegasus", "Nike", "red", 44, 120.0),
        ("acme-42", "Runner", "Acme", "red", 42, 40.0),
        ("acme-blue", "Runner", "Acme", "blue", 42, 40.0),
        ("adidas-42", "Carbon", "Adidas", "red", 42, 250.0),
    ] {
        item(&server, id, shoe(name, brand, colour, size, price));
    }
    item(
        &server,
        "boot",
        json!({"name": "Winter boot", "category": "Boots", "brand": "Acme", "price": 90, "currency": "EUR"}),
    );
    server
}

fn ordered(server: &TestServer, user: &str, items: &[&str]) {
    let products: Vec<Value> = items.iter().map(|id| json!({"product_id": id, "quantity": 1})).collect();
    let order = json!({"userId": user, "event": "Order Completed", "properties": {"products": products, "revenue": 1, "currency": "EUR"}});
    server.post_as(SERVER, "/v1/track", &order).ok();
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn search(server: &TestServer, question: Value) -> Value {
    let Value::Object(mut question) = question else { panic!("a question is an object") };
    question.insert("decision".to_owned(), "search".into());
    server.decide(&question.into()).ok()
}

#[test]
fn words_find_items_as_soon_as_they_are_told_and_nobody_need_be_named() {
    let server = shop();
    let answer = search(&server, json!({"query": "cheap red running shoes size 42"}));
    assert_eq!((ids(&answer), &answer["found"]), (vec!["acme-42"], &1.into()));
    assert_eq!(answer["understood"].as_array().unwrap().len(), 4, "{answer}");
    assert_eq!(answer["understood"][1], json!({"text": "red", "as": "colour", "value": "red", "only": true}));
    assert_eq!(answer["facets"][0], json!({"name": "category", "values": [{"value": "Running Shoes", "n": 1}]}));
    assert_eq!(answer["fallback"], "No customer was named: the order is the same for everybody.");
    assert!(server.replays(&answer));

    item(&server, "new", shoe("Comet", "Zeta", "red", 42, 10.0));
    assert_eq!(ids(&search(&server, json!({"query": "comet"}))), ["new"]);
    item(&server, "new", json!({"available": false}));
    let answer = search(&server, json!({"query": "comet"}));
    assert_eq!((ids(&answer).len(), &answer["found"]), (0, &0.into()));
    assert_eq!(answer["notes"], json!(["No item that may be shown matches any of the words."]));

    let filter = json!({"price": {"lte": 100}, "brand": ["Acme", "Nike"]});
    let mut cheap = search(&server, json!({"query": "running shoes", "filter": filter}));
    cheap["items"].as_array_mut().unwrap().sort_by_key(|item| item["id"].to_string());
    assert_eq!((ids(&cheap), &cheap["found"]), (vec!["acme-42", "acme-blue"], &2.into()));
    assert!(server.replays(&search(&server, json!({"query": "running shoes", "filter": filter, "n": 1, "from": 1}))));

    let suggested = server.decide(&json!({"decision": "suggest", "query": "runn"})).ok();
    assert_eq!(suggested["completions"][0], json!({"text": "Running Shoes", "as": "category", "n": 5}));
    let items: Vec<&Value> =
        suggested["completions"].as_array().unwrap().iter().filter(|one| one["as"] == "item").collect();
    assert_eq!(items.len(), 1, "what is called the same is said once: {suggested}");
    assert!(server.replays(&suggested));
}

#[test]
fn of_a_hundred_suggestions_one_is_logged_and_every_search() {
    let server = shop();
    let n_logged = || server.engine().ports().decisions.counts().unwrap().0;
    let suggest = || server.decide(&json!({"decision": "suggest", "query": "runn"})).ok();
    let first = suggest();
    assert_eq!(n_logged(), 1);
    (0..99).for_each(|_| assert_eq!(suggest()["completions"], first["completions"]));
    search(&server, json!({"query": "runner"}));
    assert_eq!(n_logged(), 2, "99 of the suggestions are not there");
    assert!(server.replays(&suggest()), "the hundred and first is logged as the first was");
    assert_eq!(n_logged(), 3);
}

#[test]
fn what_a_customer_buys_decides_the_order_unless_they_refuse() {
    let server = shop();
    let first = |user: &str| {
        let answer = search(&server, json!({"query": "running shoes", "userId": user}));
        assert!(server.replays(&answer), "{answer}");
        (ids(&answer)[0].to_owned(), answer["items"][0]["reason"].clone(), answer["fallback"].clone())
    };
    assert_eq!(first("ann").2, "Nothing is known of this customer yet: the order is the same for everybody.");
    ordered(&server, "ann", &["boot", "acme-blue"]);
    ordered(&server, "ben", &["adidas-42"]);
    let (item, reason, fallback) = first("ann");
    assert!(
        item.starts_with("acme") && reason == "Of a brand that this customer buys" && fallback.is_null(),
        "{item} {reason}"
    );
    assert_eq!(first("ben").0, "adidas-42");

    let before = search(&server, json!({"query": "running shoes", "userId": "ben"}));
    let context = json!({"consent": {"categoryPreferences": {"personalization": false}}});
    let refusal = json!({"userId": "ben", "event": "Segment Consent Preference Updated", "context": context});
    server.post_as(SERVER, "/v1/track", &refusal).ok();
    let (_, _, fallback) = first("ben");
    assert_eq!(fallback, "The customer refused personalization: the order is the same for everybody.");
    assert_eq!(ids(&before)[0], "adidas-42");
}

#[test]
fn any_text_is_answered_and_what_is_too_long_is_refused_in_words() {
    let server = shop();
    for query in ["", "?!", "\"", "NEAR(red shoes)", "red* OR \"", "🙂", "緑茶", "'; DROP TABLE words; --", "title:red"]
    {
        search(&server, json!({"query": query}));
        server.decide(&json!({"decision": "suggest", "query": query})).ok();
    }
    let long = server.decide(&json!({"decision": "search", "query": "x".repeat(10_000)})).error(400, "invalid");
    assert_eq!(long, "query has 10000 bytes: give at most 1000");
    server.decide(&json!({"decision": "search", "query": 7})).error(400, "invalid");
    let answer = search(&server, json!({"query": "a b c d ".repeat(30)}));
    assert_eq!(answer["notes"][0], "Only the first 24 words were read.");
    assert_eq!(search(&server, json!({}))["found"], 6, "without words, all");
}

#[test]
fn an_index_that_is_lost_is_made_again() {
    let server = shop();
    assert_eq!(search(&server, json!({"query": "pegasus"}))["found"], 2);
    let server = server.restart();
    until("the index is compared", || (search(&server, json!({"query": "pegasus"}))["found"] == 2).then_some(()));
    let data = server.stop();
    for name in ["search.db", "search.db-wal", "search.db-shm"] {
        // The write-ahead log is there only where it was not written back.
        let _ = std::fs::remove_file(data.path().join(name));
    }
    let server = TestServer::reopen(data);
    until("the index is made again", || (search(&server, json!({"query": "pegasus"}))["found"] == 2).then_some(()));
}

#[test]
fn what_five_said_instead_is_looked_for_where_nothing_is_found() {
    let server = shop();
    let tell = |user: &str, name: &str, properties: Value| {
        server.post_as(SERVER, "/v1/track", &json!({"userId": user, "event": name, "properties": properties})).ok();
    };
    let ask = |server: &TestServer| search(server, json!({"query": "Sneaker", "n": 10}));
    for user in ["a", "b", "c", "d", "e"] {
        assert_eq!(ask(&server)["found"], 0, "before {user}");
        tell(user, "Products Searched", json!({"query": "sneaker", "results": 0}));
        tell(user, "Products Searched", json!({"query": "pegasus", "results": 2}));
        tell(user, "Product Viewed", json!({"product_id": "nike-42"}));
    }
    let answer = ask(&server);
    assert_eq!((&answer["found"], &answer["corrected"]), (&2.into(), &"pegasus".into()), "{answer}");
    assert!(answer["notes"][0].as_str().unwrap().contains("Others looked for \"pegasus\""), "{answer}");
    assert!(server.replays(&answer));
    assert!(search(&server, json!({"query": "boot"}))["corrected"].is_null());
    // What a filter keeps out is there all the same, and a list has nowhere to tell of other words.
    let of = |filter: Value| search(&server, json!({"query": "Sneaker", "filter": filter}));
    assert_eq!(of(json!({"brand": ["Nike"]}))["found"], 2);
    let listed = server.decide(&json!({"decision": "recommend", "userId": "z", "search": "Sneaker"})).ok();
    assert_eq!((ids(&listed).len(), &listed["shortfall"]), (0, &"0 of 10 items: the search found 0.".into()));
    item(&server, "sneaker", json!({"name": "Sneaker", "brand": "Acme"}));
    let answer = of(json!({"brand": ["Nike"]}));
    assert_eq!((&answer["found"], &answer["corrected"]), (&0.into(), &Value::Null), "{answer}");
    item(&server, "sneaker", json!({"available": false}));
    let server = server.restart_with(|settings| settings.search.other_words = false);
    assert_eq!(ask(&server)["found"], 0);
}

#[test]
fn five_invented_visitors_decide_no_search() {
    let server = shop();
    let orders = |server: &TestServer| {
        let query = json!({"query": "red running shoes", "n": 10});
        ids(&search(server, query)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    ["ann", "ben"].iter().for_each(|user| ordered(&server, user, &["nike-42"]));
    let before = orders(&server);
    let last = before.last().unwrap().clone();
    for visitor in 0..5 {
        let tell = |name: &str, properties: Value| {
            let event = json!({"anonymousId": format!("invented-{visitor}"), "event": name, "properties": properties});
            server.post("/v1/track", &event).ok();
        };
        let order = json!({"order_id": visitor, "revenue": 1, "currency": "EUR", "products": [{"product_id": last}]});
        tell("Products Searched", json!({"query": "red running shoes", "results": 4}));
        tell("Order Completed", order.clone());
        tell("Products Searched", json!({"query": "sneaker", "results": 0}));
        tell("Products Searched", json!({"query": "boot", "results": 1}));
        tell("Product Viewed", json!({"product_id": last}));
    }
    assert_eq!((before[0].as_str(), orders(&server)[0].as_str()), ("nike-42", "nike-42"), "{before:?}");
    assert_eq!(search(&server, json!({"query": "sneaker"}))["found"], 0);
    let begun = server.decide(&json!({"decision": "suggest", "query": "red ru"})).ok();
    let said: Vec<&Value> =
        begun["completions"].as_array().unwrap().iter().filter(|one| one["as"] == "query").collect();
    assert!(said.is_empty(), "{begun}");
}

#[test]
fn while_the_index_cannot_be_written_what_was_there_is_found_and_nothing_is_said_to_be_missing() {
    let server = shop();
    let words = json!({"query": "running shoes"});
    let before = search(&server, words.clone());
    assert_eq!((&before["found"], &before["notes"]), (&5.into(), &Value::Null));

    let other = rusqlite::Connection::open(server.data().join("search.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    item(&server, "new", shoe("Comet", "Zeta", "red", 42, 10.0));
    let note = "Not all of the catalogue can be searched at the moment, but 6 of 7 items: some may be missing.";
    for (query, n_found) in [("comet xyzzy", 0), ("pegasus", 2), ("winter boot", 1)] {
        let answer = search(&server, json!({"query": query}));
        assert_eq!((&answer["found"], &answer["notes"]), (&n_found.into(), &json!([note])), "{answer}");
        assert!(server.replays(&answer), "{answer}");
    }

    other.execute_batch("ROLLBACK").unwrap();
    until("all of it can be searched", || {
        (search(&server, json!({"query": "comet"}))["notes"] == Value::Null).then_some(())
    });
    let after = search(&server, words);
    assert_eq!((&after["found"], &after["notes"]), (&6.into(), &Value::Null), "{after}");
}

#[test]
fn a_server_is_ready_when_all_of_the_catalogue_can_be_searched_and_there_is_room_on_the_disk() {
    let data = shop().stop();
    for name in ["search.db", "search.db-wal", "search.db-shm"] {
        let _ = std::fs::remove_file(data.path().join(name));
    }
    let other = rusqlite::Connection::open(data.path().join("search.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Where it is found first that the index cannot be written, nothing waits for it: then it is asked once more.
    let asked = |_| {
        let server = TestServer::reopen(data.clone());
        let unready = server.get("/readyz");
        (unready.status == 503).then_some((server, unready))
    };
    let (server, unready) = (0..10).find_map(asked).unwrap();
    assert!(unready.text.contains("0 of 6 items of the catalogue can be searched"), "{}", unready.text);
    other.execute_batch("ROLLBACK").unwrap();
    until("the index is there", || (server.get("/readyz").status == 200).then_some(()));
    assert_eq!(search(&server, json!({"query": "runner"}))["found"], 2);
    server.app().storage.limit_free_bytes(Some(15 << 20));
    let unready = server.get("/readyz");
    assert!(unready.status == 503 && unready.text.contains("full, with 15 MB left"), "{}", unready.text);
    server.app().storage.limit_free_bytes(None);
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn an_index_that_is_damaged_while_the_server_runs_is_made_anew_by_itself() {
    let server = shop();
    search(&server, json!({"query": "runner"}));
    let server = server.restart();
    server.engine().follow_items().unwrap();
    for name in ["search.db", "search.db-wal"] {
        let path = server.data().join(name);
        let n_bytes = path.metadata().map_or(0, |about| about.len());
        if n_bytes > 4_096 {
            let mut file = std::fs::File::options().write(true).open(path).unwrap();
            file.seek(SeekFrom::Start(4_096)).unwrap();
            file.write_all(&vec![0xa5; usize::try_from(n_bytes).unwrap() - 4_096]).unwrap();
        }
    }
    let reply = server.decide(&json!({"decision": "search", "query": "runner"}));
    assert_eq!(reply.status, 503, "{}", reply.text);
    assert!(reply.text.contains("made anew") && !reply.text.contains("backup"), "{}", reply.text);
    let ask = |kind: &str| server.decide(&json!({"decision": kind, "query": "runner"}));
    until("the index is made anew", || {
        let reply = ask("search");
        (reply.status == 200 && reply.json()["found"] == 2).then_some(())
    });
    assert_eq!(ask("search").json()["notes"], Value::Null);
    assert_eq!(ask("suggest").status, 200);
}
