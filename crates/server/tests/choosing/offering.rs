//! Are offers made within their budgets, to whom they change, and does a campaign earn most?

use crate::support::{self, SERVER, TestServer, WRITE, until};
use decisions::{
    Content, DecisionCount, DecisionLog, DecisionLogError, DecisionQuery, Declaration, Exposed, LoggedDecision, Offer,
    Parameters,
};
use engine::{Allocating, Asked, Engine, Ports};
use events::Fields;
use primitives::{CustomerId, DecisionId, ErrorKind, Seed, SimulatedClock, Timestamp};
use profiles::Identifier;
use rand::RngExt as _;
use serde_json::{Value, json};
use server::api::wire;
use server::on_disk::ports;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use storage::{Access, DataDir, Storage, StorageSettings};

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
    assert!(format!("{refused:?}").contains("there is an action and an offer of this name"), "{refused:?}");
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
fn an_offer_that_is_saved_is_made_at_once_within_its_budget_also_after_a_change_and_a_start() {
    let server = server(&[]);
    let save = |server: &TestServer, method: &str, path: &str, body: &Value| {
        let key = format!("Bearer {SERVER}");
        server.send(method, path, &[("authorization", &key), ("content-type", "application/json")], body.to_string())
    };
    let five = json!({"name": "five", "value": 20, "prior": 0.5, "costs": 5, "budget": {"amount": 5, "days": 7}});
    save(&server, "POST", "/v1/offers", &five).ok();
    let given = |server: &TestServer, user: &str| {
        let answer = offered(server, user, &json!({}));
        assert!(server.replays(&answer), "{answer}");
        first(&answer).map(str::to_owned).ok_or_else(|| rule_of(&answer, "five").map(str::to_owned))
    };
    let (yes, spent) = (Ok("five".to_owned()), Err(Some("budget".to_owned())));
    assert_eq!([0, 1, 2].map(|at| given(&server, &format!("u{at}"))), [yes.clone(), yes.clone(), spent.clone()]);
    // What looks further back knows what was spent, and more may be.
    save(&server, "PUT", "/v1/offers/five", &json!({"budget": {"amount": 7.5, "days": 30}})).ok();
    assert_eq!([2, 3].map(|at| given(&server, &format!("u{at}"))), [yes.clone(), spent.clone()]);
    let server = server.restart();
    begun(&server);
    assert_eq!([1, 4].map(|at| given(&server, &format!("u{at}"))), [yes, spent]);
    for (path, body, said) in [
        ("/v1/offers", json!({"name": "allocate", "value": 1}), "a path of the interface"),
        ("/v1/offers", json!({"name": "six", "value": 1, "discount": 2}), "discount is 2"),
        ("/v1/actions", json!({"name": "five", "value": 1}), "an action and an offer of this name"),
    ] {
        let error = save(&server, "POST", path, &body).error(400, "invalid");
        assert!(error.contains(said), "{error}");
    }
    save(&server, "DELETE", "/v1/offers/five", &Value::Null).ok();
    assert_eq!(given(&server, "u1"), Err(None), "there is none");
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

/// Those of plan pro buy with the offer, and nearly never without; those of plan free buy as often either way.
fn buys(plan: &str, offer: Option<&str>) -> f64 {
    match (plan, offer) {
        ("pro", Some("ten")) => 0.6,
        ("pro", _) => 0.05,
        _ => 0.45,
    }
}

#[test]
fn what_offers_change_is_learned_from_orders_and_who_buys_anyway_gets_none() {
    let server = TestServer::start_with(|settings| {
        let offers = [
            json!({"name": "ten", "value": 20, "prior": 0.5, "costs": 6}),
            json!({"name": "no_offer", "nothing": true}),
        ];
        settings.offers = offers.iter().map(|table| Offer::from_table(table.as_object().unwrap()).unwrap()).collect();
        settings.act.gamma = 0.0;
    });
    let mut random = Seed::new(3).stream("offering", 0);
    let plan = |at: usize| if at.is_multiple_of(2) { "pro" } else { "free" };
    for at in 0..1_800 {
        let user = format!("u{at}");
        let answer = offered(&server, &user, &json!({"plan": plan(at)}));
        let got = first(&answer).filter(|id| *id == "ten");
        // Of what is shown it is told; of nothing there is nothing to show.
        if got.is_some() && at < 300 {
            let properties = json!({"decision_id": answer["decisionId"], "action": "ten"});
            let shown = json!({"event": "Decision Shown", "userId": user, "properties": properties});
            server.post("/v1/track", &shown).ok();
        }
        server.advance(Duration::from_secs(60));
        if random.random::<f64>() < buys(plan(at), got) {
            let order = json!({"order_id": user, "revenue": 40, "currency": "EUR"});
            server
                .post_as(SERVER, "/v1/track", &json!({"event": "Order Completed", "userId": user, "properties": order}))
                .ok();
        }
    }
    server.advance(Duration::from_secs(8 * 86_400));
    let engine = server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    let published = engine::train(engine, &"uplift".into(), &material, Seed::new(1)).unwrap();
    assert!(published.is_champion, "{published:?}");
    let header = engine.registry().header_of(&"uplift".into(), &published.version).unwrap();
    // Whom nothing was drawn for counts though of nothing it is never told that it was shown.
    assert!(header.n_rows > 1_700, "{header:?}");
    assert!(header.method.contains("by orders") && header.evaluation.metrics["qini"] > 0.0, "{header:?}");

    let answer = offered(&server, "somebody", &json!({"plan": "pro"}));
    assert_eq!(server.engine().models().get(&"uplift".into()).map(|it| it.version.clone()), Some(published.version));
    // Of whom nothing is known at all, no model is asked what changes them.
    let user = |plan: &str| format!("new_{plan}");
    let new = |plan: &str| {
        identify(&server, &user(plan), plan);
        offered(&server, &user(plan), &json!({"plan": plan}))
    };
    let (pro, free) = (new("pro"), new("free"));
    let incremental = |answer: &Value| {
        answer["actions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == "ten")
            .map(|one| one["factors"]["incremental"].as_f64().unwrap())
    };
    assert!(server.replays(&pro) && server.replays(&free) && server.replays(&answer));
    assert_eq!(rule_of(&free, "ten"), Some("value"), "what would come anyway is not paid for: {free}");
    assert!(incremental(&pro).is_none_or(|share| share > 0.7), "{pro}");
    let propensity = |answer: &Value| answer["actions"][0]["factors"]["propensity"].as_f64().unwrap();
    // Nothing was told of decisions: how likely it is taken is what was ordered after it, and not what was declared.
    assert!(first(&pro) != Some("ten") || (0.45..0.75).contains(&propensity(&pro)), "{pro}");
    // A campaign goes by it, too.
    let n_given = |plan: &str| {
        let body = json!({"budget": 1000, "filter": format!("traits.plan = \"{plan}\""), "context": {"plan": plan}});
        server.post_as(SERVER, "/v1/offers/allocate", &body).ok()["chosen"].as_array().unwrap().len()
    };
    assert_eq!((n_given("pro"), n_given("free")), (1, 0));
}

#[test]
fn a_campaign_spends_all_of_its_budget_on_who_can_get_it_and_keeps_who_else_would_have() {
    let offer = |name: &str, value: u32| json!({"name": name, "value": value, "prior": 0.5, "costs": 2});
    let started = |offers: &[Value]| {
        let server = TestServer::start_with(|settings| {
            settings.offers =
                offers.iter().map(|table| Offer::from_table(table.as_object().unwrap()).unwrap()).collect();
            settings.holdout.kinds = [("offer".to_owned(), 0.3)].into();
            settings.contact.consent_channels.clear();
        });
        (0..40).for_each(|at| identify(&server, &format!("u{at:02}"), "free"));
        server
    };
    let allocate = |server: &TestServer, body: &Value| server.post_as(SERVER, "/v1/offers/allocate", body).ok();
    let ids = |found: &Value| -> BTreeSet<String> {
        found["chosen"].as_array().unwrap().iter().map(|one| one["customerId"].as_str().unwrap().to_owned()).collect()
    };
    // Each costs 1 and brings as much to all of them.
    let server = started(&[offer("five", 20)]);
    let treated = ids(&allocate(&server, &json!({"budget": 1000})));
    assert!((20..40).contains(&treated.len()), "{treated:?}");
    for budget in [1, 10, 15] {
        let found = allocate(&server, &json!({"budget": budget}));
        assert_eq!((ids(&found).len(), &found["left"]), (budget, &json!(0.0)), "{found}");
        assert_eq!(found["without"]["heldOut"], 40 - treated.len(), "{found}");
        assert_eq!(found["without"]["budget"], treated.len() - budget, "{found}");
    }
    let given = ids(&allocate(&server, &json!({"budget": 15, "log": true})));
    let logged = server.engine().ports().decisions.recent(None, 1_000).unwrap();
    let listed = server.get("/v1/customers?limit=100").ok();
    let id = |one: &Value| one["customerId"].as_str().unwrap().to_owned();
    let all: BTreeSet<String> = listed["customers"].as_array().unwrap().iter().map(id).collect();
    let last = given.last().unwrap();
    let would: BTreeSet<String> = all.difference(&treated).filter(|id| *id < last).cloned().collect();
    let beside: BTreeSet<String> = logged
        .iter()
        .filter_map(|one| Some(one.customer.as_ref()?.as_str().to_owned()))
        .filter(|id| !given.contains(id))
        .collect();
    assert_eq!((given.len(), all.len()), (15, 40), "{given:?} of {all:?}");
    assert!(!would.is_empty() && would.len() < 40 - treated.len(), "{would:?} up to {last}");
    assert_eq!(beside, would, "of those held out just they would have got one");

    // What an offer's own budget leaves over goes to others, and all of it is given.
    let mut scarce = offer("scarce", 30);
    scarce["budget"] = json!({"amount": 12, "days": 7});
    let server = started(&[scarce, offer("five", 20)]);
    until("what was spent is read", || {
        let found = allocate(&server, &json!({"budget": 1000}));
        found["chosen"].as_array().unwrap().iter().any(|one| one["offer"] == "scarce").then_some(())
    });
    let found = allocate(&server, &json!({"budget": 20, "log": true}));
    let n_of = |name: &str| found["chosen"].as_array().unwrap().iter().filter(|one| one["offer"] == name).count();
    assert_eq!((n_of("scarce"), n_of("five"), &found["left"]), (12, 8, &json!(0.0)), "{found}");
    identify(&server, "late", "free");
    assert_ne!(first(&offered(&server, "late", &json!({}))), Some("scarce"), "nothing of it is left");
}

#[test]
fn a_campaign_that_is_asked_for_again_is_answered_and_not_given_again() {
    // Nobody is left alone: whatever is allocated anew could be given once more.
    let server = TestServer::start_with(|settings| {
        let small = json!({"name": "small", "value": 4, "prior": 0.5, "costs": 1});
        settings.offers = vec![Offer::from_table(small.as_object().unwrap()).unwrap()];
        settings.holdout.kinds = [("offer".to_owned(), 0.2)].into();
        settings.contact.consent_channels.clear();
    });
    for at in 0..30 {
        identify(&server, &format!("u{at}"), "free");
    }
    let body = json!({"budget": 10, "filter": "traits.plan = \"free\"", "log": true});
    let allocate = |server: &TestServer| server.post_as(SERVER, "/v1/offers/allocate", &body).ok();
    let logged = |server: &TestServer| server.engine().ports().decisions.recent(None, 1_000).unwrap().len();
    // Whoever asks at the same time, and whoever asks again, hears the same.
    let all: Vec<Value> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| allocate(&server))).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (first, n_logged) = (&all[0], logged(&server));
    let chosen = first["chosen"].as_array().unwrap();
    assert!(chosen.len() > 10 && chosen.len() < n_logged, "some are held out: {first}");
    assert!(all.iter().all(|one| one == first), "{all:?}");
    server.advance(Duration::from_secs(3_600));
    identify(&server, "late", "free");
    assert_eq!(&allocate(&server), first);
    // After a start the log says what was given.
    let server = server.restart();
    let again = allocate(&server);
    for key in ["chosen", "spent", "worth", "left"] {
        assert_eq!(again[key], first[key], "{key}");
    }
    assert_eq!((&again["shadowPrice"], &again["customers"]), (&Value::Null, &json!(31)));
    assert_eq!(logged(&server), n_logged, "nothing was given by asking");
    // Without it nothing is kept, and another word or another day is another campaign.
    let plain = json!({"budget": 10, "filter": "traits.plan = \"free\""});
    let found = server.post_as(SERVER, "/v1/offers/allocate", &plain).ok();
    assert!(found["shadowPrice"].is_number() && logged(&server) == n_logged, "{found}");
    server.advance(Duration::from_secs(86_400));
    let later = allocate(&server);
    assert!(later["chosen"][0]["decisionId"] != first["chosen"][0]["decisionId"], "{later}");
    assert!(logged(&server) > n_logged);
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

/// A log of decisions that has no room left after so many that were appended at once.
struct FullAfter(Arc<dyn DecisionLog>, AtomicUsize);

impl DecisionLog for FullAfter {
    fn append_all(&self, decisions: Vec<LoggedDecision>, exposed: Vec<Exposed>) -> Result<(), DecisionLogError> {
        let take = |left: usize| left.checked_sub(1);
        if self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            self.1.store(usize::MAX, Ordering::SeqCst);
            let (attempt, source) = ("storing decisions".to_owned(), Box::new(std::io::Error::other("full")));
            return Err(DecisionLogError { attempt, kind: ErrorKind::Unavailable, source });
        }
        self.0.append_all(decisions, exposed)
    }

    fn exposed(&self, experiment: &str, visit: &mut dyn FnMut(Exposed) -> bool) -> Result<(), DecisionLogError> {
        self.0.exposed(experiment, visit)
    }

    fn experiments(&self) -> Result<BTreeMap<String, BTreeMap<String, u64>>, DecisionLogError> {
        self.0.experiments()
    }

    fn keep(&self, declaration: &Declaration) -> Result<(), DecisionLogError> {
        self.0.keep(declaration)
    }

    fn declaration(&self, digest: &str) -> Result<Option<Declaration>, DecisionLogError> {
        self.0.declaration(digest)
    }

    fn get(&self, id: &DecisionId) -> Result<Option<LoggedDecision>, DecisionLogError> {
        self.0.get(id)
    }

    fn newest(
        &self,
        meant: &DecisionQuery,
        visit: &mut dyn FnMut(LoggedDecision) -> bool,
    ) -> Result<(), DecisionLogError> {
        self.0.newest(meant, visit)
    }

    fn by_day(&self, from: Timestamp, n_max: u64) -> Result<Vec<DecisionCount>, DecisionLogError> {
        self.0.by_day(from, n_max)
    }

    fn next_customer(&self, after: Option<&CustomerId>) -> Result<Option<CustomerId>, DecisionLogError> {
        self.0.next_customer(after)
    }

    fn forget(
        &self,
        customer: &CustomerId,
        forget: &mut dyn FnMut(LoggedDecision) -> Option<Vec<u8>>,
    ) -> Result<u64, DecisionLogError> {
        self.0.forget(customer, forget)
    }

    fn counts(&self) -> Result<(u64, u64), DecisionLogError> {
        self.0.counts()
    }

    fn since(&self, from: Timestamp, visit: &mut dyn FnMut(LoggedDecision) -> bool) -> Result<(), DecisionLogError> {
        self.0.since(from, visit)
    }
}

