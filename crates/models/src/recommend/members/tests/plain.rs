//! The members' formulas in double precision on whole matrices, as plainly as they can be written.

use crate::recommend::{Als, Cooccurrence, Ease, GfCf, HistoryItem, Interactions, Markov, Sessions, TifuKnn, UpCf};
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

/// The sum over all rows of the outer product of each with itself, with a weight.
fn outer<'a>(rows: impl Iterator<Item = (f64, &'a Vec<f64>)>, n: usize) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; n]; n];
    for (weight, row) in rows {
        for (i, sums) in sums.iter_mut().enumerate() {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * row[i] * value);
        }
    }
    sums
}

/// One customer, or one item: what solves its normal equations exactly.
fn solved(settings: &Als, fixed: &[Vec<f64>], had: &[(usize, f64)]) -> Vec<f64> {
    let n = settings.n_factors;
    let mut left = outer(fixed.iter().map(|row| (settings.unobserved, row)), n);
    let more = outer(had.iter().map(|(at, weight)| (*weight, &fixed[*at])), n);
    let n_had: f64 = had.iter().map(|(_, weight)| weight).sum();
    let ridge = settings.penalty * (n_had + settings.unobserved * fixed.len() as f64).powf(settings.frequency_exponent);
    let mut right = vec![0.0; n];
    for (at, weight) in had {
        right.iter_mut().zip(&fixed[*at]).for_each(|(right, value)| *right += weight * value);
    }
    for (i, row) in left.iter_mut().enumerate() {
        row.iter_mut().zip(&more[i]).for_each(|(left, more)| *left += more);
        row[i] += ridge;
    }
    times(&right, &inverse(left))
}

/// The weighted least squares of what everybody has, from these first numbers of items, each side solved exactly in turn.
pub(super) fn als(settings: &Als, purchases: &Interactions, first: Vec<Vec<f64>>, history: &[HistoryItem]) -> Vec<f64> {
    let customers = youngest(purchases);
    let mut items = first;
    for _ in 0..settings.n_rounds {
        let of_customer = |had: &BTreeMap<usize, f64>| had.keys().map(|item| (*item, 1.0)).collect::<Vec<_>>();
        let solved_customers: Vec<Vec<f64>> =
            customers.iter().map(|had| solved(settings, &items, &of_customer(had))).collect();
        items = (0..items.len())
            .map(|item| {
                let having = customers.iter().enumerate().filter(|(_, had)| had.contains_key(&item));
                solved(settings, &solved_customers, &having.map(|(customer, _)| (customer, 1.0)).collect::<Vec<_>>())
            })
            .collect();
    }
    let liked = liked(history, items.len(), settings.half_life_days);
    let had: Vec<(usize, f64)> = liked.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0).collect();
    let customer = solved(settings, &items, &had);
    items.iter().map(|item| item.iter().zip(&customer).map(|(a, b)| a * b).sum()).collect()
}

/// `R'R` without its diagonal, and the customers of every item.
pub(super) fn linear_filter(purchases: &Interactions) -> (Vec<Vec<f64>>, Vec<f64>) {
    let (n, customers) = (purchases.items.len(), youngest(purchases));
    let having = |i: usize| customers.iter().filter(|had| had.contains_key(&i)).count() as f64;
    let entry = |i: usize, j: usize| -> f64 {
        let both = customers.iter().filter(|had| i != j && had.contains_key(&i) && had.contains_key(&j));
        both.map(|had| 1.0 / had.len() as f64).sum::<f64>() / (having(i) * having(j)).sqrt()
    };
    let finite = |value: f64| if value.is_finite() { value } else { 0.0 };
    ((0..n).map(|i| (0..n).map(|j| finite(entry(i, j))).collect()).collect(), (0..n).map(having).collect())
}

/// The linear filter, and the low-pass filter that lets all pass: it gives back what was liked.
pub(super) fn gf_cf_of_all(settings: &GfCf, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let (matrix, having) = linear_filter(purchases);
    let liked = liked(history, matrix.len(), settings.half_life_days);
    let mut scores = times(&liked, &matrix);
    for (at, score) in scores.iter_mut().enumerate() {
        *score += if having[at] > 0.0 { settings.low_pass_weight * liked[at] } else { 0.0 };
    }
    scores
}

/// Occasions of one customer: distinct ages from old to new, each with its items.
fn occasions(mut rows: Vec<(f64, usize)>) -> Vec<(f64, Vec<usize>)> {
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    rows.dedup();
    let mut found: Vec<(f64, Vec<usize>)> = Vec::new();
    for (age, item) in rows {
        match found.last_mut().filter(|last| last.0.to_bits() == age.to_bits()) {
            Some(last) => last.1.push(item),
            None => found.push((age, vec![item])),
        }
    }
    found
}

fn occasions_of_all(purchases: &Interactions) -> Vec<Vec<(f64, Vec<usize>)>> {
    let mut of: BTreeMap<u32, Vec<(f64, usize)>> = BTreeMap::new();
    for row in &purchases.rows {
        let item = usize::try_from(purchases.items[row.item as usize].0 / 5).unwrap();
        of.entry(row.customer).or_default().push((row.age_days, item));
    }
    of.into_values().map(occasions).collect()
}

fn occasions_asked(history: &[HistoryItem]) -> Vec<(f64, Vec<usize>)> {
    occasions(history.iter().map(|bought| (bought.age_days, usize::try_from(bought.item.0 / 5).unwrap())).collect())
}

