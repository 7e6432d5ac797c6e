//! Does the choice of actions become better by what comes of it?

use crate::support::{self, SERVER, TestServer, WRITE};
use decisions::Action;
use engine::Learned;
use primitives::Seed;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::time::Duration;

const ACTIONS: [&str; 3] = ["grinder", "cups", "course"];

/// A server with three actions of equal worth, of which nothing is known.
fn server() -> TestServer {
    TestServer::start_with(|settings| {
        settings.actions = ACTIONS
            .map(|name| json!({"name": name, "value": 10, "prior": 0.2, "group": "cross_sell"}))
            .iter()
            .map(|table| Action::from_table(table.as_object().unwrap()).unwrap())
            .collect();
    })
}

/// How often customers of a plan accept an action: the one that is for them four times as often as any other.
fn accepts(plan: &str, action: &str) -> f64 {
    if (plan == "pro") == (action == "grinder") && action != "course" { 0.6 } else { 0.15 }
}

fn act(server: &TestServer, user: &str, plan: &str) -> Value {
    server.advance(Duration::from_secs(90));
    server.decide(&json!({"decision": "act", "userId": user, "channel": "web", "context": {"plan": plan}})).ok()
}

fn first(answer: &Value) -> String {
    answer["actions"][0]["id"].as_str().unwrap().to_owned()
}

fn plan_of(at: usize) -> &'static str {
    if at.is_multiple_of(2) { "pro" } else { "free" }
}

/// Tells that what was answered did what it was for.
fn converted(server: &TestServer, user: &str, answer: &Value) -> Value {
    let properties =
        json!({"decision_id": answer["decisionId"], "action": first(answer), "value": 10, "currency": "EUR"});
    let event = json!({"event": "Decision Converted", "userId": user, "properties": properties,
        "messageId": format!("converted-{user}")});
    server.post("/v1/track", &event).ok();
    event
}

/// Decides for so many customers, of whom some accept what is chosen for them. Answers the last event that said so.
fn live(server: &TestServer, n: usize) -> Value {
    let mut random = Seed::new(5).stream("acting", 0);
    let mut last = Value::Null;
    for at in 0..n {
        let user = format!("u{at}");
        let answer = act(server, &user, plan_of(at));
        assert_eq!(answer["model"], Value::Null, "nothing is learned yet: {answer}");
        if random.random::<f64>() < accepts(plan_of(at), &first(&answer)) {
            last = converted(server, &user, &answer);
        }
    }
    last
}

/// Of new customers, how many are answered what is for them.
fn n_right(server: &TestServer, name: &str, n: usize) -> usize {
    let right = |at: &usize| {
        let answer = act(server, &format!("{name}{at}"), plan_of(*at));
        first(&answer) == ["grinder", "cups"][at % 2]
    };
    (0..n).filter(right).count()
}

#[test]
fn after_three_hundred_choices_a_model_answers_and_chooses_better() {
    let server = server();
    let before = n_right(&server, "early", 60);
    assert!((8..=34).contains(&before), "about a third by chance: {before}");
    live(&server, 300);
    let (engine, mut last) = (server.engine(), Learned::default());
    let published = engine.refit_policies(&mut last, Seed::new(1)).unwrap();
    let [(task, published)] = &published[..] else { panic!("{published:?}") };
    let published = published.as_ref().unwrap();
    assert!(task.as_str() == "act" && published.is_champion, "{published:?}");
    assert!(engine.refit_policies(&mut last, Seed::new(1)).unwrap().is_empty(), "nothing is new");

    let answer = act(&server, "somebody", "pro");
    assert_eq!(answer["model"], json!({"name": "act", "version": published.version.as_str()}));
    let chosen = &answer["actions"][0];
    assert!(chosen["reason"].as_str().unwrap().contains("by what came of it before"), "{chosen}");
    assert!(chosen["factors"]["propensity"].as_f64().unwrap() > 0.3, "{chosen}");
    assert!(server.replays(&answer), "{answer}");
    let after = n_right(&server, "late", 60);
    assert!(after >= 45 && after > before + 10, "{after} after {before}");

    // What answers goes on to learn: it is learned again when a tenth more is known, and says from what it goes on.
    assert_eq!(engine.refit_policies(&mut last, Seed::new(1)).unwrap().len(), 1);
    let now = act(&server, "somebody else", "pro");
    assert_ne!(now["model"]["version"], answer["model"]["version"]);
    assert!(server.replays(&answer), "by the model that answered then: {answer}");
}

