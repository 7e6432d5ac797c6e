//! Which files came in, and what was taken out again? [`ImportLog`] on the database.
//!
//! The tables here are an index: which events count no longer also stands in the log, as corrections.

mod apply;

pub(crate) use apply::{Followed, ImportCommand, apply, follow};

use crate::command::{Command, Done};
use crate::event_log::{append_error, history_error, new_event, new_events, read_error};
use crate::history::Offsets;
use crate::schema::{meta, unsigned};
use crate::seen_ids::{IdHash, id_hash};
use crate::writer::Patience;
use crate::{DatabaseError, Storage, StorageError};
use apply::Correction;
use events::{
    Call, Corrected, Event, EventLog, EventLogError, Import, ImportCounts, ImportId, ImportLog, NewImport, Offset,
    Origin, Places, Receipt, Recorded,
};
use features::History;
use primitives::{MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, HashSet};
use std::sync::{MutexGuard, PoisonError};

impl ImportLog for Storage {
    fn begin_import(&self, new: &NewImport, at: Timestamp) -> Result<ImportId, EventLogError> {
        match self.imports_do(ImportCommand::Begin { new: new.clone(), at: at.as_millis() }, 0)? {
            Done::Rows(id) => Ok(ImportId(id)),
            Done::Receipts(_) => Ok(ImportId::default()),
        }
    }

    fn append_imported(&self, import: ImportId, events: &[Event]) -> Result<Vec<Receipt>, EventLogError> {
        let _no_correction = self.corrections();
        let command = ImportCommand::Append { import: import.0, events: new_events(events) };
        match self.imports_do(command, events.len())? {
            Done::Receipts(receipts) => Ok(receipts),
            Done::Rows(_) => Ok(Vec::new()),
        }
    }

    fn end_import(&self, import: ImportId, counts: ImportCounts, at: Timestamp) -> Result<(), EventLogError> {
        self.imports_do(ImportCommand::End { import: import.0, counts, at: at.as_millis() }, 0).map(|_| ())
    }

    fn imports(&self) -> Result<Vec<Import>, EventLogError> {
        self.readers.with(read_imports).map_err(|error| read_error(0, error))
    }

    fn withdraw(&self, import: ImportId, ids: &[MessageId], at: Timestamp) -> Result<Corrected, EventLogError> {
        let _alone = self.corrections();
        let wanted: HashSet<&MessageId> = ids.iter().collect();
        let mut found = BTreeMap::new();
        self.replay(Offset::default(), &mut |recorded| {
            if recorded.event.origin == Origin::Import && wanted.contains(&recorded.event.message_id) {
                found.insert(recorded.offset.0, id_hash(&recorded.event));
            }
            true
        })?;
        let reason = format!("import {import} brought other content for the same keys");
        let withdrawn = Offsets::of(found.keys().map(|offset| (*offset, *offset)));
        let change = Change { import, withdrawn, restored: Offsets::default(), forget: found.into_values().collect() };
        self.correct(change, Vec::new(), reason, false, at)
    }

    fn undo_import(&self, import: ImportId, at: Timestamp) -> Result<Corrected, EventLogError> {
        let _alone = self.corrections();
        let places = self.readers.with(|connection| read_places(connection, import.0));
        let ImportPlaces { came, gone, replaced } = places.map_err(|error| read_error(0, error))?;
        let counts_not = self.withdrawn().map_err(|error| history_error(0, error))?;
        let withdrawn = came.without(&counts_not);
        let candidates = replaced.without(&gone).without(&replaced.without(&counts_not));
        let ids = self.ids_at(&[&withdrawn, &candidates])?;
        let forget: Vec<IdHash> =
            ids.iter().filter(|(at, _)| withdrawn.contains(**at)).map(|(_, (id, _))| *id).collect();
        let free_again: HashSet<&IdHash> = forget.iter().collect();
        // Of several that had the same key, the newest.
        let mut by_id: BTreeMap<IdHash, (u64, i64)> = BTreeMap::new();
        for (offset, (id, content)) in ids.iter().filter(|(offset, _)| candidates.contains(**offset)) {
            if free_again.contains(id) || !self.is_taken(id)? {
                by_id.insert(*id, (*offset, *content));
            }
        }
        let restored = Offsets::of(by_id.values().map(|(offset, _)| (*offset, *offset)));
        let reason = format!("import {import} was undone");
        let remember = by_id.into_iter().map(|(id, (_, content))| (id, content)).collect();
        self.correct(Change { import, withdrawn, restored, forget }, remember, reason, true, at)
    }

