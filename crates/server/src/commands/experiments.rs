//! What did experiments find? `rapport experiments`.

use super::progress::spinner;
use super::report;
use crate::api::measured::{ExperimentReply, MetricReply, PREFERENCE, found};
use crate::args::Options;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use std::collections::BTreeMap;
use storage::Access;

/// Tells it of every experiment that a customer met. Changes nothing, and may run beside a server.
pub(super) fn run(options: &Options, settings: Settings) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let bar = spinner("Counting what customers did since they met an experiment");
    let measured = opened.engine.measured(None);
    bar.finish_and_clear();
    let told = found(&*measured?);
    report(options, &told, || in_words(&told))
}

fn in_words(told: &BTreeMap<String, ExperimentReply>) -> String {
    if told.is_empty() {
        return "No customer met an experiment yet. What the holdout tells stands in `rapport lift`.".to_owned();
    }
    told.iter().map(|(name, experiment)| one(name, experiment)).collect::<Vec<_>>().join("\n\n")
}

fn one(name: &str, told: &ExperimentReply) -> String {
    let n: Vec<String> = told.n.iter().map(|(variation, n)| format!("{n} {variation}")).collect();
    let began =
        told.began.as_deref().map_or_else(String::new, |began| format!(" since {}", &began[..began.len().min(10)]));
    let head = format!("{name}: {}{began} ({})\n{}", told.state, n.join(", "), told.says);
    if told.metrics.is_empty() && told.guardrails.is_empty() {
        return head;
    }
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    // While it runs, what holds at every look; at its end, what holds for one.
    let is_over = told.state == "ended" || told.state == "stopped";
    let mut all = told.metrics.values().chain(told.guardrails.values());
    // What is compared slice by slice has one look, at the end, and no other interval.
    let is_switched = all.clone().any(|one| one.low.is_some()) && all.all(|one| one.sequential_low.is_none());
    let is_one_look = is_over || is_switched;
    let interval = match (is_over, is_switched) {
        (true, _) => "95 % interval, for one look",
        (false, true) => "95 % interval, for one look at the end",
        (false, false) => "95 % interval, at every look",
    };
    table.set_header(["metric", "control", "treated", "lift", interval, "pAdjusted", ""]);
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    let mut add = |name: &str, found: &MetricReply, what: &str| {
        // Of two shares it is told what one has more.
        let unit = if name == PREFERENCE { "points" } else { "%" };
        let percent = |value: f64| format!("{:+.1} {unit}", 100.0 * value);
        let ends = if is_one_look { (found.low, found.high) } else { (found.sequential_low, found.sequential_high) };
        let interval = match ends {
            (Some(low), Some(high)) => format!("{} to {}", percent(low), percent(high)),
            _ => "–".to_owned(),
        };
        let bearing = found.reason.clone().unwrap_or_else(|| found.bearing.to_owned());
        table.add_row([
            format!("{name}{what}"),
            number(found.control),
            number(found.treated),
            found.lift.map_or_else(|| "–".to_owned(), percent),
            interval,
            number(found.p_adjusted),
            bearing,
        ]);
    };
    told.metrics.iter().for_each(|(name, found)| add(name, found, ""));
    told.guardrails.iter().for_each(|(name, found)| add(name, found, " (guardrail)"));
    table.column_iter_mut().skip(1).take(5).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    format!("{head}\n{table}")
}
