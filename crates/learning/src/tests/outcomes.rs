//! Is an outcome of the settings learned like a built-in one, and is it said what is missing?

use super::world::{catalogue, day, numbered, order, seed};
use crate::{Among, Binary, Data, Dataset, Evaluation, Label, LearningError, Outcome, Task, What};
use events::{Call, Event, Filter};
use features::TraceReads;
use governance::ConsentPolicy;
use primitives::stable_hash;
use serde_json::json;

const N_CUSTOMERS: u64 = 240;
const N_DAYS: i64 = 120;

/// Who looks for help twice within a week needs a tutorial in the next: the others do so now and then.
fn history() -> Vec<Event> {
    let track = |customer: u64, event: &str, kind: &str, at: i64, n: u64| {
        let base = order(&format!("c{customer}"), &format!("{event}{n}"), day(at), day(at));
        let properties = json!({ "kind": kind }).as_object().unwrap().clone();
        Event { call: Call::Track { event: event.to_owned(), properties }, ..base }
    };
    let mut events = Vec::new();
    for customer in 0..N_CUSTOMERS {
        let is_lost = customer % 3 == 0;
        for at in 0..N_DAYS {
            let chance = stable_hash(&format!("{customer} {at}")) % 100;
            if chance < 20 {
                events.push(track(customer, "Signed In", "web", at, 0));
            }
            if is_lost && chance % 10 < 3 {
                events.push(track(customer, "Error Shown", "form", at, 1));
            }
            if (is_lost && chance % 50 < 4) || chance == 77 {
                events.push(track(customer, "Help Opened", "tutorial", at, 2));
            }
        }
    }
    events
}

fn outcome(event: &str, kind: &str) -> Outcome {
    let mut filter = Filter::named(event);
    filter.equal.push(("properties.kind".parse().unwrap(), json!(kind)));
    Outcome {
        name: "needs_help".into(),
        title: "Needs a tutorial".to_owned(),
        question: "Will the tutorial be opened within 14 days?".to_owned(),
        among: Among::Did { what: What::Event(Filter::named("Signed In")), within_days: 30 },
        label: Label::Did(What::Event(filter)),
        window_days: 14,
    }
}

fn evaluated(outcome: Outcome) -> Result<Evaluation, LearningError> {
    let task = Binary::new(outcome);
    let told = super::world::Told(numbered(history()));
    let reads = TraceReads::new(task.watches());
    let dataset = Dataset::load(&told, &ConsentPolicy::default(), reads, &mut |_| {}).unwrap();
    crate::evaluate(&task, &Data { dataset: &dataset, catalogue: catalogue(), now: day(N_DAYS), seed: seed() })
}

#[test]
fn what_the_settings_ask_is_learned_without_a_line_of_code() {
    let found = evaluated(outcome("Help Opened", "tutorial")).unwrap();
    assert!(found.n_test > 200 && found.n_train > 500, "{found:?}");
    assert!((0.3..0.7).contains(&found.base_rate.unwrap()), "{found:?}");
    let constant = &found.baselines["constant"];
    assert!(found.metrics["auc"] > 0.7 && found.metrics["log_loss"] < constant["log_loss"], "{found:?}");
    assert!(found.gains["constant"].is_gain() && found.warnings.is_empty(), "{found:?}");
}

#[test]
fn events_that_never_came_in_are_named_with_those_that_were_meant() {
    for (event, kind, said) in [
        ("Help Opend", "tutorial", "did you mean \"Help Opened\"?"),
        ("Help Opened", "tutorail", "none with these values"),
        ("Plan Changed", "upgrade", "send it, or check its name"),
    ] {
        let error = evaluated(outcome(event, kind)).unwrap_err();
        let LearningError::NotReady { missing, .. } = &error else { panic!("{error}") };
        let about = missing.iter().find(|need| need.what.contains(event)).unwrap();
        assert!(about.how.contains(said), "{}", about.how);
    }
}
