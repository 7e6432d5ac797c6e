//! What have all items that match in common, and how many of each are there?

use super::shelf::{BRAND, CATEGORY, Doc, Shelf};
use primitives::Currency;
use serde::{Deserialize, Serialize};

/// How many values of a facet are told; of more it is told how many more there are.
const N_VALUES_MAX: usize = 100;
/// How many facets are told beside category, brand and price.
const N_OTHERS_MAX: usize = 8;
/// A trait with more values among the matches than this divides them into too many.
const N_DIVIDED_MAX: usize = 60;
/// A trait that fewer of the matches have than one in so many divides too few of them.
const ONE_IN: usize = 20;
/// About how many values an item has.
const N_VALUES_EACH: usize = 16;
/// Into how many ranges prices are divided at most.
const N_RANGES: usize = 5;

/// What items have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facet {
    /// The name of the trait, or `price`.
    pub name: String,
    /// Its values with how many of the matches have each, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<FacetValue>,
    /// How many other values there are, each of at most as many matches.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Ranges of the price with how many of the matches are in each, from cheap to dear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<FacetRange>,
    /// In which currency the prices are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// How many of the matches have it.
    pub n: u64,
}

/// One range of prices, in major units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FacetRange {
    /// From here on; not there for the first range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gte: Option<f64>,
    /// Until before here; not there for the last range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lt: Option<f64>,
    /// How many of the matches are in it.
    pub n: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes what it asks about so")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The currency in which most of the items have their price, the first by its code of equals.
pub(crate) fn currency_of<'a>(docs: impl Iterator<Item = &'a Doc>) -> Option<Currency> {
    // A catalogue has few currencies.
    let mut counts: Vec<(Currency, usize)> = Vec::new();
    for price in docs.filter_map(|doc| doc.price) {
        match counts.iter_mut().find(|(known, _)| *known == price.currency) {
            Some((_, n)) => *n += 1,
            None => counts.push((price.currency, 1)),
        }
    }
    counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))).map(|(currency, _)| currency)
}

/// A price in major units, where it is in this currency.
pub(crate) fn price_in(doc: &Doc, currency: Option<Currency>) -> Option<f64> {
    doc.price.filter(|price| Some(price.currency) == currency).map(|price| price.to_major())
}

/// Category, brand and price first, then by name.
pub(crate) fn facets(shelf: &Shelf, matches: &[u32]) -> Vec<Facet> {
    let counts = counts(shelf, matches);
    let of = |value: u32| shelf.values.get(value as usize).map(|value| usize::from(value.of));
    // How many values of each trait there are, and how many matches with them.
    let mut sizes = vec![(0_usize, 0_usize); shelf.traits.len()];
    for (value, n) in &counts {
        if let Some(size) = of(*value).and_then(|of| sizes.get_mut(of)) {
            *size = (size.0 + 1, size.1 + *n as usize);
        }
    }
    let divides = |(n_values, n_with): (usize, usize)| {
        n_values > 0 && n_values <= N_DIVIDED_MAX && n_with * ONE_IN >= matches.len()
    };
    let mut others: Vec<u16> = (0_u16..).zip(&sizes).filter(|(_, size)| divides(**size)).map(|(of, _)| of).collect();
    others.retain(|of| *of > BRAND);
    others.sort_by_key(|of| &shelf.traits[usize::from(*of)].name);
    others.truncate(N_OTHERS_MAX);
    let mut values: Vec<Vec<(u32, &str)>> = vec![Vec::new(); shelf.traits.len()];
    let mut is_told = vec![false; shelf.traits.len()];
    others.iter().chain(&[CATEGORY, BRAND]).for_each(|of| is_told[usize::from(*of)] = true);
    for (value, n) in counts {
        if let Some(of) = of(value).filter(|of| is_told[*of]) {
            values[of].push((n, &shelf.values[value as usize].text));
        }
    }
    let mut facet = |of: u16| {
        let mut values = std::mem::take(&mut values[usize::from(of)]);
        let more = values.len().saturating_sub(N_VALUES_MAX) as u64;
        let most_first = |a: &(u32, &str), b: &(u32, &str)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
        if values.len() > N_VALUES_MAX {
            values.select_nth_unstable_by(N_VALUES_MAX, most_first);
            values.truncate(N_VALUES_MAX);
        }
        values.sort_unstable_by(most_first);
        let values: Vec<FacetValue> =
            values.iter().map(|(n, text)| FacetValue { value: (*text).to_owned(), n: u64::from(*n) }).collect();
        let name = shelf.traits[usize::from(of)].name.clone();
        (!values.is_empty()).then_some(Facet { name, values, more, ranges: Vec::new(), currency: None })
    };
    let mut told: Vec<Facet> = [CATEGORY, BRAND].into_iter().filter_map(&mut facet).collect();
    told.extend(prices(shelf, matches));
    told.extend(others.into_iter().filter_map(facet));
    told
}

