//! Is every decision useful, explained, as consent allows, and the same again when it is replayed?

use crate::support::world::{fill, shop};
use crate::support::{self, Reply, SERVER, TestServer, WRITE};
use decisions::Record;
use engine::{AuditTrail, Background, Corrector, Engine, Pauses, Trainer};
use parquet::file::reader::SerializedFileReader;
use parquet::record::{Field, Row};
use primitives::DecisionId;
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

const REFUSES: &str = "refuses-personalization";

fn filled() -> TestServer {
    let server = TestServer::start();
    fill(server.engine());
    server
}

/// A filled server that several tests use at a time: it lives as long as one of them does.
fn shared() -> Arc<TestServer> {
    static SHARED: Mutex<Weak<TestServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(filled());
        *shared = Arc::downgrade(&server);
        server
    })
}

fn recommend(server: &TestServer, user: &str) -> Reply {
    server.decide(&json!({"decision": "recommend", "userId": user, "n": 5}))
}

fn churn(server: &TestServer, user: &str) -> Reply {
    server.decide(&json!({"decision": "churn", "userId": user}))
}

/// A customer who bought a few times.
fn buyer(server: &TestServer) -> String {
    let n_orders = |id: &&String| {
        let found = server.engine().look(|live| live.customer(id)).unwrap();
        found.map_or(0, |customer| customer.state.n_orders())
    };
    shop().user_ids.iter().find(|id| n_orders(id) >= 5).unwrap().clone()
}

fn refuse(server: &TestServer, user: &str) {
    let context = json!({"consent": {"categoryPreferences": {"personalization": false}}});
    let event = json!({"event": "Segment Consent Preference Updated", "userId": user, "context": context});
    server.post("/v1/track", &event).ok();
}

/// The keys of a JSON object in the order in which they were written.
fn keys_in_order(text: &str) -> Vec<String> {
    let (mut keys, mut depth, mut rest) = (Vec::new(), 0, text);
    while let Some(i) = rest.find(['{', '}', '[', ']', '"']) {
        let found = rest.as_bytes()[i];
        rest = &rest[i + 1..];
        match found {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {
                let end = (0..rest.len())
                    .find(|i| rest.as_bytes()[*i] == b'"' && (*i == 0 || rest.as_bytes()[i - 1] != b'\\'));
                let (word, after) = rest.split_at(end.unwrap());
                rest = &after[1..];
                if depth == 1 && rest.starts_with(':') {
                    keys.push(word.to_owned());
                }
            }
        }
    }
    keys
}

fn record(engine: &Engine, decision: &Value) -> Record {
    engine.decision(&DecisionId::from(decision["decisionId"].as_str().unwrap())).unwrap()
}

