//! What should somebody look at? Nothing where all is well.

use super::figures::Trade;
use crate::app::App;
use crate::error::ServerError;
use console::format::{self, counted, url_part};
use console::view::Attention;
use engine::Calendar;
use learning::CalibrationBin;
use primitives::Timestamp;

/// What is older is not looked at any more, in days.
const N_DAYS: i64 = 7;
/// How many reasons and names are told.
const N_TOLD: usize = 3;
/// After how many hours without an event somebody should look, where there were events before.
const SILENT_HOURS: i64 = 48;
/// How far what was foretold may lie from what came true, on average.
const OFF_MAX: f64 = 0.1;
/// With less room than this share of the disk, or than so many bytes, somebody should look.
const FREE_SHARE_MIN: f64 = 0.05;
const FREE_BYTES_MIN: u64 = 2_000_000_000;

pub(super) fn fill(
    app: &App,
    calendar: &Calendar,
    now: Timestamp,
    trade: Trade,
) -> Result<Vec<Attention>, ServerError> {
    let mut found = Vec::new();
    found.extend(disk(app));
    found.extend(set_aside(app)?);
    found.extend(models(app)?);
    found.extend(incoming(app, now)?);
    found.extend(silence(app, calendar, now, trade));
    Ok(found)
}

fn one(text: String, href: &str, action: &str, is_bad: bool) -> Attention {
    Attention { text, href: href.to_owned(), action: action.to_owned(), is_bad }
}

fn disk(app: &App) -> Option<Attention> {
    let room = app.storage.room()?;
    let is_low = room.free_bytes < FREE_BYTES_MIN
        || format::float(room.free_bytes) < FREE_SHARE_MIN * format::float(room.total_bytes);
    let free = format::bytes(room.free_bytes);
    is_low.then(|| {
        one(
            format!("The disk of the data directory has only {free} left: free some space."),
            "/system",
            "See what takes how much",
            true,
        )
    })
}

fn set_aside(app: &App) -> Result<Option<Attention>, ServerError> {
    let n = app.storage.n_set_aside()?;
    let text = || {
        format!(
            "{} could not be read any more and were set aside: `rapport doctor` says more.",
            counted(n, "event", "events")
        )
    };
    Ok((n > 0).then(|| one(text(), "/system", "See the system", true)))
}

/// Models that cannot be used, and those whose probabilities are off.
fn models(app: &App) -> Result<Vec<Attention>, ServerError> {
    let mut found = Vec::new();
    for status in app.engine.champion_status() {
        let title = app.engine.capabilities().tasks.get(status.task.as_str())?.about().title.clone();
        if let Some(fault) = status.fault {
            found.push(one(
                format!("{title}: the model in force cannot be used: {fault}."),
                "/models",
                "See the models",
                true,
            ));
            continue;
        }
        let Some(version) = &status.version else { continue };
        let header = app.engine.registry().header_of(&status.task, version)?;
        let off = header
            .evaluation
            .base_rate
            .and_then(|_| off_by(&header.evaluation.calibration))
            .filter(|off| *off > OFF_MAX);
        if let Some(off) = off {
            let points = format::decimal(off * 100.0, 0);
            found.push(one(
                format!("{title}: what is foretold lies {points} points beside what comes true."),
                "/models",
                "See the calibration",
                false,
            ));
        }
    }
    Ok(found)
}

/// How far what was foretold lies from what came true, on average over the customers.
fn off_by(bins: &[CalibrationBin]) -> Option<f64> {
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let off: f64 = bins.iter().map(|bin| (bin.predicted - bin.observed).abs() * format::float(bin.n)).sum();
    (n > 0).then(|| off / format::float(n))
}

/// What was rejected lately, by reason, and what is not understood.
fn incoming(app: &App, now: Timestamp) -> Result<Vec<Attention>, ServerError> {
    let is_new = |at: Timestamp| at > now.plus_days(-N_DAYS);
    let mut found = Vec::new();
    if app.engine.ports().events.n_rejected()? > 0 {
        let refused = app.engine.rejected_since(now.plus_days(-N_DAYS))?;
        let n: u64 = refused.iter().map(|one| one.n_events).sum();
        if n > 0 {
            let reasons: Vec<String> = refused
                .iter()
                .take(N_TOLD)
                .map(|one| format!("{}: {} ({})", one.name, one.reason, format::count(one.n_events)))
                .collect();
            let more = if refused.len() > N_TOLD { "; …" } else { "" };
            let text = format!(
                "{} rejected in the last {N_DAYS} days. {}{more}",
                counted(n, "event was", "events were"),
                reasons.join("; ")
            );
            found.push(one(text, "/events?status=rejected", "See them", true));
        }
    }
    let lost = app.engine.look(|live| {
        let lost = live.inflows.iter().filter(|(_, inflow)| inflow.n_not_understood > 0 && is_new(inflow.last_at));
        lost.map(|(name, inflow)| (name.shown().to_owned(), inflow.n_not_understood)).collect::<Vec<_>>()
    });
    if let Some((first, _)) = lost.first() {
        let names: Vec<String> =
            lost.iter().take(N_TOLD).map(|(name, n)| format!("“{name}” ({} so far)", format::count(*n))).collect();
        let more = if lost.len() > N_TOLD { " and others" } else { "" };
        let href = if lost.len() == 1 { format!("/data?event={}", url_part(first)) } else { "/data".to_owned() };
        let text = format!("Not understood, though the names seem to say something: {}{more}.", names.join(", "));
        found.push(one(text, &href, "See what comes in", false));
    }
    Ok(found)
}

/// That nothing comes in any more, or nothing is sold.
fn silence(app: &App, calendar: &Calendar, now: Timestamp, trade: Trade) -> Option<Attention> {
    let (newest, last_sale) = app.engine.look(|live| {
        let last_sale = live.activity.last_sale_day(now, &app.settings.company.timezone);
        (live.profiles.totals().last_event_at, last_sale)
    });
    let newest = newest?;
    if now.millis_since(newest) > SILENT_HOURS * primitives::HOUR_MS {
        let text =
            format!("The newest event is from {}: the figures of the days since are empty.", format::date(newest));
        return Some(one(text, "/data", "See the sources", true));
    }
    let last_sale = last_sale.filter(|day| trade != Trade::Nothing && calendar.today() - day > 1)?;
    let [_, many] = trade.words();
    let day = format::date(Timestamp::from_millis(0).plus_days(last_sale));
    Some(one(format!("No {many} since {day}."), "/data", "See what comes in", true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_probabilities_are_off_is_weighed_by_customers() {
        let bin = |predicted, observed, n| CalibrationBin { predicted, observed, n };
        assert_eq!(off_by(&[]), None);
        let off = off_by(&[bin(0.1, 0.2, 300), bin(0.9, 0.5, 100)]).unwrap();
        assert!((off - (0.1 * 300.0 + 0.4 * 100.0) / 400.0).abs() < 1e-12, "{off}");
    }
}
