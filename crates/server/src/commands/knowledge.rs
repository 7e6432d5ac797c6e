//! How are documents kept that questions are answered out of? `rapport knowledge`.

pub(super) mod files;

use super::caller::Caller;
use super::progress::stop_cleanly_on_signal;
use super::report;
use crate::api::knowledge::{
    ChangeBody, ChangeReply, DocumentLine, DocumentReply, DocumentsReply, NamedBody, changed, listed, removed, shown,
};
use crate::args::{Elsewhere, KnowledgeCommand, Options};
use crate::error::ServerError;
use crate::local;
use crate::serve::Opened;
use crate::settings::Settings;
use console::format::counted;
use decisions::documents::Document;
use files::Columns;
use primitives::ErrorKind;
use serde::Serialize;
use std::collections::BTreeSet;
use storage::Access;

/// So many bytes of documents go in one request, as they are written in JSON.
const BYTES_AT_ONCE: usize = 1 << 20;
/// So many documents are asked for at a time.
const N_AT_ONCE: usize = 1_000;

/// What came of an import.
#[derive(Debug, Default, Serialize)]
struct Imported {
    documents: u64,
    added: u64,
    changed: u64,
    removed: u64,
}

/// The knowledge base that is meant: of a server, or of the directory.
enum Meant {
    Server(Caller),
    Here(Box<Opened>),
}

