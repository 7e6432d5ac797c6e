//! Who reads the database meanwhile? A few read-only connections that are used in turn.

use crate::DatabaseError;
use crate::schema::open_reader;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many connections are kept open for the next reader.
const N_IDLE_MAX: usize = 8;

/// Read-only connections. A reader takes one and gives it back, so a visitor may read again while it is called.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    /// How long it is waited where another program holds the file.
    patience: Duration,
    idle: Mutex<Idle>,
}

/// The connections that nobody uses.
#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Connection>,
    /// How often the file was made anew: a connection to the one before is not kept.
    n_anew: u64,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, patience: Duration) -> Self {
        Self { path, patience, idle: Mutex::default() }
    }

    /// Reads with a connection of one's own.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let (idle, n_anew) = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            (idle.connections.pop(), idle.n_anew)
        };
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path, self.patience)?,
        };
        let found = read(&connection)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.connections.len() < N_IDLE_MAX && idle.n_anew == n_anew {
            idle.connections.push(connection);
        }
        Ok(found)
    }

    /// Closes the connections that nobody uses, and has the file made anew: who comes meanwhile waits.
    pub(crate) fn anew(&self, make: impl FnOnce(&Path) -> Result<(), DatabaseError>) -> Result<(), DatabaseError> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.connections.clear();
        idle.n_anew += 1;
        make(&self.path)
    }

    /// Reads everything from one moment.
    pub(crate) fn snapshot<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, DatabaseError> {
        self.with(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let found = read(&transaction)?;
            transaction.commit()?;
            Ok(found)
        })
    }
}
