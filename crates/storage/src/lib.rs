//! How are the ports kept on one machine?
//!
//! One SQLite file for what changes, Parquet files for what is closed, files named by their content for models. A data
//! directory belongs to one program at a time; others may read it meanwhile.
//!
//! ```text
//! DATA/lock                                   who uses the directory
//! DATA/rapport.db (-wal, -shm)                log, message ids, rejections, derived state, decisions, audit list
//! DATA/search.db                              the words of the catalogue, for searches; derived
//! DATA/history/date=2026-11-22/part-*.parquet closed ranges of the log, by the day they were received
//! DATA/decisions/date=2026-11-22/part.parquet  the decisions of a day that is over, for other tools; derived
//! DATA/set-aside/                             what could not be read any more, each with a record of what it was
//! DATA/erased/                                what is empty in the log since customers were erased; no names
//! DATA/models/<sha256>.model                  models, by content
//! DATA/models/champions/<model>.json          which version is in force
//! ```
//!
//! What stays true:
//! - nothing is acknowledged before it is synced to disk;
//! - one thread writes; what waits meanwhile shares its next transaction, and where too much waits, callers wait for a place;
//! - an event is in the log or in the history, never in both and never in neither: one number, `sealed_upto`, says where
//!   the border is; nothing is removed beyond it but what an intent of sealing names, and a history that the database does
//!   not know is refused;
//! - every file of the history is verified when it is read, and what is left out is exactly what was set aside;
//! - what is stored can be read by the user who runs the program, and by nobody else;
//! - a failure leaves what was stored before, and the message says what to do.

mod audit;
mod backup;
mod command;
pub mod contract;
mod counters;
mod decision_files;
mod decision_log;
mod directory;
mod doctor;
mod documents;
mod erased;
mod erasures;
mod error;
mod event_log;
mod files;
mod history;
mod history_files;
mod imports;
mod lists;
mod model_store;
mod numbers;
mod playbook;
mod privacy;
mod profile_store;
mod readers;
mod room;
mod schema;
mod seen_ids;
mod set_aside;
mod settings;
mod storage;
mod text_index;
mod withdrawn;
mod writer;

pub use audit::AuditQuestion;
pub use backup::{Backup, restore};
pub use decision_files::DecisionFilesReport;
pub use directory::{Access, DataDir};
pub use doctor::{Depth, Finding, Progress, Severity};
pub use error::{DatabaseError, StorageError};
pub use files::{create_directory, create_file};
pub use history::{SealPolicy, SealReport, TakenIn};
pub use model_store::FileModelStore;
pub use profile_store::Rebuild;
pub use room::Room;
pub use set_aside::{SetAside, set_aside};
pub use settings::{OnCommit, StorageSettings, WriterStats};
pub use storage::{Storage, Usage};
pub use text_index::FileTextIndex;
