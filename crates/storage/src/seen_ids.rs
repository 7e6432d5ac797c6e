//! Which messages were seen already? Exactly, and without a random write for each event.
//!
//! Message ids are random, so a table of them touches a page of the database for each new one. Here the newest ids wait in
//! memory, sorted runs of them move into the table, and each transaction moves a few more than it added. After a crash
//! they are read again from the log itself: `ids_upto` is the offset up to which the table knows all ids.

use crate::counters::Counters;
use crate::numbers::{signed, unsigned};
use crate::withdrawn::is_withdrawn;
use events::{Event, Origin};
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// A message id: 128 bits of its XXH3, then its origin. What an older version stored has no origin, and is known to all.
pub(crate) type IdHash = [u8; 17];

/// The place of the origin in an id's hash, and what stands there where there is none.
const ORIGIN: usize = 16;
const NO_ORIGIN: u8 = 0;

/// What is remembered of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// When a client's id was seen; `None` keeps it for ever.
    pub(crate) at: Option<i64>,
    /// [`Event::fingerprint`]; 0 where an older version stored it.
    pub(crate) content: i64,
    /// Its offset; 0 where an older version stored it.
    pub(crate) place: i64,
}

impl Seen {
    /// Its offset; 0 where that is not known.
    pub(crate) fn offset(self) -> u64 {
        unsigned(self.place)
    }
}

/// Whether a message was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    New,
    Same,
    /// Another content under the same id.
    Other,
}

/// What an event's message id is remembered as.
pub(crate) fn id_hash(event: &Event) -> IdHash {
    let hash = xxhash_rust::xxh3::xxh3_128(event.message_id.as_str().as_bytes()).to_be_bytes();
    with_origin(
        &hash,
        match event.origin {
            Origin::Client => 1,
            Origin::Server => 2,
            Origin::Import => 3,
        },
    )
}

/// What is remembered for ever of a message at a place.
pub(crate) fn seen(event: &Event, offset: u64) -> (IdHash, Seen) {
    let content = event.fingerprint().get().cast_signed();
    (id_hash(event), Seen { at: None, content, place: signed(offset) })
}

fn with_origin(hash: &[u8], origin: u8) -> IdHash {
    let mut id = [origin; 17];
    id.iter_mut().zip(hash).take(ORIGIN).for_each(|(byte, found)| *byte = *found);
    id
}

/// How many ids wait in memory before they begin to move into the table. More means fewer pages written an id.
const N_ACTIVE_MAX: usize = 400_000;
/// How many ids a transaction moves for each that it adds.
const N_MOVED_PER_NEW: usize = 2;

/// The ids that the table does not have yet.
#[derive(Debug, Default)]
pub(crate) struct SeenIds {
    active: HashMap<IdHash, Seen>,
    frozen: Option<Frozen>,
    /// What the open transaction added, and what it put that in the place of: what was withdrawn in the same transaction.
    pending: Vec<(IdHash, Option<Seen>)>,
    freeze_wanted: bool,
    /// Whether some of them may be of an older version.
    has_old: bool,
}

/// A sorted run on its way into the table.
#[derive(Debug)]
struct Frozen {
    sorted: Vec<(IdHash, Seen)>,
    /// How many of them the table has, as far as is committed, and with the open transaction.
    n_done: usize,
    n_next: usize,
    /// Where the ids begin that share their first two bytes, and at last where all end: ids are spread evenly, so that a
    /// few neighbours are looked at and not half of the run.
    starts: Vec<usize>,
    upto: u64,
}

impl Frozen {
    fn new(mut sorted: Vec<(IdHash, Seen)>, upto: u64) -> Self {
        sorted.sort_unstable_by_key(|(id, _)| *id);
        let mut starts = vec![0; usize::from(u16::MAX) + 2];
        for (id, _) in &sorted {
            starts[shelf(id) + 1] += 1;
        }
        let mut n_before = 0;
        for start in &mut starts {
            n_before += *start;
            *start = n_before;
        }
        Self { sorted, n_done: 0, n_next: 0, starts, upto }
    }

    fn get(&self, id: &IdHash) -> Option<&Seen> {
        let shelf = shelf(id);
        let neighbours = self.sorted.get(self.starts[shelf]..self.starts[shelf + 1])?;
        neighbours.iter().find(|(found, _)| found == id).map(|(_, seen)| seen)
    }
}

fn shelf(id: &IdHash) -> usize {
    usize::from(u16::from_be_bytes([id[0], id[1]]))
}