#[test]
fn what_is_said_twice_of_nothing_or_of_whoever_is_gone_teaches_nothing() {
    let server = server();
    let event = live(&server, 40);
    let engine = server.engine();
    let rounds = || engine.rounds().unwrap().settled();
    let learned = rounds();
    assert_eq!(learned.rounds.len(), 40);
    let n_rewarded = learned.n_rewarded();
    assert!(n_rewarded > 4, "{n_rewarded}");
    // The same once more, and of a decision that nobody knows.
    server.post("/v1/track", &event).ok();
    let mut unknown = event.clone();
    unknown["messageId"] = "another".into();
    unknown["properties"]["decision_id"] = "nothing".into();
    server.post("/v1/track", &unknown).ok();
    // What is not known is no number, and no such is equal to another.
    assert_eq!(format!("{:?}", rounds()), format!("{learned:?}"));
    let user = event["userId"].as_str().unwrap();
    // Who refuses to be learned from is no round from then on.
    let context = json!({"consent": {"categoryPreferences": {"analytics": false}}});
    let refusal = json!({"event": "Segment Consent Preference Updated", "userId": user, "context": context});
    server.post("/v1/track", &refusal).ok();
    let left = rounds();
    assert_eq!((left.rounds.len(), left.n_rewarded()), (39, n_rewarded - 1));
    assert!(left.rounds.iter().all(|round| !round.customer.as_str().contains(user)));
    // An order that names a decision is what it was for, whatever else it is.
    let answer = act(&server, "orderer", "pro");
    let order = json!({"event": "Order Completed", "userId": "orderer", "properties": {
        "order_id": "o1", "revenue": 25, "currency": "EUR", "decisionId": answer["decisionId"]}});
    server.post("/v1/track", &order).ok();
    assert_eq!(rounds().n_rewarded(), n_rewarded);
}

#[test]
fn an_order_that_names_the_decision_teaches_what_a_conversion_does() {
    let taught = |of: &dyn Fn(&TestServer, &str, &Value)| {
        let server = server();
        for at in 0..30 {
            let user = format!("u{at}");
            let answer = act(&server, &user, plan_of(at));
            if at % 3 == 0 {
                of(&server, &user, &answer);
            }
        }
        let rounds = server.engine().rounds().unwrap().settled().rounds;
        rounds.into_iter().map(|round| (round.customer, round.at, round.action, round.reward)).collect::<Vec<_>>()
    };
    let by_conversions = taught(&|server, user, answer| drop(converted(server, user, answer)));
    let by_orders = taught(&|server, user, answer| {
        let properties =
            json!({"decision_id": answer["decisionId"], "order_id": user, "revenue": 10, "currency": "EUR"});
        let order = json!({"event": "Order Completed", "userId": user, "properties": properties});
        server.post_as(SERVER, "/v1/track", &order).ok();
    });
    assert_eq!(by_orders.iter().filter(|(.., reward)| reward.is_some()).count(), 10);
    assert_eq!(by_orders, by_conversions);
}

#[test]
fn who_was_erased_is_no_round() {
    let server = server();
    live(&server, 20);
    let engine = server.engine();
    let n_rounds = || engine.rounds().unwrap().settled().rounds.len();
    assert_eq!(n_rounds(), 20);
    server.send("DELETE", "/v1/customers/u0", &[("authorization", &format!("Bearer {}", support::ADMIN))], "").ok();
    support::until("u0 is erased", || (n_rounds() == 19).then_some(()));
}

