//! Are offers made within their budgets, to whom they change, and does a campaign earn most?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use decisions::Offer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use support::{SERVER, TestServer, WRITE, until};

fn server(offers: &[Value]) -> TestServer {
    TestServer::start_with(|settings| {
        settings.offers = offers.iter().map(|table| Offer::from_table(table.as_object().unwrap()).unwrap()).collect();
        settings.contact.consent_channels.clear();
    })
}

fn offered(server: &TestServer, user: &str, context: &Value) -> Value {
    server.decide(&json!({"decision": "offer", "userId": user, "context": context})).ok()
}

fn first(answer: &Value) -> Option<&str> {
    answer["actions"].as_array()?.first()?["id"].as_str()
}

fn rule_of<'a>(answer: &'a Value, offer: &str) -> Option<&'a str> {
    answer["leftOut"].as_array()?.iter().find(|one| one["id"] == offer)?["rule"].as_str()
}

/// What was spent before is known in a moment.
fn begun(server: &TestServer) {
    until("what was spent is read", || {
        let answer = offered(server, "somebody", &json!({}));
        (rule_of(&answer, "five") != Some("budget: not known")).then_some(())
    });
}

fn identify(server: &TestServer, user: &str, plan: &str) {
    server.post_as(SERVER, "/v1/identify", &json!({"userId": user, "traits": {"plan": plan}})).ok();
}

#[test]
fn no_more_is_offered_than_the_budget_also_after_a_start_and_what_came_of_it_counts() {
    // Each is expected to cost 2.5, and is accepted or not in the end.
    let five = json!({"name": "five", "value": 20, "prior": 0.5, "costs": 5, "budget": {"amount": 25, "days": 7}});
    let server = server(&[five]);
    begun(&server);
    let mut n_given = 1;
    let mut last = Value::Null;
    for at in 0..30 {
        let answer = offered(&server, &format!("u{at}"), &json!({}));
        match first(&answer) {
            Some(id) => {
                assert_eq!(id, "five");
                (n_given, last) = (n_given + 1, answer);
            }
            None => assert_eq!(rule_of(&answer, "five"), Some("budget"), "{answer}"),
        }
    }
    assert_eq!(n_given, 10, "10 times 2.5 is 25");
    assert!(server.replays(&last), "{last}");
    let again = offered(&server, "u0", &json!({}));
    assert_eq!(first(&again), Some("five"), "who has it today keeps it: {again}");

    let server = server.restart();
    until("what was spent is read", || {
        let answer = offered(&server, "new", &json!({}));
        (rule_of(&answer, "five") == Some("budget")).then_some(())
    });
    assert!(server.replays(&last), "whatever budgets are now: {last}");
    assert_eq!(first(&offered(&server, "u1", &json!({}))), Some("five"), "also after a start");

    // One accepts: that costs 5, and the others nothing once their days are over. The budget looks back 7 days, rewards as many.
    let properties = json!({"decision_id": again["decisionId"], "action": "five", "value": 20, "currency": "EUR"});
    server.post("/v1/track", &json!({"event": "Decision Converted", "userId": "u0", "properties": properties})).ok();
    let engine = server.engine();
    engine.count_spent().unwrap();
    assert_eq!(rule_of(&offered(&server, "new", &json!({})), "five"), Some("budget"), "it is more than was expected");
    server.advance(Duration::from_secs(7 * 86_400 + 7_200));
    engine.count_spent().unwrap();
    assert_eq!(first(&offered(&server, "new", &json!({}))), Some("five"));
}

#[test]
fn an_action_that_is_declared_later_counts_beside_offers_and_takes_no_name_of_one() {
    let server = TestServer::start_with(|settings| {
        let five = json!({"name": "five", "group": "gifts", "value": 20, "costs": 5});
        settings.offers = vec![Offer::from_table(five.as_object().unwrap()).unwrap()];
        settings.contact.consent_channels.clear();
        let cap = json!([{"per": "group", "n": 1, "days": 7}]);
        settings.contact.caps = serde_json::from_value(cap).unwrap();
    });
    let declare = |body: Value| server.post_as(SERVER, "/v1/actions", &body);
    let refused = declare(json!({"name": "five", "value": 2}));
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(format!("{refused:?}").contains("there is an offer of this name"), "{refused:?}");
    assert_eq!(first(&offered(&server, "u0", &json!({}))), Some("five"), "nothing changed");
    // What is given of one list is counted for the other, by the group that it has now.
    declare(json!({"name": "card", "group": "gifts", "value": 2})).ok();
    let act = |user: &str| server.decide(&json!({"decision": "act", "userId": user})).ok();
    assert_eq!(first(&act("u1")), Some("card"));
    assert_eq!(rule_of(&offered(&server, "u1", &json!({})), "five"), Some("cap:group:7d"));
    assert_eq!(rule_of(&act("u0"), "card"), Some("cap:group:7d"));
    assert_eq!(first(&offered(&server, "u2", &json!({}))), Some("five"));
}

