//! What does a table of numbers look like to a model? Rows of equal length, one after the other, NaN where unknown.

use crate::ModelError;

/// A borrowed table: `n_rows` rows of `n_features` numbers.
///
/// # Shapes
/// Row-major: feature `j` of row `i` is `data[i * n_features + j]`.
/// # Guarantees
/// The shape fits the data and no number is infinite. NaN means "not known" and is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    data: &'a [f64],
    n_rows: usize,
    n_features: usize,
}

impl<'a> Frame<'a> {
    /// A table over numbers that lie row by row.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `data` is not `n_rows * n_features` long or there are no features;
    /// [`ModelError::Value`] where a number is infinite.
    ///
    /// ```
    /// let frame = models::Frame::new(&[1.0, f64::NAN, 3.0, 4.0], 2, 2)?;
    /// assert_eq!(frame.row(1), &[3.0, 4.0]);
    /// assert!(models::Frame::new(&[1.0], 2, 2).is_err());
    /// # Ok::<(), models::ModelError>(())
    /// ```
    pub fn new(data: &'a [f64], n_rows: usize, n_features: usize) -> Result<Self, ModelError> {
        const OPERATION: &str = "read the frame";
        if n_features == 0 {
            return Err(ModelError::Shape { operation: OPERATION, what: "a row", expected: 1, found: 0 });
        }
        if n_rows.checked_mul(n_features) != Some(data.len()) {
            let expected = n_rows.saturating_mul(n_features);
            return Err(ModelError::Shape { operation: OPERATION, what: "the data", expected, found: data.len() });
        }
        if let Some(at) = data.iter().position(|value| value.is_infinite()) {
            return Err(ModelError::Value {
                operation: OPERATION,
                what: "a feature of row",
                row: at / n_features,
                value: data[at],
                allowed: "finite, or NaN where it is not known",
            });
        }
        Ok(Self { data, n_rows, n_features })
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// How many numbers a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// One row.
    ///
    /// # Panics
    /// Where `row` is not below [`Frame::n_rows`], as indexing a slice does.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [f64] {
        &self.data[row * self.n_features..(row + 1) * self.n_features]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.data.chunks_exact(self.n_features)
    }
}
