//! Are decisions found by what they are, do those that lost say why, and does a replay tell whether it came out the same?

use super::*;
use decisions::Content;

/// Asks for a decision about somebody.
fn decide(console: &Console, kind: &str, name: &str, n: i64) -> decisions::Record {
    let parameters = if kind == "recommend" { [("n".to_owned(), n.into())].into() } else { Default::default() };
    let asked = Question {
        kind: kind.into(),
        names: vec![Identifier::User(name.into())],
        parameters,
        context: events::Fields::new(),
    };
    console.running.app().engine.decide(asked).unwrap()
}

/// Somebody the recommender knows.
fn known(console: &Console) -> String {
    let engine = &console.running.app().engine;
    let somebody = engine.known_lately().unwrap();
    let has_bought = |id: &&primitives::CustomerId| {
        let customer = engine.customer(id.as_str()).unwrap().customer;
        customer.state.n_orders() > 2
    };
    somebody.iter().find(has_bought).unwrap().to_string()
}

#[test]
fn decisions_are_found_by_kind_basis_reason_customer_and_day() {
    let console = Console::filled(200);
    let (own, stranger) = (known(&console), "nobody-knows-me");
    let full = decide(&console, "recommend", &own, 3).decision.id.to_string();
    let popular = decide(&console, "recommend", stranger, 3).decision.id.to_string();
    let average = decide(&console, "churn", stranger, 3).decision.id.to_string();
    let found = |path: &str| {
        let page = console.get(path).body;
        [&full, &popular, &average].map(|id| page.contains(&format!("href=\"/decisions/{id}\"")))
    };
    for (query, expected) in [
        ("", [true, true, true]),
        ("?kind=recommend", [true, true, false]),
        ("?kind=churn", [false, false, true]),
        ("?basis=model", [true, false, false]),
        ("?basis=popular", [false, true, false]),
        ("?basis=average", [false, false, true]),
        ("?basis=nonsense", [true, true, true]),
        ("?reason=NOTHING%20IS%20KNOWN", [false, true, false]),
        ("?reason=no%20churn%20model", [false, false, true]),
        ("?reason=no%20such%20reason", [false, false, false]),
        ("?customer=nobody-knows-me&kind=recommend", [false, true, false]),
        ("?day=2026-11-22", [true, true, true]),
        ("?day=2026-11-21", [false, false, false]),
        ("?day=2026-11-23", [false, false, false]),
    ] {
        assert_eq!(found(&format!("/decisions{query}")), expected, "{query}");
    }
    assert_eq!(found(&format!("/decisions?customer={own}")), [true, false, false]);
    let page = console.get("/decisions").body;
    // A kind is called in the list what it is called everywhere.
    for (title, n) in [("Recommendations", 2), ("Churn", 1)] {
        assert_eq!(page.matches(&format!("data-of=\"Kind\">{title}</td>")).count(), n, "{title}: {page}");
    }
    for part in ["1 by a model, 1 popular, 1 average", "Nothing is known of this customer yet</a>", "data-chart"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn those_that_lost_are_told_with_their_scores_and_a_replay_with_its_bytes() {
    let console = Console::filled(200);
    let record = decide(&console, "recommend", &known(&console), 3);
    let engine = &console.running.app().engine;
    let Content::Items(chosen) = &record.decision.answer.content else { panic!("items were asked for") };
    let next = engine.runners_up(&record, 4).unwrap();
    assert_eq!((chosen.len(), next.len()), (3, 4));
    assert!(next.iter().all(|item| chosen.iter().all(|one| one.id != item.id)), "none is told twice");
    let scores: Vec<f64> = chosen.iter().chain(&next).map(|item| item.score).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]), "{scores:?}");
    // Whoever had asked for seven would have got just these.
    let more = decide(&console, "recommend", record.question.customer.as_str(), 7);
    let Content::Items(all) = &more.decision.answer.content else { panic!("items were asked for") };
    let ids = |items: &[decisions::RankedItem]| items.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(all), [ids(chosen), ids(&next)].concat());

    let n_before = console.n_decisions();
    let path = format!("/decisions/{}", record.decision.id);
    let page = console.get(&path).body;
    assert!(page.contains("Lower score: the last chosen has") && page.contains("/replay"), "{page}");
    assert!(!page.contains("The same answer."), "nobody asked for it yet");
    let replayed = console.post(&format!("{path}/replay"), "", &[("accept", "text/html")]);
    let n = record.response.len();
    assert!(replayed.status == 200 && replayed.body.contains("The same answer."), "{}", replayed.body);
    assert!(replayed.body.contains(&format!("All {n} bytes are equal")) || n > 999, "{}", replayed.body);
    assert_eq!(console.n_decisions(), n_before, "a replay logs nothing");
    let foreign = console.send("POST", &format!("{path}/replay"), &[("origin", "https://evil.example")], "");
    assert_eq!(foreign.status, 403);
    assert_eq!(console.post("/decisions/none/replay", "", &[("accept", "text/html")]).status, 404);

    let bearer = ("authorization", "Bearer demo-server-key");
    let over_http = console.send("POST", &format!("/v1{path}/replay"), &[bearer], "");
    let told: serde_json::Value = serde_json::from_str(&over_http.body).unwrap();
    assert_eq!((over_http.status, &told["identical"]), (200, &true.into()), "{told}");
    assert_eq!(told["logged"], told["replayed"]);
}