/// Does what the command says.
pub(super) fn run(
    options: &Options,
    settings: Settings,
    command: &KnowledgeCommand,
    elsewhere: &Elsewhere,
) -> Result<(), ServerError> {
    stop_cleanly_on_signal();
    match command {
        KnowledgeCommand::Import { paths, question, answer, replace } => {
            // What cannot be taken in is told before anything is opened.
            let documents = files::read(paths, Columns { question, answer })?;
            let meant = Meant::of(options, settings, elsewhere, Access::Exclusive)?;
            let imported = meant.import(&documents, *replace)?;
            report(options, &imported, || in_words(&imported))
        }
        KnowledgeCommand::List => {
            let all = Meant::of(options, settings, elsewhere, Access::ReadOnly)?.all()?;
            report(options, &all, || all.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        KnowledgeCommand::Show { id } => {
            let document = Meant::of(options, settings, elsewhere, Access::ReadOnly)?.document(id)?;
            report(options, &document, || told(&document))
        }
        KnowledgeCommand::Remove { ids } => {
            let reply = Meant::of(options, settings, elsewhere, Access::Exclusive)?.remove(ids)?;
            report(options, &reply, || format!("{} removed.", counted(reply.removed, "document was", "documents were")))
        }
    }
}

impl Meant {
    fn of(options: &Options, settings: Settings, elsewhere: &Elsewhere, access: Access) -> Result<Self, ServerError> {
        let caller = match &elsewhere.to {
            Some(url) => Some(Caller::elsewhere(url, elsewhere.key()?)?),
            None => local::find(&options.data).map(|found| Caller::new(&found.url, found.key)),
        };
        match caller {
            Some(caller) => Ok(Self::Server(caller)),
            None => Ok(Self::Here(Box::new(Opened::open(&options.data, access, settings)?))),
        }
    }

    fn import(&self, documents: &[Document], is_all: bool) -> Result<Imported, ServerError> {
        let kept: BTreeSet<&str> = documents.iter().map(|document| document.id.as_str()).collect();
        let there = if is_all { self.all()? } else { Vec::new() };
        let gone: Vec<String> =
            there.into_iter().map(|line| line.id).filter(|id| !kept.contains(id.as_str())).collect();
        let mut imported = Imported { documents: documents.len() as u64, ..Imported::default() };
        let mut count = |reply: ChangeReply| {
            imported.added += reply.added;
            imported.changed += reply.changed;
            imported.removed += reply.removed;
        };
        match self {
            Self::Here(opened) => count(changed(&opened.engine, documents, &gone)?),
            Self::Server(caller) => {
                for part in parts(documents) {
                    let documents = part.iter().map(NamedBody::from).collect();
                    count(post(caller, &ChangeBody { documents, removed: Vec::new() })?);
                }
                for part in gone.chunks(N_AT_ONCE) {
                    count(post(caller, &ChangeBody { documents: Vec::new(), removed: part.to_vec() })?);
                }
            }
        }
        Ok(imported)
    }

    fn all(&self) -> Result<Vec<DocumentLine>, ServerError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = match self {
                Self::Here(opened) => listed(&opened.engine, after.as_deref(), N_AT_ONCE)?,
                Self::Server(caller) => {
                    let after = after.as_deref().map(|after| format!("&after={}", encoded(after))).unwrap_or_default();
                    ask::<DocumentsReply>(caller, "GET", &format!("/v1/knowledge?limit={N_AT_ONCE}{after}"), "")?
                }
            };
            all.extend(page.documents);
            after = page.after;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    fn document(&self, id: &str) -> Result<DocumentReply, ServerError> {
        match self {
            Self::Here(opened) => shown(&opened.engine, id),
            Self::Server(caller) => ask(caller, "GET", &format!("/v1/knowledge/{}", encoded(id)), ""),
        }
    }

    fn remove(&self, ids: &[String]) -> Result<ChangeReply, ServerError> {
        match self {
            Self::Here(opened) => removed(&opened.engine, ids),
            Self::Server(caller) => {
                let each =
                    |id: &String| ask::<ChangeReply>(caller, "DELETE", &format!("/v1/knowledge/{}", encoded(id)), "");
                let replies = ids.iter().map(each).collect::<Result<Vec<_>, _>>()?;
                let removed = replies.iter().map(|reply| reply.removed).sum();
                Ok(ChangeReply { removed, ..ChangeReply::default() })
            }
        }
    }
}

/// Parts that fit in a request.
fn parts(documents: &[Document]) -> Vec<&[Document]> {
    let (mut parts, mut rest) = (Vec::new(), documents);
    while !rest.is_empty() {
        let mut n_bytes = 0;
        let fits = |one: &&Document| {
            n_bytes += serde_json::to_string(one).map_or(one.bytes(), |json| json.len());
            n_bytes <= BYTES_AT_ONCE
        };
        let n = rest.iter().take_while(fits).count().max(1);
        let (part, others) = rest.split_at(n);
        parts.push(part);
        rest = others;
    }
    parts
}

fn post(caller: &Caller, body: &ChangeBody) -> Result<ChangeReply, ServerError> {
    let body = serde_json::to_string(body).map_err(|error| ServerError::new(ErrorKind::Internal, error.to_string()))?;
    ask(caller, "POST", "/v1/knowledge", &body)
}

fn ask<T: serde::de::DeserializeOwned>(
    caller: &Caller,
    method: &str,
    path: &str,
    body: &str,
) -> Result<T, ServerError> {
    let unreachable = |why: String| {
        let message = format!("the server at {} cannot be reached: {why}", caller.url());
        ServerError::new(ErrorKind::Unavailable, message)
    };
    let answer = caller.ask(method, path, body).map_err(unreachable)?;
    if answer.status == 200 { caller.read(&answer) } else { Err(caller.refused(&answer)) }
}

/// A name as it stands in a path.
fn encoded(name: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(one).collect()
}

fn in_words(imported: &Imported) -> String {
    let Imported { documents, added, changed, removed } = imported;
    let kept = documents - added - changed;
    format!(
        "{}: {added} new, {changed} changed, {kept} as before, {removed} removed.",
        counted(*documents, "document", "documents")
    )
}

fn line(line: &DocumentLine) -> String {
    let language = line.language.as_deref().unwrap_or("-");
    format!(
        "{}\t{language}\tversion {}\t{}\t{}",
        line.id,
        line.version,
        counted(line.passages, "passage", "passages"),
        line.title
    )
}

fn told(document: &DocumentReply) -> String {
    let cut = document.cut.iter().map(|passage| format!("[{}] {}\n{}", passage.id, passage.title, passage.text));
    let versions = document.versions.iter().map(|one| format!("version {} of {}", one.version, one.saved_at));
    let parts = [line(&document.line), cut.collect::<Vec<_>>().join("\n\n"), versions.collect::<Vec<_>>().join("\n")];
    parts.join("\n\n")
}
