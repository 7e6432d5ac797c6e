//! Who bought what, how long ago?

use crate::ModelError;
use crate::labels::check_length;
use primitives::ItemKey;

const OPERATION: &str = "read the interactions";

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
}

impl Interactions {
    /// Checks that every row can be used.
    ///
    /// # Errors
    /// [`ModelError::TooFewRows`] without rows; [`ModelError::Value`] for an age or a quantity that is not a number or
    /// negative, or an item outside the catalogue; [`ModelError::Shape`] where the catalogue names an item twice.
    pub fn validate(&self) -> Result<(), ModelError> {
        if self.rows.is_empty() {
            return Err(ModelError::TooFewRows { operation: OPERATION, n_rows: 0, n_rows_min: 1 });
        }
        let mut keys = self.items.clone();
        keys.sort_unstable();
        keys.dedup();
        check_length(OPERATION, "the catalogue without its repetitions", self.items.len(), keys.len())?;
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
