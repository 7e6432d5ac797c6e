//! What can be asked on the sample pages?

use super::*;

/// Four questions: two with a model, one in training, one that lacks data.
#[must_use]
pub fn capabilities() -> CapabilitiesPage {
    let mut known: Vec<Option<ModelState>> = [
        champion_state("NDCG@10", 0.0871, "own favourites", 0.0643, (0.29, 0.42)),
        champion_state("Log loss", 0.5588, "days since last order", 0.561, (-0.003, 0.011)),
    ]
    .map(Some)
    .into();
    let missing = "Customers with two purchases or more: 38 of 50, and 2 things more are missing.";
    known.push(Some(ModelState::Missing(missing.to_owned())));
    known.push(Some(ModelState::Training("reading the history: 61 %".to_owned())));
    let about = [
        (
            "recommend",
            "Recommendations",
            "What will this customer want next?",
            "items, best first, each with its reason",
        ),
        ("churn", "Churn", "Will there be no purchase in the next 30 days?", PROBABILITY),
        (
            "value",
            "Lifetime value",
            "How much will this customer spend in the next year?",
            "an amount with its interval",
        ),
        ("returns_soon", "Back within a week", "Will the customer buy again within 7 days?", PROBABILITY),
    ];
    let line = |(name, title, question, answer): (&str, &str, &str, &str), state: Option<ModelState>| CapabilityLine {
        name: name.to_owned(),
        title: title.to_owned(),
        question: question.to_owned(),
        answer: answer.to_owned(),
        models: state.map(|state| ModelLine { title: title.to_owned(), state }).into_iter().collect(),
    };
    CapabilitiesPage {
        frame: frame("/capabilities"),
        capabilities: about.into_iter().zip(known).map(|(about, state)| line(about, state)).collect(),
    }
}

const PROBABILITY: &str = "a probability with its reasons";

/// A question with a model and decisions.
#[must_use]
pub fn capability() -> CapabilityPage {
    let pair = |what: &str, which: &str| (what.to_owned(), which.to_owned());
    CapabilityPage {
        frame: frame("/capabilities/churn"),
        name: "churn".to_owned(),
        title: "Churn".to_owned(),
        question: "Will there be no purchase in the next 30 days?".to_owned(),
        answer: PROBABILITY.to_owned(),
        purpose: "personalization".to_owned(),
        reads: vec![
            pair("Features of its model", "61, of which it weighs days since the last order most"),
            pair("Other features", "orders_all, tenure_days"),
        ],
        parameters: vec![],
        tasks: models()
            .tasks
            .into_iter()
            .take(1)
            .map(|mut task| {
                // The number that decides comes first.
                task.champion.iter_mut().for_each(|champion| champion.metrics.swap(0, 1));
                task
            })
            .collect(),
        decisions: decisions().rows.into_iter().filter(|row| row.kind == "Churn").collect(),
        n_looked_at: 500,
        command: "curl -H 'Authorization: Bearer SERVER_KEY' http://127.0.0.1:7070/v1/decide -d '{\"decision\":\"churn\",\"userId\":\"42\"}'".to_owned(),
    }
}

/// A question that nobody has asked yet and that has no model.
#[must_use]
pub fn capability_missing() -> CapabilityPage {
    CapabilityPage {
        frame: Frame { notice: None, ..frame("/capabilities/recommend") },
        name: "recommend".to_owned(),
        title: "Recommendations".to_owned(),
        question: "What will this customer want next?".to_owned(),
        answer: "items, best first, each with its reason".to_owned(),
        reads: vec![("What they bought".to_owned(), "lately, item by item".to_owned())],
        parameters: vec![Parameter {
            name: "n".to_owned(),
            meaning: "How many items".to_owned(),
            takes: "a whole number from 1 to 100".to_owned(),
            default: Some("10".to_owned()),
        }],
        tasks: vec![task_missing()],
        decisions: vec![],
        n_looked_at: 0,
        ..capability()
    }
}

fn champion_state(
    metric: &str,
    value: f64,
    baseline: &str,
    baseline_value: f64,
    (low, high): (f64, f64),
) -> ModelState {
    ModelState::Champion {
        version: "3f9a1c77d2e0".to_owned(),
        metric: metric.to_owned(),
        value,
        baseline: baseline.to_owned(),
        baseline_value,
        advantage: Some(Advantage { share: f64::midpoint(low, high), low, high }),
    }
}
