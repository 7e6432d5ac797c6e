//! What was told of a value that an outcome reads, and is it money?

use super::declared::MONEY;
use super::{Label, Outcome, nameable, usable};
use crate::Dataset;
use events::Take;
use features::{Match, Watch};
use primitives::Currency;

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

    /// What was told of its values; nothing where it reads none.
    pub(crate) fn told(&self, dataset: &Dataset) -> Told {
        let mut told = Told::default();
        let place = |watch: Option<Watch>| dataset.place_of(&watch?);
        let (Some(_), Some(label)) = (self.label.take(), place(self.label.watch())) else { return told };
        let currency = place(self.currency_watch());
        let mut n_unsaid = 0;
        for (_, trace) in dataset.traces() {
            let mut currencies = currency.map(|place| trace.matches(place));
            for found in trace.matches(label) {
                // The same events in the same order, read at another place.
                let said = currencies.as_mut().and_then(Iterator::next);
                let is_usable = self.is_usable(&found);
                told.n_events += 1;
                told.n_usable += u64::from(is_usable);
                told.n_unusable += u64::from(!is_usable && found.text.is_some());
                if is_usable && currency.is_some() {
                    let said = said.and_then(|said| Currency::parse(said.text?).ok());
                    n_unsaid += u64::from(said.is_none());
                    told.is_mixed |= said.is_some() && told.currency.is_some_and(|before| Some(before) != said);
                    told.currency = told.currency.or(said);
                }
            }
        }
        told.is_mixed |= told.currency.is_some() && n_unsaid > 0;
        if told.is_mixed {
            told.currency = None;
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
