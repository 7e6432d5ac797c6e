//! What is true, and what was estimated? `rapport truth`.

use super::progress::spinner;
use super::report;
use crate::args::{Options, TruthArgs};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use crate::truth::{Ask, Report, Row, compare, shown};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use console::format::{count, counted};
use storage::Access;

/// Prints what is true of a simulated company beside what Rapport estimated of it.
pub(super) fn run(options: &Options, settings: Settings, ask: &TruthArgs) -> Result<(), ServerError> {
    let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
    let ask = Ask { seed: ask.seed, n_sample: ask.sample, n_futures: ask.futures };
    let spinner = spinner("Opening");
    let found = compare(&opened, &ask, &|what| spinner.set_prefix(what.to_owned()));
    spinner.finish_and_clear();
    let found = found?;
    report(options, &found, || in_words(&found))
}

fn in_words(found: &Report) -> String {
    let Report { company, as_of, n_active, n_sample, n_futures, notes, rows } = found;
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "truth", "Rapport", "interval", "right", "why"]);
    for row in rows {
        table.add_row(cells(row));
    }
    table.column_iter_mut().skip(1).take(3).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let n_right = rows.iter().filter(|row| row.ok).count() as u64;
    format!(
        "A simulated company: seed {}, {}, {} up to {}. Looked at: {} of {} who were active then, each with {}.\n\
         {table}\n{} of {} are right, by the rules in docs/truth.md. Known was what came in by {}.{}",
        company.seed,
        counted(u64::from(company.customers), "customer", "customers"),
        counted(u64::from(company.days), "day", "days"),
        company.end,
        count(*n_sample as u64),
        counted(*n_active as u64, "customer", "customers"),
        counted(u64::from(*n_futures), "future", "futures"),
        n_right,
        counted(rows.len() as u64, "row", "rows"),
        as_of,
        notes.iter().map(|note| format!("\n{note}.")).collect::<String>(),
    )
}

fn cells(row: &Row) -> [String; 6] {
    let number = |number: Option<f64>| number.map_or_else(|| "–".to_owned(), |number| shown(row.form, number));
    let interval = match row.low.zip(row.high) {
        Some((low, high)) => format!("{} to {}", shown(row.form, low), shown(row.form, high)),
        None => "–".to_owned(),
    };
    let verdict = if row.ok { "yes" } else { "no" };
    [row.title.clone(), number(row.truth), number(row.estimate), interval, verdict.to_owned(), row.says.clone()]
}
