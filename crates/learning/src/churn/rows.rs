//! Which rows is churn learned from? Features of the active customers at each moment, with what came true.

use crate::Dataset;
use crate::outcomes::churn;
use features::{Frame, FrameRow, build_frame, catalogue};
use models::ModelError;
use primitives::{CustomerId, Timestamp, stable_hash};
use rayon::prelude::*;

/// How many customers one thread takes at a time.
const N_CUSTOMERS_CHUNK: usize = 256;

/// Into how many folds the customers fall.
pub(crate) const N_FOLDS: u64 = 5;

/// Features and labels.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    frame: Frame,
    pub(crate) labels: Vec<f64>,
}

impl Rows {
    /// The rows of every active customer at every moment, in the order of the customers, then of time.
    pub(crate) fn of(dataset: &Dataset, as_ofs: &[Timestamp]) -> Self {
        let chunks: Vec<(usize, Frame)> = dataset
            .customers()
            .par_chunks(N_CUSTOMERS_CHUNK)
            .enumerate()
            .map(|(chunk, customers)| (chunk * N_CUSTOMERS_CHUNK, build_frame(customers, as_ofs, churn::is_active)))
            .collect();
        let mut rows = Self::default();
        for (first, frame) in chunks {
            rows.frame.values.extend(frame.values);
            for mut row in frame.rows {
                row.customer_idx += first;
                let trace = &dataset.customers()[row.customer_idx].get().state;
                rows.labels.push(if churn::has_churned(trace, row.as_of) { 1.0 } else { 0.0 });
                rows.frame.rows.push(row);
            }
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn n_customers(&self) -> usize {
        self.frame.rows.chunk_by(|a, b| a.customer_idx == b.customer_idx).count()
    }

    /// Whose row it is, and as of when.
    #[cfg(test)]
    pub(crate) fn whose(&self, row_idx: usize) -> (String, Timestamp) {
        let row = &self.frame.rows[row_idx];
        (row.customer.to_string(), row.as_of)
    }

    pub(crate) fn row(&self, row_idx: usize) -> &[f64] {
        self.frame.row(row_idx)
    }

    /// The values as the models want them.
    pub(crate) fn frame(&self) -> Result<models::Frame<'_>, ModelError> {
        models::Frame::new(&self.frame.values, self.len(), catalogue::definitions().len())
    }

    /// One feature of all rows.
    pub(crate) fn column(&self, name: &str) -> Vec<f64> {
        let place = catalogue::index_of(name);
        (0..self.len()).map(|row| place.map_or(f64::NAN, |place| self.row(row)[place])).collect()
    }

    /// The rows of which `keep` says so, in the same order.
    pub(crate) fn filtered(&self, keep: impl Fn(&FrameRow) -> bool) -> Self {
        let mut kept = Self::default();
        for (at, row) in self.frame.rows.iter().enumerate().filter(|(_, row)| keep(row)) {
            kept.frame.rows.push(row.clone());
            kept.frame.values.extend_from_slice(self.row(at));
            kept.labels.push(self.labels[at]);
        }
        kept
    }

    /// The newest moment.
    pub(crate) fn newest(&self) -> Timestamp {
        self.frame.rows.iter().map(|row| row.as_of).max().unwrap_or_default()
    }
}

/// The customer's fold: the same in every version and on every machine.
pub(crate) fn fold_of(customer: &CustomerId) -> u64 {
    stable_hash(&format!("churn calibration:{customer}")) % N_FOLDS
}
