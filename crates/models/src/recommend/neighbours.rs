//! Which items were bought by the same customers?

use super::Interaction;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows of different lengths, one after the other: row `i` is `start[i]..start[i + 1]`.
#[derive(Debug, Clone, PartialEq)]
struct Rows {
    start: Vec<usize>,
    values: Vec<u32>,
}

impl Rows {
    fn row(&self, i: usize) -> &[u32] {
        &self.values[self.start[i]..self.start[i + 1]]
    }
}

/// Who bought what, at least once: by customer and by item.
pub(super) struct Baskets {
    by_customer: Rows,
    by_item: Rows,
    n_items: usize,
}

/// For every item the most similar ones, most similar first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Neighbours {
    /// Item `i`'s neighbours are `start[i]..start[i + 1]`.
    pub(super) start: Vec<u32>,
    pub(super) item: Vec<u32>,
    /// Similarity from 0 to 1. Single precision halves the memory; what is read is widened before it is added.
    pub(super) similarity: Vec<f32>,
}

impl Baskets {
    /// Distinct items of every customer. `rows` are sorted by customer, item and age. Where a customer has more than
    /// `n_items_max` items, those with the most recent purchase stay, ties by place.
    pub(super) fn new(rows: &[Interaction], n_items: usize, n_items_max: usize) -> Self {
        let mut by_customer = Rows { start: vec![0], values: Vec::new() };
        let mut n_of_item = vec![0_usize; n_items + 1];
        for customer in rows.chunk_by(|a, b| a.customer == b.customer) {
            // Sorted by age within an item: the first row of an item is its most recent purchase.
            let mut latest: Vec<&Interaction> =
                customer.chunk_by(|a, b| a.item == b.item).map(|item| &item[0]).collect();
            if latest.len() > n_items_max {
                latest.sort_by(|a, b| a.age_days.total_cmp(&b.age_days).then(a.item.cmp(&b.item)));
                latest.truncate(n_items_max);
                latest.sort_by_key(|row| row.item);
            }
            for row in latest {
                by_customer.values.push(row.item);
                n_of_item[row.item as usize + 1] += 1;
            }
            by_customer.start.push(by_customer.values.len());
        }
        let by_item = transpose(&by_customer, n_of_item);
        Self { by_customer, by_item, n_items }
    }

    fn n_customers(&self, item: usize) -> usize {
        self.by_item.row(item).len()
    }
}

/// Shrunk cosine between all items that share a customer, the best `n_neighbours` of each.
///
/// Every item is computed on its own from whole counts, so neither the number of threads nor the order of work shows.
pub(super) fn similar(baskets: &Baskets, shrinkage: f64, n_neighbours: usize, n_customers_min: usize) -> Neighbours {
    let of_item: Vec<Vec<(u32, f32)>> = (0..baskets.n_items)
        .into_par_iter()
        .map_init(
            || (vec![0_u32; baskets.n_items], Vec::new()),
            |(counts, touched), item| {
                similar_to(baskets, item, shrinkage, n_neighbours, n_customers_min, counts, touched)
            },
        )
        .collect();
    let n_kept = of_item.iter().map(Vec::len).sum();
    let mut found = Neighbours {
        start: Vec::with_capacity(of_item.len() + 1),
        item: Vec::with_capacity(n_kept),
        similarity: Vec::with_capacity(n_kept),
    };
    found.start.push(0);
    for neighbours in of_item {
        for (item, similarity) in neighbours {
            found.item.push(item);
            found.similarity.push(similarity);
        }
        found.start.push(u32::try_from(found.item.len()).unwrap_or(u32::MAX));
    }
    found
}

/// One item's neighbours. `counts` is all zero and `touched` empty before and after.
fn similar_to(
    baskets: &Baskets,
    item: usize,
    shrinkage: f64,
    n_neighbours: usize,
    n_customers_min: usize,
    counts: &mut [u32],
    touched: &mut Vec<u32>,
) -> Vec<(u32, f32)> {
    let customers = baskets.by_item.row(item);
    if customers.len() < n_customers_min {
        return Vec::new();
    }
    for &customer in customers {
        for &other in baskets.by_customer.row(customer as usize) {
            let count = &mut counts[other as usize];
            if *count == 0 {
                touched.push(other);
            }
            *count += 1;
        }
    }
    let mut found = Vec::with_capacity(touched.len());
    for other in touched.drain(..) {
        let together = std::mem::take(&mut counts[other as usize]);
        let n_other = baskets.n_customers(other as usize);
        if other as usize != item && n_other >= n_customers_min {
            let cosine = f64::from(together) / ((customers.len() as f64 * n_other as f64).sqrt() + shrinkage);
            #[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored")]
            found.push((other, cosine as f32));
        }
    }
    let by_similarity = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if found.len() > n_neighbours {
        found.select_nth_unstable_by(n_neighbours - 1, by_similarity);
        found.truncate(n_neighbours);
    }
    found.sort_unstable_by(by_similarity);
    found.shrink_to_fit();
    found
}

/// Customers of every item. `n_of_item[i + 1]` is how many customers item `i` has.
fn transpose(by_customer: &Rows, n_of_item: Vec<usize>) -> Rows {
    let mut start = n_of_item;
    for i in 1..start.len() {
        start[i] += start[i - 1];
    }
    let mut next = start.clone();
    let mut values = vec![0_u32; by_customer.values.len()];
    for customer in 0..by_customer.start.len() - 1 {
        for &item in by_customer.row(customer) {
            values[next[item as usize]] = u32::try_from(customer).unwrap_or(u32::MAX);
            next[item as usize] += 1;
        }
    }
    Rows { start, values }
}
