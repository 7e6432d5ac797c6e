//! What do the columns look like to whoever grows trees? Bins of one byte, made once and used by any number of fits.

mod cuts;

use crate::{Frame, ModelError};
pub(super) use cuts::{By, Cuts, code};
use rayon::prelude::*;
use std::sync::Arc;

/// The bin of a value that is not known.
pub(super) const MISSING: u8 = 255;
/// How many bins a column has at most, without [`MISSING`].
pub(super) const N_BINS_MAX: usize = 255;
/// How many columns lie together in one word for each row.
pub(super) const WIDTH: usize = 8;
/// More rows would leave too few steps for the gradient of each in sums of 32 bits.
const N_ROWS_MAX: usize = 1 << 26;
/// How many rows are cut at once by one thread.
const CHUNK: usize = 4_096;
const OPERATION: &str = "cut the columns into bins";

/// What the numbers of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Column {
    /// A number: questions ask whether it is below a threshold.
    #[default]
    Number,
    /// The code of a category, a whole number from 0 to 65,535: questions ask whether it is one of a set.
    Category,
}

/// A table whose values have become bins.
///
/// ```text
/// number   : bin = how many thresholds are not above it; the thresholds lie between neighbouring values
/// category : bin = its place among the most frequent ones
/// missing  : a bin of its own; also a category that has no bin
/// ```
/// *Shapes*: eight columns share a word of eight bytes for each row, so that one read serves eight histograms. Columns
/// that are the same in every row are left out. *Parameters*: up to 255 bins; where a column has no more distinct
/// values, every value has its own. *Guarantees*: equal tables give equal bins on any number of threads; up to 131,072
/// rows their order does not matter (beyond, thresholds come from a sample at equal distances). *Cost*: a sort of at
/// most 131,072 values a column, eight comparisons a value, one byte a value. *Source*: elementary.
///
/// ```
/// use models::{Frame, boost::Binned};
/// let binned = Binned::new(Frame::new(&[1.0, f64::NAN, 3.0, 4.0], 4, 1)?, &[], 255)?;
/// assert_eq!((binned.n_rows(), binned.n_features()), (4, 1));
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Binned {
    n_rows: usize,
    bins: Arc<Bins>,
    /// For every [`WIDTH`] used columns a word for each row.
    blocks: Vec<Vec<u64>>,
}

/// How values become bins, for all columns that can tell rows apart.
#[derive(Debug)]
struct Bins {
    n_features: usize,
    used: Vec<Cuts>,
}

