//! How is everything that ever happened kept for good?
//!
//! A *round* is a closed range of offsets. It becomes one file for each day on which its events were received, so that
//! DuckDB, Polars or Spark read only the days they need. A file's name carries the digest of its content: every bit that
//! changes is found when it is read. Which rounds count says the database's `sealed_upto`.

mod columns;
mod offsets;
mod parts;
mod read;
mod rows;
mod sought;
mod write;

pub(crate) use offsets::Offsets;
pub(crate) use parts::{Draft, Part, PartFiles, Round};
pub(crate) use read::{FoundEvent, Open, RoundRows, verified};
pub(crate) use sought::Sought;
pub(crate) use write::{Digesting, file_error};

/// An event's place and its bytes in the log.
pub(crate) type Row = (u64, Vec<u8>);

/// A row on its way to the history.
#[derive(Debug)]
pub(crate) struct SealedRow {
    pub(crate) offset: u64,
    pub(crate) received_at: i64,
    pub(crate) record: Vec<u8>,
}
