//! How does a file of history become events?
//!
//! `source file → reader → rows → mapping → payloads → sink`. A reader turns a file into rows of text (`readers`), a
//! [`Mapping`] turns a row, or the rows of one order, into payloads as a client would send them to `/v1/batch`, and the
//! caller's [`Sink`] takes them. A directory is the files in it, one after the other, as one import. What
//! already is a payload (NDJSON, our own sealed history) needs no mapping.
//!
//! What stays true:
//! - a bad row is written to the rejects file with its line and its reason, and with it every other row of its order: an
//!   order goes in whole or not at all, and the other orders go in;
//! - a `messageId` depends on the mapping's name and the row's key only: importing a file twice changes nothing;
//! - memory is bounded: files are streamed, and what grouping, customers and items need is limited
//!   ([`ImportOptions::memory_bytes_max`]).

mod bound;
mod delivery;
mod error;
pub mod mapping;
mod private;
mod readers;
mod reasons;
mod rejects;
mod run;
mod sources;
mod table;

pub use error::{ImportError, listed};
pub use mapping::{Mapping, MappingError};
pub use reasons::ReasonCount;
pub use rejects::RejectsFile;
pub use run::{import, import_payloads};
pub use sources::name_of;

use primitives::{ErrorKind, Timestamp};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where in a source a payload comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The source's name: the file's name, and the members of archives behind `!`.
    pub source: Arc<str>,
    /// The line it begins on, counted from 1; in Parquet the number of the row.
    pub line: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.source, self.line)
    }
}

/// An event as a client would send it inside `/v1/batch`, and where it comes from; `type: "item"` describes the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    /// The event.
    pub value: serde_json::Value,
    /// Where it begins in the source.
    pub at: Position,
}

/// What a sink answers when it does not take payloads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// None of these payloads is accepted, for this reason; the import goes on with the next.
    #[error("{0}")]
    Rejected(String),
    /// Nothing can be taken any more (a full disk, a closed log), for this kind of reason and in these words; the import stops.
    #[error("{1}")]
    Failed(ErrorKind, String),
}

impl SinkError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(_) => ErrorKind::Invalid,
            Self::Failed(kind, _) => *kind,
        }
    }
}

/// Who takes the payloads. The server implements it over its event log, in batches, durably, once per `messageId`.
pub trait Sink {
    /// Takes what one order or one row became: all of it or nothing.
    ///
    /// # Errors
    /// [`SinkError::Rejected`] for these payloads, [`SinkError::Failed`] where nothing can be taken any more.
    fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError>;

    /// Makes everything taken so far durable. Called once at the end.
    ///
    /// # Errors
    /// [`SinkError::Failed`] where that is impossible.
    fn flush(&mut self) -> Result<(), SinkError>;

    /// Payloads that were taken and refused later, by a sink elsewhere: line and reason. Asked after [`Sink::flush`].
    fn refused_late(&mut self) -> Vec<(u64, String)> {
        Vec::new()
    }
}

/// What the import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A first pass over the source, for the latest time in it.
    FindingLatest,
    /// Reading rows; where rows of one group may be apart, they are collected here.
    Reading,
    /// Turning the collected groups into events.
    Mapping,
}

/// What a phase's progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of the source file (compressed, where it is).
    Bytes,
    /// Rows of the source.
    Rows,
}

/// Who is told how far the import is. Every method may be left out.
pub trait Progress {
    /// A phase begins; it ends at `total` units, where 0 means that nobody knows.
    fn begin(&self, phase: Phase, total: u64, unit: Unit) {
        let (_, _, _) = (phase, total, unit);
    }

    /// So many units of the phase are done. Called every few thousand rows.
    fn advance(&self, done: u64) {
        let _ = done;
    }

    /// Whether the import shall stop (Ctrl-C). What was taken stays; a later import goes on where it is needed.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}

/// What an import needs to know beside the file and the mapping.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The present, for mappings that shift times to it.
    pub now: Timestamp,
    /// Where members of archives are unpacked to (into files without a name, gone with the process).
    pub scratch_dir: PathBuf,
    /// The most memory, in bytes, for rows that wait for their group, and for what is remembered of customers and items.
    pub memory_bytes_max: usize,
}

impl ImportOptions {
    /// Options with the default limit: one gibibyte, which holds some ten million rows that wait for their group.
    #[must_use]
    pub fn new(now: Timestamp, scratch_dir: PathBuf) -> Self {
        Self { now, scratch_dir, memory_bytes_max: 1 << 30 }
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The source's name.
    pub source: String,
    /// The mapping's name, where one was used.
    pub mapping: Option<String>,
    /// What lies in a directory, is not hidden, and is no history or empty: a directory's name with a slash.
    pub files_left_out: Vec<String>,
    /// Rows (or lines of NDJSON) read.
    pub rows_read: u64,
    /// Rows that the mapping's `when` leaves out.
    pub rows_left_out: u64,
    /// Rows that are bad, or stand in one order with a bad one; each is in the rejects file.
    pub rows_rejected: u64,
    /// The most frequent reasons for that.
    pub top_reasons: Vec<ReasonCount>,
    /// Rejected rows with other reasons than those.
    pub other_reasons_rows: u64,
    /// Payloads the sink took, catalogue items included.
    pub events_accepted: u64,
    /// Catalogue items among the accepted payloads.
    pub items_accepted: u64,
    /// The time of the earliest payload of a mapping.
    pub first_at: Option<Timestamp>,
    /// The time of the latest payload of a mapping.
    pub last_at: Option<Timestamp>,
    /// By how many whole weeks all times were moved; 0 where the mapping moves nothing, or by no whole weeks.
    pub weeks_shifted: i64,
    /// By how many whole days all times were moved; 0 where the mapping moves nothing.
    pub days_shifted: i64,
    /// The rejects file, where anything was rejected.
    pub rejects_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
