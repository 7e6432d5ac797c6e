//! What happens to the payloads of an order, and to rows that give none?

use super::reasons::Reasons;
use super::{ImportError, ImportReport, Payload, Position, Progress, RejectsFile, Sink, SinkError};
use primitives::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// Where nothing was accepted so far, an import gives up after this many rejected rows.
const HOPELESS_ROWS: u64 = 10_000;
/// Progress is told, and a wish to stop is asked for, once in this many rows.
const ROWS_PER_REPORT: u64 = 4_096;
/// So many reasons for rejections are reported.
const N_REASONS: usize = 3;

/// A row that cannot be used: its line, why, and how it stands in the file.
#[derive(Debug)]
pub(crate) struct BadRow {
    pub(crate) line: u64,
    pub(crate) reason: String,
    pub(crate) row: Value,
}

/// The way out: payloads to the sink, refusals to the rejects file, numbers to the report.
pub(crate) struct Delivery<'a> {
    pub(crate) report: ImportReport,
    source: Arc<str>,
    /// The source's name where it is one of several.
    file: Option<Arc<str>>,
    sink: &'a mut dyn Sink,
    rejects: &'a mut RejectsFile,
    progress: &'a dyn Progress,
    reasons: Reasons,
    /// Rows that could not be read or mapped; some may still wait to be written down with their order.
    n_unfit: u64,
    /// Orders (or single payloads) that were made and not accepted.
    n_refused: u64,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(
        source: &str,
        sink: &'a mut dyn Sink,
        rejects: &'a mut RejectsFile,
        progress: &'a dyn Progress,
    ) -> Self {
        let report = ImportReport { source: source.to_owned(), ..ImportReport::default() };
        let (source, reasons) = (Arc::from(source), Reasons::default());
        Self { report, source, file: None, sink, rejects, progress, reasons, n_unfit: 0, n_refused: 0 }
    }

    /// What comes next stands in this file; `is_one_of_several` where the report is of more than it.
    pub(crate) fn go_on_with(&mut self, source: &str, is_one_of_several: bool) {
        self.source = Arc::from(source);
        self.file = is_one_of_several.then(|| Arc::clone(&self.source));
    }

    /// One more row was read; `done` is how far the phase is.
    pub(crate) fn row_read(&mut self, done: impl Fn() -> u64) -> Result<(), ImportError> {
        self.report.rows_read += 1;
        self.tick(self.report.rows_read, done)
    }

    /// Tells the progress and listens for a wish to stop, once in a while.
    pub(crate) fn tick(&self, count: u64, done: impl Fn() -> u64) -> Result<(), ImportError> {
        if count.is_multiple_of(ROWS_PER_REPORT) {
            self.progress.advance(done());
            if self.progress.is_cancelled() {
                return Err(ImportError::Cancelled { name: self.report.source.clone() });
            }
        }
        Ok(())
    }

    /// Hands the payloads of one order to the sink: all of them or none. Answers with the reason where it is none.
    pub(crate) fn deliver(
        &mut self,
        ready: impl Iterator<Item = (Value, Timestamp, u64)>,
    ) -> Result<Option<String>, ImportError> {
        let (mut payloads, mut times, mut n_items) = (Vec::new(), None::<(Timestamp, Timestamp)>, 0);
        for (value, at, line) in ready {
            n_items += u64::from(value.get("type").and_then(Value::as_str) == Some("item"));
            times = Some(times.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
            payloads.push(Payload { value, at: self.position(line) });
        }
        let refused = self.accept(payloads)?;
        if let (None, Some((first, last))) = (&refused, times) {
            self.report.items_accepted += n_items;
            self.report.first_at = Some(self.report.first_at.map_or(first, |known| known.min(first)));
            self.report.last_at = Some(self.report.last_at.map_or(last, |known| known.max(last)));
        }
        Ok(refused)
    }

    /// Hands one payload to the sink as it is.
    pub(crate) fn pass(&mut self, value: Value, line: u64) -> Result<(), ImportError> {
        let row = value.clone();
        match self.accept(vec![Payload { value, at: self.position(line) }])? {
            Some(reason) => self.refuse(&BadRow { line, reason, row }),
            None => Ok(()),
        }
    }

    fn accept(&mut self, payloads: Vec<Payload>) -> Result<Option<String>, ImportError> {
        let Some(line) = payloads.first().map(|payload| payload.at.line) else { return Ok(None) };
        let n_payloads = payloads.len() as u64;
        match self.sink.accept(payloads) {
            Ok(()) => {
                self.report.events_accepted += n_payloads;
                Ok(None)
            }
            Err(SinkError::Rejected(reason)) => Ok(Some(reason)),
            Err(why) => Err(ImportError::Sink { name: self.source.to_string(), line, why }),
        }
    }

    /// Counts a row that cannot be read or mapped. Whoever counts it writes it down, now or with the rest of its order.
    pub(crate) fn note_unfit(&mut self, line: u64, reason: &str) -> Result<(), ImportError> {
        self.n_unfit += 1;
        self.reasons.note(self.file.as_deref(), line, reason);
        let no_row_fits = self.n_unfit + self.report.rows_left_out == self.report.rows_read;
        if self.n_unfit >= HOPELESS_ROWS && no_row_fits { self.give_up(self.n_unfit) } else { Ok(()) }
    }

    /// Counts and writes down a row that cannot be read or mapped.
    pub(crate) fn reject(&mut self, bad: &BadRow) -> Result<(), ImportError> {
        self.write_down(bad)?;
        self.note_unfit(bad.line, &bad.reason)
    }

    /// Counts and writes down the row because of which what was made of it is not accepted.
    pub(crate) fn refuse(&mut self, bad: &BadRow) -> Result<(), ImportError> {
        self.write_down(bad)?;
        self.reasons.note(self.file.as_deref(), bad.line, &bad.reason);
        self.n_refused += 1;
        let no_event_fits = self.n_refused >= HOPELESS_ROWS && self.report.events_accepted == 0;
        if no_event_fits { self.give_up(self.report.rows_rejected) } else { Ok(()) }
    }

    /// Writes a rejected row to the rejects file.
    pub(crate) fn write_down(&mut self, bad: &BadRow) -> Result<(), ImportError> {
        self.report.rows_rejected += 1;
        self.rejects.write(&self.position(bad.line), &bad.reason, &bad.row)
    }

    /// Makes everything durable, and counts what was refused late.
    pub(crate) fn flush(&mut self) -> Result<(), ImportError> {
        self.sink.flush().map_err(|why| ImportError::Sink {
            name: self.source.to_string(),
            line: self.report.rows_read,
            why,
        })?;
        for (line, reason) in self.sink.refused_late() {
            self.refuse(&BadRow { line, reason, row: Value::Null })?;
        }
        self.rejects.finish()
    }

    /// Makes everything durable and closes the report.
    pub(crate) fn finish(mut self) -> Result<ImportReport, ImportError> {
        self.flush()?;
        self.report.rejects_file = self.rejects.path_if_any().map(std::path::Path::to_owned);
        self.report.top_reasons = self.reasons.top(N_REASONS);
        let n_told: u64 = self.report.top_reasons.iter().map(|one| one.rows).sum();
        self.report.other_reasons_rows = self.report.rows_rejected.saturating_sub(n_told);
        Ok(self.report)
    }

    fn give_up(&mut self, n_rows: u64) -> Result<(), ImportError> {
        self.rejects.finish()?;
        let reasons = self.reasons.top(N_REASONS);
        Err(ImportError::NothingFits { name: self.report.source.clone(), n_rows, reasons })
    }

    fn position(&self, line: u64) -> Position {
        Position { source: Arc::clone(&self.source), line }
    }
}
