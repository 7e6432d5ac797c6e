//! What was told of a value that an outcome reads, and is it money?

use super::declared::MONEY;
use super::{Label, Outcome, nameable, usable};
use crate::Dataset;
use crate::vouched::N_CUSTOMERS_MIN;
use events::Take;
use features::{Match, Watch};
use primitives::{Currency, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be said of the values of an outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// How many events there are.
    pub(crate) n_events: u64,
    /// How many of them have a value that can be used.
    pub(crate) n_usable: u64,
    /// How many have a value that cannot: a text or a number below 0 where a sum is asked for, or too long a text.
    pub(crate) n_unusable: u64,
    /// In which currency the values are, where they are money in one; `None` also where it is not said.
    pub(crate) currency: Option<Currency>,
    /// Whether they are money in several currencies, or in one and in none that is said.
    pub(crate) is_mixed: bool,
    /// Whether they are taken for money in one though somebody for whom nobody vouches says otherwise.
    pub(crate) is_told_otherwise: bool,
}

/// Where only the write key tells of currencies, one customer of so many may say another one than all others.
const ONE_OF: u64 = 20;

/// Of how many customers which currency is told, or that there is a value and none is.
#[derive(Debug, Default)]
struct Currencies {
    n_customers: u64,
    each: BTreeMap<Option<Currency>, u64>,
}

impl Currencies {
    fn add(&mut self, of_customer: BTreeSet<Option<Currency>>) {
        self.n_customers += u64::from(!of_customer.is_empty());
        for said in of_customer {
            *self.each.entry(said).or_default() += 1;
        }
    }

    fn said(&self) -> impl Iterator<Item = (u64, Currency)> {
        self.each.iter().filter_map(|(said, n)| Some((*n, (*said)?)))
    }

    /// The one of most customers.
    fn main(&self) -> Option<Currency> {
        self.said().max().map(|(_, currency)| currency)
    }

    /// Of how many something else is told.
    fn n_others(&self, main: Currency) -> u64 {
        self.each.iter().filter(|(said, _)| **said != Some(main)).map(|(_, n)| n).sum()
    }
}

impl Outcome {
    /// How the currency is watched for of a sum that may be money.
    pub(super) fn currency_watch(&self) -> Option<Watch> {
        let Label::Sum(what, take) = &self.label else { return None };
        let path = take.pointer.to_string();
        let (beside, name) = path.rsplit_once('.')?;
        let currency: Take = Take::from(format!("{beside}.currency").parse::<events::Pointer>().ok()?);
        MONEY.contains(&name).then(|| what.watch(Some(&currency)))?
    }

    /// What was told of its values, as far as is known now; nothing where it reads none. What the company itself told of decides
    /// on the currency where it is enough.
    pub(crate) fn told(&self, dataset: &Dataset, now: Timestamp) -> Told {
        let mut told = Told::default();
        let place = |watch: Option<Watch>| dataset.place_of(&watch?);
        let (Some(_), Some(label)) = (self.label.take(), place(self.label.watch())) else { return told };
        let currency = place(self.currency_watch());
        let (mut vouched, mut all) = (Currencies::default(), Currencies::default());
        for (_, trace) in dataset.traces() {
            let mut currencies = currency.map(|place| trace.matches(place));
            let (mut by_vouched, mut by_all) = (BTreeSet::new(), BTreeSet::new());
            for found in trace.matches(label) {
                // The same events in the same order, read at another place.
                let said = currencies.as_mut().and_then(Iterator::next);
                if found.received_at > now {
                    continue;
                }
                let is_usable = self.is_usable(&found);
                told.n_events += 1;
                told.n_usable += u64::from(is_usable);
                told.n_unusable += u64::from(!is_usable && found.text.is_some());
                if is_usable && currency.is_some() {
                    let said = said.and_then(|said| Currency::parse(said.text?).ok());
                    by_all.insert(said);
                    if found.origin.is_trusted() {
                        by_vouched.insert(said);
                    }
                }
            }
            vouched.add(by_vouched);
            all.add(by_all);
        }
        let is_vouched = vouched.said().map(|(n, _)| n).sum::<u64>() >= N_CUSTOMERS_MIN;
        let (deciding, n_others_max) = if is_vouched { (&vouched, 0) } else { (&all, all.n_customers / ONE_OF) };
        if let Some(main) = deciding.main() {
            told.is_mixed = deciding.n_others(main) > n_others_max;
            told.is_told_otherwise = !told.is_mixed && all.n_others(main) > 0;
            told.currency = Some(main).filter(|_| !told.is_mixed);
        }
        told
    }

    fn is_usable(&self, found: &Match<'_>) -> bool {
        match self.label {
            Label::Sum(..) => found.number.and_then(usable).is_some(),
            _ => found.text.and_then(nameable).is_some(),
        }
    }
}
