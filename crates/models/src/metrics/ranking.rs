//! Was what the customer wanted near the top of the list?

use std::collections::{BTreeMap, BTreeSet};

/// Normalised discounted cumulative gain of the first `k` places, with binary relevance.
///
/// ```text
/// dcg  = sum over places r = 1..k of [ranked[r] is relevant] / log2(r + 1)
/// idcg = sum over places r = 1..min(k, |relevant|) of 1 / log2(r + 1)
/// ndcg = dcg / idcg
/// ```
/// *Shapes*: `ranked` best first, of any length; `relevant` a set. *Units*: from 0 to 1, larger is better.
/// *Parameters*: `k` from 1; a larger `k` judges more of the list.
/// *Edge cases*: `None` where nothing is relevant or `k` is 0: such a customer is not counted. An item that stands in
/// the list twice counts at its first place only. A list shorter than `k` gains nothing in the missing places.
/// *Cost*: `k` look-ups in a tree. *Source*: Järvelin and Kekäläinen 2002, equation 3, doi:10.1145/582415.582418, with
/// the discount log2(r + 1).
///
/// ```
/// use models::metrics::ndcg_at_k;
/// let relevant = [3, 9].into();
/// // 1/log2(3) of 1/log2(2) + 1/log2(3): 0.6309 / 1.6309
/// assert!((ndcg_at_k(&[7, 3, 5], &relevant, 3).unwrap() - 0.386_852_807).abs() < 1e-9);
/// assert_eq!(ndcg_at_k(&[9, 3], &relevant, 10), Some(1.0));
/// ```
#[must_use]
pub fn ndcg_at_k<T: Ord>(ranked: &[T], relevant: &BTreeSet<T>, k: usize) -> Option<f64> {
    if relevant.is_empty() || k == 0 {
        return None;
    }
    let discount = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let gained: f64 = hits(ranked, relevant, k).map(discount).sum();
    let ideal: f64 = (0..k.min(relevant.len())).map(discount).sum();
    Some(gained / ideal)
}

/// Normalised discounted cumulative gain of the first `k` places, with a gain for every item.
///
/// ```text
/// dcg  = sum over places r = 1..k of gains[r] / log2(r + 1)
/// idcg = the same where the largest gains come first
/// ndcg = dcg / idcg
/// ```
/// *Shapes*: the gain of every item, in the order of the list. *Units*: gains from 0, of any unit; the answer is from 0 to 1.
/// *Parameters*: `k` from 1. *Edge cases*: `None` where no gain is above 0 or `k` is 0. *Cost*: one sort. *Source*: Järvelin and
/// Kekäläinen 2002, equation 3, doi:10.1145/582415.582418, with the discount log2(r + 1).
///
/// ```
/// use models::metrics::gained_ndcg_at_k;
/// assert_eq!(gained_ndcg_at_k(&[7.0, 1.0, 0.0], 10), Some(1.0));
/// // 1 + 7/log2(3) of 7 + 1/log2(3): 5.4165 / 7.6309
/// assert!((gained_ndcg_at_k(&[1.0, 7.0], 2).unwrap() - 0.709_810).abs() < 1e-5);
/// assert_eq!(gained_ndcg_at_k(&[0.0], 3), None);
/// ```
#[must_use]
pub fn gained_ndcg_at_k(gains: &[f64], k: usize) -> Option<f64> {
    let gained = |gains: &[f64]| -> f64 {
        gains.iter().take(k).enumerate().map(|(place, gain)| gain / ((place + 2) as f64).log2()).sum()
    };
    let mut best = gains.to_vec();
    best.sort_unstable_by(|a, b| b.total_cmp(a));
    let ideal = gained(&best);
    (ideal > 0.0).then(|| gained(gains) / ideal)
}

