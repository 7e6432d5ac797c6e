//! Are exactly the customers found that a filter means, with what is known and may be used of each?

use crate::support::{self, ADMIN, SERVER, TestServer, WRITE, world};
use decisions::{Content, Gist};
use primitives::CustomerId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn asked(server: &TestServer, asked: &[(&str, &str)]) -> support::Reply {
    let query: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    server.get(&format!("/v1/customers?{}", query.join("&")))
}

fn customers(reply: &Value) -> Vec<&Value> {
    reply["customers"].as_array().unwrap().iter().collect()
}

fn ids(reply: &Value) -> Vec<String> {
    customers(reply).iter().map(|customer| customer["customerId"].as_str().unwrap().to_owned()).collect()
}

/// All pages of what is asked, as ids, each page of `limit`.
fn all(server: &TestServer, filter: &str, sort: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor, limit) = (Vec::new(), String::new(), limit.to_string());
    loop {
        let page = asked(server, &[("filter", filter), ("sort", sort), ("limit", &limit), ("cursor", &cursor)]).ok();
        assert_eq!(page["isComplete"], true);
        found.extend(ids(&page));
        match page["cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => {
                assert_eq!(page["count"], found.len(), "as many as are counted");
                return found;
            }
        }
    }
}

/// A shop with trained models.
fn shop() -> TestServer {
    let server = TestServer::start();
    world::fill(server.engine());
    server
}

/// Features and scores of a customer.
type Told = (BTreeMap<String, f64>, BTreeMap<String, Gist>);

/// Everybody, as each customer's own page tells them.
fn everybody(server: &TestServer) -> BTreeMap<String, Told> {
    let mut found = BTreeMap::new();
    for id in all(server, "", "id", 1_000) {
        let view = server.engine().customer(&id).unwrap();
        let features = view.features.iter().filter(|(_, value)| !value.is_nan());
        let features = features.map(|(definition, value)| (definition.id.name.to_string(), *value)).collect();
        let own = view.scores.into_iter().filter(|(_, answer)| answer.fallback.is_none());
        let scores = own.filter_map(|(kind, answer)| Some((kind.to_string(), Gist::of(answer.content)?))).collect();
        found.insert(id, (features, scores));
    }
    found
}