/// How many of the matches have each value that any of them has.
fn counts(shelf: &Shelf, matches: &[u32]) -> Vec<(u32, u32)> {
    let values = matches.iter().filter_map(|number| shelf.doc(*number)).flat_map(|doc| doc.values.iter().copied());
    // Few matches have few values: to count them all would look at every value of the catalogue.
    if matches.len() * N_VALUES_EACH < shelf.values.len() {
        let mut values: Vec<u32> = values.collect();
        values.sort_unstable();
        return values
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX)))
            .collect();
    }
    let mut counts = vec![0_u32; shelf.values.len()];
    values.for_each(|value| counts[value as usize] += 1);
    (0_u32..).zip(counts).filter(|(_, n)| *n > 0).collect()
}

fn prices(shelf: &Shelf, matches: &[u32]) -> Option<Facet> {
    let docs = || matches.iter().filter_map(|number| shelf.doc(*number));
    let currency = currency_of(docs());
    let mut prices: Vec<f64> = docs().filter_map(|doc| price_in(doc, currency)).collect();
    // From cheap to dear: what comes after a border is sought among what is not before it.
    let (mut borders, mut rest, mut n_before): (Vec<f64>, _, _) =
        (Vec::with_capacity(N_RANGES), prices.as_mut_slice(), 0);
    let n_prices = rest.len();
    for part in 1..N_RANGES {
        let at = n_prices * part / N_RANGES - n_before;
        if at < rest.len() {
            borders.push(round(*rest.select_nth_unstable_by(at, f64::total_cmp).1));
            rest = &mut rest[at..];
            n_before += at;
        }
    }
    borders.sort_unstable_by(f64::total_cmp);
    borders.dedup();
    let mut n_within = vec![0_u64; borders.len() + 1];
    for price in &prices {
        n_within[borders.partition_point(|border| border <= price)] += 1;
    }
    let ends = borders.iter().copied().map(Some).chain([None]);
    let begins = std::iter::once(None).chain(borders.iter().copied().map(Some));
    let ranges = begins.zip(ends).zip(n_within).filter(|(_, n)| *n > 0);
    let ranges: Vec<FacetRange> = ranges.map(|((gte, lt), n)| FacetRange { gte, lt, n }).collect();
    (!ranges.is_empty()).then(|| Facet { name: "price".to_owned(), values: Vec::new(), more: 0, ranges, currency })
}

/// The nearest round number: one of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.
fn round(amount: f64) -> f64 {
    const ROUND: [f64; 10] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    if amount <= 0.0 {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a price is small")]
    let exponent = amount.log10().floor() as i32;
    let power = 10_f64.powi(exponent.abs());
    let scaled = if exponent < 0 { amount * power } else { amount / power };
    let nearest = ROUND.iter().copied().min_by(|a, b| (a - scaled).abs().total_cmp(&(b - scaled).abs())).unwrap_or(1.0);
    // Divided and not multiplied by a tenth, so that 0.3 is 0.3.
    if exponent < 0 { nearest / power } else { nearest * power }
}
