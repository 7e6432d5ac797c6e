//! How does each item sell, and how is it bought again? Counts of the catalogue, and what a customer's own purchases say.

use super::prepared::Prepared;
use super::query::{Own, OwnItem};
use crate::ModelError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// After how many days a purchase counts half in each of the popularities; the last one never forgets.
pub(super) const HALF_LIVES_DAYS: [f64; 4] = [3.0, 7.0, 30.0, f64::INFINITY];

/// After how many days a customer's own purchase counts half.
const OWN_HALF_LIFE_DAYS: f64 = 200.0;

/// By how much a customer's own purchase counts less with each later occasion.
const OCCASION_DECAY: f64 = 0.9;

/// Occasions of its category that are added to each item's own, so that one that was bought twice does not look loved; and of the
/// average item to the category's.
const RATE_SHRINKAGE: f64 = 20.0;

/// The same of gaps.
const GAP_SHRINKAGE: f64 = 5.0;

/// What is added to each popularity before their geometric mean is taken.
const SELLING_FLOOR: f64 = 1e-3;

/// A gap of a month, where nothing was ever bought again.
const GAP_DAYS: f64 = 30.0;

/// The propensity of what nothing is known of: that of the average item. What is known to be as likely is told as a hair more likely.
const UNKNOWN: f32 = 1.0;

/// How each item of a catalogue sells and is bought again.
///
/// ```text
/// popularity[h](i) = sum of 2^(-(age - youngest) / h) over all purchases of i, divided by its maximum
/// again(i)         = occasions on which an owner of i bought it again
/// chances(i)       = occasions of owners of i after the first one with i
/// m                = sum of again / sum of chances
/// selling(i)       = geometric mean over h of popularity[h](i) + 0.001, less 0.001
/// rate(i)          = (again(i) + 20 m(i)) / (chances(i) + 20)
/// m(i)             = (again(c) + 20 m) / (chances(c) + 20)         c: all other items of the category of i
/// propensity(i)    = sqrt(rate(i) / m)
/// gap(i)           = (gaps(i) + 5 g(i)) / (again(i) + 5)           gaps: sum of ln(1 + days between two purchases)
/// g(i)             = (gaps(c) + 5 g) / (again(c) + 5)              g: its mean over all items
/// ```
/// So of an item that few had its category tells, and of a category that few had, or where none is known, the shop.
/// *Shapes*: one number an item and popularity. *Units*: popularity from 0 to 1, propensity 1 for the average item, gap in
/// the logarithm of days. *Edge cases*: where nothing was bought again every propensity is 1 and every gap a month; so is the
/// propensity, and exactly, only where neither the item nor its category had any chance, and a hair more where it is known; ages
/// count from the youngest purchase, so time that passes after all purchases changes nothing.
/// *Guarantees*: sums follow the order of customers and items. *Cost*: one pass for each popularity. *Source*: elementary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sales {
    popularity: Vec<[f32; HALF_LIVES_DAYS.len()]>,
    propensity: Vec<f32>,
    gap: Vec<f32>,
}

/// How one item sells and is bought again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sold {
    pub(super) popularity: [f64; HALF_LIVES_DAYS.len()],
    pub(super) propensity: f64,
    pub(super) gap: f64,
}

impl Sold {
    /// How well it sells, lately and ever: no speed of forgetting is the right one in every season, and what sells well by all
    /// of them is the safest.
    pub(super) fn selling(&self) -> f64 {
        let logarithms = self.popularity.iter().map(|popularity| (popularity + SELLING_FLOOR).ln());
        (logarithms.sum::<f64>() / HALF_LIVES_DAYS.len() as f64).exp() - SELLING_FLOOR
    }
}

/// How those who have an item want it again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Again {
    /// How likely beside the average item, of which it is 1: the root of the ratio of how often, shrunk to that of its category where
    /// little is known, and to 1 where nothing is known of that.
    pub propensity: f64,
    /// After how many days usually: the geometric mean, shrunk in the same way.
    pub gap_days: f64,
}

/// How often something was bought again, counted.
#[derive(Debug, Clone, Copy, Default)]
struct Repeats {
    again: f64,
    /// On how many occasions it could have been.
    chances: f64,
    /// The logarithms of the days between, summed.
    gaps: f64,
}

