//! What would another policy have earned, by a file of what was logged? `rapport evaluate policy FILE.csv`.

mod columns;

mod rows;

use crate::args::Options;
use crate::commands::report;
use crate::error::ServerError;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use measurement::policy::{PolicyReport, PolicyVerdict, evaluate};
use primitives::ErrorKind;
use std::path::Path;

/// What stands in the place of a task.
pub(in crate::commands) const POLICY: &str = "policy";

/// What each estimate is, in words.
const ESTIMATES: [(&str, &str); 8] = [
    ("ips", "each round by the chance of B to do the same"),
    ("clipped", "the same, no round more than tenfold"),
    ("snips", "the same, divided by all weights"),
    ("dm", "what each action brought on average, as B chooses"),
    ("dr", "that, corrected by what really came (decides)"),
    ("sndr", "the same correction, divided by all weights"),
    ("switch_dr", "corrected where a round counts tenfold at most"),
    ("mrdr", "corrected as dr, learned so that it varies least"),
];

/// So many columns are told that are not looked at.
const N_ASIDE: usize = 6;

/// Evaluates the other policy of a file. Reads nothing else.
pub(in crate::commands) fn run(options: &Options, file: &Path) -> Result<(), ServerError> {
    let (rounds, left_aside) = rows::read(file)?;
    let bar = crate::commands::progress::spinner("Estimating what B is worth");
    let found = evaluate(&rounds);
    bar.finish_and_clear();
    let found = found.map_err(|error| {
        ServerError::new(ErrorKind::Invalid, format!("the rounds of {} cannot be judged: {error}", file.display()))
    })?;
    report(options, &found, || in_words(&found, &left_aside))
}

fn in_words(found: &PolicyReport, left_aside: &[String]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["estimate", "a round", "± 95 %", "what it is"]);
    let values = [found.ips, found.clipped, found.snips, found.dm, found.dr, found.sndr, found.switch_dr, found.mrdr];
    for ((name, what), value) in ESTIMATES.iter().zip(values) {
        let value = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.6}"));
        // Of what a model foretells the error of the model is not known.
        let half = found.se.get(*name).filter(|se| se.is_finite() && *name != "dm");
        let half = half.map_or_else(|| "–".to_owned(), |se| format!("{:.6}", 1.96 * se));
        table.add_row([(*name).to_owned(), value, half, (*what).to_owned()]);
    }
    table.column_iter_mut().skip(1).take(2).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let verdict = match found.verdict {
        PolicyVerdict::Better => "BETTER",
        PolicyVerdict::Worse => "WORSE",
        PolicyVerdict::Unclear => "UNCLEAR",
        PolicyVerdict::Refused => "REFUSED",
    };
    let mut lines = vec![
        format!("{verdict}. {}", found.says),
        String::new(),
        format!(
            "{} rounds of {} actions earned {:.6} a round. For B they count like {:.0} (a verdict needs {:.0}); the largest weight \
             is {:.1}.",
            found.n,
            found.n_actions,
            found.value_logged,
            found.ess.floor(),
            found.ess_needed.ceil(),
            found.max_weight
        ),
        table.to_string(),
    ];
    lines.extend(found.doubts.iter().map(|doubt| format!("Look at this: {doubt}.")));
    if !left_aside.is_empty() {
        let some: Vec<&str> = left_aside.iter().take(N_ASIDE).map(String::as_str).collect();
        let more = left_aside.len() - some.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("Columns not looked at: {}{more}.", some.join(", ")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
