//! Where is what could not be taken, and why?

use super::{ImportError, Position};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file of NDJSON with one line for each rejected row or payload: `source`, `line`, `reason` and the `row` itself.
///
/// It is created at the first rejection, in place of an older one. It holds customers' data: keep it with the data.
#[derive(Debug)]
pub struct RejectsFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    n_written: u64,
}

impl RejectsFile {
    /// A rejects file at `path`; nothing is created yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, n_written: 0 }
    }

    /// How many lines were written.
    #[must_use]
    pub fn n_written(&self) -> u64 {
        self.n_written
    }

    /// The path, where anything was written.
    #[must_use]
    pub fn path_if_any(&self) -> Option<&Path> {
        self.file.as_ref().map(|_| self.path.as_path())
    }

    /// Writes one rejection.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] where the file cannot be created or written.
    pub fn write(&mut self, at: &Position, reason: &str, row: &Value) -> Result<(), ImportError> {
        let line = json!({ "source": *at.source, "line": at.line, "reason": reason, "row": row });
        self.append(&line).map_err(|source| ImportError::Rejects { path: self.path.clone(), source })?;
        self.n_written += 1;
        Ok(())
    }

    /// Hands everything written to the operating system.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] where that is impossible.
    pub fn flush(&mut self) -> Result<(), ImportError> {
        match self.file.as_mut().map(BufWriter::flush) {
            Some(Err(source)) => Err(ImportError::Rejects { path: self.path.clone(), source }),
            _ => Ok(()),
        }
    }

    fn append(&mut self, line: &Value) -> std::io::Result<()> {
        let file = match self.file.as_mut() {
            Some(file) => file,
            None => {
                if let Some(dir) = self.path.parent() {
                    storage::create_directory(dir)?;
                }
                self.file.insert(BufWriter::new(storage::create_file(&self.path)?))
            }
        };
        serde_json::to_writer(&mut *file, line)?;
        file.write_all(b"\n")
    }
}
