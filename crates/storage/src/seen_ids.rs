//! Which messages were seen already? Exactly, and without a random write for each event.
//!
//! Message ids are random, so a table of them touches a page of the database for each new one. Here the newest ids wait in
//! memory, sorted runs of them move into the table, and each transaction moves a few more than it added. After a crash
//! they are read again from the log itself: `ids_upto` is the offset up to which the table knows all ids.

use crate::command::Counters;
use crate::schema::signed;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// A message id as 128 bits of its XXH3.
pub(crate) type IdHash = [u8; 16];

/// How many ids wait in memory before they begin to move into the table. More means fewer pages written an id.
const N_ACTIVE_MAX: usize = 400_000;
/// How many ids a transaction moves for each that it adds.
const N_MOVED_PER_NEW: usize = 2;

/// The ids that the table does not have yet. The value is when a client's id was seen; `None` keeps it for ever.
#[derive(Debug, Default)]
pub(crate) struct SeenIds {
    active: HashMap<IdHash, Option<i64>>,
    frozen: Option<Frozen>,
    /// What the open transaction added.
    pending: Vec<IdHash>,
    freeze_wanted: bool,
}

/// A sorted run on its way into the table.
#[derive(Debug)]
struct Frozen {
    sorted: Vec<(IdHash, Option<i64>)>,
    /// How many of them the table has, as far as is committed, and with the open transaction.
    n_done: usize,
    n_next: usize,
    upto: u64,
}

impl SeenIds {
    /// Reads the ids again that the table does not have.
    pub(crate) fn load(connection: &Connection, counters: &Counters) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT id_hash, kept_since FROM events WHERE offset > ?1")?;
        let rows = statement.query_map([signed(counters.ids_upto)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { active: rows.collect::<Result<_, _>>()?, ..Self::default() })
    }

    /// Adds an id; answers `false` where it was there already.
    pub(crate) fn add(&mut self, connection: &Connection, id: IdHash, seen_at: Option<i64>) -> rusqlite::Result<bool> {
        if self.active.contains_key(&id) || self.is_frozen(&id) || in_table(connection, &id)? {
            if seen_at.is_none() {
                keep_for_ever(connection, &id)?;
            }
            return Ok(false);
        }
        self.active.insert(id, seen_at);
        self.pending.push(id);
        Ok(true)
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
            let mut sorted: Vec<_> = self.active.drain().collect();
            sorted.sort_unstable();
            self.frozen = Some(Frozen { sorted, n_done: 0, n_next: 0, upto: counters.head });
        }
        self.freeze_wanted = false;
    }

    /// The transaction did not happen.
    pub(crate) fn rolled_back(&mut self) {
        for id in self.pending.drain(..) {
            self.active.remove(&id);
        }
        if let Some(frozen) = &mut self.frozen {
            frozen.n_next = frozen.n_done;
        }
        self.freeze_wanted = false;
    }

    fn is_frozen(&self, id: &IdHash) -> bool {
        self.frozen.as_ref().is_some_and(|frozen| frozen.sorted.binary_search_by_key(id, |(found, _)| *found).is_ok())
    }

    fn move_frozen(&mut self, connection: &Connection, counters: &mut Counters, n_max: usize) -> rusqlite::Result<()> {
        let Some(frozen) = &mut self.frozen else { return Ok(()) };
        let sql = "INSERT OR IGNORE INTO message_ids(id, seen_at) VALUES(?1, ?2)";
        let mut insert = connection.prepare_cached(sql)?;
        for (id, seen_at) in frozen.sorted.iter().skip(frozen.n_next).take(n_max) {
            insert.execute(params![id.as_slice(), seen_at])?;
        }
        frozen.n_next = (frozen.n_next + n_max).min(frozen.sorted.len());
        if frozen.n_next == frozen.sorted.len() {
            counters.ids_upto = frozen.upto;
        }
        Ok(())
    }
}

fn in_table(connection: &Connection, id: &IdHash) -> rusqlite::Result<bool> {
    let mut select = connection.prepare_cached("SELECT 1 FROM message_ids WHERE id = ?1")?;
    Ok(select.query_row([id.as_slice()], |_| Ok(())).optional()?.is_some())
}

/// What a file of history holds is remembered for ever, also where a client was first to send it.
fn keep_for_ever(connection: &Connection, id: &IdHash) -> rusqlite::Result<()> {
    let sql = "INSERT INTO message_ids(id, seen_at) VALUES(?1, NULL) ON CONFLICT(id) DO UPDATE SET seen_at = NULL
               WHERE seen_at IS NOT NULL";
    connection.prepare_cached(sql)?.execute([id.as_slice()]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::open_writer;

    fn id(n: u8) -> IdHash {
        [n; 16]
    }

    #[test]
    fn an_id_is_known_wherever_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (mut seen, mut counters) = (SeenIds::default(), Counters::default());
        for n in 0..10 {
            assert!(seen.add(&connection, id(n), Some(1)).unwrap());
            counters.head += 1;
        }
        let known = |seen: &mut SeenIds| (0..10).all(|n| !seen.add(&connection, id(n), Some(1)).unwrap());
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
    fn what_was_rolled_back_was_not_seen() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (mut seen, mut counters) = (SeenIds::default(), Counters { head: 1, ..Counters::default() });
        assert!(seen.add(&connection, id(1), Some(1)).unwrap());
        seen.committed(&counters);
        assert!(seen.flush(&connection, &mut counters, 1, 9).unwrap());
        seen.committed(&counters);
        connection.execute_batch("BEGIN").unwrap();
        let before = counters;
        assert!(
            seen.add(&connection, id(2), Some(1)).unwrap() && seen.flush(&connection, &mut counters, 1, 9).unwrap()
        );
        connection.execute_batch("ROLLBACK").unwrap();
        counters = before;
        seen.rolled_back();
        assert!(!in_table(&connection, &id(1)).unwrap() && !seen.add(&connection, id(1), Some(1)).unwrap());
        assert!(seen.flush(&connection, &mut counters, 1, 9).unwrap());
        seen.committed(&counters);
        assert!(in_table(&connection, &id(1)).unwrap(), "it moves again");
        assert!(seen.add(&connection, id(2), Some(1)).unwrap(), "what failed may be sent again");
    }
}
