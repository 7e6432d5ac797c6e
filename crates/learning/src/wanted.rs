//! What do recommendations foretell, where? What customers buy; where next to nothing is sold, what they read, watch or hear;
//! and where not even that is told, what they look at.

use features::{FeatureState, Touch, Touched, Trace};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Under which name the settings of a model say what it foretells.
const KEY: &str = "wanted";

/// So many customers must have come near to items twice or more, before it counts as what the company lives by.
const N_CUSTOMERS_ENOUGH: u64 = 50;

/// A publisher that sells a few mugs, too, is one: of buyers there must be this share of those who read, at least.
const SHARE_ENOUGH: u64 = 20;

/// What customers do with items, as far as recommendations foretell it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// They buy them.
    #[default]
    Bought,
    /// They read, watch, hear or borrow them.
    Consumed,
    /// They look at them, or put them into a cart.
    Viewed,
}

impl Wanted {
    /// Each, in the order in which they are preferred.
    pub const ALL: [Self; 3] = [Self::Bought, Self::Consumed, Self::Viewed];

    /// What a company's recommendations are to foretell, from what is known of its customers by a moment: the first of which
    /// there is enough, else that of which there is most.
    pub(crate) fn of<'a>(traces: impl Iterator<Item = &'a Trace>, as_of: Timestamp) -> Self {
        let mut n_customers = [0_u64; 3];
        for trace in traces {
            n_customers[0] += u64::from(trace.lines_until(as_of).nth(1).is_some());
            n_customers[1] += u64::from(trace.consumed_until(as_of).nth(1).is_some());
            n_customers[2] += u64::from(trace.views_until(as_of).nth(1).is_some());
        }
        Self::of_most(n_customers)
    }

    /// The same, of how many customers came near to items twice or more in each way.
    fn of_most(n_customers: [u64; 3]) -> Self {
        let [n_bought, n_consumed, _] = n_customers;
        let is_enough = |n: u64| n >= N_CUSTOMERS_ENOUGH && n * SHARE_ENOUGH >= n_bought.max(n_consumed);
        let of_each = || Self::ALL.into_iter().zip(n_customers);
        let first = of_each().find(|(_, n)| is_enough(*n));
        let most = || of_each().rev().max_by_key(|(_, n)| *n);
        first.or_else(most).map_or(Self::Bought, |(wanted, _)| wanted)
    }

    /// What a model of these settings foretells; purchases where they say nothing, as older ones do.
    #[must_use]
    pub fn of_settings(settings: &Value) -> Self {
        Self::told_in(settings).unwrap_or_default()
    }

    /// What settings of a model say that it foretells.
    pub(crate) fn told_in(settings: &Value) -> Option<Self> {
        Self::deserialize(settings.get(KEY)?).ok()
    }

    /// Writes it into the settings of a model, where [`Wanted::of_settings`] finds it. Purchases need not be named.
    pub(crate) fn write(self, settings: &mut Value) {
        let is_named = self != Self::Bought;
        if let (true, Value::Object(settings), Ok(said)) = (is_named, settings, serde_json::to_value(self)) {
            settings.insert(KEY.to_owned(), said);
        }
    }

    /// Settings without it, for who reads the others.
    pub(crate) fn left_out(settings: &Value) -> Value {
        let mut settings = settings.clone();
        if let Value::Object(settings) = &mut settings {
            settings.remove(KEY);
        }
        settings
    }

    /// In which ways customers then come near to items.
    #[must_use]
    pub fn ways(self) -> &'static [Touch] {
        match self {
            Self::Bought => &[Touch::Bought],
            Self::Consumed => &[Touch::Consumed],
            Self::Viewed => &[Touch::Viewed, Touch::Added],
        }
    }

    /// What is remembered of it: live and in training the same.
    #[must_use]
    pub fn remembered(self, state: &FeatureState) -> Vec<Touched> {
        state.touched(self.ways())
    }

    /// What it is called in the plural: `purchases`.
    #[must_use]
    pub fn rows(self) -> &'static str {
        match self {
            Self::Bought => "purchases",
            Self::Consumed => "plays and reads",
            Self::Viewed => "views",
        }
    }

    /// What customers did: `bought`.
    #[must_use]
    pub fn did(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Consumed => "read, watched or heard",
            Self::Viewed => "looked at",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn purchases_go_before_what_is_read_and_that_before_what_is_looked_at_where_there_is_enough() {
        use Wanted::{Bought, Consumed, Viewed};
        for (n_customers, expected) in [
            ([0, 0, 0], Bought),
            ([3, 3, 3], Bought),
            ([3, 4, 4], Consumed),
            ([3, 4, 5], Viewed),
            ([50, 0, 9_000], Bought),
            ([49, 0, 9_000], Viewed),
            ([49, 50, 9_000], Consumed),
            ([50, 1_000, 0], Bought),
            ([50, 1_001, 0], Consumed),
            ([1_001, 50, 9_000], Bought),
            ([49, 49, 50], Viewed),
        ] {
            assert_eq!(Wanted::of_most(n_customers), expected, "{n_customers:?}");
        }
    }

    #[test]
    fn settings_say_what_is_foretold_but_for_purchases() {
        for wanted in Wanted::ALL {
            let mut settings = json!({"shrinkage": 1});
            wanted.write(&mut settings);
            assert_eq!(Wanted::told_in(&settings), Some(wanted).filter(|wanted| *wanted != Wanted::Bought));
            assert_eq!(Wanted::left_out(&settings), json!({"shrinkage": 1}));
        }
        assert_eq!(Wanted::told_in(&json!({"wanted": "stolen"})), None);
    }
}
