//! Who is looked at, and what is in store for them?

use super::Ask;
use super::arithmetic::mean;
use super::lived::Lived;
use super::then::Known;
use crate::serve::Opened;
use events::{Envelope, Offset, Origin, Recorded, parse_event};
use features::{FeatureState, Trace, TraceReads};
use governance::{Permitted, Purpose, permit};
use learning::Outcome;
use primitives::{Currency, DAY_MS, ItemKey, Money, Seed, Timestamp};
use profiles::{Customer, CustomerState, Identifier};
use rand_chacha::rand_core::Rng;
use rayon::prelude::*;
use simulation::{DayAhead, Message};
use std::ops::Range;

/// Who bought within so many days is active.
const ACTIVE_DAYS: i64 = 90;
/// What is bought next is looked at for so many days.
pub(super) const NEXT_DAYS: i64 = 30;
/// What is spent is looked at for so many days.
pub(super) const SPENT_DAYS: i64 = 90;
/// Futures are dealt out to so many folds: an oracle that knows all but one is judged on that one.
pub(super) const N_FOLDS: usize = 4;

/// Of so many more what can be known is learned, from so many futures of each: what one person differs in from the next leaves
/// more to chance than the coin does.
const N_OTHERS_MAX: usize = 1_600;
const N_FUTURES_OTHERS: u32 = 8;

/// The customers who are looked at.
#[derive(Debug)]
pub(super) struct Cases {
    pub(super) all: Vec<Case>,
    /// Others, of whom it is learned what can be known, and no row tells.
    pub(super) others: Vec<Case>,
    /// Of how many they are a sample.
    pub(super) n_active: usize,
}

/// A customer, and what is in store for them.
#[derive(Debug)]
pub(super) struct Case {
    /// As known at the end of the history.
    pub(super) customer: Permitted<Customer<FeatureState>>,
    pub(super) futures: Vec<Future>,
}

/// What comes in one future, under the names by which the customer is known.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Future {
    /// What is spent, in major units.
    pub(super) spent: f64,
    /// What is bought next, each thing once.
    pub(super) items: Vec<ItemKey>,
    /// What comes of each outcome; `None` where that is no number.
    pub(super) came: Vec<Option<f64>>,
}

impl Case {
    /// The mean over all futures.
    pub(super) fn mean(&self, of: impl Fn(&Future) -> f64) -> f64 {
        mean(self.futures.iter().map(of)).unwrap_or(0.0)
    }

    /// The mean over the futures of a fold, or over all others.
    pub(super) fn mean_of_fold(&self, fold: usize, is_inside: bool, of: impl Fn(&Future) -> f64) -> f64 {
        mean(self.fold(fold, is_inside).map(of)).unwrap_or(0.0)
    }

    /// The futures of a fold, or all others.
    pub(super) fn fold(&self, fold: usize, is_inside: bool) -> impl Iterator<Item = &Future> {
        fold_of(&self.futures, fold, is_inside)
    }
}

fn fold_of(futures: &[Future], fold: usize, is_inside: bool) -> impl Iterator<Item = &Future> {
    let numbered = futures.iter().enumerate();
    numbered.filter(move |(number, _)| (number % N_FOLDS == fold) == is_inside).map(|(_, future)| future)
}

impl Cases {
    /// A sample of those who bought lately and let others be learned from them. Crooks are left out, of whom nobody knows what
    /// they would do, and so is whom nobody has told of yet.
    pub(super) fn of(opened: &Opened, lived: &Lived, known: &Known, as_of: Timestamp, ask: &Ask) -> Self {
        let (settings, policy) = (lived.company.settings(), opened.engine.policy());
        let is_active = |customer: &&Customer<FeatureState>| {
            let last = customer.state.last_order_at();
            last.is_some_and(|last| as_of.millis_since(last) < ACTIVE_DAYS * DAY_MS)
                && !people(customer, lived).is_empty()
        };
        let active: Vec<Permitted<&Customer<FeatureState>>> = known
            .customers
            .iter()
            .filter(is_active)
            .filter_map(|customer| permit(policy, &customer.profile.consents, Purpose::Analytics, customer).ok())
            .collect();
        let outcomes = &opened.engine.capabilities().outcomes;
        let n_days = outcomes.iter().map(|outcome| outcome.window_days).fold(SPENT_DAYS, i64::max);
        let ahead = Ahead {
            lived,
            as_of,
            outcomes,
            reads: TraceReads::new(outcomes.iter().flat_map(Outcome::watches).collect()),
            days: lived.days_ahead(n_days),
            currency: settings.currency,
        };
        let cases = |lots: Range<usize>, n_futures: u32| {
            let case = |customer: Permitted<&Customer<FeatureState>>| Case {
                futures: (0..n_futures).map(|number| ahead.future(customer.get(), number)).collect(),
                customer: customer.map(Clone::clone),
            };
            drawn(&active, lots, settings.seed).into_par_iter().map(case).collect()
        };
        Self {
            all: cases(0..ask.n_sample, ask.n_futures),
            others: cases(ask.n_sample..ask.n_sample.saturating_add(N_OTHERS_MAX), N_FUTURES_OTHERS.min(ask.n_futures)),
            n_active: active.len(),
        }
    }
}

