//! How does the log answer? [`EventLog`] on the database, and on the history for what was sealed.

use crate::Storage;
use crate::command::{Command, Done, NewEvent, NewRejection};
use crate::error::{DatabaseError, StorageError};
use crate::history_files::{Offsets, Row};
use crate::numbers::{signed, unsigned};
use crate::schema::meta;
use crate::seen_ids::{Seen, id_hash};
use crate::writer::Patience;
use events::{
    Event, EventLog, EventLogError, Inspected, InspectedStatus, Offset, Origin, Receipt, RecordError, Recorded,
    Rejected, Sent,
};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// The version of a stored rejection.
const REJECTION_VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
pub(crate) struct RejectionRecord {
    v: u8,
    #[serde(flatten)]
    pub(crate) rejected: Rejected,
    /// The hashes of whom it names, also where the payload is cut before: by them an erasure finds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) named: Vec<u64>,
}

/// The hash of a name in a record of a rejected event.
pub(crate) fn rejection_hash(name: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(name.as_bytes())
}

impl EventLog for Storage {
    fn append(&self, events: &[Event]) -> Result<Vec<Receipt>, EventLogError> {
        let n_events = events.len();
        if n_events == 0 {
            return Ok(Vec::new());
        }
        match self.submit(Command::Append { events: new_events(events) }, Patience::Refuse) {
            Ok(Done::Receipts(receipts)) => Ok(receipts),
            Ok(Done::Rows(_) | Done::Refused(_)) => Ok(Vec::new()),
            Err(error) => Err(append_error(n_events, error)),
        }
    }

    fn check(&self) -> Result<(), EventLogError> {
        self.submit(Command::Check, Patience::Refuse).map(|_| ()).map_err(|error| append_error(0, error))
    }

    fn keep_rejected(&self, rejected: Vec<Rejected>) -> Result<(), EventLogError> {
        let n_events = rejected.len();
        if n_events == 0 {
            return Ok(());
        }
        let rejected = rejected.into_iter().map(new_rejection).collect();
        let n_max = self.retention.n_rejections_max as u64;
        self.submit(Command::KeepRejected { rejected, n_max }, Patience::Refuse)
            .map(|_| ())
            .map_err(|error| append_error(n_events, error))
    }

    fn read(&self, after: Offset, n_max: usize) -> Result<Vec<Recorded>, EventLogError> {
        let left_out = self.left_out().map_err(|error| history_error(after.0, error))?;
        let rows = self.readers.snapshot(|connection| {
            let sealed_upto = meta(connection, "sealed_upto")?;
            that_count(&left_out, after.0.max(sealed_upto), n_max, |place, n| rows_after(connection, place, n))
        });
        rows.map_err(|error| read_error(after.0, error))?.into_iter().map(recorded).collect()
    }

    fn recent(
        &self,
        status: InspectedStatus,
        title: Option<&str>,
        n_max: usize,
    ) -> Result<Vec<Inspected>, EventLogError> {
        let accepted = match status {
            InspectedStatus::Rejected => Vec::new(),
            InspectedStatus::All | InspectedStatus::Accepted => self.accepted_before(Offset(u64::MAX), title, n_max)?,
        };
        let rejected = match status {
            InspectedStatus::Accepted => Vec::new(),
            InspectedStatus::All | InspectedStatus::Rejected => self.recent_rejected(title, n_max)?,
        };
        Ok(merge(accepted, rejected, n_max))
    }

    fn before(&self, before: Offset, title: Option<&str>, n_max: usize) -> Result<Vec<Recorded>, EventLogError> {
        self.accepted_before(before, title, n_max)
    }

    fn at(&self, places: &BTreeSet<Offset>) -> Result<Vec<Recorded>, EventLogError> {
        let left_out = self.left_out().map_err(|error| history_error(0, error))?;
        let wanted: BTreeSet<u64> =
            places.iter().map(|place| place.0).filter(|place| !left_out.contains(*place)).collect();
        let (sealed_upto, rows) = self
            .readers
            .snapshot(|connection| {
                let sealed_upto = meta(connection, "sealed_upto")?;
                let mut statement = connection.prepare_cached("SELECT offset, record FROM events WHERE offset = ?1")?;
                let mut rows = Vec::new();
                for place in wanted.range(sealed_upto.saturating_add(1)..) {
                    rows.extend(statement.query_map(params![signed(*place)], row)?.collect::<Result<Vec<Row>, _>>()?);
                }
                Ok((sealed_upto, rows))
            })
            .map_err(|error| read_error(0, error))?;
        let sealed = self.parts.at(&wanted, sealed_upto, &left_out).map_err(|error| history_error(0, error))?;
        let sealed = sealed.into_iter().map(|(offset, event)| opened(offset, event));
        sealed.chain(rows.into_iter().map(recorded)).collect()
    }

