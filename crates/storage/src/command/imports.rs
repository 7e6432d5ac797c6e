//! What changes in the database when an import begins, goes on, ends or is corrected?

use super::{Done, NewEvent, append, remember};
use crate::counters::Counters;
use crate::numbers::{signed, unsigned};
use crate::seen_ids::{IdHash, Seen, SeenIds};
use crate::withdrawn::{restore, withdraw};
use events::{ImportCounts, ImportId, ImportRefusal, NewImport, Places, Receipt};
use rusqlite::{Connection, OptionalExtension, params};

/// A request of an import to the writer.
#[derive(Debug)]
pub(crate) enum ImportCommand {
    Begin { new: NewImport, at: i64 },
    Append { import: u64, events: Vec<NewEvent> },
    End { import: u64, counts: ImportCounts, at: i64 },
    Correct(Correction),
}

/// What follows from corrections.
#[derive(Debug)]
pub(crate) struct Followed {
    /// What counts no longer.
    pub(crate) withdrawn: Vec<(u64, u64)>,
    /// What counts again.
    pub(crate) restored: Vec<(u64, u64)>,
    /// Ids that are free from then on, beyond those whose places say so.
    pub(crate) forget: Vec<IdHash>,
    /// Ids that are taken again.
    pub(crate) remember: Vec<(IdHash, Seen)>,
}

impl Followed {
    /// About how many bytes it is.
    pub(crate) fn bytes(&self) -> usize {
        (self.withdrawn.len() + self.restored.len()) * size_of::<(u64, u64)>()
            + self.forget.len() * size_of::<IdHash>()
            + self.remember.len() * size_of::<(IdHash, Seen)>()
    }
}

/// A correction with everything that follows from it.
#[derive(Debug)]
pub(crate) struct Correction {
    pub(crate) import: u64,
    /// What comes in the place of what is withdrawn.
    pub(crate) events: Vec<NewEvent>,
    /// The events that say what is corrected.
    pub(crate) said: Vec<NewEvent>,
    pub(crate) followed: Followed,
    /// Where the import as a whole is taken out: when, and how many events count no longer and again.
    pub(crate) undone: Option<(i64, u64, u64)>,
}

impl ImportCommand {
    /// About how many bytes it carries.
    pub(crate) fn bytes(&self) -> usize {
        let events = |events: &[NewEvent]| events.iter().map(NewEvent::bytes).sum::<usize>();
        match self {
            Self::Append { events: new, .. } => events(new),
            Self::Correct(correction) => {
                events(&correction.events) + events(&correction.said) + correction.followed.bytes()
            }
            Self::Begin { .. } | Self::End { .. } => 256,
        }
    }
}

pub(crate) fn apply(
    connection: &Connection,
    counters: &mut Counters,
    seen: &mut SeenIds,
    command: &ImportCommand,
) -> rusqlite::Result<Done> {
    match command {
        ImportCommand::Begin { new, at } => {
            let sql = "INSERT INTO imports(began_at, file, mapping, mapping_sha256, counts) VALUES(?1, ?2, ?3, ?4, '')";
            connection.prepare_cached(sql)?.execute(params![at, new.file, new.mapping, new.mapping_sha256])?;
            Ok(Done::Rows(unsigned(connection.last_insert_rowid())))
        }
        ImportCommand::Append { import, events } => match refusal(connection, *import, Wanted::UnderWay)? {
            Some(refusal) => Ok(Done::Refused(refusal)),
            None => take(connection, counters, seen, *import, events).map(Done::Receipts),
        },
        ImportCommand::End { import, counts, at } => end(connection, *import, counts, *at),
        ImportCommand::Correct(correction) => correct(connection, counters, seen, correction),
    }
}

/// What an import has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    UnderWay,
    NotUndone,
}

