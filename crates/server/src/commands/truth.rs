//! What is true, and what was estimated? `rapport truth`.

use super::progress::spinner;
use super::report;
use crate::args::{Options, TruthArgs};
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use crate::truth::{Ask, Report, Row, Verdict, compare, shown};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};
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

/// So many columns fit into most windows and into an issue.
const N_COLUMNS: u16 = 96;

fn in_words(found: &Report) -> String {
    let Report { company, as_of, n_active, n_sample, n_futures, notes, rows } = found;
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_width(N_COLUMNS);
    table.set_header(["", "true", "knowable", "Rapport", "interval", "right"]);
    for row in rows {
        table.add_row(cells(row));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        // What is left of the width belongs to the words.
        if place > 0 {
            column.set_constraint(ColumnConstraint::ContentWidth).set_cell_alignment(CellAlignment::Right);
        }
    }
    let n_of = |verdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
    let said = format!(
        "A simulated company: seed {}, {}, {} up to {}. Looked at: {} of {} who were active then, each with {}.",
        company.seed,
        counted(u64::from(company.customers), "customer", "customers"),
        counted(u64::from(company.days), "day", "days"),
        company.end,
        count(*n_sample as u64),
        counted(*n_active as u64, "customer", "customers"),
        counted(u64::from(*n_futures), "future", "futures"),
    );
    let sum = format!(
        "{} of {} are right, {} wrong, and of {} it cannot be told, by the rules in docs/truth.md. Known was what came in by \
         {as_of}.",
        n_of(Verdict::Right),
        counted(rows.len() as u64, "row", "rows"),
        n_of(Verdict::Wrong),
        n_of(Verdict::Unclear),
    );
    let notes: String = notes.iter().map(|note| format!("\n{}", wrapped(&format!("{note}.")))).collect();
    format!("{}\n{table}\n{}{notes}", wrapped(&said), wrapped(&sum))
}

/// A text in lines that are no wider than the table.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= usize::from(N_COLUMNS) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn cells(row: &Row) -> [String; 6] {
    let number = |number: Option<f64>| number.map_or_else(|| "–".to_owned(), |number| shown(row.form, number));
    let interval = match row.low.zip(row.high) {
        Some((low, high)) => format!("{} to\n{}", shown(row.form, low), shown(row.form, high)),
        None => "–".to_owned(),
    };
    let verdict = row.verdict.in_words().replacen(' ', "\n", 1);
    let about = format!("{}\n{}", row.title, row.says);
    [about, number(row.truth), number(row.knowable), number(row.estimate), interval, verdict]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_between_words_and_loses_none() {
        let text = "a row of words that goes on and on ".repeat(9) + &"x".repeat(120);
        let lines = wrapped(&text);
        let widths: Vec<usize> = lines.lines().map(|line| line.chars().count()).collect();
        let [rest @ .., short, long] = &widths[..] else { panic!("{lines}") };
        assert!(*long == 120 && *short <= 96 && rest.iter().all(|width| (86..=96).contains(width)), "{lines}");
        assert_eq!(lines.replace('\n', " "), text);
        let exactly = format!("{} {}", "y".repeat(90), "z".repeat(5));
        assert_eq!(
            (wrapped(&exactly), wrapped(&format!("{exactly}z"))),
            (exactly.clone(), exactly.replace(' ', "\n") + "z")
        );
        assert_eq!(wrapped(""), "");
    }
}
