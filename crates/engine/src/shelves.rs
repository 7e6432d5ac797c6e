//! What of the live catalogue does a decision see?

use crate::library::{Books, FoundFirst};
use crate::standing::{self, Kept, Standing};
use decisions::search::{Among, Completion, Found};
use decisions::{ItemFacts, LeftOut, Lens, Priced, Reached, Refusal, Regard, Retrieved, Sales, Shelf, World};
use features::{Items, Offer};
use primitives::{ItemKey, Timestamp};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The live catalogue, as decisions look at it.
pub(super) struct Shelves<'a> {
    pub(super) items: &'a Items,
    pub(super) as_of: Timestamp,
    /// What was looked for, and where it stands.
    pub(super) sought: Option<(&'a Books, &'a FoundFirst)>,
    /// What the customer was shown last at the place that is asked about.
    pub(super) shown_last: BTreeSet<ItemKey>,
    /// How often the customer was contacted.
    pub(super) reached: Reached,
    /// What is left of the budgets of offers.
    pub(super) priced: BTreeMap<String, Priced>,
    /// The order of before, where the items are those of today.
    pub(super) kept: Option<&'a Kept>,
    /// The order that holds for this question, which asks for shelves several times.
    pub(super) standing: OnceCell<Arc<Standing>>,
}

impl<'a> Shelves<'a> {
    /// These items, and nothing that is known beside them.
    pub(super) fn of(items: &'a Items, as_of: Timestamp) -> Self {
        let (shown_last, reached, priced) = (BTreeSet::new(), Reached::default(), BTreeMap::new());
        Self { items, as_of, sought: None, shown_last, reached, priced, kept: None, standing: OnceCell::new() }
    }

    fn standing(&self) -> &Standing {
        self.standing.get_or_init(|| match self.kept {
            Some(kept) => kept.of(self.items, self.as_of),
            None => Arc::new(Standing::of(self.items, self.as_of)),
        })
    }
}

impl World for Shelves<'_> {
    fn is_available(&self, item: ItemKey) -> bool {
        self.items.offers(item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.items.get(item).map(|item| ItemFacts { id: item.id.clone(), title: item.title().to_owned() })
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.shelf(Shelf::Popular, n, &|_| true)
    }

    fn regard(&self, key: ItemKey, lens: &Lens) -> Result<Regard, Refusal> {
        let offer = self.items.offer(key).ok_or(Refusal::Unknown)?;
        // Most of a thousand items that are looked at need not be opened.
        let regard = match offer {
            Offer::OutOfStock => return Err(Refusal::OutOfStock),
            Offer::Hidden => return Err(Refusal::Hidden),
            Offer::Open | Offer::Unbelieved if lens.is_plain() => Regard::default(),
            Offer::Open | Offer::Unbelieved => lens.regard(self.items.get(key).ok_or(Refusal::Unknown)?)?,
        };
        if offer == Offer::Open { Ok(regard) } else { Err(Refusal::Unknown) }
    }

    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        self.standing().first(shelf, n, allowed)
    }

    fn category(&self, item: ItemKey) -> Option<u32> {
        self.items.get(item).and_then(decisions::category_of)
    }

    fn kept_out(&self) -> LeftOut {
        let named = |(offer, n): (Offer, u64)| match offer {
            Offer::OutOfStock => (Refusal::OutOfStock.to_string(), n),
            Offer::Hidden => (Refusal::Hidden.to_string(), n),
            Offer::Open | Offer::Unbelieved => (Refusal::Unknown.to_string(), n),
        };
        let by_offer = self.items.by_offer();
        let is_any_open = by_offer.iter().any(|(offer, _)| *offer == Offer::Open);
        if is_any_open { LeftOut::new() } else { by_offer.into_iter().map(named).collect() }
    }

    fn of_category(&self, category: u32) -> Option<Vec<ItemKey>> {
        self.kept.and_then(|_| self.standing().of_category(category))
    }

    fn without_trait(&self, name: &str) -> Option<Option<String>> {
        standing::without_trait(self.items, name)
    }

    fn among(&self) -> Option<&Among> {
        match &self.sought {
            Some((_, FoundFirst::Among(among))) => among.as_ref(),
            _ => None,
        }
    }

    fn shown_last(&self) -> BTreeSet<ItemKey> {
        self.shown_last.clone()
    }

    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        self.priced.get(offer).copied()
    }

    fn reached(&self) -> Reached {
        self.reached.clone()
    }

    fn found(&self, own: &[(ItemKey, f64)]) -> Option<Found> {
        match &self.sought {
            Some((books, FoundFirst::Items(hits))) => Some(books.look(|shelf| hits.seen_by(shelf, own))),
            _ => None,
        }
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        match &self.sought {
            Some((_, FoundFirst::Completions(completions))) => Some(completions.clone()),
            _ => None,
        }
    }

    fn retrieved(&self) -> Option<Retrieved> {
        match &self.sought {
            Some((_, FoundFirst::Passages(retrieved))) => Some(retrieved.as_ref().clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governance::ConsentPolicy;
    use profiles::MemoryProfileStore;

    #[test]
    fn items_are_put_in_order_once_for_a_question() {
        let items = Items::open(&MemoryProfileStore::default(), &ConsentPolicy::default()).unwrap();
        let kept = Kept::default();
        for kept in [None, Some(&kept)] {
            let shelves = Shelves { kept, ..Shelves::of(&items, Timestamp::from_millis(0)) };
            assert!(std::ptr::eq(shelves.standing(), shelves.standing()));
        }
    }
}
