//! One action: whom is it for, how many may have it now, and what came of it?

use super::{PART_MAX, declared, kind_asked, lately_told, line};
use crate::app::App;
use crate::error::ServerError;
use crate::pages::action_words::{came_in_words, rule_in_words};
use crate::pages::visit::Visit;
use crate::pages::{Asked, decisions};
use ::decisions::filter::Subject;
use ::decisions::{Action, Content, Filter, KindAbout};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::response::Response;
use console::format;
use console::view::{ActionDay, ActionPage, ConditionTold, DecisionRow, Frame};
use engine::{CameOfAction, EngineError, Patience};
use governance::Headcount;
use primitives::{Currency, DAY_MS, DecisionId, ErrorKind, Timestamp, capital};
use std::time::Duration;

/// How long customers are looked for whom it is for.
const TIME_MAX: Duration = Duration::from_secs(1);
/// How many days are drawn.
const N_DAYS: i64 = 30;
/// `/actions/{name}?kind=`.
pub(in crate::pages) async fn show(
    visit: Visit,
    name: Result<Path<String>, PathRejection>,
    Query(asked): Query<Asked>,
) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    visit.page(move |app, frame| Ok(fill(app, frame, &name, &asked)?.render())).await
}

fn fill(app: &App, frame: Frame, name: &str, asked: &Asked) -> Result<ActionPage, ServerError> {
    let has_it = |kind: &&KindAbout| declared(app, kind).is_ok_and(|all| all.iter().any(|one| one.name == name));
    let kind = match super::kinds(app).find(has_it).filter(|_| !asked.contains_key("kind")) {
        Some(kind) => kind,
        None => kind_asked(app, asked)?,
    };
    let actions = declared(app, kind)?;
    let Some(action) = actions.iter().find(|action| action.name == name) else {
        let shown: String = name.chars().take(40).collect();
        let message = format!("there is no action {shown}: the page of actions lists those that are declared");
        return Err(ServerError::new(ErrorKind::NotFound, message));
    };
    let lately = app.engine.acted_lately(kind.name.as_str(), &Patience::of(PART_MAX))?;
    let nothing = CameOfAction::default();
    let came = lately.actions.get(name).unwrap_or(&nothing);
    let mut left_out: Vec<(String, u64)> =
        came.left_out.iter().map(|(rule, n)| (capital(&rule_in_words(rule)), *n)).collect();
    left_out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let currency = app.engine.capabilities().measures.currency;
    Ok(ActionPage {
        kind: kind.name.to_string(),
        editor: (frame.may_operate && app.engine.declared_as("actions", name).is_ok())
            .then(|| format!("/actions/{}/edit", format::url_part(name))),
        currency,
        action: line(action, &actions, &lately, frame.now),
        facts: facts(action, currency),
        conditions: conditions(app, action),
        eligible: eligible(app, action)?,
        content: (!action.content.is_empty()).then(|| serde_json::Value::Object(action.content.clone()).to_string()),
        left_out,
        days: days(came, lately.since, frame.now),
        rows: rows(app, name, &came.newest)?,
        lately: lately_told(&lately),
        frame,
    })
}

/// What is declared of it, beside what stands over the page.
fn facts(action: &Action, currency: Option<Currency>) -> Vec<(String, String)> {
    let money = |amount| super::money(amount, currency);
    let mut facts = vec![("Of the group".to_owned(), action.group.clone())];
    if !action.nothing {
        facts.push(("Earns when it is accepted".to_owned(), money(action.value)));
        facts.push(("Accepted, before anything is known".to_owned(), format::percent(action.prior)));
    }
    if action.cost > 0.0 {
        facts.push(("Costs a contact".to_owned(), money(action.cost)));
    }
    facts.push(("Weight".to_owned(), format::number(action.weight)));
    let channels: Vec<&str> = action.channels.iter().map(String::as_str).collect();
    facts.push(("Where".to_owned(), if channels.is_empty() { "everywhere".to_owned() } else { channels.join(", ") }));
    facts.extend(super::when(action).map(|when| ("When".to_owned(), when)));
    facts.extend(action.stock.as_ref().map(|item| ("Must be in stock".to_owned(), item.to_string())));
    for (key, factors) in &action.context {
        let each = factors
            .iter()
            .map(|(said, factor)| (format!("Where {key} is {said}"), format!("× {}", format::number(*factor))));
        facts.extend(each);
    }
    facts.extend(action.features.iter().map(|(name, value)| (format!("Feature {name}"), value.to_string())));
    facts
}

