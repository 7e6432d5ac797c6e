//! How are the words of the catalogue kept? [`TextIndex`] as a full-text table in a database file of its own.
//!
//! The file is derived: where it is damaged, of another layout or lost, it begins anew, and whoever keeps the catalogue puts
//! everything there again. So nothing of it is in a backup, and no commit of it waits for the disk.

use crate::numbers::signed;
use crate::readers::Readers;
use crate::schema::create_private;
use crate::{Access, DataDir, DatabaseError};
use decisions::search::{COLUMN_WEIGHTS, Clause, Indexed, Matching, Phrase, TextIndex, TextIndexError, TextMatch};
use primitives::{ErrorKind, ItemKey, stable_hash};
use rusqlite::{Connection, OpenFlags, params};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The layout of the file. One that has another begins anew.
const LAYOUT: i64 = 1;

/// Words come in as the index is to hold them, divided by blanks: nothing is left to the tokenizer but to keep decimals whole and
/// signs of vowels in their words.
const TABLES: &str = "
    CREATE TABLE numbers(number INTEGER PRIMARY KEY, key INTEGER NOT NULL, digest INTEGER NOT NULL) STRICT;
    CREATE VIRTUAL TABLE words USING fts5(
        title, brand, category, description, others, content = '', contentless_delete = 1, prefix = '2 3',
        tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* M* Co' tokenchars '.'\");
    CREATE VIRTUAL TABLE word_counts USING fts5vocab(words, row);
    CREATE VIRTUAL TABLE spelled USING fts5(word, tokenize = 'trigram');
";

/// Of more matches than this none has a score: a score of each takes eight times as long as the match, and words that so many
/// items have tell few of them apart.
const N_SCORED_MAX: usize = 3_000;

/// How short a word is at least that is compared with others by its letters.
const N_LETTERS_MIN: usize = 3;

/// The words of the catalogue, in a file or in memory. It is opened when it is needed first.
#[derive(Debug)]
pub struct FileTextIndex {
    writing: Mutex<Option<Writing>>,
    is_open: AtomicBool,
    /// `None` where it is kept in memory: there is one connection only.
    readers: Option<Readers>,
    path: PathBuf,
}

#[derive(Debug)]
struct Writing {
    connection: Connection,
    /// The words that are spelled in the index, by their hashes.
    spelled: HashSet<u64>,
}

impl FileTextIndex {
    /// The index of a data directory. Where the directory may only be read, it is made in memory.
    #[must_use]
    pub fn of(directory: &DataDir) -> Self {
        let path = directory.search();
        let readers = (directory.access() == Access::Exclusive).then(|| Readers::new(path.clone()));
        Self { writing: Mutex::default(), is_open: AtomicBool::new(false), readers, path }
    }

    /// Does something where words are written.
    fn write<T>(&self, work: impl FnOnce(&mut Writing) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let mut writing = self.lock();
        if writing.is_none() {
            *writing = Some(match &self.readers {
                None => Writing::in_memory()?,
                // Whatever is there that is not ours to read is derived, and begins anew.
                Some(_) => Writing::in_file(&self.path).or_else(|_| {
                    remove(&self.path)?;
                    Writing::in_file(&self.path)
                })?,
            });
            self.is_open.store(true, Ordering::Release);
        }
        match writing.as_mut() {
            Some(writing) => Ok(work(writing)?),
            None => Err(DatabaseError::new(ErrorKind::Internal, CHECK, "the index is not open")),
        }
    }

    fn read<T>(
        &self,
        attempt: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, TextIndexError> {
        if !self.is_open.load(Ordering::Acquire) {
            self.write(|_| Ok(())).map_err(|error| failed(attempt, error))?;
        }
        let found = match &self.readers {
            Some(readers) => readers.with(read),
            None => self.write(|writing| read(&writing.connection)),
        };
        found.map_err(|error| failed(attempt, error))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Writing>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writing {
    fn in_memory() -> Result<Self, DatabaseError> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection, spelled: HashSet::new() })
    }

    fn in_file(path: &Path) -> Result<Self, DatabaseError> {
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
        let spelled = connection
            .prepare("SELECT word FROM spelled")?
            .query_map([], |row| Ok(stable_hash(row.get_ref(0)?.as_str()?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Self { connection, spelled })
    }

    fn change(&mut self, put: &[Indexed], gone: &[u32]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut new_words = HashSet::new();
        {
            let mut number =
                transaction.prepare_cached("REPLACE INTO numbers(number, key, digest) VALUES(?1, ?2, ?3)")?;
            let mut words = transaction.prepare_cached(
                "REPLACE INTO words(rowid, title, brand, category, description, others) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            let mut spell = transaction.prepare_cached("INSERT INTO spelled(word) VALUES(?1)")?;
            for item in put {
                number.execute(params![item.number, item.key.0.cast_signed(), item.digest.cast_signed()])?;
                let [title, brand, category, description, others] = &item.columns;
                words.execute(params![item.number, title, brand, category, description, others])?;
                for word in item.columns.iter().flat_map(|column| column.split(' ')).filter(|word| is_spelled(word)) {
                    let hash = stable_hash(&marked(word));
                    if !self.spelled.contains(&hash) && new_words.insert(hash) {
                        spell.execute([marked(word)])?;
                    }
                }
            }
            let mut unnumber = transaction.prepare_cached("DELETE FROM numbers WHERE number = ?1")?;
            let mut forget = transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
            for number in gone {
                unnumber.execute([number])?;
                forget.execute([number])?;
            }
        }
        transaction.commit()?;
        self.spelled.extend(new_words);
        Ok(())
    }
}

impl TextIndex for FileTextIndex {
    fn held(&self, visit: &mut dyn FnMut(u32, ItemKey, u64)) -> Result<(), TextIndexError> {
        self.read("reading which items can be searched", |connection| {
            let mut select = connection.prepare_cached("SELECT number, key, digest FROM numbers ORDER BY number")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                visit(
                    row.get(0)?,
                    ItemKey(row.get::<_, i64>(1)?.cast_unsigned()),
                    row.get::<_, i64>(2)?.cast_unsigned(),
                );
            }
            Ok(())
        })
    }

    fn change(&self, put: &[Indexed], gone: &[u32]) -> Result<(), TextIndexError> {
        let changed = self.write(|writing| writing.change(put, gone));
        changed.map_err(|error| failed("keeping the words of items", error))
    }

    fn clear(&self) -> Result<(), TextIndexError> {
        let cleared = match &self.readers {
            None => {
                *self.lock() = None;
                Ok(())
            }
            // What is damaged cannot be emptied: the file goes, and so do the connections to it.
            Some(readers) => {
                let mut writing = self.lock();
                *writing = None;
                readers.anew(|path| {
                    remove(path)?;
                    *writing = Some(Writing::in_file(path)?);
                    Ok(())
                })
            }
        };
        cleared.map_err(|error| failed("beginning the index of items anew", error))
    }

    fn find(
        &self,
        clauses: &[Clause],
        matching: Matching,
        after: Option<u32>,
        n_max: usize,
    ) -> Result<Vec<TextMatch>, TextIndexError> {
        let wanted = expression(clauses, matching);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let [title, brand, category, description, others] = COLUMN_WEIGHTS;
        let sql = format!(
            "SELECT rowid, bm25(words, {title:.1}, {brand:.1}, {category:.1}, {description:.1}, {others:.1}) FROM words \
             WHERE words MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3"
        );
        let after = after.map_or(-1, i64::from);
        self.read("searching the items", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3",
            )?;
            let numbers = select.query_map(params![wanted, after, signed(n_max as u64)], |row| row.get(0))?;
            let numbers: Vec<u32> = numbers.collect::<rusqlite::Result<_>>()?;
            if numbers.len() > N_SCORED_MAX {
                return Ok(numbers.into_iter().map(|number| TextMatch { number, score: 0.0 }).collect());
            }
            let mut select = connection.prepare_cached(&sql)?;
            let found = select.query_map(params![wanted, after, signed(n_max as u64)], |row| {
                Ok(TextMatch { number: row.get(0)?, score: -row.get::<_, f64>(1)? })
            })?;
            found.collect()
        })
    }

    fn titled(&self, phrase: &Phrase, n_max: usize) -> Result<Vec<u32>, TextIndexError> {
        let wanted = quoted(phrase);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        self.read("searching the titles of items", |connection| {
            let mut select = connection.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1 LIMIT ?2")?;
            let found =
                select.query_map(params![format!("title : {wanted}"), signed(n_max as u64)], |row| row.get(0))?;
            found.collect()
        })
    }

    fn has(&self, phrase: &Phrase) -> Result<bool, TextIndexError> {
        let wanted = quoted(phrase);
        if wanted.is_empty() {
            return Ok(false);
        }
        self.read("looking for an item with a word", |connection| {
            connection.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1 LIMIT 1")?.exists([wanted])
        })
    }

    fn n_with(&self, word: &str) -> Result<u64, TextIndexError> {
        self.read("counting the items with a word", |connection| {
            let mut select = connection.prepare_cached("SELECT doc FROM word_counts WHERE term = ?1")?;
            let mut rows = select.query([word])?;
            Ok(rows.next()?.map_or(Ok(0), |row| row.get::<_, i64>(0))?.cast_unsigned())
        })
    }

    fn like(&self, word: &str, n_max: usize) -> Result<Vec<String>, TextIndexError> {
        if !is_spelled(word) {
            return Ok(Vec::new());
        }
        let letters: Vec<char> = marked(word).chars().collect();
        let parts: Vec<String> =
            letters.windows(3).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect();
        self.read("looking for words that are spelled alike", |connection| {
            let sql = "SELECT word FROM spelled WHERE spelled MATCH ?1 ORDER BY rank, word LIMIT ?2";
            let mut select = connection.prepare_cached(sql)?;
            let found = select.query_map(params![parts.join(" OR "), signed(n_max as u64)], |row| {
                Ok(row.get_ref(0)?.as_str()?.trim_matches(['<', '>']).to_owned())
            })?;
            found.collect()
        })
    }
}

/// What is compared by its letters: no numbers, and nothing that is too short.
fn is_spelled(word: &str) -> bool {
    !word.contains(|letter: char| letter.is_ascii_digit()) && word.chars().nth(N_LETTERS_MIN - 1).is_some()
}

/// A word with its beginning and its end, so that how it begins and ends counts, too.
fn marked(word: &str) -> String {
    format!("<{word}>")
}

/// What is looked for in the language of the table. Words stand in quotes, so that none is an operator.
fn expression(clauses: &[Clause], matching: Matching) -> String {
    let clauses = clauses.iter().map(|clause| {
        let phrases: Vec<String> = clause.iter().map(quoted).filter(|phrase| !phrase.is_empty()).collect();
        phrases.join(" OR ")
    });
    let clauses: Vec<String> =
        clauses.filter(|clause| !clause.is_empty()).map(|clause| format!("({clause})")).collect();
    clauses.join(match matching {
        Matching::All => " AND ",
        Matching::Any => " OR ",
    })
}

fn quoted(phrase: &Phrase) -> String {
    let words: Vec<String> = phrase.words.iter().map(|word| word.replace('"', " ")).collect();
    let text = words.join(" ");
    let mut quoted = String::new();
    // A text of other signs would be an empty phrase, which matches nothing.
    if text.contains(char::is_alphanumeric) {
        let _ = write!(quoted, "\"{}\"{}", text.trim(), if phrase.is_beginning { " *" } else { "" });
    }
    quoted
}

const CHECK: &str = "check the disk and the permissions of the data directory, and try again";

/// Removes the file and what belongs to it.
fn remove(path: &Path) -> Result<(), DatabaseError> {
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

fn failed(attempt: &str, error: DatabaseError) -> TextIndexError {
    TextIndexError { attempt: format!("{attempt} failed: {}", error.action), kind: error.kind, source: Box::new(error) }
}
