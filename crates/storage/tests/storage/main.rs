//! Does the storage keep what it promises, whatever happens?
#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod audit;
mod backups;
mod contracts;
mod crashes;
mod damage;
mod decision_files;
mod directories;
mod faults;
mod imports;
mod model;
mod recovery;
mod search;