impl SeenIds {
    /// Reads the ids again that the table does not have.
    pub(crate) fn load(connection: &Connection, counters: &Counters) -> rusqlite::Result<Self> {
        // Of several that had one id, the last.
        let sql = "SELECT id_hash, kept_since, content, offset FROM events WHERE offset > ?1 ORDER BY offset";
        let mut statement = connection.prepare(sql)?;
        let rows = statement.query_map([signed(counters.ids_upto)], |row| {
            let id = row.get_ref(0)?.as_blob()?;
            let origin = id.get(ORIGIN).copied().unwrap_or(NO_ORIGIN);
            Ok((with_origin(id, origin), Seen { at: row.get(1)?, content: row.get(2)?, place: row.get(3)? }))
        })?;
        let active: HashMap<IdHash, Seen> = rows.collect::<Result<_, _>>()?;
        let has_old = active.keys().any(|id| id[ORIGIN] == NO_ORIGIN);
        Ok(Self { active, has_old, ..Self::default() })
    }

    /// Adds an id, where it is new. That of an import is new again when what stood under it was withdrawn.
    pub(crate) fn add(&mut self, connection: &Connection, id: IdHash, new: Seen) -> rusqlite::Result<Found> {
        let mut found = self.find(connection, &id)?;
        if new.at.is_none() && matches!(found, Some(seen) if is_withdrawn(connection, seen.place)?) {
            found = None;
        }
        let Some(seen) = found else {
            let before = self.active.insert(id, new);
            self.pending.push((id, before));
            return Ok(Found::New);
        };
        if new.at.is_none() && seen.at.is_some() {
            keep_for_ever(connection, &id, seen)?;
        }
        let is_same = seen.content == new.content || seen.content == 0;
        Ok(if is_same { Found::Same } else { Found::Other })
    }

    fn find(&self, connection: &Connection, id: &IdHash) -> rusqlite::Result<Option<Seen>> {
        let in_memory = |id: &IdHash| self.active.get(id).or_else(|| self.in_frozen(id)).copied();
        let found = in_memory(id);
        let found = found.or_else(|| if self.has_old { in_memory(&with_origin(id, NO_ORIGIN)) } else { None });
        match found {
            Some(seen) => Ok(Some(seen)),
            None => in_table(connection, id),
        }
    }

    /// Moves a part of the frozen run into the table, in proportion to what the transaction added.
    pub(crate) fn move_some(&mut self, connection: &Connection, counters: &mut Counters) -> rusqlite::Result<()> {
        let n_max = self.pending.len() * N_MOVED_PER_NEW;
        self.move_frozen(connection, counters, n_max)
    }

    /// Has the table know all ids up to an offset, in steps; answers whether there is more to do.
    pub(crate) fn flush(
        &mut self,
        connection: &Connection,
        counters: &mut Counters,
        upto: u64,
        n_max: usize,
    ) -> rusqlite::Result<bool> {
        if counters.ids_upto >= upto {
            return Ok(false);
        }
        // Without a run, one is made when this transaction is through.
        self.freeze_wanted = self.frozen.is_none();
        self.move_frozen(connection, counters, n_max)?;
        Ok(true)
    }

    /// The transaction is durable.
    pub(crate) fn committed(&mut self, counters: &Counters) {
        self.pending.clear();
        if let Some(frozen) = &mut self.frozen {
            frozen.n_done = frozen.n_next;
            if frozen.n_done == frozen.sorted.len() {
                self.frozen = None;
            }
        }
        if self.frozen.is_none() && (self.freeze_wanted || self.active.len() >= N_ACTIVE_MAX) {
            self.frozen = Some(Frozen::new(self.active.drain().collect(), counters.head));
        }
        self.freeze_wanted = false;
    }

    /// The transaction did not happen.
    pub(crate) fn rolled_back(&mut self) {
        for (id, before) in self.pending.drain(..).rev() {
            match before {
                Some(seen) => self.active.insert(id, seen),
                None => self.active.remove(&id),
            };
        }
        if let Some(frozen) = &mut self.frozen {
            frozen.n_next = frozen.n_done;
        }
        self.freeze_wanted = false;
    }

    fn in_frozen(&self, id: &IdHash) -> Option<&Seen> {
        self.frozen.as_ref()?.get(id)
    }

