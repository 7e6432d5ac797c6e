//! What was decided lately, and what was one decision made from?

use super::answer::{answer, feature_groups, in_short};
use super::visit::Visit;
use super::worth;
use super::{Asked, api, more_rows, n_rows};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::response::Response;
use console::view::{Candidate, DecisionPage, DecisionRow, DecisionsPage, Frame};
use decisions::{Content, DecisionError, LoggedDecision, Record, World};
use engine::Live;
use primitives::{DecisionId, ItemKey};
use serde_json::json;

/// How many of the items that were left out are named.
const N_LEFT_OUT: usize = 20;

/// `/decisions`.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(fill_list(app, frame, &asked, &base_url)?.render())).await
}

/// `/decisions/{id}`.
pub(super) async fn show(visit: Visit, id: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let by = visit.by();
    visit
        .page(move |app, frame| {
            let record = app.engine.decision(&DecisionId::from(id))?;
            app.audit.note_decision(&by, &record);
            Ok(fill(app, frame, &record)?.render())
        })
        .await
}

fn fill_list(app: &App, frame: Frame, asked: &Asked, base_url: &str) -> Result<DecisionsPage, ServerError> {
    let n = n_rows(asked);
    let log = &app.engine.ports().decisions;
    let logged = log.recent(None, n)?;
    let (total, fallbacks) = log.counts()?;
    let rows = rows(app, &logged);
    let examples = api::examples(app, base_url, &api::Somebody::of(app)?);
    Ok(DecisionsPage {
        total,
        fallbacks,
        older: more_rows("/decisions", &[], rows.len(), n),
        rows,
        try_line: examples.into_iter().nth(1).map_or_else(String::new, |example| example.command),
        frame,
    })
}

/// Decisions as rows of a list.
pub(super) fn rows(app: &App, logged: &[LoggedDecision]) -> Vec<DecisionRow> {
    let opened: Vec<_> = logged.iter().map(|one| (one, Record::open(one))).collect();
    let answers: Vec<_> = opened.iter().map(|(_, record)| record.as_ref().ok().map(|one| in_short(app, one))).collect();
    app.engine.look(|live| {
        let each = opened.iter().zip(answers);
        each.map(|((logged, record), answer)| row(live, logged, record, answer)).collect()
    })
}

fn row(
    live: &Live,
    logged: &LoggedDecision,
    record: &Result<Record, DecisionError>,
    answer: Option<String>,
) -> DecisionRow {
    let (answer, fallback) = match record {
        Ok(record) => (answer.unwrap_or_default(), record.decision.answer.fallback.clone()),
        // A newer program's record stands in the list all the same.
        Err(error) => (error.to_string(), logged.is_fallback.then(|| "Why cannot be read here.".to_owned())),
    };
    let has_page = match &logged.customer {
        Some(id) => live.profiles.find_by_text(id.as_str()).is_ok_and(|found| found.is_some()),
        None => false,
    };
    DecisionRow {
        id: logged.id.to_string(),
        at: logged.decided_at,
        kind: logged.kind.clone(),
        customer: logged.customer.as_ref().map(ToString::to_string),
        has_page,
        answer,
        fallback,
        held_out: false,
        latency_ms: None,
    }
}

fn fill(app: &App, frame: Frame, record: &Record) -> Result<DecisionPage, ServerError> {
    let question = &record.question;
    let request = json!({
        "decision": question.kind,
        "customerId": question.customer.as_str(),
        "parameters": question.parameters,
        "context": question.context,
        "asOf": question.as_of.to_string(),
    });
    let currency = app.engine.look(|live| {
        let customer = live.profiles.customer(&question.customer)?;
        Ok::<_, ServerError>(customer.and_then(|customer| customer.state.currency()))
    })?;
    let features = feature_groups(&app.engine.catalogue(), app.engine.features_of(record), currency);
    Ok(DecisionPage {
        at: question.as_of,
        customer: is_known(app, record)?.then(|| question.customer.to_string()),
        answer: answer(app, record, None),
        request: request.to_string(),
        response: record.response.clone(),
        features,
        is_forgotten: record.is_forgotten(),
        candidates: app.engine.look(|live| candidates(live, record)),
        random_stream: None,
        outcome: worth::outcome(app, record, frame.now)?,
        replay: replay_command(app, &record.decision.id),
        frame,
    })
}

/// What was answered, and what would have been and could not be had; nothing where nothing was left out.
fn candidates(live: &Live, record: &Record) -> Vec<Candidate> {
    let Content::Items(items) = &record.decision.answer.content else { return Vec::new() };
    let left_out: Vec<_> = record.testimony.left_out().filter_map(|key| live.items.get(key)).take(N_LEFT_OUT).collect();
    if left_out.is_empty() {
        return Vec::new();
    }
    let chosen = items.iter().map(|item| Candidate {
        id: item.id.to_string(),
        title: record.testimony.facts(ItemKey::from(&item.id)).map(|facts| facts.title),
        score: Some(item.score),
        propensity: Some(record.decision.answer.propensity.get()),
        chosen: true,
        excluded: None,
    });
    let excluded = left_out.into_iter().map(|item| Candidate {
        id: item.id.to_string(),
        title: item.name.as_ref().map(|name| name.value.clone()),
        score: None,
        propensity: None,
        chosen: false,
        excluded: Some("could not be had".to_owned()),
    });
    chosen.chain(excluded).collect()
}

/// Whether there is a customer to open: a decision about a stranger founds nobody.
fn is_known(app: &App, record: &Record) -> Result<bool, ServerError> {
    let customer = &record.question.customer;
    Ok(app.engine.look(|live| live.profiles.find_by_text(customer.as_str()))?.is_some())
}

pub(super) fn replay_command(app: &App, id: &DecisionId) -> String {
    format!("rapport replay {id} {}", data_option(app))
}

/// The flag that says which data a command is about.
pub(super) fn data_option(app: &App) -> String {
    let data = app.storage.directory().path().display().to_string();
    let plain = data.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    let data = if plain { data } else { format!("'{}'", data.replace('\'', "'\\''")) };
    format!("--data {data}")
}
