//! Which rows is an outcome learned from? Features of those who are asked about at each moment, with what came true.

use crate::outcome::{OnDataset, Outcome};
use crate::task::Data;
use features::{FeatureId, Inputs, Trace};
use models::ModelError;
use primitives::{CustomerId, Timestamp, stable_hash};
use rayon::prelude::*;

/// How many customers one thread takes at a time.
const N_CUSTOMERS_CHUNK: usize = 256;

/// Into how many folds the customers fall.
pub(crate) const N_FOLDS: u64 = 5;

/// Features and labels, row by row.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    width: usize,
    values: Vec<f64>,
    /// What came of each.
    pub(crate) labels: Vec<f64>,
    whose: Vec<Whose>,
}

/// Whose row it is, and as of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) customer: CustomerId,
    pub(crate) as_of: Timestamp,
}

impl Rows {
    /// The rows of everybody who is asked about, in the order of the customers, then of time, each with its `label`.
    pub(crate) fn of(
        data: &Data<'_>,
        outcome: &Outcome,
        inputs: &Inputs,
        as_ofs: &[Timestamp],
        label: impl Fn(&OnDataset<'_>, &Trace, Timestamp) -> f64 + Sync,
    ) -> Self {
        let asked = outcome.on(data.dataset, data.now);
        let one_chunk = |customers: &[governance::Permitted<profiles::Customer<Trace>>]| {
            let (mut rows, mut values) = (Self { width: inputs.len(), ..Self::default() }, Vec::new());
            for customer in customers.iter().map(governance::Permitted::get) {
                let trace = &customer.state;
                trace.walk(as_ofs, |as_of, state| {
                    if !asked.is_asked(state, as_of) {
                        return;
                    }
                    inputs.read(state, as_of, &mut values);
                    rows.values.extend_from_slice(&values);
                    rows.whose.push(Whose { customer: customer.profile.id.clone(), as_of });
                    rows.labels.push(label(&asked, trace, as_of));
                });
            }
            rows
        };
        let chunks: Vec<Self> = data.dataset.customers().par_chunks(N_CUSTOMERS_CHUNK).map(one_chunk).collect();
        let n_rows = chunks.iter().map(Self::len).sum();
        let mut rows = Self {
            width: inputs.len(),
            values: Vec::with_capacity(n_rows * inputs.len()),
            labels: Vec::with_capacity(n_rows),
            whose: Vec::with_capacity(n_rows),
        };
        for chunk in chunks {
            rows.values.extend(chunk.values);
            rows.labels.extend(chunk.labels);
            rows.whose.extend(chunk.whose);
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn n_customers(&self) -> usize {
        self.whose.chunk_by(|a, b| a.customer == b.customer).count()
    }

    /// Rows of one feature, as (customer, moment, value, label).
    #[cfg(test)]
    pub(crate) fn made(rows: impl Iterator<Item = (CustomerId, Timestamp, f64, f64)>) -> Self {
        let mut made = Self { width: 1, ..Self::default() };
        for (customer, as_of, value, label) in rows {
            made.whose.push(Whose { customer, as_of });
            made.values.push(value);
            made.labels.push(label);
        }
        made
    }

    /// Whose each row is, and as of when.
    pub(crate) fn whose(&self) -> &[Whose] {
        &self.whose
    }

    pub(crate) fn row(&self, row_idx: usize) -> &[f64] {
        &self.values[row_idx * self.width..(row_idx + 1) * self.width]
    }

    /// The values as the models want them.
    pub(crate) fn frame(&self) -> Result<models::Frame<'_>, ModelError> {
        models::Frame::new(&self.values, self.len(), self.width)
    }

    /// One feature of all rows.
    pub(crate) fn column(&self, place: usize) -> Vec<f64> {
        (0..self.len()).map(|row| self.row(row)[place]).collect()
    }

    /// The rows of whose places `keep` says so, in the same order.
    pub(crate) fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut kept = Self { width: self.width, ..Self::default() };
        for (at, whose) in self.whose.iter().enumerate().filter(|(at, _)| keep(*at)) {
            kept.whose.push(whose.clone());
            kept.values.extend_from_slice(self.row(at));
            kept.labels.push(self.labels[at]);
        }
        kept
    }

    /// The newest moment.
    pub(crate) fn newest(&self) -> Timestamp {
        self.whose.iter().map(|whose| whose.as_of).max().unwrap_or_default()
    }
}

/// Of how many rows it came true, and of how many not: of those to learn from, and of those to be judged on. As [`Rows::of`]
/// makes them, without making them, and in one pass over the customers.
pub(crate) fn count(
    data: &Data<'_>,
    outcome: &Outcome,
    train_as_ofs: &[Timestamp],
    test_from: Timestamp,
) -> [(u64, u64); 2] {
    let asked = outcome.on(data.dataset, data.now);
    let as_ofs = [train_as_ofs, &[test_from]].concat();
    let of_one = |customer: &governance::Permitted<profiles::Customer<features::Trace>>| {
        let (trace, mut counts) = (&customer.get().state, [(0, 0); 2]);
        trace.walk(&as_ofs, |as_of, state| {
            if asked.is_asked(state, as_of) {
                let (n_true, n_false) = &mut counts[usize::from(as_of == test_from)];
                *(if asked.came_true(trace, as_of) { n_true } else { n_false }) += 1;
            }
        });
        counts
    };
    let sum = |a: [(u64, u64); 2], b: [(u64, u64); 2]| [0, 1].map(|at| (a[at].0 + b[at].0, a[at].1 + b[at].1));
    let customers = data.dataset.customers().par_iter().with_min_len(N_CUSTOMERS_CHUNK);
    customers.map(of_one).reduce(Default::default, sum)
}

/// The first value that came of everybody who is asked about at each moment, where one came, with the place of the customer.
pub(crate) fn first_values<'a>(data: &Data<'a>, outcome: &Outcome, as_ofs: &[Timestamp]) -> Vec<(&'a str, usize)> {
    let (asked, mut found) = (outcome.on(data.dataset, data.now), Vec::new());
    for (place, (_, trace)) in data.dataset.traces().enumerate() {
        trace.walk(as_ofs, |as_of, state| {
            if asked.is_asked(state, as_of) {
                found.extend(asked.first_value(trace, as_of).map(|value| (value, place)));
            }
        });
    }
    found
}

/// The customer's fold: the same in every version and on every machine.
pub(crate) fn fold_of(task: &str, customer: &CustomerId) -> u64 {
    stable_hash(&format!("{task} calibration:{customer}")) % N_FOLDS
}

/// Where a feature stands among others.
pub(crate) fn place_of(features: &[FeatureId], name: &str) -> Option<usize> {
    features.iter().position(|feature| &*feature.name == name)
}