impl Binned {
    /// Cuts the columns of a table. `columns` says what they hold; columns beyond its end hold numbers.
    ///
    /// # Errors
    /// [`ModelError::Setting`] where `n_bins` is not from 2 to 255; [`ModelError::TooFewRows`] without rows;
    /// [`ModelError::Shape`] for more columns than the table has, or more than 67,108,864 rows;
    /// [`ModelError::Value`] for a category that is not a whole number from 0 to 65,535.
    pub fn new(frame: Frame<'_>, columns: &[Column], n_bins: usize) -> Result<Self, ModelError> {
        let n_rows = frame.n_rows();
        if !(2..=N_BINS_MAX).contains(&n_bins) {
            let (setting, value, max) = ("n_bins", n_bins as f64, N_BINS_MAX as f64);
            return Err(ModelError::Setting { settings: "Binned", setting, value, min: 2.0, max });
        }
        if n_rows == 0 {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows, n_rows_min: 1 });
        }
        if columns.len() > frame.n_features() {
            let (expected, found) = (frame.n_features(), columns.len());
            return Err(ModelError::Shape { operation: OPERATION, what: "the list of columns", expected, found });
        }
        let cut = |feature| match columns.get(feature).copied().unwrap_or_default() {
            Column::Number => Ok(Cuts::of_numbers(frame, feature, n_bins)),
            Column::Category => Cuts::of_categories(OPERATION, frame, feature, n_bins),
        };
        let used: Result<Vec<Option<Cuts>>, ModelError> = (0..frame.n_features()).into_par_iter().map(cut).collect();
        let bins = Bins { n_features: frame.n_features(), used: used?.into_iter().flatten().collect() };
        Self::by(Arc::new(bins), frame)
    }

    /// Another table in the same bins, such as the rows that a fit is judged on.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where its rows have another length, or for more than 67,108,864 rows.
    pub fn alike(&self, frame: Frame<'_>) -> Result<Self, ModelError> {
        crate::labels::check_length(OPERATION, "a row", self.bins.n_features, frame.n_features())?;
        Self::by(Arc::clone(&self.bins), frame)
    }

    fn by(bins: Arc<Bins>, frame: Frame<'_>) -> Result<Self, ModelError> {
        let n_rows = frame.n_rows();
        if n_rows > N_ROWS_MAX {
            return Err(ModelError::Shape {
                operation: OPERATION,
                what: "the table",
                expected: N_ROWS_MAX,
                found: n_rows,
            });
        }
        let blocks = bins.used.chunks(WIDTH).map(|columns| {
            let mut words = vec![0_u64; n_rows];
            words.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, words)| {
                for (row, word) in words.iter_mut().enumerate() {
                    let values = frame.row(chunk * CHUNK + row);
                    let mut bytes = [0; WIDTH];
                    for (byte, cuts) in bytes.iter_mut().zip(columns) {
                        *byte = cuts.bin(values[cuts.feature]);
                    }
                    *word = u64::from_le_bytes(bytes);
                }
            });
            words
        });
        let blocks = blocks.collect();
        Ok(Self { n_rows, bins, blocks })
    }

    /// How many rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// How many columns the table had.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.bins.n_features
    }

    /// The columns that can tell rows apart.
    pub(super) fn used(&self) -> &[Cuts] {
        &self.bins.used
    }

    /// A word for each row and every [`WIDTH`] used columns.
    pub(super) fn blocks(&self) -> &[Vec<u64>] {
        &self.blocks
    }

    /// Whether two tables were cut alike.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.bins, &other.bins)
    }

    /// The bin of a row in a used column.
    pub(super) fn bin(&self, column: usize, row: usize) -> u8 {
        self.blocks[column / WIDTH][row].to_le_bytes()[column % WIDTH]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binned(data: &[f64], columns: &[Column], n_bins: usize) -> Binned {
        Binned::new(Frame::new(data, data.len(), 1).unwrap(), columns, n_bins).unwrap()
    }

    #[test]
    fn columns_lie_in_their_own_bytes() {
        // Eleven columns: column j holds j + row for three rows, so its bins are 0, 1, 2; column 4 is constant.
        let value = |row: usize, j: usize| if j == 4 { 1.0 } else { (j + row) as f64 };
        let data: Vec<f64> = (0..3).flat_map(|row| (0..11).map(move |j| value(row, j))).collect();
        let binned = Binned::new(Frame::new(&data, 3, 11).unwrap(), &[], 255).unwrap();
        assert_eq!((binned.used().len(), binned.blocks().len()), (10, 2));
        for column in 0..10 {
            assert_eq!([0, 1, 2].map(|row| binned.bin(column, row)), [0, 1, 2], "{column}");
        }
        assert_eq!(binned.used().iter().map(|cuts| cuts.feature).collect::<Vec<_>>(), [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn another_table_is_cut_alike() {
        let first = binned(&[0.0, 2.0, 4.0], &[], 255);
        let other = [-9.0, 0.9, 1.0, 2.9, 3.0, 99.0, f64::NAN];
        let alike = first.alike(Frame::new(&other, 7, 1).unwrap()).unwrap();
        assert_eq!((0..7).map(|row| alike.bin(0, row)).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2, MISSING]);
        assert!(first.is_alike(&alike) && !first.is_alike(&binned(&other, &[], 255)));
        assert!(first.alike(Frame::new(&other[..6], 3, 2).unwrap()).is_err());
    }

    #[test]
    fn bad_input_is_named() {
        let frame = Frame::new(&[1.0, 2.0], 2, 1).unwrap();
        assert!(matches!(Binned::new(frame, &[], 1), Err(ModelError::Setting { setting: "n_bins", .. })));
        assert!(matches!(Binned::new(frame, &[], 256), Err(ModelError::Setting { setting: "n_bins", .. })));
        assert!(matches!(Binned::new(frame, &[Column::Number; 2], 9), Err(ModelError::Shape { found: 2, .. })));
        let none = Frame::new(&[], 0, 1).unwrap();
        assert!(matches!(Binned::new(none, &[], 9), Err(ModelError::TooFewRows { .. })));
        for wrong in [-1.0, 0.5, 65_536.0] {
            let data = [0.0, 1.0, wrong];
            let error = Binned::new(Frame::new(&data, 3, 1).unwrap(), &[Column::Category], 9).unwrap_err();
            assert!(matches!(error, ModelError::Value { row: 2, .. }), "{error}");
        }
    }
}