    fn move_frozen(&mut self, connection: &Connection, counters: &mut Counters, n_max: usize) -> rusqlite::Result<()> {
        let Some(frozen) = &mut self.frozen else { return Ok(()) };
        // What is there already stays, unless it was withdrawn and this came afterwards.
        let sql = "INSERT INTO message_ids(id, seen_at, content, place) VALUES(?1, ?2, ?3, ?4)
                   ON CONFLICT(id) DO UPDATE SET seen_at = ?2, content = ?3, place = ?4 WHERE place < ?4 AND place > 0";
        let mut insert = connection.prepare_cached(sql)?;
        for (id, seen) in frozen.sorted.iter().skip(frozen.n_next).take(n_max) {
            insert.execute(params![id.as_slice(), seen.at, seen.content, seen.place])?;
        }
        frozen.n_next = (frozen.n_next + n_max).min(frozen.sorted.len());
        if frozen.n_next == frozen.sorted.len() {
            counters.ids_upto = frozen.upto;
        }
        Ok(())
    }
}

/// The same hash with any origin is in one place of the table, and so is what an older version stored, which ended with the
/// hash: one look finds them all.
pub(crate) fn in_table(connection: &Connection, id: &IdHash) -> rusqlite::Result<Option<Seen>> {
    let sql = "SELECT id, seen_at, content, place FROM message_ids WHERE id BETWEEN ?1 AND ?2";
    let mut select = connection.prepare_cached(sql)?;
    let mut rows = select.query([&id[..ORIGIN], &with_origin(id, u8::MAX)])?;
    while let Some(row) = rows.next()? {
        let origin = row.get_ref(0)?.as_blob()?.get(ORIGIN).copied().unwrap_or(NO_ORIGIN);
        if origin == id[ORIGIN] || origin == NO_ORIGIN {
            return Ok(Some(Seen { at: row.get(1)?, content: row.get(2)?, place: row.get(3)? }));
        }
    }
    Ok(None)
}