/// The share of what was relevant that stands in the first `k` places.
///
/// ```text
/// recall = |first k of ranked ∩ relevant| / |relevant|
/// ```
/// *Shapes*, *Edge cases*, *Cost*: as [`ndcg_at_k`]. *Units*: from 0 to 1. The divisor is all that was relevant, also
/// where it is more than `k`. *Source*: elementary.
///
/// ```
/// use models::metrics::recall_at_k;
/// assert_eq!(recall_at_k(&["tea", "milk", "rice"], &["milk", "rice"].into(), 2), Some(0.5));
/// ```
#[must_use]
pub fn recall_at_k<T: Ord>(ranked: &[T], relevant: &BTreeSet<T>, k: usize) -> Option<f64> {
    if relevant.is_empty() || k == 0 {
        return None;
    }
    Some(hits(ranked, relevant, k).count() as f64 / relevant.len() as f64)
}

/// 1 where at least one of the first `k` places is relevant, else 0; its mean over customers is the hit rate.
///
/// ```text
/// hit = [|first k of ranked ∩ relevant| > 0]
/// ```
/// *Shapes*, *Edge cases*, *Cost*: as [`ndcg_at_k`]. *Source*: elementary.
///
/// ```
/// use models::metrics::hit_at_k;
/// assert_eq!(hit_at_k(&[1, 2, 3], &[3].into(), 2), Some(0.0));
/// assert_eq!(hit_at_k(&[1, 2, 3], &[3].into(), 3), Some(1.0));
/// ```
#[must_use]
pub fn hit_at_k<T: Ord>(ranked: &[T], relevant: &BTreeSet<T>, k: usize) -> Option<f64> {
    recall_at_k(ranked, relevant, k).map(|recall| if recall > 0.0 { 1.0 } else { 0.0 })
}

/// The share of a catalogue that was recommended to anybody.
///
/// ```text
/// coverage = |union of the lists| / n_items
/// ```
/// *Shapes*: lists of any length, cut to `k` by the caller. *Units*: from 0 to 1. *Edge cases*: 0 for an empty
/// catalogue; 1 at most, also where the lists name items outside of it. *Cost*: one tree of the distinct items.
/// *Source*: elementary.
///
/// ```
/// use models::metrics::coverage;
/// let lists: [&[u32]; 2] = [&[1, 2], &[2, 3]];
/// assert_eq!(coverage(lists, 6), 0.5);
/// ```
#[must_use]
pub fn coverage<'a, T: Ord + 'a>(lists: impl IntoIterator<Item = &'a [T]>, n_items: usize) -> f64 {
    let seen: BTreeSet<&T> = lists.into_iter().flatten().collect();
    if n_items == 0 { 0.0 } else { (seen.len() as f64 / n_items as f64).min(1.0) }
}

/// One divided by the place of the first relevant item among the first `k`, counted from 1; 0 where there is none.
///
/// ```text
/// rr = 1 / min { r in 1..k : ranked[r] is relevant }
/// ```
/// *Shapes*, *Edge cases*, *Cost*: as [`ndcg_at_k`]. *Units*: from 0 to 1; its mean over customers is the mean reciprocal rank.
/// *Source*: Voorhees 1999, TREC-8 question answering track.
///
/// ```
/// use models::metrics::mrr_at_k;
/// assert_eq!(mrr_at_k(&[7, 3, 9], &[3, 9].into(), 3), Some(0.5));
/// assert_eq!(mrr_at_k(&[7, 3, 9], &[9].into(), 2), Some(0.0));
/// ```
#[must_use]
pub fn mrr_at_k<T: Ord>(ranked: &[T], relevant: &BTreeSet<T>, k: usize) -> Option<f64> {
    if relevant.is_empty() || k == 0 {
        return None;
    }
    Some(hits(ranked, relevant, k).next().map_or(0.0, |place| 1.0 / (place + 1) as f64))
}

