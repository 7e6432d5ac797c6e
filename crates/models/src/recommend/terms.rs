//! Which terms describe an item, and how much does each of them say?

use super::ItemTraits;
use super::matrix::Matrix;
use std::collections::BTreeMap;

/// At most so many different terms are known, those of most items first.
const N_TERMS_MAX: usize = 200_000;
/// Into so many bands of equally many items prices are cut, twice: the second cuts lie between the first.
const N_PRICE_BANDS: f64 = 10.0;
/// What sets the terms of words, groups and prices apart.
const OF_WORDS: u64 = 0x9E37_79B9_7F4A_7C15;
const OF_GROUPS: u64 = 0xC2B2_AE3D_27D4_EB4F;
const OF_PRICES: u64 = 0x1656_67B1_9E37_79F9;

/// Items by terms.
///
/// ```text
/// tf[i,t]     = 1 + ln(how often t stands in i)        group_weight times as much for a group, half as much for a price band
/// idf[t]      = 1 + ln((1 + items) / (1 + items with t))
/// weight[i,t] = tf idf / sqrt(sum over t of (tf idf)²)
/// ```
/// Terms of one item alone lengthen it, but are not kept: they make nothing similar.
/// *Source*: Salton and Buckley 1988, doi:10.1016/0306-4573(88)90021-0.
pub(super) fn tf_idf(traits: &[ItemTraits], group_weight: f64) -> Terms {
    let counted = Counted::of(traits, group_weight);
    let kept = counted.kept(2);
    let idf = |n: u32| 1.0 + ((1.0 + traits.len() as f64) / (1.0 + f64::from(n))).ln();
    let rows = counted.by_item.iter().map(|terms| {
        let weighted: Vec<(u64, f64)> =
            terms.iter().map(|(term, tf)| (*term, tf * idf(counted.n_items[term]))).collect();
        let length = weighted.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        let found = weighted.into_iter().map(|(term, weight)| (term, weight / length));
        found.filter_map(|(term, weight)| entry(&kept, term, weight)).collect()
    });
    Terms { by_item: Matrix::from_rows(rows), n_terms: kept.len() }
}

/// Items by the terms of at least `n_items_min` of them, each with the same weight: how many an item has counts, too.
///
/// ```text
/// weight = 1 / sqrt(mean number of such terms of an item)
/// ```
pub(super) fn frequent(traits: &[ItemTraits], n_items_min: u32) -> Terms {
    let counted = Counted::of(traits, 1.0);
    let kept = counted.kept(n_items_min);
    let n_all: f64 = kept.iter().map(|(_, n)| f64::from(*n)).sum();
    let weight = (traits.len() as f64 / n_all.max(1.0)).sqrt();
    let rows =
        counted.by_item.iter().map(|terms| terms.keys().filter_map(|term| entry(&kept, *term, weight)).collect());
    Terms { by_item: Matrix::from_rows(rows), n_terms: kept.len() }
}

/// See [`tf_idf`] and [`frequent`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    /// Their weights, by item; columns are terms in ascending order.
    pub(super) by_item: Matrix,
    /// How many different terms are kept.
    pub(super) n_terms: usize,
}

/// The terms of each item with their frequency, and how many items have each.
struct Counted {
    by_item: Vec<BTreeMap<u64, f64>>,
    n_items: BTreeMap<u64, u32>,
}

impl Counted {
    fn of(traits: &[ItemTraits], group_weight: f64) -> Self {
        let bands = price_bands(traits);
        let by_item: Vec<BTreeMap<u64, f64>> =
            traits.iter().zip(bands).map(|(traits, bands)| counted(traits, &bands, group_weight)).collect();
        let mut n_items: BTreeMap<u64, u32> = BTreeMap::new();
        for term in by_item.iter().flat_map(BTreeMap::keys) {
            *n_items.entry(*term).or_default() += 1;
        }
        Self { by_item, n_items }
    }

    /// The terms of at least so many items, in ascending order, each with how many.
    fn kept(&self, n_items_min: u32) -> Vec<(u64, u32)> {
        let enough = self.n_items.iter().filter(|(_, n)| **n >= n_items_min);
        let mut kept: Vec<(u64, u32)> = enough.map(|(term, n)| (*term, *n)).collect();
        kept.sort_unstable_by_key(|(term, n)| (std::cmp::Reverse(*n), *term));
        kept.truncate(N_TERMS_MAX);
        kept.sort_unstable();
        kept
    }
}

/// A term as a column, where it is kept.
fn entry(kept: &[(u64, u32)], term: u64, weight: f64) -> Option<(u32, f32)> {
    let column = kept.binary_search_by_key(&term, |(term, _)| *term).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored; terms are few")]
    Some((column as u32, weight as f32))
}

/// The terms of an item with their frequency, dampened.
fn counted(traits: &ItemTraits, bands: &[u64], group_weight: f64) -> BTreeMap<u64, f64> {
    let mut counts: BTreeMap<u64, f64> = BTreeMap::new();
    for word in &traits.words {
        *counts.entry(word ^ OF_WORDS).or_default() += 1.0;
    }
    counts.values_mut().for_each(|count| *count = 1.0 + count.ln());
    counts.extend(traits.groups.iter().map(|group| (group ^ OF_GROUPS, group_weight)));
    counts.extend(bands.iter().map(|band| (band ^ OF_PRICES, 0.5)));
    counts
}

/// In which bands the price of each item lies: two that overlap, or none.
fn price_bands(traits: &[ItemTraits]) -> Vec<Vec<u64>> {
    let price = |traits: &ItemTraits| traits.price.filter(|price| price.is_finite());
    let mut sorted: Vec<f64> = traits.iter().filter_map(price).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let band = |price: f64| {
        // Half of the items at the same price lie below: those bands do not depend on the order of equal prices.
        let below = sorted.partition_point(|other| *other < price) + sorted.partition_point(|other| *other <= price);
        let at = below as f64 / (2.0 * sorted.len() as f64) * N_PRICE_BANDS;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the number of bands")]
        let pair = vec![2 * at as u64, 2 * (at + 0.5) as u64 + 1];
        pair
    };
    traits.iter().map(|traits| price(traits).map_or_else(Vec::new, band)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_frequent_terms_count_and_all_alike() {
        let told = |words: &[u64], groups: &[u64]| ItemTraits {
            words: words.to_vec(),
            groups: groups.to_vec(),
            ..ItemTraits::default()
        };
        let traits = [told(&[1, 1, 2], &[1]), told(&[2], &[1]), told(&[2, 3], &[]), told(&[], &[])];
        // Word 2 has three items and group 1 two: five terms of four items, so each weighs the root of 4/5.
        let terms = frequent(&traits, 2);
        let told: Vec<usize> = (0..4).map(|item| terms.by_item.columns(item).len()).collect();
        assert_eq!((terms.n_terms, told), (2, vec![2, 2, 1, 0]));
        assert!(terms.by_item.row(0).all(|(_, weight)| (f64::from(weight) - 0.8_f64.sqrt()).abs() < 1e-6));
        assert_eq!(frequent(&traits, 3).n_terms, 1);
        assert_eq!((frequent(&traits, 4).n_terms, frequent(&[], 1).n_terms), (0, 0));
    }
}