/// An engine over the data of a server that was stopped, whose log has no room left after so many that were appended at once.
fn full_after(server: TestServer, n: usize) -> (Engine, Arc<tempfile::TempDir>) {
    let (settings, now) = (server.settings().clone(), server.now());
    let data = server.stop();
    let storage = Storage::open(DataDir::open(data.path(), Access::Exclusive).unwrap(), StorageSettings::default());
    let all = ports(&storage.unwrap());
    let ports = Ports { decisions: Arc::new(FullAfter(all.decisions.clone(), AtomicUsize::new(n))), ..all };
    let (capabilities, clock) = (Arc::new(settings.capabilities()), Arc::new(SimulatedClock::new(now)));
    let engine = Engine::open(ports, settings.consent_policy(), capabilities, clock, Seed::new(1), wire::decision);
    (engine.unwrap(), data)
}

#[test]
fn what_cannot_be_logged_takes_no_budget_no_contact_and_no_place() {
    let server = TestServer::start_with(|settings| {
        let five = json!({"name": "five", "value": 20, "prior": 0.5, "costs": 5, "budget": {"amount": 5, "days": 7}});
        settings.offers = vec![Offer::from_table(five.as_object().unwrap()).unwrap()];
        settings.contact.consent_channels.clear();
        settings.contact.caps = serde_json::from_value(json!([{"per": "customer", "n": 1, "days": 7}])).unwrap();
    });
    let (engine, _data) = full_after(server, 0);
    engine.count_spent().unwrap();
    engine.set_free("email", 1, 600);
    let ask = |user: &str| {
        let names = vec![Identifier::User(user.into())];
        let parameters = Parameters::from([("channel".to_owned(), "email".into())]);
        engine.decide(Asked { kind: "offer".into(), names, parameters, context: Fields::new() })
    };
    let spent = || engine.spent_lately(engine.capabilities().kinds.get("offer").unwrap())["five"];
    assert_eq!(ask("ann").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!((spent(), engine.free_of("email").unwrap().0), (0.0, 1), "nobody got it");
    let record = ask("ann").unwrap();
    let Content::Actions(actions) = &record.decision.answer.content else { panic!("{record:?}") };
    assert_eq!(actions.chosen.len(), 1, "it is no contact: {actions:?}");
    assert_eq!((spent(), engine.free_of("email").unwrap().0), (2.5, 0));
}

#[test]
fn a_campaign_that_was_cut_short_goes_on_with_what_is_left_of_its_budget() {
    let server = server(&[json!({"name": "small", "value": 4, "prior": 0.5, "costs": 1})]);
    let event = |at: usize| json!({"type": "identify", "userId": format!("u{at}"), "traits": {"plan": "free"}});
    let batch = json!({ "batch": (0..260).map(event).collect::<Vec<_>>() });
    server.post_as(SERVER, "/v1/batch", &batch).ok();
    let (engine, _data) = full_after(server, 1);
    // Enough for 220 of them.
    let asked = Allocating { budget: 110.0, log: true, key: "a campaign".to_owned(), ..Allocating::default() };
    let logged = || engine.ports().decisions.recent(None, 1_000).unwrap();
    assert_eq!(engine.allocate(&asked, support::DEADLINE).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(logged().len(), 200, "what was logged at once before");
    let whole = engine.allocate(&asked, support::DEADLINE).unwrap();
    let given: BTreeSet<&CustomerId> = whole.chosen.iter().map(|one| &one.customer).collect();
    assert_eq!((given.len(), whole.chosen.len(), logged().len()), (220, 220, 220), "each once");
    assert!(whole.spent <= 110.0 && whole.left < 1e-9, "{} {}", whole.spent, whole.left);
    let again = engine.allocate(&asked, support::DEADLINE).unwrap();
    assert_eq!((again.chosen, logged().len()), (whole.chosen, 220));
}
