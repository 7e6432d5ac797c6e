//! How do files of history come in from elsewhere, and how are they taken out again?
//!
//! `rapport import` reads the files; what comes here are its events, in batches, with their own times. Every step may be
//! sent again: an event counts once, whichever import brought it.

use super::ApiError;
use super::auth::{authorize, key_in};
use super::extract::{Path, SmallBody};
use super::ingest::read_body;
use crate::app::App;
use crate::engine::Imported;
use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use events::{Corrected, Envelope, Event, Import, ImportCounts, ImportId, NewImport, Origin};
use governance::Action;
use primitives::{Currency, MessageId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(take))
        .routes(routes!(replace))
        .routes(routes!(end))
        .routes(routes!(undo))
}

/// What is said of an import when it begins.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportBegins {
    /// The file's name.
    #[schema(example = "orders-2026.csv")]
    pub file: String,
    /// The mapping's name, where one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// The SHA-256 of the mapping's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_sha256: Option<String>,
}

/// An import has begun.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportBegun {
    /// Its number, for what follows.
    pub id: u64,
}

/// A part of an import's events.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportPart {
    /// Events as in `/v1/batch`, each with a `timestamp` and, to be known again, a `messageId`.
    #[schema(value_type = Vec<Object>)]
    pub batch: Vec<Value>,
}

/// What became of a part.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportTaken {
    /// New events.
    pub accepted: u64,
    /// Events that were there already; nothing changed.
    pub duplicates: u64,
    /// The `messageId`s that are known with other content, which stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
    /// Events that were not accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<ImportRejected>,
}

/// An event that was not accepted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportRejected {
    /// Its place in the batch, counted from 0.
    pub index: usize,
    /// Where in the event, as a JSON pointer.
    pub field: String,
    /// What is wrong and what to send.
    pub message: String,
}

/// Keys whose present content is to make room.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportReplaces {
    /// The `messageId`s. Send their events again afterwards.
    pub message_ids: Vec<String>,
}

/// What came of an import, by whoever read the file.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportEnds {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected: u64,
    /// Events that were new.
    pub accepted: u64,
    /// Events that were known already.
    pub duplicates: u64,
    /// Events whose key is known with other content, which stayed.
    pub conflicts: u64,
    /// Events in whose place others came.
    pub replaced: u64,
}

/// What a correction did.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct ImportCorrected {
    /// Events that count no longer.
    pub withdrawn: u64,
    /// Events that count again: those in whose place the withdrawn ones had come.
    pub restored: u64,
}

/// An import.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReply {
    /// Its number.
    pub id: u64,
    /// What was said when it began.
    #[serde(flatten)]
    pub begins: ImportBegins,
    /// When it began.
    #[schema(value_type = String)]
    pub began_at: Timestamp,
    /// When it ended; null where it is under way or was broken off.
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Timestamp>,
    /// When it was taken out again.
    #[schema(value_type = Option<String>)]
    pub undone_at: Option<Timestamp>,
    /// What came of it.
    #[serde(flatten)]
    pub ends: ImportEnds,
}

/// Every import.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportsReply {
    /// In the order in which they began.
    pub imports: Vec<ImportReply>,
}

impl From<Import> for ImportReply {
    fn from(import: Import) -> Self {
        let NewImport { file, mapping, mapping_sha256 } = import.new;
        let ImportCounts { rows, accepted, duplicates, conflicts, replaced, rejected } = import.counts;
        Self {
            id: import.id.0,
            begins: ImportBegins { file, mapping, mapping_sha256 },
            began_at: import.began_at,
            ended_at: import.ended_at,
            undone_at: import.undone_at,
            ends: ImportEnds { rows, rejected, accepted, duplicates, conflicts, replaced },
        }
    }
}

impl From<ImportEnds> for ImportCounts {
    fn from(ends: ImportEnds) -> Self {
        let ImportEnds { rows, rejected, accepted, duplicates, conflicts, replaced } = ends;
        Self { rows, rejected, accepted, duplicates, conflicts, replaced }
    }
}

impl From<Corrected> for ImportCorrected {
    fn from(corrected: Corrected) -> Self {
        Self { withdrawn: corrected.n_withdrawn, restored: corrected.n_restored }
    }
}

impl From<Imported> for ImportTaken {
    fn from(imported: Imported) -> Self {
        let conflicts = imported.conflicts.iter().map(ToString::to_string).collect();
        Self { accepted: imported.n_accepted, duplicates: imported.n_duplicates, conflicts, rejected: Vec::new() }
    }
}

/// Whoever may describe the catalogue may say what happened in the past, and so may a command on this machine.
struct MayImport;

/// Taking out again needs the right to operate.
struct MayUndo;

impl FromRequestParts<Arc<App>> for MayImport {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::WriteCatalogue).map(|()| Self)
    }
}

impl FromRequestParts<Arc<App>> for MayUndo {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::Operate).map(|()| Self)
    }
}

fn may(parts: &Parts, app: &App, action: Action) -> Result<(), ApiError> {
    let key = key_in(&parts.headers);
    if key.as_deref().is_some_and(|key| app.local_key.is(key)) {
        return Ok(());
    }
    authorize(app, key.as_deref(), action).map(|_| ())
}

