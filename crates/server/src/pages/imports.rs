//! Which files of history came in, and what happens when somebody has one taken out again?

use super::door::flash;
use super::visit::Visit;
use super::{Asked, more_rows, n_rows};
use crate::app::App;
use crate::error::ServerError;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use axum::response::Response;
use console::view::{Frame, ImportRow, ImportState, ImportsPage};
use engine::Undoing;
use events::{Import, ImportCounts, ImportId};

/// `/imports`.
pub(super) async fn show(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(fill(app, frame, &asked, &base_url)?.render())).await
}

/// `POST /imports/{id}/undo`.
pub(super) async fn undo(visit: Visit, id: Result<Path<u64>, PathRejection>) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let by = visit.by();
    let done = visit.app.run(move |app| {
        app.corrector.undo(ImportId(id), &by)?;
        Ok(format!("Import {id} is being taken out. This page tells how far it is."))
    });
    visit.lead_to("/imports", &flash(done.await))
}

fn fill(app: &App, frame: Frame, asked: &Asked, base_url: &str) -> Result<ImportsPage, ServerError> {
    let n = n_rows(asked);
    let imports = app.engine.ports().imports.imports(None, n)?;
    let rows: Vec<ImportRow> = imports.into_iter().map(|import| row(app, import)).collect::<Result<_, _>>()?;
    let command = |title: &str, command: String| (title.to_owned(), command);
    Ok(ImportsPage {
        following: app.engine.is_outdated()?.then(|| app.corrector.progress()),
        older: more_rows("/imports", &[], rows.len(), n),
        rows,
        commands: vec![
            command(
                "A table: look first at what comes of it",
                "rapport import orders.csv --mapping orders.toml --dry-run".to_owned(),
            ),
            command(
                "From another machine into this server",
                format!("RAPPORT_KEY=SERVER_KEY rapport import orders.csv --mapping orders.toml --to {base_url}"),
            ),
            command("Events as they were sent to another system", "rapport import events.ndjson".to_owned()),
        ],
        frame,
    })
}

fn row(app: &App, import: Import) -> Result<ImportRow, ServerError> {
    let ImportCounts { rows, accepted, duplicates, conflicts, replaced, rejected } = import.counts;
    let state = match (app.corrector.undoing(import.id)?, import.undone_at) {
        (Undoing::Failed(why), _) => ImportState::Stuck(why),
        (Undoing::Withdrawing | Undoing::Following, _) => ImportState::Leaving,
        (Undoing::Done, Some(at)) | (Undoing::NotAsked, Some(at)) => {
            ImportState::Undone { at, withdrawn: import.undone.0, restored: import.undone.1 }
        }
        (_, None) if import.ended_at.is_none() => ImportState::Open,
        (_, None) => ImportState::Done,
    };
    Ok(ImportRow {
        id: import.id.0,
        file: import.new.file,
        mapping: import.new.mapping,
        began_at: import.began_at,
        ended_at: import.ended_at,
        rows,
        accepted,
        duplicates,
        conflicts,
        replaced,
        rejected,
        state,
    })
}
