//! Where is what could not be taken, and why?

use super::{ImportError, Position};
use crate::private::{create_directory, create_file};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of NDJSON with one line for each rejected row, in the order of the source: `source`, `line`, `reason` and the
/// `row` itself.
///
/// It is created at the first rejection, in place of an older one. It holds customers' data: keep it with the data.
#[derive(Debug)]
pub struct RejectsFile {
    /// `None` keeps nothing: for a trial.
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    /// Where each rejection stands in the file: which source and line of it, first byte, number of bytes.
    places: Vec<((u64, u64), u64, u32)>,
    n_bytes: u64,
    /// The source that is being read, and how many were before it.
    source: (Option<Arc<str>>, u64),
}

impl RejectsFile {
    /// A rejects file at `path`; nothing is created yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), file: None, places: Vec::new(), n_bytes: 0, source: (None, 0) }
    }

    /// Keeps nothing.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { path: None, file: None, places: Vec::new(), n_bytes: 0, source: (None, 0) }
    }

    /// The path, where anything was written.
    #[must_use]
    pub fn path_if_any(&self) -> Option<&Path> {
        self.path.as_deref().filter(|_| self.file.is_some())
    }

    /// Writes one rejection.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] where the file cannot be created or written.
    pub fn write(&mut self, at: &Position, reason: &str, row: &Value) -> Result<(), ImportError> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        let line = json!({ "source": *at.source, "line": at.line, "reason": reason, "row": row });
        if self.source.0.as_ref() != Some(&at.source) {
            self.source = (Some(Arc::clone(&at.source)), self.source.1 + 1);
        }
        self.append(&path, at.line, &line).map_err(|source| ImportError::Rejects { path, source })
    }

    /// Puts the rejections into the order of the source's lines, and hands everything to the operating system. An order
    /// whose lines lie apart is rejected after its last line only.
    ///
    /// # Errors
    /// [`ImportError::Rejects`] where that is impossible.
    pub fn finish(&mut self) -> Result<(), ImportError> {
        let (Some(path), Some(file)) = (self.path.clone(), self.file.as_mut()) else { return Ok(()) };
        let done = file.flush().and_then(|()| {
            if self.places.is_sorted() {
                return Ok(());
            }
            self.places.sort_unstable();
            *file = in_order(&path, &mut self.places)?;
            Ok(())
        });
        done.map_err(|source| ImportError::Rejects { path, source })
    }

    fn append(&mut self, path: &Path, line_of_source: u64, line: &Value) -> std::io::Result<()> {
        let file = match self.file.as_mut() {
            Some(file) => file,
            None => {
                if let Some(dir) = path.parent() {
                    create_directory(dir)?;
                }
                self.file.insert(BufWriter::new(create_file(path)?))
            }
        };
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        file.write_all(&text)?;
        // A row has at most a mebibyte.
        self.places.push((
            (self.source.1, line_of_source),
            self.n_bytes,
            u32::try_from(text.len()).unwrap_or(u32::MAX),
        ));
        self.n_bytes += text.len() as u64;
        Ok(())
    }
}

/// Writes the file anew in the order of `places`, which then say where things are.
fn in_order(path: &Path, places: &mut [((u64, u64), u64, u32)]) -> std::io::Result<BufWriter<File>> {
    let beside = path.with_extension("sorting");
    let mut from = BufReader::new(File::open(path)?);
    let mut to = BufWriter::new(create_file(&beside)?);
    let (mut text, mut n_bytes) = (Vec::new(), 0);
    for (_, first, length) in places {
        from.seek(SeekFrom::Start(*first))?;
        text.clear();
        from.by_ref().take(u64::from(*length)).read_to_end(&mut text)?;
        to.write_all(&text)?;
        *first = n_bytes;
        n_bytes += u64::from(*length);
    }
    to.flush()?;
    fs::rename(&beside, path)?;
    Ok(to)
}
