//! Which experiments have begun, and are they still what began? Who takes part and what they get stays as it is while it is measured.

use crate::error::EngineError;
use decisions::{Experiment, Playbook, Run, State};
use events::Mistake;
use primitives::{ErrorKind, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What began, as it ran last.
fn ran(run: &Run) -> Option<Experiment> {
    let table: Map<String, Value> = serde_json::from_str(&run.record).ok()?;
    Experiment::from_table(&table).ok()
}

/// Gives every experiment that has begun the stretch of its layer that it began with.
fn keep_stretches(playbook: &mut Playbook, runs: &BTreeMap<String, Run>) {
    for experiment in &mut playbook.experiments {
        let Some(began) = runs.get(&experiment.name).and_then(ran) else { continue };
        if experiment.stretch.is_none() && experiment.layer.is_some() && experiment.layer == began.layer {
            experiment.stretch = began.stretch.map(|[from, _]| [from, from + experiment.share]);
        }
    }
}

/// What is in force with its runs, once those have changed.
pub(super) fn followed(
    mut playbook: Playbook,
    mut runs: BTreeMap<String, Run>,
    changed: Vec<Run>,
) -> (Playbook, BTreeMap<String, Run>) {
    runs.extend(changed.into_iter().map(|run| (run.experiment.clone(), run)));
    keep_stretches(&mut playbook, &runs);
    (playbook, runs)
}

/// Has the experiments that are meant go on as they began, whatever is written by now; all others keep the stretch that they began with.
/// Answers which of them that changed, and what to tell of it.
pub(super) fn keep(
    playbook: &mut Playbook,
    runs: &BTreeMap<String, Run>,
    is_meant: &dyn Fn(&str) -> bool,
) -> Vec<(String, String)> {
    keep_stretches(playbook, runs);
    let mut told = Vec::new();
    for experiment in playbook.experiments.iter_mut().filter(|experiment| is_meant(&experiment.name)) {
        let name = experiment.name.clone();
        let Some((run, began)) = runs.get(&name).and_then(|run| Some((run, ran(run)?))) else { continue };
        if let Some(why) = other(&began, experiment) {
            // Only who writes that it is stopped ends it.
            let state = if experiment.state == State::Stopped { State::Stopped } else { State::Running };
            *experiment = Experiment { state, ..began };
            told.push((name.clone(), format!("{why}. It goes on as it began until then")));
        }
        if run.ended_at.is_some() && experiment.state != State::Stopped {
            experiment.state = State::Stopped;
            told.push((name.clone(), format!("{}. It stays stopped", again(run))));
        }
        if experiment.state == State::Draft {
            told.push((name, format!("{}. It goes on until then", drafted(experiment))));
            experiment.state = State::Running;
        }
    }
    told
}

/// Refuses to take away what runs: it is stopped first.
///
/// # Errors
/// [`EngineError`] of kind `Conflict`.
pub(super) fn refuse_gone(name: &str, runs: &BTreeMap<String, Run>) -> Result<(), EngineError> {
    let Some(began) = runs.get(name).filter(|run| run.ended_at.is_none()).and_then(ran) else { return Ok(()) };
    let why = wrong(&began, "state", json!("running"), "it runs: stop it before you take it away");
    Err(EngineError::declared(ErrorKind::Conflict, why))
}

/// Refuses what would make something else of an experiment that has begun.
///
/// # Errors
/// [`EngineError`] of kind `Conflict`, with what it was and what to do.
pub(super) fn refuse_other(playbook: &Playbook, runs: &BTreeMap<String, Run>) -> Result<(), EngineError> {
    let conflict = |why: Mistake| EngineError::declared(ErrorKind::Conflict, why);
    for experiment in &playbook.experiments {
        let Some((run, began)) = runs.get(&experiment.name).and_then(|run| Some((run, ran(run)?))) else { continue };
        if run.ended_at.is_some() && experiment.state != State::Stopped {
            return Err(conflict(again(run)));
        }
        if let Some(why) = other(&began, experiment) {
            return Err(conflict(why));
        }
        if experiment.state == State::Draft {
            return Err(conflict(drafted(experiment)));
        }
    }
    Ok(())
}

/// Which runs end, since what was in force is declared no longer. Whoever starts with other settings than before ends nothing by that:
/// it cannot begin again, and the settings may be the wrong ones.
pub(super) fn gone(before: &Playbook, playbook: &Playbook, runs: &BTreeMap<String, Run>, now: Timestamp) -> Vec<Run> {
    let is_there = |of: &Playbook, name: &str| of.has("experiments", name);
    let is_gone = |run: &&Run| {
        run.ended_at.is_none() && is_there(before, &run.experiment) && !is_there(playbook, &run.experiment)
    };
    runs.values().filter(is_gone).map(|run| Run { ended_at: Some(now), ..run.clone() }).collect()
}

/// Which runs begin, go on otherwise, or are stopped, where all of this may be in force.
pub(super) fn changed(playbook: &Playbook, runs: &BTreeMap<String, Run>, now: Timestamp) -> Vec<Run> {
    let stretches = Experiment::stretches(&playbook.experiments);
    let run = |(experiment, stretch): (&Experiment, Option<[f64; 2]>)| {
        let record = json!(Experiment { stretch, ..experiment.clone() }.to_table()).to_string();
        let before = runs.get(&experiment.name);
        match (before, experiment.state) {
            (None, State::Running) => {
                Some(Run { experiment: experiment.name.clone(), began_at: now, ended_at: None, record })
            }
            (None, _) => None,
            (Some(before), state) => {
                let ended_at = before.ended_at.or((state == State::Stopped).then_some(now));
                let after = Run { ended_at, record, ..before.clone() };
                (after != *before).then_some(after)
            }
        }
    };
    playbook.experiments.iter().zip(stretches).filter_map(run).collect()
}

/// What of an experiment is another than it began with, and may not be.
fn other(began: &Experiment, now: &Experiment) -> Option<Mistake> {
    let remedy = |what: &str, was: Value| {
        format!("it began with {was}, and {what}: stop it, and begin another one under another name")
    };
    let drawn = |experiment: &Experiment| experiment.to_table().get("variations").cloned().unwrap_or_default();
    if drawn(began) != drawn(now) {
        let why = remedy("who got something already would be told to have got something else", drawn(began));
        return Some(wrong(now, "variations", drawn(now), &why));
    }
    let switchback = |experiment: &Experiment| experiment.to_table().get("switchback").cloned().unwrap_or_default();
    for (key, was, is) in [
        ("who", json!(began.who), json!(now.who)),
        ("layer", json!(began.layer), json!(now.layer)),
        ("switchback", switchback(began), switchback(now)),
        ("interleave", json!(began.interleave), json!(now.interleave)),
    ] {
        if was != is {
            let why = remedy("other customers would take part from now on", was);
            return Some(wrong(now, key, is, &why));
        }
    }
    let moved = began.stretch.zip(now.stretch).is_some_and(|(was, is)| (was[0] - is[0]).abs() > 1e-9);
    if moved {
        let why = remedy("customers who take part would not any more", json!(began.stretch));
        return Some(wrong(now, "stretch", json!(now.stretch), &why));
    }
    for (key, was, is) in
        [("metrics", json!(began.metrics), json!(now.metrics)), ("days", json!(began.days), json!(now.days))]
    {
        if was != is {
            let why = remedy("whoever chooses while it runs what it is judged by may choose what looks best", was);
            return Some(wrong(now, key, is, &why));
        }
    }
    if now.share < began.share {
        let why =
            remedy("customers who take part would not any more; a larger share only adds some", json!(began.share));
        return Some(wrong(now, "share", json!(now.share), &why));
    }
    None
}

fn again(run: &Run) -> Mistake {
    let until = run.ended_at.map_or_else(String::new, |at| format!(" to {at}"));
    let remedy = format!(
        "it ran from {}{until}, and whoever was drawn then would be again, with what they have seen since: begin another one under \
         another name",
        run.began_at
    );
    Mistake {
        key: "state".to_owned(),
        found: "\"running\"".to_owned(),
        ..Mistake::of_name("experiment", &run.experiment, remedy)
    }
}

fn drafted(experiment: &Experiment) -> Mistake {
    wrong(experiment, "state", json!("draft"), "it has begun: write stopped to end it")
}

fn wrong(experiment: &Experiment, key: &str, found: Value, remedy: &str) -> Mistake {
    let named = Mistake::of_name("experiment", &experiment.name, remedy);
    Mistake { key: key.to_owned(), found: found.to_string(), ..named }
}