/// How often something is bought again, and after what time.
#[derive(Debug, Clone, Copy)]
struct Usual {
    rate: f64,
    /// The logarithm of the days between.
    gap: f64,
}

impl Repeats {
    fn add(&mut self, other: &Self) {
        self.again += other.again;
        self.chances += other.chances;
        self.gaps += other.gaps;
    }

    fn without(&self, part: &Self) -> Self {
        let gaps = (self.gaps - part.gaps).max(0.0);
        Self { again: self.again - part.again, chances: self.chances - part.chances, gaps }
    }

    /// What was counted, with what is usual elsewhere, which says the more the less was counted.
    fn beside(&self, elsewhere: Usual) -> Usual {
        Usual {
            rate: (self.again + RATE_SHRINKAGE * elsewhere.rate) / (self.chances + RATE_SHRINKAGE),
            gap: (self.gaps + GAP_SHRINKAGE * elsewhere.gap) / (self.again + GAP_SHRINKAGE),
        }
    }
}

/// What a customer's purchases of one item say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Habit {
    /// On how many occasions they bought it.
    pub(super) n_times: f64,
    /// The same, an occasion counting half after [`OWN_HALF_LIFE_DAYS`] before their youngest one.
    pub(super) n_lately: f64,
    /// The same, an occasion counting less with each later one.
    pub(super) n_decayed: f64,
    /// How many occasions ago: 1 for the last one.
    pub(super) occasions_ago: f64,
    /// Days from the last purchase of it to the youngest purchase of all.
    pub(super) days_before: f64,
    /// Days since the last purchase of it.
    pub(super) days_since: f64,
}

impl Sales {
    pub(super) fn of(prepared: &Prepared) -> Self {
        let mut of_items = vec![Repeats::default(); prepared.n_items()];
        for rows in prepared.customers() {
            let mut occasions: Vec<f64> = rows.iter().map(|row| row.age_days).collect();
            occasions.sort_unstable_by(f64::total_cmp);
            occasions.dedup();
            for of_item in rows.chunk_by(|a, b| a.item == b.item) {
                let counted = &mut of_items[of_item[0].item as usize];
                let first = of_item[of_item.len() - 1].age_days;
                counted.chances += count(occasions.partition_point(|age| *age < first));
                for pair in of_item.windows(2).filter(|pair| pair[1].age_days > pair[0].age_days) {
                    counted.again += 1.0;
                    counted.gaps += (pair[1].age_days - pair[0].age_days).ln_1p();
                }
            }
        }
        let category = |item: usize| prepared.traits.get(item).and_then(|traits| traits.category);
        let (mut of_all, mut of_categories) = (Repeats::default(), BTreeMap::<u64, Repeats>::new());
        for (item, counted) in of_items.iter().enumerate() {
            of_all.add(counted);
            if let Some(category) = category(item) {
                of_categories.entry(category).or_default().add(counted);
            }
        }
        let shop = match of_all.again > 0.0 {
            true => Usual { rate: of_all.again / of_all.chances, gap: of_all.gaps / of_all.again },
            false => Usual { rate: 0.0, gap: GAP_DAYS.ln_1p() },
        };
        let usual = of_items.iter().enumerate().map(|(item, counted)| {
            // What the item says itself is not to be heard twice.
            let others = category(item).and_then(|of| of_categories.get(&of)).map(|all| all.without(counted));
            let others = others.unwrap_or_default();
            let is_known = shop.rate > 0.0 && counted.chances + others.chances > 0.0;
            (is_known, counted.beside(others.beside(shop)))
        });
        let usual: Vec<(bool, Usual)> = usual.collect();
        let propensity =
            |(is_known, usual): &(bool, Usual)| match is_known.then(|| single((usual.rate / shop.rate).sqrt())) {
                Some(known) if known.to_bits() == UNKNOWN.to_bits() => UNKNOWN + f32::EPSILON,
                known => known.unwrap_or(UNKNOWN),
            };
        Self {
            popularity: popularity(prepared),
            propensity: usual.iter().map(propensity).collect(),
            gap: usual.iter().map(|(_, usual)| single(usual.gap)).collect(),
        }
    }

    /// How an item sells. One that came after training has not sold, and is bought again as the average one is.
    pub(super) fn of_item(&self, place: u32) -> Sold {
        let place = place as usize;
        Sold {
            popularity: self.popularity.get(place).map_or([0.0; HALF_LIVES_DAYS.len()], |it| it.map(f64::from)),
            propensity: self.propensity.get(place).copied().map_or(1.0, f64::from),
            gap: self.gap.get(place).copied().map_or_else(|| GAP_DAYS.ln_1p(), f64::from),
        }
    }

