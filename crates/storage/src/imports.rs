//! Which files came in, and what was taken out again? [`ImportLog`] on the database.
//!
//! The tables here are an index: which events count no longer also stands in the log, as corrections.

mod correct;
mod read;

pub(crate) use correct::AfterCorrections;

use crate::command::{Command, Done, ImportCommand};
use crate::event_log::{append_error, history_error, new_events, read_error};
use crate::history_files::Offsets;
use crate::schema::meta;
use crate::seen_ids::{IdHash, Seen, id_hash, in_table};
use crate::withdrawn;
use crate::writer::Patience;
use crate::{DatabaseError, Storage, StorageError};
use correct::Change;
use events::{
    Corrected, Event, EventLogError, Import, ImportCounts, ImportId, ImportLog, NewImport, Offset, Origin, Partition,
    Place, Places, Receipt, Replaced,
};
use features::History;
use primitives::Timestamp;
use read::ImportPlaces;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};

impl ImportLog for Storage {
    fn begin_import(&self, new: &NewImport, at: Timestamp) -> Result<ImportId, EventLogError> {
        match self.imports_do(ImportCommand::Begin { new: new.clone(), at: at.as_millis() }, 0)? {
            Done::Rows(id) => Ok(ImportId(id)),
            _ => Ok(ImportId::default()),
        }
    }

    fn append_imported(&self, import: ImportId, events: &[Event]) -> Result<Vec<Receipt>, EventLogError> {
        let _no_correction = self.corrections();
        let command = ImportCommand::Append { import: import.0, events: new_events(events) };
        match self.imports_do(command, events.len())? {
            Done::Receipts(receipts) => Ok(receipts),
            _ => Ok(Vec::new()),
        }
    }

    fn replace_imported(&self, import: ImportId, events: &[Event], at: Timestamp) -> Result<Replaced, EventLogError> {
        let _alone = self.corrections();
        self.know_every_id()?;
        let replaced = self.in_place_of(import, events)?;
        let change = Change {
            import,
            events: new_events(events),
            forget: self.placeless(replaced.keys().copied())?,
            withdrawn: Offsets::of(replaced.into_values().map(|place| (place, place))),
            reason: format!("import {import} brought other content for the same keys"),
            ..Change::default()
        };
        self.correct(change, at)
    }

    fn end_import(&self, import: ImportId, counts: ImportCounts, at: Timestamp) -> Result<(), EventLogError> {
        self.imports_do(ImportCommand::End { import: import.0, counts, at: at.as_millis() }, 0).map(|_| ())
    }

    fn imports(&self, before: Option<ImportId>, n_max: usize) -> Result<Vec<Import>, EventLogError> {
        let read = self.readers.with(|connection| read::imports(connection, before, n_max));
        read.map_err(|error| read_error(0, error))
    }

    fn imported_at(&self, places: Places) -> Result<Vec<(Places, ImportId)>, EventLogError> {
        let read = self.readers.with(|connection| read::imported_at(connection, places));
        read.map_err(|error| read_error(0, error))
    }

    fn undo_import(&self, import: ImportId, at: Timestamp) -> Result<Corrected, EventLogError> {
        let _alone = self.corrections();
        self.know_every_id()?;
        let ImportPlaces { came, gone, replaced } = self.places_of(import)?;
        let counts_not = self.withdrawn().map_err(|error| history_error(0, error))?;
        let withdrawn = came.without(&counts_not);
        let candidates = replaced.without(&gone).without(&replaced.without(&counts_not));
        let ids = self.ids_at(&withdrawn.and(&candidates))?;
        let freed: BTreeSet<IdHash> =
            ids.iter().filter(|(place, _)| withdrawn.contains(**place)).map(|(_, (id, _))| *id).collect();
        // Of several that had the same key, the newest.
        let mut newest: BTreeMap<IdHash, Seen> = BTreeMap::new();
        for (id, seen) in ids.iter().filter(|(place, _)| candidates.contains(**place)).map(|(_, found)| *found) {
            if freed.contains(&id) || !self.is_taken(&id, &counts_not)? {
                newest.insert(id, seen);
            }
        }
        let restored = Offsets::of(newest.values().map(|seen| (seen.offset(), seen.offset())));
        let reason = format!("import {import} was undone");
        let (forget, remember) = (self.placeless(freed)?, newest.into_iter().collect());
        let change =
            Change { import, withdrawn, restored, forget, remember, reason, is_undo: true, ..Change::default() };
        self.correct(change, at).map(|done| done.corrected)
    }

