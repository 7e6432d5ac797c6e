//! How do events become customers? Identity is resolved, the profile advanced, and what changed is remembered.

mod joining;
mod telling;

use crate::layout::{decode, encode};
use crate::residents::Residents;
use crate::{
    Change, Changed, Collection, Customer, CustomerState, Identifier, ProfileError, ProfileStore, Separations,
    TotalsRow, Watch,
};
use events::{Offset, Recorded};
use primitives::{CustomerId, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// All customers: those lately touched in memory, the others in the store.
pub struct Profiles<S: CustomerState> {
    store: Arc<dyn ProfileStore>,
    /// Whether nothing was ever committed to the store: then nobody need be looked for in it, as in a rebuild.
    is_store_empty: bool,
    reads: Arc<S::Reads>,
    offset: Offset,
    totals: Totals,
    resident: Residents<S>,
    /// `None` marks a name that leads to nobody: one that a customer let go, until the store knows it, or an absent one.
    identifiers: HashMap<Identifier, Option<CustomerId>>,
    let_go: Vec<Identifier>,
    /// Names that an event mentions and that lead to nobody, while it is folded in.
    absent: Vec<Identifier>,
    changed_customers: Changed<CustomerId>,
    changed_identifiers: Changed<Identifier>,
    /// The sums of the checkpoint under way.
    totals_then: Option<Change>,
    separations: Separations,
    separations_row: TotalsRow,
}

/// Sums over all customers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Events folded in, `item` events included.
    pub n_events: u64,
    /// Customers.
    pub n_customers: u64,
    /// Customers with a `userId`.
    pub n_known: u64,
    /// Customers that were merged into another.
    pub n_merged: u64,
    /// The latest moment any event occurred.
    pub last_event_at: Option<Timestamp>,
}

/// What one event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The customer it happened to; `None` for an `item` event and for one that was folded in before.
    pub customer: Option<CustomerId>,
    /// How many other customers turned out to be the same.
    pub n_merged: u64,
}

const TOTALS_KEY: &str = "profiles";
const SEPARATIONS_KEY: &str = "separations";

impl<S: CustomerState> Profiles<S> {
    /// Opens the customers of a store, as its last checkpoint left them.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read.
    pub fn open(store: Arc<dyn ProfileStore>) -> Result<Self, ProfileError> {
        Self::open_reading(store, Arc::default())
    }

    /// As [`Profiles::open`], and says what is looked for in the events to come.
    ///
    /// # Errors
    /// As [`Profiles::open`].
    pub fn open_reading(store: Arc<dyn ProfileStore>, reads: Arc<S::Reads>) -> Result<Self, ProfileError> {
        let totals = match store.get(Collection::Totals, TOTALS_KEY)? {
            Some(bytes) => decode("totals", TOTALS_KEY, &bytes)?,
            None => Totals::default(),
        };
        let offset = store.offset()?;
        Ok(Self {
            offset,
            separations: TotalsRow::stored(store.as_ref(), SEPARATIONS_KEY)?,
            separations_row: TotalsRow::default(),
            store,
            is_store_empty: offset == Offset::default(),
            reads,
            totals,
            resident: Residents::default(),
            identifiers: HashMap::new(),
            let_go: Vec::new(),
            absent: Vec::new(),
            changed_customers: Changed::default(),
            changed_identifiers: Changed::default(),
            totals_then: None,
        })
    }

