//! How often was a customer contacted lately, and which channel has a place free? So that they are left alone.
//!
//! An answer counts as a contact from the moment it is given, since nobody says whether it will be used. Answers are read from the log once
//! for each customer who is asked about, and kept up here: so a start forgets none.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Contacted, ContentShape, DecisionQuery, Kind, Reached, Record};
use features::{Contact, FeatureState};
use governance::{Consents, Purpose};
use primitives::{CustomerId, Timestamp, stable_hash};
use profiles::Customer;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of so many customers it is kept what they were answered; of others it is read again.
const N_CUSTOMERS_MAX: usize = 50_000;
/// So many answers of one customer are read at most.
const N_ANSWERS_MAX: usize = 2_000;
/// Customers who are not waited for by each other.
const N_TURNS: usize = 64;

/// What is known of contacts while the program runs.
#[derive(Debug)]
pub(super) struct Reaching {
    /// Held while it is decided about a customer: of two answers at a time neither would know of the other.
    turns: [Mutex<()>; N_TURNS],
    answered: Mutex<Answered>,
    free: Mutex<BTreeMap<String, Free>>,
}

/// What customers were answered, by when it was last asked for.
#[derive(Debug, Default)]
struct Answered {
    n_asked: u64,
    of: HashMap<CustomerId, Kept>,
}

#[derive(Debug)]
struct Kept {
    asked: u64,
    /// Under which names it was looked for.
    ids: Vec<CustomerId>,
    contacts: Vec<Contacted>,
}

/// How many places a channel has free.
#[derive(Debug, Clone, Copy)]
struct Free {
    n: u64,
    until: Timestamp,
}

impl Default for Reaching {
    fn default() -> Self {
        Self { turns: std::array::from_fn(|_| Mutex::default()), answered: Mutex::default(), free: Mutex::default() }
    }
}

impl Reaching {
    /// The turn of a customer.
    pub(super) fn turn(&self, customer: &CustomerId) -> Option<MutexGuard<'_, ()>> {
        let place = usize::try_from(stable_hash(customer.as_str()) % N_TURNS as u64).ok()?;
        self.turns.get(place).map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets what is kept up here: whoever is erased is not to be found in it, and the log says the rest again.
    pub(super) fn forget(&self) {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).of.clear();
    }

    /// Counts an answer: from now on it is a contact, and takes a place.
    pub(super) fn count(&self, record: &Record, days: i64) {
        let contacted = record.contacted();
        if contacted.is_empty() {
            return;
        }
        if let Some(channel) = record.question.channel() {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.entry(channel.to_owned()).and_modify(|free| free.n = free.n.saturating_sub(1));
        }
        let since = Contacted::days_before(record.question.as_of, days);
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = answered.of.get_mut(&record.question.customer) {
            kept.contacts.retain(|one| one.at.is_some_and(|at| at > since));
            kept.contacts.extend(contacted);
        }
    }

    fn free(&self, now: Timestamp) -> BTreeMap<String, u64> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.retain(|_, free| free.until > now);
        free.iter().map(|(channel, free)| (channel.clone(), free.n)).collect()
    }
}

impl Answered {
    /// What is kept of a customer; nothing where they have become one with another since.
    fn get(&mut self, ids: &[CustomerId]) -> Option<Vec<Contacted>> {
        self.n_asked += 1;
        let kept = self.of.get_mut(ids.first()?).filter(|kept| kept.ids == ids)?;
        kept.asked = self.n_asked;
        Some(kept.contacts.clone())
    }

    fn put(&mut self, ids: &[CustomerId], contacts: Vec<Contacted>) {
        let Some(customer) = ids.first() else { return };
        if self.of.len() >= N_CUSTOMERS_MAX {
            let mut asked: Vec<u64> = self.of.values().map(|kept| kept.asked).collect();
            let middle = asked.len() / 2;
            let (_, middle, _) = asked.select_nth_unstable(middle);
            let middle = *middle;
            self.of.retain(|_, kept| kept.asked > middle);
        }
        let kept = Kept { asked: self.n_asked, ids: ids.to_vec(), contacts };
        self.of.insert(customer.clone(), kept);
    }
}

impl Engine {
    /// Says how many places a channel has free, for so many seconds. No action is answered for a channel that has none.
    pub fn set_free(&self, channel: &str, n: u64, seconds: i64) {
        let until = Timestamp::from_millis(self.clock.now().as_millis().saturating_add(seconds.saturating_mul(1_000)));
        let mut free = self.reaching.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.insert(channel.to_owned(), Free { n, until });
    }

    /// What the customer of these names was answered within so many days, by the log and since.
    pub(super) fn answered(
        &self,
        ids: &[CustomerId],
        (now, days): (Timestamp, i64),
    ) -> Result<Vec<Contacted>, EngineError> {
        if days <= 0 {
            return Ok(Vec::new());
        }
        let answered = || self.reaching.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answered().get(ids) {
            return Ok(known);
        }
        let since = Contacted::days_before(now, days);
        let mut found = Vec::new();
        // Limits hold for all contacts together, whatever was asked.
        let kinds = || self.capabilities.kinds.iter().map(Kind::about).filter(|it| it.shape == ContentShape::Actions);
        for (customer, about) in ids.iter().flat_map(|customer| kinds().map(move |about| (customer, about))) {
            let (kind, customer) = (Some(about.name.to_string()), Some(customer.clone()));
            let meant = DecisionQuery { kind, customer, ..DecisionQuery::default() };
            let mut n_left = N_ANSWERS_MAX;
            self.ports.decisions.newest(&meant, &mut |logged| {
                n_left -= 1;
                let is_within = logged.decided_at > since;
                if is_within {
                    found.extend(Record::open(&logged).map(|record| record.contacted()).unwrap_or_default());
                }
                is_within && n_left > 0
            })?;
        }
        answered().put(ids, found.clone());
        Ok(found)
    }

    /// How often a customer was contacted, and what they make of it, for a decision that looks so many days back.
    ///
    /// It is looked at whatever they permit to be personal, and for nothing but to leave them alone.
    pub(super) fn reached(
        &self,
        customer: Option<&Customer<FeatureState>>,
        answered: &[Contacted],
        (now, days): (Timestamp, i64),
    ) -> Reached {
        let events = customer.map(|customer| customer.state.contacts()).unwrap_or_default();
        let nothing = Consents::default();
        let consents = customer.map_or(&nothing, |customer| &customer.profile.consents);
        let since = Contacted::days_before(now, days);
        Reached {
            contacts: Contacted::told(answered, events.iter().map(contacted).collect(), since),
            permits_marketing: self.policy.answer(consents, Purpose::Marketing).granted,
            free: self.reaching.free(now),
        }
    }
}

/// What events say of one contact.
fn contacted(contact: &Contact) -> Contacted {
    Contacted {
        decision: contact.decision,
        action: contact.action,
        channel: contact.channel,
        at: contact.shown_at.max(contact.clicked_at),
        answered_at: None,
        refused_at: contact.dismissed_at,
        accepted_at: contact.converted_at,
    }
}