fn refusal(connection: &Connection, import: u64, wanted: Wanted) -> rusqlite::Result<Option<ImportRefusal>> {
    let sql = "SELECT ended_at IS NOT NULL, undone_at IS NOT NULL FROM imports WHERE id = ?1";
    let found: Option<(bool, bool)> =
        connection.prepare_cached(sql)?.query_row([signed(import)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let id = ImportId(import);
    Ok(match found {
        None => Some(ImportRefusal::Unknown(id)),
        Some((_, true)) => Some(ImportRefusal::Undone(id)),
        Some((true, false)) if wanted == Wanted::UnderWay => Some(ImportRefusal::Ended(id)),
        Some(_) => None,
    })
}

fn take(
    connection: &Connection,
    counters: &mut Counters,
    seen: &mut SeenIds,
    import: u64,
    events: &[NewEvent],
) -> rusqlite::Result<Vec<Receipt>> {
    let receipts = append(connection, counters, seen, events)?;
    let offsets = receipts.iter().filter_map(|receipt| match receipt {
        Receipt::Appended(offset) => Some(offset.0),
        _ => None,
    });
    for Places(first, last) in Places::of(offsets) {
        keep_places(connection, import, first.0, last.0)?;
    }
    Ok(receipts)
}

/// Batch after batch of an import has neighbouring places where nobody else sends events meanwhile.
fn keep_places(connection: &Connection, import: u64, first: u64, last: u64) -> rusqlite::Result<()> {
    let sql = "UPDATE import_places SET last = ?2 WHERE import = ?1 AND NOT is_replaced AND last = ?3
               AND first = (SELECT max(first) FROM import_places WHERE import = ?1 AND NOT is_replaced)";
    let before = signed(first.saturating_sub(1));
    if connection.prepare_cached(sql)?.execute(params![signed(import), signed(last), before])? > 0 {
        return Ok(());
    }
    let sql = "INSERT INTO import_places(import, is_replaced, first, last) VALUES(?1, 0, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![signed(import), signed(first), signed(last)]).map(|_| ())
}

/// What is said twice with the same counts was answered once and the answer was lost.
fn end(connection: &Connection, import: u64, counts: &ImportCounts, at: i64) -> rusqlite::Result<Done> {
    let counts = serde_json::to_string(counts).unwrap_or_default();
    let refused = refusal(connection, import, Wanted::UnderWay)?;
    if let Some(refusal) = refused {
        let sql = "SELECT 1 FROM imports WHERE id = ?1 AND undone_at IS NULL AND counts = ?2";
        let is_said = connection.prepare_cached(sql)?.exists(params![signed(import), counts])?;
        return Ok(if is_said { Done::Rows(0) } else { Done::Refused(refusal) });
    }
    let sql = "UPDATE imports SET ended_at = ?2, counts = ?3 WHERE id = ?1";
    let n = connection.prepare_cached(sql)?.execute(params![signed(import), at, counts])?;
    Ok(Done::Rows(n as u64))
}

/// Answers with the receipts of the new events, then with those of what says the correction.
fn correct(
    connection: &Connection,
    counters: &mut Counters,
    seen: &mut SeenIds,
    correction: &Correction,
) -> rusqlite::Result<Done> {
    let Correction { import, events, said, followed, undone } = correction;
    let wanted = if undone.is_some() { Wanted::NotUndone } else { Wanted::UnderWay };
    if let Some(refusal) = refusal(connection, *import, wanted)? {
        return Ok(Done::Refused(refusal));
    }
    // First, so that the new events find their ids free.
    index(connection, followed)?;
    let mut receipts = take(connection, counters, seen, *import, events)?;
    receipts.extend(append(connection, counters, seen, said)?);
    if !said.is_empty() {
        keep(connection, &followed.remember, counters.head)?;
    }
    match undone {
        Some((at, n_withdrawn, n_restored)) => {
            let sql = "UPDATE imports SET undone_at = ?2, n_withdrawn = ?3, n_restored = ?4 WHERE id = ?1";
            let counts = [signed(*import), *at, signed(*n_withdrawn), signed(*n_restored)];
            connection.prepare_cached(sql)?.execute(counts)?;
        }
        None => keep_replaced(connection, *import, &followed.withdrawn)?,
    }
    Ok(Done::Receipts(receipts))
}

fn keep_replaced(connection: &Connection, import: u64, withdrawn: &[(u64, u64)]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO import_places(import, is_replaced, first, last) VALUES(?1, 1, ?2, ?3)";
    let mut insert = connection.prepare_cached(sql)?;
    for (first, last) in withdrawn {
        insert.execute([signed(import), signed(*first), signed(*last)])?;
    }
    Ok(())
}

/// What follows from corrections that are in the log already, up to the last of them.
pub(crate) fn follow(connection: &Connection, followed: &Followed, upto: u64) -> rusqlite::Result<()> {
    index(connection, followed)?;
    keep(connection, &followed.remember, upto)
}

/// What counts no longer and again, and which ids are free beyond those whose places say so.
fn index(connection: &Connection, followed: &Followed) -> rusqlite::Result<()> {
    let Followed { withdrawn, restored, forget, .. } = followed;
    let both = |(first, last): &(u64, u64)| (signed(*first), signed(*last));
    withdrawn.iter().try_for_each(|range| withdraw(connection, both(range)))?;
    restored.iter().try_for_each(|range| restore(connection, both(range)))?;
    // What an older version stored ends with the hash. What has a place may be there for what came in the place of this.
    let sql = "DELETE FROM message_ids WHERE id IN (?1, substr(?1, 1, 16)) AND place = 0";
    let mut delete = connection.prepare_cached(sql)?;
    for id in forget {
        delete.execute([id.as_slice()])?;
    }
    Ok(())
}

/// Which ids are taken again, and the last correction that says so.
fn keep(connection: &Connection, ids: &[(IdHash, Seen)], upto: u64) -> rusqlite::Result<()> {
    ids.iter().try_for_each(|(id, seen)| remember(connection, id, seen))?;
    let sql = "INSERT INTO meta(key, value) VALUES('corrected_upto', ?1) ON CONFLICT(key) DO UPDATE SET value = ?1";
    connection.prepare_cached(sql)?.execute([signed(upto)]).map(|_| ())
}
