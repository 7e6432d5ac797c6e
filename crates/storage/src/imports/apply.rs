//! What changes in the database when an import begins, goes on, ends or is corrected?

use crate::command::{Counters, Done, NewEvent, append};
use crate::schema::signed;
use crate::seen_ids::{IdHash, SeenIds};
use events::{ImportCounts, NewImport, Places, Receipt};
use rusqlite::{Connection, params};

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
    /// Everything that does not count afterwards.
    pub(crate) withdrawn: Vec<(u64, u64)>,
    /// Ids that are free from then on.
    pub(crate) forget: Vec<IdHash>,
    /// Ids that are taken again, each with what its message says.
    pub(crate) remember: Vec<(IdHash, i64)>,
}

impl Followed {
    /// About how many bytes it is.
    pub(crate) fn bytes(&self) -> usize {
        self.withdrawn.len() * size_of::<(u64, u64)>()
            + self.forget.len() * size_of::<IdHash>()
            + self.remember.len() * size_of::<(IdHash, i64)>()
    }
}

/// A correction with everything that follows from it.
#[derive(Debug)]
pub(crate) struct Correction {
    pub(crate) import: u64,
    pub(crate) event: NewEvent,
    pub(crate) followed: Followed,
    /// What the import comes in the place of.
    pub(crate) replaced: Vec<(u64, u64)>,
    /// Where the import as a whole is taken out: when.
    pub(crate) undone_at: Option<i64>,
}

impl ImportCommand {
    /// About how many bytes it carries.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Append { events, .. } => events.iter().map(NewEvent::bytes).sum(),
            Self::Correct(correction) => {
                correction.event.bytes()
                    + correction.followed.bytes()
                    + correction.replaced.len() * size_of::<(u64, u64)>()
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
            Ok(Done::Rows(crate::schema::unsigned(connection.last_insert_rowid())))
        }
        ImportCommand::Append { import, events } => {
            let receipts = append(connection, counters, seen, events)?;
            let offsets = receipts.iter().filter_map(|receipt| match receipt {
                Receipt::Appended(offset) => Some(offset.0),
                _ => None,
            });
            for Places(first, last) in Places::of(offsets) {
                keep_places(connection, *import, first.0, last.0)?;
            }
            Ok(Done::Receipts(receipts))
        }
        ImportCommand::End { import, counts, at } => {
            let counts = serde_json::to_string(counts).unwrap_or_default();
            let sql = "UPDATE imports SET ended_at = ?2, counts = ?3 WHERE id = ?1";
            let n = connection.prepare_cached(sql)?.execute(params![signed(*import), at, counts])?;
            Ok(Done::Rows(n as u64))
        }
        ImportCommand::Correct(correction) => correct(connection, counters, seen, correction).map(Done::Receipts),
    }
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

fn correct(
    connection: &Connection,
    counters: &mut Counters,
    seen: &mut SeenIds,
    correction: &Correction,
) -> rusqlite::Result<Vec<Receipt>> {
    let receipts = append(connection, counters, seen, std::slice::from_ref(&correction.event))?;
    follow(connection, &correction.followed, counters.head)?;
    for (first, last) in &correction.replaced {
        let sql = "INSERT INTO import_places(import, is_replaced, first, last) VALUES(?1, 1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![signed(correction.import), signed(*first), signed(*last)])?;
    }
    if let Some(at) = correction.undone_at {
        let sql = "UPDATE imports SET undone_at = ?2 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![signed(correction.import), at])?;
    }
    Ok(receipts)
}

/// What counts no longer, which ids are free or taken therefore, and the last correction that says so.
pub(crate) fn follow(connection: &Connection, followed: &Followed, upto: u64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM withdrawn", [])?;
    for (first, last) in &followed.withdrawn {
        let sql = "INSERT INTO withdrawn(first, last) VALUES(?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![signed(*first), signed(*last)])?;
    }
    for id in &followed.forget {
        // What an older version stored ends with the hash.
        let sql = "DELETE FROM message_ids WHERE id IN (?1, substr(?1, 1, 16))";
        connection.prepare_cached(sql)?.execute([id.as_slice()])?;
    }
    for (id, content) in &followed.remember {
        let sql = "INSERT INTO message_ids(id, seen_at, content) VALUES(?1, NULL, ?2) ON CONFLICT(id) DO NOTHING";
        connection.prepare_cached(sql)?.execute(params![id.as_slice(), content])?;
    }
    let sql = "INSERT INTO meta(key, value) VALUES('corrected_upto', ?1) ON CONFLICT(key) DO UPDATE SET value = ?1";
    connection.prepare_cached(sql)?.execute([signed(upto)]).map(|_| ())
}