    fn corrected_upto(&self) -> Result<Offset, EventLogError> {
        let found = self.readers.with(|connection| meta(connection, "corrected_upto"));
        found.map(Offset).map_err(|error| read_error(0, error))
    }
}

impl Storage {
    /// Where that stands in whose place events come: what is in force under their ids with another content, but for what
    /// the import itself has brought.
    fn in_place_of(&self, import: ImportId, events: &[Event]) -> Result<BTreeMap<IdHash, u64>, EventLogError> {
        let (mut found, mut placeless) = (BTreeMap::new(), BTreeSet::new());
        for event in events {
            let id = id_hash(event);
            let Some(seen) = self.in_table(&id)? else { continue };
            let is_same = seen.content == 0 || seen.content == event.fingerprint().get().cast_signed();
            match seen.place {
                _ if is_same => {}
                0 => {
                    placeless.insert(id);
                }
                _ => {
                    found.insert(id, seen.offset());
                }
            }
        }
        if !placeless.is_empty() {
            // An older version has not kept where they stand.
            self.replay(Place::before(Partition::FIRST), &mut |recorded| {
                if recorded.event.origin == Origin::Import && placeless.contains(&id_hash(&recorded.event)) {
                    found.insert(id_hash(&recorded.event), recorded.offset.0);
                }
                true
            })?;
        }
        let counts_not = self.withdrawn().map_err(|error| history_error(0, error))?;
        let own = self.places_of(import)?.came;
        found.retain(|_, place| !own.contains(*place) && !counts_not.contains(*place));
        Ok(found)
    }

    fn places_of(&self, import: ImportId) -> Result<ImportPlaces, EventLogError> {
        let places = self.readers.with(|connection| read::places(connection, import.0));
        places.map_err(|error| read_error(0, error))
    }

    fn in_table(&self, id: &IdHash) -> Result<Option<Seen>, EventLogError> {
        self.readers.with(|connection| in_table(connection, id)).map_err(|error| read_error(0, error))
    }

    /// Those of some ids whose places an older version has not kept.
    fn placeless(&self, ids: impl IntoIterator<Item = IdHash>) -> Result<Vec<IdHash>, EventLogError> {
        let mut placeless = Vec::new();
        for id in ids {
            if self.in_table(&id)?.is_some_and(|seen| seen.place == 0) {
                placeless.push(id);
            }
        }
        Ok(placeless)
    }

    fn is_taken(&self, id: &IdHash, counts_not: &Offsets) -> Result<bool, EventLogError> {
        Ok(self.in_table(id)?.is_some_and(|seen| !counts_not.contains(seen.offset())))
    }

    /// Has the table know every id: a correction changes what it says of some.
    fn know_every_id(&self) -> Result<(), EventLogError> {
        self.flush_ids(events::EventLog::head(self).0).map_err(|error| history_error(0, error))
    }

    /// The offsets whose events were withdrawn. Read again only when there is a newer correction.
    pub(crate) fn withdrawn(&self) -> Result<Arc<Offsets>, StorageError> {
        let known = || self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner);
        let known_upto = known().upto;
        let read = |connection: &Connection| {
            let upto = meta(connection, "corrected_upto")?;
            Ok(if upto == known_upto { None } else { Some((upto, withdrawn::read(connection)?)) })
        };
        let newer = self.readers.snapshot(read).map_err(failed("reading which events were withdrawn"))?;
        let mut known = known();
        if let Some((upto, offsets)) = newer.filter(|(upto, _)| *upto > known.upto) {
            known.upto = upto;
            known.offsets = Arc::new(offsets);
        }
        Ok(known.offsets.clone())
    }

    fn corrections(&self) -> MutexGuard<'_, ()> {
        self.correcting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn imports_do(&self, command: ImportCommand, n_events: usize) -> Result<Done, EventLogError> {
        match self.submit(Command::Imports(command), Patience::Wait) {
            Ok(Done::Refused(refusal)) => Err(refusal.into()),
            Ok(done) => Ok(done),
            Err(error) => Err(append_error(n_events, error)),
        }
    }
}

fn failed(attempt: &'static str) -> impl FnOnce(DatabaseError) -> StorageError {
    move |source| StorageError::Database { attempt, source }
}
