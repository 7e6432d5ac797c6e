//! Do programs that speak Azure Personalizer's interface find what they expect, and does it learn from what they say?

use crate::support::{self, Reply, SERVER, TestServer, WRITE};
use engine::{Asked, Learned};
use events::Fields;
use primitives::{ErrorKind, Seed, UserId};
use profiles::Identifier;
use rand::RngExt as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const KEY: (&str, &str) = ("ocp-apim-subscription-key", SERVER);

fn call(server: &TestServer, path: &str, body: &Value) -> Reply {
    server.send("POST", &format!("/personalizer/v1.0{path}"), &[KEY], body.to_string())
}

fn asked(event: Option<&str>, time: &str) -> Value {
    let mut asked = json!({
        "contextFeatures": [{"time": time}, {"device": {"type": "mobile"}}],
        "actions": [
            {"id": "news", "features": [{"length": "short"}, {"minutes": 3}]},
            {"id": "essay", "features": [{"length": "long"}, {"minutes": 30}]},
            {"id": "scores", "features": [{"length": "short"}]},
        ],
    });
    asked["eventId"] = event.into();
    asked
}

fn ranked(server: &TestServer, asked: &Value) -> Value {
    let reply = call(server, "/rank", asked);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let told = reply.json();
    let p: Vec<f64> =
        told["ranking"].as_array().unwrap().iter().map(|one| one["probability"].as_f64().unwrap()).collect();
    assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{told}");
    assert_eq!(told["ranking"][0]["id"], told["rewardActionId"]);
    told
}

fn failed(reply: &Reply) -> (u16, String) {
    let error = &reply.json()["error"];
    assert!(error["message"].as_str().unwrap().contains(' '), "{}", reply.text);
    (reply.status, error["code"].as_str().unwrap().to_owned())
}

/// What was chosen, in the order of time, with what came of it.
fn rewards(server: &TestServer) -> Vec<Option<f64>> {
    let log = server.engine().occasions().unwrap().in_order();
    log.rounds.iter().map(|round| round.reward.map(|reward| reward.amount)).collect()
}

