//! Does the console show every kind of decision that is on the list, built in or declared?

use super::Console;
use decisions::Kind;
use learning::{Among, Label, Outcome, What};
use primitives::Seed;
use std::time::Duration;

/// An outcome as the settings declare it.
fn outcome(name: &str, title: &str) -> Outcome {
    Outcome {
        name: name.into(),
        title: title.to_owned(),
        question: "Will the customer buy again within 7 days?".to_owned(),
        among: Among::Did { what: What::Purchase, within_days: 60 },
        label: Label::Did(What::Purchase),
        window_days: 7,
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
    let dataset = engine.dataset(&mut |_| {}).unwrap();
    engine::train(engine, &"value".into(), &dataset, Seed::new(1)).unwrap();
    engine.reload_champions().unwrap();

    let list = console.get("/customers").body;
    let headings = "<th scope=\"col\">Churn</th><th scope=\"col\" class=\"hide-s\">Lifetime value</th><th scope=\"col\" class=\"hide-s\">Back &#60;b&#62;soon&#60;/b&#62;</th></tr>";
    assert!(list.contains(headings) && !list.contains("One too many"), "{list}");

    let found = engine.search("", 50, Duration::from_secs(9)).unwrap().customers;
    let buyer = found.iter().find(|customer| customer.state.n_orders() > 1).unwrap();
    let page = console.get(&format!("/customers/{}", buyer.profile.id)).body;
    for kind in engine.capabilities().kinds.iter().map(Kind::about) {
        assert!(page.contains(&format!("name=\"decision\" value=\"{}\"", kind.name)), "{}: {page}", kind.name);
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
}
