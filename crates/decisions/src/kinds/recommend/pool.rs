//! From which items is a list chosen? One source after the other, until there are enough.

use super::blend::{by_taste, with_now};
use super::candidate::{Candidate, Cause, Proposed};
use super::rhythm::Rhythm;
use super::wish::{Placement, Wish, key};
use crate::keyed::{ByItem, SomeItems};
use crate::lens::{Lens, Regard};
use crate::rules::Repeats;
use crate::search::{Among, Order, Told};
use crate::{Ask, Knowledge, LeftOut, Refusal, Sales, Shelf};
use models::recommend::{Because, HistoryItem, Query, Recommender, Scored};
use primitives::ItemKey;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// How many are looked at of each of two lists that become one.
const N_BLENDED: usize = 100;

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

/// What is known of the customer, as far as lists look at it.
#[derive(Debug, Default)]
pub(super) struct Customer {
    /// What they bought.
    pub(super) history: Vec<HistoryItem>,
    /// When what they bought is wanted again.
    pub(super) rhythms: BTreeMap<ItemKey, Rhythm>,
    /// Each item that they bought.
    pub(super) bought: BTreeSet<ItemKey>,
    /// What they bought last, in one order.
    pub(super) last_order: Vec<ItemKey>,
    /// What they looked at in this visit, the newest last.
    pub(super) viewed: Vec<ItemKey>,
}

impl Customer {
    /// Whether nothing is known of them.
    fn is_nobody(&self) -> bool {
        self.bought.is_empty() && self.viewed.is_empty()
    }

    pub(super) fn of(ask: &Ask<'_>, known: &Knowledge, model: Option<&Recommender>) -> Self {
        let as_of = ask.question.as_of;
        let item = |bought: &crate::Bought| HistoryItem {
            item: bought.item,
            age_days: as_of.days_since(bought.at),
            // The model counts a purchase once, whatever its quantity.
            quantity: 1.0,
        };
        let last = known.bought.iter().map(|bought| bought.at).max();
        let of_last = known.bought.iter().filter(|bought| Some(bought.at) == last);
        Self {
            history: known.bought.iter().map(item).collect(),
            rhythms: Rhythm::all(&known.bought, as_of, |item| model?.again(item)),
            bought: known.bought.iter().map(|bought| bought.item).collect(),
            last_order: of_last.map(|bought| bought.item).collect(),
            viewed: known.viewed.clone(),
        }
    }
}

/// What the words of a question found, the best first, each with what speaks for it whoever asks.
pub(super) struct Searched {
    items: Vec<(ItemKey, f64)>,
    /// What is told beside them.
    pub(super) told: Told,
}

/// Everything that a list is made from.
pub(super) struct Making<'a> {
    pub(super) ask: &'a Ask<'a>,
    pub(super) wish: &'a Wish<'a>,
    pub(super) model: Option<&'a Recommender>,
    pub(super) customer: &'a Customer,
    /// What is in view, in the cart or was bought just now: it is not shown again.
    present: BTreeSet<ItemKey>,
    /// What the words of the question found; `None` where there are none.
    found: Option<Searched>,
    /// The only items that a filter may let through, where they are few.
    few: Option<Vec<ItemKey>>,
    /// What they were shown last, which comes after the rest.
    shown_last: BTreeSet<ItemKey>,
    /// Whether what was looked at may be shown.
    seen: RefCell<ByItem<bool>>,
    /// What counts of those that may, as far as it was asked.
    weighed: RefCell<ByItem<Option<Regard>>>,
    /// What is looked at of an item to know whether it may be shown: what else counts is only looked at where it is chosen.
    plain: Lens,
    left_out: RefCell<LeftOut>,
}

impl<'a> Making<'a> {
    pub(super) fn new(
        (ask, wish): (&'a Ask<'a>, &'a Wish<'a>),
        model: Option<&'a Recommender>,
        customer: &'a Customer,
    ) -> Self {
        let mut present: BTreeSet<ItemKey> = wish.session().into_iter().collect();
        if wish.placement == Placement::ThankYou && wish.cart.is_empty() {
            present.extend(&customer.last_order);
        }
        let found = wish.is_searched.then(|| Searched::by(ask));
        let shown_last = if customer.is_nobody() { BTreeSet::new() } else { ask.world.shown_last() };
        let mut left_out = LeftOut::new();
        let few = ask.world.among().and_then(Among::few);
        if let Some(among) = ask.world.among() {
            left_out.insert(Refusal::Filter(among.condition().to_owned()).to_string(), among.n_others());
        }
        let (seen, left_out) = (RefCell::default(), RefCell::new(left_out));
        let plain = Lens { filter: wish.lens.filter.clone(), ..Lens::default() };
        Self {
            ask,
            wish,
            model,
            customer,
            present,
            found,
            few,
            shown_last,
            seen,
            weighed: RefCell::default(),
            plain,
            left_out,
        }
    }

    /// Where the candidates of the placement come from, the best source first.
    pub(super) fn sources(&self) -> Vec<Source> {
        if self.found.is_some() {
            return vec![Source::Found];
        }
        let mut sources = self.by_placement();
        let is_of_all = sources.iter().any(|source| matches!(source, Source::Own | Source::Popular));
        if is_of_all && self.model.is_some() && !self.ask.is_unplaced {
            sources.push(Source::Unlearned);
        }
        sources
    }

