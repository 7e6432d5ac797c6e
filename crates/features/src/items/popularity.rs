//! How many customers bought an item? Kept exact while consents change and customers merge.
//!
//! Each customer who permits analytics counts once for each item they are remembered to have bought, read, watched, heard or
//! borrowed, on the day of the last time, and once in each week. The profiles tell of each change, so the count is always the sum over the customers as they are.

use super::Items;
use crate::FeatureState;
use events::{CommerceStep, Recorded};
use governance::Purpose;
use primitives::ItemKey;
use profiles::{Customer, Watch};

/// The items that a customer bought or consumed, each with the day (since 1970), in ascending order.
type Bought = Vec<(ItemKey, i64)>;

/// What a customer counted for before an event.
pub struct Counted {
    is_permitted: bool,
    /// Whether the company had told of them.
    is_known: bool,
    /// `None` where the event is no order and nothing was consumed, so that what they bought stays.
    bought: Option<Bought>,
}

impl Watch<FeatureState> for Items {
    type Before = Counted;

    fn before(&mut self, customer: &Customer<FeatureState>, recorded: &Recorded) -> Counted {
        let is_permitted = self.permits(customer);
        let has = |step| matches!(step, CommerceStep::Ordered | CommerceStep::Consumed);
        let takes = recorded.event.commerce().is_some_and(|commerce| has(commerce.step));
        let bought = takes.then(|| counted(customer, is_permitted));
        Counted { is_permitted, is_known: customer.profile.is_vouched(), bought }
    }

    fn after(&mut self, customer: &Customer<FeatureState>, before: Counted) {
        let (is_permitted, is_known) = (self.permits(customer), customer.profile.is_vouched());
        let are_known = (before.is_known, is_known);
        match before.bought {
            Some(bought) => self.recount(&bought, &counted(customer, is_permitted), are_known),
            None if (is_permitted, is_known) != (before.is_permitted, before.is_known) => {
                let bought = counted(customer, before.is_permitted);
                self.recount(&bought, &counted(customer, is_permitted), are_known);
            }
            None => {}
        }
    }

    fn leaves(&mut self, customer: &Customer<FeatureState>) {
        let is_permitted = self.permits(customer);
        let is_known = customer.profile.is_vouched();
        self.recount(&counted(customer, is_permitted), &Bought::new(), (is_known, is_known));
    }

    fn enters(&mut self, customer: &Customer<FeatureState>) {
        let is_permitted = self.permits(customer);
        let is_known = customer.profile.is_vouched();
        self.recount(&Bought::new(), &counted(customer, is_permitted), (is_known, is_known));
    }
}

fn counted(customer: &Customer<FeatureState>, is_permitted: bool) -> Bought {
    let lines = customer.state.lines().iter().chain(customer.state.consumed());
    let mut bought: Bought = lines.filter(|_| is_permitted).map(|line| (line.item, line.at.day())).collect();
    bought.sort_unstable();
    bought
}

/// Takes off the front what is of an item.
fn take_of<'a>(item: ItemKey, bought: &mut &'a [(ItemKey, i64)]) -> &'a [(ItemKey, i64)] {
    let (of_item, rest) = bought.split_at(bought.partition_point(|(one, _)| *one <= item));
    *bought = rest;
    of_item
}

impl Items {
    fn permits(&self, customer: &Customer<FeatureState>) -> bool {
        self.policy.answer(&customer.profile.consents, Purpose::Analytics).granted
    }

    /// `are_known`: whether the company had told of the customer before, and has now.
    fn recount(&mut self, before: &Bought, after: &Bought, are_known: (bool, bool)) {
        let (mut before, mut after) = (before.as_slice(), after.as_slice());
        while let Some(item) = before.first().into_iter().chain(after.first()).map(|(item, _)| *item).min() {
            let (before, after) = (take_of(item, &mut before), take_of(item, &mut after));
            if before != after || are_known.0 != are_known.1 {
                let days = |bought: &[(ItemKey, i64)]| bought.iter().map(|(_, day)| *day).collect::<Vec<_>>();
                let last =
                    |bought: &[(ItemKey, i64)], is_known: bool| bought.last().filter(|_| is_known).map(|one| one.1);
                self.resell(item, |item| {
                    item.recount(&days(before), &days(after));
                    item.recount_known(last(before, are_known.0), last(after, are_known.1));
                });
            }
        }
    }
}