/// Who acts under the names of a customer; nobody where an account is a crook's.
pub(super) fn people(customer: &Customer<FeatureState>, lived: &Lived) -> Vec<u32> {
    let accounts =
        customer.profile.links.iter().map(|(name, _)| name).filter(|name| matches!(name, Identifier::User(_)));
    let mut people = Vec::new();
    for account in accounts {
        match lived.owners(account) {
            [] => return Vec::new(),
            owners => people.extend_from_slice(owners),
        }
    }
    people.sort_unstable();
    people.dedup();
    people
}

/// Those of them who drew these lots by the seed, in the order in which they were.
fn drawn<T: Clone>(all: &[T], lots: Range<usize>, seed: Seed) -> Vec<T> {
    let mut by_lot: Vec<(u64, usize)> =
        (0..all.len()).map(|no| (seed.stream("truth", no as u64).next_u64(), no)).collect();
    by_lot.sort_unstable();
    let mut places: Vec<usize> = by_lot.into_iter().skip(lots.start).take(lots.len()).map(|(_, place)| place).collect();
    places.sort_unstable();
    places.into_iter().map(|place| all[place].clone()).collect()
}

/// What it takes to play lives on.
struct Ahead<'a> {
    lived: &'a Lived,
    as_of: Timestamp,
    outcomes: &'a [Outcome],
    reads: TraceReads,
    days: Vec<DayAhead>,
    currency: Currency,
}

impl Ahead<'_> {
    /// What comes in the future of this number, read by the product's own definitions.
    fn future(&self, customer: &Customer<FeatureState>, number: u32) -> Future {
        let company = &self.lived.company;
        let mut trace = Trace::default();
        for person in people(customer, self.lived) {
            let told = company.future(&self.lived.lives, person, &self.days, number);
            for (offset, message) in (1..).zip(told) {
                if let Some(recorded) = recorded(&message, offset).filter(|recorded| is_of(recorded, customer)) {
                    trace.apply(&recorded, &self.reads);
                }
            }
        }
        let spent = trace.orders_between(self.as_of, self.as_of.plus_days(SPENT_DAYS));
        let spent = spent.filter(|order| order.currency == Some(self.currency)).map(|order| order.minor).sum();
        Future {
            spent: Money { minor: spent, currency: self.currency }.to_major(),
            items: trace.items_between(self.as_of, self.as_of.plus_days(NEXT_DAYS)),
            came: self.outcomes.iter().map(|outcome| outcome.came(&trace, &self.reads, self.as_of)).collect(),
        }
    }
}

fn recorded(message: &Message, offset: u64) -> Option<Recorded> {
    let envelope = Envelope::new(message.at, Origin::Import);
    let event = parse_event(message.payload(), None, &envelope).ok()?;
    Some(Recorded { offset: Offset(offset), event })
}

/// Whether an event is told of the customer: by the account, where one is named, or else by the device.
fn is_of(recorded: &Recorded, customer: &Customer<FeatureState>) -> bool {
    let named = Identifier::of(&recorded.event).into_iter().flatten().next();
    named.is_some_and(|name| customer.profile.links.get(&name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_drawn_by_the_seed_and_keeps_its_order() {
        let all: Vec<usize> = (0..50).collect();
        let drawn = |n: usize, seed: u64| drawn(&all, 0..n, Seed::new(seed));
        assert_eq!(drawn(50, 1), (0..50).collect::<Vec<_>>());
        assert_eq!(drawn(80, 1).len(), 50);
        assert_eq!(drawn(10, 1), drawn(10, 1));
        assert!(drawn(10, 1) != drawn(10, 2) && drawn(10, 1).len() == 10 && drawn(10, 1).is_sorted());
        // Who is in a small sample is in a larger one.
        assert!(drawn(10, 1).iter().all(|one| drawn(20, 1).contains(one)));
        assert!(drawn(0, 1).is_empty());
        // The others are others.
        let others = super::drawn(&all, 10..30, Seed::new(1));
        assert!(others.len() == 20 && others.is_sorted() && !others.iter().any(|one| drawn(10, 1).contains(one)));
        assert_eq!(super::drawn(&all, 45..usize::MAX, Seed::new(1)).len(), 5);
    }

    #[test]
    fn folds_share_the_futures_among_them() {
        let futures: Vec<Future> =
            (0..10).map(|number| Future { spent: f64::from(number), ..Future::default() }).collect();
        let fold = |no, is_inside| fold_of(&futures, no, is_inside).map(|future| future.spent).collect::<Vec<f64>>();
        assert_eq!(fold(1, true), [1.0, 5.0, 9.0]);
        assert_eq!(fold(1, false), [0.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0]);
        assert!((mean([1.0, 5.0, 9.0].into_iter()).unwrap() - 5.0).abs() < 1e-12 && mean(std::iter::empty()).is_none());
    }
}
