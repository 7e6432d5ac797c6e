//! What do the tables say of imports?

use crate::history_files::Offsets;
use crate::numbers::{signed, unsigned};
use events::{Import, ImportCounts, ImportId, NewImport, Offset, Places};
use primitives::Timestamp;
use rusqlite::{Connection, Row, params};

/// What an undo has to know.
pub(super) struct ImportPlaces {
    /// Where the import's events stand.
    pub(super) came: Offsets,
    /// Where the events of this one and of all that were undone before stand: none of them counts ever again.
    pub(super) gone: Offsets,
    /// Those in whose place any of these had come. What one that is undone has replaced and what another one that was
    /// undone before has replaced in turn are both here.
    pub(super) replaced: Offsets,
}

pub(super) fn places(connection: &Connection, import: u64) -> rusqlite::Result<ImportPlaces> {
    let sql = "SELECT import, first, last, is_replaced FROM import_places
               WHERE import IN (SELECT id FROM imports WHERE id = ?1 OR undone_at IS NOT NULL)";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([signed(import)])?;
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

/// The newest imports before one, newest first.
pub(super) fn imports(
    connection: &Connection,
    before: Option<ImportId>,
    n_max: usize,
) -> rusqlite::Result<Vec<Import>> {
    // What was broken off never said its counts; where its events stand is known all the same.
    let sql = "SELECT id, began_at, ended_at, undone_at, file, mapping, mapping_sha256, counts,
               (SELECT coalesce(sum(last - first + 1), 0) FROM import_places WHERE import = id AND NOT is_replaced),
               n_withdrawn, n_restored
               FROM imports WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
    let before = before.map_or(i64::MAX, |id| signed(id.0));
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![before, signed(n_max as u64)], import)?;
    rows.collect()
}

/// What of some neighbouring places came with which import.
pub(super) fn imported_at(connection: &Connection, places: Places) -> rusqlite::Result<Vec<(Places, ImportId)>> {
    let sql = "SELECT max(first, ?1), min(last, ?2), import FROM import_places
               WHERE NOT is_replaced AND last >= ?1 AND first <= ?2 ORDER BY first";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([signed(places.0.0), signed(places.1.0)], |row| {
        let places = Places(Offset(unsigned(row.get(0)?)), Offset(unsigned(row.get(1)?)));
        Ok((places, ImportId(unsigned(row.get(2)?))))
    })?;
    rows.collect()
}

fn import(row: &Row<'_>) -> rusqlite::Result<Import> {
    let time = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    let counts: String = row.get(7)?;
    let n_came = unsigned(row.get(8)?);
    let counts = serde_json::from_str(&counts).unwrap_or(ImportCounts { accepted: n_came, ..Default::default() });
    Ok(Import {
        id: ImportId(unsigned(row.get(0)?)),
        new: NewImport { file: row.get(4)?, mapping: row.get(5)?, mapping_sha256: row.get(6)? },
        began_at: Timestamp::from_millis(row.get(1)?),
        ended_at: time(row.get(2)?),
        undone_at: time(row.get(3)?),
        undone: (unsigned(row.get(9)?), unsigned(row.get(10)?)),
        counts,
    })
}
