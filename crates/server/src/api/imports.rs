//! How do files of history come in from elsewhere, and how are they taken out again?
//!
//! `rapport import` reads the files; what comes here are its events, in batches, with their own times. Every step may be
//! sent again: an event counts once, whichever import brought it.

use super::auth::holder;
use super::body::{Limit, Sent};
use super::events::limit;
use super::extract::{Path, Query, SmallBody};
use crate::app::App;
use crate::credentials::key_in;
use crate::error::ServerError;
use crate::failure::ApiError;
use crate::peer::Peer;
use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::By;
use engine::Imported;
use engine::Undoing;
use events::{
    BATCH_EVENTS_MAX, Corrected, Envelope, Event, EventLogError, Import, ImportCounts, ImportId, ImportRefusal,
    NewImport, Origin,
};
use governance::{Action, Actor, Deed};
use primitives::{Currency, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(take))
        .routes(routes!(replace))
        .routes(routes!(look))
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
    /// Events that count no longer, because others came in their place.
    #[serde(default)]
    pub replaced: u64,
    /// The `messageId`s that are known with other content, which stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<String>,
    /// Events that were not accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<ImportRejected>,
    /// Events that name customers who were erased, and were refused.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
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

/// Imports.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportsReply {
    /// The newest first.
    pub imports: Vec<ImportReply>,
}

/// An import, and how far its undoing is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportStateReply {
    /// The import.
    #[serde(flatten)]
    pub import: ImportReply,
    /// What its undoing did, once it is durable.
    #[serde(flatten)]
    pub corrected: ImportCorrected,
    /// How far its undoing is: `not_asked`, `withdrawing`, `following`, `done` or `failed`.
    #[schema(example = "following")]
    pub undo: String,
    /// Why the undoing failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether customers and items follow every correction: until then they have both what was withdrawn and what came in
    /// its place.
    pub is_followed: bool,
    /// Events that were read to make them follow.
    pub events_read: u64,
    /// Events to read.
    pub events_to_read: u64,
}

/// Which imports.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// How many, 1 to 1000.
    #[param(value_type = Option<usize>, default = 50, minimum = 1, maximum = 1000)]
    limit: Option<String>,
    /// Only imports with a smaller number: the smallest one of the last answer goes on from there.
    #[param(value_type = Option<u64>)]
    before: Option<String>,
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
        let Imported { n_accepted, n_duplicates, n_replaced, n_erased, .. } = imported;
        let rejected = Vec::new();
        Self {
            accepted: n_accepted,
            duplicates: n_duplicates,
            replaced: n_replaced,
            conflicts,
            rejected,
            erased: n_erased,
        }
    }
}

/// Whoever may describe the catalogue may say what happened in the past and teach what messages ask for, and so may a command on this
/// machine.
pub(super) struct MayImport(By);

/// Taking out again needs the right to operate.
struct MayUndo(By);

/// Looking whose data are there, before something is imported, a command on this machine may, too.
pub(super) struct MayLook;

impl FromRequestParts<Arc<App>> for MayImport {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::WriteCatalogue).map(Self)
    }
}

impl FromRequestParts<Arc<App>> for MayLook {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::Read).map(|_| Self)
    }
}

impl FromRequestParts<Arc<App>> for MayUndo {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::Operate).map(Self)
    }
}

pub(super) fn may(parts: &Parts, app: &Arc<App>, action: Action) -> Result<By, ApiError> {
    let key = key_in(&parts.headers);
    if key.as_deref().is_some_and(|key| app.local_key.is(key)) {
        return Ok(By::COMMAND);
    }
    let holder = holder(&parts.headers, &parts.extensions, action)?;
    let address = Peer::of_request(&parts.extensions, &parts.headers, &app.settings.server.trusted_proxies).address;
    Ok(By { actor: Actor::from(holder), address: Some(address) })
}

