//! Which rows belong together, when are they complete, and what becomes of an order with a bad row?

use super::delivery::{BadRow, Delivery};
use super::mapping::{Emitter, Grouping, KEY_SEPARATOR, LatestTime, Mapping, Row, TimeReader, Unmappable};
use super::{ImportError, ImportOptions};
use primitives::{Timestamp, stable_hash};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Rows that wait are kept in pieces of this size, so that growing never copies them.
const PIECE_BYTES: usize = 4 << 20;
/// About what a group that waits takes beside its key.
const GROUP_BYTES: usize = 64;
/// About what a bad row that waits takes beside its texts.
const BAD_ROW_BYTES: usize = 256;

/// Collects rows into groups and hands complete groups on. A group with a bad row is rejected whole: part of an order
/// would be a wrong order.
pub(crate) struct Grouper<'m> {
    name: String,
    mapping: &'m Mapping,
    times: TimeReader<'m>,
    emitter: Emitter<'m>,
    ready: Vec<(Value, Timestamp, u64)>,
    memory_bytes_max: usize,
    key: String,
    /// The group being collected, where groups are contiguous.
    current_key: String,
    /// Reused rows; the first `n_current` are the group.
    current: Vec<Row>,
    n_current: usize,
    /// The bad rows of the group, by their lines.
    current_bad: BTreeMap<u64, BadRow>,
    /// Bad rows after those of the group that do not show which group is theirs.
    strays: Vec<BadRow>,
    closed: HashSet<u64>,
    waiting: Waiting,
}

/// Rows of all groups, where the rows of one group may be apart.
#[derive(Default)]
struct Waiting {
    groups: HashMap<Box<str>, u32>,
    /// The time of each group's first row.
    group_times: Vec<Timestamp>,
    rows: Vec<(u32, u64)>,
    pieces: Vec<Vec<u8>>,
    /// How many cells each row has: those that the mapping uses.
    n_cells: usize,
    key_bytes: usize,
    /// The bad ones among the rows, by their lines.
    bad: BTreeMap<u64, BadRow>,
    bad_bytes: usize,
}

impl<'m> Grouper<'m> {
    pub(crate) fn new(name: &str, mapping: &'m Mapping, options: &ImportOptions, latest: &LatestTime) -> Self {
        Self {
            name: name.to_owned(),
            mapping,
            times: mapping.time().reader(options.now, latest),
            emitter: Emitter::new(mapping),
            ready: Vec::new(),
            memory_bytes_max: options.memory_bytes_max,
            key: String::new(),
            current_key: String::new(),
            current: Vec::new(),
            n_current: 0,
            current_bad: BTreeMap::new(),
            strays: Vec::new(),
            closed: HashSet::new(),
            waiting: Waiting::default(),
        }
    }

    pub(crate) fn days(&self) -> i64 {
        self.times.days()
    }

    pub(crate) fn n_waiting_rows(&self) -> u64 {
        self.waiting.rows.len() as u64
    }

    /// Reads the row's time into it.
    pub(crate) fn read_time(&mut self, row: &mut Row) -> Result<(), String> {
        row.at = self.times.read(row)?;
        Ok(())
    }

    /// Takes one row, which may be bad; its place is left with another row's room.
    pub(crate) fn take(
        &mut self,
        row: &mut Row,
        bad: Option<BadRow>,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), ImportError> {
        match (self.mapping.grouping, bad) {
            (Grouping::None, Some(bad)) => delivery.reject(&bad),
            (Grouping::None, None) => {
                self.keep(row);
                self.emit(delivery)
            }
            (grouping, bad) => {
                let mut key = std::mem::take(&mut self.key);
                self.mapping.group_key(row, &mut key);
                let taken = self.take_into(grouping, &mut key, row, bad, delivery);
                self.key = key;
                taken
            }
        }
    }

    fn take_into(
        &mut self,
        grouping: Grouping,
        key: &mut String,
        row: &mut Row,
        bad: Option<BadRow>,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), ImportError> {
        let has_key = key.bytes().any(|byte| byte != KEY_SEPARATOR);
        let bad = bad.or_else(|| (!has_key).then(|| self.bad_row(row, "all its group_by cells are blank")));
        if let Some(bad) = &bad {
            delivery.note_unfit(bad.line, &bad.reason)?;
        }
        match (grouping, bad) {
            (Grouping::Contiguous, Some(bad)) if !has_key => {
                self.strays.push(bad);
                Ok(())
            }
            (Grouping::Contiguous, bad) => self.take_neighbour(key, row, bad, delivery),
            (_, Some(bad)) if !has_key => delivery.write_down(&bad),
            (_, bad) => {
                self.waiting.add(key, row, bad);
                if self.waiting.bytes() > self.memory_bytes_max {
                    return Err(self.too_large("rows that wait for the rest of their group"));
                }
                Ok(())
            }
        }
    }

