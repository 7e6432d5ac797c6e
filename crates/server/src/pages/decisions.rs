//! What was decided lately, and what was one decision made from?

mod list;

use super::answer::{answer, feature_groups, in_short, would};
use super::visit::Visit;
use super::worth;
use super::{Asked, api};
use crate::app::App;
use crate::error::ServerError;
use crate::replayed::{Difference, Replay, differences, first_difference, shown};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::response::Response;
use console::view::{Candidate, DecisionPage, DecisionRow, Frame, Replayed};
use decisions::{Arm, DecisionError, LoggedDecision, RankedItem, Record, World};
use engine::Live;
use primitives::{CustomerId, DecisionId, ItemId, ItemKey, capital};
use profiles::ProfileError;
use serde_json::json;

/// How many of the items that were left out are named.
const N_LEFT_OUT: usize = 20;

/// How many of those are named that came next.
const N_RUNNERS_UP: usize = 10;

/// `/decisions`.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(list::fill(app, frame, &asked, &base_url)?.render())).await
}

/// `/decisions/{id}?replay=`: with it, also made again.
pub(super) async fn show(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    Query(asked): Query<Asked>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let (by, base_url) = (visit.by(), visit.base_url.clone());
    visit
        .page(move |app, frame| {
            let record = app.engine.decision(&DecisionId::from(id))?;
            app.audit.note_decision(&by, &record);
            let again = asked.contains_key("replay").then(|| replayed(app, &record));
            Ok(DecisionPage { replayed: again, ..fill(app, frame, &record, &base_url)? }.render())
        })
        .await
}

/// `POST /decisions/{id}/replay`: made again from the log, compared, and told; nothing is logged.
pub(super) async fn replay(visit: Visit, id: Result<Path<String>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let base_url = visit.base_url.clone();
    let visit = visit.at(format!("/decisions/{}", console::format::url_part(&id)));
    visit
        .page(move |app, frame| {
            let record = app.engine.decision(&DecisionId::from(id))?;
            let page = fill(app, frame, &record, &base_url)?;
            Ok(DecisionPage { replayed: Some(replayed(app, &record)), ..page }.render())
        })
        .await
}

fn replayed(app: &App, record: &Record) -> Replayed {
    let text = match app.engine.replay(record) {
        Ok(text) => text,
        Err(error) => return Replayed::Failed(format!("{}.", capital(&ServerError::from(error).story()))),
    };
    let Replay { text, is_same } = Replay::of(record, text);
    if is_same {
        return Replayed::Same { n_bytes: text.len() as u64 };
    }
    let told = |one: Difference| (one.field, shown(one.was.as_ref()), shown(one.is.as_ref()));
    Replayed::Different {
        from_byte: first_difference(&record.response, &text) as u64,
        fields: differences(&record.response, &text).into_iter().map(told).collect(),
    }
}

/// A decision of the log, and its record where it can be read.
pub(super) type Opened<'a> = (&'a LoggedDecision, Result<Record, DecisionError>);

/// Decisions with their records.
pub(super) fn opened(logged: &[LoggedDecision]) -> Vec<Opened<'_>> {
    logged.iter().map(|one| (one, Record::open(one))).collect()
}

/// Decisions as rows of a list.
pub(super) fn rows(app: &App, logged: &[LoggedDecision]) -> Vec<DecisionRow> {
    rows_of(app, &opened(logged))
}

