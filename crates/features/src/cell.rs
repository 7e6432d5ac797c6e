//! What of a customer's events is kept, so that a declared feature can be read from it?
//!
//! A small closed set of forms, each of which can be merged exactly: it holds what a multiset of facts comes to, whatever
//! their order, in whole numbers (ADR 0004).

mod buckets;
mod distinct;
mod last;
mod rare;

pub(crate) use buckets::{Buckets, DAYS_MAX, Tally};
pub(crate) use distinct::{Distinct, N_KEYS};
pub(crate) use last::Last;
pub(crate) use rare::Rare;

use events::{EventKey, Filter, Recorded, Take};
use primitives::{Timestamp, stable_hash};
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Numbers are kept in millionths: whole, so that sums are exact in any order.
const MILLION: f64 = 1e6;

/// In which form facts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// How many, per hour and per day.
    Counts,
    /// How many numbers, their sum, the least and the most, per hour and per day.
    Buckets,
    /// The last one.
    Last,
    /// Which different ones, each with when it came last.
    Distinct,
}

/// What is kept, of which events. Features that need the same share it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSpec {
    /// Of which events.
    pub when: Filter,
    /// Which value of them; without one only when they happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Take>,
    /// In which form.
    pub form: Form,
}

/// Everything that is kept for declared features, by events: what a fold looks for.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    specs: Vec<(u64, CellSpec)>,
    by_event: HashMap<Arc<str>, Vec<usize>>,
}

/// What an event says of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) cell: u64,
    form: Form,
    /// A number in millionths, or the hash of a text.
    value: i64,
}

/// What is kept of one customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Cell {
    Counts(Buckets<(), Count>),
    Buckets(Buckets<(), Numbers>),
    Last(Last),
    Distinct(Distinct),
}

/// How many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count(pub(crate) u64);

/// What numbers come to, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Numbers {
    pub(crate) n: u64,
    pub(crate) sum: i128,
    pub(crate) least: i64,
    pub(crate) most: i64,
}

/// A customer's cells, by the key of what is kept; one that was told nothing is not there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Kept(Vec<(u64, Cell)>);

impl CellSpec {
    /// The key under which it is kept: another for everything that is kept differently.
    #[must_use]
    pub fn key(&self) -> u64 {
        let form = match self.form {
            Form::Counts => "counts",
            Form::Buckets => "buckets",
            Form::Last => "last",
            Form::Distinct => "distinct",
        };
        let of = self.of.as_ref().map(|take| take.pointer.to_string());
        stable_hash(&serde_json::json!([self.when.to_table(), of, form]).to_string())
    }

    fn told(&self, recorded: &Recorded) -> Option<i64> {
        let event = &recorded.event;
        if !self.when.matches(event) {
            return None;
        }
        match (&self.of, self.form) {
            (None, _) => Some(0),
            (Some(take), Form::Distinct) => Some(stable_hash(&take.text(event)?).cast_signed()),
            (Some(take), Form::Counts | Form::Buckets | Form::Last) => take.number(event).map(millionths),
        }
    }
}

impl Cells {
    /// What is kept for these, each once.
    #[must_use]
    pub fn new(specs: impl IntoIterator<Item = CellSpec>) -> Self {
        let mut specs: Vec<_> = specs.into_iter().map(|spec| (spec.key(), spec)).collect();
        specs.sort_by_key(|(key, _)| *key);
        specs.dedup_by_key(|(key, _)| *key);
        let mut by_event: HashMap<_, Vec<usize>> = HashMap::new();
        for (place, (_, spec)) in specs.iter().enumerate() {
            by_event.entry(Arc::clone(&spec.when.event)).or_default().push(place);
        }
        Self { specs, by_event }
    }