    /// Folds in one event. An event at or before [`Profiles::offset`] changes nothing.
    ///
    /// # Errors
    /// [`ProfileError`] where a customer cannot be read from the store; then nothing has changed.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<Applied, ProfileError> {
        self.apply_watched(recorded, &mut ())
    }

    /// Folds in one event, and tells how the customers it concerns change.
    ///
    /// # Errors
    /// As [`Profiles::apply`].
    pub fn apply_watched<W: Watch<S>>(&mut self, recorded: &Recorded, watch: &mut W) -> Result<Applied, ProfileError> {
        let mut applied = Applied { customer: None, n_merged: 0 };
        if recorded.offset <= self.offset {
            return Ok(applied);
        }
        if self.separations.apply(recorded) {
            self.separations_row.changed();
        }
        let event = &recorded.event;
        if let Some(main) = Identifier::of(event).into_iter().flatten().next() {
            let id = self.resolve(recorded, &main, watch, &mut applied)?;
            let reads = Arc::clone(&self.reads);
            let customer = self.customer_mut(&id)?;
            let before = watch.before(customer, recorded);
            customer.profile.apply(recorded, S::HAS_TIMELINE);
            customer.state.apply(recorded, &reads);
            watch.after(customer, before);
            self.resident.weigh(&id);
            applied.customer = Some(id);
        }
        self.offset = recorded.offset;
        self.totals.n_events += 1;
        self.totals.n_merged += applied.n_merged;
        self.totals.last_event_at = self.totals.last_event_at.max(Some(event.occurred_at));
        Ok(applied)
    }

    /// Looks for something else in the events to come.
    pub fn read_otherwise(&mut self, reads: Arc<S::Reads>) {
        self.reads = reads;
    }

    /// The customer a name belongs to.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn find(&self, identifier: &Identifier) -> Result<Option<CustomerId>, ProfileError> {
        if let Some(found) = self.identifiers.get(identifier) {
            return Ok(found.clone());
        }
        if self.is_store_empty {
            return Ok(None);
        }
        let key = identifier.key();
        match self.stored(Collection::Identifier, &key)? {
            Some(bytes) => Ok(Some(decode("identifier", &key, &bytes)?)),
            None => Ok(None),
        }
    }

    /// The customer that a text means: a customer id, also one that was merged away, a `userId` or an `anonymousId`.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn find_by_text(&self, text: &str) -> Result<Option<CustomerId>, ProfileError> {
        Ok(self.find_meant(text)?.map(|(_, id)| id))
    }

    /// The customer whom somebody means by some text, and the name of theirs that it is.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn find_meant(&self, text: &str) -> Result<Option<(Identifier, CustomerId)>, ProfileError> {
        let (id, founder) = (CustomerId::from(text), Identifier::founder(&CustomerId::from(text)));
        // A device that others use as well may lead to somebody else than whom it founded.
        if self.find(&founder)?.as_ref() == Some(&id) || self.customer(&id)?.is_some() {
            return Ok(Some((founder, id)));
        }
        for name in Identifier::meant_by(text) {
            if let Some(id) = self.find(&name)? {
                return Ok(Some((name, id)));
            }
        }
        Ok(None)
    }

    /// One customer.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn customer(&self, id: &CustomerId) -> Result<Option<Cow<'_, Customer<S>>>, ProfileError> {
        match self.resident.get(id) {
            Some(found) => Ok(found.map(Cow::Borrowed)),
            None => Ok(self.load(id)?.map(Cow::Owned)),
        }
    }

    /// One customer, where memory knows of them: `Some(None)` where they are no longer, whatever the store says.
    pub fn in_memory(&self, id: &CustomerId) -> Option<Option<&Customer<S>>> {
        self.resident.get(id)
    }

    /// The offset up to which events were folded in.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// Sums over all customers.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// How many customers are in memory, those included that were merged away lately.
    pub fn n_resident(&self) -> usize {
        self.resident.len()
    }

    /// How many customers are in memory, without those that were merged away.
    pub fn n_in_memory(&self) -> u64 {
        self.resident.n_customers() as u64
    }

    /// As how many ordinary customers those in memory count: one who takes more memory than usual counts as several.
    pub fn weight(&self) -> usize {
        self.resident.weight()
    }

    /// How many customers the store does not have as they are; who changes again while a checkpoint takes them counts twice.
    pub fn n_dirty(&self) -> usize {
        self.changed_customers.n_unsafe()
    }

    /// Begins a checkpoint of this moment, to be committed to the store with [`Profiles::offset`] as it is now. Its rows
    /// come in slices from [`Profiles::fill`]; events may be folded in between.
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where the sums cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.is_store_empty = false;
        let value = Some(encode("totals", TOTALS_KEY, &self.totals)?);
        self.totals_then = Some(Change { collection: Collection::Totals, key: TOTALS_KEY.to_owned(), value });
        self.separations_row.begin_checkpoint(SEPARATIONS_KEY, &self.separations)?;
        self.changed_customers.begin();
        self.changed_identifiers.begin();
        Ok(())
    }

    /// Moves the checkpoint's next rows into a slice of at most `n_max` changes. A slice that stays short was the last.
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where a row cannot be encoded; then the checkpoint must end.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) -> Result<(), ProfileError> {
        if slice.len() < n_max {
            slice.extend(self.totals_then.take());
        }
        self.separations_row.fill(slice, n_max);
        let (resident, identifiers) = (&self.resident, &self.identifiers);
        self.changed_customers.fill(slice, n_max, |id| customer_row(id, resident.get(id).flatten()))?;
        self.changed_identifiers.fill(slice, n_max, |name| identifier_row(name, identifiers.get(name)))
    }

    /// Ends the checkpoint: where it is not durable, the next one takes its rows again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.totals_then = None;
        self.separations_row.end_checkpoint(is_durable);
        self.changed_customers.end(is_durable);
        self.changed_identifiers.end(is_durable);
        let (identifiers, changed) = (&mut self.identifiers, &self.changed_identifiers);
        self.let_go.retain(|name| {
            let is_let_go = identifiers.get(name).is_some_and(Option::is_none);
            let is_known = is_let_go && changed.is_safe(name);
            if is_known {
                identifiers.remove(name);
            }
            is_let_go && !is_known
        });
    }

    /// A whole checkpoint at once, where nobody else needs the customers meanwhile.
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where a row cannot be encoded.
    pub fn take_changes(&mut self) -> Result<Vec<Change>, ProfileError> {
        self.begin_checkpoint()?;
        let mut changes = Vec::new();
        let filled = self.fill(&mut changes, usize::MAX);
        self.end_checkpoint(filled.is_ok());
        filled.map(|()| changes)
    }

    /// Forgets customers who are safe in the store until those in memory count as at most `n_max`, not met lately first.
    /// Looks at no more than `n_looks` of them, and answers whether it found all it wanted.
    pub fn shrink_to(&mut self, n_max: usize, n_looks: usize) -> bool {
        for _ in 0..n_looks.min(2 * self.resident.len()) {
            if self.resident.weight() <= n_max {
                return true;
            }
            let Some((_, customer)) = self.resident.forget_next(|id| self.changed_customers.is_safe(id)) else {
                continue;
            };
            // A shared name may lead to somebody who is still in memory, and goes with them.
            for name in customer.iter().flat_map(|customer| customer.profile.links.keys()) {
                let leads_to = self.identifiers.get(name).and_then(Option::as_ref);
                let is_needed = leads_to.is_none_or(|owner| self.resident.get(owner).is_some());
                if !is_needed && self.changed_identifiers.is_safe(name) {
                    self.identifiers.remove(name);
                }
            }
        }
        self.resident.weight() <= n_max
    }

    /// Takes a customer read from the store into memory, with the names that lead to them; one that is there already stays
    /// as it is. Answers `false` where those in memory count as `n_max`.
    pub fn admit(&mut self, stored: Customer<S>, n_max: usize) -> bool {
        if self.resident.weight() >= n_max {
            return false;
        }
        let id = stored.profile.id.clone();
        if self.resident.get(&id).is_none() {
            // To whom a shared name leads, only the store knows.
            let own = stored.profile.links.iter().filter(|(_, link)| !link.is_shared);
            for (name, _) in own {
                self.identifiers.entry(name.clone()).or_insert_with(|| Some(id.clone()));
            }
            self.resident.insert(id, Some(stored));
        }
        true
    }

    /// The customers in memory, in no particular order.
    pub fn resident(&self) -> impl Iterator<Item = &Customer<S>> {
        self.resident.customers()
    }

    /// The places of the customers in memory, for [`Profiles::resident_at`]: to look at all of them bit by bit.
    pub fn resident_places(&self) -> Range<u64> {
        self.resident.places()
    }

    /// The customers in memory at some places. Who was put somewhere else since the places were asked for is not there.
    pub fn resident_at(&self, places: Range<u64>) -> impl Iterator<Item = &Customer<S>> {
        self.resident.at(places)
    }

    /// The customers in memory, sorted by id. Complete where the store began empty and nothing was forgotten.
    pub fn into_resident(self) -> Vec<Customer<S>> {
        let mut customers: Vec<_> = self.resident.into_customers().collect();
        customers.sort_by(|a, b| a.profile.id.cmp(&b.profile.id));
        customers
    }

    /// A customer to be changed, read from the store where need be.
    fn customer_mut(&mut self, id: &CustomerId) -> Result<&mut Customer<S>, ProfileError> {
        if self.resident.get(id).is_none() {
            let loaded = self.load(id)?;
            self.resident.insert(id.clone(), loaded);
        }
        let resident = &mut self.resident;
        self.changed_customers.mark(id, || customer_row(id, resident.get(id).flatten()))?;
        resident.get_mut(id).ok_or_else(|| ProfileError::Missing { id: id.clone() })
    }

    fn load(&self, id: &CustomerId) -> Result<Option<Customer<S>>, ProfileError> {
        match self.stored(Collection::Customer, id.as_str())? {
            Some(bytes) => Ok(Some(decode("customer", id.as_str(), &bytes)?)),
            None => Ok(None),
        }
    }

    fn stored(&self, collection: Collection, key: &str) -> Result<Option<Vec<u8>>, ProfileError> {
        if self.is_store_empty { Ok(None) } else { Ok(self.store.get(collection, key)?) }
    }
}

impl<S: CustomerState> Customer<S> {
    /// Opens the bytes under which [`Collection::Customer`] holds a customer.
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`].
    pub fn from_stored(key: &str, bytes: &[u8]) -> Result<Self, ProfileError> {
        decode("customer", key, bytes)
    }
}

fn customer_row<S: CustomerState>(id: &CustomerId, customer: Option<&Customer<S>>) -> Result<Change, ProfileError> {
    let value = customer.map(|customer| encode("customer", id.as_str(), customer)).transpose()?;
    Ok(Change { collection: Collection::Customer, key: id.as_str().to_owned(), value })
}

fn identifier_row(name: &Identifier, id: Option<&Option<CustomerId>>) -> Result<Change, ProfileError> {
    let key = name.key();
    let value = id.and_then(Option::as_ref).map(|id| encode("identifier", &key, id)).transpose()?;
    Ok(Change { collection: Collection::Identifier, key, value })
}

#[cfg(test)]
mod tests;
