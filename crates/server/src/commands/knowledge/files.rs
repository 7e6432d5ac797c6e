//! Which documents do folders and files hold, and what is said of those that hold none?

use crate::commands::evaluate::table::{self, Wrong, column};
use crate::error::ServerError;
use decisions::documents::{ALL_BYTES_MAX, Document, Form, N_DOCUMENTS_MAX, TEXT_BYTES_MAX, slug};
use primitives::ErrorKind;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// So deep are folders looked into.
const DEPTH_MAX: usize = 16;
/// So many files that cannot be taken are told.
const N_TOLD: usize = 5;

/// The columns of files of questions and answers.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Columns<'a> {
    pub(in crate::commands) question: &'a str,
    pub(in crate::commands) answer: &'a str,
}

impl Default for Columns<'_> {
    fn default() -> Self {
        Self { question: "question", answer: "answer" }
    }
}

/// All documents of folders and files, by name; or what is wrong with any of them.
///
/// # Errors
/// [`ServerError`] that names each file and what is wrong with it.
pub(in crate::commands) fn read(paths: &[PathBuf], columns: Columns<'_>) -> Result<Vec<Document>, ServerError> {
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    for path in paths {
        if path.is_dir() {
            walk(path, path, 0, &mut files)?;
        } else {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            files.push((name, path.clone()));
        }
    }
    let invalid = |why: String| ServerError::new(ErrorKind::Invalid, why);
    if files.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(invalid(format!("{}: there is no file that ends in .md, .html, .txt or .csv", named.join(", "))));
    }
    let (mut all, mut wrong) = (BTreeMap::new(), Vec::new());
    let mut n_bytes = 0;
    for (name, path) in &files {
        match documents(&id_of(name), path, columns) {
            Ok(found) => {
                for document in found {
                    n_bytes += document.bytes();
                    let id = document.id.clone();
                    if all.insert(id.clone(), document).is_some() {
                        wrong.push(format!(
                            "{}: a document {id} is there twice: give one of both another name",
                            path.display()
                        ));
                    }
                }
            }
            Err(why) => wrong.push(format!("{}: {why}", path.display())),
        }
        if n_bytes > ALL_BYTES_MAX || all.len() > N_DOCUMENTS_MAX {
            return Err(invalid(format!(
                "these are more than {N_DOCUMENTS_MAX} documents or {ALL_BYTES_MAX} bytes: import fewer"
            )));
        }
    }
    if wrong.is_empty() {
        return Ok(all.into_values().collect());
    }
    let n_more = wrong.len().saturating_sub(N_TOLD);
    wrong.truncate(N_TOLD);
    let more = if n_more > 0 { format!("\n  and {n_more} more") } else { String::new() };
    Err(invalid(format!("nothing was taken in, since files cannot be\n  {}{more}", wrong.join("\n  "))))
}

fn walk(root: &Path, folder: &Path, depth: usize, files: &mut Vec<(String, PathBuf)>) -> Result<(), ServerError> {
    let cannot = ServerError::io(format!("cannot read the folder {}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(cannot)?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_hidden || path.is_symlink() {
            continue;
        }
        if path.is_dir() && depth < DEPTH_MAX {
            walk(root, &path, depth + 1, files)?;
        } else if kind_of(&path).is_some() {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((name, path));
        }
        if files.len() > N_DOCUMENTS_MAX {
            let why = format!("{} holds more than {N_DOCUMENTS_MAX} files: import fewer", root.display());
            return Err(ServerError::new(ErrorKind::Invalid, why));
        }
    }
    Ok(())
}

/// What a file holds, by its ending.
enum Holds {
    Text(Form),
    Pairs,
}

fn kind_of(path: &Path) -> Option<Holds> {
    let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
    Some(match ending.as_str() {
        "md" | "markdown" | "txt" => Holds::Text(Form::Markdown),
        "html" | "htm" | "xhtml" => Holds::Text(Form::Html),
        "csv" | "tsv" => Holds::Pairs,
        _ => return None,
    })
}

/// A name of a file as a name of a document.
fn id_of(name: &str) -> String {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    name.chars().map(|c| if is_letter(c) { c } else { '-' }).collect()
}

fn documents(id: &str, path: &Path, columns: Columns<'_>) -> Result<Vec<Document>, String> {
    match kind_of(path) {
        Some(Holds::Text(form)) => {
            let text = text_of(path)?;
            let document = Document::of_file(id, form, &text);
            document.check()?;
            Ok(vec![document])
        }
        Some(Holds::Pairs) => pairs(id, table::open(path, "questions and answers")?, columns),
        None => Err("it ends in none of .md, .html, .txt and .csv".to_owned()),
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("it cannot be read ({error})");
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(cannot)?;
    let n = file.take(TEXT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if n > TEXT_BYTES_MAX {
        return Err(format!("it is larger than {TEXT_BYTES_MAX} bytes: cut it into several documents"));
    }
    if n == 0 {
        return Err("it is empty".to_owned());
    }
    if bytes.contains(&0) {
        return Err("it is no text: it holds NUL bytes".to_owned());
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("byte {} is not UTF-8: save it as UTF-8", error.utf8_error().valid_up_to() + 1))
}

/// Each row as a document: its title is the question, and its text the answer.
pub(in crate::commands) fn pairs(
    id: &str,
    from: impl Read + 'static,
    columns: Columns<'_>,
) -> Result<Vec<Document>, String> {
    let mut reader = table::reader(from)?;
    let names = table::names(&table::header(&mut reader)?);
    let (question_at, answer_at) =
        (column(&names, columns.question, "--question")?, column(&names, columns.answer, "--answer")?);
    let place = |name: &str| names.iter().position(|known| known == name);
    let (language_at, source_at) = (place("language"), place("source"));
    let stem = id.rsplit_once('.').map_or(id, |(stem, _)| stem);
    let (mut found, mut taken, mut n_bytes) = (Vec::new(), BTreeMap::<String, u32>::new(), 0);
    table::each_row(&mut reader, |row| {
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let (question, answer) = (cell(question_at), cell(answer_at));
        if question.is_empty() || answer.is_empty() {
            return Err(Wrong::Row(" has no question or no answer: fill both, or take the row out".to_owned()));
        }
        let mut name = slug(question);
        if name.is_empty() {
            "question".clone_into(&mut name);
        }
        let n = taken.entry(name.clone()).and_modify(|n| *n += 1).or_insert(1);
        let name = if *n > 1 { format!("{name}-{n}") } else { name };
        let said = |at: Option<usize>| at.map(cell).filter(|said| !said.is_empty()).map(str::to_owned);
        let document = Document {
            id: format!("{stem}/{name}"),
            title: question.to_owned(),
            source: said(source_at).unwrap_or_else(|| id.to_owned()),
            language: said(language_at),
            form: Form::Answer,
            text: answer.to_owned(),
        };
        document.check().map_err(|why| Wrong::Row(format!(": {why}")))?;
        n_bytes += document.bytes();
        found.push(document);
        if found.len() > N_DOCUMENTS_MAX || n_bytes > ALL_BYTES_MAX {
            return Err(Wrong::File(format!(
                "it holds more than {N_DOCUMENTS_MAX} rows or {ALL_BYTES_MAX} bytes: import a part of it"
            )));
        }
        Ok(())
    })?;
    if found.is_empty() {
        return Err("no row has a question and an answer: write one row for each pair".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
