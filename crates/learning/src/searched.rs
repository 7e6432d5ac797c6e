//! What did searches show, and what spoke for each item? As decisions keep it, so that the next order can be learned from it.

use primitives::{CustomerId, ItemKey, Timestamp};

/// A number that is known of every item which a search may show.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Its name.
    pub name: String,
    /// How much it counts while nothing is learned.
    pub weight: f64,
    /// Whether it says something of the customer, and not of the item and the words alone.
    pub is_personal: bool,
}

/// An item that a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offered {
    /// Which.
    pub item: ItemKey,
    /// In which place it was shown, the first being 0; `None` where it was found and stood on no page.
    pub place: Option<u32>,
}

/// What one search showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Searched {
    /// For whom.
    pub customer: CustomerId,
    /// When.
    pub at: Timestamp,
    /// What tells what was looked for from everything else.
    pub words: u64,
    /// The items that were shown, and some that were found and not shown.
    pub items: Vec<Offered>,
    /// What was known of each item then, item by item, in the order of [`SearchLog::numbers`].
    pub numbers: Vec<f32>,
}

/// What was searched lately.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchLog {
    /// The numbers of every item. The first says how well its texts match.
    pub numbers: Vec<Number>,
    /// The searches, in any order.
    pub searches: Vec<Searched>,
}

impl SearchLog {
    /// How much speaks for an item while nothing is learned.
    pub(crate) fn sum(&self, numbers: &[f32]) -> f64 {
        self.numbers.iter().zip(numbers).map(|(number, value)| number.weight * f64::from(*value)).sum()
    }
}

impl Searched {
    /// What is known of each item.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let width = if self.items.is_empty() { 1 } else { self.numbers.len() / self.items.len() };
        self.numbers.chunks_exact(width.max(1))
    }
}
