//! How is a declared feature computed from what is kept of a customer?

use super::Definition;
use crate::cell::{Buckets, Cell, Count, Form, Kept, N_KEYS, Numbers, Tally, number};
use crate::declared::Measure;
use crate::{Declared, FeatureId};
use primitives::{Timestamp, stable_hash};

/// The heading of what the settings declare.
const GROUP: &str = "Your own";

impl Declared {
    /// Where its value cannot be exact, in words.
    fn limit(&self) -> Option<String> {
        match (self.cell().form, self.within_days) {
            (Form::Counts | Form::Buckets, Some(1..=7)) => Some("to half the hour at its beginning".to_owned()),
            (Form::Counts | Form::Buckets, Some(_)) => Some("to half the day at its beginning".to_owned()),
            (Form::Distinct, _) => Some(format!("at most {N_KEYS} are counted")),
            _ => None,
        }
    }

    /// Its version: another one for every other computation under the same name.
    pub(crate) fn id(&self) -> FeatureId {
        let computed = serde_json::json!([self.cell().key(), self.measure.name(), self.within_days]).to_string();
        let version = u16::try_from(1 + stable_hash(&computed) % u64::from(u16::MAX)).unwrap_or(1);
        FeatureId { name: self.name.as_str().into(), version }
    }

    /// The feature as the catalogue holds it.
    pub(super) fn definition(&self) -> Definition {
        let (key, measure) = (self.cell().key(), self.measure);
        let within = self.within_days;
        Definition {
            id: self.id(),
            name: self.name.clone(),
            meaning: self.meaning.clone(),
            unit: measure.unit(self.of.as_ref()),
            group: GROUP,
            limit: self.limit(),
            cell: Some(key),
            declared: Some(self.clone()),
            owner: None,
            compute: Box::new(move |snapshot| {
                read(&snapshot.state.kept, key, Asked { measure, within, as_of: snapshot.as_of })
            }),
        }
    }
}

/// What a declared feature wants to know of its cell.
#[derive(Clone, Copy)]
struct Asked {
    measure: Measure,
    within: Option<i64>,
    as_of: Timestamp,
}

fn read(kept: &Kept, key: u64, asked: Asked) -> f64 {
    let Asked { measure, within, as_of } = asked;
    match kept.get(key) {
        None if matches!(measure, Measure::Count | Measure::Sum | Measure::Distinct | Measure::Trend) => 0.0,
        None => f64::NAN,
        Some(Cell::Counts(counts)) => {
            let count = |from, until| {
                let mut n = Count(0);
                each(counts, as_of, from, until, |some| n.add(some));
                whole(n.0)
            };
            match (measure, within) {
                (Measure::Trend, Some(days)) => count(0, Some(days)) - count(days, Some(2 * days)),
                _ => count(0, within),
            }
        }
        Some(Cell::Buckets(buckets)) => of_numbers(buckets, asked),
        Some(Cell::Last(last)) => {
            let known = last.get().map(|(at, value)| (as_of.days_since(at), value));
            #[expect(clippy::cast_precision_loss, reason = "days are few")]
            let known = known.filter(|(days, _)| within.is_none_or(|within| *days < within as f64));
            match (measure, known) {
                (_, None) => f64::NAN,
                (Measure::DaysSince, Some((days, _))) => days,
                (_, Some((_, value))) => number(value.into()),
            }
        }
        Some(Cell::Distinct(distinct)) => whole(distinct.count(as_of, within) as u64),
    }
}

/// Visits what lies from so many days ago until so many, or all.
fn each<T: Tally + Copy>(
    buckets: &Buckets<(), T>,
    as_of: Timestamp,
    from: i64,
    until: Option<i64>,
    mut visit: impl FnMut(T),
) {
    match until {
        Some(until) => buckets.between(as_of, from, until, |(), some| visit(some)),
        None => buckets.ever(|(), some| visit(some)),
    }
}

fn of_numbers(buckets: &Buckets<(), Numbers>, asked: Asked) -> f64 {
    let Asked { measure, within, as_of } = asked;
    let between = |from, until| {
        let mut numbers = Numbers::NONE;
        each(buckets, as_of, from, until, |some| numbers.add(some));
        numbers
    };
    let numbers = between(0, within);
    match (measure, within, numbers.n) {
        (Measure::Sum, ..) => number(numbers.sum),
        (Measure::Trend, Some(days), _) => number(numbers.sum - between(days, Some(2 * days)).sum),
        (_, _, 0) => f64::NAN,
        (Measure::Min, ..) => number(numbers.least.into()),
        (Measure::Max, ..) => number(numbers.most.into()),
        (_, _, n) => number(numbers.sum) / whole(n),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a customer's events are far below 2^53")]
fn whole(n: u64) -> f64 {
    n as f64
}