#[test]
fn what_is_asked_told_and_refused_is_as_with_azure() {
    let server = TestServer::start();
    let told = ranked(&server, &asked(Some("visit 1"), "morning"));
    assert_eq!((&told["eventId"], told["ranking"].as_array().unwrap().len()), (&json!("visit 1"), 3));
    assert_eq!(ranked(&server, &asked(Some("visit 1"), "morning")), told, "asked again it is answered the same");
    let other = call(&server, "/rank", &asked(Some("visit 1"), "evening"));
    assert_eq!(failed(&other), (400, "BadRequest".to_owned()), "one name means one occasion");
    let mut excluding = asked(None, "morning");
    excluding["excludedActions"] = json!(["news", "scores"]);
    let told = ranked(&server, &excluding);
    assert_eq!((&told["rewardActionId"], &told["ranking"][2]["probability"]), (&json!("essay"), &json!(0.0)));
    let own = told["eventId"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/decisions/{own}")).status, 200, "it is a decision like any other");

    // What was not asked cannot be rewarded, and what is too much is refused.
    let bad = (400, "BadRequest".to_owned());
    assert_eq!(
        failed(&call(&server, "/events/never/reward", &json!({"value": 1}))),
        (404, "ResourceNotFound".to_owned())
    );
    assert_eq!(failed(&call(&server, "/events/never/activate", &json!({}))), (404, "ResourceNotFound".to_owned()));
    let many: Vec<Value> = (0..51).map(|at| json!({"id": at.to_string(), "features": []})).collect();
    for body in [
        json!({"actions": many}),
        json!({"actions": []}),
        json!({}),
        json!({"actions": [{"id": "a", "features": []}], "excludedActions": ["a"]}),
        json!({"actions": [{"id": "a", "features": []}], "eventId": "x".repeat(257)}),
    ] {
        assert_eq!(failed(&call(&server, "/rank", &body)), bad, "{body}");
    }
    for value in [json!(1.5), json!(-2), json!("much"), Value::Null] {
        assert_eq!(failed(&call(&server, "/events/visit%201/reward", &json!({ "value": value }))), bad, "{value}");
    }
    for (path, status) in [
        ("/personalizer/v1.1-preview.3/rank", 201),
        ("/personalizer/rank?api-version=2022-09-01-preview", 201),
        ("/personalizer/v2.0/rank", 404),
    ] {
        assert_eq!(server.send("POST", path, &[KEY], asked(None, "noon").to_string()).status, status, "{path}");
    }
    for (key, status) in [("stranger", 401), (WRITE, 403)] {
        let headers = [("ocp-apim-subscription-key", key)];
        let reply = server.send("POST", "/personalizer/v1.0/rank", &headers, asked(None, "noon").to_string());
        assert_eq!(failed(&reply).0, status, "{key}");
        let reply = server.send("POST", "/personalizer/v1.0/events/visit%201/reward", &headers, r#"{"value":1}"#);
        assert_eq!(failed(&reply).0, status, "{key}: what is learned from is not told by strangers");
    }
}

#[test]
fn nobody_takes_the_name_that_rewards_are_told_in() {
    let server = TestServer::start();
    ranked(&server, &asked(Some("a"), "morning"));
    let name = "rapport:occasions";
    for (key, body) in [
        (WRITE, json!({"userId": "me", "anonymousId": name})),
        (SERVER, json!({"userId": name})),
        (WRITE, json!({"userId": "me", "anonymousId": "Rapport:Occasions"})),
    ] {
        let said = server.post_as(key, "/v1/identify", &body);
        assert!(said.status == 400 && said.text.contains("it is no customer's"), "{body}: {}", said.text);
    }
    let alias = server.post("/v1/alias", &json!({"userId": "me", "previousId": name}));
    assert_eq!(alias.status, 400, "{}", alias.text);
    // Whoever had a name like it before takes nothing either.
    server.post("/v1/identify", &json!({"userId": "me", "anonymousId": "occasions"})).ok();
    assert_eq!(call(&server, "/events/a/reward", &json!({"value": 0.5})).status, 204);
    assert_eq!(rewards(&server), [Some(0.5)]);
    let told = server.get(&format!("/v1/customers/anonymous:{name}"));
    assert_eq!(told.status, 200, "{}", told.text);
    for id in [name, "anonymous:rapport:occasions"] {
        let path = format!("/v1/customers/{id}");
        for path in [format!("{path}?dryRun=true"), path] {
            let reply = server.send("DELETE", &path, &[("authorization", &format!("Bearer {}", support::ADMIN))], "");
            assert!(reply.error(409, "conflict").contains("none could be any more"), "{}", reply.text);
        }
    }
    ranked(&server, &asked(Some("b"), "evening"));
    assert_eq!(call(&server, "/events/b/reward", &json!({"value": 1})).status, 204);
    assert_eq!(rewards(&server), [Some(0.5), Some(1.0)]);
}

#[test]
fn the_same_question_about_another_customer_is_another_question() {
    let server = TestServer::start();
    let about = |user: Option<&str>| {
        let mut question = json!({"decision": "rank", "event": "visit", "actions": [{"id": "news"}, {"id": "essay"}]});
        question["userId"] = user.into();
        server.decide(&question)
    };
    let ann = about(Some("ann")).ok();
    assert_eq!(ann["customerId"], "ann");
    assert_eq!(about(Some("ann")).ok(), ann);
    for other in [Some("bob"), None] {
        assert!(about(other).error(409, "conflict").contains("something else was asked"), "{other:?}");
    }
    // Who signs in stays who they were.
    let asked = |names: Value| {
        let mut question =
            json!({"decision": "rank", "event": "browsing", "actions": [{"id": "news"}, {"id": "essay"}]});
        question.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
        server.decide(&question)
    };
    let before = asked(json!({"anonymousId": "device"})).ok();
    server.post_as(SERVER, "/v1/identify", &json!({"userId": "cem", "anonymousId": "device"})).ok();
    assert_eq!(asked(json!({"userId": "cem"})).ok(), before);
    // By the other way to ask about one customer, too.
    let engine = server.engine();
    let parameters =
        [("event".to_owned(), json!("visit")), ("actions".to_owned(), json!([{"id": "news"}, {"id": "essay"}]))];
    let asked = Asked { kind: "rank".into(), names: Vec::new(), parameters: parameters.into(), context: Fields::new() };
    let of = |user: &str| engine.decide_all(&asked, vec![Identifier::User(UserId::from(user))]);
    assert_eq!(of("ann").unwrap()[0].decision.id.as_str(), ann["decisionId"].as_str().unwrap());
    assert_eq!(of("bob").unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn the_first_reward_counts_also_after_a_start_and_deferred_choices_count_once_shown() {
    let server = TestServer::start();
    let reward = |server: &TestServer, event: &str, value: f64| {
        server.advance(Duration::from_secs(1));
        let reply = call(server, &format!("/events/{event}/reward"), &json!({ "value": value }));
        assert_eq!((reply.status, reply.text.as_str()), (204, ""), "{event}");
    };
    ranked(&server, &asked(Some("a"), "morning"));
    reward(&server, "a", 0.75);
    reward(&server, "a", 0.25);
    server.advance(Duration::from_secs(1));
    ranked(&server, &asked(Some("b"), "morning"));
    server.advance(Duration::from_secs(1));
    let mut later = asked(Some("c"), "evening");
    later["deferActivation"] = true.into();
    ranked(&server, &later);
    reward(&server, "c", 1.0);
    assert_eq!(rewards(&server), [Some(0.75), None], "what was never shown is no choice");
    assert_eq!(call(&server, "/events/c/activate", &Value::Null).status, 204);
    assert_eq!(rewards(&server), [Some(0.75), None, Some(1.0)]);
    let names: Vec<Value> = server.events("accepted").into_iter().map(|event| event["event"].clone()).collect();
    assert!(["Decision Converted", "Decision Shown"].iter().all(|name| names.contains(&json!(name))), "{names:?}");

    let server = server.restart_with(|settings| settings.rank.reward_default = 0.5);
    assert_eq!(rewards(&server), [Some(0.25), None, Some(0.5)], "beside what counts where nothing is said");
    let rounds = server.engine().occasions().unwrap();
    assert!((rounds.settings.reward_default - 0.5).abs() < f64::EPSILON, "it is told with it: {:?}", rounds.settings);
    assert_eq!(ranked(&server, &later)["eventId"], "c", "it is known by its name");
    reward(&server, "b", -1.0);
    assert_eq!(rewards(&server), [Some(0.25), Some(-1.5), Some(0.5)]);
    let reading = server.send(
        "GET",
        "/v1/customers/anonymous:rapport:occasions",
        &[("authorization", &format!("Bearer {SERVER}"))],
        "",
    );
    assert_eq!(reading.status, 200, "rewards are events like any other: {}", reading.text);
}

#[test]
fn it_learns_what_suits_each_situation_and_says_by_which_model() {
    let server = TestServer::start();
    let mut random = Seed::new(3).stream("ranking", 0);
    let is_right = |time: &str, id: &str| (time == "morning") == (id != "essay");
    let mut live = |n: usize, name: &str| {
        let mut n_right = 0;
        for at in 0..n {
            server.advance(Duration::from_secs(90));
            let time = ["morning", "evening"][at % 2];
            let event = format!("{name}-{at}");
            let told = ranked(&server, &asked(Some(&event), time));
            let is_right = is_right(time, told["rewardActionId"].as_str().unwrap());
            n_right += usize::from(is_right);
            if random.random::<f64>() < if is_right { 0.7 } else { 0.1 } {
                assert_eq!(call(&server, &format!("/events/{event}/reward"), &json!({"value": 1})).status, 204);
            }
        }
        n_right
    };
    let before = live(400, "early");
    assert!((150..250).contains(&before), "as often as by chance: {before}");
    let published = server.engine().refit_policies(&mut Learned::default(), Seed::new(1)).unwrap();
    let [(task, published)] = &published[..] else { panic!("{published:?}") };
    let published = published.as_ref().unwrap();
    assert!(published.is_champion, "{task}: {published:?}");
    // Nobody was named, so that each choice is drawn anew by itself where it is asked how sure that is.
    let engine = server.engine();
    let customers: Vec<_> = engine.occasions().unwrap().rounds.into_iter().map(|round| round.customer).collect();
    assert_eq!(customers.iter().collect::<BTreeSet<_>>().len(), 400);
    let versions = engine.registry().versions(task).unwrap();
    let header = &learning::newest_versions(&versions, 1).next().unwrap().header;
    let (evaluation, gain) = (&header.evaluation, header.evaluation.gains["uniform"]);
    assert_eq!((evaluation.n_train, header.n_customers), (300, 0), "the newest quarter judges: {evaluation:?}");
    assert!(gain.low < gain.mean && gain.mean < gain.high, "{gain:?}");
    let after = live(100, "late");
    assert!(after > 80, "{after} of 100");

    let actions = json!([{"id": "a", "features": {"length": "long"}}, {"id": "b", "features": {"length": "short"}}]);
    let question = json!({"decision": "rank", "actions": actions, "event": "own", "context": {"time": "evening"}});
    let answer = server.decide(&question).ok();
    assert_eq!(answer["model"], json!({"name": "rank", "version": published.version.as_str()}));
    assert!(answer["actions"][0]["reason"].as_str().unwrap().contains("by what came of what is like it"), "{answer}");
    assert!(server.replays(&answer) && answer["fallback"].is_null(), "{answer}");
    assert_eq!(server.decide(&question).ok(), answer);
}
