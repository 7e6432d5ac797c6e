//! How does another telling of the past take the place of what is live, for some customers only?

use super::Profiles;
use crate::{Customer, CustomerState, Identifier, ProfileError, Separations, Watch};
use primitives::CustomerId;
use std::collections::BTreeSet;
use std::sync::Arc;

impl<S: CustomerState> Profiles<S> {
    /// Customers folded from nothing in memory, by somebody who knows all separations beforehand.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn told_anew(reads: Arc<S::Reads>, separations: Separations) -> Result<Self, ProfileError> {
        let mut profiles = Self::open_reading(Arc::new(crate::MemoryProfileStore::default()), reads)?;
        profiles.know(separations);
        Ok(profiles)
    }

    /// Knows separations beforehand: to be said before the first event is folded in.
    pub fn know(&mut self, separations: Separations) {
        if self.separations != separations {
            self.separations = separations;
            self.separations_row.changed();
        }
    }

    /// Which names are not one person.
    pub fn separations(&self) -> &Separations {
        &self.separations
    }

    /// Puts another telling in the place of what is there, for all customers who ever had one of `names`: no event that is
    /// folded in mentions one of them together with a name that is not among them. `n_merged` is how many of them were merged
    /// in the telling so far. `watch` is told who leaves and who enters.
    ///
    /// # Errors
    /// [`ProfileError`] where a customer cannot be read from the store; then nothing has changed.
    pub fn tell_anew<W: Watch<S>>(
        &mut self,
        names: &BTreeSet<Identifier>,
        told: Self,
        n_merged: u64,
        watch: &mut W,
    ) -> Result<(), ProfileError> {
        let leads = names.iter().map(|name| Ok((name.clone(), told.find(name)?)));
        let leads = leads.collect::<Result<Vec<_>, ProfileError>>()?;
        // Every customer was founded under one of the names.
        let ids: BTreeSet<CustomerId> = names.iter().map(Identifier::customer_id).collect();
        let looked_up = self.bring_in_all(&ids, names);
        if looked_up.is_err() {
            self.forget_absent();
            return looked_up;
        }
        let totals = told.totals;
        let separations = told.separations.clone();
        let mut entering: Vec<Customer<S>> = told.into_resident();
        for id in &ids {
            let Some(Some(gone)) = self.resident.get(id) else { continue };
            watch.leaves(gone);
            self.totals.n_customers -= 1;
            self.totals.n_known -= u64::from(gone.profile.is_known());
            self.resident.insert(id.clone(), None);
        }
        for customer in entering.drain(..) {
            watch.enters(&customer);
            self.totals.n_customers += 1;
            self.totals.n_known += u64::from(customer.profile.is_known());
            self.resident.insert(customer.profile.id.clone(), Some(customer));
        }
        self.totals.n_merged = (self.totals.n_merged + totals.n_merged).saturating_sub(n_merged);
        for (name, to) in leads {
            let led = self.identifiers.insert(name.clone(), to.clone()).flatten();
            if led.is_some() && to.is_none() {
                self.let_go.push(name);
            }
        }
        self.forget_absent();
        self.separations.tell_anew(names, &separations);
        self.separations_row.changed();
        Ok(())
    }

    /// Brings whom it concerns into memory, and writes down for a checkpoint under way how they are.
    fn bring_in_all(&mut self, ids: &BTreeSet<CustomerId>, names: &BTreeSet<Identifier>) -> Result<(), ProfileError> {
        for id in ids {
            if self.resident.get(id).is_none()
                && let Some(stored) = self.load(id)?
            {
                self.resident.insert(id.clone(), Some(stored));
            }
            let resident = &self.resident;
            self.changed_customers.mark(id, || super::customer_row(id, resident.get(id).flatten()))?;
        }
        for name in names {
            self.look_up(name)?;
            let identifiers = &self.identifiers;
            self.changed_identifiers.mark(name, || super::identifier_row(name, identifiers.get(name)))?;
        }
        Ok(())
    }
}
