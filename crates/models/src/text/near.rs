//! How near is a message to those that were learned from?

use super::rows::{Row, Rows};
use crate::linear::{dot, vectorised};

/// So many messages are compared with at most: every so many-th of more.
const N_MESSAGES_MAX: usize = 20_000;
/// What stands in more than one of so many messages tells little, and takes the most time: it does not count, unless it stands in few.
const RARE: usize = 16;
const N_FEW: usize = 32;

/// In which messages each column stands, and with which number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    /// Where the messages of each column begin.
    starts: Vec<u32>,
    messages: Vec<u32>,
    values: Vec<f32>,
}

/// Room for sums, kept between questions.
#[derive(Debug, Default)]
pub(crate) struct Sums(Vec<f32>);

/// Of messages in their order, those that others are compared with.
fn compared(n_messages: usize) -> impl Iterator<Item = usize> {
    (0..n_messages).step_by(n_messages.div_ceil(N_MESSAGES_MAX).max(1))
}

/// Of rows, those that others are compared with; of their columns those from the first on that stand in few.
pub(crate) fn kept(rows: &Rows, first: usize, n_columns: usize) -> Rows {
    let mut n_with = vec![0_usize; n_columns];
    for (column, _) in compared(rows.len()).flat_map(|row| rows.row(row).cells()) {
        n_with[column] += 1;
    }
    let most = (compared(rows.len()).count() / RARE).max(N_FEW);
    rows.picked(compared(rows.len()), |column| column >= first && n_with[column] <= most)
}

impl Near {
    /// Turns rows into columns.
    pub(crate) fn of(rows: &Rows, n_columns: usize) -> Self {
        let mut starts = vec![0_u32; n_columns + 1];
        for (column, _) in rows.iter().flat_map(Row::cells) {
            starts[column + 1] += 1;
        }
        let mut so_far = 0;
        for start in &mut starts {
            so_far += *start;
            *start = so_far;
        }
        let n_cells = so_far as usize;
        let (mut messages, mut values, mut places) = (vec![0; n_cells], vec![0.0; n_cells], starts.clone());
        for (message, row) in (0..).zip(rows.iter()) {
            for (column, value) in row.cells() {
                let place = places[column] as usize;
                (messages[place], values[place]) = (message, value);
                places[column] += 1;
            }
        }
        Self { starts, messages, values }
    }

    /// The mean of the largest products with any of the messages: the mean cosine, where all rows have the length 1.
    ///
    /// ```text
    /// mean of the n largest over i of  sum over columns of  x[column] row[i, column] + sum over what encoders say of  x row[i]
    /// ```
    /// Where there are fewer messages, the missing ones count as 0. *Cost*: as many products as the columns of the message have
    /// messages.
    pub(crate) fn mean_of_nearest(&self, of: &Rows, row: Row<'_>, n_nearest: usize, Sums(sums): &mut Sums) -> f64 {
        sums.clear();
        sums.resize(of.len(), 0.0);
        for (column, value) in row.cells() {
            let Some((from, until)) = self.starts.get(column).zip(self.starts.get(column + 1)) else { continue };
            let within = *from as usize..*until as usize;
            for (message, other) in self.messages[within.clone()].iter().zip(&self.values[within]) {
                sums[*message as usize] += value * other;
            }
        }
        if !row.encoded.is_empty() && row.encoded.len() == of.n_encoded() {
            vectorised(|| {
                for (sum, other) in sums.iter_mut().zip(of.encoded().chunks_exact(row.encoded.len())) {
                    *sum += dot(row.encoded, other);
                }
            });
        }
        let n_nearest = n_nearest.max(1);
        // Ascending: the first is the one that gives way.
        let mut nearest = vec![0.0_f32; n_nearest];
        for sum in sums.iter().filter(|sum| **sum > 0.0) {
            if *sum > nearest[0] {
                let place = nearest.partition_point(|held| held < sum);
                nearest[..place].rotate_left(1);
                nearest[place - 1] = *sum;
            }
        }
        nearest.iter().map(|sum| f64::from(*sum)).sum::<f64>() / n_nearest as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_more_messages_than_are_compared_every_other_is_taken() {
        assert_eq!(compared(0).count(), 0);
        assert_eq!(compared(3).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(compared(N_MESSAGES_MAX).count(), N_MESSAGES_MAX);
        assert_eq!(compared(N_MESSAGES_MAX + 1).take(3).collect::<Vec<_>>(), [0, 2, 4]);
    }

    #[test]
    fn what_nearly_all_say_is_not_compared() {
        let mut rows = Rows::new(1);
        for at in 0..1_000_u32 {
            rows.push([(0, 0.1), (1, 0.2), (2 + at % 20, 0.5)], &[0.7]);
        }
        let some = kept(&rows, 1, 30);
        assert_eq!((some.len(), some.row(3).columns, some.row(3).encoded), (1_000, &[5][..], &[0.7][..]));
        assert_eq!(kept(&rows.picked(0..32, |_| true), 1, 30).row(3).columns, [1, 5], "of few all count");
    }

    proptest! {
        #[test]
        fn the_nearest_are_those_of_all_products(
            table in prop::collection::vec((prop::collection::btree_map(0_u32..9, 0.0_f32..1.0, 0..6), 0.0_f32..1.0), 0..30),
            asked in prop::collection::btree_map(0_u32..12, 0.0_f32..1.0, 0..6), said in 0.0_f32..1.0, n_nearest in 1_usize..8,
        ) {
            let mut rows = Rows::new(1);
            for (row, said) in &table {
                rows.push(row.iter().map(|(column, value)| (*column, *value)), &[*said]);
            }
            let (columns, values): (Vec<u32>, Vec<f32>) = asked.iter().map(|(column, value)| (*column, *value)).unzip();
            let row = Row { columns: &columns, values: &values, encoded: &[said] };
            let found = Near::of(&rows, 9).mean_of_nearest(&rows, row, n_nearest, &mut Sums::default());
            let product = |(row, other): &(std::collections::BTreeMap<u32, f32>, f32)| -> f32 {
                said * other + row.iter().map(|(c, v)| v * asked.get(c).copied().unwrap_or(0.0)).sum::<f32>()
            };
            let mut products: Vec<f32> = table.iter().map(product).collect();
            products.sort_by(|a, b| b.total_cmp(a));
            let expected: f32 = products.iter().take(n_nearest).sum::<f32>() / n_nearest as f32;
            prop_assert!((found - f64::from(expected)).abs() < 1e-5, "{} is not {}", found, expected);
        }
    }
}
