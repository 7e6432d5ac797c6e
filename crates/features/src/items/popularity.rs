//! How many customers bought an item? Kept exact while consents change and customers merge.
//!
//! Each customer who permits analytics counts once for each item they are remembered to have bought, read, watched, heard or
//! borrowed, on the day of the last time. The profiles tell of each change, so the count is always the sum over the customers as they are.

use super::Items;
use crate::FeatureState;
use events::{CommerceStep, Recorded};
use governance::Purpose;
use primitives::ItemKey;
use profiles::{Customer, Watch};
use std::collections::BTreeMap;

/// The day (since 1970) on which a customer bought or consumed each item last.
type Bought = BTreeMap<ItemKey, i64>;

/// What a customer counted for before an event.
pub struct Counted {
    is_permitted: bool,
    /// `None` where the event is no order and nothing was consumed, so that what they bought stays.
    bought: Option<Bought>,
}

impl Watch<FeatureState> for Items {
    type Before = Counted;

    fn before(&mut self, customer: &Customer<FeatureState>, recorded: &Recorded) -> Counted {
        let is_permitted = self.permits(customer);
        let has = |step| matches!(step, CommerceStep::Ordered | CommerceStep::Consumed);
        let takes = recorded.event.commerce().is_some_and(|commerce| has(commerce.step));
        Counted { is_permitted, bought: takes.then(|| counted(customer, is_permitted)) }
    }

    fn after(&mut self, customer: &Customer<FeatureState>, before: Counted) {
        let is_permitted = self.permits(customer);
        match before.bought {
            Some(bought) => self.recount(&bought, &counted(customer, is_permitted)),
            None if is_permitted != before.is_permitted => {
                self.recount(&counted(customer, before.is_permitted), &counted(customer, is_permitted));
            }
            None => {}
        }
    }

    fn leaves(&mut self, customer: &Customer<FeatureState>) {
        let is_permitted = self.permits(customer);
        self.recount(&counted(customer, is_permitted), &Bought::new());
    }

    fn enters(&mut self, customer: &Customer<FeatureState>) {
        let is_permitted = self.permits(customer);
        self.recount(&Bought::new(), &counted(customer, is_permitted));
    }
}

fn counted(customer: &Customer<FeatureState>, is_permitted: bool) -> Bought {
    let mut last = Bought::new();
    let lines = customer.state.lines().iter().chain(customer.state.consumed());
    for line in lines.filter(|_| is_permitted) {
        let day = last.entry(line.item).or_insert(line.at.day());
        *day = line.at.day().max(*day);
    }
    last
}

impl Items {
    fn permits(&self, customer: &Customer<FeatureState>) -> bool {
        self.policy.answer(&customer.profile.consents, Purpose::Analytics).granted
    }

    fn recount(&mut self, before: &Bought, after: &Bought) {
        for (item, day) in before.iter().filter(|(item, day)| after.get(item) != Some(day)) {
            self.resell(*item, |item| item.remove_buyer(*day));
        }
        for (item, day) in after.iter().filter(|(item, day)| before.get(item) != Some(day)) {
            self.resell(*item, |item| item.add_buyer(*day));
        }
    }
}
