//! Which documents are questions answered out of, and how does a company write them?

use super::auth::MayRead;
use super::extract::{Path, Query, QuestionBody};
use super::imports::may;
use crate::app::App;
use crate::error::ServerError;
use crate::failure::{ApiError, ErrorBody};
use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use decisions::documents::{Document, Form};
use engine::DocumentEntry;
use governance::Action;
use primitives::{ErrorKind, Timestamp, nearest, plain_words, visible};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How many documents are answered at a time where nobody says, and at the most.
const N_DOCUMENTS: usize = 100;
const N_DOCUMENTS_MAX: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(documents, change)).routes(routes!(document, save, remove))
}

/// Whoever may describe the catalogue may write what customers are told, and so may a command on this machine.
struct MayWrite;

impl FromRequestParts<Arc<App>> for MayWrite {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        may(parts, app, Action::WriteCatalogue).map(|_| Self)
    }
}

/// A document, as it is written.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentBody {
    /// What people call it; of an answer its question. Without it, the first heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "How do I send something back?")]
    pub(crate) title: Option<String>,
    /// What it says, at most 512 KB.
    #[schema(example = "Print the label and take the parcel to any shop.")]
    pub(crate) text: String,
    /// How it is written: `markdown`, `html`, or `answer` where the title is a question.
    #[serde(default)]
    #[schema(value_type = String, example = "answer")]
    pub(crate) form: Form,
    /// Where it comes from, for whoever reads an answer; without it, its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The language that it is written in, as two small letters; without it, that is told from its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "en")]
    pub(crate) language: Option<String>,
}

/// A document with its name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct NamedBody {
    /// Its name: a path, such as `help/returns.md`.
    #[schema(example = "help/returns.md")]
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) document: DocumentBody,
}

/// What is saved and removed at once.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    /// Documents; each takes the place of one of its name.
    #[serde(default)]
    pub(crate) documents: Vec<NamedBody>,
    /// The names of documents that are there no longer.
    #[serde(default)]
    pub(crate) removed: Vec<String>,
}

/// What became of them.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct ChangeReply {
    /// How many documents are new.
    pub(crate) added: u64,
    /// How many have a new version.
    pub(crate) changed: u64,
    /// How many were removed.
    pub(crate) removed: u64,
}

/// A document without its text.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentLine {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) language: Option<String>,
    #[schema(value_type = String)]
    pub(crate) form: Form,
    /// The how manieth version it is.
    pub(crate) version: u64,
    #[schema(value_type = String)]
    pub(crate) saved_at: Timestamp,
    /// Into how many passages it is cut.
    pub(crate) passages: u64,
    pub(crate) bytes: u64,
}

/// Some documents.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DocumentsReply {
    /// By name.
    pub(crate) documents: Vec<DocumentLine>,
    /// How many there are.
    pub(crate) total: u64,
    /// How many passages are searched.
    pub(crate) passages: u64,
    /// Give it as `after` to get what comes next; null where nothing does.
    pub(crate) after: Option<String>,
}

/// A document with all that is known of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentReply {
    #[serde(flatten)]
    pub(crate) line: DocumentLine,
    pub(crate) text: String,
    /// Into what it is cut.
    pub(crate) cut: Vec<PassageReply>,
    /// The versions that are kept, the newest first.
    pub(crate) versions: Vec<VersionReply>,
}

/// A passage of a document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PassageReply {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A version of a document.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionReply {
    pub(crate) version: u64,
    #[schema(value_type = String)]
    pub(crate) saved_at: Timestamp,
    /// What it said; null where the document was removed.
    pub(crate) text: Option<String>,
}

/// Which documents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Only those whose names come after this one.
    after: Option<String>,
    /// How many at the most, up to 1000.
    #[param(example = 100)]
    limit: Option<usize>,
}

impl DocumentBody {
    /// The document, under a name.
    pub(crate) fn into_document(self, id: String) -> Document {
        let Self { title, text, form, source, language } = self;
        let read = Document::of_file(&id, form, &text);
        let (title, source) = (title.unwrap_or(read.title), source.unwrap_or(read.source));
        Document { id, title, source, language: language.or(read.language), form, text: read.text }
    }
}

