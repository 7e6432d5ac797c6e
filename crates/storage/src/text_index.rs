//! How are the words of the catalogue kept? [`TextIndex`] as a full-text table in a database file of its own.
//!
//! The file is derived: where it is damaged, of another layout or lost, it begins anew, and whoever keeps the catalogue puts
//! everything there again. So nothing of it is in a backup, and no commit of it waits for the disk.

mod broad;
mod letters;
mod vocabulary;
mod writing;

use crate::numbers::signed;
use crate::readers::Readers;
use crate::{Access, DataDir, DatabaseError};
use broad::{Broad, Numbers};
use decisions::search::{COLUMN_WEIGHTS, Clause, Indexed, Matching, Phrase, TextIndex, TextIndexError, TextMatch};
use primitives::{ErrorKind, ItemKey};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use vocabulary::Vocabulary;
use writing::{CHECK, PATIENCE, Writing, remove};

/// Of more matches than this none has a score: a score of each takes eight times as long as the match, and words that so many
/// items have tell few of them apart.
const N_SCORED_MAX: usize = 3_000;

/// The words of the catalogue, in a file or in memory. It is opened when it is needed first.
#[derive(Debug)]
pub struct FileTextIndex {
    writing: Mutex<Option<Writing>>,
    is_open: AtomicBool,
    /// `None` where it is kept in memory: there is one connection only.
    readers: Option<Readers>,
    path: PathBuf,
    /// The words that are spelled in the index. Locked last, and never while the index is asked.
    vocabulary: RwLock<Vocabulary>,
    /// What very many items say. Locked as the words are.
    broad: RwLock<Broad>,
}

impl FileTextIndex {
    /// The index of a data directory. Where the directory may only be read, it is made in memory.
    #[must_use]
    pub fn of(directory: &DataDir) -> Self {
        let path = directory.search();
        let readers = (directory.access() == Access::Exclusive).then(|| Readers::new(path.clone(), PATIENCE));
        Self {
            writing: Mutex::default(),
            is_open: AtomicBool::new(false),
            readers,
            path,
            vocabulary: RwLock::default(),
            broad: RwLock::default(),
        }
    }