#[test]
fn a_filter_finds_exactly_those_of_whom_it_is_true_with_their_own_scores() {
    let server = shop();
    let everybody = everybody(&server);
    assert!(everybody.len() > 300, "{}", everybody.len());
    let number = |id: &str, name: &str| match &everybody[id].1.get(name)? {
        Gist::Number(number) => Some(*number),
        Gist::Words(_) => None,
    };
    let mut of_models: Vec<f64> = everybody.keys().filter_map(|id| number(id, "churn")).collect();
    of_models.sort_by(f64::total_cmp);
    let middle = of_models[of_models.len() / 2];
    let filter = format!("churn>={middle} and orders_365d>=2");
    let wanted: BTreeSet<&String> = everybody
        .iter()
        .filter(|(id, (features, _))| {
            number(id, "churn").is_some_and(|score| score >= middle)
                && features.get("orders_365d").is_some_and(|n| *n >= 2.0)
        })
        .map(|(id, _)| id)
        .collect();
    assert!(wanted.len() > 10 && wanted.len() < everybody.len());
    let found = all(&server, &filter, "-churn", 7);
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), wanted);
    assert_eq!(found.len(), wanted.len(), "each once");
    let scores: Vec<f64> = found.iter().map(|id| number(id, "churn").unwrap()).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]), "{scores:?}");
    assert_eq!(all(&server, &filter, "-churn", 1_000), found, "the size of a page changes nothing");

    // What is told of each is what their own page tells; sums are of all of them, wherever the page ends.
    let columns = "churn,value,segments,orders_365d,why.churn";
    let page = asked(&server, &[("filter", &filter), ("sort", "-churn"), ("limit", "5"), ("columns", columns)]).ok();
    for customer in customers(&page) {
        let id = customer["customerId"].as_str().unwrap();
        let (features, scores) = &everybody[id];
        assert_eq!(customer["features"]["orders_365d"], features["orders_365d"]);
        for (name, gist) in scores {
            match gist {
                Gist::Number(number) => assert_eq!(customer["scores"][name], *number, "{id} {name}"),
                Gist::Words(words) => assert_eq!(customer["scores"][name], words[0], "{id} {name}"),
            }
        }
        assert!(customer["why"]["churn"][0].as_str().unwrap().len() > 10, "{customer}");
    }
    let counted = all(&server, "consent.analytics", "id", 1_000);
    let permitting = || wanted.iter().filter(|id| counted.contains(id));
    assert!(permitting().count() < wanted.len(), "somebody refuses");
    let sum = |name: &str| permitting().filter_map(|id| number(id, name)).sum::<f64>();
    for name in ["churn", "value"] {
        let told = page["sum"][name].as_f64().unwrap();
        assert!((told - sum(name)).abs() < 1e-6 * sum(name).abs(), "{name}: {told} is not {}", sum(name));
    }
    assert!(page["sum"].get("segments").is_none());

    // A score or its absence, a segment, and the order of what is not known.
    let with = |filter: &str| all(&server, filter, "id", 1_000).len();
    let n_scored = everybody.keys().filter(|id| number(id, "churn").is_some()).count();
    assert_eq!((with("churn exists"), with("not churn exists")), (n_scored, everybody.len() - n_scored));
    assert_eq!(with("churn > 2") + with("not churn > 2"), n_scored);
    let group = |id: &String| match everybody[id].1.get("segments")? {
        Gist::Words(words) => words.first().cloned(),
        Gist::Number(_) => None,
    };
    let some = everybody.keys().find_map(group).unwrap();
    let n_in_group = everybody.keys().filter(|id| group(id).as_ref() == Some(&some)).count();
    assert_eq!(with(&format!("segment=\"{some}\"")), n_in_group);
    // Of who refuses it is not known in which group they are, and of who is in none.
    let (n_refused, n_grouped) = (with("not consent.personalization"), with("segment exists"));
    assert!(n_refused > 0 && n_in_group < n_grouped && n_grouped < everybody.len() - n_refused);
    assert_eq!(n_grouped, everybody.keys().filter(|id| group(id).is_some()).count());
    for filter in ["segment!=", "not segment="] {
        assert_eq!(with(&format!("{filter}\"{some}\"")), n_grouped - n_in_group, "{filter}");
        assert_eq!(with(&format!("{filter}\"{some}\" and not segment exists")), 0, "{filter}");
    }
    let last = all(&server, "", "churn", 100);
    assert!(last[n_scored..].iter().all(|id| number(id, "churn").is_none()));
    assert!(last[n_scored..].is_sorted() && last.len() == everybody.len());
}

#[test]
fn customers_on_disk_are_found_as_those_in_memory_are() {
    let server = shop();
    let filter = "orders_all>=1 and (value>0 or not value exists)";
    let (found, everybody) = (all(&server, filter, "-orders_all", 50), all(&server, "", "id", 1_000));
    server.engine().checkpoint(40).unwrap();
    let n_resident = server.engine().look(|live| live.profiles.n_resident());
    assert!(n_resident < 60, "{n_resident}");
    assert_eq!(all(&server, filter, "-orders_all", 50), found);
    assert_eq!(all(&server, "", "id", 1_000), everybody);

    // Who is on disk and comes back changed is found as they are now, and who was merged away is not.
    let (one, other) = (world::shop().user_ids[0].clone(), world::shop().user_ids[1].clone());
    let n = all(&server, &format!("id in (\"{one}\", \"{other}\")"), "id", 10).len();
    assert_eq!(n, 2);
    let alias = json!({"type": "alias", "userId": one, "previousId": other});
    assert_eq!(server.post_as(SERVER, "/v1/alias", &alias).status, 200);
    assert_eq!(all(&server, &format!("id in (\"{one}\", \"{other}\")"), "id", 10).len(), 1);
    assert_eq!(all(&server, "", "id", 1_000).len(), everybody.len() - 1);
}

