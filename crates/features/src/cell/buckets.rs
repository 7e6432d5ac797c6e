//! How much was there in a stretch of time? Sums per hour for eight days, per day for 400, and one for everything before.

use primitives::{DAY_MS, HOUR_MS, Timestamp};
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// So far back from the newest fact there is one bucket for each hour.
const N_HOURS: i32 = 8 * 24;
/// So far back from the newest fact there is one bucket for each day.
const N_DAYS: i32 = 400;
/// The longest stretch that can be asked for, in days.
pub(crate) const DAYS_MAX: i64 = N_DAYS as i64;

/// What facts come to: adding is commutative and associative, and nothing overflows.
pub(crate) trait Tally {
    fn add(&mut self, other: Self);
}

/// What facts come to, by time and by a key of their own.
///
/// It is a function of the multiset of what was added: which bucket a fact is in depends on its own time and on that of the
/// newest one only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Buckets<K, T> {
    /// The hour of the newest fact.
    newest: i32,
    hours: Vec<Row<K, T>>,
    days: Vec<Row<K, T>>,
    older: Vec<Row<K, T>>,
}

/// One bucket: the hour or the day since 1970, or 0 for what is older.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row<K, T> {
    slot: i32,
    key: K,
    tally: T,
}

impl<K, T> Default for Buckets<K, T> {
    fn default() -> Self {
        Self { newest: i32::MIN, hours: Vec::new(), days: Vec::new(), older: Vec::new() }
    }
}

impl<K: Ord + Copy, T: Tally + Copy> Buckets<K, T> {
    pub(crate) fn add(&mut self, at: Timestamp, key: K, tally: T) {
        let hour = hour_of(at);
        if hour > self.newest {
            // First, so that its place is free and no room is kept that is not needed again.
            self.newest = hour;
            self.roll();
        }
        add(&mut self.hours, Row { slot: hour, key, tally });
        self.roll();
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (rows, others) in
            [(&mut self.hours, other.hours), (&mut self.days, other.days), (&mut self.older, other.older)]
        {
            others.into_iter().for_each(|row| add(rows, row));
        }
        self.newest = self.newest.max(other.newest);
        self.roll();
    }

    /// Whether there is anything under a key.
    pub(crate) fn has(&self, key: K) -> bool {
        self.rows().any(|row| row.key == key)
    }

    /// Every key, each once.
    pub(crate) fn keys(&self) -> BTreeSet<K> {
        self.rows().map(|row| row.key).collect()
    }

    /// Has every fact stand under another key, with what it comes to there.
    pub(crate) fn regroup(&mut self, regroup: impl Fn(K, T) -> (K, T)) {
        for rows in [&mut self.hours, &mut self.days, &mut self.older] {
            for row in std::mem::take(rows) {
                let (key, tally) = regroup(row.key, row.tally);
                add(rows, Row { slot: row.slot, key, tally });
            }
        }
    }

    fn rows(&self) -> impl Iterator<Item = &Row<K, T>> {
        self.hours.iter().chain(&self.days).chain(&self.older)
    }

    /// Moves what has come to lie too far back into coarser buckets.
    fn roll(&mut self) {
        let first_hour = self.newest.saturating_sub(N_HOURS);
        let n_gone = self.hours.partition_point(|row| row.slot <= first_hour);
        for row in self.hours.drain(..n_gone) {
            add(&mut self.days, Row { slot: row.slot.div_euclid(24), ..row });
        }
        let first_day = self.newest.div_euclid(24).saturating_sub(N_DAYS);
        let n_gone = self.days.partition_point(|row| row.slot < first_day);
        for row in self.days.drain(..n_gone) {
            add(&mut self.older, Row { slot: 0, ..row });
        }
    }

    /// Visits the buckets whose middle lies at least `from` and less than `until` days before a moment: at its edges a
    /// stretch is exact to half an hour within the last seven days, and to half a day before.
    pub(crate) fn between(&self, as_of: Timestamp, from: i64, until: i64, mut visit: impl FnMut(K, T)) {
        self.each(|middle, key, tally| {
            // The middle of the hour that is under way may lie ahead: what is known is not.
            let ago_ms = as_of.millis_since(middle).max(0);
            if (from * DAY_MS..until * DAY_MS).contains(&ago_ms) {
                visit(key, tally);
            }
        });
    }

    /// Visits the buckets of hours and days, each with the moment in its middle.
    pub(crate) fn each(&self, mut visit: impl FnMut(Timestamp, K, T)) {
        for (rows, bucket_ms) in [(&self.hours, HOUR_MS), (&self.days, DAY_MS)] {
            for row in rows {
                let middle = Timestamp::from_millis(i64::from(row.slot) * bucket_ms + bucket_ms / 2);
                visit(middle, row.key, row.tally);
            }
        }
    }

    /// Visits everything.
    pub(crate) fn ever(&self, mut visit: impl FnMut(K, T)) {
        self.rows().for_each(|row| visit(row.key, row.tally));
    }

    pub(crate) fn n_bytes(&self) -> usize {
        (self.hours.capacity() + self.days.capacity() + self.older.capacity()) * size_of::<Row<K, T>>()
    }
}

fn add<K: Ord + Copy, T: Tally>(rows: &mut Vec<Row<K, T>>, row: Row<K, T>) {
    match rows.binary_search_by_key(&(row.slot, row.key), |row| (row.slot, row.key)) {
        Ok(place) => rows[place].tally.add(row.tally),
        Err(place) => squeeze_in(rows, place, row),
    }
}

fn hour_of(at: Timestamp) -> i32 {
    let hour = at.as_millis().div_euclid(HOUR_MS);
    i32::try_from(hour).unwrap_or(if hour < 0 { i32::MIN } else { i32::MAX })
}
