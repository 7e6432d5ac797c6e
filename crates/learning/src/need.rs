//! What is still missing to train? For the console, and for the error that says so.

use governance::Headcount;
use serde::Serialize;

/// How to get more purchases.
pub(crate) const MORE: &str = "import older purchases or keep sending `Order Completed` events";
/// What only time brings.
pub(crate) const WAIT: &str = "import older events or wait while they come in";

/// Something that training needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// What: `customers with two purchases or more`.
    pub what: String,
    /// How much is needed.
    pub need: u64,
    /// How much there is; of customers 1 stands for any number that is not told.
    pub have: u64,
    /// The same in words: `12`, and of customers `fewer than 5`.
    pub told: String,
    /// How to get more of it.
    pub how: String,
    /// Whether there is enough.
    pub met: bool,
}

impl Need {
    pub(crate) fn new(what: impl Into<String>, need: u64, have: u64, how: impl Into<String>) -> Self {
        Self { what: what.into(), need, have, told: have.to_string(), how: how.into(), met: have >= need }
    }

    /// Customers, or what they did: fewer than five of them are not told apart.
    pub(crate) fn of_customers(what: impl Into<String>, need: u64, n: u64, how: impl Into<String>) -> Self {
        let headcount = Headcount::of(u32::try_from(n).unwrap_or(u32::MAX));
        let met = n >= need;
        if headcount.is_nobody() || headcount.is_told() {
            return Self::new(what, need, n, how);
        }
        Self { told: "fewer than 5".to_owned(), met, ..Self::new(what, need, 1, how) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_five_customers_are_not_told_apart() {
        let told = |n| {
            let need = Need::of_customers("customers", 4, n, MORE);
            (need.have, need.told, need.met)
        };
        assert_eq!(told(0), (0, "0".to_owned(), false));
        for (n, met) in [(1, false), (3, false), (4, true)] {
            assert_eq!(told(n), (1, "fewer than 5".to_owned(), met), "{n}");
        }
        assert_eq!(told(5), (5, "5".to_owned(), true));
        assert_eq!(told(20), (20, "20".to_owned(), true));
        assert_eq!(Need::new("days", 4, 3, WAIT).told, "3");
    }
}
