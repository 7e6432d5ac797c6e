//! How do the words of items come into the file, and what does it look like?

use super::vocabulary::Vocabulary;
use crate::DatabaseError;
use crate::schema::create_private;
use decisions::search::Indexed;
use primitives::ErrorKind;
use rusqlite::{Connection, OpenFlags, params};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// The layout of the file. One that has another begins anew.
const LAYOUT: i64 = 2;

/// Words come in as the index is to hold them, divided by blanks: nothing is left to the tokenizer but to keep decimals whole and
/// signs of vowels in their words.
const TABLES: &str = "
    CREATE TABLE numbers(number INTEGER PRIMARY KEY, key INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE words USING fts5(
        title, brand, category, description, others, content = '', contentless_delete = 1, prefix = '1 2 3',
        tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* M* Co' tokenchars '.'\");
    CREATE VIRTUAL TABLE word_counts USING fts5vocab(words, row);
    CREATE TABLE spelled(word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
";

pub(super) const CHECK: &str = "check the disk and the permissions of the data directory, and try again";

/// The connection that changes the index: one at a time.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) connection: Connection,
}

impl Writing {
    pub(super) fn in_memory() -> Result<Self, DatabaseError> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection })
    }

    pub(super) fn in_file(path: &Path) -> Result<(Self, Vocabulary), DatabaseError> {
        create_private(path).map_err(|error| DatabaseError::new(ErrorKind::Unavailable, CHECK, error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;",
        )?;
        connection.set_prepared_statement_cache_capacity(16);
        match connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? {
            LAYOUT => {}
            0 => connection
                .execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {LAYOUT}; COMMIT;"))?,
            _ => return Err(DatabaseError::new(ErrorKind::Corrupt, CHECK, "the index has another layout")),
        }
        let mut vocabulary = Vocabulary::default();
        {
            let mut select = connection.prepare("SELECT word FROM spelled")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                vocabulary.add(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
            }
        }
        Ok((Self { connection }, vocabulary))
    }

    pub(super) fn change(&mut self, put: &[Indexed], gone: &[u32], new_words: &BTreeSet<&str>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut number =
                transaction.prepare_cached("REPLACE INTO numbers(number, key, digest) VALUES(?1, ?2, ?3)")?;
            let mut words = transaction.prepare_cached(
                "REPLACE INTO words(rowid, title, brand, category, description, others) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut spell = transaction.prepare_cached("INSERT OR IGNORE INTO spelled(word) VALUES(?1)")?;
            for word in new_words {
                spell.execute([word])?;
            }
            for item in put {
                number.execute(params![item.number, item.key.0.cast_signed(), item.digest.cast_signed()])?;
                let [title, brand, category, description, others] = &item.columns;
                words.execute(params![item.number, title, brand, category, description, others])?;
            }
            let mut unnumber = transaction.prepare_cached("DELETE FROM numbers WHERE number = ?1")?;
            let mut forget = transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
            for number in gone {
                unnumber.execute([number])?;
                forget.execute([number])?;
            }
        }
        transaction.commit()
    }
}

/// Removes the file and what belongs to it.
pub(super) fn remove(path: &Path) -> Result<(), DatabaseError> {
    for ending in ["db", "db-wal", "db-shm"] {
        match std::fs::remove_file(path.with_extension(ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(DatabaseError::new(ErrorKind::Unavailable, CHECK, error.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}
