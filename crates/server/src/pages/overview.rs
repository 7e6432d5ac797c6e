//! What does the first page say at a glance?

mod attention;
mod figures;
mod risk;

use super::model_line::model;
use super::story::Progress;
use super::visit::Visit;
use super::{Asked, api, tour};
use crate::app::App;
use crate::cookies::Cookies;
use crate::error::ServerError;
use crate::found_lately::Found;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Response;
use console::format;
use console::view::{Followed, Frame, ModelState, Overview, Worth};
use decisions::Kind;
use engine::{Calendar, RANGES_DAYS};
use figures::Trade;
use measurement::{REWARD_WINDOW_DAYS, Share};
use primitives::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Of how many days the figures are where nobody says.
const N_DAYS: i64 = 28;

/// How long customers are looked at.
const TIME_MAX: Duration = Duration::from_secs(3);

/// `/?days=`.
pub(super) async fn show(visit: Visit, headers: HeaderMap, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    let progress = Progress::read(Cookies::of(&visit.app.settings.server), &headers);
    let days = asked.get("days").and_then(|days| days.parse().ok()).filter(|days| RANGES_DAYS.contains(days));
    visit.page(move |app, frame| Ok(fill(app, frame, days.unwrap_or(N_DAYS), progress, &base_url)?.render())).await
}

fn fill(app: &App, frame: Frame, days: i64, progress: Progress, base_url: &str) -> Result<Overview, ServerError> {
    let zone = &app.settings.company.timezone;
    let calendar = Calendar::new(frame.now, zone);
    let found = found(app, &calendar)?;
    let trade = Trade::of(app, &found.people);
    let figures = figures::fill(app, &calendar, days, trade, &found);
    let (n_decisions, _) = app.engine.ports().decisions.counts()?;
    let examples = if n_decisions == 0 { api::examples(app, base_url, &api::Somebody::of(app)?) } else { Vec::new() };
    Ok(Overview {
        days,
        ranges: RANGES_DAYS.into(),
        zone: zone.to_string(),
        attention: attention::fill(app, &calendar, frame.now, trade)?,
        tour: tour::card(app, &frame, progress, base_url)?,
        figures: figures.figures,
        notes: figures.notes,
        sales: figures.sales,
        at_risk: found.at_risk.clone(),
        worth: worth(app, frame.now, n_decisions)?,
        outcomes: outcomes(app),
        totals: totals(app, n_decisions)?,
        try_lines: examples.into_iter().take(3).collect(),
        frame,
    })
}

/// What is found of the customers now; where there are many of them, up to a minute ago.
fn found(app: &App, calendar: &Calendar) -> Result<Arc<Found>, ServerError> {
    app.looks.found.get(calendar.today(), || {
        let people = app.engine.people(calendar, TIME_MAX)?;
        let (at_risk, stake, is_complete) = risk::fill(app, TIME_MAX)?;
        Ok(Found { is_complete: is_complete && people.is_complete, people, at_risk, stake })
    })
}

/// What recommendations are worth, as far as is known; nothing where nothing can be recommended.
fn worth(app: &App, now: Timestamp, n_decisions: u64) -> Result<Option<Worth>, ServerError> {
    if n_decisions > 0 {
        let found = app.engine.followed(now)?;
        let (personal, popular) = (followed(&found.personal), followed(&found.general));
        if personal.is_some() || popular.is_some() {
            let window_days = u32::try_from(REWARD_WINDOW_DAYS).unwrap_or(u32::MAX);
            return Ok(Some(Worth::Online { personal, popular, window_days }));
        }
    }
    let shown = app.engine.capabilities().kinds.iter().map(Kind::about).find(|about| about.is_shown);
    let Some(task) = shown.and_then(|about| about.tasks.first()) else {
        return Ok(None);
    };
    Ok(Some(match model(app, task)?.state {
        ModelState::Missing(_) if app.engine.waits_for_purchases(task) => return Ok(None),
        ModelState::Missing(why) | ModelState::Training(why) => Worth::Nothing(why),
        ModelState::Champion { metric, value, baseline, baseline_value, advantage: found, .. } => {
            let version = app.engine.registry().champion_version(task)?;
            let header = version.map(|version| app.engine.registry().header_of(task, &version)).transpose()?;
            let deciding = header.as_ref().and_then(|header| header.evaluation.deciding());
            let meaning = deciding.map_or_else(String::new, |one| format!("{}.", one.metric.meaning));
            Worth::Offline { metric, meaning, value, baseline, baseline_value, advantage: found, n_open: n_decisions }
        }
    }))
}

fn followed(share: &Share) -> Option<Followed> {
    share.interval.map(|interval| Followed {
        decisions: share.n,
        followed: share.n_successes,
        low: interval.low,
        high: interval.high,
    })
}

/// The questions that a model answers: (title, address, what is told).
fn outcomes(app: &App) -> Vec<(String, String, String)> {
    let models = app.engine.models();
    let kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    let answered = kinds.filter(|about| models.answer(&about.tasks));
    let line = |about: &decisions::KindAbout| {
        (
            about.title.clone(),
            format!("/capabilities/{}", format::url_part(about.name.as_str())),
            about.question.clone(),
        )
    };
    answered.map(line).collect()
}

/// What came in and went out, in all: (what, address, how much).
fn totals(app: &App, n_decisions: u64) -> Result<Vec<(String, String, String)>, ServerError> {
    let totals = app.engine.look(|live| live.profiles.totals());
    let n_rejected = app.engine.ports().events.n_rejected()?;
    let (models, names) = (app.engine.models(), app.engine.capabilities().tasks.names());
    let (n_tasks, n_answer) = names.fold((0, 0), |(n, has), task| (n + 1, has + u64::from(models.get(task).is_some())));
    let line = |what: &str, href: &str, much: String| (what.to_owned(), href.to_owned(), much);
    Ok(vec![
        line("Events", "/events", format::count(totals.n_events)),
        line("Rejected so far", "/events?status=rejected", format::count(n_rejected)),
        line("Customers", "/customers", format::count(totals.n_customers)),
        line("Known by name", "/customers", format::count(totals.n_known)),
        line("Decisions", "/decisions", format::count(n_decisions)),
        line("Models that answer", "/models", format!("{n_answer} of {n_tasks}")),
    ])
}
