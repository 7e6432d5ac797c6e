//! Which items may be on a list, and how many does each rule leave out?

use super::customer::Customer;
use super::rhythm::Rhythm;
use super::wish::{Placement, Wish};
use crate::keyed::ByItem;
use crate::lens::{Lens, Regard};
use crate::rules::Repeats;
use crate::search::Among;
use crate::{Ask, LeftOut, Refusal};
use primitives::ItemKey;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Which items may be on a list: each is looked at once.
pub(super) struct Allowed<'a> {
    ask: &'a Ask<'a>,
    wish: &'a Wish<'a>,
    customer: &'a Customer,
    /// What is in view, in the cart or was bought just now: it is not shown again.
    present: BTreeSet<ItemKey>,
    /// The only items that a filter may let through, where they are few.
    few: Option<Vec<ItemKey>>,
    /// Whether what was looked at may be shown.
    seen: RefCell<ByItem<bool>>,
    /// What counts of those that may, as far as it was asked.
    weighed: RefCell<ByItem<Option<Regard>>>,
    /// What is looked at of an item to know whether it may be shown: what else counts is only looked at where it is chosen.
    plain: Lens,
    left_out: RefCell<LeftOut>,
}

impl<'a> Allowed<'a> {
    pub(super) fn new((ask, wish): (&'a Ask<'a>, &'a Wish<'a>), customer: &'a Customer) -> Self {
        let mut present: BTreeSet<ItemKey> = wish.session().into_iter().collect();
        if wish.placement == Placement::ThankYou && wish.cart.is_empty() {
            present.extend(&customer.last_order);
        }
        let mut left_out = LeftOut::new();
        let few = ask.world.among().and_then(Among::few);
        if let Some(among) = ask.world.among() {
            left_out.insert(Refusal::Filter(among.condition().to_owned()).to_string(), among.n_others());
        }
        let plain = Lens { filter: wish.lens.filter.clone(), ..Lens::default() };
        let (seen, weighed, left_out) = (RefCell::default(), RefCell::default(), RefCell::new(left_out));
        Self { ask, wish, customer, present, few, seen, weighed, plain, left_out }
    }

    /// The only items that a filter may let through, where they are few.
    pub(super) fn few(&self) -> Option<&[ItemKey]> {
        self.few.as_deref()
    }

    /// Whether an item may be shown. Each that may not is counted once, under the first rule that keeps it out.
    pub(super) fn allows(&self, item: ItemKey) -> bool {
        self.ask.world.among().is_none_or(|among| among.holds(item)) && self.may_be_shown(item)
    }

    /// What counts of an item, where it may be shown.
    pub(super) fn regard(&self, item: ItemKey) -> Option<Regard> {
        if !self.may_be_shown(item) {
            return None;
        }
        // A source that looks for a category asks of the same items again where more are wanted.
        let known = self.weighed.borrow().get(&item).copied();
        known.unwrap_or_else(|| {
            let regard = self.ask.world.weigh(item, &self.wish.lens);
            self.weighed.borrow_mut().insert(item, regard);
            regard
        })
    }

    fn may_be_shown(&self, item: ItemKey) -> bool {
        if let Some(known) = self.seen.borrow().get(&item) {
            return *known;
        }
        let looked_at = self.look_at(item);
        let may_be = looked_at.is_ok();
        if let Err(rule) = looked_at {
            *self.left_out.borrow_mut().entry(rule).or_default() += 1;
        }
        self.seen.borrow_mut().insert(item, may_be);
        may_be
    }

    fn look_at(&self, item: ItemKey) -> Result<(), String> {
        let Wish { excluded, rules, .. } = self.wish;
        if excluded.contains(&item) {
            return Err("excluded".to_owned());
        }
        if self.present.contains(&item) {
            return Err("in view, in the cart or just bought".to_owned());
        }
        if rules.repeats == Repeats::Excluded && self.customer.bought.contains(&item) {
            return Err("bought before".to_owned());
        }
        let rhythm = self.customer.rhythms.get(&item).filter(|_| rules.repeats == Repeats::Learned);
        if let Some(rule) = rhythm.filter(|_| !self.ask.is_unplaced).and_then(Rhythm::keeps_out) {
            return Err(rule.to_owned());
        }
        self.ask.world.regard(item, &self.plain).map(drop).map_err(|refusal| refusal.to_string())
    }

    /// How many items each rule has left out, of those that were looked at.
    pub(super) fn left_out(&self) -> LeftOut {
        self.left_out.borrow().clone()
    }
}
