//! How is the program, and the machine it runs on?

use super::visit::Visit;
use crate::app::App;
use crate::error::ServerError;
use crate::keys::KeyState;
use crate::recent::{Logged, logged};
use crate::{backed_up, process};
use axum::response::Response;
use console::format::{self, ago, bytes, count, counted};
use console::view::{Fact, FactGroup, Frame, LoggedLine, SystemPage};
use primitives::Timestamp;
use std::sync::atomic::Ordering;
use storage::Usage;

/// So many events may wait for a checkpoint before somebody should look.
const N_BEHIND_MAX: u64 = 100_000;
/// After so many days without a backup somebody should look.
const BACKUP_DAYS_MAX: f64 = 7.0;
/// How many keys are told.
const N_KEYS: usize = 12;

/// `/system`.
pub(super) async fn show(visit: Visit) -> Response {
    visit.page(|app, frame| Ok(fill(app, frame)?.render())).await
}

fn fill(app: &App, frame: Frame) -> Result<SystemPage, ServerError> {
    let now = frame.now;
    let usage = app.storage.usage()?;
    let backup = backed_up::last(app.storage.directory().path());
    let mut groups = vec![events(app, &usage)?, memory(app), load(app), jobs(app, now)?, safety(app, now, backup)];
    if frame.may_administer {
        groups.push(keys(app, now));
    }
    let pair = |what: &str, text: String| (what.to_owned(), text);
    let uptime_ms = i64::try_from(app.uptime.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(SystemPage {
        why_not_ready: app.engine.check().err().map(|error| error.to_string()),
        facts: vec![
            pair("Version", frame.version.clone()),
            pair("Running for", format::duration(uptime_ms)),
            pair("Memory", process::memory_bytes().map_or_else(|| format::NONE.to_owned(), bytes)),
            pair("Last backup", backup.map_or_else(|| "none known".to_owned(), |at| ago(at, now))),
        ],
        disk: app.storage.room().map(|room| (room.free_bytes, room.total_bytes)),
        parts: vec![
            ("Database: log, profiles, decisions".to_owned(), usage.database_bytes),
            ("Write-ahead log".to_owned(), usage.wal_bytes),
            (format!("Sealed history, {}", counted(usage.n_history_days, "day", "days")), usage.history_bytes),
            ("Models".to_owned(), usage.model_bytes),
        ],
        groups,
        // It names addresses and settings.
        logged: frame.may_administer.then(|| {
            let line = |one: Logged| LoggedLine { at: one.at, is_error: one.is_error, text: one.text };
            logged().into_iter().map(line).collect()
        }),
        frame,
    })
}

fn fact(what: &str, text: String) -> Fact {
    Fact { what: what.to_owned(), text, warning: None }
}

fn group(title: &str, facts: Vec<Fact>) -> FactGroup {
    FactGroup { title: title.to_owned(), facts }
}

fn events(app: &App, usage: &Usage) -> Result<FactGroup, ServerError> {
    let safe = app.engine.checkpointed().0;
    let behind = usage.head.0.saturating_sub(safe);
    let n_set_aside = app.storage.n_set_aside()?;
    let set_aside = Fact {
        warning: (n_set_aside > 0).then(|| "see rapport doctor".to_owned()),
        ..fact("Set aside", counted(n_set_aside, "event", "events"))
    };
    let safe_upto = Fact {
        warning: (behind > N_BEHIND_MAX).then(|| "far behind".to_owned()),
        ..fact("Profiles safe up to", format!("{}, {} behind", count(safe), count(behind)))
    };
    let sealed = format!("{} in {}", count(usage.sealed_upto.0), counted(usage.n_history_files, "file", "files"));
    let log = &app.engine.ports().events;
    Ok(group(
        "Events",
        vec![
            fact("Events in the log", count(usage.head.0)),
            safe_upto,
            fact("Sealed into the history up to", sealed),
            fact("Rejected so far", count(log.n_rejected()?)),
            set_aside,
        ],
    ))
}

fn memory(app: &App) -> FactGroup {
    let (n_resident, n_customers) =
        app.engine.look(|live| (live.profiles.n_in_memory(), live.profiles.totals().n_customers));
    let n_max = app.settings.profiles.n_resident_max as u64;
    let bodies = format!("{} MB", app.settings.limits.body_megabytes_max);
    group(
        "Memory",
        vec![
            fact("Customers in memory", format!("{} of {}", count(n_resident), count(n_customers))),
            fact("Room for customers", count(n_max)),
            fact("Room for requests’ bodies", bodies),
        ],
    )
}

fn load(app: &App) -> FactGroup {
    let n_max = app.settings.server.n_requests_max;
    let n_now = n_max.saturating_sub(app.places.available_permits());
    let stats = app.storage.writer_stats();
    let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let pace = app.engine.pace();
    let took = |share| pace.quantile(share).map_or(f64::NAN, |took: std::time::Duration| took.as_secs_f64() * 1_000.0);
    #[expect(clippy::cast_precision_loss, reason = "a number of microseconds, told in three digits")]
    let commit_ms = get(&stats.last_commit_micros) as f64 / 1_000.0;
    let refused = get(&stats.n_refused);
    let waiting = Fact {
        warning: (refused > 0).then(|| format!("{} refused since the start", count(refused))),
        ..fact("Waiting for the disk", bytes(get(&stats.queued_bytes)))
    };
    group(
        "Load",
        vec![
            fact("Requests under way", format!("{} of {} at the most", count(n_now as u64), count(n_max as u64))),
            waiting,
            fact("Last commit to the disk", format::latency(commit_ms)),
            fact("Decisions since the start", count(pace.n_decisions())),
            fact(
                "A decision takes",
                format!("{} in half, {} in 99 of 100", format::latency(took(0.5)), format::latency(took(0.99))),
            ),
        ],
    )
}

fn jobs(app: &App, now: Timestamp) -> Result<FactGroup, ServerError> {
    let lists = app.engine.lists()?;
    let looked_at = lists.iter().filter_map(|list| list.state.looked_at).max();
    let failing = lists.iter().filter(|list| list.state.failure.is_some()).count() as u64;
    let mut facts = vec![
        Fact {
            warning: (failing > 0).then(|| format!("{} not looked at", counted(failing, "list", "lists"))),
            ..fact("Lists looked at", looked_at.map_or_else(|| "not yet".to_owned(), |at| ago(at, now)))
        },
        fact("Profiles stored", format!("every {} s", app.settings.profiles.checkpoint_seconds)),
    ];
    let hours = app.settings.models.train_hours;
    let plan = if hours == 0 {
        "only when asked".to_owned()
    } else {
        format!("every {}", counted(hours.unsigned_abs(), "hour", "hours"))
    };
    facts.push(fact("Training", plan));
    for status in app.engine.champion_status() {
        let task = &status.task;
        let title = &app.engine.capabilities().tasks.get(task.as_str())?.about().title;
        let trained = app.engine.registry().versions(task)?.iter().map(|version| version.header.trained_at).max();
        let text = match (app.trainer.is_training(task), trained) {
            (true, _) => "being trained".to_owned(),
            (false, Some(at)) => format!("trained {}", ago(at, now)),
            (false, None) => "not trained yet".to_owned(),
        };
        facts.push(Fact { warning: status.fault.map(|_| "cannot be used".to_owned()), ..fact(title, text) });
    }
    Ok(group("Jobs", facts))
}

fn safety(app: &App, now: Timestamp, backup: Option<Timestamp>) -> FactGroup {
    let open = app.engine.ports().erasures.under_way().len() as u64;
    let erased = app.engine.ports().erasures.erasures().len() as u64;
    let is_old = backup.is_none_or(|at| now.days_since(at) > BACKUP_DAYS_MAX);
    group(
        "Safety",
        vec![
            Fact {
                warning: is_old.then(|| "run rapport backup".to_owned()),
                ..fact("Last backup", backup.map_or_else(|| "none known".to_owned(), |at| ago(at, now)))
            },
            Fact {
                warning: (open > 0).then(|| format!("{} under way", count(open))),
                ..fact("Erasures", count(erased))
            },
            fact("Decisions are kept for", counted(app.settings.decisions.keep_days.unsigned_abs(), "day", "days")),
            fact("Time zone", app.settings.company.timezone.to_string()),
        ],
    )
}

fn keys(app: &App, now: Timestamp) -> FactGroup {
    let in_force = app.keys.list().into_iter().filter(|key| matches!(key.state, KeyState::InForce | KeyState::Preset));
    let facts = in_force.take(N_KEYS).map(|key| {
        let used = key.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", ago(at, now)));
        fact(&key.name, format!("{}, {used}", key.role))
    });
    group("Keys in force", facts.collect())
}
