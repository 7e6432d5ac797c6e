//! Who bought what, how long ago?

use crate::ModelError;
use crate::labels::check_length;
use primitives::ItemKey;

const OPERATION: &str = "read the interactions";

/// How many hours a week has.
pub(super) const HOURS_OF_WEEK: u16 = 168;

/// One purchase of one item by one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    /// The customer: any number that is the same for the same customer. Small numbers without gaps cost least.
    pub customer: u32,
    /// The item: its place in [`Interactions::items`].
    pub item: u32,
    /// Days before the moment at which the model is trained; 0 or more.
    pub age_days: f64,
    /// How many were bought; more than 0. A purchase counts once, whatever its quantity.
    pub quantity: f64,
}

/// All purchases to learn from, and the catalogue they point into.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interactions {
    /// The purchases, in any order.
    pub rows: Vec<Interaction>,
    /// The catalogue: every item once, in any order, also items that nobody bought.
    pub items: Vec<ItemKey>,
    /// What is known of each item, in the order of `items`; empty where nothing is known of any.
    pub traits: Vec<ItemTraits>,
    /// The hour of the week of each row, in the order of `rows`: 0 to 167 from Monday's first, where the customer was;
    /// [`Self::NO_HOUR`] for a row where it is not known. Empty where it is known of none: a history told by days has no hours.
    pub hours: Vec<u16>,
}

/// What an item is, beside who bought it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ItemTraits {
    /// The words of its texts, title and description and the like, as stable hashes; a word may come several times.
    pub words: Vec<u64>,
    /// What it belongs to, as stable hashes of the trait's name with the value: its category, its brand, each tag.
    pub groups: Vec<u64>,
    /// Which of the groups is the first of its categories: of an item that few had it tells whether such things are bought again.
    pub category: Option<u64>,
    /// Its price; `None` where it is not known.
    pub price: Option<f64>,
}

impl Interactions {
    /// The hour of a row of which none is known.
    pub const NO_HOUR: u16 = u16::MAX;

    /// Checks that every row can be used.
    ///
    /// # Errors
    /// [`ModelError::TooFewRows`] without rows; [`ModelError::Value`] for an age or a quantity that is not a number or
    /// negative, an item outside the catalogue or an hour
    /// that no week has; [`ModelError::Shape`] where the catalogue names an item twice, or traits or hours are neither none nor
    /// one for each.
    pub fn validate(&self) -> Result<(), ModelError> {
        if self.rows.is_empty() {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: 0, n_rows_min: 1 });
        }
        let mut keys = self.items.clone();
        keys.sort_unstable();
        keys.dedup();
        check_length(OPERATION, "the catalogue without its repetitions", self.items.len(), keys.len())?;
        for (what, n, n_all) in [
            ("the list of traits", self.traits.len(), self.items.len()),
            ("the list of hours", self.hours.len(), self.rows.len()),
        ] {
            if n > 0 {
                check_length(OPERATION, what, n_all, n)?;
            }
        }
        let is_wrong = |hour: &u16| *hour >= HOURS_OF_WEEK && *hour != Self::NO_HOUR;
        if let Some(row) = self.hours.iter().position(is_wrong) {
            let (what, value) = ("the hour of row", f64::from(self.hours[row]));
            return Err(ModelError::Value { operation: OPERATION, what, row, value, allowed: "from 0 to 167" });
        }
        for (row, found) in self.rows.iter().enumerate() {
            let refuse =
                |what, value, allowed| Err(ModelError::Value { operation: OPERATION, what, row, value, allowed });
            if found.item as usize >= self.items.len() {
                return refuse("the item of row", f64::from(found.item), "a place in the list of items");
            }
            if !(found.age_days.is_finite() && found.age_days >= 0.0) {
                return refuse("the age in days of row", found.age_days, "finite and not negative");
            }
            if !(found.quantity.is_finite() && found.quantity > 0.0) {
                return refuse("the quantity of row", found.quantity, "finite and above 0");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_beside_purchases_belongs_to_each_of_them() {
        let row = Interaction { customer: 0, item: 0, age_days: 1.0, quantity: 1.0 };
        let told = Interactions { rows: vec![row; 2], items: vec![ItemKey(1), ItemKey(2)], ..Interactions::default() };
        let with_hours = |hours| Interactions { hours, ..told.clone() }.validate();
        let with_traits = |n| Interactions { traits: vec![ItemTraits::default(); n], ..told.clone() }.validate();
        assert_eq!(
            (told.validate(), with_hours(vec![167, Interactions::NO_HOUR]), with_traits(2)),
            (Ok(()), Ok(()), Ok(()))
        );
        let error = with_hours(vec![0, 168]).unwrap_err().to_string();
        assert!(error.contains("the hour of row 1 is 168; it must be from 0 to 167"), "{error}");
        let error = with_hours(vec![3]).unwrap_err().to_string();
        assert!(error.contains("the list of hours has 1 entries where 2 are needed"), "{error}");
        let error = with_traits(3).unwrap_err().to_string();
        assert!(error.contains("the list of traits has 3 entries where 2 are needed"), "{error}");
    }
}