    fn head(&self) -> Offset {
        if self.directory.access() == crate::Access::ReadOnly {
            // Another program writes; where it cannot be asked, the last answer stands.
            if let Ok(head) =
                self.readers.with(|connection| crate::counters::Counters::load(connection).map(|found| found.head))
            {
                self.shared.head.store(head, Ordering::Release);
            }
        }
        Offset(self.shared.head.load(Ordering::Acquire))
    }

    fn n_rejected(&self) -> Result<u64, EventLogError> {
        self.readers.with(|connection| meta(connection, "n_rejected")).map_err(|error| read_error(0, error))
    }

    fn n_rejected_kept(&self) -> Result<u64, EventLogError> {
        let count = |connection: &Connection| {
            connection.prepare_cached("SELECT count(*) FROM rejections")?.query_row([], |row| row.get::<_, i64>(0))
        };
        let n = self.readers.with(count).map_err(|error| read_error(0, error))?;
        Ok(u64::try_from(n).unwrap_or(0))
    }
}

impl Storage {
    fn accepted_before(
        &self,
        before: Offset,
        title: Option<&str>,
        n_max: usize,
    ) -> Result<Vec<Recorded>, EventLogError> {
        let left_out = self.left_out().map_err(|error| history_error(0, error))?;
        let border = title.map_or(0, |_| self.head().0.saturating_sub(self.n_looked_at));
        let (sealed_upto, rows) = self
            .readers
            .snapshot(|connection| {
                let sealed_upto = meta(connection, "sealed_upto")?;
                let sql =
                    "SELECT offset, record FROM events WHERE offset > ?1 AND offset < ?2 AND (?3 IS NULL OR title = ?3)
                           ORDER BY offset DESC LIMIT ?4";
                let mut statement = connection.prepare_cached(sql)?;
                let rows = that_count(&left_out, before.0.min(i64::MAX.cast_unsigned()), n_max, |before, n| {
                    let n = i64::try_from(n).unwrap_or(i64::MAX);
                    let after = signed(sealed_upto.max(border));
                    statement.query_map(params![after, signed(before), title, n], row)?.collect()
                })?;
                Ok((sealed_upto, rows))
            })
            .map_err(|error| read_error(0, error))?;
        let n_older = n_max - rows.len();
        let mut found = rows.into_iter().map(recorded).collect::<Result<Vec<_>, _>>()?;
        if n_older > 0 {
            let older = self.parts.newest((border, before.0), sealed_upto, title, &left_out, n_older);
            for (offset, event) in older.map_err(|error| history_error(0, error))? {
                found.push(opened(offset, event)?);
            }
        }
        Ok(found)
    }

    fn recent_rejected(&self, title: Option<&str>, n_max: usize) -> Result<Vec<(u64, Rejected)>, EventLogError> {
        let rows = self.readers.with(|connection| {
            let sql =
                "SELECT after_offset, record FROM rejections WHERE ?1 IS NULL OR title = ?1 ORDER BY seq DESC LIMIT ?2";
            let n_max = i64::try_from(n_max).unwrap_or(i64::MAX);
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map(params![title, n_max], row)?.collect::<Result<Vec<Row>, _>>()
        });
        let rows = rows.map_err(|error| read_error(0, error))?;
        let read = |(after_offset, record): Row| match serde_json::from_slice::<RejectionRecord>(&record) {
            Ok(found) => Ok((after_offset, found.rejected)),
            Err(source) => Err(EventLogError::Read { after: after_offset, source: Box::new(source) }),
        };
        rows.into_iter().map(read).collect()
    }
}

/// Up to `n_max` rows that are not left out. `portion` reads so many of them beyond a place: where the last portion ended.
fn that_count(
    left_out: &Offsets,
    from: u64,
    n_max: usize,
    mut portion: impl FnMut(u64, usize) -> rusqlite::Result<Vec<Row>>,
) -> rusqlite::Result<Vec<Row>> {
    let (mut rows, mut place) = (Vec::new(), from);
    loop {
        let n_more = n_max - rows.len();
        let found = portion(place, n_more)?;
        let is_last = found.len() < n_more;
        place = found.last().map_or(place, |(offset, _)| *offset);
        rows.extend(found.into_iter().filter(|(offset, _)| !left_out.contains(*offset)));
        if is_last || rows.len() == n_max {
            return Ok(rows);
        }
    }
}

/// Up to `n_max` rows after an offset.
pub(crate) fn rows_after(connection: &Connection, after: u64, n_max: usize) -> rusqlite::Result<Vec<Row>> {
    let sql = "SELECT offset, record FROM events WHERE offset > ?1 ORDER BY offset LIMIT ?2";
    let n_max = i64::try_from(n_max).unwrap_or(i64::MAX);
    connection.prepare_cached(sql)?.query_map(params![signed(after), n_max], row)?.collect()
}