#[test]
fn a_recommendation_has_the_shape_that_was_promised() {
    let server = shared();
    let user = buyer(&server);
    let reply = recommend(&server, &user);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let keys = ["decisionId", "decision", "customerId", "items", "model", "consent", "fallback"];
    assert_eq!(keys_in_order(&reply.text), keys);
    let decision = reply.ok();
    assert_eq!((&decision["decision"], &decision["customerId"]), (&"recommend".into(), &user.as_str().into()));
    assert_eq!(decision["consent"], json!({"purpose": "personalization", "granted": true, "basis": "default"}));
    assert_eq!(decision["fallback"], Value::Null);
    assert_eq!(decision["model"]["name"], "recommend");
    assert_eq!(decision["model"]["version"].as_str().unwrap().len(), 12);
    let items = decision["items"].as_array().unwrap();
    assert_eq!(items.len(), 5);
    let scores: Vec<f64> = items.iter().map(|item| item["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "best first: {scores:?}");
    for item in items {
        assert!(item["reason"].as_str().unwrap().len() > 10, "{item}");
        assert!(
            keys_in_order(&item.to_string())
                .iter()
                .all(|key| ["id", "score", "reason", "position", "propensity"].contains(&key.as_str()))
        );
    }
    let ids: std::collections::BTreeSet<_> = items.iter().map(|item| item["id"].to_string()).collect();
    assert_eq!(ids.len(), 5, "no item comes twice");
}

#[test]
fn a_churn_score_has_the_shape_that_was_promised() {
    let server = shared();
    let user = buyer(&server);
    let reply = churn(&server, &user);
    let keys = ["decisionId", "decision", "customerId", "score", "reasons", "model", "consent", "fallback"];
    assert_eq!(keys_in_order(&reply.text), keys);
    let decision = reply.ok();
    let score = decision["score"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&score), "{score}");
    assert_eq!((&decision["fallback"], &decision["model"]["name"]), (&Value::Null, &"churn".into()));
    let reasons = decision["reasons"].as_array().unwrap();
    assert!((1..=5).contains(&reasons.len()));
    for reason in reasons {
        assert!(reason["contribution"].as_f64().is_some() && reason["text"].as_str().unwrap().len() > 5, "{reason}");
        assert!(server.engine().catalogue().get(reason["feature"].as_str().unwrap()).is_some(), "{reason}");
    }
    let view = server.get(&format!("/v1/customers/{user}")).ok();
    assert_eq!(view["scores"]["churn"]["score"], decision["score"], "the page and the decision say the same");
}

#[test]
fn a_refusal_leads_to_the_popular_list_and_says_so() {
    let server = shared();
    refuse(&server, REFUSES);
    // From the end, since other tests look at the first ones.
    for bought in shop().user_ids.iter().rev().take(3) {
        refuse(&server, bought);
        let decision = recommend(&server, bought).ok();
        assert_eq!(decision["consent"], json!({"purpose": "personalization", "granted": false, "basis": "stated"}));
        assert!(decision["fallback"].as_str().unwrap().contains("refused personalization"), "{decision}");
        assert_eq!(decision["items"], recommend(&server, REFUSES).ok()["items"], "nothing personal is in it");
        assert_eq!(decision["items"].as_array().unwrap().len(), 5);

        let score = churn(&server, bought).ok();
        assert_eq!(score["consent"]["basis"], "stated");
        assert_eq!((&score["reasons"], score["score"].is_number()), (&json!([]), true));
        assert!(score["fallback"].as_str().unwrap().contains("average over all customers"));
        for decision in [decision, score] {
            let logged = server.get(&format!("/v1/decisions/{}", decision["decisionId"].as_str().unwrap())).ok();
            assert_eq!(logged["features"], json!({}), "the features of somebody who refused are not kept");
            let record = record(server.engine(), &decision);
            assert!(!record.is_forgotten() && !record.holds_knowledge());
        }
    }
}

#[test]
fn who_has_said_nothing_is_decided_about_as_the_settings_say() {
    let server = filled();
    let user = buyer(&server);
    let server = server.restart_with(|settings| settings.consent.default.personalization = false);
    let decision = recommend(&server, &user).ok();
    assert_eq!(decision["consent"], json!({"purpose": "personalization", "granted": false, "basis": "default"}));
    assert!(decision["fallback"].as_str().unwrap().contains("has not agreed to personalization"), "{decision}");
    assert_eq!(server.get(&format!("/v1/customers/{user}")).ok()["consents"]["personalization"]["basis"], "default");
    let context = json!({"consent": {"categoryPreferences": {"personalization": true}}});
    server.post("/v1/identify", &json!({"userId": user, "context": context})).ok();
    let decision = recommend(&server, &user).ok();
    assert_eq!(decision["consent"], json!({"purpose": "personalization", "granted": true, "basis": "stated"}));
    assert_eq!(decision["fallback"], Value::Null);
}

#[test]
fn service_and_security_have_words_of_their_own() {
    let server = filled();
    let user = buyer(&server);
    let server = server.restart_with(|settings| settings.consent.default.security = false);
    let of = |purpose: &str| server.get(&format!("/v1/customers/{user}")).ok()["consents"][purpose].clone();
    assert_eq!(of("service"), json!({"granted": true, "basis": "default", "at": null}));
    assert_eq!(of("security"), json!({"granted": false, "basis": "default", "at": null}));
    let context = json!({"consent": {"categoryPreferences": {"support": false, "fraud_prevention": true}}});
    server.post("/v1/identify", &json!({"userId": user, "context": context})).ok();
    for (purpose, granted) in [("service", false), ("security", true), ("personalization", true)] {
        assert_eq!(of(purpose)["granted"], granted, "{purpose}");
    }
    assert_eq!((&of("service")["basis"], &of("security")["basis"]), (&json!("stated"), &json!("stated")));
    assert_eq!(recommend(&server, &user).ok()["fallback"], Value::Null, "what is decided has another purpose");
}

#[test]
fn somebody_unknown_gets_what_is_popular() {
    let server = shared();
    for question in [
        json!({"decision": "recommend", "userId": "nobody"}),
        json!({"decision": "recommend", "anonymousId": "no-device"}),
        json!({"decision": "recommend", "userId": "nobody", "anonymousId": "no-device"}),
    ] {
        let decision = server.decide(&question).ok();
        assert!(
            decision["fallback"].as_str().unwrap().starts_with("Nothing is known of this customer yet"),
            "{decision}"
        );
        assert_eq!(decision["items"].as_array().unwrap().len(), 10);
        assert_eq!(decision["customerId"], if question["userId"].is_null() { "anonymous:no-device" } else { "nobody" });
    }
    assert!(churn(&server, "nobody").ok()["score"].is_number());
    server.get("/v1/customers/nobody").error(404, "not_found");
    // Somebody who only looked around is known, and has nothing to be personal about.
    server.post("/v1/page", &json!({"anonymousId": "visitor", "name": "Home"})).ok();
    let decision = server.decide(&json!({"decision": "recommend", "anonymousId": "visitor"})).ok();
    assert!(decision["fallback"].as_str().unwrap().contains("not bought anything yet"), "{decision}");
}

#[test]
fn an_empty_server_answers_too_and_says_why_that_is_all() {
    let server = TestServer::start();
    let decision = recommend(&server, "1").ok();
    assert_eq!((&decision["items"], &decision["model"]), (&json!([]), &Value::Null));
    assert!(decision["fallback"].as_str().unwrap().contains("no item"), "{decision}");
    let decision = churn(&server, "1").ok();
    assert_eq!(
        (&decision["score"], &decision["reasons"], &decision["model"]),
        (&Value::Null, &json!([]), &Value::Null)
    );
    assert!(decision["fallback"].as_str().unwrap().contains("No churn model"), "{decision}");

    // With orders and without a model, what sells now is recommended, newest month first.
    let order = |user: &str, item: &str, n: usize| {
        json!({"type": "track", "event": "Order Completed", "userId": user, "messageId": format!("{user}-{item}-{n}"), "properties":
            {"order_id": format!("{user}-{n}"), "currency": "EUR",
             "products": [{"product_id": item, "name": item, "price": 2.5, "quantity": 1}]}})
    };
    server
        .post("/v1/batch", &json!({"batch": [order("1", "tea", 1), order("2", "tea", 2), order("1", "jam", 3)]}))
        .ok();
    let decision = recommend(&server, "1").ok();
    let ids: Vec<_> = decision["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["tea", "jam"]);
    assert_eq!(decision["items"][0]["reason"], "Bought by fewer than 5 customers in the last 30 days");
    assert!(decision["fallback"].as_str().unwrap().starts_with("No recommendation model has been trained yet"));
    // Once the company names items, only those are shown that it named, and not what cannot be had.
    let described = json!({"batch": [
        {"type": "item", "itemId": "tea", "traits": {"available": false}},
        {"type": "item", "itemId": "jam", "traits": {"available": true}},
    ]});
    server.post_as(SERVER, "/v1/batch", &described).ok();
    server.post("/v1/batch", &json!({"batch": [order("3", "rye", 4), order("4", "rye", 5)]})).ok();
    let decision = recommend(&server, "1").ok();
    assert_eq!(decision["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_question_that_cannot_be_read_is_refused_with_its_reason() {
    let server = TestServer::start();
    for (question, said) in [
        (json!({"decision": "recommend", "userId": "1", "n": 0}), "1 to 100"),
        (json!({"decision": "recommend", "userId": "1", "n": 101}), "n is 101"),
        (json!({"decision": "recommend", "userId": "1", "n": -1}), "n is -1"),
        (json!({"decision": "recommend", "userId": "1", "n": "5"}), "give a whole number"),
        (json!({"decision": "horoscope", "userId": "1"}), "ask for recommend, churn"),
        (json!({"decision": 5, "userId": "1"}), "cannot be read"),
        (json!({"userId": "1"}), "decision"),
        (json!({"decision": "recommend"}), "userId or anonymousId"),
        (json!({"decision": "recommend", "userId": ""}), "userId or anonymousId"),
        (json!({"decision": "recommend", "userId": " "}), "userId or anonymousId"),
        (json!({"decision": "recommend", "userId": ["1"]}), "send the identifier as text"),
        (json!({"decision": "recommend", "userId": 1.5}), "must be whole"),
        (json!({"decision": "recommend", "userId": "x".repeat(513)}), "513"),
        (json!({"decision": "recommend", "userId": "1", "context": "web"}), "cannot be read"),
        (json!({"decision": "recommend", "userId": "undefined"}), "programs write that"),
        (json!({"decision": "recommend", "userId": 0}), "for nobody"),
        (
            json!({"decision": "recommend", "userID": "1"}),
            "no field \"userID\" in a question of \"recommend\": did you mean \"userId\"?",
        ),
        (json!({"decision": "recommend", "userId": "1", "contxt": {}}), "did you mean \"context\"?"),
        (
            json!({"decision": "recommend", "userId": "1", "limit": 3}),
            "has decision, userId, userIds, anonymousId, context, n",
        ),
        (json!({"decision": "recommend", "userId": "1", "\u{202e}": 3}), "no field \"⟨U+202E⟩\""),
        (json!({"decision": "churn", "userId": "1", "n": 3}), "\"churn\" takes no \"n\""),
        (json!({"decision": "churn", "userId": "1", "context": {}}), "\"churn\" takes no \"context\""),
        (json!([]), "cannot be read"),
    ] {
        let message = server.decide(&question).error(400, "invalid");
        assert!(message.contains(said), "{question}: {message}");
    }
    let key = format!("Bearer {SERVER}");
    server.send("POST", "/v1/decide", &[("authorization", &key)], "{").error(400, "invalid");
    let large = json!({"decision": "recommend", "userId": "1", "context": {"pad": "x".repeat(3 << 20)}});
    server.decide(&large).error(413, "too_large");
    server.post_as(WRITE, "/v1/decide", &json!({"decision": "recommend", "userId": "1"})).error(403, "forbidden");
    server.send("POST", "/v1/decide", &[], "{").error(401, "no_key");
    server.send("GET", "/v1/decide", &[("authorization", &key)], "").error(405, "method_not_allowed");
    server.get("/v1/decisions/no-such-decision").error(404, "not_found");
    for n in [1, 100] {
        server.decide(&json!({"decision": "recommend", "userId": "1", "n": n, "context": null})).ok();
    }
}

#[test]
fn a_logged_decision_shows_what_it_was_made_from() {
    let server = shared();
    let user = buyer(&server);
    let context = json!({"page": "home", "nested": {"a": [1, 2.5, null]}});
    let shown_there = json!({"decision": "recommend", "userId": format!(" {user} "), "context": context});
    let recommended = server.decide(&shown_there).ok();
    assert_eq!(recommended["customerId"], user, "blanks around a name are not part of it");
    let logged = server.get(&format!("/v1/decisions/{}", recommended["decisionId"].as_str().unwrap())).ok();
    assert_eq!((&logged["answer"], &logged["context"]), (&recommended, &context));
    let decision = churn(&server, &user).ok();
    let logged = server.get(&format!("/v1/decisions/{}", decision["decisionId"].as_str().unwrap())).ok();
    assert_eq!((&logged["answer"], &logged["context"]), (&decision, &json!({})));
    assert_eq!((&logged["decidedAt"], &logged["propensity"]), (&"2026-11-22T12:00:00.000Z".into(), &1.0.into()));
    let shown = &logged["features"];
    let live = server.get(&format!("/v1/customers/{user}")).ok();
    assert_eq!(shown.as_object().unwrap().len(), server.engine().catalogue().definitions().len());
    for (name, feature) in live["features"].as_object().unwrap() {
        assert_eq!(shown[name], feature["value"], "{name}");
        assert!(feature["meaning"].as_str().unwrap().len() > 5 && feature["unit"].is_string(), "{name}");
    }
    for reason in decision["reasons"].as_array().unwrap() {
        assert_eq!(shown[reason["feature"].as_str().unwrap()], reason["value"]);
    }
}

#[test]
fn the_same_question_at_the_same_moment_has_the_same_answer() {
    let server = shared();
    for user in shop().user_ids.iter().take(40) {
        for ask in [recommend, churn] {
            let (mut one, mut two) = (ask(&server, user).ok(), ask(&server, user).ok());
            assert_ne!(one["decisionId"].take(), two["decisionId"].take());
            assert_eq!(one, two);
        }
    }
}

#[test]
fn every_decision_replays_to_the_byte_whatever_happens_later() {
    let server = filled();
    refuse(&server, REFUSES);
    server.post("/v1/page", &json!({"anonymousId": "visitor", "name": "Home"})).ok();
    let mut sent: Vec<String> = Vec::new();
    for user in
        shop().user_ids.iter().map(String::as_str).take(60).chain([REFUSES, "visitor", "nobody", "näme \"x\"\u{1F600}"])
    {
        for ask in [recommend, churn] {
            let reply = ask(&server, user);
            reply.ok();
            sent.push(reply.text);
        }
    }
    let empty = TestServer::start();
    sent.iter().chain(&[]).for_each(|text| assert_same(server.engine(), text));
    for text in [recommend(&empty, "1").text, churn(&empty, "1").text] {
        assert_same(empty.engine(), &text);
    }

    // Later events, another model in force, a refusal, other settings, another day.
    let sold_out = shop().events.iter().filter_map(|event| match &event.call {
        events::Call::Item { item_id, .. } => {
            Some(json!({"type": "item", "itemId": item_id, "traits": {"available": false, "name": "Renamed"}}))
        }
        _ => None,
    });
    server.post_as(SERVER, "/v1/batch", &json!({"batch": sold_out.collect::<Vec<_>>()})).ok();
    server.advance(Duration::from_secs(40 * 86_400));
    let engine = server.engine();
    let material = engine.material(&mut |_| {}).unwrap();
    let task = engine.capabilities().tasks.get("recommend").unwrap();
    let retrained = learning::train(task, &engine.data(&material, primitives::Seed::new(9))).unwrap();
    let published = server.engine().registry().publish(&retrained).unwrap();
    server.engine().registry().promote(&"recommend".into(), &published.version).unwrap();
    server.engine().reload_champions().unwrap();
    assert_ne!(recommend(&server, "nobody").ok()["model"], serde_json::from_str::<Value>(&sent[0]).unwrap()["model"]);
    // Late, so that on a slow machine nothing is forgotten yet.
    for user in shop().user_ids.iter().take(10) {
        refuse(&server, user);
    }
    sent.iter().for_each(|text| assert_same(server.engine(), text));

    let server = server.restart_with(|settings| settings.consent.default.personalization = false);
    sent.iter().for_each(|text| assert_same(server.engine(), text));
}

fn assert_same(engine: &Engine, text: &str) {
    let record = record(engine, &serde_json::from_str(text).unwrap());
    assert_eq!(record.response, text, "the log gives what was sent");
    assert!(record.was_sent(text), "and recognises it");
    assert_eq!(engine.replay(&record).unwrap(), text);
}

#[test]
fn an_amount_is_told_with_the_days_it_is_for() {
    let server = shared();
    let user = buyer(&server);
    let value = |days: Option<i64>| {
        let mut asked = json!({"decision": "value", "userId": user});
        days.into_iter().for_each(|days| asked["days"] = days.into());
        server.decide(&asked).ok()["amount"].clone()
    };
    let (year, month) = (value(None), value(Some(30)));
    assert_eq!((&year["days"], &month["days"]), (&365.into(), &30.into()), "{year} {month}");
    assert!(month["value"].as_f64() < year["value"].as_f64());
}

#[test]
fn a_damaged_model_is_named_and_the_decision_says_so_again_when_it_is_mended() {
    let server = filled();
    let user = buyer(&server);
    let version = churn(&server, &user).ok()["model"]["version"].as_str().unwrap().to_owned();
    let files = support::files_below(&server.data().join("models"));
    let name = |file: &std::path::PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
    let file = files.iter().find(|file| name(file).starts_with(&version)).unwrap();
    let good = std::fs::read(file).unwrap();
    std::fs::write(file, &good[..good.len() / 2]).unwrap();
    server.engine().reload_champions().unwrap();
    let replies = [churn(&server, &user), churn(&server, "nobody")];
    for reply in &replies {
        let said = format!("The churn model {version} cannot be used, since its file is damaged: there is no score.");
        assert_eq!(reply.ok()["fallback"], said);
        assert!(reply.ok()["model"].is_null() && !reply.text.contains("models/"), "{}", reply.text);
    }
    let shown = recommend(&server, &user).ok();
    assert!(shown["fallback"].is_null(), "one model's fault is not another's: {shown}");
    std::fs::write(file, &good).unwrap();
    server.engine().reload_champions().unwrap();
    assert!(churn(&server, &user).ok()["fallback"].is_null());
    replies.iter().for_each(|reply| assert_same(server.engine(), &reply.text));
    // Without its file the model is not there, which is something else than never trained.
    std::fs::remove_file(file).unwrap();
    server.engine().reload_champions().unwrap();
    assert!(churn(&server, &user).text.contains("cannot be used, since its file is not there"));
}

/// Goes once around everybody for whom something was decided.
fn forget(server: &TestServer) -> Result<(), engine::EngineError> {
    let mut after = None;
    let done = server.engine().forget_refused(&mut after, 1_000);
    assert_eq!(after, None, "nobody comes after the last");
    done
}

#[test]
fn what_a_decision_knew_is_forgotten_when_the_customer_refuses_later() {
    let server = filled();
    let user = buyer(&server);
    let replies = [recommend(&server, &user), churn(&server, &user)];
    let other = recommend(&server, "somebody else").ok();
    forget(&server).unwrap();
    assert!(record(server.engine(), &replies[0].ok()).holds_knowledge(), "nobody has refused yet");
    server.advance(Duration::from_secs(60));
    refuse(&server, &user);
    forget(&server).unwrap();
    for reply in &replies {
        let sent = reply.ok();
        let forgotten = record(server.engine(), &sent);
        assert!(forgotten.is_forgotten() && !forgotten.holds_knowledge());
        let kept = server.get(&format!("/v1/decisions/{}", sent["decisionId"].as_str().unwrap())).ok();
        assert_eq!((&kept["isForgotten"], &kept["answer"]["score"]), (&json!(true), &sent["score"]));
        for (before, after) in sent["items"].as_array().into_iter().zip(kept["answer"]["items"].as_array()) {
            let ids = |items: &[Value]| items.iter().map(|item| item["itemId"].clone()).collect::<Vec<_>>();
            assert_eq!(ids(before), ids(after), "what was answered stays");
        }
        let said: Vec<&Value> =
            ["items", "reasons"].iter().filter_map(|list| sent[list].as_array()).flatten().collect();
        assert!(!said.is_empty(), "{sent}");
        for why in said.iter().flat_map(|one| [&one["reason"], &one["text"]]).filter_map(Value::as_str) {
            assert!(!kept.to_string().contains(why), "{why}: {kept}");
        }
        let said = server.engine().replay(&forgotten).unwrap_err().story();
        assert!(said.contains("the customer refuses personalization or analytics"), "{said}");
    }
    assert!(!record(server.engine(), &other).is_forgotten());
}

/// The customers of the decisions that lie as a file, as far as they may be known.
fn customers_of(file: &Path) -> Vec<Option<String>> {
    let rows = SerializedFileReader::new(File::open(file).unwrap()).unwrap().into_iter();
    let customer = |row: Row| row.get_column_iter().find(|(name, _)| *name == "customer_id").unwrap().1.clone();
    rows.map(|row| match customer(row.unwrap()) {
        Field::Null => None,
        Field::Str(id) => Some(id),
        other => panic!("not an id: {other}"),
    })
    .collect()
}

#[test]
fn decisions_of_days_that_are_over_become_files_in_the_background_and_forget_as_the_log_does() {
    let server = filled();
    let (user, date) = (buyer(&server), server.now().date());
    for user in [&user, "somebody else"] {
        recommend(&server, user).ok();
    }
    server.advance(Duration::from_secs(86_400));
    let file = server.data().join("decisions").join(format!("date={date}")).join("part.parquet");
    let engine = server.engine();
    let audit = AuditTrail::new(engine.clone());
    let trainer = Arc::new(Trainer::new(primitives::Seed::new(1), audit.clone()));
    let pauses = Pauses {
        // The server's own checkpoints take the word that ends the wait of one of both.
        checkpoint: Duration::from_millis(50),
        maintenance: Duration::from_millis(5),
        n_resident_max: 100_000,
        n_sealed_min: u64::MAX,
        seal: Duration::from_secs(1 << 40),
        train_hours: 0,
        refit: Duration::from_secs(3_600),
    };
    let _background = Background::start(trainer, Arc::new(Corrector::new(engine.clone(), audit)), pauses).unwrap();
    support::until("a file", || file.exists().then_some(()));
    let named = customers_of(&file);
    assert!(named.len() == 2 && named.iter().all(Option::is_some), "{named:?}");
    refuse(&server, &user);
    let left =
        support::until("a file without whoever refused", || Some(customers_of(&file)).filter(|found| *found != named));
    assert_eq!(left, [None, named[1].clone()]);
}

#[test]
fn it_is_forgotten_whatever_time_the_refusal_names_and_under_every_name_that_was_decided_for() {
    let server = filled();
    let device = json!({"decision": "recommend", "anonymousId": "device"});
    server.post("/v1/page", &json!({"anonymousId": "device", "name": "Home"})).ok();
    let as_device = server.decide(&device).ok();
    server.post("/v1/identify", &json!({"userId": "ann", "anonymousId": "device"})).ok();
    server.advance(Duration::from_secs(3_600));
    let as_ann = recommend(&server, "ann").ok();
    // Somebody else signs in on the device, and its name is theirs from now on.
    server.post("/v1/identify", &json!({"userId": "ben", "anonymousId": "device"})).ok();
    let as_ben = recommend(&server, "ben").ok();
    let long_ago = server.now() - Duration::from_secs(365 * 86_400);
    let context = json!({"consent": {"categoryPreferences": {"personalization": false}}});
    let event = "Segment Consent Preference Updated";
    let refusal = json!({"event": event, "userId": "ann", "context": context, "timestamp": long_ago.to_string()});
    server.post_as(SERVER, "/v1/track", &refusal).ok();
    forget(&server).unwrap();
    for (sent, is_forgotten) in [(as_device, true), (as_ann, true), (as_ben, false)] {
        assert_eq!(record(server.engine(), &sent).is_forgotten(), is_forgotten, "{sent}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_said_and_keeps_nobody_elses_from_being_forgotten() {
    let server = filled();
    let user = buyer(&server);
    refuse(&server, "a");
    let damaged = decisions::LoggedDecision {
        id: DecisionId::from("damaged"),
        customer: Some("a".into()),
        ..record(server.engine(), &recommend(&server, "a").ok()).to_logged()
    };
    let damaged = decisions::LoggedDecision { record: b"nothing that was ever written".to_vec(), ..damaged };
    server.engine().ports().decisions.append(damaged).unwrap();
    let sent = recommend(&server, &user).ok();
    refuse(&server, &user);
    let said = forget(&server).unwrap_err().story();
    assert!(said.contains("1 decisions") && said.contains("damaged") && said.contains("keep_days"), "{said}");
    assert!(record(server.engine(), &sent).is_forgotten(), "who comes after it is looked at, too");
}

#[test]
fn a_clock_that_is_slow_spares_nothing_from_being_forgotten() {
    let server = filled();
    let user = buyer(&server);
    let sent = recommend(&server, &user).ok();
    let context = json!({"consent": {"categoryPreferences": {"personalization": false}}});
    let refusal = json!({
        "event": "Segment Consent Preference Updated", "userId": user, "context": context, "timestamp": "2026-01-01T00:00:00Z"
    });
    server.post("/v1/track", &refusal).ok();
    let without = recommend(&server, &user);
    forget(&server).unwrap();
    let forgotten = record(server.engine(), &sent);
    assert!(forgotten.is_forgotten() && !forgotten.holds_knowledge(), "the refusal came after it");
    assert_same(server.engine(), &without.text);
}

#[test]
fn a_damaged_model_is_left_out_and_said() {
    let server = filled();
    let user = buyer(&server);
    let models = server.data().join("models");
    let server = server.stop();
    for file in support::files_below(&models) {
        if std::fs::metadata(&file).unwrap().len() > 4_096 {
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xFF;
            std::fs::write(&file, bytes).unwrap();
        }
    }
    let server = TestServer::reopen(server);
    for (ask, name) in [(recommend as fn(&TestServer, &str) -> Reply, "recommend"), (churn, "churn")] {
        let decision = ask(&server, &user).ok();
        assert!(decision["fallback"].is_string(), "{decision}");
        let models = server.get("/v1/models").ok();
        let model = models["models"].as_array().unwrap().iter().find(|model| model["name"] == name).unwrap();
        assert!(model["fault"].as_str().unwrap().len() > 10, "{models}");
    }
}

#[test]
fn a_champion_that_could_not_be_read_for_a_moment_answers_again() {
    let server = filled();
    let (engine, models) = (server.engine(), server.data().join("models"));
    let version = engine.registry().champion_version(&"churn".into()).unwrap().unwrap();
    let mut files = std::fs::read_dir(&models).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.file_name().unwrap().to_string_lossy().starts_with(version.as_str())).unwrap();
    let aside = models.join("aside");
    std::fs::rename(&file, &aside).unwrap();
    engine.reload_champions().unwrap();
    let n_faults = || engine.champion_status().iter().filter(|status| status.fault.is_some()).count();
    assert_eq!(n_faults(), 1);
    std::fs::rename(&aside, &file).unwrap();
    support::until("it answers", || {
        engine.pressure().wake();
        (n_faults() == 0).then_some(())
    });
    assert!(engine.models().get(&"churn".into()).is_some());
}
