//! Which files came in when, and how is one taken out again? `rapport imports`.

use super::import::places;
use super::report;
use crate::api::imports::{ImportCorrected, ImportReply};
use crate::args::{Elsewhere, ImportsCommand, Options};
use crate::error::ServerError;
use crate::settings::Settings;
use comfy_table::{CellAlignment, Table, presets};
use console::format::{count, counted};
use primitives::Timestamp;

/// Lists imports, or takes one out again.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    what: Option<ImportsCommand>,
    elsewhere: &Elsewhere,
) -> Result<(), ServerError> {
    match what {
        None => {
            let imports = places::list(options, elsewhere)?;
            report(options, &imports, || in_words(&imports))
        }
        Some(ImportsCommand::Undo { id }) => {
            super::progress::stop_cleanly_on_signal();
            let corrected = places::open(options, settings, elsewhere)?.undo(id)?;
            report(options, &corrected, || undone_in_words(id, corrected))
        }
    }
}

fn undone_in_words(id: u64, corrected: ImportCorrected) -> String {
    let mut text =
        format!("Import {id} is undone: {} count no longer", counted(corrected.withdrawn, "event", "events"));
    if corrected.restored > 0 {
        text += &format!(", and {} that it had replaced count again", count(corrected.restored));
    }
    text + ". Its keys are free."
}

fn in_words(imports: &[ImportReply]) -> String {
    if imports.is_empty() {
        return "No file was imported yet.".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "id",
        "began (UTC)",
        "file",
        "mapping",
        "rows",
        "new",
        "known",
        "other content",
        "replaced",
        "rejected",
        "",
    ]);
    for import in imports {
        let ends = &import.ends;
        let numbers = [ends.rows, ends.accepted, ends.duplicates, ends.conflicts, ends.replaced, ends.rejected];
        let mut row = vec![
            import.id.to_string(),
            minute(import.began_at),
            import.begins.file.clone(),
            import.begins.mapping.clone().unwrap_or_default(),
        ];
        row.extend(numbers.map(count));
        row.push(state(import));
        table.add_row(row);
    }
    for column in table.column_iter_mut().filter(|column| column.index == 0 || (4..10).contains(&column.index)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn state(import: &ImportReply) -> String {
    match (import.undone_at, import.ended_at) {
        (Some(at), _) => format!("undone {}", minute(at)),
        (None, None) => "not finished".to_owned(),
        (None, Some(_)) => String::new(),
    }
}

/// "2026-11-22 10:05".
fn minute(at: Timestamp) -> String {
    at.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