    /// Does something where words are written.
    fn write<T>(&self, work: impl FnOnce(&mut Writing) -> rusqlite::Result<T>) -> Result<T, DatabaseError> {
        let mut writing = self.lock();
        if writing.is_none() {
            let (opened, vocabulary) = match &self.readers {
                None => (Writing::in_memory()?, Vocabulary::default()),
                Some(_) => Writing::in_file(&self.path).or_else(|error| {
                    // What is held by somebody, or has no room, is as good as it was.
                    if error.kind == ErrorKind::Unavailable {
                        return Err(error);
                    }
                    // Whatever is there that is not ours to read is derived, and begins anew.
                    remove(&self.path)?;
                    Writing::in_file(&self.path)
                })?,
            };
            *writing = Some(opened);
            self.begin(vocabulary);
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
        self.open(attempt)?;
        let found = match &self.readers {
            Some(readers) => readers.with(read),
            None => self.write(|writing| read(&writing.connection)),
        };
        found.map_err(|error| failed(attempt, error))
    }

    fn open(&self, attempt: &'static str) -> Result<(), TextIndexError> {
        if !self.is_open.load(Ordering::Acquire) {
            self.write(|_| Ok(())).map_err(|error| failed(attempt, error))?;
        }
        Ok(())
    }

    fn vocabulary<T>(&self, change: impl FnOnce(&mut Vocabulary) -> T) -> T {
        change(&mut self.vocabulary.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn spelled<T>(&self, look: impl FnOnce(&Vocabulary) -> T) -> T {
        look(&self.vocabulary.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn broad<T>(&self, change: impl FnOnce(&mut Broad) -> T) -> T {
        change(&mut self.broad.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn kept<T>(&self, look: impl FnOnce(&Broad) -> T) -> T {
        look(&self.broad.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nothing is known of an index that was opened but its words.
    fn begin(&self, vocabulary: Vocabulary) {
        self.vocabulary(|known| *known = vocabulary);
        self.broad(Broad::clear);
    }

    /// Keeps which items say each of these phrases, since very many say all that was looked for.
    fn keep(&self, clauses: &[Clause], n_changes: u64) -> Result<(), TextIndexError> {
        for phrase in clauses.iter().flatten() {
            if self.kept(|broad| broad.saying(phrase).is_some()) {
                continue;
            }
            let numbers = self.read(SEARCHED, |connection| {
                let mut select = connection.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1")?;
                let (mut rows, mut numbers) = (select.query([quoted(phrase)])?, Numbers::default());
                while let Some(row) = rows.next()? {
                    numbers.insert(row.get(0)?);
                }
                Ok(numbers)
            })?;
            self.broad(|broad| broad.keep(phrase.clone(), numbers, n_changes));
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Writing>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
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
        let changed = self.write(|writing| {
            // What the company vouches for last: so is any word of it.
            let mut put_last: Vec<&Indexed> = put.iter().collect();
            put_last.sort_by_key(|item| item.is_vouched);
            let words = put_last.iter().flat_map(|item| {
                item.columns.iter().flat_map(|column| column.split(' ')).map(|word| (word, item.is_vouched))
            });
            let new_words: BTreeMap<&str, bool> =
                self.spelled(|known| words.filter(|(word, is_vouched)| known.is_new(word, *is_vouched)).collect());
            writing.change(put, gone, &new_words)?;
            self.vocabulary(|known| new_words.iter().for_each(|(word, is_vouched)| known.add(word, *is_vouched)));
            self.broad(|broad| broad.change(put, gone));
            Ok(())
        });
        changed.map_err(|error| failed("keeping the words of items", error))
    }

    fn clear(&self) -> Result<(), TextIndexError> {
        let cleared = match &self.readers {
            None => {
                *self.lock() = None;
                self.is_open.store(false, Ordering::Release);
                self.begin(Vocabulary::default());
                Ok(())
            }
            // What is damaged cannot be emptied: the file goes, and so do the connections to it.
            Some(readers) => {
                let mut writing = self.lock();
                *writing = None;
                readers.anew(|path| {
                    remove(path)?;
                    let (opened, vocabulary) = Writing::in_file(path)?;
                    *writing = Some(opened);
                    self.begin(vocabulary);
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
        self.open(SEARCHED)?;
        let (kept, n_changes) = self.kept(|broad| (broad.matching(clauses, matching), broad.n_changes()));
        if let Some(kept) = kept {
            let numbers: Vec<u32> = kept.after(after).take(n_max).collect();
            if numbers.len() > N_SCORED_MAX {
                return Ok(unscored(numbers));
            }
        }
        let [title, brand, category, description, others] = COLUMN_WEIGHTS;
        let sql = format!(
            "SELECT rowid, bm25(words, {title:.1}, {brand:.1}, {category:.1}, {description:.1}, {others:.1}) FROM words \
             WHERE words MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3"
        );
        let last = after.map_or(-1, i64::from);
        let found = self.read(SEARCHED, |connection| {
            let mut select = connection.prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3",
            )?;
            let numbers = select.query_map(params![wanted, last, signed(n_max as u64)], |row| row.get(0))?;
            let numbers: Vec<u32> = numbers.collect::<rusqlite::Result<_>>()?;
            if numbers.len() > N_SCORED_MAX {
                return Ok(unscored(numbers));
            }
            let mut select = connection.prepare_cached(&sql)?;
            let found = select.query_map(params![wanted, last, signed(n_max as u64)], |row| {
                Ok(TextMatch { number: row.get(0)?, score: -row.get::<_, f64>(1)? })
            })?;
            found.collect()
        })?;
        if found.len() > N_SCORED_MAX {
            self.keep(clauses, n_changes)?;
        }
        Ok(found)
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
        self.open(ASKED)?;
        // Of the forms of a word most are no words.
        if let ([word], false) = (phrase.words.as_slice(), phrase.is_beginning)
            && !self.spelled(|known| known.may_have(word) && !known.is_strange(word))
        {
            return Ok(false);
        }
        self.read(ASKED, |connection| {
            connection.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1 LIMIT 1")?.exists([wanted])
        })
    }

    fn n_with(&self, word: &str) -> Result<u64, TextIndexError> {
        if let Some(kept) = self.kept(|broad| broad.saying(&Phrase::of(&[word.to_owned()]))) {
            return Ok(kept.len());
        }
        self.read("counting the items with a word", |connection| {
            let mut select = connection.prepare_cached("SELECT doc FROM word_counts WHERE term = ?1")?;
            let mut rows = select.query([word])?;
            Ok(rows.next()?.map_or(Ok(0), |row| row.get::<_, i64>(0))?.cast_unsigned())
        })
    }

    fn near(&self, word: &str, n_wrong_max: usize) -> Result<Vec<(usize, String)>, TextIndexError> {
        self.open("looking for words that are spelled alike")?;
        Ok(self.spelled(|known| known.near(word, n_wrong_max)))
    }
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

fn unscored(numbers: Vec<u32>) -> Vec<TextMatch> {
    numbers.into_iter().map(|number| TextMatch { number, score: 0.0 }).collect()
}

const SEARCHED: &str = "searching the items";
const ASKED: &str = "looking for an item with a word";

fn failed(attempt: &str, error: DatabaseError) -> TextIndexError {
    // No backup holds it, and none is needed.
    let action = match error.kind {
        ErrorKind::Corrupt => "the index is damaged, and is made anew from the catalogue: nothing need be done",
        _ => error.action,
    };
    TextIndexError { attempt: format!("{attempt} failed: {action}"), kind: error.kind, source: Box::new(error) }
}
