//! Which customers are in memory, and whom does it forget first?

use crate::Customer;
use primitives::CustomerId;
use std::collections::{HashMap, VecDeque};

/// The customers in memory. Who was met since the last look gets a second chance before being forgotten: the CLOCK
/// approximation of "least lately used", which needs no sorting.
#[derive(Debug)]
pub(crate) struct Residents<S> {
    by_id: HashMap<CustomerId, Resident<S>>,
    /// Everybody once, in the order of the looks.
    round: VecDeque<CustomerId>,
}

#[derive(Debug)]
struct Resident<S> {
    /// `None` marks a customer who was merged into another.
    customer: Option<Customer<S>>,
    was_met: bool,
}

impl<S> Default for Residents<S> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), round: VecDeque::new() }
    }
}

impl<S> Residents<S> {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// `None` where it is not in memory; `Some(None)` where it was merged into another.
    pub(crate) fn get(&self, id: &CustomerId) -> Option<Option<&Customer<S>>> {
        self.by_id.get(id).map(|resident| resident.customer.as_ref())
    }

    /// A customer who is met.
    pub(crate) fn get_mut(&mut self, id: &CustomerId) -> Option<&mut Customer<S>> {
        let resident = self.by_id.get_mut(id)?;
        resident.was_met = true;
        resident.customer.as_mut()
    }

    /// Takes somebody in; answers with whom it had.
    pub(crate) fn insert(&mut self, id: CustomerId, customer: Option<Customer<S>>) -> Option<Customer<S>> {
        match self.by_id.get_mut(&id) {
            Some(resident) => std::mem::replace(&mut resident.customer, customer),
            None => {
                self.round.push_back(id.clone());
                self.by_id.insert(id, Resident { customer, was_met: false });
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
        let resident = self.by_id.get_mut(&id)?;
        if std::mem::take(&mut resident.was_met) || !may_go(&id) {
            self.round.push_back(id);
            return None;
        }
        self.by_id.remove(&id).map(|resident| (id, resident.customer))
    }

    pub(crate) fn customers(&self) -> impl Iterator<Item = &Customer<S>> {
        self.by_id.values().filter_map(|resident| resident.customer.as_ref())
    }

    pub(crate) fn into_customers(self) -> impl Iterator<Item = Customer<S>> {
        self.by_id.into_values().filter_map(|resident| resident.customer)
    }
}