    /// How an item is wanted again; `None` where nobody who had it, or others of its category, came again, and where nothing was
    /// ever bought again.
    pub(super) fn again(&self, place: u32) -> Option<Again> {
        let known = self.propensity.get(place as usize).filter(|known| known.to_bits() != UNKNOWN.to_bits())?;
        Some(Again { propensity: f64::from(*known), gap_days: self.of_item(place).gap.exp_m1() })
    }

    /// All places, what sells best first, ties by place.
    pub(super) fn by_selling(&self) -> Vec<u32> {
        let mut places: Vec<(f64, u32)> =
            (0..).take(self.popularity.len()).map(|place| (self.of_item(place).selling(), place)).collect();
        places.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        places.into_iter().map(|(_, place)| place).collect()
    }

    /// Whether what was stored fits a catalogue of `n_items`.
    pub(super) fn check(&self, model: &'static str, n_items: usize) -> Result<(), ModelError> {
        let fits = self.popularity.len() == n_items && self.propensity.len() == n_items && self.gap.len() == n_items;
        let mut numbers = self.popularity.iter().flatten().chain(&self.propensity).chain(&self.gap);
        if fits && numbers.all(|number| number.is_finite() && *number >= 0.0) {
            return Ok(());
        }
        Err(ModelError::Corrupt { model, reason: "the counts are not one finite number for every item".to_owned() })
    }
}

impl Habit {
    /// Reads a customer's purchases of one of their items.
    pub(super) fn of(own: &Own, item: &OwnItem) -> Self {
        let youngest = own.youngest();
        let ages = own.ages_of(item);
        let mut habit = Self {
            n_times: 0.0,
            n_lately: 0.0,
            n_decayed: 0.0,
            occasions_ago: 0.0,
            days_before: ages.first().map_or(0.0, |age| age - youngest),
            days_since: ages.first().copied().unwrap_or(0.0),
        };
        for at_once in ages.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
            let later = count(own.occasions.partition_point(|age| *age < at_once[0]));
            habit.n_times += 1.0;
            habit.n_lately += ((youngest - at_once[0]) / OWN_HALF_LIFE_DAYS).exp2();
            habit.n_decayed += OCCASION_DECAY.powf(later);
            if habit.occasions_ago < 1.0 {
                habit.occasions_ago = later + 1.0;
            }
        }
        habit
    }
}

fn popularity(prepared: &Prepared) -> Vec<[f32; HALF_LIVES_DAYS.len()]> {
    let youngest = prepared.youngest();
    let mut sums = vec![[0.0_f64; HALF_LIVES_DAYS.len()]; prepared.n_items()];
    for row in &prepared.rows {
        for (sum, half_life) in sums[row.item as usize].iter_mut().zip(HALF_LIVES_DAYS) {
            *sum += ((youngest - row.age_days) / half_life).exp2();
        }
    }
    let largest = sums.iter().fold([f64::MIN_POSITIVE; HALF_LIVES_DAYS.len()], |mut largest, sums| {
        largest.iter_mut().zip(sums).for_each(|(largest, sum)| *largest = largest.max(*sum));
        largest
    });
    sums.into_iter().map(|sums| std::array::from_fn(|at| single(sums[at] / largest[at]))).collect()
}

