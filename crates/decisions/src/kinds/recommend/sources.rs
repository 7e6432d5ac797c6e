//! Where do the candidates of a placement come from, the best source first?

use super::customer::Customer;
use super::wish::{Placement, Wish, key};
use crate::Shelf;
use primitives::ItemKey;

/// Where candidates come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// The model's list for this customer.
    Own,
    /// What sells best.
    Popular,
    /// What goes with these items.
    With(Vec<ItemKey>),
    /// What sells best of this item's category.
    Category(ItemKey),
    /// A shelf.
    Shelf(Shelf),
    /// What the words that were asked for have found.
    Found,
    /// What the model does not know yet, by how it sells.
    Unlearned,
    /// What the customer needs again.
    Due,
}

impl Source {
    /// Where the candidates come from, the best source first; whether there may be any that the model does not know yet.
    pub(super) fn all(wish: &Wish<'_>, customer: &Customer, has_unlearned: bool) -> Vec<Self> {
        if wish.is_searched {
            return vec![Self::Found];
        }
        let mut sources = Self::by_placement(wish, customer);
        let is_of_all = sources.iter().any(|source| matches!(source, Self::Own | Self::Popular));
        sources.extend((is_of_all && has_unlearned).then_some(Self::Unlearned));
        sources
    }

    fn by_placement(wish: &Wish<'_>, customer: &Customer) -> Vec<Self> {
        let own = if customer.history.is_empty() { Self::Popular } else { Self::Own };
        let (session, now) = (wish.session(), wish.now(&customer.viewed));
        let in_view = wish.item.map(key);
        match wish.placement {
            Placement::Home | Placement::Email if own == Self::Popular && !now.is_empty() => {
                vec![Self::With(now), own]
            }
            Placement::Home | Placement::Email => vec![own],
            Placement::Product => {
                let of = |item| vec![Self::With(vec![item]), Self::Category(item)];
                in_view.map(of).unwrap_or_default().into_iter().chain([own]).collect()
            }
            Placement::Because => match in_view.or_else(|| customer.last_order.last().copied()) {
                Some(item) if customer.history.is_empty() => vec![Self::With(vec![item]), own],
                Some(item) => vec![Self::With(vec![item])],
                None => vec![own],
            },
            Placement::Cart => vec![Self::With(session), own],
            Placement::ThankYou if wish.cart.is_empty() => {
                vec![Self::With(customer.last_order.clone()), own]
            }
            Placement::ThankYou => vec![Self::With(session), own],
            Placement::Trending => vec![Self::Shelf(Shelf::Trending), Self::Popular],
            Placement::New => vec![Self::Shelf(Shelf::Newest), Self::Shelf(Shelf::Earlier)],
            Placement::Replenish if customer.history.is_empty() => vec![Self::Popular],
            Placement::Replenish => vec![Self::Due],
        }
    }
}
