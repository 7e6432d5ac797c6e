//! What can whoever has the public write key change of what is chosen for the company's own customers?

use crate::support::{SERVER, TestServer, WRITE};
use decisions::{Action, Offer};
use engine::Learned;
use primitives::Seed;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::time::Duration;

const ACTIONS: [&str; 3] = ["grinder", "cups", "course"];

fn server() -> TestServer {
    TestServer::start_with(|settings| {
        let action = |name| json!({"name": name, "value": 10, "prior": 0.2, "group": "cross_sell"});
        settings.actions =
            ACTIONS.map(action).iter().map(|table| Action::from_table(table.as_object().unwrap()).unwrap()).collect();
    })
}

/// How often the company's own customers accept an action.
fn accepts(action: &str) -> f64 {
    if action == "grinder" { 0.6 } else { 0.15 }
}

fn act(server: &TestServer, user: &str) -> Value {
    server.advance(Duration::from_secs(90));
    server.decide(&json!({"decision": "act", "userId": user, "channel": "web", "n": 1})).ok()
}

fn first(answer: &Value) -> &str {
    answer["actions"][0]["id"].as_str().unwrap()
}

fn told(server: &TestServer, key: &str, (user, answer): (&str, &Value), event: &str) {
    let properties = json!({"decision_id": answer["decisionId"], "action": first(answer)});
    server.post_as(key, "/v1/track", &json!({"event": event, "userId": user, "properties": properties})).ok();
}

/// So many customers that the company tells of, who are shown what is chosen, and of whom some accept it.
fn own_customers(server: &TestServer, n: usize) {
    let mut random = Seed::new(5).stream("strangers", 0);
    for at in 0..n {
        let user = format!("own{at}");
        server.post_as(SERVER, "/v1/identify", &json!({"userId": user, "traits": {}})).ok();
        let answer = act(server, &user);
        told(server, SERVER, (&user, &answer), "Decision Shown");
        if random.random::<f64>() < accepts(first(&answer)) {
            told(server, SERVER, (&user, &answer), "Decision Converted");
        }
    }
}

/// How likely the best action is said to succeed with somebody new, from what is known by now.
fn foretold(server: &TestServer) -> f64 {
    let published = server.engine().refit_policies(&mut Learned::default(), Seed::new(1)).unwrap();
    assert!(published[0].1.as_ref().unwrap().is_champion, "{published:?}");
    let answers: Vec<Value> = (0..9).map(|at| act(server, &format!("new{at}"))).collect();
    let best = answers.iter().filter(|answer| first(answer) == "grinder");
    let found: Vec<f64> = best.map(|it| it["actions"][0]["factors"]["propensity"].as_f64().unwrap()).collect();
    assert!(found.len() >= 5, "it is chosen for most: {answers:?}");
    found.iter().sum::<f64>() / found.len() as f64
}

#[test]
fn strangers_who_are_shown_an_action_and_refuse_it_move_what_is_foretold_half_way_at_most() {
    let server = server();
    own_customers(&server, 220);
    let alone = foretold(&server);
    assert!((alone - accepts("grinder")).abs() < 0.15, "{alone}");
    for at in 0..700 {
        let user = format!("invented{at}");
        let answer = act(&server, &user);
        told(&server, WRITE, (&user, &answer), "Decision Shown");
    }
    let after = foretold(&server);
    assert!(after > 0.5 * alone - 0.03, "{alone} became {after}");
    let trained = server.engine().rounds().unwrap().settled();
    assert_eq!(trained.rounds.iter().filter(|round| round.is_own).count(), 220);
}

#[test]
fn who_is_asked_about_and_never_shown_anything_teaches_nothing() {
    let server = server();
    own_customers(&server, 120);
    let learned_from = || {
        let rounds = server.engine().rounds().unwrap().settled().rounds;
        rounds.into_iter().map(|round| (round.decision, round.reward)).collect::<Vec<_>>()
    };
    let before = learned_from();
    for at in 0..1_300 {
        act(&server, &format!("silent{at}"));
    }
    let after = learned_from();
    assert_eq!((before.len(), after.len()), (120, 120));
    assert!(before == after);
}

#[test]
fn what_a_discount_costs_is_what_the_company_told_of_orders() {
    let table = json!({"name": "ten", "value": 20, "prior": 0.5, "discount": 0.1});
    let server = TestServer::start_with(|settings| {
        settings.offers = vec![Offer::from_table(table.as_object().unwrap()).unwrap()];
        settings.contact.consent_channels.clear();
        settings.currency.default = "EUR".to_owned();
    });
    let ordered = |key: &str, user: &str, revenue: f64, currency: Option<&str>| {
        let mut properties = json!({"revenue": revenue, "products": [{"product_id": "i"}]});
        if let Some(currency) = currency {
            properties["currency"] = currency.into();
        }
        server
            .post_as(key, "/v1/track", &json!({"event": "Order Completed", "userId": user, "properties": properties}))
            .ok();
    };
    let accepted = |user: &str| {
        let answer = server.decide(&json!({"decision": "offer", "userId": user})).ok();
        assert!(server.replays(&answer), "{answer}");
        answer["actions"][0]["factors"]["accepted"].as_f64()
    };
    ordered(SERVER, "anna", 60.0, Some("EUR"));
    ordered(SERVER, "anna", 100.0, None);
    assert_eq!(accepted("anna"), Some(8.0));
    for revenue in [0.0, 1e10] {
        (0..20).for_each(|_| ordered(WRITE, "anna", revenue, Some("EUR")));
        assert_eq!(accepted("anna"), Some(8.0));
    }
    ordered(SERVER, "anna", 9_000.0, Some("JPY"));
    assert_eq!(accepted("anna"), Some(8.0), "yen are no euros");
    // Of whom only a write key tells orders, it is not known what a discount costs.
    ordered(WRITE, "berta", 0.0, Some("EUR"));
    assert_eq!(accepted("berta"), None);
}