impl From<&Document> for NamedBody {
    fn from(document: &Document) -> Self {
        let Document { id, title, source, language, form, text } = document.clone();
        let document = DocumentBody { title: Some(title), text, form, source: Some(source), language };
        Self { id, document }
    }
}

impl From<&DocumentEntry> for DocumentLine {
    fn from(entry: &DocumentEntry) -> Self {
        let Document { id, title, source, language, form, text } = &entry.document;
        Self {
            id: id.clone(),
            title: title.clone(),
            source: source.clone(),
            language: language.clone(),
            form: *form,
            version: entry.version,
            saved_at: entry.saved_at,
            passages: entry.passages.len() as u64,
            bytes: text.len() as u64,
        }
    }
}

/// Some documents of an engine, after a name.
pub(crate) fn listed(
    engine: &engine::Engine,
    after: Option<&str>,
    limit: usize,
) -> Result<DocumentsReply, ServerError> {
    let base = engine.knowledge_base()?;
    let is_after = |entry: &&DocumentEntry| after.is_none_or(|after| entry.document.id.as_str() > after);
    let mut rest = base.entries().iter().filter(is_after);
    let documents: Vec<DocumentLine> = rest.by_ref().take(limit).map(DocumentLine::from).collect();
    let next = rest.next().and_then(|_| documents.last()).map(|last| last.id.clone());
    Ok(DocumentsReply {
        documents,
        total: base.entries().len() as u64,
        passages: base.n_passages() as u64,
        after: next,
    })
}

/// A document of an engine.
pub(crate) fn shown(engine: &engine::Engine, id: &str) -> Result<DocumentReply, ServerError> {
    let base = engine.knowledge_base()?;
    let entry =
        base.get(id).ok_or_else(|| missing(id, base.entries().iter().map(|entry| entry.document.id.as_str())))?;
    let versions = engine.document_versions(id)?.into_iter().map(|(version, saved_at, document)| VersionReply {
        version,
        saved_at,
        text: document.map(|document| document.text),
    });
    let cut = entry.passages.iter().enumerate().map(|(at, passage)| PassageReply {
        id: format!("{id}#{}", at + 1),
        title: passage.title(&entry.document.title),
        text: passage.text.clone(),
    });
    Ok(DocumentReply {
        line: DocumentLine::from(entry),
        text: entry.document.text.clone(),
        cut: cut.collect(),
        versions: versions.collect(),
    })
}

/// Removes documents that must be there.
pub(crate) fn removed(engine: &engine::Engine, ids: &[String]) -> Result<ChangeReply, ServerError> {
    let base = engine.knowledge_base()?;
    if let Some(id) = ids.iter().find(|id| base.get(id).is_none()) {
        return Err(missing(id, base.entries().iter().map(|entry| entry.document.id.as_str())));
    }
    changed(engine, &[], ids)
}

/// Saves and removes documents.
pub(crate) fn changed(
    engine: &engine::Engine,
    saved: &[Document],
    gone: &[String],
) -> Result<ChangeReply, ServerError> {
    let [added, changed, removed] = engine.change_documents(saved, gone)?;
    Ok(ChangeReply { added, changed, removed })
}

fn missing<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> ServerError {
    let meant = nearest(id, known).map(|name| format!(": did you mean {name}?")).unwrap_or_default();
    let shown: String = visible(id).chars().take(80).collect();
    ServerError::new(ErrorKind::NotFound, format!("there is no document \"{shown}\"{meant}"))
}

fn unreadable(error: &serde_json::Error, example: &str) -> ApiError {
    ApiError::invalid(format!("the body cannot be read: {}; send {example}", plain_words(error)))
}

