//! What is kept of erasures? Files, so that they outlive the database.
//!
//! ```text
//! DATA/erased/key             the secret with which names are hashed
//! DATA/erased/<receipt>.json  which offsets are gone, the hashes of the names, when, and how much; who it is only until
//!                             nothing of them is left
//! ```

use crate::files::{create_directory, write_durably};
use crate::history_files::Offsets;
use crate::model_store::hex;
use crate::{DataDir, StorageError};
use events::Offset;
use primitives::{CustomerId, Timestamp};
use profiles::{Erasure, ErasureId, ErasureStage, Identifier, Removed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of a record.
const VERSION: u8 = 1;
/// The file of the secret.
pub(crate) const KEY: &str = "key";
/// How many bytes SHA-256 takes at a time.
const N_BLOCK: usize = 64;

/// The secret with which names are hashed.
pub(crate) type Key = [u8; 32];

/// The keyed hash of a name, as hexadecimal digits.
pub(crate) type NameHash = String;

/// An erasure as its file says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    v: u8,
    pub(crate) id: ErasureId,
    pub(crate) asked_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) allowed_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) stage: ErasureStage,
    known_since: Offset,
    pub(crate) removed: Removed,
    /// First and last of each range.
    offsets: Vec<(u64, u64)>,
    /// They stay when they are allowed again: where one of them is erased again, all are refused again.
    pub(crate) names: Vec<NameHash>,
    /// The keyed hash of the receipt: only the key fits by which the names were hashed.
    #[serde(default)]
    key_check: Option<String>,
    /// Who it is; `None` once nothing of them is left.
    pub(crate) who: Option<Who>,
}

/// Who is erased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Who {
    pub(crate) customers: Vec<CustomerId>,
    pub(crate) names: Vec<Identifier>,
}

impl Record {
    pub(crate) fn new(id: ErasureId, asked_at: Timestamp, who: Who, offsets: &Offsets, key: &Key) -> Self {
        let known_since = Offset(offsets.ranges().first().map_or(0, |(first, _)| *first));
        Self {
            v: VERSION,
            asked_at,
            ended_at: None,
            allowed_at: None,
            stage: ErasureStage::default(),
            known_since,
            removed: Removed { events: offsets.n(), ..Removed::default() },
            offsets: offsets.ranges().to_vec(),
            names: who.names.iter().map(|name| name_hash(key, name)).collect(),
            key_check: Some(keyed_hash(key, id.as_str())),
            who: Some(who),
            id,
        }
    }

    pub(crate) fn offsets(&self) -> Offsets {
        Offsets::of(self.offsets.iter().copied())
    }

    fn told(&self) -> Erasure {
        let Self { id, asked_at, ended_at, allowed_at, known_since, removed, .. } = self.clone();
        Erasure { id, asked_at, ended_at, allowed_at, known_since, removed }
    }
}

/// All records, with what is asked of them most.
#[derive(Debug, Default)]
pub(crate) struct Erased {
    pub(crate) key: Option<Key>,
    pub(crate) records: BTreeMap<ErasureId, Record>,
    by_name: HashMap<NameHash, ErasureId>,
    /// Those whose names are refused.
    in_force: BTreeSet<ErasureId>,
    pub(crate) offsets: Arc<Offsets>,
}

impl Erased {
    /// What a data directory says.
    pub(crate) fn read(directory: &DataDir) -> Result<Self, StorageError> {
        let place = directory.erased();
        let mut erased = Self::default();
        for path in files(&place)? {
            let record = read_record(&path)?;
            erased.records.insert(record.id.clone(), record);
        }
        // After the records: whoever writes the first one writes the secret before it.
        erased.key = read_key(&place.join(KEY))?;
        erased.check_key(&place.join(KEY))?;
        erased.look_again();
        Ok(erased)
    }

    /// Without the very key by which they were hashed no name would be refused any more.
    fn check_key(&self, path: &Path) -> Result<(), StorageError> {
        let foreign = |why: &str| StorageError::ErasureKey { path: path.to_owned(), why: why.to_owned() };
        for record in self.records.values().filter(|record| !record.names.is_empty()) {
            let key = self.key.as_ref().ok_or_else(|| foreign("it is not there"))?;
            if record.key_check.as_ref().is_some_and(|check| *check != keyed_hash(key, record.id.as_str())) {
                return Err(foreign("it is another one"));
            }
        }
        Ok(())
    }

