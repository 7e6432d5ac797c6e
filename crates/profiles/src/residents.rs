//! Which customers are in memory, and whom does it forget first?

use crate::{Customer, CustomerState};
use primitives::CustomerId;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// How many bytes an ordinary customer may take: one who takes more counts as several, so that a bound for customers is
/// one for memory as well.
const ORDINARY_BYTES: usize = 8 * 1024;

/// The customers in memory. Who was met since the last look gets a second chance before being forgotten: the CLOCK
/// approximation of "least lately used", which needs no sorting.
#[derive(Debug)]
pub(crate) struct Residents<S> {
    by_id: HashMap<CustomerId, Resident<S>>,
    /// Everybody once, in the order of the looks.
    round: VecDeque<CustomerId>,
    /// How many have left the front of the round: the place of the one who is there now.
    n_turned: u64,
    /// As how many they all count.
    weight: usize,
    /// How many of them are customers, and were not merged into another.
    n_customers: usize,
}

#[derive(Debug)]
struct Resident<S> {
    /// `None` marks a customer who was merged into another.
    /// In a place of its own: the map has up to twice the places that it needs.
    customer: Option<Box<Customer<S>>>,
    was_met: bool,
    /// As how many ordinary customers it counts.
    weight: usize,
}

impl<S> Default for Residents<S> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), round: VecDeque::new(), n_turned: 0, weight: 0, n_customers: 0 }
    }
}

impl<S: CustomerState> Residents<S> {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many are customers: whoever was merged into another is none.
    pub(crate) fn n_customers(&self) -> usize {
        self.n_customers
    }

    /// As how many ordinary customers they count.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Weighs a customer who has changed.
    pub(crate) fn weigh(&mut self, id: &CustomerId) {
        if let Some(resident) = self.by_id.get_mut(id) {
            let weight = weight(resident.customer.as_deref());
            self.weight = self.weight - resident.weight + weight;
            resident.weight = weight;
        }
    }

    /// `None` where it is not in memory; `Some(None)` where it was merged into another.
    pub(crate) fn get(&self, id: &CustomerId) -> Option<Option<&Customer<S>>> {
        self.by_id.get(id).map(|resident| resident.customer.as_deref())
    }

    /// A customer who is met.
    pub(crate) fn get_mut(&mut self, id: &CustomerId) -> Option<&mut Customer<S>> {
        let resident = self.by_id.get_mut(id)?;
        resident.was_met = true;
        resident.customer.as_deref_mut()
    }

    /// Takes somebody in; answers with whom it had.
    pub(crate) fn insert(&mut self, id: CustomerId, customer: Option<Customer<S>>) -> Option<Customer<S>> {
        let weight = weight(customer.as_ref());
        self.weight += weight;
        self.n_customers += usize::from(customer.is_some());
        match self.by_id.get_mut(&id) {
            Some(resident) => {
                self.weight -= std::mem::replace(&mut resident.weight, weight);
                let before = std::mem::replace(&mut resident.customer, customer.map(Box::new));
                self.n_customers -= usize::from(before.is_some());
                before.map(|customer| *customer)
            }
            None => {
                self.round.push_back(id.clone());
                self.by_id.insert(id, Resident { customer: customer.map(Box::new), was_met: false, weight });
                None
            }
        }
    }

    /// Looks at the next one, and forgets them where they were not met since the last look and `may_go` agrees.
    pub(crate) fn forget_next(
        &mut self,
        may_go: impl FnOnce(&CustomerId) -> bool,
    ) -> Option<(CustomerId, Option<Customer<S>>)> {
        let id = self.round.pop_front()?;
        self.n_turned += 1;
        let resident = self.by_id.get_mut(&id)?;
        if std::mem::take(&mut resident.was_met) || !may_go(&id) {
            self.round.push_back(id);
            return None;
        }
        let resident = self.by_id.remove(&id)?;
        self.weight -= resident.weight;
        self.n_customers -= usize::from(resident.customer.is_some());
        Some((id, resident.customer.map(|customer| *customer)))
    }

    pub(crate) fn customers(&self) -> impl Iterator<Item = &Customer<S>> {
        self.by_id.values().filter_map(|resident| resident.customer.as_deref())
    }

    /// The places of everybody in the round. Who is looked at and stays gets a new one behind these.
    pub(crate) fn places(&self) -> Range<u64> {
        self.n_turned..self.n_turned + self.round.len() as u64
    }

    /// The customers at some of these places, as far as they are still there.
    pub(crate) fn at(&self, places: Range<u64>) -> impl Iterator<Item = &Customer<S>> {
        let index = |place: u64| {
            usize::try_from(place.saturating_sub(self.n_turned)).unwrap_or(usize::MAX).min(self.round.len())
        };
        let ids = self.round.range(index(places.start)..index(places.end));
        ids.filter_map(|id| self.by_id.get(id)?.customer.as_deref())
    }

    pub(crate) fn into_customers(self) -> impl Iterator<Item = Customer<S>> {
        self.by_id.into_values().filter_map(|resident| resident.customer.map(|customer| *customer))
    }
}

fn weight<S: CustomerState>(customer: Option<&Customer<S>>) -> usize {
    let n_bytes = customer.map_or(0, |customer| customer.profile.n_bytes() + customer.state.n_bytes());
    n_bytes.div_ceil(ORDINARY_BYTES).max(1)
}