/// How unequally items are shown: the Gini coefficient of how often each item of the catalogue stands in a list.
///
/// ```text
/// x_1 <= ... <= x_n = places that each of n_items holds in the lists
/// gini = sum over i of (2 i - n - 1) x_i / (n * sum of x)
/// ```
/// *Shapes*: lists of any length, cut to `k` by the caller. *Units*: from 0, where every item is shown as often, to nearly 1,
/// where one item is all that is shown. *Edge cases*: 0 for an empty catalogue or empty lists; items outside of the catalogue
/// make it larger. *Cost*: one tree of the distinct items and one sort. *Source*: Gini 1912; Fleder and Hosanagar 2009,
/// doi:10.1287/mnsc.1080.0974.
///
/// ```
/// use models::metrics::exposure_gini;
/// assert_eq!(exposure_gini([[1, 2], [3, 4]].iter().map(|list| list.as_slice()), 4), 0.0);
/// assert_eq!(exposure_gini([[1], [1]].iter().map(|list| list.as_slice()), 4), 0.75);
/// ```
#[must_use]
pub fn exposure_gini<'a, T: Ord + 'a>(lists: impl IntoIterator<Item = &'a [T]>, n_items: usize) -> f64 {
    let mut counts: Vec<u64> = shown(lists).into_values().collect();
    counts.sort_unstable();
    let n_all = n_items.max(counts.len());
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return 0.0;
    }
    // Those never shown come first and add nothing.
    let from = n_all - counts.len() + 1;
    let rank = |i: usize| 2.0 * (from + i) as f64 - n_all as f64 - 1.0;
    let sum: f64 = counts.iter().enumerate().map(|(i, count)| rank(i) * *count as f64).sum();
    sum / (n_all as f64 * total as f64)
}

/// The share of places that two different customers' lists have in common, on average over all pairs of lists.
///
/// ```text
/// overlap = sum over items of m_i (m_i - 1) / 2, divided by k * N (N - 1) / 2        m_i = lists with item i
/// ```
/// *Shapes*: `N` lists, `k` their mean length. *Units*: 0 where no two lists share an item, 1 where all are the same.
/// *Edge cases*: 0 for fewer than two lists or empty ones. *Cost*: one tree of the distinct items. *Source*: Zhou et al. 2010,
/// doi:10.1073/pnas.1000488107 (personalisation is one minus it).
///
/// ```
/// use models::metrics::overlap;
/// assert_eq!(overlap([[1, 2], [1, 3]].iter().map(|list| list.as_slice())), 0.5);
/// ```
#[must_use]
pub fn overlap<'a, T: Ord + 'a>(lists: impl IntoIterator<Item = &'a [T]>) -> f64 {
    let lists: Vec<&[T]> = lists.into_iter().collect();
    let n = lists.len() as f64;
    let mean_length = lists.iter().map(|list| list.len()).sum::<usize>() as f64 / n.max(1.0);
    let common: f64 = shown(lists).into_values().map(|m| m as f64 * (m as f64 - 1.0)).sum();
    if n < 2.0 || mean_length <= 0.0 { 0.0 } else { common / (mean_length * n * (n - 1.0)) }
}

