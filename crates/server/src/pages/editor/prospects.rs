//! What would come of what stands in a form: how many customers is it for, and how many of the newest decisions?

use crate::app::App;
use crate::pages::actions::people_told;
use console::format;
use decisions::Action;
use engine::{EligibleCount, EngineError};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// For so long customers are looked for, and decisions, while somebody writes.
const TIME_MAX: Duration = Duration::from_millis(400);

/// What is told, sentence by sentence; nothing of what nothing can be told of.
///
/// # Errors
/// The key of a condition that cannot be read, and why.
pub(super) fn told(app: &App, list: &str, table: &Map<String, Value>) -> Result<Vec<String>, (&'static str, String)> {
    match list {
        "actions" => of_action(app, table),
        "experiments" => of_experiment(app, table),
        _ => Ok(Vec::new()),
    }
}

fn of_action(app: &App, table: &Map<String, Value>) -> Result<Vec<String>, (&'static str, String)> {
    let condition = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default();
    for key in ["eligible", "suitable"] {
        let read = app.engine.selection(condition(key), "", "");
        read.map_err(|error| (key, primitives::capital(&error.to_string())))?;
    }
    // Whom it is for can be told before it is said what it earns and what it is called.
    let is_worth_known =
        table.get("value").is_some() || ["service", "nothing"].iter().any(|key| table.contains_key(*key));
    let mut whole = table.clone();
    whole.entry("name").or_insert(json!("new"));
    if !is_worth_known {
        whole.insert("value".to_owned(), json!(1.0));
    }
    let Ok(action) = Action::from_table(&whole) else { return Ok(Vec::new()) };
    let Ok(found) = app.engine.prospects("act", &action, TIME_MAX) else { return Ok(Vec::new()) };
    let mut told = vec![who(&found.customers, "may have it now, and it suits them")];
    if found.n_decisions == 0 {
        told.push("No decision was made yet that could have offered it.".to_owned());
        return Ok(told);
    }
    let since = found.since.map_or_else(String::new, |since| format!(", since {}", format::date_time(since)));
    told.push(format!(
        "{} of the newest {} could have offered it{since}: it is for their channel, and for the customer as they are now.",
        format::count(found.n_could),
        format::counted(found.n_decisions, "decision", "decisions"),
    ));
    if is_worth_known {
        told.push(format!(
            "In {} of them it would have been worth more than what was chosen, by what is declared of it: a model learns how likely it \
             really is.",
            format::count(found.n_would)
        ));
    }
    told.push("Stock, consent and how often customers are contacted are asked when it is decided.".to_owned());
    Ok(told)
}

fn of_experiment(app: &App, table: &Map<String, Value>) -> Result<Vec<String>, (&'static str, String)> {
    let who_takes_part = table.get("who").and_then(Value::as_str).unwrap_or_default();
    let found = match app.engine.eligible(who_takes_part, TIME_MAX) {
        Ok(found) => found,
        Err(error @ EngineError::Filter(_)) => return Err(("who", primitives::capital(&error.to_string()))),
        Err(_) => return Ok(Vec::new()),
    };
    let mut told = vec![who(&found, "are meant now")];
    let share = table.get("share").and_then(Value::as_f64).unwrap_or(1.0);
    if share < 1.0 {
        told.push(format!("{} of them take part.", format::percent(share)));
    }
    Ok(told)
}

/// How many customers something is for, in a sentence.
fn who(found: &EligibleCount, what: &str) -> String {
    let EligibleCount { n, of, is_complete } = *found;
    match (of, is_complete) {
        (0, true) => "No customer is known yet.".to_owned(),
        (0, false) => "There was no time to look whom it is for.".to_owned(),
        (of, true) => primitives::capital(&format!("{} of {} customers {what}.", people_told(n), people_told(of))),
        (of, false) => primitives::capital(&format!(
            "{} of the first {} customers {what}: as many were looked at while you wrote.",
            people_told(n),
            people_told(of)
        )),
    }
}
