//! How do the words of items come into the file, and what does it look like?

use super::vocabulary::Vocabulary;
use crate::DatabaseError;
use crate::numbers::signed;
use crate::schema::create_private;
use decisions::search::Indexed;
use primitives::ErrorKind;
use rusqlite::{Connection, OpenFlags, params};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The layout of the file. One that has another begins anew.
const LAYOUT: i64 = 4;

/// Words come in as the index is to hold them, divided by blanks: nothing is left to the tokenizer but to keep decimals whole and
/// signs of vowels in their words.
const TABLES: &str = "
    CREATE TABLE numbers(number INTEGER PRIMARY KEY, key INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE words USING fts5(
        title, brand, category, description, others, content = '', contentless_delete = 1, prefix = '1 2 3',
        tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* M* Co' tokenchars '.'\");
    CREATE VIRTUAL TABLE word_counts USING fts5vocab(words, row);
    CREATE TABLE spelled(word TEXT PRIMARY KEY, is_vouched INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// From more words on than this the room for them is scarce. Some ten microseconds for each are too long where it is not.
const N_SPELLED_MANY: usize = 200_000;

/// How long it is waited where another program holds the file: searches wait with whoever opens it, and it is tried again soon.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

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
        connection.busy_timeout(PATIENCE)?;
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
            drop_unsaid(&connection, N_SPELLED_MANY)?;
            let mut select = connection.prepare("SELECT word, is_vouched FROM spelled")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                vocabulary.add(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, row.get(1)?);
            }
        }
        Ok((Self { connection }, vocabulary))
    }

    pub(super) fn change(
        &mut self,
        put: &[Indexed],
        gone: &[u32],
        new_words: &BTreeMap<&str, bool>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut number =
                transaction.prepare_cached("REPLACE INTO numbers(number, key, digest) VALUES(?1, ?2, ?3)")?;
            let mut words = transaction.prepare_cached(
                "REPLACE INTO words(rowid, title, brand, category, description, others) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut spell = transaction.prepare_cached(
                "INSERT INTO spelled(word, is_vouched) VALUES(?1, ?2) \
                 ON CONFLICT(word) DO UPDATE SET is_vouched = is_vouched OR excluded.is_vouched",
            )?;
            for (word, is_vouched) in new_words {
                spell.execute(params![word, is_vouched])?;
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

/// Forgets the words that no item has any more, where there are more than so many: they would take the room of others.
fn drop_unsaid(connection: &Connection, n_many: usize) -> rusqlite::Result<()> {
    let is_many =
        connection.query_row("SELECT count(*) > ?1 FROM spelled", [signed(n_many as u64)], |row| row.get(0))?;
    if is_many {
        connection.execute(
            "DELETE FROM spelled WHERE NOT EXISTS (SELECT 1 FROM words WHERE words MATCH '\"' || spelled.word || '\"')",
            [],
        )?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::super::letters::is_read_as_written;
    use super::*;
    use primitives::ItemKey;

    #[test]
    fn words_that_no_item_has_are_forgotten_where_there_are_many_and_no_others() {
        let mut writing = Writing::in_memory().unwrap();
        let item = |number: u32, title: &str| {
            let columns = [title, "", "", "", ""].map(str::to_owned);
            Indexed { number, key: ItemKey(u64::from(number)), digest: 1, is_vouched: true, columns }
        };
        let words = BTreeMap::from([("red", true), ("shoe", true), ("hat", false), ("ḃlue", true)]);
        writing.change(&[item(1, "red shoe"), item(2, "hat"), item(3, "ḃlue shoe")], &[], &words).unwrap();
        writing.change(&[], &[1, 2], &BTreeMap::new()).unwrap();
        let spelled = || {
            let mut select = writing.connection.prepare("SELECT word FROM spelled ORDER BY word").unwrap();
            let words = select.query_map([], |row| row.get(0)).unwrap();
            words.collect::<rusqlite::Result<Vec<String>>>().unwrap()
        };
        drop_unsaid(&writing.connection, 4).unwrap();
        assert_eq!(spelled().len(), 4, "they are few");
        drop_unsaid(&writing.connection, 3).unwrap();
        assert_eq!(spelled(), ["shoe", "ḃlue"], "also where the table reads it otherwise");
    }

    #[test]
    fn the_index_has_these_letters_as_they_are_written() {
        let letters = ('\u{A0}'..='\u{FFFF}').filter(|letter| letter.is_alphabetic());
        let small = letters.filter(|letter| letter.to_lowercase().eq([*letter]));
        let words: Vec<String> = small
            .filter(|letter| is_read_as_written(&letter.to_string()))
            .map(|letter| format!("a{letter}b"))
            .collect();
        assert!(words.len() > 30_000 && words.contains(&"aкb".to_owned()) && !words.contains(&"aςb".to_owned()));
        let mut writing = Writing::in_memory().unwrap();
        let columns = [words.join(" "), String::new(), String::new(), String::new(), String::new()];
        let item = Indexed { number: 1, key: ItemKey(1), digest: 1, is_vouched: true, columns };
        writing.change(&[item], &[], &BTreeMap::new()).unwrap();
        let mut select = writing.connection.prepare("SELECT 1 FROM word_counts WHERE term = ?1").unwrap();
        let read_otherwise: Vec<&String> = words.iter().filter(|word| !select.exists([word]).unwrap()).collect();
        assert_eq!(read_otherwise, Vec::<&String>::new());
    }
}
