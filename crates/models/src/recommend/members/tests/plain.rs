//! The members' formulas in double precision on whole matrices, as plainly as they can be written.

use crate::recommend::{Cooccurrence, Ease, HistoryItem, Interactions};
use std::collections::BTreeMap;

/// By customer, then item (by key): the age of the youngest purchase.
fn youngest(purchases: &Interactions) -> Vec<BTreeMap<usize, f64>> {
    let mut of: BTreeMap<u32, BTreeMap<usize, f64>> = BTreeMap::new();
    for row in &purchases.rows {
        let item = usize::try_from(purchases.items[row.item as usize].0 / 5).unwrap();
        let age = of.entry(row.customer).or_default().entry(item).or_insert(f64::INFINITY);
        *age = age.min(row.age_days);
    }
    of.into_values().collect()
}

/// The weight of each item of a history.
fn liked(history: &[HistoryItem], n_items: usize, half_life_days: f64) -> Vec<f64> {
    let first = history.iter().map(|bought| bought.age_days).fold(f64::INFINITY, f64::min);
    let mut weights = vec![0.0_f64; n_items];
    for bought in history {
        if let Some(weight) = weights.get_mut(usize::try_from(bought.item.0 / 5).unwrap()) {
            *weight = weight.max(0.5_f64.powf((bought.age_days - first) / half_life_days));
        }
    }
    weights
}

fn times(weights: &[f64], matrix: &[Vec<f64>]) -> Vec<f64> {
    (0..weights.len()).map(|j| weights.iter().zip(matrix).map(|(weight, row)| weight * row[j]).sum()).collect()
}

pub(super) fn item_to_item(settings: &Cooccurrence, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let (n, customers) = (purchases.items.len(), youngest(purchases));
    let weight = |had: &BTreeMap<usize, f64>| (had.len() as f64).powf(-settings.customer_exponent);
    let mass = |i: usize| -> f64 { customers.iter().filter(|had| had.contains_key(&i)).map(weight).sum() };
    let total: f64 = customers.iter().map(weight).sum();
    let together = |i: usize, j: usize| -> f64 {
        let both = customers.iter().filter_map(|had| Some((had, had.get(&i)?, had.get(&j)?)));
        let near = |a: &f64, b: &f64| {
            if settings.pair_half_life_days < 36_500.0 {
                0.5_f64.powf((a - b).abs() / settings.pair_half_life_days)
            } else {
                1.0
            }
        };
        both.map(|(had, a, b)| weight(had) * near(a, b)).sum()
    };
    let similarity = |i: usize, j: usize| {
        let divisor = mass(i).powf(settings.own_exponent) * mass(j).powf(settings.other_exponent)
            + settings.shrinkage_share * total;
        if i == j || together(i, j) <= 0.0 { 0.0 } else { together(i, j) / divisor }
    };
    let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| similarity(i, j)).collect()).collect();
    times(&liked(history, n, settings.half_life_days), &matrix)
}

pub(super) fn ease(settings: &Ease, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let (n, customers) = (purchases.items.len(), youngest(purchases));
    let weight = |had: &BTreeMap<usize, f64>| (had.len() as f64).powf(-settings.customer_exponent);
    let n_rows: f64 = customers.iter().map(|had| had.len() as f64).sum();
    let mean = customers.iter().map(|had| weight(had) * had.len() as f64).sum::<f64>() / n_rows;
    let gram = |i: usize, j: usize| -> f64 {
        let both = customers.iter().filter(|had| had.contains_key(&i) && had.contains_key(&j));
        both.map(|had| weight(had) / mean).sum::<f64>() + if i == j { settings.penalty } else { 0.0 }
    };
    let inverse = inverse((0..n).map(|i| (0..n).map(|j| gram(i, j)).collect()).collect());
    let weight = |i: usize, j: usize| if i == j { 0.0 } else { -inverse[i][j] / inverse[j][j] };
    let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| weight(i, j)).collect()).collect();
    times(&liked(history, n, settings.half_life_days), &matrix)
}

/// By Gauss and Jordan; the matrix is positive definite, so no pivot is sought.
fn inverse(mut left: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = left.len();
    for (i, row) in left.iter_mut().enumerate() {
        row.extend((0..n).map(|j| if i == j { 1.0 } else { 0.0 }));
    }
    for pivot in 0..n {
        let divisor = left[pivot][pivot];
        left[pivot].iter_mut().for_each(|value| *value /= divisor);
        let from = left[pivot].clone();
        for (_, row) in left.iter_mut().enumerate().filter(|(i, _)| *i != pivot) {
            let factor = row[pivot];
            row.iter_mut().zip(&from).for_each(|(value, from)| *value -= factor * from);
        }
    }
    left.into_iter().map(|row| row[n..].to_vec()).collect()
}
