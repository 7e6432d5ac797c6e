//! How often was a customer contacted lately, and which channel has a place free? So that they are left alone.
//!
//! An answer counts as a contact from the moment it is given, since nobody says whether it will be used. Answers are read from the log once
//! for each customer who is asked about, and kept up here: so a start forgets none.

use crate::Engine;
use crate::error::EngineError;
use decisions::{Contacted, ContentShape, DecisionQuery, Kind, LookedBack, Reached, Record};
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
/// What is told of an answer is believed of one that was given so many days before what is looked back at.
const N_DAYS_EARLIER: i64 = 30;
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
    /// Under which names it was looked for, and how many days back.
    ids: Vec<CustomerId>,
    /// How far it was looked back.
    back: LookedBack,
    contacts: Vec<Contacted>,
}

/// What an answer counted as.
#[derive(Debug)]
pub(super) struct Uncounted {
    customer: CustomerId,
    channel: Option<String>,
    contacted: Vec<Contacted>,
    n_taken: u64,
}

/// How many places a channel has free.
#[derive(Debug, Clone)]
struct Free {
    n: u64,
    until: Timestamp,
    /// How many of them customers were given since that was said. Whoever asks again is answered for the same places.
    taken: HashMap<CustomerId, u64>,
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
        self.free.lock().unwrap_or_else(PoisonError::into_inner).values_mut().for_each(|free| free.taken.clear());
    }

    /// Counts an answer: from now on it is a contact, and takes a place. Answers what it counted as; nothing where it contacts nobody.
    pub(super) fn count(&self, record: &Record) -> Option<Uncounted> {
        let contacted = record.contacted();
        if contacted.is_empty() {
            return None;
        }
        let (customer, channel) = (record.question.customer.clone(), record.question.channel().map(str::to_owned));
        let mut n_taken = 0;
        if let Some(channel) = &channel {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(free) = free.get_mut(channel) {
                n_taken = free.take(&customer, contacted.len() as u64);
            }
        }
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = answered.of.get_mut(&customer) {
            let back = &kept.back;
            kept.contacts.retain(|one| back.counts(one, record.question.as_of));
            kept.contacts.extend_from_slice(&contacted);
        }
        Some(Uncounted { customer, channel, contacted, n_taken })
    }

    /// Takes an answer for not given, which took so many places.
    pub(super) fn count_not(&self, record: &Uncounted) {
        let Uncounted { customer, channel, contacted, n_taken } = record;
        if let Some(channel) = channel {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(free) = free.get_mut(channel) {
                free.give_back(customer, *n_taken);
            }
        }
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = answered.of.get_mut(customer) {
            for one in contacted {
                // Another answer may have the same name: one of them is taken out.
                if let Some(at) = kept.contacts.iter().rposition(|known| known == one) {
                    kept.contacts.remove(at);
                }
            }
        }
    }

    /// The places that are free for a customer: their own are.
    fn free(&self, customer: &CustomerId, now: Timestamp) -> BTreeMap<String, u64> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.retain(|_, free| free.until > now);
        let of = |free: &Free| free.n.saturating_add(free.taken.get(customer).copied().unwrap_or(0));
        free.iter().map(|(channel, free)| (channel.clone(), of(free))).collect()
    }
}

impl Free {
    /// Gives a customer so many places, of which they may have some already; answers how many are new.
    fn take(&mut self, customer: &CustomerId, n: u64) -> u64 {
        let own = self.taken.get(customer).copied().unwrap_or(0);
        let new = n.saturating_sub(own).min(self.n);
        self.n -= new;
        if new > 0 && (own > 0 || self.taken.len() < N_CUSTOMERS_MAX) {
            self.taken.insert(customer.clone(), own + new);
        }
        new
    }

    /// Takes back so many places of a customer. Where it was said since how many are free, that counts.
    fn give_back(&mut self, customer: &CustomerId, n: u64) {
        let Some(own) = self.taken.get_mut(customer).filter(|own| **own >= n) else { return };
        *own -= n;
        self.n += n;
        if *own == 0 {
            self.taken.remove(customer);
        }
    }
}

impl Answered {
    /// What is kept of a customer; nothing where they have become one with another since, or it was looked back less far.
    fn get(&mut self, ids: &[CustomerId], back: &LookedBack) -> Option<Vec<Contacted>> {
        self.n_asked += 1;
        let kept = self.of.get_mut(ids.first()?).filter(|kept| kept.ids == ids && kept.back.covers(back))?;
        kept.asked = self.n_asked;
        Some(kept.contacts.clone())
    }