    fn corrected_upto(&self) -> Result<Offset, EventLogError> {
        let found = self.readers.with(|connection| meta(connection, "corrected_upto"));
        found.map(Offset).map_err(|error| read_error(0, error))
    }
}

/// What a correction changes.
struct Change {
    import: ImportId,
    withdrawn: Offsets,
    restored: Offsets,
    /// Message ids that are free from then on.
    forget: Vec<IdHash>,
}

impl Storage {
    /// The offsets whose events were withdrawn.
    pub(crate) fn withdrawn(&self) -> Result<Offsets, StorageError> {
        let found = self.readers.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT first, last FROM withdrawn")?;
            let ranges = statement.query_map([], |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))))?;
            ranges.collect::<Result<Vec<_>, _>>()
        });
        let failed = |source| StorageError::Database { attempt: "reading which events were withdrawn", source };
        found.map(Offsets::of).map_err(failed)
    }

    /// Makes a correction durable, with everything that follows from it in the database.
    fn correct(
        &self,
        change: Change,
        remember: Vec<(IdHash, i64)>,
        reason: String,
        is_undo: bool,
        at: Timestamp,
    ) -> Result<Corrected, EventLogError> {
        let Change { import, withdrawn, restored, forget } = change;
        if withdrawn.ranges().is_empty() && restored.ranges().is_empty() && !is_undo {
            return Ok(Corrected::default());
        }
        let before = self.withdrawn().map_err(|error| history_error(0, error))?;
        let after = before.and(&withdrawn).without(&restored);
        let event = Event::correction(places(&withdrawn), places(&restored), reason, at);
        let correction = Correction {
            import: import.0,
            event: new_event(&event),
            replaced: if is_undo { Vec::new() } else { withdrawn.ranges().to_vec() },
            followed: Followed { withdrawn: after.ranges().to_vec(), forget, remember },
            undone_at: is_undo.then_some(at.as_millis()),
        };
        // The table has to know the ids that are to leave it.
        self.flush_ids(self.head().0).map_err(|error| history_error(0, error))?;
        let (n_withdrawn, n_restored) = (withdrawn.n(), restored.n());
        let offset = match self.imports_do(ImportCommand::Correct(correction), 1)? {
            Done::Receipts(receipts) => receipts.into_iter().find_map(|receipt| match receipt {
                Receipt::Appended(offset) => Some(offset),
                _ => None,
            }),
            Done::Rows(_) => None,
        };
        let correction = offset.map(|offset| Recorded { offset, event });
        Ok(Corrected { correction, n_withdrawn, n_restored })
    }

    /// What follows from corrections that come from the history and not from an import, with the place of the last of them;
    /// `None` where there are none.
    pub(crate) fn followed(&self, corrections: &[Recorded]) -> Result<Option<(Offset, Followed)>, StorageError> {
        let Some(last) = corrections.last() else { return Ok(None) };
        let before = self.withdrawn()?;
        let after = corrections.iter().fold(before.clone(), |counts_not, correction| match &correction.event.call {
            Call::Correction { withdrawn, restored, .. } => {
                counts_not.and(&offsets(withdrawn)).without(&offsets(restored))
            }
            _ => counts_not,
        });
        let (withdrawn, restored) = (after.without(&before), before.without(&after));
        let known = self.ids_at(&[&withdrawn, &restored]).map_err(StorageError::Event)?;
        let (freed, taken): (Vec<_>, Vec<_>) = known.into_iter().partition(|(offset, _)| withdrawn.contains(*offset));
        let followed = Followed {
            withdrawn: after.ranges().to_vec(),
            forget: freed.into_iter().map(|(_, (id, _))| id).collect(),
            remember: taken.into_iter().map(|(_, known)| known).collect(),
        };
        Ok(Some((last.offset, followed)))
    }

    /// The ids of the messages at these offsets with what they say, whether they count or not.
    fn ids_at(&self, offsets: &[&Offsets]) -> Result<BTreeMap<u64, (IdHash, i64)>, EventLogError> {
        let wanted = offsets.iter().fold(Offsets::default(), |all, some| all.and(some));
        let (Some(first), Some(last)) = (wanted.ranges().first(), wanted.ranges().last()) else {
            return Ok(BTreeMap::new());
        };
        let mut ids = BTreeMap::new();
        self.replay_all(Offset(first.0 - 1), &mut |recorded| {
            if wanted.contains(recorded.offset.0) {
                let content = recorded.event.fingerprint().get().cast_signed();
                ids.insert(recorded.offset.0, (id_hash(&recorded.event), content));
            }
            recorded.offset.0 < last.1
        })?;
        Ok(ids)
    }

    fn is_taken(&self, id: &IdHash) -> Result<bool, EventLogError> {
        self.flush_ids(self.head().0).map_err(|error| history_error(0, error))?;
        let found = self.readers.with(|connection| {
            let mut select = connection.prepare_cached("SELECT 1 FROM message_ids WHERE id = ?1")?;
            Ok(select.query_row([id.as_slice()], |_| Ok(())).optional()?.is_some())
        });
        found.map_err(|error| read_error(0, error))
    }

    fn corrections(&self) -> MutexGuard<'_, ()> {
        self.correcting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn imports_do(&self, command: ImportCommand, n_events: usize) -> Result<Done, EventLogError> {
        let done = self.submit(Command::Imports(command), Patience::Wait);
        done.map_err(|error: DatabaseError| append_error(n_events, error))
    }
}