/// How many lists hold each item.
fn shown<'a, T: Ord + 'a>(lists: impl IntoIterator<Item = &'a [T]>) -> BTreeMap<&'a T, u64> {
    let mut counts = BTreeMap::new();
    for item in lists.into_iter().flatten() {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// The places, from 0, in the first `k` where a relevant item stands for the first time.
fn hits<'a, T: Ord>(ranked: &'a [T], relevant: &'a BTreeSet<T>, k: usize) -> impl Iterator<Item = usize> + 'a {
    let mut seen = BTreeSet::new();
    ranked
        .iter()
        .take(k)
        .enumerate()
        .filter(move |(_, item)| relevant.contains(*item) && seen.insert(*item))
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_scikit_learn() {
        // Made with scikit-learn 1.9.1, tolerance 1e-12:
        //   from sklearn.metrics import ndcg_score
        //   def g(rel, k): return ndcg_score([rel], [list(range(len(rel), 0, -1))], k=k)
        //   g([1,0,1,1,0,0,0,0], 3); g([1,0,1,1,0,0,0,0], 5); g([0,0,0,0,0,0,1,1], 8); g([0,1,0,0,0,1,0,1,1,1], 10)
        for (relevance, k, expected) in GOLDEN {
            let ranked: Vec<usize> = (0..relevance.len()).collect();
            let relevant = ranked.iter().copied().filter(|place| relevance.as_bytes()[*place] == b'1').collect();
            let found = ndcg_at_k(&ranked, &relevant, k).unwrap();
            assert!((found - expected).abs() < 1e-12, "{relevance} at {k}: {found}");
        }
    }
    const GOLDEN: [(&str, usize, f64); 4] = [
        ("10110000", 3, 0.703_918_089_034_134_8),
        ("10110000", 5, 0.906_025_435_534_682_3),
        ("00000011", 8, 0.397_808_801_205_757_1),
        ("0100010111", 10, 0.641_927_380_755_554_1),
    ];

    #[test]
    fn gains_of_one_are_the_same_as_what_is_relevant() {
        for (relevance, k, expected) in GOLDEN {
            let gains: Vec<f64> = relevance.bytes().map(|one| f64::from(one - b'0')).collect();
            assert!((gained_ndcg_at_k(&gains, k).unwrap() - expected).abs() < 1e-12, "{relevance} at {k}");
        }
    }

    #[test]
    fn nothing_relevant_is_not_zero() {
        let none: BTreeSet<u8> = BTreeSet::new();
        assert_eq!(
            (ndcg_at_k(&[1], &none, 5), recall_at_k(&[1], &none, 5), hit_at_k(&[1], &none, 5)),
            (None, None, None)
        );
        assert_eq!(ndcg_at_k(&[1], &[1].into(), 0), None);
        assert!(coverage::<u8>([], 0).abs() < f64::EPSILON);
    }

    #[test]
    fn lists_of_nothing_show_nothing() {
        assert!(
            exposure_gini::<u8>([], 9).abs() < f64::EPSILON && exposure_gini::<u8>([&[][..]], 0).abs() < f64::EPSILON
        );
        assert!(overlap::<u8>([]).abs() < f64::EPSILON && overlap([&[1, 2][..]]).abs() < f64::EPSILON);
        assert_eq!(mrr_at_k(&[1], &BTreeSet::new(), 5), None);
    }

    #[test]
    fn an_item_counts_once() {
        assert_eq!(recall_at_k(&[1, 1, 1], &[1, 2].into(), 3), Some(0.5));
        assert!(ndcg_at_k(&[1, 1], &[1, 2].into(), 2).unwrap() < 0.62);
    }

    proptest! {
        #[test]
        fn stays_in_the_unit_interval_and_moving_a_hit_up_never_hurts(
            ranked in prop::collection::vec(0_u8..40, 1..30), relevant in prop::collection::btree_set(0_u8..40, 1..10), k in 1_usize..20,
        ) {
            let before = ndcg_at_k(&ranked, &relevant, k).unwrap();
            prop_assert!((0.0..=1.0 + 1e-12).contains(&before));
            let mut better = ranked.clone();
            if let Some(place) = better.iter().position(|item| relevant.contains(item)) {
                better.swap(0, place);
            }
            prop_assert!(ndcg_at_k(&better, &relevant, k).unwrap() >= before - 1e-12);
        }

        #[test]
        fn what_lists_show_is_counted_item_by_item(
            lists in prop::collection::vec(prop::collection::btree_set(0_u8..12, 3), 2..8), n_items in 12_usize..30,
        ) {
            let lists: Vec<Vec<u8>> = lists.into_iter().map(|list| list.into_iter().collect()).collect();
            let slices = || lists.iter().map(Vec::as_slice);
            let count = |item: usize| lists.iter().filter(|list| list.iter().any(|it| usize::from(*it) == item)).count() as f64;
            let counts: Vec<f64> = (0..n_items).map(count).collect();
            // Gini as half of the mean difference between two items, divided by the mean.
            let differences: f64 = counts.iter().flat_map(|a| counts.iter().map(move |b| (a - b).abs())).sum();
            let gini = differences / (2.0 * n_items as f64 * counts.iter().sum::<f64>());
            prop_assert!((exposure_gini(slices(), n_items) - gini).abs() < 1e-9);
            let pairs = || (0..lists.len()).flat_map(|a| (a + 1..lists.len()).map(move |b| (a, b)));
            let common = |(a, b): (usize, usize)| lists[a].iter().filter(|item| lists[b].contains(item)).count() as f64 / 3.0;
            let mean = pairs().map(common).sum::<f64>() / pairs().count() as f64;
            prop_assert!((overlap(slices()) - mean).abs() < 1e-9);
        }
    }
}