fn count(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is what is stored")]
fn single(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recommend::{HistoryItem, Interaction, Interactions, ItemTraits, Query};
    use primitives::ItemKey;

    fn row(customer: u32, item: u32, age_days: f64) -> Interaction {
        Interaction { customer, item, age_days, quantity: 1.0 }
    }

    fn sales(rows: Vec<Interaction>) -> Sales {
        let items = vec![ItemKey(1), ItemKey(2), ItemKey(3)];
        Sales::of(&Prepared::of(&Interactions { rows, items, ..Interactions::default() }).unwrap())
    }

    #[test]
    fn what_is_bought_again_can_be_counted_by_hand() {
        // Customer 0: item 0 on days 30, 20 and 10, item 1 on day 20. Customer 1: item 1 on day 15.
        let rows = vec![row(0, 0, 30.0), row(0, 0, 20.0), row(0, 0, 10.0), row(0, 1, 20.0), row(1, 1, 15.0)];
        let found = sales(rows);
        // Item 0: twice again of 2 chances; item 1: never of 1. So m = 2 / 3.
        let m = 2.0 / 3.0;
        let expected = [(2.0 + 20.0 * m) / 22.0, 20.0 * m / 21.0, m].map(|rate: f64| (rate / m).sqrt());
        for (place, expected) in (0_u32..).zip(expected) {
            assert!((found.of_item(place).propensity - expected).abs() < 1e-6, "{place}");
            assert!((found.of_item(place).gap - 11.0_f64.ln()).abs() < 1e-6, "{place}");
        }
        let beyond = found.of_item(3);
        assert_eq!((beyond.popularity, beyond.propensity), ([0.0; 4], 1.0));
        assert!((beyond.gap - 31.0_f64.ln()).abs() < 1e-12);
    }

    /// Item 0 is a tent that two had, items 1 to 3 are tents that forty had once, item 4 is a soap that forty had eight times. All
    /// came eight times. Item 5 is of no category, and two had it.
    fn tents_and_soap(category: impl Fn(u64) -> Option<u64>) -> Sales {
        let had = |customer: u32| match customer {
            0 | 1 => vec![0, 5],
            _ => vec![1 + customer % 3],
        };
        let of = |customer: u32| {
            let soaps = (0..8).map(move |occasion| row(customer, 4, f64::from(70 - 10 * occasion)));
            soaps.chain(had(customer).into_iter().map(move |item| row(customer, item, 70.0)))
        };
        let traits = |item| ItemTraits { category: category(item), ..ItemTraits::default() };
        let (items, traits) = ((0..6).map(ItemKey).collect(), (0..6).map(traits).collect());
        let rows = (0..42).flat_map(of).collect();
        Sales::of(&Prepared::of(&Interactions { rows, items, traits, ..Interactions::default() }).unwrap())
    }

    #[test]
    fn of_what_few_had_its_category_tells_whether_it_is_bought_again() {
        let found = tents_and_soap(|item| (item < 4).then_some(7));
        let plain = tents_and_soap(|_| None);
        let of = |sales: &Sales, place| sales.of_item(place).propensity;
        assert!(of(&plain, 0) > 0.7 && of(&found, 0) < 0.3, "{} {}", of(&plain, 0), of(&found, 0));
        // Who is of no category, or alone in it, is told by what was bought of it itself and by the shop.
        for place in [4, 5] {
            assert_eq!(of(&found, place).to_bits(), of(&plain, place).to_bits(), "{place}");
        }
        let alone = tents_and_soap(Some);
        assert_eq!(alone, plain);
        // By hand: the other tents had 40 chances each of 7 occasions, the tent itself 2.
        let m: f64 = (42.0 * 7.0) / (42.0 * 7.0 + 44.0 * 7.0);
        let of_others = 20.0 * m / (40.0 * 7.0 + 20.0);
        let expected = (20.0 * of_others / (2.0 * 7.0 + 20.0) / m).sqrt();
        assert!((of(&found, 0) - expected).abs() < 1e-6, "{} {expected}", of(&found, 0));
    }

    #[test]
    fn of_what_few_bought_again_its_category_tells_after_what_time() {
        // Items 1 and 2 are of one category: the former is bought every 10 days, the latter was bought once by one customer.
        let rows = (0..40).map(|at| row(at / 4, 0, f64::from(at % 4) * 10.0)).chain([row(0, 1, 3.0), row(0, 2, 3.0)]);
        let category = |of| ItemTraits { category: of, ..ItemTraits::default() };
        let told = Interactions {
            rows: rows.chain((0..40).map(|at| row(at / 4, 3, f64::from(at % 4) * 100.0))).collect(),
            items: (1..=4).map(ItemKey).collect(),
            traits: vec![category(Some(1)), category(Some(1)), category(None), category(Some(2))],
            ..Interactions::default()
        };
        let found = Sales::of(&Prepared::of(&told).unwrap());
        let (g, ten) = (f64::midpoint(11.0_f64.ln(), 101.0_f64.ln()), 30.0 * 11.0_f64.ln());
        assert!((found.of_item(1).gap - (ten + 5.0 * g) / 35.0).abs() < 1e-6);
        assert!((found.of_item(2).gap - g).abs() < 1e-6);
    }

    #[test]
    fn popularity_forgets_at_four_speeds() {
        let found = sales(vec![row(0, 0, 40.0), row(1, 0, 40.0), row(2, 1, 10.0)]);
        let month = found.of_item(0).popularity[2];
        assert!((month - 1.0).abs() < 1e-6, "two sales a half-life ago are as good as one now: {month}");
        // Item 0 has 2^-10, 2^-(30/7), 1 and 1 of the most, item 1 has 1, 1, 1 and a half.
        assert_eq!(found.by_selling(), [1, 0, 2]);
        let all = [2.0_f64.powi(-10), 2.0_f64.powf(-30.0 / 7.0) * 2.0, 1.0, 1.0];
        assert!((found.of_item(0).popularity[0] - 2.0 * all[0]).abs() < 1e-6);
        let product: f64 = [2.0 * all[0], all[1], 1.0, 1.0].iter().map(|it| it + 1e-3).product();
        assert!((found.of_item(0).selling() - (product.powf(0.25) - 1e-3)).abs() < 1e-6);
        assert!(found.of_item(2).selling().abs() < 1e-12);
        assert!((found.of_item(1).popularity[3] - 0.5).abs() < 1e-6);
        let later = sales(vec![row(0, 0, 1e6 + 40.0), row(1, 0, 1e6 + 40.0), row(2, 1, 1e6 + 10.0)]);
        assert_eq!(later, found);
    }

    #[test]
    fn where_nothing_is_bought_again_nothing_is_said_of_it() {
        let found = sales(vec![row(0, 0, 3.0), row(0, 1, 2.0), row(0, 1, 2.0)]);
        for place in 0..3 {
            assert_eq!(found.of_item(place).propensity.to_bits(), 1.0_f64.to_bits(), "at once is not again");
            assert!((found.of_item(place).gap - 31.0_f64.ln()).abs() < 1e-6);
        }
    }

    #[test]
    fn of_what_nobody_could_buy_again_nothing_is_told() {
        // Item 0 is bought by each on all their days, item 1 by one on their last; and item 2 by nobody.
        let rows = |n_days: u32| (0..n_days).map(|day| row(0, 0, f64::from(day) * 10.0)).chain([row(0, 1, 0.0)]);
        let found = sales(rows(4).collect());
        assert!(found.again(1).is_none() && found.again(2).is_none());
        let known = found.again(0).unwrap();
        assert!((1.0..1.000_001).contains(&known.propensity) && (known.gap_days - 10.0).abs() < 1e-4, "{known:?}");
        assert!((0..3).all(|place| sales(rows(1).collect()).again(place).is_none()));
        // Of a new one its category tells.
        let category = |of| ItemTraits { category: Some(of), ..ItemTraits::default() };
        let told = |of| Interactions {
            rows: rows(4).collect(),
            items: (1..=3).map(ItemKey).collect(),
            traits: vec![category(7), category(of), category(8)],
            ..Interactions::default()
        };
        let again = |of| Sales::of(&Prepared::of(&told(of)).unwrap()).again(1);
        assert!(again(7).is_some() && again(8).is_none());
    }

    #[test]
    fn a_habit_is_read_from_the_customer_alone() {
        let bought = |key, age_days| HistoryItem { item: ItemKey(key), age_days, quantity: 1.0 };
        let history = [bought(1, 205.0), bought(1, 205.0), bought(1, 15.0), bought(2, 5.0), bought(3, 15.0)];
        let own = Own::of(&Query::of(&history), &[ItemKey(1)]);
        let habit = Habit::of(&own, &own.items[0]);
        assert_eq!((habit.n_times, habit.occasions_ago), (2.0, 2.0));
        assert_eq!((habit.days_before, habit.days_since), (10.0, 15.0));
        assert!((habit.n_lately - (0.5 + (-10.0_f64 / 200.0).exp2())).abs() < 1e-12);
        assert!((habit.n_decayed - (0.81 + 0.9)).abs() < 1e-12);
    }

    #[test]
    fn counts_of_another_catalogue_are_refused() {
        let found = sales(vec![row(0, 0, 1.0)]);
        assert!(found.check("m", 3).is_ok() && found.check("m", 2).is_err());
        let broken = Sales { gap: vec![f32::NAN; 3], ..found };
        assert!(broken.check("m", 3).is_err());
    }
}