fn offsets(places: &[Places]) -> Offsets {
    Offsets::of(places.iter().map(|Places(first, last)| (first.0, last.0)))
}

fn places(offsets: &Offsets) -> Vec<Places> {
    offsets.ranges().iter().map(|(first, last)| Places(Offset(*first), Offset(*last))).collect()
}

/// What an undo has to know.
struct ImportPlaces {
    /// Where the import's events stand.
    came: Offsets,
    /// Where the events of this one and of all that were undone before stand: none of them counts ever again.
    gone: Offsets,
    /// Those in whose place any of these had come. What one that is undone has replaced and what another one that was
    /// undone before has replaced in turn are both here.
    replaced: Offsets,
}

fn read_places(connection: &Connection, import: u64) -> rusqlite::Result<ImportPlaces> {
    let sql = "SELECT import, first, last, is_replaced FROM import_places
               WHERE import IN (SELECT id FROM imports WHERE id = ?1 OR undone_at IS NOT NULL)";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([crate::schema::signed(import)])?;
    let (mut came, mut gone, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let range = (unsigned(row.get(1)?), unsigned(row.get(2)?));
        if row.get(3)? {
            replaced.push(range);
            continue;
        }
        gone.push(range);
        if unsigned(row.get(0)?) == import {
            came.push(range);
        }
    }
    Ok(ImportPlaces { came: Offsets::of(came), gone: Offsets::of(gone), replaced: Offsets::of(replaced) })
}

fn read_imports(connection: &Connection) -> rusqlite::Result<Vec<Import>> {
    // What was broken off never said its counts; where its events stand is known all the same.
    let sql = "SELECT id, began_at, ended_at, undone_at, file, mapping, mapping_sha256, counts,
               (SELECT coalesce(sum(last - first + 1), 0) FROM import_places WHERE import = id AND NOT is_replaced)
               FROM imports ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let time = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    let rows = statement.query_map(params![], |row| {
        let counts: String = row.get(7)?;
        let n_came = unsigned(row.get(8)?);
        let counts = serde_json::from_str(&counts).unwrap_or(ImportCounts { accepted: n_came, ..Default::default() });
        Ok(Import {
            id: ImportId(unsigned(row.get(0)?)),
            new: NewImport { file: row.get(4)?, mapping: row.get(5)?, mapping_sha256: row.get(6)? },
            began_at: Timestamp::from_millis(row.get(1)?),
            ended_at: time(row.get(2)?),
            undone_at: time(row.get(3)?),
            counts,
        })
    })?;
    rows.collect()
}