/// Opens a stored event.
pub(crate) fn recorded((offset, record): Row) -> Result<Recorded, EventLogError> {
    opened(offset, Event::from_record(&record))
}

/// An event that was opened, with its place.
pub(crate) fn opened(offset: u64, event: Result<Event, RecordError>) -> Result<Recorded, EventLogError> {
    match event {
        Ok(event) => Ok(Recorded { offset: Offset(offset), event }),
        Err(source) => Err(EventLogError::Record { offset, source }),
    }
}

/// The port's error for a database that could not be read.
pub(crate) fn read_error(after: u64, error: DatabaseError) -> EventLogError {
    EventLogError::Read { after, source: Box::new(error) }
}

/// The port's error for a history that could not be read.
pub(crate) fn history_error(after: u64, error: StorageError) -> EventLogError {
    match error {
        StorageError::Event(error) => error,
        error => EventLogError::Read { after, source: Box::new(error) },
    }
}

pub(crate) fn append_error(n_events: usize, error: DatabaseError) -> EventLogError {
    EventLogError::Append { n_events, action: error.action.to_owned(), kind: error.kind, source: Box::new(error) }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok((unsigned(row.get(0)?), row.get(1)?))
}

pub(crate) fn new_events(events: &[Event]) -> Vec<NewEvent> {
    events.iter().map(new_event).collect()
}

pub(crate) fn new_event(event: &Event) -> NewEvent {
    NewEvent {
        title: event.title().to_owned(),
        id_hash: id_hash(event),
        received_at: event.received_at.as_millis(),
        seen: Seen {
            at: (event.origin != Origin::Import).then_some(event.received_at.as_millis()),
            content: event.fingerprint().get().cast_signed(),
            place: 0,
        },
        record: event.to_record(),
    }
}

fn new_rejection(rejected: Rejected) -> NewRejection {
    let sent = Sent::of(&rejected.payload);
    // What it would have been called, where that can be seen.
    let title = sent.name().or(rejected.call.as_deref()).unwrap_or_default().to_owned();
    let named = rejected.names.iter().map(|name| rejection_hash(name)).collect();
    let record = RejectionRecord { v: REJECTION_VERSION, rejected, named };
    #[expect(clippy::expect_used, reason = "a rejection holds only strings and a time")]
    let record = serde_json::to_vec(&record).expect("a rejection is always JSON");
    NewRejection { title, record }
}

/// Both newest first, merged by their place in the log: a rejected event stands after the offset that was newest then.
fn merge(accepted: Vec<Recorded>, rejected: Vec<(u64, Rejected)>, n_max: usize) -> Vec<Inspected> {
    let mut accepted = accepted.into_iter().peekable();
    let mut rejected = rejected.into_iter().peekable();
    let mut merged = Vec::new();
    while merged.len() < n_max {
        let rejected_is_newer = match (accepted.peek(), rejected.peek()) {
            (None, None) => break,
            (Some(event), Some((after_offset, _))) => *after_offset >= event.offset.0,
            (None, Some(_)) => true,
            (Some(_), None) => false,
        };
        if rejected_is_newer {
            merged.extend(rejected.next().map(|(_, rejected)| Inspected::Rejected(rejected)));
        } else {
            merged.extend(accepted.next().map(Inspected::Accepted));
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::samples;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_came_last_is_shown_first(
            mut accepted in vec(1..30_u64, 0..8), mut rejected in vec(0..30_u64, 0..8), n_max in 0..20_usize,
        ) {
            // An accepted event has its offset, a rejected one stands after the offset that was newest when it came.
            let mut by_hand: Vec<(u64, bool)> = Vec::new();
            accepted.sort_unstable_by(|a, b| b.cmp(a));
            accepted.dedup();
            rejected.sort_unstable_by(|a, b| b.cmp(a));
            by_hand.extend(accepted.iter().map(|offset| (*offset, false)));
            by_hand.extend(rejected.iter().map(|after| (*after, true)));
            by_hand.sort_unstable_by(|a, b| b.cmp(a));
            by_hand.truncate(n_max);
            let recorded = |offset: &u64| Recorded { offset: Offset(*offset), event: samples::event(*offset) };
            let accepted = accepted.iter().map(recorded).collect();
            let rejected = rejected.iter().map(|after| (*after, samples::rejected(*after))).collect();
            let shown: Vec<Inspected> = merge(accepted, rejected, n_max);
            let expected: Vec<Inspected> = by_hand.iter().map(|(place, is_rejected)| match is_rejected {
                true => Inspected::Rejected(samples::rejected(*place)),
                false => Inspected::Accepted(recorded(place)),
            }).collect();
            prop_assert_eq!(shown, expected);
        }
    }
}
