//! What can be told of a customer, from what, and how well? One page for all of it, and one for each.

use super::api;
use super::decisions::rows;
use super::model_line::model;
use super::models::task;
use super::visit::Visit;
use super::waits::waits;
use crate::app::App;
use crate::error::ServerError;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use console::format;
use console::view::{CapabilitiesPage, CapabilityLine, CapabilityPage, Frame, Parameter};
use decisions::{Kind, KindAbout};
use learning::{ModelHeader, TaskName};
use std::collections::BTreeSet;

/// How many decisions are shown, and among how many of all they are looked for: a page is drawn at once.
const N_SHOWN: usize = 8;
const N_LOOKED_AT: usize = 500;

/// `/capabilities`.
pub(super) async fn list(visit: Visit) -> Response {
    visit
        .page(|app, frame: Frame| {
            let mut kinds: Vec<_> = app.engine.capabilities().kinds.iter().map(Kind::about).collect();
            kinds.sort_by_cached_key(|about| waits(app, about));
            let capabilities = kinds.into_iter().map(|about| line(app, about)).collect::<Result<_, _>>()?;
            Ok(CapabilitiesPage { frame, capabilities }.render())
        })
        .await
}

/// `/capabilities/{name}`.
pub(super) async fn show(visit: Visit, name: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    if visit.app.engine.capabilities().kinds.get(&name).is_err() {
        return visit.not_found();
    }
    let base_url = visit.base_url.clone();
    visit
        .page(move |app, frame| {
            let about = app.engine.capabilities().kinds.get(&name)?.about();
            Ok(fill(app, frame, about, &base_url)?.render())
        })
        .await
}

fn line(app: &App, about: &KindAbout) -> Result<CapabilityLine, ServerError> {
    Ok(CapabilityLine {
        name: about.name.to_string(),
        title: about.title.clone(),
        question: about.question.clone(),
        answer: about.shape.in_words().to_owned(),
        models: about.tasks.iter().map(|task| model(app, task)).collect::<Result<_, _>>()?,
    })
}

fn fill(app: &App, frame: Frame, about: &KindAbout, base_url: &str) -> Result<CapabilityPage, ServerError> {
    let mut newest = app.engine.ports().decisions.recent(None, N_LOOKED_AT)?;
    let n_looked_at = newest.len() as u64;
    newest.retain(|logged| logged.kind == about.name.as_str());
    newest.truncate(N_SHOWN);
    let parameters = about.parameters.iter();
    Ok(CapabilityPage {
        name: about.name.to_string(),
        title: about.title.clone(),
        question: about.question.clone(),
        answer: about.shape.in_words().to_owned(),
        purpose: about.purpose.name().to_owned(),
        reads: reads(app, about)?,
        parameters: parameters
            .map(|parameter| Parameter {
                name: parameter.name.to_owned(),
                meaning: parameter.meaning.to_owned(),
                takes: parameter.takes.in_words(),
                default: parameter.takes.default().map(|default| default.to_string()),
            })
            .collect(),
        tasks: about.tasks.iter().map(|name| task(app, name)).collect::<Result<_, _>>()?,
        decisions: rows(app, &newest),
        n_looked_at,
        command: api::question(app, base_url, &api::Somebody::of(app)?, about),
        frame,
    })
}

/// What of a customer is looked at: (what, which).
fn reads(app: &App, about: &KindAbout) -> Result<Vec<(String, String)>, ServerError> {
    let reads = &about.reads;
    let mut told: Vec<(&str, String)> = Vec::new();
    for name in reads.tasks.iter().filter(|name| about.tasks.contains(name)) {
        told.push(("Features of its model", looked_at(app, name)?));
    }
    for name in reads.tasks.iter().filter(|name| !about.tasks.contains(name)) {
        let title =
            app.engine.capabilities().tasks.get(name.as_str()).map_or(name.as_str(), |task| &task.about().title);
        told.push(("What another model says", format!("{title}; of features {}", looked_at(app, name)?)));
    }
    if !reads.features.is_empty() {
        let what = if reads.tasks.is_empty() { "Features" } else { "Features besides" };
        told.push((what, reads.features.join(", ")));
    }
    let probes = reads.asked.iter().flat_map(|(_, probes)| probes);
    let asked: BTreeSet<_> = probes.filter_map(|probe| Some(probe.cell()?.when.event.to_string())).collect();
    if !asked.is_empty() {
        told.push(("Of whom it is asked", asked.into_iter().collect::<Vec<_>>().join(", ")));
    }
    if !reads.traits.is_empty() {
        told.push(("Traits", reads.traits.join(", ")));
    }
    if reads.bought {
        told.push(("Purchases", "the latest, item by item".to_owned()));
    }
    if reads.viewed {
        told.push(("This visit", "what they look at and put into the cart".to_owned()));
    }
    if reads.currency {
        told.push(("Currency", "the one they paid in last".to_owned()));
    }
    Ok(told.into_iter().map(|(what, which)| (what.to_owned(), which)).collect())
}

/// How many features the model of a task looks at, and at which most.
fn looked_at(app: &App, task: &TaskName) -> Result<String, ServerError> {
    let registry = app.engine.registry();
    let Some(version) = registry.champion_version(task)? else { return Ok("chosen when it is trained".to_owned()) };
    let ModelHeader { features, importances, .. } = registry.header_of(task, &version)?;
    let n = format::count(features.len() as u64);
    let catalogue = app.engine.catalogue();
    let most = importances.first().and_then(|first| catalogue.get(&first.feature));
    Ok(most.map_or_else(|| n.clone(), |most| format!("{n}, most of all: {}", most.meaning)))
}