    fn by_placement(&self) -> Vec<Source> {
        let own = if self.customer.history.is_empty() { Source::Popular } else { Source::Own };
        let (session, now) = (self.wish.session(), self.wish.now(&self.customer.viewed));
        let in_view = self.wish.item.map(key);
        match self.wish.placement {
            Placement::Home | Placement::Email if own == Source::Popular && !now.is_empty() => {
                vec![Source::With(now), own]
            }
            Placement::Home | Placement::Email => vec![own],
            Placement::Product => {
                let of = |item| vec![Source::With(vec![item]), Source::Category(item)];
                in_view.map(of).unwrap_or_default().into_iter().chain([own]).collect()
            }
            Placement::Because => match in_view.or_else(|| self.customer.last_order.last().copied()) {
                Some(item) if self.customer.history.is_empty() => vec![Source::With(vec![item]), own],
                Some(item) => vec![Source::With(vec![item])],
                None => vec![own],
            },
            Placement::Cart => vec![Source::With(session), own],
            Placement::ThankYou if self.wish.cart.is_empty() => {
                vec![Source::With(self.customer.last_order.clone()), own]
            }
            Placement::ThankYou => vec![Source::With(session), own],
            Placement::Trending => vec![Source::Shelf(Shelf::Trending), Source::Popular],
            Placement::New => vec![Source::Shelf(Shelf::Newest), Source::Shelf(Shelf::Earlier)],
            Placement::Replenish if self.customer.history.is_empty() => vec![Source::Popular],
            Placement::Replenish => vec![Source::Due],
        }
    }

    /// At most `n_max` candidates, from one source after the other. What they are chosen from is kept for a replay.
    pub(super) fn candidates(&self, n_max: usize) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        let mut taken = BTreeSet::new();
        let sources = self.sources();
        // What they were shown last comes when there is nothing else.
        let again = if self.shown_last.is_empty() { &[false][..] } else { &[false, true] };
        for (again, source) in again.iter().flat_map(|again| sources.iter().map(move |source| (*again, source))) {
            let n_wanted = n_max - found.len();
            if n_wanted == 0 {
                break;
            }
            let is_open = |item| !taken.contains(&item) && self.shown_last.contains(&item) == again;
            let proposed = self.proposed(source, n_wanted, &|item| is_open(item) && self.allows(item));
            // Scores of different sources cannot be compared: what fills up stands below.
            let least = found.iter().map(|candidate| candidate.score).fold(f64::INFINITY, f64::min);
            let most = proposed.first().map_or(0.0, |(_, score, _)| *score);
            let lowered = |score: f64| match found.is_empty() {
                true => score,
                false if most > 0.0 => least.min(1.0) * 0.5 * (score / most).clamp(0.0, 1.0),
                false => least.min(0.0),
            };
            let more = proposed.into_iter().filter_map(|(item, score, cause)| {
                Some(Candidate { item, score: lowered(score), cause, regard: self.regard(item)? })
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
                let ranked =
                    self.ranked(model, if is_now { n.max(N_BLENDED) } else { n }, self.few.as_deref(), allowed);
                let wanted = ranked.into_iter().map(said).collect();
                if is_now { with_now(wanted, &with(model, &now, N_BLENDED, allowed), n) } else { wanted }
            }
            (Source::Popular, Some(model)) => model.popular(n, allowed).into_iter().map(said).collect(),
            (Source::Popular | Source::Own, None) => self.on_shelf(Shelf::Popular, n, allowed, Cause::Sold),
            (Source::With(items), Some(model)) => with(model, items, n, allowed),
            (Source::With(_), None) => Vec::new(),
            (Source::Category(item), model) => {
                let Some(category) = self.ask.world.category(*item) else { return Vec::new() };
                let allowed =
                    |one| allowed(one) && self.regard(one).is_some_and(|regard| regard.category == Some(category));
                match model {
                    Some(model) => {
                        let popular = model.popular(n, &allowed).into_iter();
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
                let own = ranked.into_iter().filter(|scored| scored.because != Because::Popular);
                own.map(|scored| (scored.item, scored.score)).collect()
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

    /// Whether an item may be shown. Each that may not is counted once, under the first rule that keeps it out.
    fn allows(&self, item: ItemKey) -> bool {
        self.ask.world.among().is_none_or(|among| among.holds(item)) && self.may_be_shown(item)
    }

    /// What counts of an item, where it may be shown.
    fn regard(&self, item: ItemKey) -> Option<Regard> {
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

    /// What the words of the question found; `None` where there are none.
    pub(super) fn searched(&self) -> Option<&Searched> {
        self.found.as_ref()
    }

    /// How many items each rule has left out, of those that were looked at.
    pub(super) fn left_out(&self) -> LeftOut {
        self.left_out.borrow().clone()
    }
}

/// What a model is asked of a customer who looks at this now.
pub(super) fn query<'a>(ask: &Ask<'_>, customer: &'a Customer, now: &'a [ItemKey]) -> Query<'a> {
    let hour_of_week = Some(u16::from(ask.question.as_of.hour_of_week()));
    Query { session: now, hour_of_week, ..Query::of(&customer.history) }
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
