//! What does a model learn from? One row of features for each customer and `as_of`.

use crate::{FeatureState, Trace, catalogue};
use governance::Permitted;
use primitives::{CustomerId, Timestamp};
use profiles::Customer;

/// Features of many customers at many moments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Whose row it is, and as of when.
    pub rows: Vec<FrameRow>,
    /// The values, row by row; each row has one value per [`catalogue::definitions`].
    pub values: Vec<f64>,
}

/// Whose row it is, and as of when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRow {
    /// The customer.
    pub customer: CustomerId,
    /// The customer's place among those the frame was built from.
    pub customer_idx: usize,
    /// The moment.
    pub as_of: Timestamp,
}

impl Frame {
    /// One row's values.
    #[must_use]
    pub fn row(&self, row_idx: usize) -> &[f64] {
        let width = catalogue::definitions().len();
        &self.values[row_idx * width..(row_idx + 1) * width]
    }
}

/// Builds the frame of customers at moments: a row where `keep` says so of the state as it was known then.
///
/// Rows are in the order of the customers given, then of time. Only customers who permit it can be given.
pub fn build_frame(
    customers: &[Permitted<Customer<Trace>>],
    as_ofs: &[Timestamp],
    keep: impl Fn(&FeatureState, Timestamp) -> bool,
) -> Frame {
    let mut frame = Frame::default();
    for (customer_idx, customer) in customers.iter().map(Permitted::get).enumerate() {
        customer.state.walk(as_ofs, |as_of, state| {
            if keep(state, as_of) {
                frame.rows.push(FrameRow { customer: customer.profile.id.clone(), customer_idx, as_of });
                frame.values.extend(state.vector(as_of).values);
            }
        });
    }
    frame
}
