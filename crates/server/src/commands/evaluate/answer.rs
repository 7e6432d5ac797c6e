//! How well would questions be answered? `rapport evaluate answer --questions FILE.csv`.

mod judged;

use super::table::{self, Wrong, column};
use crate::args::{Options, QuestionFiles};
use crate::commands::knowledge::files::{self, Columns};
use crate::commands::{progress, report};
use crate::encoders;
use crate::error::ServerError;
use crate::serve::Opened;
use crate::settings::Settings;
use decisions::documents::{Document, passages};
use engine::{DocumentEntry, KnowledgeBase, Stopwatch};
use judged::{Judged, Told};
use primitives::{ErrorKind, Timestamp};
use std::path::Path;
use std::sync::Arc;
use storage::Access;

/// What stands in the place of a task.
pub(super) const ANSWER: &str = "answer";
/// So many questions are judged at most.
const N_QUESTIONS_MAX: usize = 200_000;
/// So much of a question is looked at.
const QUESTION_BYTES_MAX: usize = 64 * 1024;

/// A question, and by what the document that answers it is called.
struct Asked {
    question: String,
    document: Option<String>,
}

/// Asks each question, and judges what is found. Writes nothing.
pub(super) fn run(options: &Options, settings: Settings, files: &QuestionFiles) -> Result<(), ServerError> {
    let Some(file) = &files.questions else {
        let why = "`rapport evaluate answer` judges a file of questions: name it, as in `rapport evaluate answer --questions asked.csv \
                   --question text --document page --knowledge help/`";
        return Err(ServerError::new(ErrorKind::Invalid, why));
    };
    let invalid = |why: String| ServerError::new(ErrorKind::Invalid, format!("{}: {why}", file.display()));
    let asked = questions(file, &files.question, &files.document).map_err(invalid)?;
    let answering = settings.answering();
    let bar = progress::spinner("Reading the knowledge base");
    let base = knowledge(options, settings, files);
    bar.finish_and_clear();
    let base = base?;
    let named = |document: &String| is_there(&base, document);
    let unknown: Vec<&String> =
        asked.iter().filter_map(|one| one.document.as_ref()).filter(|one| !named(one)).collect();
    if let Some(first) = unknown.first() {
        let why = format!(
            "{} documents that it names are not in the knowledge base, the first is \"{first:.80}\"",
            unknown.len()
        );
        return Err(invalid(why));
    }
    let watch = Stopwatch::start();
    let found: Vec<_> = asked.iter().map(|one| base.find(&one.question, None, 3)).collect();
    let ms_per_question = watch.elapsed().as_secs_f64() * 1e3 / asked.len().max(1) as f64;
    let told = asked.iter().zip(&found).map(|(asked, (quotes, confidence))| {
        let is_it =
            |quote: &decisions::Quote| asked.document.as_ref().is_some_and(|document| is_meant(quote, document));
        let place = quotes.iter().position(is_it);
        let title = quotes.first().map(|quote| quote.title.clone());
        Told {
            question: asked.question.clone(),
            is_answerable: asked.document.is_some(),
            place,
            confidence: *confidence,
            title,
        }
    });
    let judged = Judged::of(told.collect(), &answering, &base, ms_per_question);
    report(options, &judged, || judged.in_words())
}

/// What questions are answered out of: the files that are named, or the data directory.
fn knowledge(options: &Options, settings: Settings, files: &QuestionFiles) -> Result<Arc<KnowledgeBase>, ServerError> {
    if files.knowledge.is_empty() {
        let opened = Opened::open(&options.data, Access::ReadOnly, settings)?;
        let base = opened.engine.knowledge_base()?;
        if base.entries().is_empty() {
            let why = "the knowledge base is empty: name folders or files with --knowledge, or import some with `rapport knowledge import`";
            return Err(ServerError::new(ErrorKind::Invalid, why));
        }
        return Ok(base);
    }
    let entry = |document: Document| {
        let passages = passages(&document);
        DocumentEntry { document, version: 1, saved_at: Timestamp::from_millis(0), passages }
    };
    let entries = files::read(&files.knowledge, Columns::default())?.into_iter().map(entry).collect();
    Ok(Arc::new(KnowledgeBase::of(entries, &encoders::found(&options.data)?)?))
}

fn is_there(base: &KnowledgeBase, document: &str) -> bool {
    base.entries().iter().any(|entry| {
        let numbers = 1..=entry.passages.len();
        entry.document.id == document
            || entry.document.title == document
            || entry.passages.iter().any(|passage| passage.path.last().is_some_and(|heading| heading == document))
            || numbers.into_iter().any(|at| format!("{}#{at}", entry.document.id) == document)
    })
}

/// Whether a passage is what is meant: by its own name, that of its document, or what either is called.
fn is_meant(quote: &decisions::Quote, document: &str) -> bool {
    quote.document == document || quote.id == document || quote.title.split(" › ").any(|part| part == document)
}

fn questions(file: &Path, question: &str, document: &str) -> Result<Vec<Asked>, String> {
    let mut reader = table::reader(table::open(file, "questions")?)?;
    let names = table::names(&table::header(&mut reader)?);
    let (question_at, document_at) = (column(&names, question, "--question")?, column(&names, document, "--document")?);
    let mut asked = Vec::new();
    table::each_row(&mut reader, |row| {
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let (question, document) = (cell(question_at), cell(document_at));
        if question.is_empty() {
            return Err(Wrong::Row(" has no question: write one, or take the row out".to_owned()));
        }
        let question = question.get(..question.floor_char_boundary(QUESTION_BYTES_MAX)).unwrap_or_default().to_owned();
        asked.push(Asked { question, document: (!document.is_empty()).then(|| document.to_owned()) });
        if asked.len() > N_QUESTIONS_MAX {
            return Err(Wrong::File(format!("it holds more than {N_QUESTIONS_MAX} questions: judge a part of it")));
        }
        Ok(())
    })?;
    if asked.is_empty() {
        return Err("no row has a question: write one row for each".to_owned());
    }
    Ok(asked)
}
