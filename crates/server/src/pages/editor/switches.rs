//! What is done by one button: a flag is switched, an experiment is started, stopped, and its better variation given to all.

use super::{Named, Sent, saved, told_at};
use crate::app::App;
use crate::error::ServerError;
use crate::pages::door::{flash, unreadable};
use crate::pages::visit::Visit;
use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use decisions::FlagRule;
use engine::{By, Declaring};
use primitives::ErrorKind;
use serde_json::{Map, Value, json};

/// `POST /flags/{name}/switch`: `on` is `true` or `false`.
pub(super) async fn switch(visit: Visit, name: Named, sent: Sent) -> Response {
    let (Ok(Path(name)), Ok(Form(sent))) = (name, sent) else { return unreadable(&visit) };
    let Some(on) = said(&sent, "on").and_then(|on| on.parse::<bool>().ok()) else { return unreadable(&visit) };
    let (by, back) = (visit.by(), told_at("flags", &name));
    let done = visit.app.run(move |app| {
        change(app, &by, ("flags", &name), &Map::from_iter([("on".to_owned(), json!(on))]))?;
        Ok(match on {
            true => format!("The flag “{name}” is on: its rules count from now on."),
            false => format!("The flag “{name}” is off: everybody gets its default from now on."),
        })
    });
    visit.lead_to(&back, &flash(done.await))
}

/// `POST /experiments/{name}/state`: `state` is `running` or `stopped`.
pub(super) async fn turn(visit: Visit, name: Named, sent: Sent) -> Response {
    let (Ok(Path(name)), Ok(Form(sent))) = (name, sent) else { return unreadable(&visit) };
    let state = said(&sent, "state").filter(|state| ["running", "stopped"].contains(state)).map(str::to_owned);
    let Some(state) = state else { return unreadable(&visit) };
    let (by, back) = (visit.by(), told_at("experiments", &name));
    let done = visit.app.run(move |app| {
        change(app, &by, ("experiments", &name), &in_state(&state))?;
        Ok(match state.as_str() {
            "running" => format!("“{name}” has begun: what it compares and who takes part stays as it is from now on."),
            _ => format!("“{name}” is stopped: nobody gets a variation any more."),
        })
    });
    visit.lead_to(&back, &flash(done.await))
}

/// `POST /experiments/{name}/ship`: `variation` is given to all. Its flags get its value as their default and lose the rule, and it is
/// stopped.
pub(super) async fn ship(visit: Visit, name: Named, sent: Sent) -> Response {
    let (Ok(Path(name)), Ok(Form(sent))) = (name, sent) else { return unreadable(&visit) };
    let Some(variation) = said(&sent, "variation").map(str::to_owned) else { return unreadable(&visit) };
    let (by, back) = (visit.by(), told_at("experiments", &name));
    let done = visit.app.run(move |app| given_to_all(app, &by, &name, &variation));
    visit.lead_to(&back, &flash(done.await))
}

fn given_to_all(app: &App, by: &By, name: &str, variation: &str) -> Result<String, ServerError> {
    let refused = |why: String| ServerError::new(ErrorKind::Invalid, why);
    let plan = saved(app, "experiments", name)?;
    let declared = app.engine.capabilities().flags.now();
    let given = declared.experiment(name).and_then(|plan| plan.variations.iter().find(|one| one.name == variation));
    let given = given.ok_or_else(|| refused(format!("“{name}” has no variation “{variation}”")))?;
    let is_it = |rule: &FlagRule| matches!(rule, FlagRule::Experiment(experiment) if experiment == name);
    let flags: Vec<_> = declared.flags().filter(|flag| flag.rules.iter().any(is_it)).collect();
    if flags.is_empty() {
        return Err(refused(format!("no flag is decided by “{name}”: there is nothing to give to all")));
    }
    // All of them or none, and only as they were read: nothing that somebody else saves meanwhile is lost.
    let mut changes = Vec::new();
    for flag in &flags {
        let known = saved(app, "flags", &flag.name)?;
        let rules = known.table.get("rules").and_then(Value::as_array).cloned().unwrap_or_default();
        let kept = rules.into_iter().filter(|rule| rule.get("experiment").and_then(Value::as_str) != Some(name));
        let kept: Vec<Value> = kept.collect();
        let said = Map::from_iter([("default".to_owned(), given.value.clone()), ("rules".to_owned(), json!(kept))]);
        changes.push(("flags", &flag.name, said, known.digest()));
    }
    let (owned, stopped) = (name.to_owned(), in_state("stopped"));
    changes.push(("experiments", &owned, stopped, plan.digest()));
    let changed = changes.iter().map(|(list, name, table, seen)| {
        let seen = Some(seen.as_str());
        (*list, Declaring::Changed { name, table, seen })
    });
    app.declare_together(&changed.collect::<Vec<_>>(), by)?;
    let names: Vec<&str> = flags.iter().map(|flag| flag.name.as_str()).collect();
    Ok(format!(
        "“{variation}” is given to all: it is the default of {} now, and “{name}” is stopped.",
        names.join(", ")
    ))
}

fn in_state(state: &str) -> Map<String, Value> {
    Map::from_iter([("state".to_owned(), json!(state))])
}

/// Changes what was saved.
fn change(
    app: &App,
    by: &By,
    (list, name): (&'static str, &str),
    said: &Map<String, Value>,
) -> Result<(), ServerError> {
    saved(app, list, name)?;
    app.declare(list, Declaring::Changed { name, table: said, seen: None }, by)?;
    Ok(())
}

fn said<'a>(sent: &'a [(String, String)], name: &str) -> Option<&'a str> {
    sent.iter().find(|(known, _)| known == name).map(|(_, said)| said.as_str())
}
