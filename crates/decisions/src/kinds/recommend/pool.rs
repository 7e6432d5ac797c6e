//! From which items is a list chosen? One source after the other, until there are enough.

use super::allowed::Allowed;
use super::blend::{by_taste, with_now};
use super::candidate::{Candidate, Cause, Proposed};
use super::customer::{Customer, query};
use super::sources::Source;
use super::wish::{Placement, Wish};
use crate::keyed::SomeItems;
use crate::search::{Order, Told};
use crate::{Ask, LeftOut, Sales, Shelf};
use models::recommend::{Query, Recommender, Scored};
use primitives::ItemKey;
use std::collections::{BTreeMap, BTreeSet};

/// How many are looked at of each of two lists that become one.
const N_BLENDED: usize = 100;

/// What the words of a question found, the best first, each with what speaks for it whoever asks.
pub(super) struct Searched {
    items: Vec<(ItemKey, f64)>,
    /// What is told beside them.
    pub(super) told: Told,
}

/// Everything that a list is made from.
pub(super) struct Making<'a> {
    ask: &'a Ask<'a>,
    wish: &'a Wish<'a>,
    model: Option<&'a Recommender>,
    customer: &'a Customer,
    /// Which items may be on it.
    allowed: Allowed<'a>,
    /// What the words of the question found; `None` where there are none.
    found: Option<Searched>,
    /// What they were shown last, which comes after the rest.
    shown_last: BTreeSet<ItemKey>,
}

impl<'a> Making<'a> {
    pub(super) fn new(
        (ask, wish): (&'a Ask<'a>, &'a Wish<'a>),
        model: Option<&'a Recommender>,
        customer: &'a Customer,
    ) -> Self {
        let found = wish.is_searched.then(|| Searched::by(ask));
        let shown_last = if customer.is_nobody() { BTreeSet::new() } else { ask.world.shown_last() };
        Self { ask, wish, model, customer, allowed: Allowed::new((ask, wish), customer), found, shown_last }
    }