    /// Keeps a record, durably first.
    pub(crate) fn keep(&mut self, directory: &DataDir, record: Record) -> Result<(), StorageError> {
        let place = directory.erased();
        let path = place.join(format!("{}.json", record.id));
        let content = serde_json::to_vec(&record).map_err(io::Error::from);
        content
            .and_then(|content| write_durably(&path, &content))
            .map_err(|source| StorageError::file("writing", &path, source))?;
        self.records.insert(record.id.clone(), record);
        self.look_again();
        Ok(())
    }

    /// The secret, which is `new` where there is none yet.
    pub(crate) fn key_or(&mut self, directory: &DataDir, new: Key) -> Result<Key, StorageError> {
        if let Some(key) = self.key {
            return Ok(key);
        }
        let place = directory.erased();
        let path = place.join(KEY);
        create_directory(&place)
            .and_then(|()| write_durably(&path, hex(&new).as_bytes()))
            .map_err(|source| StorageError::file("writing", &path, source))?;
        self.key = Some(new);
        Ok(new)
    }

    pub(crate) fn refuses_any(&self) -> bool {
        !self.by_name.is_empty()
    }

    pub(crate) fn erasure_of(&self, name: &Identifier) -> Option<ErasureId> {
        if self.by_name.is_empty() {
            return None;
        }
        self.by_name.get(&name_hash(self.key.as_ref()?, name)).cloned()
    }

    pub(crate) fn told(&self, id: &ErasureId) -> Option<Erasure> {
        let told = self.records.get(id)?.told();
        Some(Erasure { allowed_at: told.allowed_at.filter(|_| !self.in_force.contains(id)), ..told })
    }

    /// An erasure, and those that share a name with one of these, over any steps: more than one life of the same people.
    pub(crate) fn lives_of(&self, id: &ErasureId) -> BTreeSet<ErasureId> {
        self.sharing_names(self.records.get(id).into_iter())
    }

    fn sharing_names<'a>(&'a self, from: impl Iterator<Item = &'a Record>) -> BTreeSet<ErasureId> {
        let mut by_name: HashMap<&NameHash, Vec<&Record>> = HashMap::new();
        for record in self.records.values() {
            record.names.iter().for_each(|name| by_name.entry(name).or_default().push(record));
        }
        let mut to_visit: Vec<&Record> = from.collect();
        let mut found = BTreeSet::new();
        while let Some(record) = to_visit.pop() {
            if found.insert(record.id.clone()) {
                // Whom a name leads to is visited once for it.
                to_visit.extend(record.names.iter().filter_map(|name| by_name.remove(name)).flatten());
            }
        }
        found
    }

    fn look_again(&mut self) {
        self.in_force = self.sharing_names(self.records.values().filter(|one| one.allowed_at.is_none()));
        let mut in_force: Vec<_> = self.records.values().filter(|one| self.in_force.contains(&one.id)).collect();
        // The newest is the one that is meant.
        in_force.sort_by_key(|one| one.asked_at);
        self.by_name =
            in_force.into_iter().flat_map(|one| one.names.iter().map(|name| (name.clone(), one.id.clone()))).collect();
        self.offsets = Arc::new(Offsets::of(self.records.values().flat_map(|one| one.offsets.iter().copied())));
    }
}

/// The keyed hash of the key under which a name is stored. Without the secret nobody can try names out.
fn name_hash(key: &Key, name: &Identifier) -> NameHash {
    keyed_hash(key, &name.key())
}

/// HMAC (RFC 2104) with SHA-256.
fn keyed_hash(key: &Key, text: &str) -> String {
    let padded = |with: u8| {
        let mut block = [with; N_BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, of_key)| *byte ^= of_key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    hex(&Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize())
}

fn read_key(path: &Path) -> Result<Option<Key>, StorageError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StorageError::file("reading", path, source)),
    };
    let mut key = Key::default();
    let digits = |i: usize| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok();
    let is_read = key.iter_mut().enumerate().all(|(i, byte)| digits(i).map(|found| *byte = found).is_some());
    if is_read && text.len() == 2 * key.len() { Ok(Some(key)) } else { Err(damaged(path, "it is not a key")) }
}