#[test]
fn training_on_demand_learns_the_same() {
    let server = server();
    live(&server, 240);
    let engine = server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    let published = engine::train(engine, &"act".into(), &material, Seed::new(1)).unwrap();
    assert!(published.is_champion, "{published:?}");
    let answer = act(&server, "somebody", "free");
    assert_eq!(answer["model"]["version"], published.version.as_str());
    let read_until = engine.registry().header_of(&"act".into(), &published.version).unwrap();
    assert_eq!(read_until.n_rows, 240);
}

#[test]
fn what_came_of_a_decision_is_told_with_it() {
    let server = server();
    let answer = act(&server, "ann", "pro");
    let address = format!("/v1/decisions/{}", answer["decisionId"].as_str().unwrap());
    let page = || server.get_as(support::ADMIN, &format!("/decisions/{}", answer["decisionId"].as_str().unwrap())).text;
    assert_eq!(server.get(&address).ok()["came"], json!([]));
    assert!(page().contains("nothing has followed yet"));
    let told = |event: &str, properties: Value| {
        let mut all = json!({"decision_id": answer["decisionId"], "action": first(&answer)});
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        server.post("/v1/track", &json!({"event": event, "userId": "ann", "properties": all})).ok();
    };
    server.advance(Duration::from_secs(60));
    told("Decision Shown", json!({}));
    server.advance(Duration::from_secs(60));
    told("Decision Converted", json!({"value": 12.5, "currency": "EUR"}));
    // What is said of another decision is not told with this one.
    converted(&server, "ann", &act(&server, "ann", "pro"));
    let came = server.get(&address).ok()["came"].clone();
    let [one] = &came.as_array().unwrap()[..] else { panic!("{came}") };
    assert_eq!((&one["id"], &one["value"], &one["currency"]), (&json!(first(&answer)), &json!(12.5), &json!("EUR")));
    assert!(one["shownAt"].as_str() < one["convertedAt"].as_str() && one.get("dismissedAt").is_none(), "{one}");
    let page = page();
    assert!(page.contains("shown 1 min later, did what it was for 2 min later, worth"), "{page}");
    assert!(!page.contains("nothing has followed yet"));
}

