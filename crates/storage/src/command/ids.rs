//! How are message ids forgotten? A slice of the table at a time, so that nobody waits for a look at all of it.

use crate::seen_ids::IdHash;
use rusqlite::{Connection, params};

/// The table's slices: with tens of millions of ids, one is read in some ten milliseconds.
pub(crate) const N_SLICES: u16 = 1_024;
/// How many beginnings of ids, of two bytes, are in a slice.
const N_BEGINNINGS: u16 = u16::MAX / N_SLICES + 1;
/// One byte more than an id has, so that the last beginning of a slice with these behind it is above all its ids.
const N_BYTES: usize = size_of::<IdHash>() + 1;

/// Forgets the ids of one slice that were seen before a moment. Those of imports have no moment, and stay.
pub(crate) fn forget(connection: &Connection, slice: u16, before: i64) -> rusqlite::Result<usize> {
    let (first, last) = bounds(slice);
    connection.prepare_cached(FORGET)?.execute(params![first, last, before])
}

const FORGET: &str = "DELETE FROM message_ids WHERE id BETWEEN ?1 AND ?2 AND seen_at < ?3";

fn bounds(slice: u16) -> ([u8; 2], [u8; N_BYTES]) {
    let first = slice * N_BEGINNINGS;
    let mut last = [u8::MAX; N_BYTES];
    last[..2].copy_from_slice(&(first + (N_BEGINNINGS - 1)).to_be_bytes());
    (first.to_be_bytes(), last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::open_writer;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_is_in_exactly_one_slice(id in vec(prop_oneof![Just(0), Just(u8::MAX), any::<u8>()], 16..=17)) {
            let holds = |slice: &u16| {
                let (first, last) = bounds(*slice);
                id.as_slice() >= first.as_slice() && id.as_slice() <= last.as_slice()
            };
            prop_assert_eq!((0..N_SLICES).filter(holds).count(), 1);
        }
    }

    #[test]
    fn a_slice_is_found_by_its_two_ends() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let (first, last) = bounds(0);
        let plan: String = connection
            .query_row(&format!("EXPLAIN QUERY PLAN {FORGET}"), params![first, last, 5], |row| row.get(3))
            .unwrap();
        assert_eq!(plan, "SEARCH message_ids USING PRIMARY KEY (id>? AND id<?)");
    }

    #[test]
    fn only_what_was_seen_before_the_moment_is_forgotten() {
        let temp = tempfile::tempdir().unwrap();
        let connection = open_writer(&temp.path().join("ids.db")).unwrap();
        let mut insert = connection.prepare("INSERT INTO message_ids(id, seen_at) VALUES(?1, ?2)").unwrap();
        for (id, seen_at) in [([0; 17], Some(4)), ([1; 17], None), ([2; 17], Some(5)), ([u8::MAX; 17], Some(-1))] {
            insert.execute(params![id, seen_at]).unwrap();
        }
        let forgotten: Vec<(u16, usize)> = (0..N_SLICES)
            .map(|slice| (slice, forget(&connection, slice, 5).unwrap()))
            .filter(|(_, n)| *n > 0)
            .collect();
        assert_eq!(forgotten, [(0, 1), (N_SLICES - 1, 1)]);
    }
}