fn files(place: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let failed = |source| StorageError::file("listing", place, source);
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let is_record = |stem: &std::ffi::OsStr| ErasureId::parse(&stem.to_string_lossy()).is_some();
        if path.extension().is_some_and(|end| end == "json") && path.file_stem().is_some_and(is_record) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn read_record(path: &Path) -> Result<Record, StorageError> {
    let content = fs::read(path).map_err(|source| StorageError::file("reading", path, source))?;
    let record: Record = serde_json::from_slice(&content).map_err(|error| damaged(path, error))?;
    if record.v > VERSION {
        return Err(StorageError::Newer { path: path.to_owned(), found: record.v.into(), supported: VERSION.into() });
    }
    match record.offsets.iter().all(|(first, last)| first <= last) {
        true => Ok(record),
        false => Err(damaged(path, "its ranges are turned round")),
    }
}

fn damaged(path: &Path, why: impl ToString) -> StorageError {
    StorageError::ErasureRecord { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::{AnonymousId, UserId};

    #[test]
    fn names_are_hashed_as_the_standard_says() {
        // The keys of RFC 4231 have other lengths; computed with the `hmac` module of Python 3.
        let key: Key = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let hash = name_hash(&key, &Identifier::User(UserId::from("42")));
        assert_eq!(hash, "628e986f546ead49048ff93cd7c2060253f4c8dd58d347c5835762ff460b270c");
        assert_ne!(hash, name_hash(&key, &Identifier::Anonymous(AnonymousId::from("42"))));
        assert_ne!(hash, name_hash(&Key::default(), &Identifier::User(UserId::from("42"))));
    }
    fn directory() -> (tempfile::TempDir, DataDir) {
        let temp = tempfile::tempdir().unwrap();
        let directory = DataDir::open(temp.path().join("data"), crate::Access::Exclusive).unwrap();
        (temp, directory)
    }

    fn record(n: u128, name: &str, ranges: &[(u64, u64)], key: &Key) -> Record {
        let who = Who { customers: vec![CustomerId::from(name)], names: vec![Identifier::User(name.into())] };
        let offsets = Offsets::of(ranges.iter().copied());
        Record::new(ErasureId::new(n), Timestamp::from_millis(7), who, &offsets, key)
    }

    #[test]
    fn what_is_kept_is_read_again_and_refuses_its_names_until_they_are_allowed() {
        let (_temp, directory) = directory();
        let mut erased = Erased::read(&directory).unwrap();
        assert!(!erased.refuses_any() && erased.key.is_none() && erased.offsets.n() == 0);
        assert_eq!(erased.erasure_of(&Identifier::User("ann".into())), None);
        let key = erased.key_or(&directory, [3; 32]).unwrap();
        assert_eq!((key, erased.key_or(&directory, [4; 32]).unwrap()), ([3; 32], [3; 32]), "there is one secret");
        for one in [record(1, "ann", &[(2, 3), (5, 5)], &key), record(2, "bob", &[(9, 9)], &key)] {
            erased.keep(&directory, one).unwrap();
        }
        fs::write(directory.erased().join("note.txt"), "nothing").unwrap();
        fs::write(directory.erased().join("note.json"), "nothing").unwrap();
        for mut erased in [erased, Erased::read(&directory).unwrap()] {
            assert_eq!((erased.key, erased.records.len(), erased.refuses_any()), (Some([3; 32]), 2, true));
            assert_eq!(erased.offsets.ranges(), [(2, 3), (5, 5), (9, 9)]);
            let of = |erased: &Erased, name: &str| erased.erasure_of(&Identifier::User(name.into()));
            assert_eq!(of(&erased, "ann"), Some(ErasureId::new(1)));
            assert_eq!((of(&erased, "bob"), of(&erased, "eve")), (Some(ErasureId::new(2)), None));
            let told = erased.told(&ErasureId::new(1)).unwrap();
            assert_eq!((told.known_since, told.removed.events), (Offset(2), 3));
            assert_eq!((told.asked_at.as_millis(), told.ended_at, told.allowed_at), (7, None, None));
            let allowed_at = Some(Timestamp::from_millis(8));
            let allowed = Record { allowed_at, ..erased.records[&ErasureId::new(1)].clone() };
            erased.keep(&directory, allowed).unwrap();
            assert_eq!((of(&erased, "ann"), of(&erased, "bob")), (None, Some(ErasureId::new(2))));
            assert_eq!(erased.records[&ErasureId::new(1)].offsets().ranges(), [(2, 3), (5, 5)], "what is gone is gone");
            erased.keep(&directory, record(1, "ann", &[(2, 3), (5, 5)], &key)).unwrap();
        }
    }

    #[test]
    fn a_second_erasure_closes_every_name_of_the_lives_before_it() {
        let (_temp, directory) = directory();
        let mut erased = Erased::read(&directory).unwrap();
        let key = erased.key_or(&directory, [3; 32]).unwrap();
        let of = |n: u128, names: &[&str], asked_at: i64, allowed_at: Option<i64>| {
            let names = names.iter().map(|name| Identifier::User((*name).into())).collect();
            let who = Who { customers: Vec::new(), names };
            let record =
                Record::new(ErasureId::new(n), Timestamp::from_millis(asked_at), who, &Offsets::default(), &key);
            Record { allowed_at: allowed_at.map(Timestamp::from_millis), ..record }
        };
        let refused = |erased: &Erased| {
            let name = |name: &&&str| erased.erasure_of(&Identifier::User((**name).into())).is_some();
            ["a", "b", "c", "d", "e"].iter().filter(name).copied().collect::<String>()
        };
        let at =
            |erased: &Erased, n: u128| erased.told(&ErasureId::new(n)).unwrap().allowed_at.map(|at| at.as_millis());
        for one in [of(9, &["a", "b"], 1, Some(2)), of(5, &["b", "c"], 3, Some(4)), of(7, &["d"], 1, Some(2))] {
            erased.keep(&directory, one).unwrap();
        }
        assert_eq!((refused(&erased).as_str(), at(&erased, 9), at(&erased, 5)), ("", Some(2), Some(4)));
        erased.keep(&directory, of(6, &["c", "e"], 5, None)).unwrap();
        for erased in [&erased, &Erased::read(&directory).unwrap()] {
            assert_eq!(refused(erased), "abce", "those of the lives before, and nobody else's");
            assert_eq!([9, 5, 6, 7].map(|n| at(erased, n)), [None, None, None, Some(2)]);
            let newest = erased.erasure_of(&Identifier::User("c".into()));
            assert_eq!(newest, Some(ErasureId::new(6)), "the one that was asked for last");
        }
        let lives = erased.lives_of(&ErasureId::new(9));
        assert_eq!(lives, [5, 6, 9].map(ErasureId::new).into());
        assert_eq!(erased.lives_of(&ErasureId::new(7)), [ErasureId::new(7)].into());
    }

    #[test]
    fn what_is_damaged_or_newer_is_told_with_its_file() {
        for (file, content, said) in [
            ("key", "3".repeat(63), "it is not a key"),
            ("key", "3".repeat(66), "it is not a key"),
            ("key", "x".repeat(64), "it is not a key"),
            ("00000000000000000000000000000001.json", "{}".to_owned(), "missing field"),
        ] {
            let (_temp, directory) = directory();
            create_directory(&directory.erased()).unwrap();
            fs::write(directory.erased().join(file), content).unwrap();
            let error = Erased::read(&directory).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains(file), "{error}");
        }
        let (_temp, directory) = directory();
        let mut erased = Erased { key: Some([1; 32]), ..Erased::default() };
        create_directory(&directory.erased()).unwrap();
        erased.keep(&directory, Record { v: VERSION + 1, ..record(1, "ann", &[(1, 1)], &[1; 32]) }).unwrap();
        assert!(matches!(Erased::read(&directory), Err(StorageError::Newer { found: 2, supported: 1, .. })));
        erased.keep(&directory, Record { offsets: vec![(4, 4), (3, 2)], ..record(1, "ann", &[], &[1; 32]) }).unwrap();
        assert!(Erased::read(&directory).unwrap_err().to_string().contains("turned round"));
    }
}