    fn take_neighbour(
        &mut self,
        key: &mut String,
        row: &mut Row,
        bad: Option<BadRow>,
        delivery: &mut Delivery<'_>,
    ) -> Result<(), ImportError> {
        if self.n_current > 0 && *key == self.current_key {
            // What stands between two rows of one group belongs to it.
            self.current_bad.extend(self.strays.drain(..).map(|stray| (stray.line, stray)));
        } else {
            self.close();
            self.emit(delivery)?;
        }
        let bad = match bad {
            None if self.n_current == 0 && self.closed.contains(&stable_hash(key)) => {
                let late = self.bad_row(
                    row,
                    "its order ended on an earlier line and went in without it: sort the file by the group_by columns, or \
                     set group = \"file\" in the mapping, and import it again with --replace",
                );
                delivery.note_unfit(late.line, &late.reason)?;
                Some(late)
            }
            bad => bad,
        };
        std::mem::swap(&mut self.current_key, key);
        self.current_bad.extend(bad.map(|bad| (bad.line, bad)));
        self.keep(row);
        Ok(())
    }

    /// Hands on everything that waits, in the order of time.
    pub(crate) fn finish(&mut self, delivery: &mut Delivery<'_>) -> Result<(), ImportError> {
        self.emit(delivery)?;
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut n_mapped = 0;
        let rows = waiting.take_in_order();
        for group in rows.chunk_by(|one, next| one.0 == next.0) {
            for (_, at) in group {
                let row = self.spare();
                waiting.read(*at, row);
                let bad = waiting.bad.remove(&row.line);
                self.current_bad.extend(bad.map(|bad| (bad.line, bad)));
                self.n_current += 1;
                n_mapped += 1;
                delivery.tick(n_mapped, || n_mapped)?;
            }
            self.emit(delivery)?;
        }
        self.emitter.finish(&mut self.ready);
        let items: Vec<_> = self.ready.drain(..).collect();
        for (payload, at, line) in items {
            let row = json!({ "itemId": payload.get("itemId") });
            if let Some(reason) = delivery.deliver(std::iter::once((payload, at, line)))? {
                delivery.refuse(&BadRow { line, reason, row })?;
            }
        }
        Ok(())
    }

    /// The place for the next row of the current group.
    fn spare(&mut self) -> &mut Row {
        if self.current.len() == self.n_current {
            self.current.push(Row::default());
        }
        let last = self.n_current;
        &mut self.current[last]
    }

    fn keep(&mut self, row: &mut Row) {
        std::mem::swap(self.spare(), row);
        self.n_current += 1;
    }

    fn close(&mut self) {
        // Beyond the limit nothing more is remembered: then a group that comes apart is not noticed.
        if self.n_current > 0 && self.closed.len() * 16 < self.memory_bytes_max / 2 {
            self.closed.insert(stable_hash(&self.current_key));
        }
    }

    /// Hands the current group on, or rejects it whole.
    fn emit(&mut self, delivery: &mut Delivery<'_>) -> Result<(), ImportError> {
        self.strays.drain(..).try_for_each(|stray| delivery.write_down(&stray))?;
        let rows = self.current.get(..self.n_current).unwrap_or_default();
        let to_blame = if self.current_bad.is_empty() {
            match self.emitter.group(rows, &mut self.times, &mut self.ready) {
                Ok(()) => {
                    let refused = delivery.deliver(self.ready.drain(..))?;
                    let line = rows.first().map_or(0, |row| row.line);
                    refused.map(|reason| (line, reason)).into_iter().collect()
                }
                Err(to_blame) => to_blame,
            }
        } else {
            Vec::new()
        };
        if self.current_bad.is_empty() && to_blame.is_empty() {
            self.emitter.accepted(rows);
        } else {
            self.emitter.taken_back();
            reject_whole(self.mapping, rows, &mut self.current_bad, to_blame, delivery)?;
        }
        self.n_current = 0;
        if self.emitter.memory_bytes() > self.memory_bytes_max {
            return Err(self.too_large("customers and items already described"));
        }
        Ok(())
    }

    fn bad_row(&self, row: &Row, reason: &str) -> BadRow {
        BadRow { line: row.line, reason: reason.to_owned(), row: as_json(self.mapping, row) }
    }

    fn too_large(&self, what: &'static str) -> ImportError {
        ImportError::TooLarge { name: self.name.clone(), limit_mib: self.memory_bytes_max >> 20, what }
    }
}

