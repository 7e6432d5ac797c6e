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
pub(super) fn terms_of(traits: &[ItemTraits], group_weight: f64) -> Terms {
    let bands = price_bands(traits);
    let by_item: Vec<BTreeMap<u64, f64>> =
        traits.iter().zip(bands).map(|(traits, bands)| counted(traits, &bands, group_weight)).collect();
    let mut n_items: BTreeMap<u64, u32> = BTreeMap::new();
    for term in by_item.iter().flat_map(BTreeMap::keys) {
        *n_items.entry(*term).or_default() += 1;
    }
    let mut kept: Vec<(u64, u32)> = n_items.iter().filter(|(_, n)| **n > 1).map(|(term, n)| (*term, *n)).collect();
    kept.sort_unstable_by_key(|(term, n)| (std::cmp::Reverse(*n), *term));
    kept.truncate(N_TERMS_MAX);
    kept.sort_unstable();
    let idf = |n: u32| 1.0 + ((1.0 + by_item.len() as f64) / (1.0 + f64::from(n))).ln();
    let rows = by_item.iter().map(|terms| {
        let weighted: Vec<(u64, f64)> = terms.iter().map(|(term, tf)| (*term, tf * idf(n_items[term]))).collect();
        let length = weighted.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        let entry = |(term, weight): (u64, f64)| {
            let column = kept.binary_search_by_key(&term, |(term, _)| *term).ok()?;
            #[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored; terms are few")]
            Some((column as u32, (weight / length) as f32))
        };
        weighted.into_iter().filter_map(entry).collect()
    });
    Terms { by_item: Matrix::from_rows(rows), n_terms: kept.len() }
}

/// See [`terms_of`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    /// Their weights, by item; columns are terms in ascending order.
    pub(super) by_item: Matrix,
    /// How many different terms are kept.
    pub(super) n_terms: usize,
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