/// Which files of history came in, and when
#[utoipa::path(
    get, path = "/v1/imports", tag = "imports", params(Filter),
    responses(
        (status = 200, description = "The newest imports, those included that were taken out again", body = ImportsReply),
        (status = 400, description = "A filter cannot be read", body = crate::failure::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn list(
    _: MayImport,
    State(app): State<Arc<App>>,
    Query(filter): Query<Filter>,
) -> Result<Json<ImportsReply>, ApiError> {
    let limit = limit(filter.limit.as_deref())?;
    let before = filter.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| ApiError::invalid("before must be the number of an import"))?.map(ImportId);
    let imports = app.run(move |app| Ok(app.engine.ports().imports.imports(before, limit)?)).await?;
    Ok(Json(ImportsReply { imports: imports.into_iter().map(ImportReply::from).collect() }))
}

/// An import, and how far its undoing is
#[utoipa::path(
    get, path = "/v1/imports/{id}", tag = "imports",
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "The import", body = ImportStateReply),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such import", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn look(
    _: MayImport,
    State(app): State<Arc<App>>,
    Path(id): Path<u64>,
) -> Result<Json<ImportStateReply>, ApiError> {
    Ok(Json(app.run(move |app| state(app, ImportId(id))).await?))
}

fn state(app: &App, id: ImportId) -> Result<ImportStateReply, ServerError> {
    let undoing = app.corrector.undoing(id)?;
    let import = app.engine.ports().imports.import(id)?;
    let import = import.ok_or(EventLogError::from(ImportRefusal::Unknown(id)))?;
    let (undo, why) = match undoing {
        Undoing::NotAsked => ("not_asked", None),
        Undoing::Withdrawing => ("withdrawing", None),
        Undoing::Following => ("following", None),
        Undoing::Done => ("done", None),
        Undoing::Failed(why) => ("failed", Some(why)),
    };
    let (events_read, events_to_read) = app.corrector.progress();
    let (withdrawn, restored) = import.undone;
    Ok(ImportStateReply {
        import: import.into(),
        corrected: ImportCorrected { withdrawn, restored },
        undo: undo.to_owned(),
        why,
        is_followed: !app.engine.is_outdated()?,
        events_read,
        events_to_read,
    })
}