#[test]
fn a_campaign_spends_its_budget_on_who_is_worth_most_and_is_logged() {
    let server = TestServer::start_with(|settings| {
        let offers = [
            json!({"name": "ten", "value": 10, "prior": 0.5, "discount": 0.1, "eligible": "traits.plan = \"pro\""}),
            json!({"name": "small", "value": 4, "prior": 0.5, "costs": 1}),
            json!({"name": "no_offer", "nothing": true}),
        ];
        settings.offers = offers.iter().map(|table| Offer::from_table(table.as_object().unwrap()).unwrap()).collect();
        settings.holdout.kinds = [("offer".to_owned(), 0.3)].into();
    });
    for at in 0..60 {
        identify(&server, &format!("u{at}"), if at % 3 == 0 { "pro" } else { "free" });
    }
    let allocate = |body: Value| server.post_as(SERVER, "/v1/offers/allocate", &body);
    // Ten of 40 costs 4 when it is accepted, is expected to cost 2 and worth 3; small costs 0.5 and is worth 1.5.
    let found = allocate(json!({"budget": 15, "context": {"value": 40}})).ok();
    let chosen = found["chosen"].as_array().unwrap();
    assert!(!chosen.is_empty(), "{found}");
    let (spent, left) = (found["spent"].as_f64().unwrap(), found["left"].as_f64().unwrap());
    assert!(spent <= 15.0 && (spent + left - 15.0).abs() < 1e-9 && found["customers"] == 60, "{found}");
    let costs: f64 = chosen.iter().map(|one| one["cost"].as_f64().unwrap()).sum();
    assert!((costs - spent).abs() < 1e-9, "{found}");
    let of = |found: &Value, why: &str| found["without"][why].as_u64().unwrap();
    let others: u64 = ["nothing", "budget", "ownBudget", "heldOut"].iter().map(|why| of(&found, why)).sum();
    assert!(others + chosen.len() as u64 == 60 && of(&found, "budget") > 0, "each is told once: {found}");
    // Who brings most a unit comes first: small for all, and what is left for more.
    assert!(found["shadowPrice"].as_f64().unwrap() > 0.0, "{found}");
    let ids: BTreeSet<&str> = chosen.iter().map(|one| one["customerId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), chosen.len(), "each gets one at the most");
    let decisions = |server: &TestServer| server.engine().rounds().unwrap().rounds.len();
    assert_eq!(decisions(&server), 0, "nothing is logged");

    let of_pro = allocate(
        json!({"budget": 1000, "filter": "traits.plan = \"pro\"", "offers": ["ten"], "context": {"value": 40}, "log": true}),
    );
    let of_pro = of_pro.ok();
    let chosen = of_pro["chosen"].as_array().unwrap();
    assert!((8..=19).contains(&chosen.len()) && of_pro["customers"] == 20, "some are held out: {of_pro}");
    assert_eq!(of(&of_pro, "heldOut"), 20 - chosen.len() as u64, "{of_pro}");
    assert!(of_pro["shadowPrice"] == 0.0 && chosen.iter().all(|one| one["offer"] == "ten"), "{of_pro}");
    assert_eq!(decisions(&server), chosen.len());
    let id = chosen[0]["decisionId"].as_str().unwrap();
    let replayed = server.post_as(SERVER, &format!("/v1/decisions/{id}/replay"), &json!({})).ok();
    assert_eq!(replayed["identical"], true, "{replayed}");
    let experiments = server.engine().rounds().unwrap();
    assert!(experiments.rounds.iter().all(|round| (round.propensity - 1.0).abs() < 1e-12));

    for (body, said) in [
        (json!({"budget": -1}), "budget is -1"),
        (json!({}), "missing field `budget`"),
        (json!({"budget": 1, "offers": ["tem"]}), "did you mean \"ten\"?"),
        (json!({"budget": 1, "filter": "orders >"}), "filter"),
        (json!({"budget": 1, "channel": "emall"}), "did you mean \"email\"?"),
        (json!({"budget": 1, "logg": true}), "unknown field"),
    ] {
        let error = allocate(body.clone()).error(400, "invalid");
        assert!(error.contains(said), "{body}: {error}");
    }
    let refused = server.post_as(WRITE, "/v1/offers/allocate", &json!({"budget": 1}));
    assert_eq!(refused.status, 403);
}

/// The set for retention: who would leave, times what they bring, times what an offer changes, within a budget.
#[test]
fn who_would_leave_is_offered_as_much_as_they_are_about_to_be_lost_with() {
    let server = server(&[json!({"name": "stay", "keeps": true, "costs": 5, "prior": 0.2})]);
    support::world::fill(server.engine());
    let scores = server.get("/v1/customers?filter=churn%20%3E%3D%200.5&columns=churn,value&limit=1000").ok();
    let all = scores["customers"].as_array().unwrap();
    let found = server.post_as(SERVER, "/v1/offers/allocate", &json!({"budget": 40, "filter": "churn >= 0.5"})).ok();
    let chosen = found["chosen"].as_array().unwrap();
    assert!(chosen.len() > 3 && chosen.len() <= 40 && found["spent"].as_f64().unwrap() <= 40.0, "{found}");
    for one in chosen {
        let customer = all.iter().find(|customer| customer["customerId"] == one["customerId"]).unwrap();
        let of = |name: &str| customer["scores"][name].as_f64().unwrap();
        let expected = 0.2 * (of("churn") * of("value") - 5.0);
        let worth = one["worth"].as_f64().unwrap();
        assert!((worth - expected).abs() < 1e-6 * expected.abs().max(1.0), "{worth} for {expected}: {customer}");
    }
    let user = chosen[0]["customerId"].as_str().unwrap().trim_start_matches("user:");
    let answer = offered(&server, user, &json!({}));
    assert_eq!(first(&answer), Some("stay"), "{answer}");
    assert!(server.replays(&answer), "{answer}");
}
