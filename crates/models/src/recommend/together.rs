//! Which columns of a matrix share the same rows, and by how much?

use super::matrix::{Matrix, keep_largest};
use rayon::prelude::*;

/// When each entry of a matrix happened, so that what lies far apart in time counts less together.
pub(super) struct Near<'a> {
    /// The same entries with their ages in days.
    pub(super) ages: &'a Matrix,
    /// After how many days between them two entries count half together.
    pub(super) half_life_days: f32,
}

/// The product of a matrix of customers by items with itself, row by row of the items: the `n_kept` largest of what
/// `score(i, j, sum)` makes of the sum over the customers of both, and which is above 0.
///
/// ```text
/// sum[i,j] = sum over customers c of v[c,i] v[c,j] 2^(-|age[c,i] - age[c,j]| / half_life_days)        i != j
/// ```
/// Every item is computed on its own, its customers in ascending order, so neither the number of threads nor the order of work
/// shows. *Cost*: the sum over customers of their squared number of items.
pub(super) fn products(
    by_customer: &Matrix,
    n_items: usize,
    n_kept: usize,
    near: Option<&Near<'_>>,
    score: &(dyn Fn(u32, u32, f32) -> f32 + Sync),
) -> Matrix {
    let by_item = by_customer.transposed(n_items);
    let ages_by_item = near.map(|near| near.ages.transposed(n_items));
    let rows: Vec<Vec<(u32, f32)>> = (0..n_items)
        .into_par_iter()
        .map_init(
            || Sums::new(n_items),
            |sums, item| {
                match near.zip(ages_by_item.as_ref()) {
                    None => {
                        for (customer, mine) in by_item.row(item) {
                            for (other, theirs) in by_customer.row(customer as usize) {
                                sums.add(other, mine * theirs);
                            }
                        }
                    }
                    Some((near, ages_by_item)) => {
                        for ((customer, mine), (_, age)) in by_item.row(item).zip(ages_by_item.row(item)) {
                            let customer = customer as usize;
                            for ((other, theirs), (_, its)) in by_customer.row(customer).zip(near.ages.row(customer)) {
                                sums.add(other, mine * theirs * (-(age - its).abs() / near.half_life_days).exp2());
                            }
                        }
                    }
                }
                let place = u32::try_from(item).unwrap_or(u32::MAX);
                let mut found = sums.take(|other, sum| if other == place { 0.0 } else { score(place, other, sum) });
                keep_largest(&mut found, n_kept, |score| score);
                found
            },
        )
        .collect();
    Matrix::from_rows(rows)
}

/// Sums by item: all 0 and nothing touched before and after one item.
pub(super) struct Sums {
    sums: Vec<f32>,
    touched: Vec<u32>,
}

impl Sums {
    pub(super) fn new(n_items: usize) -> Self {
        Self { sums: vec![0.0; n_items], touched: Vec::new() }
    }

    /// Adds to an item.
    pub(super) fn add(&mut self, item: u32, value: f32) {
        let sum = &mut self.sums[item as usize];
        if *sum == 0.0 {
            self.touched.push(item);
        }
        *sum += value;
    }

    /// What `score` makes of each sum, where it is above 0.
    pub(super) fn take(&mut self, score: impl Fn(u32, f32) -> f32) -> Vec<(u32, f32)> {
        let scored =
            self.touched.drain(..).map(|item| (item, score(item, std::mem::take(&mut self.sums[item as usize]))));
        scored.filter(|(_, score)| *score > 0.0).collect()
    }
}