fn conditions(app: &App, action: &Action) -> Vec<ConditionTold> {
    let of = |title: &str, written: &str| ConditionTold {
        title: title.to_owned(),
        written: written.to_owned(),
        asks: asks(app, written),
        href: (!written.is_empty()).then(|| format::address("/lists", &[("filter", written)])),
    };
    vec![of("Who may have it", &action.eligible), of("Whom it suits", &action.suitable)]
}

/// What a condition asks for, each thing once, with what it means.
fn asks(app: &App, written: &str) -> Vec<(String, String)> {
    let names = app.engine.filter_names();
    let Ok(filter) = Filter::parse(written, &names) else { return Vec::new() };
    let catalogue = app.engine.catalogue();
    let kinds = &app.engine.capabilities().kinds;
    let meaning = |name: &str| catalogue.get(name).map(|definition| definition.meaning.clone());
    let question = |name: &str| kinds.get(name).ok().map(|kind| kind.about().question.clone());
    let mut asks: Vec<(String, String)> = Vec::new();
    for subject in filter.subjects() {
        let words = match subject {
            Subject::Score(name) => question(name),
            Subject::Feature(name) => meaning(name),
            Subject::Named(name) => names.scores.get(name).and_then(|_| question(name)).or_else(|| meaning(name)),
            Subject::Trait(_) => Some("A trait, as the company told it".to_owned()),
            _ => None,
        };
        let name = subject.to_string();
        if asks.iter().all(|(known, _)| *known != name) {
            asks.push((name, words.unwrap_or_default()));
        }
    }
    asks
}

/// How many customers may have it now, of those whose data may be used for it, in a sentence; as many as can be looked at while somebody waits.
fn eligible(app: &App, action: &Action) -> Result<String, ServerError> {
    let parts: Vec<String> = [&action.eligible, &action.suitable]
        .into_iter()
        .filter(|written| !written.is_empty())
        .map(|written| format!("({written})"))
        .collect();
    let found = match app.engine.eligible(&parts.join(" and "), TIME_MAX) {
        Ok(found) => found,
        // What decisions can ask need not be what lists can.
        Err(EngineError::Filter(error)) => return Ok(format!("How many that are cannot be told: {error}.")),
        Err(error) => return Err(error.into()),
    };
    let least = if found.is_complete { "" } else { "at least " };
    let rest = if found.is_complete { "" } else { ", as far as was looked while you waited" };
    let (n, of) = (people_told(found.n), people_told(found.of));
    if found.of == 0 {
        return Ok("No customer is known yet.".to_owned());
    }
    Ok(capital(&match parts.is_empty() {
        true => format!(
            "everybody may have it who permits personalization, which are {least}{n} of {of} customers now{rest}."
        ),
        false => format!("{least}{n} of {of} customers may have it now, and it suits them{rest}."),
    }))
}

/// A number of customers; of few it is told only that they are few.
pub(in crate::pages) fn people_told(n: u64) -> String {
    match Headcount::of(u32::try_from(n).unwrap_or(u32::MAX)) {
        nobody if nobody.is_nobody() => "none".to_owned(),
        some => some.told().map_or_else(|| "fewer than 5".to_owned(), |n| format::count(n.into())),
    }
}

/// What came of it on each day since the first decision that was looked at.
fn days(came: &CameOfAction, since: Option<Timestamp>, now: Timestamp) -> Vec<ActionDay> {
    let Some(since) = since.filter(|_| !came.days.is_empty()) else { return Vec::new() };
    let today = now.day();
    let first = since.day().max(today - N_DAYS + 1);
    let day = |day: i64| {
        let (chosen, converted) = came.days.get(&day).copied().unwrap_or_default();
        let is_open = day == today || day == since.day();
        ActionDay { day: Timestamp::from_millis(day.saturating_mul(DAY_MS)), chosen, converted, is_open }
    };
    (first..=today).map(day).collect()
}

/// The newest decisions that chose it, each with what came of it.
fn rows(app: &App, name: &str, newest: &[DecisionId]) -> Result<Vec<(DecisionRow, String)>, ServerError> {
    let log = &app.engine.ports().decisions;
    let mut logged = Vec::new();
    for id in newest {
        logged.extend(log.get(id).map_err(EngineError::from)?);
    }
    let opened = decisions::opened(&logged);
    let rows = decisions::rows_of(app, &opened);
    let mut told = Vec::new();
    for (row, (_, record)) in rows.into_iter().zip(opened) {
        let Ok(record) = record else { continue };
        let Content::Actions(actions) = &record.decision.answer.content else { continue };
        let came = app.engine.came_of_each(&record)?;
        let place = actions.chosen.iter().position(|one| one.id == name);
        let contact = place.and_then(|place| came.as_ref()?.get(place).copied().flatten());
        told.push((row, came_in_words(contact.as_ref(), came.is_some()).0));
    }
    Ok(told)
}
