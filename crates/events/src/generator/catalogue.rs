//! What does the generated shop sell, at which prices, and what goes with what?

mod words;

use super::dice::{Dice, Weighted, whole};
use words::{CATEGORIES, QUALITIES};

/// How many companions an item has: items bought along with it.
const N_COMPANIONS: usize = 2;
/// A category has at least about this many items.
const ITEMS_PER_CATEGORY_MIN: usize = 8;

/// Something the shop sells.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) category: &'static str,
    /// Minor units of the world's currency.
    pub(super) price_minor: u32,
    /// Items that are bought along with it.
    pub(super) companions: [usize; N_COMPANIONS],
}

/// All items. Item `i` is of category `i % n_categories`; within a category, earlier items sell better.
#[derive(Debug)]
pub(super) struct Catalogue {
    items: Vec<Item>,
    n_categories: usize,
    of_categories: Weighted,
    /// Zipf's law for the smallest category; the one or two items beyond it sell too rarely to matter.
    within_category: Weighted,
}

impl Catalogue {
    pub(super) fn new(dice: &mut Dice, n_items: usize) -> Self {
        let n_categories = (n_items / ITEMS_PER_CATEGORY_MIN).clamp(1, CATEGORIES.len());
        let n_within = n_items / n_categories;
        // The numbers in identifiers are shuffled: an identifier tells nothing about popularity.
        let mut numbers: Vec<usize> = (1..=n_items).collect();
        dice.shuffle(&mut numbers);
        let items = numbers.iter().enumerate().map(|(i, number)| item(dice, i, *number, n_categories)).collect();
        let mut catalogue = Self {
            items,
            n_categories,
            of_categories: Weighted::zipf(n_categories, 0.5),
            within_category: Weighted::zipf(n_within, 0.8),
        };
        for i in 0..n_items {
            let companions = [(); N_COMPANIONS].map(|()| catalogue.draw(dice));
            catalogue.items[i].companions = companions;
        }
        catalogue
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn draw_category(&self, dice: &mut Dice) -> usize {
        self.of_categories.draw(dice)
    }

    /// An item of a category, the popular ones more often.
    pub(super) fn draw_within(&self, dice: &mut Dice, category: usize) -> usize {
        category + self.n_categories * self.within_category.draw(dice)
    }

    /// An item of a category, each as often.
    pub(super) fn draw_evenly_within(&self, dice: &mut Dice, category: usize) -> usize {
        category + self.n_categories * dice.below(self.items.len() / self.n_categories)
    }

    /// Any item, the popular ones more often.
    pub(super) fn draw(&self, dice: &mut Dice) -> usize {
        let category = self.draw_category(dice);
        self.draw_within(dice, category)
    }
}

fn item(dice: &mut Dice, i: usize, number: usize, n_categories: usize) -> Item {
    let category = &CATEGORIES[i % n_categories];
    let variant = i / n_categories;
    let noun = category.nouns[variant % category.nouns.len()];
    let variant = variant / category.nouns.len();
    let size = category.sizes[variant % category.sizes.len()];
    let variant = variant / category.sizes.len();
    let quality = QUALITIES[variant % QUALITIES.len()];
    let name = match (quality, variant / QUALITIES.len()) {
        ("", 0) => format!("{noun} {size}"),
        (quality, 0) => format!("{quality} {} {size}", noun.to_lowercase()),
        (quality, edition) => {
            format!("{quality} {} {size}, no. {}", noun.to_lowercase(), edition + 1).trim().to_owned()
        }
    };
    // Prices end in 5 or 9, as prices do.
    let tens = (category.price_minor * (0.45 * dice.bell()).exp() / 10.0).max(2.0);
    let price_minor = whole(tens) * 10 + if dice.chance(0.6) { 9 } else { 5 };
    Item {
        id: format!("P{number:05}"),
        name,
        category: category.name,
        price_minor: u32::try_from(price_minor).unwrap_or(u32::MAX),
        companions: [0; N_COMPANIONS],
    }
}
