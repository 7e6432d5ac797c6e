//! Which files are meant by a path: the file, or those of a directory?

use super::bound::Table;
use super::readers::{self, Content};
use super::{ImportError, ImportOptions, Mapping, Phase, Progress, Unit};
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// How the names of files end that are taken for history where only their directory is named.
const ENDINGS: [&str; 9] = ["csv", "tsv", "txt", "ndjson", "jsonl", "json", "parquet", "gz", "zip"];

/// The files of one import, in the order in which they go in.
pub(crate) struct Sources {
    /// The name of the whole, as the list of imports shows it.
    pub(crate) name: String,
    pub(crate) files: Vec<PathBuf>,
    /// What lies beside them and is not taken, but for what is hidden.
    pub(crate) left_out: Vec<String>,
    /// Whether a file's name has to be said beside the whole's.
    pub(crate) is_directory: bool,
}

impl Sources {
    /// The file, or the files of the directory in the order of their names. In a directory, what is hidden, what lies deeper and
    /// what ends otherwise is left out, and what is empty; what is left must be readable, before anything of it goes in.
    pub(crate) fn of(path: &Path, mapping: Option<&Mapping>, options: &ImportOptions) -> Result<Self, ImportError> {
        let shown = path.display().to_string();
        let cannot = |source| ImportError::Open { path: shown.clone(), source };
        if !std::fs::metadata(path).map_err(cannot)?.is_dir() {
            return Ok(Self {
                name: name_of(path),
                files: vec![path.to_owned()],
                left_out: Vec::new(),
                is_directory: false,
            });
        }
        let (mut files, mut left_out) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(path).map_err(cannot)? {
            let file = entry.map_err(cannot)?.path();
            if is_history(&file) && file.is_file() {
                files.push(file);
            } else if !is_hidden(&file) {
                left_out.push(format!("{}{}", name_in(&file), if file.is_dir() { "/" } else { "" }));
            }
        }
        files.sort();
        let mut found = Vec::new();
        for file in files {
            match check(&file, mapping, options) {
                Err(ImportError::Empty { .. }) => left_out.push(name_in(&file)),
                checked => {
                    checked?;
                    found.push(file);
                }
            }
        }
        if found.is_empty() {
            return Err(ImportError::NoFiles { path: shown, endings: ENDINGS.join(", .") });
        }
        left_out.sort();
        Ok(Self { name: name_of(path), files: found, left_out, is_directory: true })
    }

    /// A progress of the whole.
    pub(crate) fn progress<'p>(&self, progress: &'p dyn Progress) -> Together<'p> {
        let bytes = |file: &PathBuf| std::fs::metadata(file).map_or(0, |found| found.len());
        let total = self.is_directory.then(|| self.files.iter().map(bytes).sum());
        Together { progress, total, before: Cell::new(0), phase: Cell::new(None), is_counted: Cell::new(false) }
    }
}

/// The file's own name, or the directory's, also where it is called `.`: what an import is known by.
#[must_use]
pub fn name_of(path: &Path) -> String {
    let full = std::fs::canonicalize(path).ok();
    let name = path.file_name().or_else(|| full.as_deref().and_then(Path::file_name));
    name.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn name_in(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_hidden(file: &Path) -> bool {
    name_in(file).starts_with('.')
}

fn is_history(file: &Path) -> bool {
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    !is_hidden(file) && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Whether a file can be read at all.
fn check(file: &Path, mapping: Option<&Mapping>, options: &ImportOptions) -> Result<(), ImportError> {
    let opened = readers::open(file, mapping.map(|mapping| &mapping.source), options)?;
    match opened.content {
        Content::Table(rows) => Table::bind(rows, &opened.name, mapping).map(|_| ()),
        Content::Payloads(_) => Ok(()),
    }
}

/// Counts the bytes of several files as those of one.
pub(crate) struct Together<'p> {
    progress: &'p dyn Progress,
    /// All bytes; `None` for a single file, which is told as it is.
    total: Option<u64>,
    before: Cell<u64>,
    phase: Cell<Option<Phase>>,
    /// Whether what is told now are bytes of the phase.
    is_counted: Cell<bool>,
}

impl Together<'_> {
    /// A file of so many bytes is done.
    pub(crate) fn pass(&self, file: &Path) {
        self.before.set(self.before.get() + std::fs::metadata(file).map_or(0, |found| found.len()));
    }

    /// It begins with the first file again.
    pub(crate) fn again(&self) {
        self.before.set(0);
    }
}

impl Progress for Together<'_> {
    fn begin(&self, phase: Phase, total: u64, unit: Unit) {
        let Some(all) = self.total else { return self.progress.begin(phase, total, unit) };
        self.is_counted.set(unit == Unit::Bytes && phase != Phase::Mapping);
        if phase != Phase::Mapping && self.phase.replace(Some(phase)) != Some(phase) {
            self.progress.begin(phase, all, Unit::Bytes);
        }
    }

    fn advance(&self, done: u64) {
        match self.total {
            None => self.progress.advance(done),
            Some(_) => self.progress.advance(self.before.get() + if self.is_counted.get() { done } else { 0 }),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.progress.is_cancelled()
    }
}