#[test]
fn what_whoever_is_held_out_would_have_got_is_told_and_what_is_mandatory_they_get() {
    let server = TestServer::start_with(|settings| {
        settings.holdout.share = 0.5;
        settings.holdout.redraw_days = 0;
        settings.actions = [
            json!({"name": "grinder", "value": 10}),
            json!({"name": "recall", "value": 0, "mandatory": true, "eligible": "orders_all >= 1", "times": 1}),
        ]
        .iter()
        .map(|table| Action::from_table(table.as_object().unwrap()).unwrap())
        .collect();
    });
    let ids = |answer: &Value| {
        let actions = answer["actions"].as_array().unwrap().iter();
        actions.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let ask = |user: &str| server.decide(&json!({"decision": "act", "userId": user, "channel": "web", "n": 2})).ok();
    let mut held = (0..64).map(|at| format!("u{at}"));
    let held = held.find(|user| ask(user)["arm"] == "holdout").unwrap();
    let order = json!({"event": "Order Completed", "userId": held, "properties": {"order_id": "o1", "revenue": 5, "currency": "EUR"}});
    server.post("/v1/track", &order).ok();
    let answer = ask(&held);
    assert_eq!((ids(&answer), &answer["arm"]), (vec!["recall".to_owned()], &json!("holdout")));
    assert!(server.replays(&answer), "{answer}");
    let address = answer["decisionId"].as_str().unwrap();
    let would = server.get(&format!("/v1/decisions/{address}")).ok()["would"].clone();
    assert_eq!(ids(&would), ["recall", "grinder"]);
    let page = server.get_as(support::ADMIN, &format!("/decisions/{address}")).text;
    assert!(page.contains("Without that, the answer would have been: Recall, Grinder."), "{page}");
    // Once is enough, after a start and after months, too.
    server.advance(Duration::from_secs(60 * 86_400));
    let again = ask(&held);
    assert!(ids(&again).is_empty() && again["leftOut"].to_string().contains("times"), "{again}");
    let server = server.restart();
    let later = server.decide(&json!({"decision": "act", "userId": held, "channel": "web", "n": 2})).ok();
    assert!(ids(&later).is_empty() && server.replays(&later), "{later}");
    let refused = server.decide(&json!({"decision": "act", "userId": held, "among": ["grindr"]}));
    assert!(refused.error(400, "invalid").contains("did you mean \"grinder\"?"));
    // An answer by rules is none of a model.
    let list = server.get_as(support::ADMIN, "/decisions").text;
    assert!(list.contains("Held out") && !list.contains("<span class=\"badge good\">Model</span>"));
}

/// Why an action is left out for a customer; nothing where it is not.
fn rule_of(answer: &Value, action: &str) -> Option<String> {
    let mut left_out = answer["leftOut"].as_array().into_iter().flatten();
    left_out.find(|one| one["id"] == action).map(|one| one["rule"].as_str().unwrap().to_owned())
}

#[test]
fn nobody_refuses_for_another_with_an_invented_decision() {
    let server = server();
    let told = |key: &str, user: &str, name: &str, decision: &Value, action: &str| {
        let properties = json!({"decision_id": decision, "action": action});
        server.post_as(key, "/v1/track", &json!({"event": name, "userId": user, "properties": properties})).ok();
    };
    let ask = |user: &str| server.decide(&json!({"decision": "act", "userId": user, "channel": "web", "n": 3})).ok();
    let given = ask("anna");
    // What was given to another counts as little as what was given to nobody.
    let others = ask("berta");
    for action in ACTIONS {
        for name in ["Decision Dismissed", "Decision Shown", "Decision Converted", "Email Unsubscribed"] {
            told(WRITE, "anna", name, &"f".repeat(32).into(), action);
            told(WRITE, "anna", name, &others["decisionId"], action);
        }
    }
    let answer = ask("anna");
    assert_eq!(ACTIONS.map(|action| rule_of(&answer, action)), [None, None, None], "{answer}");
    assert!(server.replays(&answer));
    let (no, other) = (first(&given), first(&others));
    told(WRITE, "anna", "Decision Dismissed", &given["decisionId"], &no);
    let answer = ask("anna");
    assert_eq!(rule_of(&answer, &no).as_deref(), Some("refused"), "{answer}");
    assert!(server.replays(&answer));
    // The company is believed of decisions that were made elsewhere.
    told(SERVER, "berta", "Decision Dismissed", &json!("of another system"), &other);
    assert_eq!(rule_of(&ask("berta"), &other).as_deref(), Some("refused"));
    // What was given to a visitor is theirs once they are known by another name.
    let visitor = json!({"decision": "act", "anonymousId": "v", "channel": "web"});
    let (visited, identify) = (server.decide(&visitor).ok(), json!({"userId": "carla", "anonymousId": "v"}));
    server.post("/v1/identify", &identify).ok();
    told(WRITE, "carla", "Decision Dismissed", &visited["decisionId"], &first(&visited));
    assert_eq!(rule_of(&ask("carla"), &first(&visited)).as_deref(), Some("refused"));
}

#[test]
fn invented_successes_are_none_where_the_company_tells_them() {
    let server = server();
    let told = |key: &str, user: &str| {
        let answer = act(&server, user, "pro");
        let properties = json!({"decision_id": answer["decisionId"], "action": first(&answer)});
        let event = json!({"event": "Decision Converted", "userId": user, "properties": properties});
        server.post_as(key, "/v1/track", &event).ok();
    };
    let n_rewarded = || server.engine().rounds().unwrap().settled().n_rewarded();
    (0..9).for_each(|at| told(WRITE, &format!("invented{at}")));
    assert_eq!(n_rewarded(), 9, "where nobody else tells any, they count");
    told(SERVER, "anna");
    assert_eq!(n_rewarded(), 1, "one in ten is the company's");
}
