//! Does the console show every kind of decision that is on the list, built in or declared?

use super::Console;
use decisions::{ContentShape, Kind};
use learning::{Among, Label, Outcome, What};
use primitives::Seed;
use std::time::Duration;

/// An outcome as the settings declare it.
fn outcome(name: &str, title: &str) -> Outcome {
    Outcome {
        name: name.into(),
        title: title.to_owned(),
        question: "Will the customer buy again within 7 days?".to_owned(),
        among: Among::lately(What::Purchase, 60),
        label: Label::Did(What::Purchase),
        window_days: 7,
        is_risk: false,
    }
}

fn console() -> Console {
    Console::filled_with(150, |settings| {
        settings.outcomes = vec![outcome("returns_soon", "Back <b>soon</b>"), outcome("fourth", "One too many")];
    })
}

#[test]
fn lists_and_customers_have_what_every_kind_says() {
    let console = console();
    let engine = &console.running.app().engine;
    let material = engine.material(&mut |_| {}).unwrap();
    engine::train(engine, &"value".into(), &material, Seed::new(1)).unwrap();
    engine.reload_champions().unwrap();

    let list = console.get("/customers").body;
    assert!(list.contains(">Lifetime value</th>"), "{list}");
    assert!(
        !list.contains(">Churn</th>") && !list.contains("One too many"),
        "what answers nobody has no column: {list}"
    );

    let found = engine.search("", 50, Duration::from_secs(9)).unwrap().customers;
    let buyer = found.iter().find(|customer| customer.state.n_orders() > 1).unwrap();
    let page = console.get(&format!("/customers/{}", buyer.profile.id)).body;
    for kind in engine.capabilities().kinds.iter().map(Kind::about) {
        // What answers to words is asked where they are written.
        let is_asked = !matches!(kind.shape, ContentShape::Search | ContentShape::Completions);
        let is_asked = is_asked && kind.needed().next().is_none();
        let button = format!("name=\"decision\" value=\"{}\"", kind.name);
        assert_eq!(page.contains(&button), is_asked, "{}: {page}", kind.name);
    }
    assert!(page.contains("nine times of ten"), "the amount has its interval: {page}");
    assert!(page.contains("No returns_soon model has been trained yet"), "{page}");
    let decided = console.post(&format!("/customers/{}/decide", buyer.profile.id), "decision=value", &[]).body;
    assert!(decided.contains("Decided just now: Lifetime value") && !decided.contains("no amount of this one"));

    // Who never bought has no amount of their own, and the average is called one.
    console.send_events(r#"{"batch":[{"type":"page","userId":"newcomer"}]}"#);
    let page = console.get("/customers/newcomer").body;
    assert!(page.contains("counted from the first order. Lifetime value: "), "{page}");
    let decided = console.post("/customers/newcomer/decide", "decision=value", &[]).body;
    assert!(decided.contains("no amount of this one") && decided.contains("<span class=\"badge\">Average</span>"));

    // A model that was trained and does not answer is not one that is yet to be trained.
    engine.ports().models.set_champions("value", &[]).unwrap();
    engine.reload_champions().unwrap();
    let list = console.get("/capabilities").body;
    assert!(
        list.contains("The newest value model") && list.contains("does not answer, since simple answers"),
        "{list}"
    );
}

/// What a page tells of the model in force is in memory: no row of a list looks through the files of all models.
#[test]
fn the_average_beside_a_score_is_told_without_reading_the_models() {
    let console = console();
    let engine = &console.running.app().engine;
    let material = engine.material(&mut |_| {}).unwrap();
    engine::train(engine, &"returns_soon".into(), &material, Seed::new(1)).unwrap();
    engine.reload_champions().unwrap();
    let found = engine.search("", 50, Duration::from_secs(9)).unwrap().customers;
    let page = || {
        let pages = found.iter().map(|customer| console.get(&format!("/customers/{}", customer.profile.id)).body);
        pages.filter(|page| page.contains("<p class=\"sub\">average ")).count()
    };
    let n_before = page();
    assert!(n_before > 0, "nobody has a score of their own");
    let models = console.running.app().storage.directory().models();
    for file in std::fs::read_dir(&models).unwrap().flatten().filter(|file| file.path().is_file()) {
        std::fs::remove_file(file.path()).unwrap();
    }
    assert!(engine.registry().versions(&"returns_soon".into()).unwrap().is_empty());
    assert_eq!(page(), n_before);
}

#[test]
fn every_kind_has_a_page_and_its_command_works() {
    let console = console();
    let engine = &console.running.app().engine;
    let list = console.get("/capabilities").body;
    for about in engine.capabilities().kinds.iter().map(Kind::about) {
        let path = format!("/capabilities/{}", about.name);
        assert!(list.contains(&format!("href=\"{path}\"")), "{path}: {list}");
        let page = console.get(&path).body;
        assert!(page.contains(&about.question) && page.contains("None among") == (console.n_decisions() > 0), "{page}");
        for parameter in &about.parameters {
            let takes = parameter.takes.in_words().replace('"', "&#34;");
            assert!(page.contains(&takes), "{takes}: {page}");
        }
        let is_trained = |task| engine.registry().champion_version(task).unwrap().is_some();
        let (is_told, is_needed) = match about.tasks.first() {
            Some(task) => (is_trained(task), !is_trained(task)),
            None => (false, false),
        };
        assert_eq!(page.contains("How good it is"), is_told, "{path}: {page}");
        assert_eq!(page.contains("What it needs") || page.contains("Everything is there"), is_needed, "{page}");

        let command = page.split("<code>curl ").nth(1).unwrap().split("</code>").next().unwrap();
        let command = command.replace("&#39;", "'").replace("&#34;", "\"").replace("&quot;", "\"");
        let words: Vec<&str> = command.split('\'').collect();
        assert_eq!(words[1], format!("Authorization: Bearer {}", super::SERVER));
        let bearer = words[1].split_once(": ").unwrap().1;
        let reply = console.send("POST", "/v1/decide", &[("authorization", bearer)], words[3]);
        assert_eq!(reply.status, 200, "{command}: {}", reply.body);
        let id = reply.body.split('"').nth(3).unwrap();
        let page = console.get(&path).body;
        assert!(page.contains(&format!("href=\"/decisions/{id}\"")), "{id} is the newest: {page}");
    }
    assert_eq!(console.get("/capabilities/nonsense").status, 404);
}
