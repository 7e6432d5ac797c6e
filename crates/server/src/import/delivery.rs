//! What happens to a payload, and to a row that gives none?

use super::{ImportError, ImportReport, Position, Progress, RejectsFile, Sink, SinkError};
use primitives::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// Where nothing was accepted so far, an import gives up after this many rejected rows.
const HOPELESS_ROWS: u64 = 10_000;
/// Progress is told, and a wish to stop is asked for, once in this many rows.
const ROWS_PER_REPORT: u64 = 4_096;

/// The way out: payloads to the sink, refusals to the rejects file, numbers to the report.
pub(crate) struct Delivery<'a> {
    pub(crate) report: ImportReport,
    source: Arc<str>,
    sink: &'a mut dyn Sink,
    rejects: &'a mut RejectsFile,
    progress: &'a dyn Progress,
    first_reject: Option<(u64, String)>,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(
        source: &str,
        sink: &'a mut dyn Sink,
        rejects: &'a mut RejectsFile,
        progress: &'a dyn Progress,
    ) -> Self {
        let report = ImportReport { source: source.to_owned(), ..ImportReport::default() };
        Self { report, source: Arc::from(source), sink, rejects, progress, first_reject: None }
    }

    /// One more row was read; `done` is how far the phase is.
    pub(crate) fn row_read(&mut self, done: impl Fn() -> u64) -> Result<(), ImportError> {
        self.report.rows_read += 1;
        self.tick(self.report.rows_read, done)
    }

    /// Tells the progress and listens for a wish to stop, once in a while.
    pub(crate) fn tick(&self, count: u64, done: impl Fn() -> u64) -> Result<(), ImportError> {
        if count.is_multiple_of(ROWS_PER_REPORT) {
            self.progress.advance(done(), self.report.rows_read);
            if self.progress.is_cancelled() {
                return Err(ImportError::Cancelled { name: self.source.to_string() });
            }
        }
        Ok(())
    }

    /// Hands one payload of a mapping to the sink; `row` is what the rejects file shows where it is rejected.
    pub(crate) fn deliver(
        &mut self,
        payload: Value,
        at: Timestamp,
        line: u64,
        row: impl FnOnce() -> Value,
    ) -> Result<(), ImportError> {
        let is_item = payload.get("type").and_then(Value::as_str) == Some("item");
        if self.accept(payload, line, row)? {
            self.report.items_accepted += u64::from(is_item);
            self.report.first_at = Some(self.report.first_at.map_or(at, |first| first.min(at)));
            self.report.last_at = Some(self.report.last_at.map_or(at, |last| last.max(at)));
        }
        Ok(())
    }

    /// Hands one payload to the sink as it is.
    pub(crate) fn pass(&mut self, payload: Value, line: u64) -> Result<(), ImportError> {
        let kept = payload.clone();
        self.accept(payload, line, || kept).map(|_| ())
    }

    fn accept(&mut self, payload: Value, line: u64, row: impl FnOnce() -> Value) -> Result<bool, ImportError> {
        let at = Position { source: Arc::clone(&self.source), line };
        match self.sink.accept(payload, &at) {
            Ok(()) => {
                self.report.events_accepted += 1;
                Ok(true)
            }
            Err(SinkError::Rejected(reason)) => {
                self.report.events_rejected += 1;
                self.rejects.write(&at, &reason, &row())?;
                self.note_hopeless(line, &reason)?;
                Ok(false)
            }
            Err(SinkError::Failed(reason)) => Err(ImportError::Sink { name: self.source.to_string(), line, reason }),
        }
    }

    /// Writes a row that cannot be read or mapped to the rejects file.
    pub(crate) fn reject(&mut self, line: u64, reason: &str, row: &Value) -> Result<(), ImportError> {
        self.report.rows_rejected += 1;
        let at = Position { source: Arc::clone(&self.source), line };
        self.rejects.write(&at, reason, row)?;
        self.note_hopeless(line, reason)
    }

    /// Makes everything durable and closes the report.
    pub(crate) fn finish(mut self) -> Result<ImportReport, ImportError> {
        self.sink.flush().map_err(|error| ImportError::Sink {
            name: self.source.to_string(),
            line: self.report.rows_read,
            reason: error.to_string(),
        })?;
        self.rejects.flush()?;
        self.report.rejects_file = self.rejects.path_if_any().map(std::path::Path::to_owned);
        Ok(self.report)
    }

    fn note_hopeless(&mut self, line: u64, reason: &str) -> Result<(), ImportError> {
        let (line, reason) = self.first_reject.get_or_insert_with(|| (line, reason.to_owned()));
        let report = &self.report;
        let no_row_fits =
            report.rows_rejected >= HOPELESS_ROWS && report.rows_rejected + report.rows_left_out == report.rows_read;
        let no_event_fits = report.events_rejected >= HOPELESS_ROWS && report.events_accepted == 0;
        if !no_row_fits && !no_event_fits {
            return Ok(());
        }
        let n_rows = report.rows_rejected + report.events_rejected;
        self.rejects.flush()?;
        Err(ImportError::NothingFits { name: self.source.to_string(), n_rows, line: *line, reason: reason.clone() })
    }
}
