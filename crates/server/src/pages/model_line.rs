//! What is said of a task's model in a line?

use super::models::advantage;
use super::waits::NO_PURCHASES;
use crate::app::App;
use crate::error::ServerError;
use console::view::{ModelLine, ModelState};
use learning::TaskName;
use primitives::capital;

/// Whether a task has a model, in a line.
pub(super) fn model(app: &App, task: &TaskName) -> Result<ModelLine, ServerError> {
    let status = app.engine.champion_status().into_iter().find(|status| status.task == *task);
    let fault = status.and_then(|status| status.fault);
    let versions = app.engine.registry().versions(task)?;
    let champion = versions.iter().find(|version| version.is_champion);
    let state = match (fault, champion) {
        (Some(_), _) => ModelState::Missing("The model in force cannot be used: see Models.".to_owned()),
        (None, Some(version)) => {
            let evaluation = &version.header.evaluation;
            let decides = evaluation.deciding();
            let strongest = decides.as_ref().and_then(learning::Comparison::strongest);
            ModelState::Champion {
                version: version.version.to_string(),
                metric: decides.as_ref().map_or_else(String::new, |decides| decides.metric.title.to_owned()),
                value: decides.as_ref().map_or(f64::NAN, |decides| decides.model),
                baseline: strongest
                    .as_ref()
                    .map_or_else(String::new, |(name, _)| evaluation.baseline_title(name).to_owned()),
                baseline_value: strongest.map_or(f64::NAN, |(_, value)| value),
                advantage: decides.and_then(|decides| advantage(evaluation, &decides)).map(|(_, advantage)| advantage),
            }
        }
        (None, None) => missing(app, task)?,
    };
    let title = app.engine.capabilities().tasks.get(task.as_str())?.about().title.clone();
    Ok(ModelLine { title, state })
}

fn missing(app: &App, task: &TaskName) -> Result<ModelState, ServerError> {
    if app.trainer.is_training(task) {
        return Ok(ModelState::Training(app.trainer.status(task).unwrap_or_default()));
    }
    // One that was trained and does not answer is no model that is yet to be trained.
    if let Some(why) = app.engine.models().why_unusable(task) {
        return Ok(ModelState::Missing(format!("{why}.")));
    }
    if app.engine.waits_for_purchases(task) {
        return Ok(ModelState::Missing(NO_PURCHASES.to_owned()));
    }
    let Some(needs) = app.engine.needs(task)? else {
        return Ok(ModelState::Missing("What is there to learn from is being counted.".to_owned()));
    };
    let n_unmet = needs.iter().filter(|need| !need.met).count();
    Ok(ModelState::Missing(match needs.iter().find(|need| !need.met) {
        None => "Everything is there: train it on the page of models.".to_owned(),
        Some(first) => {
            let more = match n_unmet {
                1 => String::new(),
                2 => ", and one thing more is missing".to_owned(),
                n => format!(", and {} things more are missing", n - 1),
            };
            format!("{}: {} of {}{more}.", capital(&first.what), first.told, first.need)
        }
    }))
}