/// Which files of history came in, and when
#[utoipa::path(
    get, path = "/v1/imports", tag = "imports",
    responses(
        (status = 200, description = "Every import, those included that were taken out again", body = ImportsReply),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn list(_: MayImport, State(app): State<Arc<App>>) -> Result<Json<ImportsReply>, ApiError> {
    let imports = app.run(|app| Ok(app.engine.ports().imports.imports()?)).await?;
    Ok(Json(ImportsReply { imports: imports.into_iter().map(ImportReply::from).collect() }))
}

/// Begin an import
#[utoipa::path(
    post, path = "/v1/imports", tag = "imports", request_body = ImportBegins,
    responses(
        (status = 200, description = "It has begun", body = ImportBegun),
        (status = 400, description = "The body cannot be read", body = super::error::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn begin(_: MayImport, State(app): State<Arc<App>>, body: SmallBody) -> Result<Json<ImportBegun>, ApiError> {
    let ImportBegins { file, mapping, mapping_sha256 } = read(&body.0)?;
    let new = NewImport { file, mapping, mapping_sha256 };
    let id = app.run(move |app| app.engine.begin_import(&new)).await?;
    Ok(Json(ImportBegun { id: id.0 }))
}

/// Take in a part of an import's events: they count as received when they occurred, and their ids are kept for ever
#[utoipa::path(
    post, path = "/v1/imports/{id}/events", tag = "imports", request_body = ImportPart,
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "Durable, and seen by every later read; single events may be rejected", body = ImportTaken),
        (status = 400, description = "The body cannot be read", body = super::error::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
        (status = 413, description = "More than 500 KB", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn take(
    _: MayImport,
    State(app): State<Arc<App>>,
    Path(id): Path<u64>,
    request: Request,
) -> Result<Json<ImportTaken>, ApiError> {
    let (parts, body) = request.into_parts();
    let ImportPart { batch } = read(&read_body(&parts.headers, body).await?)?;
    let taken = app.run(move |app| {
        let (events, rejected) = events_of(batch, app.engine.clock().now(), app.settings.default_currency());
        let imported = app.engine.ingest_imported(ImportId(id), events)?;
        Ok(ImportTaken { rejected, ..ImportTaken::from(imported) })
    });
    Ok(Json(taken.await?))
}

/// Withdraw what is known under keys that come with other content, so that it can be sent anew
#[utoipa::path(
    post, path = "/v1/imports/{id}/replace", tag = "imports", request_body = ImportReplaces,
    params(("id" = u64, Path, description = "The import that brings the new content")),
    responses(
        (status = 200, description = "The keys are free; profiles follow already", body = ImportCorrected),
        (status = 400, description = "The body cannot be read", body = super::error::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn replace(
    _: MayImport,
    State(app): State<Arc<App>>,
    Path(id): Path<u64>,
    request: Request,
) -> Result<Json<ImportCorrected>, ApiError> {
    let (parts, body) = request.into_parts();
    let ImportReplaces { message_ids } = read(&read_body(&parts.headers, body).await?)?;
    let ids: Vec<MessageId> = message_ids.into_iter().map(MessageId::from).collect();
    let corrected = app.run(move |app| app.engine.withdraw(&app.storage, ImportId(id), &ids)).await?;
    Ok(Json(ImportCorrected::from(corrected)))
}

/// End an import, with what came of it
#[utoipa::path(
    post, path = "/v1/imports/{id}/end", tag = "imports", request_body = ImportEnds,
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "It has ended", body = ImportBegun),
        (status = 400, description = "The body cannot be read", body = super::error::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn end(
    _: MayImport,
    State(app): State<Arc<App>>,
    Path(id): Path<u64>,
    body: SmallBody,
) -> Result<Json<ImportBegun>, ApiError> {
    let ends: ImportEnds = read(&body.0)?;
    app.run(move |app| app.engine.end_import(ImportId(id), ends.into())).await?;
    Ok(Json(ImportBegun { id }))
}

/// Take an import out again; what it had replaced counts again
#[utoipa::path(
    post, path = "/v1/imports/{id}/undo", tag = "imports",
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "Its events count no longer; profiles follow already", body = ImportCorrected),
        (status = 401, description = "No key or an unknown one", body = super::error::ErrorBody),
        (status = 404, description = "There is no such import", body = super::error::ErrorBody),
        (status = 409, description = "It was taken out already", body = super::error::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn undo(_: MayUndo, State(app): State<Arc<App>>, Path(id): Path<u64>) -> Result<Json<ImportCorrected>, ApiError> {
    let corrected = app.run(move |app| app.engine.undo_import(&app.storage, ImportId(id))).await?;
    Ok(Json(ImportCorrected::from(corrected)))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::invalid(format!("the body cannot be read ({error}): see /openapi.json for its form"))
    })
}

/// The events of a part, and those that are none.
fn events_of(
    batch: Vec<Value>,
    received_at: Timestamp,
    currency: Option<Currency>,
) -> (Vec<Event>, Vec<ImportRejected>) {
    let envelope = Envelope::new(received_at, Origin::Import).with_currency(currency);
    let (mut events, mut rejected) = (Vec::with_capacity(batch.len()), Vec::new());
    for (index, payload) in batch.into_iter().enumerate() {
        match events::parse_event(payload, None, &envelope) {
            Ok(event) => events.push(event),
            Err(rejection) => {
                rejected.push(ImportRejected { index, field: rejection.field, message: rejection.message });
            }
        }
    }
    (events, rejected)
}