    fn put(&mut self, ids: &[CustomerId], back: &LookedBack, contacts: Vec<Contacted>) {
        let Some(customer) = ids.first() else { return };
        if self.of.len() >= N_CUSTOMERS_MAX {
            let mut asked: Vec<u64> = self.of.values().map(|kept| kept.asked).collect();
            let middle = asked.len() / 2;
            let (_, middle, _) = asked.select_nth_unstable(middle);
            let middle = *middle;
            self.of.retain(|_, kept| kept.asked > middle);
        }
        let kept = Kept { asked: self.n_asked, ids: ids.to_vec(), back: back.clone(), contacts };
        self.of.insert(customer.clone(), kept);
    }
}

impl Engine {
    /// Says how many places a channel has free, for so many seconds. No action is answered for a channel that has none.
    pub fn set_free(&self, channel: &str, n: u64, seconds: i64) {
        let until = Timestamp::from_millis(self.clock.now().as_millis().saturating_add(seconds.saturating_mul(1_000)));
        let mut free = self.reaching.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.insert(channel.to_owned(), Free { n, until, taken: HashMap::new() });
    }

    /// How many places a channel has free by now, and for how many seconds more that counts; `None` where it is not known.
    #[must_use]
    pub fn free_of(&self, channel: &str) -> Option<(u64, i64)> {
        let now = self.clock.now();
        let free = self.reaching.free.lock().unwrap_or_else(PoisonError::into_inner);
        let known = free.get(channel).filter(|free| free.until > now)?;
        // Of a second that has begun it still counts.
        Some((known.n, known.until.millis_since(now).saturating_add(999) / 1_000))
    }

    /// What the customer of these names was answered, as far as it is looked back, by the log and since; where a write key told of
    /// decisions, within all of which it may have told, so that it is known which were given.
    pub(super) fn answered(
        &self,
        (ids, is_claimed): (&[CustomerId], bool),
        (now, back): (Timestamp, &LookedBack),
    ) -> Result<Vec<Contacted>, EngineError> {
        let further =
            LookedBack { counted: back.counted.max(back.back.saturating_add(N_DAYS_EARLIER)), ..back.clone() };
        let back = if is_claimed { &further } else { back };
        if back.counted <= 0 && back.always.is_empty() {
            return Ok(Vec::new());
        }
        let answered = || self.reaching.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = answered().get(ids, back) {
            return Ok(known);
        }
        let since = back.since(now);
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
                    let contacted = Record::open(&logged).map(|record| record.contacted()).unwrap_or_default();
                    found.extend(contacted.into_iter().filter(|one| back.counts(one, now)));
                }
                is_within && n_left > 0
            })?;
        }
        answered().put(ids, back, found.clone());
        Ok(found)
    }

    /// How often a customer was contacted, and what they make of it, for a decision that looks back so far.
    ///
    /// It is looked at whatever they permit to be personal, and for nothing but to leave them alone.
    pub(super) fn reached(
        &self,
        (id, customer): (&CustomerId, Option<&Customer<FeatureState>>),
        answered: &[Contacted],
        (now, back): (Timestamp, &LookedBack),
    ) -> Reached {
        let events = customer.map(|customer| customer.state.contacts()).unwrap_or_default();
        let nothing = Consents::default();
        let consents = customer.map_or(&nothing, |customer| &customer.profile.consents);
        Reached {
            contacts: back.told(answered, events.iter().map(contacted).collect(), now),
            permits_marketing: self.policy.answer(consents, Purpose::Marketing).granted,
            free: self.reaching.free(id, now),
        }
    }
}

/// What events say of one contact, and whether the company told it.
fn contacted(contact: &Contact) -> (Contacted, bool) {
    let said = Contacted {
        decision: contact.decision,
        action: contact.action,
        channel: contact.channel,
        at: contact.shown_at.max(contact.clicked_at),
        answered_at: None,
        refused_at: contact.dismissed_at,
        accepted_at: contact.converted_at,
    };
    (said, contact.is_vouched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_again_takes_no_further_place() {
        let (anna, berta) = (CustomerId::from("anna"), CustomerId::from("berta"));
        let mut free = Free { n: 2, until: Timestamp::from_millis(0), taken: HashMap::new() };
        for (customer, n, left) in [(&anna, 1, 1), (&anna, 1, 1), (&berta, 1, 0), (&anna, 1, 0), (&anna, 3, 0)] {
            free.take(customer, n);
            assert_eq!(free.n, left);
        }
        assert_eq!((free.taken[&anna], free.taken[&berta]), (1, 1));
        free.give_back(&berta, 1);
        assert_eq!((free.n, free.taken.contains_key(&berta)), (1, false));
        free.give_back(&berta, 1);
        assert_eq!(free.n, 1, "nothing is given back twice");
    }
}