/// List the documents that questions are answered out of
#[utoipa::path(
    get, path = "/v1/knowledge", tag = "knowledge", params(Page),
    responses(
        (status = 200, description = "The documents, by name", body = DocumentsReply),
        (status = 401, description = "No key or an unknown one", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn documents(
    _: MayRead,
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<DocumentsReply>, ApiError> {
    let limit = page.limit.unwrap_or(N_DOCUMENTS).clamp(1, N_DOCUMENTS_MAX);
    Ok(Json(app.run(move |app| listed(&app.engine, page.after.as_deref(), limit)).await?))
}

/// Save and remove several documents at once
///
/// All or nothing. What is saved as it is there already changes nothing.
#[utoipa::path(
    post, path = "/v1/knowledge", tag = "knowledge", request_body = ChangeBody,
    responses(
        (status = 200, description = "Durable, and searched from now on", body = ChangeReply),
        (status = 400, description = "One of them cannot be kept, and nothing was changed", body = ErrorBody),
        (status = 401, description = "No key or an unknown one", body = ErrorBody),
        (status = 403, description = "A write key may not write documents", body = ErrorBody),
        (status = 413, description = "More than 2 MB", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn change(
    _: MayWrite,
    State(app): State<Arc<App>>,
    QuestionBody(body): QuestionBody,
) -> Result<Json<ChangeReply>, ApiError> {
    let example = "{\"documents\": [{\"id\": \"returns\", \"title\": \"Can I send it back?\", \"form\": \"answer\", \"text\": \"Yes.\"}]}";
    let ChangeBody { documents, removed } =
        serde_json::from_slice(&body).map_err(|error| unreadable(&error, example))?;
    let saved: Vec<Document> = documents.into_iter().map(|one| one.document.into_document(one.id)).collect();
    Ok(Json(app.run(move |app| changed(&app.engine, &saved, &removed)).await?))
}

/// Read a document, with how it is cut and which versions there were
///
/// A `/` within the name is written `%2F`.
#[utoipa::path(
    get, path = "/v1/knowledge/{id}", tag = "knowledge",
    params(("id" = String, Path, description = "The name of a document", example = "help%2Freturns.md")),
    responses(
        (status = 200, description = "The document", body = DocumentReply),
        (status = 404, description = "There is none of that name", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn document(
    _: MayRead,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<DocumentReply>, ApiError> {
    Ok(Json(app.run(move |app| shown(&app.engine, &id)).await?))
}

/// Save a document, as a new version where one of its name is there
#[utoipa::path(
    put, path = "/v1/knowledge/{id}", tag = "knowledge", request_body = DocumentBody,
    params(("id" = String, Path, description = "The name of a document", example = "help%2Freturns.md")),
    responses(
        (status = 200, description = "Durable, and searched from now on", body = DocumentReply),
        (status = 400, description = "It cannot be kept", body = ErrorBody),
        (status = 403, description = "A write key may not write documents", body = ErrorBody),
        (status = 413, description = "More than 2 MB", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn save(
    _: MayWrite,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    QuestionBody(body): QuestionBody,
) -> Result<Json<DocumentReply>, ApiError> {
    let example = "{\"title\": \"Can I send it back?\", \"form\": \"answer\", \"text\": \"Yes, within 30 days.\"}";
    let body: DocumentBody = serde_json::from_slice(&body).map_err(|error| unreadable(&error, example))?;
    let document = body.into_document(id.clone());
    let reply = app.run(move |app| {
        changed(&app.engine, &[document], &[])?;
        shown(&app.engine, &id)
    });
    Ok(Json(reply.await?))
}

/// Remove a document; its versions are kept
#[utoipa::path(
    delete, path = "/v1/knowledge/{id}", tag = "knowledge",
    params(("id" = String, Path, description = "The name of a document", example = "help%2Freturns.md")),
    responses(
        (status = 200, description = "Nothing is answered out of it any more", body = ChangeReply),
        (status = 403, description = "A write key may not remove documents", body = ErrorBody),
        (status = 404, description = "There is none of that name", body = ErrorBody),
    ),
    security(("bearer" = []), ("basic" = [])),
)]
async fn remove(
    _: MayWrite,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<ChangeReply>, ApiError> {
    Ok(Json(app.run(move |app| removed(&app.engine, &[id])).await?))
}