    /// The bytes under which it is written down what is kept.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let specs: Vec<_> = self.specs().collect();
        // Nothing that a filter or a pointer holds can fail to be JSON; and what is not written down is counted again.
        serde_json::to_vec(&specs).unwrap_or_default()
    }

    /// Opens those bytes; nothing where a version wrote them that kept things in other forms: then they are counted again.
    #[must_use]
    pub fn from_record(record: &[u8]) -> Self {
        Self::new(serde_json::from_slice::<Vec<CellSpec>>(record).unwrap_or_default())
    }

    /// What is kept, in the order of the keys.
    pub fn specs(&self) -> impl ExactSizeIterator<Item = &CellSpec> {
        self.specs.iter().map(|(_, spec)| spec)
    }

    /// Whether everything that another one keeps is kept.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.specs.iter().all(|(key, _)| self.has(*key))
    }

    pub(crate) fn has(&self, key: u64) -> bool {
        self.specs.binary_search_by_key(&key, |(key, _)| *key).is_ok()
    }

    pub(crate) fn told(&self, recorded: &Recorded) -> Box<[Told]> {
        let Some(places) = self.by_event.get(recorded.event.title()) else { return Box::default() };
        let told = places.iter().filter_map(|place| {
            let (cell, spec) = &self.specs[*place];
            spec.told(recorded).map(|value| Told { cell: *cell, form: spec.form, value })
        });
        told.collect()
    }
}

impl Kept {
    pub(crate) fn add(&mut self, at: Timestamp, key: EventKey, told: Told) {
        let cell = match self.0.binary_search_by_key(&told.cell, |(cell, _)| *cell) {
            Ok(place) => &mut self.0[place].1,
            Err(place) => {
                squeeze_in(&mut self.0, place, (told.cell, Cell::new(told.form)));
                &mut self.0[place].1
            }
        };
        match cell {
            Cell::Counts(counts) => counts.add(at, (), Count(1)),
            Cell::Buckets(buckets) => buckets.add(at, (), Numbers::of(told.value)),
            Cell::Last(last) => last.add(at, key, told.value),
            Cell::Distinct(distinct) => distinct.add(at, told.value.cast_unsigned()),
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (key, cell) in other.0 {
            match self.0.binary_search_by_key(&key, |(key, _)| *key) {
                Ok(place) => self.0[place].1.merge(cell),
                Err(place) => squeeze_in(&mut self.0, place, (key, cell)),
            }
        }
    }

    pub(crate) fn get(&self, key: u64) -> Option<&Cell> {
        self.0.binary_search_by_key(&key, |(key, _)| *key).ok().map(|place| &self.0[place].1)
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.0.iter().map(|(_, cell)| size_of::<(u64, Cell)>() + cell.n_bytes()).sum()
    }
}

impl Cell {
    fn new(form: Form) -> Self {
        match form {
            Form::Counts => Self::Counts(Buckets::default()),
            Form::Buckets => Self::Buckets(Buckets::default()),
            Form::Last => Self::Last(Last::default()),
            Form::Distinct => Self::Distinct(Distinct::default()),
        }
    }

    /// The form is part of the key, so that both are of the same one.
    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Counts(a), Self::Counts(b)) => a.merge(b),
            (Self::Buckets(a), Self::Buckets(b)) => a.merge(b),
            (Self::Last(a), Self::Last(b)) => a.merge(b),
            (Self::Distinct(a), Self::Distinct(b)) => a.merge(b),
            _ => {}
        }
    }

    fn n_bytes(&self) -> usize {
        match self {
            Self::Counts(counts) => counts.n_bytes(),
            Self::Buckets(buckets) => buckets.n_bytes(),
            Self::Last(_) => 0,
            Self::Distinct(distinct) => distinct.n_bytes(),
        }
    }
}

impl Numbers {
    pub(crate) const NONE: Self = Self { n: 0, sum: 0, least: i64::MAX, most: i64::MIN };

    pub(crate) fn of(millionths: i64) -> Self {
        Self { n: 1, sum: millionths.into(), least: millionths, most: millionths }
    }
}

impl Tally for Count {
    fn add(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Tally for Numbers {
    fn add(&mut self, other: Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }
}

/// Beyond nine million millions a number counts as that much.
pub(crate) fn millionths(number: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a range that fits")]
    let millionths = (number * MILLION).round().clamp(-9e18, 9e18) as i64;
    millionths
}

/// A number of millionths, as a number.
pub(crate) fn number(millionths: i128) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "the nearest double of an exact sum")]
    let millionths = millionths as f64;
    millionths / MILLION
}

#[cfg(test)]
mod tests;
