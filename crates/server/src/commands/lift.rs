//! What were decisions worth, in money? `rapport lift`.

use super::progress::spinner;
use super::report;
use crate::api::measured::{LiftReply, WorthReply};
use crate::args::Options;
use crate::error::ServerError;
use crate::months::month;
use crate::serve::Opened;
use crate::settings::Settings;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use console::format::counted;
use storage::Access;

/// Tells it of all decisions together and of each kind; of one month, where one is named. Changes nothing, and may run beside a server.
pub(super) fn run(options: &Options, settings: Settings, of_month: Option<&str>) -> Result<(), ServerError> {
    let period = of_month.map(month).transpose()?;
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let bar = spinner("Counting what customers did since they were decided for");
    let measured = opened.engine.measured(period);
    bar.finish_and_clear();
    let measured = measured?;
    let told = LiftReply::from(&*measured);
    report(options, &told, || in_words(&told, measured.n_left_out))
}

fn in_words(told: &LiftReply, n_left_out: u64) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["decisions", "held out", "treated", "lift", "95 % interval", "worth", "from", "to"]);
    let number =
        |value: Option<f64>, digits: usize| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
    let percent = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:+.1} %", 100.0 * value));
    let first = told.of.get("all").map(|all| ("all", all));
    let others = told.of.iter().filter(|(name, _)| *name != "all").map(|(name, worth)| (name.as_str(), worth));
    let all: Vec<(&str, &WorthReply)> = first.into_iter().chain(others).collect();
    for (name, worth) in &all {
        let each = |n: u64, value: Option<f64>| match value {
            Some(value) => format!("{n} × {value:.2}"),
            None => n.to_string(),
        };
        let interval = match (worth.low, worth.high) {
            (Some(_), Some(_)) => format!("{} to {}", percent(worth.low), percent(worth.high)),
            _ => "–".to_owned(),
        };
        table.add_row([
            (*name).to_owned(),
            each(worth.n_control, worth.control),
            each(worth.n_treated, worth.treated),
            percent(worth.lift),
            interval,
            number(worth.money, 0),
            number(worth.money_low, 0),
            number(worth.money_high, 0),
        ]);
    }
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let mut lines = Vec::new();
    if let Some((_, worth)) = all.first() {
        let currency = worth.currency.as_deref().unwrap_or("the currency of the orders");
        lines.push(format!("{} a customer, in {currency}", primitives::capital(&worth.measure)));
    }
    lines.push(table.to_string());
    lines.extend(all.iter().map(|(_, worth)| worth.says.clone()));
    if let Some((_, worth)) = all.first() {
        let is_clear = |bearing: &str| bearing == "better" || bearing == "worse";
        let clear = worth.kpis.iter().filter(|(_, found)| is_clear(found.bearing));
        let clear: Vec<String> =
            clear.map(|(name, found)| format!("{name} {} ({})", percent(found.lift), found.bearing)).collect();
        if !clear.is_empty() {
            lines.push(format!("Clearly changed by all decisions: {}.", clear.join(", ")));
        }
        lines.extend(worth.way.clone());
    }
    if n_left_out > 0 {
        let who = counted(n_left_out, "customer", "customers");
        lines.push(format!("{who} in neither arm: they do not permit analytics."));
    }
    lines.join("\n")
}