    /// At most `n_max` candidates, from one source after the other. What they are chosen from is kept for a replay.
    pub(super) fn candidates(&self, n_max: usize) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        let mut taken = BTreeSet::new();
        let has_unlearned = self.model.is_some() && !self.ask.is_unplaced;
        let sources = Source::all(self.wish, self.customer, has_unlearned);
        // What they were shown last comes when there is nothing else.
        let again = if self.shown_last.is_empty() { &[false][..] } else { &[false, true] };
        for (again, source) in again.iter().flat_map(|again| sources.iter().map(move |source| (*again, source))) {
            let n_wanted = n_max - found.len();
            if n_wanted == 0 {
                break;
            }
            let is_open = |item| !taken.contains(&item) && self.shown_last.contains(&item) == again;
            let proposed = self.proposed(source, n_wanted, &|item| is_open(item) && self.allowed.allows(item));
            // Scores of different sources cannot be compared: what fills up stands below.
            let least = found.iter().map(|candidate| candidate.score).fold(f64::INFINITY, f64::min);
            let most = proposed.first().map_or(0.0, |(_, score, _)| *score);
            let lowered = |score: f64| match found.is_empty() {
                true => score,
                false if most > 0.0 => least.min(1.0) * 0.5 * (score / most).clamp(0.0, 1.0),
                false => least.min(0.0),
            };
            let more = proposed.into_iter().filter_map(|(item, score, cause)| {
                Some(Candidate { item, score: lowered(score), cause, regard: self.allowed.regard(item)? })
            });
            let more: Vec<Candidate> = more.collect();
            taken.extend(more.iter().map(|candidate| candidate.item));
            found.extend(more);
        }
        for candidate in &found {
            self.ask.world.keep(candidate.item, candidate.regard);
        }
        found
    }

    /// What a source proposes, best first.
    fn proposed(&self, source: &Source, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Proposed> {
        let said = |scored: Scored| (scored.item, scored.score, Cause::Model(scored.because));
        match (source, self.model) {
            (Source::Own, Some(model)) => {
                let now = self.wish.now(&self.customer.viewed);
                let is_now = self.wish.placement == Placement::Home && !now.is_empty() && !self.ask.is_unplaced;
                let ranked = self.ranked(model, if is_now { n.max(N_BLENDED) } else { n }, self.allowed.few(), allowed);
                let wanted = ranked.into_iter().map(said).collect();
                if is_now { with_now(wanted, &with(model, &now, N_BLENDED, allowed), n) } else { wanted }
            }
            (Source::Popular, Some(model)) => {
                let hour = query(self.ask, self.customer, &[]).hour_of_week.filter(|_| !self.ask.is_unplaced);
                model.popular_at(hour, n, allowed).into_iter().map(said).collect()
            }
            (Source::Popular | Source::Own, None) => self.on_shelf(Shelf::Popular, n, allowed, Cause::Sold),
            (Source::With(items), Some(model)) => with(model, items, n, allowed),
            (Source::With(_), None) => Vec::new(),
            (Source::Category(item), model) => {
                let Some(category) = self.ask.world.category(*item) else { return Vec::new() };
                let allowed = |one| {
                    allowed(one) && self.allowed.regard(one).is_some_and(|regard| regard.category == Some(category))
                };
                match model {
                    Some(model) => {
                        let of_it = self.ask.world.of_category(category);
                        let popular = model.popular(n, of_it.as_deref(), &allowed).into_iter();
                        popular.map(|scored| (scored.item, scored.score, Cause::Category(*item))).collect()
                    }
                    None => self.on_shelf(Shelf::Popular, n, &allowed, |_| Cause::Category(*item)),
                }
            }
            (Source::Shelf(shelf), _) => {
                let cause = match shelf {
                    Shelf::Trending => Cause::Trending,
                    Shelf::Earlier => Cause::Earlier,
                    Shelf::Popular | Shelf::Newest => Cause::New,
                };
                self.suiting(self.on_shelf(*shelf, n.max(N_BLENDED), allowed, |_| cause), n)
            }
            (Source::Found, _) => {
                let found = self.found.iter().flat_map(|found| &found.items).filter(|(item, _)| allowed(*item));
                self.suiting(found.map(|(item, score)| (*item, *score, Cause::Found)).collect(), n)
            }
            (Source::Unlearned, model) => {
                let is_new = |item| model.is_none_or(|model| !model.contains(item));
                self.on_shelf(Shelf::Popular, n, &|item| is_new(item) && allowed(item), Cause::Sold)
            }
            (Source::Due, _) => self.due(n, allowed),
        }
    }

    /// What the model says of this customer now, where no other than some items are allowed only of these.
    fn ranked(
        &self,
        model: &Recommender,
        n: usize,
        only: Option<&[ItemKey]>,
        allowed: &dyn Fn(ItemKey) -> bool,
    ) -> Vec<Scored> {
        let viewed = &self.customer.viewed;
        // So it was before there was anything to blend.
        let now = if self.ask.is_unplaced { self.wish.now(viewed) } else { self.wish.told(viewed) };
        model.rank(&Query { only, ..query(self.ask, self.customer, &now) }, n, allowed)
    }

    /// What stands in an order of its own, as it suits this customer.
    fn suiting(&self, mut stood: Vec<Proposed>, n: usize) -> Vec<Proposed> {
        let taste = match self.model.filter(|_| !self.customer.history.is_empty()) {
            Some(model) => {
                let there: Vec<ItemKey> = stood.iter().map(|(item, ..)| *item).collect();
                let is_there: SomeItems = there.iter().copied().collect();
                let ranked = self.ranked(model, there.len(), Some(&there), &|item| is_there.contains(&item));
                let own = ranked.into_iter().filter(|scored| scored.because.is_of_history());
                own.map(|scored| scored.item).collect()
            }
            None => Vec::new(),
        };
        if taste.is_empty() {
            stood.truncate(n);
            return stood;
        }
        by_taste(stood, &taste, n)
    }

    fn on_shelf(
        &self,
        shelf: Shelf,
        n: usize,
        allowed: &dyn Fn(ItemKey) -> bool,
        cause: impl Fn(Sales) -> Cause,
    ) -> Vec<Proposed> {
        let stood = self.ask.world.shelf(shelf, n, allowed);
        let n_stood = stood.len();
        #[expect(clippy::cast_precision_loss, reason = "a list is short")]
        let by_place = |place: usize| (n_stood - place) as f64 / n_stood as f64;
        let score = |place: usize, sales: Sales| if shelf == Shelf::Popular { weight(sales) } else { by_place(place) };
        let stood = stood.into_iter().enumerate();
        stood.map(|(place, (item, sales))| (item, score(place, sales), cause(sales))).collect()
    }

    fn due(&self, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Proposed> {
        let due = self.customer.rhythms.iter().filter(|(_, rhythm)| rhythm.is_due());
        let mut due: Vec<_> = due.map(|(item, rhythm)| (*item, rhythm.weight(), Cause::Due)).collect();
        due.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        due.retain(|(item, ..)| allowed(*item));
        due.truncate(n);
        due
    }

    /// What the words of the question found; `None` where there are none.
    pub(super) fn searched(&self) -> Option<&Searched> {
        self.found.as_ref()
    }

    /// How many items each rule has left out, of those that were looked at.
    pub(super) fn left_out(&self) -> LeftOut {
        self.allowed.left_out()
    }
}

/// What customers have who have any of several items: how near it is to each, summed; because of the one that it is nearest to.
fn with(model: &Recommender, items: &[ItemKey], n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Proposed> {
    let mut sums: BTreeMap<ItemKey, (f64, f64, ItemKey)> = BTreeMap::new();
    for source in items {
        for (item, near) in model.similar(*source) {
            let (sum, nearest, because) = sums.entry(item).or_insert((0.0, 0.0, *source));
            *sum += near;
            if near > *nearest {
                (*nearest, *because) = (near, *source);
            }
        }
    }
    let mut found: Vec<_> = sums.into_iter().map(|(item, (sum, _, source))| (item, sum, Cause::With(source))).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    found.into_iter().filter(|(item, ..)| allowed(*item)).take(n).collect()
}

impl Searched {
    fn by(ask: &Ask<'_>) -> Self {
        let found = ask.world.found(&[]).unwrap_or_default();
        let order = Order::Sum.unless_asked_for(&found.told);
        let items = order.ranked(&found.items).into_iter().map(|(score, item)| (item.item, score)).collect();
        Self { items, told: found.told }
    }

    /// How many items that is.
    pub(super) fn n(&self) -> usize {
        self.items.len()
    }
}

fn weight(sales: Sales) -> f64 {
    match sales {
        #[expect(clippy::cast_precision_loss, reason = "a month's orders are far below 2^53")]
        Sales::Orders(n_orders) => n_orders as f64,
        Sales::Buyers { buyers } => buyers.weight(),
    }
}
