//! Which customers get which offer, so that a budget earns most? `rapport allocate`.

use super::progress::spinner;
use super::report;
use crate::api::offers::{AllocateReply, WithoutReply};
use crate::args::Options;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use console::format::counted;
use engine::Allocating;
use std::time::Duration;
use storage::Access;

/// It takes its time, but not for ever.
const TIME_MAX: Duration = Duration::from_secs(3_600);
/// So many customers stand in a table; `--json` has all.
const N_SHOWN: usize = 20;

/// Tells it of the customers as they are now. Changes nothing, and may run beside a server.
pub(super) fn run(options: &Options, settings: Settings, asked: &Allocating) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let bar = spinner("Asking what offers are worth");
    // What offers have spent of budgets of their own.
    let found = opened.engine.count_spent().and_then(|()| opened.engine.allocate(asked, TIME_MAX));
    bar.finish_and_clear();
    let told = AllocateReply::from(&found?);
    report(options, &told, || in_words(&told))
}

/// Why the others get none.
fn others(without: WithoutReply) -> Option<String> {
    let WithoutReply { nothing, budget, own_budget, held_out } = without;
    let why = [
        (nothing, "may have none, or none is worth more to them than it costs"),
        (budget, "would bring less for this budget than the others"),
        (own_budget, "would take more than is left of the budget that their offer has of its own"),
        (held_out, "are held out"),
    ];
    let told: Vec<String> = why.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
    (!told.is_empty()).then(|| format!("Of the others {}.", told.join("; ")))
}

fn in_words(told: &AllocateReply) -> String {
    let AllocateReply { chosen, spent, worth, shadow_price, left, customers, without } = told;
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["customer", "offer", "worth", "cost"]);
    for one in chosen.iter().take(N_SHOWN) {
        let number = |value: f64| format!("{value:.2}");
        table.add_row([one.customer_id.clone(), one.offer.clone(), number(one.worth), number(one.cost)]);
    }
    table.column_iter_mut().skip(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let n = chosen.len() as u64;
    let mut lines = vec![format!(
        "{} of {} get an offer: {spent:.2} is expected to be spent, and {worth:.2} earned beside that; {left:.2} is left",
        counted(n, "customer", "customers"),
        counted(*customers, "customer", "customers")
    )];
    lines.extend(others(*without));
    if n > 0 {
        lines.push(table.to_string());
    }
    if chosen.len() > N_SHOWN {
        lines.push(format!("and {} more: --json tells all", chosen.len() - N_SHOWN));
    }
    lines.push(match shadow_price.filter(|price| *price > 0.0) {
        Some(price) => format!("One more of the budget would earn {price:.2} beside itself."),
        None => "More budget would earn nothing: whatever brings more than it costs is given.".to_owned(),
    });
    lines.join("\n")
}