#[test]
fn what_was_looked_for_is_shown_with_what_it_was_understood_as_until_it_is_forgotten() {
    let console = Console::start(true);
    console.send_events(
        r#"{"batch":[
        {"type":"item","itemId":"tea","traits":{"name":"Green tea","category":"Tea","price":4.9,"currency":"EUR"}},
        {"type":"item","itemId":"pot","traits":{"name":"Pot of clay","category":"Pots","price":30,"currency":"EUR"}},
        {"type":"identify","userId":"ann","traits":{"name":"Ann"}}]}"#,
    );
    let asked = |kind: &str, word: &str, text: &str| {
        let parameters = [(word.to_owned(), text.into())].into();
        let names = vec![Identifier::User("ann".into())];
        let asked = Question { kind: kind.into(), names, parameters, context: events::Fields::new() };
        console.running.app().engine.decide(asked).unwrap().decision.id.to_string()
    };
    let search = asked("search", "query", "gren \"tea\" under 10");
    let page = console.get(&format!("/decisions/{search}")).body;
    for part in [
        "Looked for <strong>“gren &#34;tea&#34; under 10”</strong>, searched as “green tea under 10”",
        "<span class=\"badge info\">under 10: price up to 10</span>",
        "<span class=\"badge info\">tea: category Tea</span>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    asked("suggest", "query", "te");
    asked("recommend", "search", "clay");
    asked("search", "query", &"tea ".repeat(40));
    let list = console.get("/decisions").body;
    for part in [
        "“gren &#34;tea&#34; under 10”: 1 item",
        "“te”: ",
        "“clay”: 1 item, first Pot of clay",
        &format!("“{}…”: ", "tea ".repeat(15)),
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    console.send_events(
        r#"{"batch":[{"type":"track","userId":"ann","event":"Consent Changed",
            "context":{"consent":{"categoryPreferences":{"personalization":false}}}}]}"#,
    );
    console.running.app().engine.forget_refused(&mut None, 10).unwrap();
    let refused = console.get(&format!("/decisions/{search}")).body;
    assert!(!refused.contains("Looked for") && !refused.contains("gren"), "{refused}");
}

#[test]
fn only_the_name_of_the_erased_is_nobody() {
    let is_nobody = |id: &str| engine::is_nobody(&primitives::CustomerId::from(id));
    assert_eq!(["anonymous:", "anonymous:x", "gone", ""].map(is_nobody), [true, false, false, false]);
}

#[test]
fn a_decision_about_flags_shows_what_each_is_and_why() {
    let console = Console::start(true);
    console.send_events(r#"{"batch":[{"type":"identify","userId":"ann","traits":{"name":"Ann"}}]}"#);
    let engine = &console.running.app().engine;
    let flag = |table: serde_json::Value| decisions::Flag::from_table(table.as_object().unwrap()).unwrap();
    let checkout = serde_json::json!({"name": "checkout", "title": "The checkout", "default": "old",
        "rules": [{"when": "traits.plan = \"pro\"", "value": "new"}, {"share": 1, "value": "<b>all</b>"}]});
    let off = serde_json::json!({"name": "banner", "default": 1, "on": false});
    let flags = vec![flag(checkout), flag(off)];
    engine.declare_settings(&[], decisions::Playbook { flags, ..decisions::Playbook::default() }).unwrap();
    let record = decide(&console, "flags", "ann", 0);
    let page = console.get(&format!("/decisions/{}", record.decision.id)).body;
    for said in [
        "<dt>The checkout</dt>",
        "&#60;b&#62;all",
        "They are of the share of rule 2",
        "<dt>Banner</dt>",
        "Its default: it is switched off",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let list = console.get("/decisions").body;
    assert!(list.contains("2 flags, 1 by a rule"), "{list}");
}