pub(super) fn up_cf(settings: &UpCf, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let n = purchases.items.len();
    let liked = liked(history, n, settings.half_life_days);
    let size: f64 = liked.iter().sum();
    let mut scores = vec![0.0; n];
    for occasions in occasions_of_all(purchases) {
        let had: std::collections::BTreeSet<usize> =
            occasions.iter().flat_map(|(_, items)| items.iter().copied()).collect();
        let shared: f64 = had.iter().map(|item| liked[*item]).sum();
        let divisor = size.powf(settings.own_exponent) * (had.len() as f64).powf(1.0 - settings.own_exponent);
        let last = &occasions[occasions.len().saturating_sub(settings.n_occasions)..];
        for item in last.iter().flat_map(|(_, items)| items) {
            if shared > 0.0 {
                scores[*item] += (shared / divisor).powf(settings.locality) / last.len() as f64;
            }
        }
    }
    scores
}

fn frequencies(settings: &TifuKnn, occasions: &[(f64, Vec<usize>)], n: usize) -> Vec<f64> {
    let mut groups: Vec<Vec<&Vec<usize>>> = Vec::new();
    for (back, (_, items)) in occasions.iter().rev().enumerate() {
        if back % settings.group_size == 0 {
            groups.push(Vec::new());
        }
        groups.last_mut().unwrap().push(items);
    }
    let mut sums = vec![0.0; n];
    for (older, group) in (0_i32..).zip(&groups) {
        for (back, items) in (0_i32..).zip(group) {
            let worth = settings.within_decay.powi(back) / group.len() as f64 * settings.group_decay.powi(older);
            items.iter().filter(|item| **item < n).for_each(|item| sums[*item] += worth / groups.len() as f64);
        }
    }
    sums
}

/// Where all are heard who share anything.
pub(super) fn tifu_knn(settings: &TifuKnn, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let n = purchases.items.len();
    let own = frequencies(settings, &occasions_asked(history), n);
    let others = occasions_of_all(purchases).into_iter().map(|occasions| frequencies(settings, &occasions, n));
    let sharing = |other: &Vec<f64>| own.iter().zip(other).any(|(a, b)| a * b > 0.0);
    let near: Vec<Vec<f64>> = others.filter(sharing).collect();
    let mean = |item: usize| near.iter().map(|other| other[item]).sum::<f64>() / near.len().max(1) as f64;
    (0..n).map(|item| settings.own_weight * own[item] + (1.0 - settings.own_weight) * mean(item)).collect()
}

/// How many occasions ago each item was last had, by item.
fn back(history: &[HistoryItem], n: usize) -> Vec<Option<i32>> {
    let mut back = vec![None; n];
    for (ago, (_, items)) in (0_i32..).zip(occasions_asked(history).iter().rev()) {
        items.iter().filter(|item| **item < n).for_each(|item| back[*item] = back[*item].or(Some(ago)));
    }
    back
}

fn trail(history: &[HistoryItem], n: usize, n_last: usize, decay: f64) -> Vec<f64> {
    let weight = |back: &Option<i32>| {
        back.filter(|back| *back < i32::try_from(n_last).unwrap()).map_or(0.0, |back| decay.powi(back))
    };
    back(history, n).iter().map(weight).collect()
}

pub(super) fn markov(settings: &Markov, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let n = purchases.items.len();
    let mut next = vec![vec![0.0; n]; n];
    for occasions in occasions_of_all(purchases) {
        for (at, (_, items)) in occasions.iter().enumerate() {
            for (step, (_, later)) in (0_i32..).zip(occasions[at + 1..].iter().take(settings.n_steps)) {
                for (i, j) in items.iter().flat_map(|i| later.iter().map(move |j| (*i, *j))) {
                    next[i][j] += settings.step_decay.powi(step);
                }
            }
        }
    }
    let out: Vec<f64> = next.iter().map(|row| row.iter().sum()).collect();
    let into: Vec<f64> = (0..n).map(|j| next.iter().map(|row| row[j]).sum()).collect();
    let total: f64 = out.iter().sum();
    let probability = |i: usize, j: usize| {
        let divisor = out[i] * into[j].powf(settings.other_exponent) + settings.shrinkage_share * total;
        if i == j || next[i][j] <= 0.0 { 0.0 } else { next[i][j] / divisor }
    };
    let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| probability(i, j)).collect()).collect();
    times(&trail(history, n, settings.n_last, settings.trail_decay), &matrix)
}

pub(super) fn sessions(settings: &Sessions, purchases: &Interactions, history: &[HistoryItem]) -> Vec<f64> {
    let n = purchases.items.len();
    let liked = trail(history, n, settings.n_last, settings.trail_decay);
    let youngest = purchases.rows.iter().map(|row| row.age_days).fold(f64::INFINITY, f64::min);
    let mut scores = vec![0.0; n];
    for occasions in occasions_of_all(purchases) {
        let mut at = 0;
        while at < occasions.len() {
            let from = at;
            at += 1;
            while at < occasions.len() && occasions[at - 1].0 - occasions[at].0 <= settings.pause_days {
                at += 1;
            }
            let had: std::collections::BTreeSet<usize> =
                occasions[from..at].iter().flat_map(|(_, items)| items.iter().copied()).collect();
            let shared: f64 = had.iter().map(|item| liked[*item]).sum();
            let fresh = 0.5_f64.powf((occasions[at - 1].0 - youngest) / settings.half_life_days);
            let counts = had.len() >= 2;
            had.iter().filter(|_| counts).for_each(|item| scores[*item] += shared / (had.len() as f64).sqrt() * fresh);
        }
    }
    scores
}
