//! How are models trained and rolled back? `rapport train`.

use super::progress::Counting;
use super::report;
use crate::args::Options;
use crate::audit::note_from_command;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use console::format;
use engine::{EngineError, Material, Stopwatch};
use governance::Deed;
use learning::{LearningError, Published, TaskName};
use primitives::{ErrorKind, Seed};
use serde::Serialize;
use storage::Access;

/// One model that was trained, or why not.
#[derive(Debug, Serialize)]
pub(super) struct TrainedModel {
    pub(super) model: TaskName,
    pub(super) version: Option<String>,
    /// Whether it answers decisions from now on.
    pub(super) champion: bool,
    /// Why, or what is missing to train.
    pub(super) reason: String,
    /// Days on which nothing was to be learned, in words.
    pub(super) gaps: Vec<String>,
    pub(super) seconds: f64,
    /// Whether something went wrong, and not only too little is known yet.
    #[serde(skip)]
    is_failure: bool,
}

/// Trains the models named, or puts a former champion in force again. A running server takes the result over by itself.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    model: Option<&str>,
    rollback: bool,
) -> Result<(), ServerError> {
    let seed = Seed::new(settings.models.seed);
    let tasks = tasks(&settings, model)?;
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    if rollback {
        return roll_back(options, &opened, &tasks);
    }
    let material = read_history(&opened)?;
    let trained = train_all(&opened, &material, &tasks, seed);
    drop(opened);
    for TrainedModel { model, version, champion, .. } in &trained {
        note_from_command(&options.data, Deed::Training, model.as_str());
        if let Some(version) = version.as_ref().filter(|_| *champion) {
            note_from_command(&options.data, Deed::Promotion, &format!("{model} {version}"));
        }
    }
    report(options, &trained, || trained.iter().map(in_words).collect::<Vec<_>>().join("\n"))?;
    match failed(&trained) {
        None => Ok(()),
        Some(failed) => Err(ServerError::new(
            ErrorKind::Unavailable,
            format!("{} was not trained: {}", failed.model, failed.reason),
        )),
    }
}

/// What makes the whole a failure. Of several models some may have too little to learn from yet, which was told.
fn failed(trained: &[TrainedModel]) -> Option<&TrainedModel> {
    let is_trained = trained.iter().any(|trained| trained.version.is_some());
    let mut without = trained.iter().filter(|trained| trained.version.is_none());
    without.find(|trained| trained.is_failure || !is_trained)
}

fn roll_back(options: &Options, opened: &Opened, tasks: &[TaskName]) -> Result<(), ServerError> {
    let mut done = Vec::new();
    for task in tasks {
        let version = opened.engine.registry().roll_back(task)?;
        note_from_command(&options.data, Deed::Rollback, &format!("{task} {version}"));
        done.push(serde_json::json!({ "model": task.as_str(), "version": version }));
    }
    report(options, &done, || {
        format!("rolled back: {}", done.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    })
}

/// The tasks that were meant: the one named, or all.
pub(super) fn tasks(settings: &Settings, named: Option<&str>) -> Result<Vec<TaskName>, ServerError> {
    let tasks = settings.capabilities().tasks;
    Ok(match named {
        Some(name) => vec![tasks.get(name)?.about().name.clone()],
        None => tasks.names().cloned().collect(),
    })
}

/// Reads the whole history, with a bar.
pub(super) fn read_history(opened: &Opened) -> Result<Material, ServerError> {
    let bar = Counting::events("Reading the history", opened.engine.ports().history.n_events()?);
    let material = opened.engine.material(&mut |n| {
        if n % 4_096 == 0 {
            bar.advance(n);
        }
    });
    bar.finish();
    Ok(material?)
}

/// Trains one model after the other; what cannot be trained is told and does not stop the others.
pub(super) fn train_all(opened: &Opened, material: &Material, tasks: &[TaskName], seed: Seed) -> Vec<TrainedModel> {
    let train = |task: &TaskName| {
        let watch = Stopwatch::start();
        let bar = super::progress::spinner(&format!("Training {task}"));
        let result = engine::train(&opened.engine, task, material, seed);
        bar.finish_and_clear();
        let seconds = watch.elapsed().as_secs_f64();
        let model = task.clone();
        match result {
            Ok(Published { version, is_champion, reason, gaps }) => TrainedModel {
                model,
                version: Some(version.to_string()),
                champion: is_champion,
                reason,
                gaps: gaps.iter().map(|gap| format::gap(gap.from, gap.until, gap.n_orders, gap.n_usual)).collect(),
                seconds,
                is_failure: false,
            },
            Err(error) => {
                let error = ServerError::from(error);
                let (gaps, is_failure, reason) = (Vec::new(), !is_not_ready(&error), error.story());
                TrainedModel { model, version: None, champion: false, reason, gaps, seconds, is_failure }
            }
        }
    };
    tasks.iter().map(train).collect()
}

/// Whether there is too little to learn from yet.
pub(super) fn is_not_ready(error: &ServerError) -> bool {
    matches!(error, ServerError::Engine(EngineError::Learning(LearningError::NotReady { .. })))
}

pub(super) fn in_words(trained: &TrainedModel) -> String {
    match &trained.version {
        Some(version) => {
            let part = if trained.champion { "answers from now on" } else { "does not answer" };
            let gaps = trained.gaps.iter().map(|gap| format!("\n  left out: {gap}")).collect::<String>();
            format!(
                "{}: version {version} {part}, in {:.1} s: {}{gaps}",
                trained.model, trained.seconds, trained.reason
            )
        }
        None => format!("{}: not trained. {}", trained.model, trained.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trained_model_makes_up_for_one_that_lacks_data_and_not_for_one_that_failed() {
        let one = |is_trained: bool, is_failure: bool| TrainedModel {
            model: "churn".into(),
            version: is_trained.then(|| "v".to_owned()),
            champion: false,
            reason: String::new(),
            gaps: Vec::new(),
            seconds: 0.0,
            is_failure,
        };
        let (good, lacking, broken) = (|| one(true, false), || one(false, false), || one(false, true));
        for (trained, fails) in [
            (vec![good(), good()], false),
            (vec![lacking(), good()], false),
            (vec![lacking(), lacking()], true),
            (vec![lacking()], true),
            (vec![good(), broken()], true),
        ] {
            assert_eq!(failed(&trained).is_some(), fails);
        }
    }
}
