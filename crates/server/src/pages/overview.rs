//! What does the first page say at a glance?

use super::models::advantage;
use super::visit::Visit;
use super::{api, worth};
use crate::app::App;
use crate::error::ServerError;
use axum::response::Response;
use console::view::{
    CustomersCard, DayCount, DayRevenue, DecisionsCard, EventsCard, Frame, HealthCard, ModelLine, ModelState, Overview,
};
use features::Day;
use learning::TaskName;
use primitives::capital;
use primitives::{Currency, Timestamp};
use std::collections::BTreeMap;

/// How many days the charts go back.
const N_DAYS: i64 = 30;

/// `/`.
pub(super) async fn show(visit: Visit) -> Response {
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(fill(app, frame, &base_url)?.render())).await
}

fn fill(app: &App, frame: Frame, base_url: &str) -> Result<Overview, ServerError> {
    let now = frame.now;
    let decisions = decisions(app)?;
    let n_rejected = app.engine.ports().events.n_rejected()?;
    let (totals, days, last_order) = app.engine.look(|live| {
        let days: Vec<_> = live.activity.last_days(now, N_DAYS).collect();
        (live.profiles.totals(), days, live.activity.last_order_day(now))
    });
    let lately = app.engine.lately()?;
    let (currency, left_out) = currencies(&days);
    let examples =
        if decisions.total == 0 { api::examples(app, base_url, &api::Somebody::of(app)?) } else { Vec::new() };
    Ok(Overview {
        events: EventsCard {
            total: totals.n_events,
            today: days.last().map_or(0, |(_, day)| day.n_events),
            rejected: n_rejected,
            per_day: days.iter().map(|(day, counts)| DayCount { day: *day, count: counts.n_events }).collect(),
        },
        customers: CustomersCard {
            known: totals.n_known,
            anonymous: totals.n_customers.saturating_sub(totals.n_known),
            active_30d: lately.n_seen,
            active_partial: !lately.is_complete,
        },
        models: app.engine.capabilities().tasks.names().map(|task| model(app, task)).collect::<Result<_, _>>()?,
        worth: if decisions.total == 0 { None } else { worth::worth(app, now)? },
        decisions,
        revenue: days.iter().map(|(day, counts)| revenue(*day, counts, currency)).collect(),
        currency,
        last_order,
        left_out,
        health: health(app)?,
        try_lines: examples.into_iter().take(3).map(|example| (example.title, example.command)).collect(),
        frame,
    })
}

/// The currency most orders were paid in, and the others.
fn currencies(days: &[(Timestamp, Day)]) -> (Currency, Vec<String>) {
    let mut n_days: BTreeMap<Currency, usize> = BTreeMap::new();
    for currency in days.iter().flat_map(|(_, day)| day.revenue.keys()) {
        *n_days.entry(*currency).or_default() += 1;
    }
    let main = n_days.iter().max_by_key(|(currency, n)| (**n, **currency)).map_or(Currency::USD, |(main, _)| *main);
    (main, n_days.keys().filter(|currency| **currency != main).map(ToString::to_string).collect())
}

fn revenue(day: Timestamp, counts: &Day, currency: Currency) -> DayRevenue {
    DayRevenue { day, minor: counts.revenue.get(&currency).copied().unwrap_or(0), orders: counts.n_orders }
}

fn decisions(app: &App) -> Result<DecisionsCard, ServerError> {
    let (total, fallbacks) = app.engine.ports().decisions.counts()?;
    let pace = app.engine.pace();
    let milliseconds = |share: f64| pace.quantile(share).map(|took| took.as_secs_f64() * 1_000.0);
    Ok(DecisionsCard {
        total,
        since_start: pace.n_decisions(),
        fallbacks,
        p50_ms: milliseconds(0.5),
        p99_ms: milliseconds(0.99),
    })
}

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
    let Some(needs) = app.engine.needs(task)? else {
        return Ok(ModelState::Missing("What is there to learn from is being counted.".to_owned()));
    };
    let n_unmet = needs.iter().filter(|need| !need.met).count();
    Ok(ModelState::Missing(match needs.iter().find(|need| !need.met) {
        None => "Everything is there: train it on the page of models.".to_owned(),
        Some(first) => {
            let more = if n_unmet > 1 { format!("; {} more", n_unmet - 1) } else { String::new() };
            format!("{}: {} of {}{more}.", capital(&first.what), first.told, first.need)
        }
    }))
}

fn health(app: &App) -> Result<HealthCard, ServerError> {
    let usage = app.storage.usage()?;
    let database = usage.database_bytes + usage.wal_bytes;
    Ok(HealthCard {
        log_bytes: database,
        log_offset: usage.head.0,
        checkpoint_offset: app.engine.checkpointed().0,
        sealed_days: usage.n_history_days,
        history_bytes: usage.history_bytes,
        n_set_aside: app.storage.set_aside()?.iter().map(storage::SetAside::n_events).sum(),
        disk_bytes: database + usage.history_bytes + usage.model_bytes,
        uptime_ms: i64::try_from(app.uptime.elapsed().as_millis()).unwrap_or(i64::MAX),
    })
}
