//! Into which parts are rows cut, so that nothing is judged by what learned from it?

use primitives::Seed;
use rand::RngExt as _;

/// A fold from 0 to `n_folds - 1` for every row; rows of one key come into the same.
///
/// ```text
/// keys in the order of a number that is drawn for each, dealt out one by one
/// ```
/// A key is what must not be torn apart: a customer. *Guarantees*: the numbers of keys in two folds differ by at most one; the
/// same for any order of the rows. *Cost*: one sort. *Source*: elementary.
///
/// ```
/// let folds = models::folds(&[7, 8, 7, 9], 3, primitives::Seed::new(1));
/// assert_eq!(folds[0], folds[2]);
/// assert!(folds[0] != folds[1] && folds[1] != folds[3] && folds[0] != folds[3]);
/// ```
#[must_use]
pub fn folds(keys: &[u64], n_folds: u32, seed: Seed) -> Vec<u32> {
    let mut order: Vec<(u64, u64)> = keys.iter().map(|key| (seed.stream("folds", *key).random(), *key)).collect();
    order.sort_unstable();
    order.dedup();
    let dealt = order.iter().enumerate();
    let n_folds = n_folds.max(1);
    let fold = |(at, (_, key)): (usize, &(u64, u64))| (*key, u32::try_from(at % n_folds as usize).unwrap_or(0));
    let mut of: Vec<(u64, u32)> = dealt.map(fold).collect();
    of.sort_unstable();
    let found = |key: &u64| of.binary_search_by_key(key, |(key, _)| *key).map_or(0, |at| of[at].1);
    keys.iter().map(found).collect()
}