/// Writes every row of a group to the rejects file: those that are bad (counted when they were read), those because of
/// which it cannot be mapped or is refused, and the others for their sake.
fn reject_whole(
    mapping: &Mapping,
    rows: &[Row],
    bad: &mut BTreeMap<u64, BadRow>,
    to_blame: Vec<Unmappable>,
    delivery: &mut Delivery<'_>,
) -> Result<(), ImportError> {
    let first_bad = bad.first_key_value().map(|(line, bad)| (*line, bad.reason.clone()));
    let Some((first_line, first_reason)) = first_bad.or_else(|| to_blame.first().cloned()) else { return Ok(()) };
    let because = format!("another row of this order was rejected: line {first_line}, {first_reason}");
    let mut to_blame: BTreeMap<u64, String> = to_blame.into_iter().rev().collect();
    for row in rows {
        if bad.contains_key(&row.line) {
            continue;
        }
        let own = to_blame.remove(&row.line);
        let is_to_blame = own.is_some();
        let reason = own.unwrap_or_else(|| because.clone());
        let rejected = BadRow { line: row.line, reason, row: as_json(mapping, row) };
        if is_to_blame { delivery.refuse(&rejected)? } else { delivery.write_down(&rejected)? }
    }
    while let Some((_, bad)) = bad.pop_first() {
        delivery.write_down(&bad)?;
    }
    Ok(())
}

/// The cells of a row that the mapping uses, by their columns.
fn as_json(mapping: &Mapping, row: &Row) -> Value {
    let cells = mapping.slot_names().enumerate();
    Value::Object(cells.map(|(slot, column)| (column.to_owned(), Value::from(row.cell(slot)))).collect())
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.pieces.len() * PIECE_BYTES
            + self.rows.capacity() * size_of::<(u32, u64)>()
            + self.group_times.len() * GROUP_BYTES
            + self.key_bytes
            + self.bad_bytes
    }

    fn add(&mut self, key: &str, row: &Row, bad: Option<BadRow>) {
        if let Some(bad) = bad {
            self.bad_bytes += BAD_ROW_BYTES + bad.reason.len() + 2 * row.text.len();
            self.bad.insert(bad.line, bad);
        }
        let group = match self.groups.get(key) {
            Some(group) => *group,
            None => {
                let group = u32::try_from(self.group_times.len()).unwrap_or(u32::MAX);
                self.groups.insert(key.into(), group);
                self.group_times.push(row.at);
                self.key_bytes += key.len();
                group
            }
        };
        let needs = 16 + 4 * row.ends.len() + row.text.len();
        if self.pieces.last().is_none_or(|piece| piece.len() + needs > PIECE_BYTES) {
            self.pieces.push(Vec::with_capacity(PIECE_BYTES.max(needs)));
        }
        let place = (self.pieces.len() as u64 - 1) << 32;
        let Some(piece) = self.pieces.last_mut() else { return };
        self.rows.push((group, place | piece.len() as u64));
        piece.extend_from_slice(&row.line.to_le_bytes());
        piece.extend_from_slice(&row.at.as_millis().to_le_bytes());
        for end in &row.ends {
            piece.extend_from_slice(&end.to_le_bytes());
        }
        piece.extend_from_slice(row.text.as_bytes());
        self.n_cells = row.ends.len();
    }

    /// Reads the row at a place into `row`.
    fn read(&self, place: u64, row: &mut Row) {
        row.clear();
        let piece = usize::try_from(place >> 32).ok().and_then(|piece| self.pieces.get(piece));
        let start = usize::try_from(place & u64::from(u32::MAX)).unwrap_or(usize::MAX);
        let Some(mut bytes) = piece.and_then(|piece| piece.get(start..)) else { return };
        row.line = u64::from_le_bytes(take(&mut bytes));
        row.at = Timestamp::from_millis(i64::from_le_bytes(take(&mut bytes)));
        row.ends.extend((0..self.n_cells).map(|_| u32::from_le_bytes(take(&mut bytes))));
        let n_bytes = row.ends.last().map_or(0, |end| *end as usize);
        row.text.push_str(bytes.get(..n_bytes).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or(""));
    }

    /// The rows, group by group: groups by time and then by their first line, rows as they stand in the file.
    fn take_in_order(&mut self) -> Vec<(u32, u64)> {
        let mut rows = std::mem::take(&mut self.rows);
        let time = |group: u32| self.group_times.get(group as usize).copied();
        rows.sort_unstable_by_key(|(group, place)| (time(*group), *group, *place));
        rows
    }
}

/// The next bytes of a stored row; zeroes past its end.
fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    match bytes.split_first_chunk::<N>() {
        Some((taken, rest)) => {
            *bytes = rest;
            *taken
        }
        None => [0; N],
    }
}
