//! How near is a message to those that were learned from?

use super::rows::{Row, Rows};
use crate::linear::{add_scaled, dot, vectorised};

/// So many messages are compared with at most: every so many-th of more.
const N_MESSAGES_MAX: usize = 20_000;
/// What stands in more than one of so many messages is kept for all of them: the numbers of neighbours are added at once.
const RARE: usize = 8;
/// Stands for a column that is kept for those messages only in which it stands.
const NOWHERE: u32 = u32::MAX;

/// In which messages each column stands, and with which number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Near {
    /// Where the messages of each column begin.
    starts: Vec<u32>,
    messages: Vec<u32>,
    values: Vec<f32>,
    /// Which of the columns that are kept for all messages each is, and their numbers.
    frequent: Vec<u32>,
    of_frequent: Vec<f32>,
}

/// Room for sums, kept between questions.
#[derive(Debug, Default)]
pub(crate) struct Sums(Vec<f32>);

/// Of messages in their order, those that others are compared with.
fn compared(n_messages: usize) -> impl Iterator<Item = usize> {
    (0..n_messages).step_by(n_messages.div_ceil(N_MESSAGES_MAX).max(1))
}

/// Of rows, those that others are compared with, from a column on.
pub(crate) fn kept(rows: &Rows, first: usize) -> Rows {
    rows.picked(compared(rows.len()), |column| column >= first)
}

impl Near {
    /// Turns rows into columns.
    pub(crate) fn of(rows: &Rows, n_columns: usize) -> Self {
        let mut n_with = vec![0_u32; n_columns];
        for (column, _) in rows.iter().flat_map(Row::cells) {
            n_with[column] += 1;
        }
        let mut n_frequent = 0;
        let is_frequent = |n: u32| n as usize * RARE > rows.len();
        let place = |n: &u32| {
            n_frequent += u32::from(is_frequent(*n));
            if is_frequent(*n) { n_frequent - 1 } else { NOWHERE }
        };
        let frequent: Vec<u32> = n_with.iter().map(place).collect();
        let mut of_frequent = vec![0.0; n_frequent as usize * rows.len()];
        let mut starts = vec![0_u32];
        let mut so_far = 0;
        for n in &n_with {
            so_far += if is_frequent(*n) { 0 } else { *n };
            starts.push(so_far);
        }
        let n_cells = so_far as usize;
        let (mut messages, mut values, mut places) = (vec![0; n_cells], vec![0.0; n_cells], starts.clone());
        for (message, row) in (0_u32..).zip(rows.iter()) {
            for (column, value) in row.cells() {
                if frequent[column] != NOWHERE {
                    of_frequent[frequent[column] as usize * rows.len() + message as usize] = value;
                    continue;
                }
                let place = places[column] as usize;
                (messages[place], values[place]) = (message, value);
                places[column] += 1;
            }
        }
        Self { starts, messages, values, frequent, of_frequent }
    }

    /// The mean of the largest products with any of the messages: the mean cosine, where all rows have the length 1.
    ///
    /// ```text
    /// mean of the n largest over i of  sum over columns of  x[column] row[i, column] + sum over what encoders say of  x row[i]
    /// ```
    /// Where there are fewer messages, the missing ones count as 0. *Cost*: as many products as the columns of the message have
    /// messages, if rare.
    pub(crate) fn mean_of_nearest(&self, of: &Rows, row: Row<'_>, n_nearest: usize, Sums(sums): &mut Sums) -> f64 {
        sums.clear();
        sums.resize(of.len(), 0.0);
        vectorised(|| {
            for (column, value) in row.cells() {
                match self.frequent.get(column) {
                    None => {}
                    Some(&NOWHERE) => {
                        let within = self.starts[column] as usize..self.starts[column + 1] as usize;
                        for (message, other) in self.messages[within.clone()].iter().zip(&self.values[within]) {
                            sums[*message as usize] += value * other;
                        }
                    }
                    Some(place) => {
                        let first = *place as usize * of.len();
                        add_scaled(sums, value, &self.of_frequent[first..first + of.len()]);
                    }
                }
            }
            if !row.encoded.is_empty() && row.encoded.len() == of.n_encoded() {
                for (sum, other) in sums.iter_mut().zip(of.encoded().chunks_exact(row.encoded.len())) {
                    *sum += dot(row.encoded, other);
                }
            }
        });
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
    fn words_are_left_out_and_what_encoders_say_stays() {
        let mut rows = Rows::new(1);
        rows.push([(0, 0.1), (1, 0.2), (5, 0.5)], &[0.7]);
        let some = kept(&rows, 1);
        assert_eq!((some.len(), some.row(0).columns, some.row(0).encoded), (1, &[1, 5][..], &[0.7][..]));
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