#[test]
fn a_page_goes_on_after_the_last_whatever_has_changed() {
    let server = TestServer::start();
    let seen = |user: &str, second: u32| {
        let at = format!("2026-11-22T11:00:{second:02}Z");
        let event = json!({"userId": user, "event": "Seen", "timestamp": at});
        assert_eq!(server.post("/v1/track", &event).status, 200);
    };
    for (place, user) in ["a", "b", "c", "d", "e"].iter().enumerate() {
        seen(user, u32::try_from(place).unwrap());
    }
    let first = asked(&server, &[("sort", "-last_seen"), ("limit", "2")]).ok();
    let names = |reply: &Value| -> Vec<String> {
        customers(reply).iter().map(|customer| customer["userIds"][0].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((names(&first), &first["count"]), (vec!["e".to_owned(), "d".to_owned()], &json!(5)));
    // The last of the page moves to the front, and somebody new stands before them.
    seen("d", 30);
    seen("z", 31);
    let cursor = first["cursor"].as_str().unwrap();
    let second = asked(&server, &[("sort", "-last_seen"), ("limit", "2"), ("cursor", cursor)]).ok();
    assert_eq!((names(&second), &second["count"]), (vec!["c".to_owned(), "b".to_owned()], &json!(6)));
    let next = second["cursor"].as_str().unwrap();
    let third = asked(&server, &[("sort", "-last_seen"), ("limit", "2"), ("cursor", next)]).ok();
    assert_eq!((names(&third), &third["cursor"]), (vec!["a".to_owned()], &Value::Null));
    let message = asked(&server, &[("sort", "last_seen"), ("cursor", cursor)]).error(400, "invalid");
    assert!(message.contains("of another order"), "{message}");
    asked(&server, &[("cursor", "nonsense")]).error(400, "invalid");
}

#[test]
fn what_is_computed_is_not_known_of_who_refuses_and_counts_are_of_who_permits() {
    let server = shop();
    let users = &world::shop().user_ids;
    let refuse = |user: &str, purpose: &str| {
        let event = json!({"userId": user, "event": "Consent Changed",
            "context": {"consent": {"categoryPreferences": {purpose: false}}}});
        assert_eq!(server.post_as(SERVER, "/v1/track", &event).status, 200);
    };
    let buyers = all(&server, "orders_all>=1", "id", 1_000);
    let of = |user: &str| all(&server, &format!("id=\"{user}\""), "id", 10).remove(0);
    let refusing = users.iter().find(|user| buyers.contains(&of(user))).unwrap();
    let id = of(refusing);
    let n_features = || server.get(&format!("/v1/customers/{refusing}")).ok()["features"].as_object().unwrap().len();
    assert!(n_features() > 50);
    refuse(refusing, "personalization");
    assert_eq!(n_features(), 0, "a customer's own page knows no more than a list");
    assert!(server.get(&format!("/v1/customers/{refusing}")).ok()["traits"].is_object());
    assert_eq!(all(&server, "orders_all>=1", "id", 1_000).len(), buyers.len() - 1);
    assert!(!all(&server, "not orders_all>=1", "id", 1_000).contains(&id));
    assert!(all(&server, "not consent.personalization", "id", 1_000).contains(&id));
    let page = asked(
        &server,
        &[("filter", &format!("id=\"{refusing}\"")), ("columns", "value,orders_all,segment,known,why.value")],
    );
    let page = page.ok();
    let line = customers(&page)[0];
    assert_eq!(
        (&line["scores"], line.get("features"), line.get("segments"), line.get("why")),
        (&json!({}), None, None, None)
    );
    assert_eq!(page["sum"], json!({"value": null, "orders_all": null}));

    // A sum is told of five at the least, and of who permits analytics.
    let five: Vec<&String> =
        users.iter().filter(|user| buyers.contains(&of(user)) && *user != refusing).take(5).collect();
    let among = |n: usize| {
        let names: Vec<String> = five[..n].iter().map(|user| format!("\"{user}\"")).collect();
        asked(&server, &[("filter", &format!("id in ({})", names.join(", "))), ("columns", "orders_all")]).ok()
    };
    let orders = |user: &str| server.engine().customer(user).unwrap().customer.state.n_orders();
    let total: u64 = five.iter().map(|user| orders(user)).sum();
    assert_eq!((&among(5)["sum"]["orders_all"], &among(5)["count"]), (&json!(total as f64), &json!(5)));
    assert_eq!((&among(4)["sum"]["orders_all"], &among(4)["count"]), (&Value::Null, &json!(4)));
    refuse(five[0], "analytics");
    assert_eq!((&among(5)["sum"]["orders_all"], &among(5)["count"]), (&Value::Null, &json!(5)));
}

#[test]
fn what_was_computed_is_computed_again_when_something_happens_or_an_hour_is_over() {
    let server = shop();
    let columns = "value,recency_days";
    let line = |user: &str| {
        let page = asked(&server, &[("filter", &format!("id=\"{user}\"")), ("columns", columns)]).ok();
        customers(&page)[0].clone()
    };
    let buyer = world::shop().user_ids.iter().find(|user| line(user)["scores"]["value"].is_number()).unwrap();
    let own = || {
        let view = server.engine().customer(buyer).unwrap();
        let value = view.scores.into_iter().find(|(kind, _)| kind.as_str() == "value").unwrap().1;
        let Content::Amount { amount, .. } = value.content else { panic!("not an amount") };
        amount.unwrap().value
    };
    let before = line(buyer)["scores"]["value"].as_f64().unwrap();
    assert_eq!(before.to_bits(), own().to_bits());
    let currency = server.engine().customer(buyer).unwrap().customer.state.currency().unwrap();
    let order = json!({"userId": buyer, "event": "Order Completed", "properties": {"order_id": "o-new", "revenue": 900.0,
        "currency": currency.code(), "products": [{"product_id": "new", "price": 900.0, "quantity": 1}]}});
    assert_eq!(server.post_as(SERVER, "/v1/track", &order).status, 200);
    assert_ne!(line(buyer)["scores"]["value"].as_f64(), Some(before));
    let now = own();
    assert_eq!(line(buyer)["scores"]["value"].as_f64().map(f64::to_bits), Some(now.to_bits()));
    server.advance(Duration::from_secs(3_600 * 24 * 40));
    assert_ne!(own().to_bits(), now.to_bits());
    assert_eq!(line(buyer)["scores"]["value"].as_f64().map(f64::to_bits), Some(own().to_bits()));
    let id = CustomerId::from(line(buyer)["customerId"].as_str().unwrap());
    assert!(server.engine().customer(id.as_str()).is_ok());
}

#[test]
fn what_the_time_does_not_suffice_for_is_said() {
    let server = shop();
    let selection = server.engine().selection("known", "", "").unwrap();
    let page = |cursor| engine::Page { n_max: 10, cursor };
    let none = server.engine().select(&selection, page(None), Duration::ZERO).unwrap();
    assert_eq!((none.is_complete, none.n, none.n_looked_at, none.cursor), (false, 0, 0, None));
    let all = server.engine().select(&selection, page(None), Duration::from_secs(60)).unwrap();
    let n_customers = server.engine().look(|live| live.profiles.totals().n_customers);
    assert_eq!((all.is_complete, all.n_looked_at), (true, n_customers));
    // Of customers on disk the rest is left out, too.
    server.engine().checkpoint(16).unwrap();
    let none = server.engine().select(&selection, page(None), Duration::ZERO).unwrap();
    assert!(!none.is_complete && none.n < all.n, "{none:?}");
    assert_eq!(server.engine().select(&selection, page(None), Duration::from_secs(60)).unwrap().n, all.n);
    assert_eq!(server.engine().follow_lists(Duration::MAX, &|| true).unwrap(), engine::RollCall::Broken);
}

#[test]
fn a_mistake_is_told_with_its_place_and_only_who_may_read_may_ask() {
    let server = TestServer::start();
    for (query, said) in [
        ([("filter", "chrun>0.5")], "position 1: found \"chrun\""),
        ([("filter", "chrun>0.5")], "did you mean churn?"),
        ([("filter", "known and (known")], "position 17"),
        ([("sort", "-chrun")], "sort cannot be read at position 2"),
        ([("sort", "chrun")], "sort cannot be read at position 1"),
        ([("sort", "segment")], "sort by a score, a feature or a trait"),
        ([("columns", "churn,valeu")], "columns cannot be read at position 7: found \"valeu\""),
        ([("columns", "churn,valeu")], "did you mean value?"),
        ([("columns", " traits.\"größe, x\" , nix")], "columns cannot be read at position 22: found \"nix\""),
        ([("columns", "why.chrun")], "did you mean why.churn?"),
        ([("limit", "0")], "from 1 to 1000"),
        ([("limit", "1001")], "from 1 to 1000"),
        ([("fliter", "known")], "the query cannot be read"),
    ] {
        let message = asked(&server, &query).error(400, "invalid");
        assert!(message.contains(said), "{query:?}: {message}");
    }
    let empty = asked(&server, &[("filter", "")]).ok();
    assert_eq!(
        empty,
        json!({"customers": [], "count": 0, "sum": {}, "cursor": null, "isComplete": true, "lookedAt": 0})
    );
    assert_eq!(server.get_as(ADMIN, "/v1/customers").status, 200);
    server.get_as(WRITE, "/v1/customers").error(403, "forbidden");
    server.send("GET", "/v1/customers", &[], "").error(401, "no_key");
}