/// What a file of history holds is remembered for ever, also where an older version took it from somebody else first.
fn keep_for_ever(connection: &Connection, id: &IdHash, seen: Seen) -> rusqlite::Result<()> {
    let sql = "INSERT INTO message_ids(id, seen_at, content, place) VALUES(?1, NULL, ?2, ?3)
               ON CONFLICT(id) DO UPDATE SET seen_at = NULL";
    connection.prepare_cached(sql)?.execute(params![id.as_slice(), seen.content, seen.place]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::open_writer;

    const SEEN: Seen = Seen { at: Some(1), content: 7, place: 1 };

    fn id(n: u8) -> IdHash {
        [n; 17]
    }

    #[test]
    fn an_id_is_known_wherever_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (mut seen, mut counters) = (SeenIds::default(), Counters::default());
        for n in 0..10 {
            assert_eq!(seen.add(&connection, id(n), SEEN).unwrap(), Found::New);
            counters.head += 1;
        }
        let known = |seen: &mut SeenIds| (0..10).all(|n| seen.add(&connection, id(n), SEEN).unwrap() == Found::Same);
        assert!(known(&mut seen), "in the open transaction");
        seen.committed(&counters);
        let mut n_steps = 0;
        while seen.flush(&connection, &mut counters, 10, 4).unwrap() {
            assert!(known(&mut seen), "on the way into the table");
            seen.committed(&counters);
            n_steps += 1;
        }
        // One step makes the run, three move it.
        assert_eq!((n_steps, counters.ids_upto), (4, 10));
        assert!(seen.active.is_empty() && seen.frozen.is_none() && known(&mut seen), "in the table");
    }

    #[test]
    fn a_transaction_moves_two_ids_for_each_that_it_adds() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (mut seen, mut counters) = (SeenIds::default(), Counters::default());
        let add = |seen: &mut SeenIds, counters: &mut Counters, ids: std::ops::Range<u8>| {
            for n in ids {
                assert_eq!(seen.add(&connection, id(n), SEEN).unwrap(), Found::New);
                counters.head += 1;
            }
            seen.move_some(&connection, counters).unwrap();
            seen.committed(counters);
        };
        add(&mut seen, &mut counters, 0..10);
        assert!(seen.frozen.is_none() && seen.active.len() == 10, "so few may wait in memory");
        assert!(seen.flush(&connection, &mut counters, 10, 1).unwrap());
        seen.committed(&counters);
        let n_left = |seen: &SeenIds| seen.frozen.as_ref().map(|frozen| frozen.sorted.len() - frozen.n_done);
        assert_eq!((n_left(&seen), seen.active.len()), (Some(10), 0));
        add(&mut seen, &mut counters, 10..12);
        assert_eq!((n_left(&seen), seen.active.len(), counters.ids_upto), (Some(6), 2, 0));
        add(&mut seen, &mut counters, 12..15);
        assert_eq!((n_left(&seen), seen.active.len(), counters.ids_upto), (None, 5, 10));
        assert!((0..10).all(|n| in_table(&connection, &id(n)).unwrap() == Some(SEEN)));
        // What the table lacks is read again from the log, and nothing else.
        assert!((10..15).all(|n| in_table(&connection, &id(n)).unwrap().is_none()));
    }

    #[test]
    fn what_was_rolled_back_was_not_seen() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (mut seen, mut counters) = (SeenIds::default(), Counters { head: 1, ..Counters::default() });
        assert_eq!(seen.add(&connection, id(1), SEEN).unwrap(), Found::New);
        seen.committed(&counters);
        assert!(seen.flush(&connection, &mut counters, 1, 9).unwrap());
        seen.committed(&counters);
        connection.execute_batch("BEGIN").unwrap();
        let before = counters;
        assert!(
            seen.add(&connection, id(2), SEEN).unwrap() == Found::New
                && seen.flush(&connection, &mut counters, 1, 9).unwrap()
        );
        connection.execute_batch("ROLLBACK").unwrap();
        counters = before;
        seen.rolled_back();
        assert!(
            in_table(&connection, &id(1)).unwrap().is_none()
                && seen.add(&connection, id(1), SEEN).unwrap() == Found::Same
        );
        assert!(seen.flush(&connection, &mut counters, 1, 9).unwrap());
        seen.committed(&counters);
        assert_eq!(in_table(&connection, &id(1)).unwrap(), Some(SEEN), "it moves again");
        assert_eq!(seen.add(&connection, id(2), SEEN).unwrap(), Found::New, "what failed may be sent again");
    }

    #[test]
    fn what_was_put_in_the_place_of_another_and_rolled_back_leaves_that_known() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (mut seen, counters) = (SeenIds::default(), Counters { head: 1, ..Counters::default() });
        let imported = |content, place| Seen { at: None, content, place };
        assert_eq!(seen.add(&connection, id(1), imported(7, 1)).unwrap(), Found::New);
        seen.committed(&counters);
        connection.execute_batch("BEGIN; INSERT INTO withdrawn(first, last) VALUES(1, 1);").unwrap();
        for place in 3..5 {
            assert_eq!(
                seen.add(&connection, id(1), imported(8, place)).unwrap(),
                if place == 3 { Found::New } else { Found::Same }
            );
        }
        connection.execute_batch("ROLLBACK").unwrap();
        seen.rolled_back();
        assert_eq!(seen.add(&connection, id(1), imported(7, 2)).unwrap(), Found::Same, "nothing was withdrawn");
        assert_eq!(seen.add(&connection, id(1), imported(8, 2)).unwrap(), Found::Other);
    }

    #[test]
    fn an_id_belongs_to_its_origin_and_one_without_to_all() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let insert = |sql: &str, id: &[u8], offset: i64| {
            assert_eq!(connection.execute(sql, params![id, offset]).unwrap(), 1);
        };
        // As an older version stored them: one in the table, one only in the log.
        insert("INSERT INTO message_ids(id, seen_at) VALUES(?1, ?2)", &[1; 16], 5);
        let sql =
            "INSERT INTO events(id_hash, offset, title, received_at, kept_since, record) VALUES(?1, ?2, '', 5, 5, x'')";
        insert(sql, &[2; 16], 1);
        let mut counters = Counters { head: 1, ..Counters::default() };
        let mut seen = SeenIds::load(&connection, &counters).unwrap();
        for step in ["in memory", "on the way into the table", "in the table"] {
            for (n, origin) in [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)] {
                let found = seen.add(&connection, with_origin(&[n; 16], origin), SEEN).unwrap();
                assert_eq!(found, Found::Same, "{n} of origin {origin}, {step}");
            }
            for n in 10..12 {
                let is_new = step == "in memory" || n == 11;
                let mine = with_origin(&[n; 16], if n == 10 { 1 } else { 2 });
                let other = Seen { content: 8, ..SEEN };
                if n == 10 || step == "in memory" {
                    let expected = if is_new { Found::New } else { Found::Same };
                    assert_eq!(seen.add(&connection, mine, SEEN).unwrap(), expected, "{n}, {step}");
                }
                assert_eq!(seen.add(&connection, mine, other).unwrap(), Found::Other, "{n}, {step}");
            }
            seen.committed(&counters);
            assert!(seen.flush(&connection, &mut counters, 2, if step == "in memory" { 1 } else { 99 }).unwrap());
            seen.committed(&counters);
            counters.head = 2;
        }
        let theirs = with_origin(&[10; 16], 2);
        assert_eq!(seen.add(&connection, theirs, SEEN).unwrap(), Found::New, "the same id of another origin");
    }
}
