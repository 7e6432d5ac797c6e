//! What does the world answer when a decision is made again?

use crate::search::{Completion, Found};
use crate::{ItemFacts, LeftOut, Lens, Priced, Reached, Record, Refusal, Regard, Retrieved, Sales, Shelf, World};
use primitives::{ItemKey, Seed};
use std::collections::BTreeSet;

/// What was answered then.
pub(crate) struct Recalled<'a> {
    record: &'a Record,
    seed: Option<Seed>,
}

impl<'a> Recalled<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        Self { record, seed: None }
    }

    /// With chance from where it came then.
    pub(crate) fn by_chance(self, seed: Seed) -> Self {
        Self { seed: Some(seed), ..self }
    }
}

impl World for Recalled<'_> {
    fn is_available(&self, item: ItemKey) -> bool {
        self.record.testimony.is_available(item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.record.testimony.facts(item)
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.record.testimony.popular(n)
    }

    fn regard(&self, item: ItemKey, lens: &Lens) -> Result<Regard, Refusal> {
        if self.record.is_unplaced() {
            return self.record.testimony.regard(item, lens);
        }
        let testimony = &self.record.testimony;
        if testimony.could_be_shown(item) { Ok(testimony.regarded(item)) } else { Err(Refusal::Unknown) }
    }

    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        self.record.testimony.shelf(shelf, n, allowed)
    }

    fn category(&self, item: ItemKey) -> Option<u32> {
        self.record.testimony.category(item)
    }

    fn without_trait(&self, name: &str) -> Option<Option<String>> {
        self.record.testimony.without_trait(name)
    }

    fn found(&self, own: &[(ItemKey, f64)]) -> Option<Found> {
        self.record.testimony.found(own)
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        self.record.testimony.completed()
    }

    fn retrieved(&self) -> Option<Retrieved> {
        self.record.testimony.retrieved()
    }

    fn shown_last(&self) -> BTreeSet<ItemKey> {
        self.record.testimony.shown_last()
    }

    fn reached(&self) -> Reached {
        self.record.testimony.reached()
    }

    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        self.record.testimony.shadow_price(offer)
    }

    fn seed(&self) -> Option<Seed> {
        self.seed
    }

    fn tally(&self, left_out: LeftOut) -> LeftOut {
        self.record.testimony.tally(left_out)
    }
}

/// What was answered then, and beyond it what is answered now.
pub(crate) struct Further<'a> {
    recalled: Recalled<'a>,
    chosen: BTreeSet<ItemKey>,
    world: &'a dyn World,
}

impl<'a> Further<'a> {
    pub(crate) fn of(record: &'a Record, world: &'a dyn World) -> Self {
        Self { recalled: Recalled::of(record), chosen: record.chosen(), world }
    }
}

impl World for Further<'_> {
    fn is_available(&self, item: ItemKey) -> bool {
        let is_chosen = self.chosen.contains(&item);
        is_chosen || self.recalled.is_available(item) && self.world.is_available(item)
    }

    fn facts(&self, item: ItemKey) -> Option<ItemFacts> {
        self.recalled.facts(item).or_else(|| self.world.facts(item))
    }

    fn popular(&self, n: usize) -> Vec<(ItemKey, Sales)> {
        self.recalled.popular(n)
    }

    fn regard(&self, item: ItemKey, lens: &Lens) -> Result<Regard, Refusal> {
        let testimony = &self.recalled.record.testimony;
        match testimony.was_shown(item).or_else(|| self.chosen.contains(&item).then_some(true)) {
            Some(true) => Ok(testimony.regarded(item)),
            Some(false) => Err(Refusal::OutOfStock),
            None if !self.recalled.is_available(item) => Err(Refusal::OutOfStock),
            None => self.world.regard(item, lens),
        }
    }

    fn shelf(&self, shelf: Shelf, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<(ItemKey, Sales)> {
        let mut stood = self.recalled.shelf(shelf, n, allowed);
        let is_new = |item| allowed(item) && stood.iter().all(|(other, _)| *other != item);
        let more = self.world.shelf(shelf, n - stood.len(), &is_new);
        stood.extend(more);
        stood
    }

    fn category(&self, item: ItemKey) -> Option<u32> {
        self.recalled.category(item).or_else(|| self.world.category(item))
    }

    fn found(&self, own: &[(ItemKey, f64)]) -> Option<Found> {
        self.recalled.found(own)
    }

    fn completed(&self) -> Option<Vec<Completion>> {
        self.recalled.completed()
    }

    fn retrieved(&self) -> Option<Retrieved> {
        self.recalled.retrieved()
    }

    fn shown_last(&self) -> BTreeSet<ItemKey> {
        self.recalled.shown_last()
    }

    fn reached(&self) -> Reached {
        self.recalled.reached()
    }

    fn shadow_price(&self, offer: &str) -> Option<Priced> {
        self.recalled.shadow_price(offer)
    }
}