/// Begin an import
#[utoipa::path(
    post, path = "/v1/imports", tag = "imports", request_body = ImportBegins,
    responses(
        (status = 200, description = "It has begun", body = ImportBegun),
        (status = 400, description = "The body cannot be read", body = crate::failure::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn begin(
    MayImport(by): MayImport,
    State(app): State<Arc<App>>,
    body: SmallBody,
) -> Result<Json<ImportBegun>, ApiError> {
    let ImportBegins { file, mapping, mapping_sha256 } = read(&body.0)?;
    let new = NewImport { file, mapping, mapping_sha256 };
    let begun = app.run(move |app| {
        let id = app.engine.begin_import(&new)?;
        app.audit.note(Deed::Import, &by, format!("import {id} of {}", new.file));
        Ok(id)
    });
    Ok(Json(ImportBegun { id: begun.await?.0 }))
}

/// Take in a part of an import's events: they count as received when they occurred, and their ids are kept for ever
#[utoipa::path(
    post, path = "/v1/imports/{id}/events", tag = "imports", request_body = ImportPart,
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "Durable, and seen by every later read; single events may be rejected", body = ImportTaken),
        (status = 400, description = "The body cannot be read", body = crate::failure::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such import", body = crate::failure::ErrorBody),
        (status = 409, description = "It has ended or was undone", body = crate::failure::ErrorBody),
        (status = 413, description = "More than 500 KB or 2,500 events", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn take(
    _: MayImport,
    State(app): State<Arc<App>>,
    Path(id): Path<u64>,
    request: Request,
) -> Result<Json<ImportTaken>, ApiError> {
    let batch = read_part(&app, request).await?;
    let taken = app.run(move |app| {
        let (events, rejected) = events_of(batch, app.engine.clock().now(), app.settings.default_currency());
        let imported = app.engine.ingest_imported(ImportId(id), events)?;
        Ok(ImportTaken { rejected, ..ImportTaken::from(imported) })
    });
    Ok(Json(taken.await?))
}

/// Take in a part of an import's events in the place of what other imports brought under the same keys: each event comes
/// in and the other goes out in one step. Customers and items follow after the import's end
#[utoipa::path(
    post, path = "/v1/imports/{id}/replace", tag = "imports", request_body = ImportPart,
    params(("id" = u64, Path, description = "The import that brings the new content")),
    responses(
        (status = 200, description = "Durable; single events may be rejected", body = ImportTaken),
        (status = 400, description = "The body cannot be read", body = crate::failure::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such import", body = crate::failure::ErrorBody),
        (status = 409, description = "It has ended or was undone", body = crate::failure::ErrorBody),
        (status = 413, description = "More than 500 KB or 2,500 events", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn replace(
    MayImport(by): MayImport,
    State(app): State<Arc<App>>,
    Path(id): Path<u64>,
    request: Request,
) -> Result<Json<ImportTaken>, ApiError> {
    let batch = read_part(&app, request).await?;
    let taken = app.run(move |app| {
        let (events, rejected) = events_of(batch, app.engine.clock().now(), app.settings.default_currency());
        let imported = app.engine.replace_imported(ImportId(id), events)?;
        if imported.n_replaced > 0 {
            app.audit.note(Deed::ImportReplaced, &by, format!("import {id}: {} events", imported.n_replaced));
        }
        Ok(ImportTaken { rejected, ..ImportTaken::from(imported) })
    });
    Ok(Json(taken.await?))
}

/// End an import, with what came of it
#[utoipa::path(
    post, path = "/v1/imports/{id}/end", tag = "imports", request_body = ImportEnds,
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "It has ended", body = ImportBegun),
        (status = 400, description = "The body cannot be read", body = crate::failure::ErrorBody),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such import", body = crate::failure::ErrorBody),
        (status = 409, description = "It has ended or was undone", body = crate::failure::ErrorBody),
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
    let ended = app.run(move |app| {
        app.engine.end_import(ImportId(id), ends.into())?;
        if app.engine.is_outdated()? {
            app.corrector.follow();
        }
        Ok(())
    });
    ended.await?;
    Ok(Json(ImportBegun { id }))
}

/// Have an import taken out again; what it had replaced counts again. Asking again tells how far it is
#[utoipa::path(
    post, path = "/v1/imports/{id}/undo", tag = "imports",
    params(("id" = u64, Path, description = "The import")),
    responses(
        (status = 200, description = "Nothing of it is left", body = ImportStateReply),
        (status = 202, description = "It has begun: GET /v1/imports/{id} says how far it is", body = ImportStateReply,
            headers(("Location" = String, description = "Where to ask"))),
        (status = 401, description = "No key or an unknown one", body = crate::failure::ErrorBody),
        (status = 404, description = "There is no such import", body = crate::failure::ErrorBody),
        (status = 503, description = "Too many wait to be taken out", body = crate::failure::ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn undo(MayUndo(by): MayUndo, State(app): State<Arc<App>>, Path(id): Path<u64>) -> Result<Response, ApiError> {
    let asked = app.run(move |app| {
        app.corrector.undo(ImportId(id), &by)?;
        state(app, ImportId(id))
    });
    let state = asked.await?;
    let status = if state.undo == "done" { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, Json(state)).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/imports/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The events of a part.
async fn read_part(app: &Arc<App>, request: Request) -> Result<Vec<Value>, ApiError> {
    let (parts, body) = request.into_parts();
    let body = Sent::read(&parts, body, Limit::Batch).await?;
    let ImportPart { batch } = app.run(move |_| Ok(body.with_plain(|plain, _| read(plain)))).await??;
    if batch.len() > BATCH_EVENTS_MAX {
        let message = format!("the part has {} events: send at most {BATCH_EVENTS_MAX} at a time", batch.len());
        return Err(ApiError::too_large(message));
    }
    Ok(batch)
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