/// Decisions whose records are open as rows of a list.
pub(super) fn rows_of(app: &App, opened: &[Opened<'_>]) -> Vec<DecisionRow> {
    let answers: Vec<_> = opened.iter().map(|(_, record)| record.as_ref().ok().map(|one| in_short(app, one))).collect();
    app.engine.look(|live| {
        let each = opened.iter().zip(answers);
        each.map(|((logged, record), answer)| row(app, live, logged, record, answer)).collect()
    })
}

fn row(
    app: &App,
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
    let has_page = logged.customer.as_ref().is_some_and(|id| is_known(live, id).unwrap_or(false));
    DecisionRow {
        id: logged.id.to_string(),
        at: logged.decided_at,
        kind: list::title(app, &logged.kind),
        basis: list::basis_of(app, logged, record.as_ref().ok()).to_owned(),
        customer: logged.customer.as_ref().filter(|id| !engine::is_nobody(id)).map(ToString::to_string),
        has_page,
        answer,
        fallback,
        held_out: record.as_ref().is_ok_and(|record| record.question.arm == Some(Arm::Holdout)),
        latency_ms: None,
    }
}

fn fill(app: &App, frame: Frame, record: &Record, base_url: &str) -> Result<DecisionPage, ServerError> {
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
    let (runners_up, others_unknown) = match app.engine.runners_up(record, N_RUNNERS_UP) {
        Ok(items) => (items, None),
        Err(error) => (Vec::new(), Some(format!("{}.", capital(&ServerError::from(error).story())))),
    };
    Ok(DecisionPage {
        at: question.as_of,
        customer: app.engine.look(|live| is_known(live, &question.customer))?.then(|| question.customer.to_string()),
        answer: answer(app, record, None),
        request: request.to_string(),
        response: record.response.clone(),
        features,
        n_own_items: record.n_own_items(),
        is_forgotten: record.is_forgotten(),
        candidates: app.engine.look(|live| candidates(live, record, &runners_up)),
        others_unknown,
        replayed: None,
        random_stream: None,
        would: would(app, record),
        outcome: worth::outcome(app, record, frame.now)?,
        replay: vec![
            format!("curl -X POST {} {base_url}/v1/decisions/{}/replay", api::bearer(app), record.decision.id),
            replay_command(app, &record.decision.id),
        ],
        frame,
    })
}

/// What was answered, what came next, and what would have been answered and could not be had.
fn candidates(live: &Live, record: &Record, runners_up: &[RankedItem]) -> Vec<Candidate> {
    let Some(items) = record.decision.answer.content.items() else { return Vec::new() };
    let left_out: Vec<_> = record.testimony.left_out().filter_map(|key| live.items.get(key)).take(N_LEFT_OUT).collect();
    let worst = items.last().map(|item| item.score);
    let title = |id: &ItemId| {
        let then = record.testimony.facts(ItemKey::from(id)).map(|facts| facts.title);
        let today = || live.items.get(ItemKey::from(id)).map(|item| item.title().to_owned());
        then.or_else(today).filter(|title| title != id.as_str())
    };
    let ranked = items.iter().map(|item| (item, true)).chain(runners_up.iter().map(|item| (item, false)));
    let ranked = ranked.zip(1..).map(|((item, chosen), rank)| Candidate {
        id: item.id.to_string(),
        title: title(&item.id),
        rank: Some(rank),
        score: Some(item.score),
        propensity: chosen.then(|| record.decision.answer.propensity.get()),
        chosen,
        excluded: None,
        lost: (!chosen).then(|| why_lost(item.score, worst)),
    });
    let excluded = left_out.into_iter().map(|item| Candidate {
        id: item.id.to_string(),
        title: item.name.as_ref().map(|name| name.value.clone()),
        rank: None,
        score: None,
        propensity: None,
        chosen: false,
        excluded: Some("could not be had".to_owned()),
        lost: None,
    });
    ranked.chain(excluded).collect()
}

/// Why another was chosen before it.
fn why_lost(score: f64, worst: Option<f64>) -> String {
    let number = |score: f64| console::format::decimal(score, 3);
    match worst {
        Some(worst) if number(score) == number(worst) => "As good as the last chosen: its key comes later".to_owned(),
        Some(worst) => format!("Lower score: the last chosen has {}", number(worst)),
        None => "Nothing was chosen".to_owned(),
    }
}

/// Whether there is a customer to open: a decision about a stranger founds nobody.
pub(super) fn is_known(live: &Live, customer: &CustomerId) -> Result<bool, ProfileError> {
    Ok(live.profiles.find_by_text(customer.as_str())?.is_some())
}

fn replay_command(app: &App, id: &DecisionId) -> String {
    format!("rapport replay {id} {}", data_option(app))
}

/// The flag that says which data a command is about.
pub(super) fn data_option(app: &App) -> String {
    let data = app.storage.directory().path().display().to_string();
    let plain = data.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    let data = if plain { data } else { format!("'{}'", data.replace('\'', "'\\''")) };
    format!("--data {data}")
}
