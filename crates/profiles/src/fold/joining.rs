//! Who is the same customer? Which names an event ties together, and what becomes of each claim.

use super::{Applied, Profiles, customer_row, identifier_row};
use crate::evidence::{Claim, Verdict};
use crate::{Customer, CustomerState, Few, Identifier, Link, LinkReason, Profile, ProfileError, RefusalReason, Watch};
use events::{Call, Recorded};
use primitives::CustomerId;

impl<S: CustomerState> Profiles<S> {
    /// The customer an event happened to, after everything it says about who is who has been judged.
    pub(super) fn resolve<W: Watch<S>>(
        &mut self,
        recorded: &Recorded,
        main: &Identifier,
        watch: &mut W,
        applied: &mut Applied,
    ) -> Result<CustomerId, ProfileError> {
        let settled = self.settle(recorded, main, watch, applied);
        self.forget_absent();
        settled
    }

    fn settle<W: Watch<S>>(
        &mut self,
        recorded: &Recorded,
        main: &Identifier,
        watch: &mut W,
        applied: &mut Applied,
    ) -> Result<CustomerId, ProfileError> {
        let own = self.look_up(main)?;
        let mut others = Vec::new();
        for (name, reason) in self.others_of(recorded, main)? {
            let theirs = self.look_up(&name)?;
            if own.is_none() || own != theirs {
                others.push((name, reason, theirs));
            }
        }
        if !others.is_empty() {
            self.bring_in(own.iter().chain(others.iter().filter_map(|(_, _, theirs)| theirs.as_ref())))?;
        }
        let mut id = match own {
            Some(id) => id,
            None => self.found(main, recorded)?,
        };
        for (other, reason, theirs) in others {
            let claim = Claim { recorded, main, other, reason };
            if let Some(winner) = self.judge(&id, &claim, watch)? {
                applied.n_merged += 1;
                id = winner;
            }
            theirs.iter().for_each(|theirs| self.resident.weigh(theirs));
        }
        Ok(id)
    }

    /// The names that this event says belong to the same customer as `main`.
    fn others_of(
        &mut self,
        recorded: &Recorded,
        main: &Identifier,
    ) -> Result<Vec<(Identifier, LinkReason)>, ProfileError> {
        let names = Identifier::of(&recorded.event).into_iter().flatten().filter(|name| name != main);
        let mut others: Vec<_> = names.map(|name| (name, LinkReason::SeenTogether)).collect();
        if let Call::Alias { previous_id } = &recorded.event.call {
            // Segment's previousId may be either; what is known decides, and an unknown one is taken as both. A write key
            // cannot give a customer a userId in this way: it would be the second one, or somebody else's.
            let [user, device] = Identifier::of_previous(previous_id);
            let meant = match (self.look_up(&user)?.is_some(), self.look_up(&device)?.is_some()) {
                (true, true) => vec![user, device],
                (true, false) => vec![user],
                (false, false) if recorded.event.origin.is_trusted() => vec![user, device],
                (false, _) => vec![device],
            };
            others.extend(meant.into_iter().filter(|name| name != main).map(|name| (name, LinkReason::Alias)));
        }
        Ok(others)
    }

    /// Brings everyone whom claims concern into memory, so that nothing can fail once something has changed.
    fn bring_in<'a>(&mut self, concerned: impl Iterator<Item = &'a CustomerId>) -> Result<(), ProfileError> {
        for id in concerned {
            let links = &self.profile_mut(id)?.links;
            let shared = links.iter().filter(|(_, link)| link.is_shared);
            for name in shared.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
                self.look_up(&name)?;
            }
        }
        Ok(())
    }

    /// To whom a name leads, kept in memory from now on; that it leads to nobody, until the event is folded in.
    pub(super) fn look_up(&mut self, name: &Identifier) -> Result<Option<CustomerId>, ProfileError> {
        if let Some(found) = self.identifiers.get(name) {
            return Ok(found.clone());
        }
        let found = self.find(name)?;
        self.identifiers.insert(name.clone(), found.clone());
        if found.is_none() {
            self.absent.push(name.clone());
        }
        Ok(found)
    }

    /// A name that still leads to nobody is in nobody's way.
    pub(super) fn forget_absent(&mut self) {
        for name in self.absent.drain(..) {
            if self.identifiers.get(&name).is_some_and(Option::is_none) {
                self.identifiers.remove(&name);
            }
        }
    }

    /// A customer of a new name, founded by this event.
    fn found(&mut self, name: &Identifier, recorded: &Recorded) -> Result<CustomerId, ProfileError> {
        let id = name.customer_id();
        let profile = Profile::new(id.clone(), name.clone(), recorded);
        self.totals.n_customers += 1;
        self.totals.n_known += u64::from(profile.is_known());
        self.changed_customers.mark(&id, || customer_row::<S>(&id, None))?;
        self.resident.insert(id.clone(), Some(Customer { profile, state: S::default() }));
        self.lead(name, Some(&id))?;
        Ok(id)
    }

    /// Judges the claim that `id` goes by another name as well; answers with the customer that two became.
    fn judge<W: Watch<S>>(
        &mut self,
        id: &CustomerId,
        claim: &Claim<'_>,
        watch: &mut W,
    ) -> Result<Option<CustomerId>, ProfileError> {
        let name = &claim.other;
        let Some(other) = self.find(name)? else {
            self.tie_new(id, claim)?;
            return Ok(None);
        };
        if other == *id {
            return Ok(None);
        }
        let ours = self.profile_mut(id)?;
        let (are_we_known, is_ours_too) = (ours.is_known(), ours.links.contains_key(name));
        let theirs = self.profile_mut(&other)?;
        let both_known = are_we_known && theirs.is_known();
        let is_shared = theirs.links.get(name).is_some_and(|link| link.is_shared);
        let verdict = claim.verdict(both_known, is_shared);
        let is_parted = match verdict {
            Verdict::Keep => false,
            Verdict::Share => !is_ours_too && self.is_parted(id, claim),
            Verdict::Join => {
                let both = self.links(id).zip(self.links(&other));
                self.is_parted(id, claim) || both.is_some_and(|(ours, theirs)| self.separations.part(ours, theirs))
            }
        };
        let theirs = self.profile_mut(&other)?;
        let (n_names, n_lasting) = match verdict {
            Verdict::Join => (theirs.links.len(), theirs.n_lasting()),
            Verdict::Share if !is_ours_too => (1, 1),
            Verdict::Share | Verdict::Keep => (0, 0),
        };
        match verdict {
            _ if is_parted => self.refuse(id, &other, claim, RefusalReason::Separated)?,
            Verdict::Keep => self.refuse(id, &other, claim, RefusalReason::TwoUsers)?,
            // Somebody signs in again on a device that is known to be shared.
            Verdict::Share if is_ours_too => self.hand_over(id, &other, name)?,
            _ if !self.profile_mut(id)?.has_room(n_names, n_lasting, claim.is_trusted()) => {
                self.refuse(id, &other, claim, RefusalReason::TooManyNames)?;
            }
            Verdict::Share => self.share(id, &other, claim)?,
            Verdict::Join => return self.join(id, &other, claim, watch).map(Some),
        }
        Ok(None)
    }

    /// Whether a customer is separated from a name that a claim means.
    fn is_parted(&self, id: &CustomerId, claim: &Claim<'_>) -> bool {
        let is_apart = |ours| claim.meant().any(|name| self.separations.parts_from(&name, ours));
        self.links(id).is_some_and(is_apart)
    }

    /// Ties a name to a customer that leads to nobody yet.
    fn tie_new(&mut self, id: &CustomerId, claim: &Claim<'_>) -> Result<(), ProfileError> {
        let is_parted = self.is_parted(id, claim);
        let profile = self.profile_mut(id)?;
        if is_parted {
            profile.keep_refusal(claim.refused(RefusalReason::Separated));
            return Ok(());
        }
        let was_known = profile.is_known();
        let is_user = matches!(claim.other, Identifier::User(_));
        if !profile.has_room(1, usize::from(is_user), claim.is_trusted()) {
            profile.keep_refusal(claim.refused(RefusalReason::TooManyNames));
            return Ok(());
        }
        profile.links.insert(claim.other.clone(), claim.link(false));
        self.totals.n_known += u64::from(!was_known && is_user);
        self.lead(&claim.other, Some(id))?;
        self.let_names_go(id)
    }

    /// A device that somebody else used before: it is a name of both, and speaks for this customer from now on. The past
    /// stays where it was, since two people may share a device.
    fn share(&mut self, id: &CustomerId, other: &CustomerId, claim: &Claim<'_>) -> Result<(), ProfileError> {
        self.profile_mut(id)?.links.insert(claim.other.clone(), claim.link(true));
        self.hand_over(id, other, &claim.other)?;
        self.refuse(id, other, claim, RefusalReason::SharedDevice)?;
        self.let_names_go(id)
    }

    /// A name that leads to `other` leads to `id` from now on, and stays a name of both.
    fn hand_over(&mut self, id: &CustomerId, other: &CustomerId, name: &Identifier) -> Result<(), ProfileError> {
        if let Some(link) = self.profile_mut(other)?.links.get_mut(name) {
            link.is_shared = true;
        }
        self.lead(name, Some(id))
    }

    /// Both customers keep that they were not joined.
    fn refuse(
        &mut self,
        id: &CustomerId,
        other: &CustomerId,
        claim: &Claim<'_>,
        reason: RefusalReason,
    ) -> Result<(), ProfileError> {
        self.profile_mut(id)?.keep_refusal(claim.refused(reason));
        self.profile_mut(other)?.keep_refusal(claim.refused(reason));
        Ok(())
    }

    /// Makes two customers one, under the id of the one who is known, else of the one the event happened to.
    fn join<W: Watch<S>>(
        &mut self,
        id: &CustomerId,
        other: &CustomerId,
        claim: &Claim<'_>,
        watch: &mut W,
    ) -> Result<CustomerId, ProfileError> {
        let is_ours_known = self.profile_mut(id)?.is_known();
        let is_theirs_known = self.profile_mut(other)?.is_known();
        let (winner, loser) = if is_theirs_known && !is_ours_known { (other, id) } else { (id, other) };
        let Some(gone) = self.resident.insert(loser.clone(), None) else {
            return Err(ProfileError::Missing { id: loser.clone() });
        };
        let names: Vec<_> = gone.profile.links.iter().map(|(name, link)| (name.clone(), link.is_shared)).collect();
        let newcomer = if winner == id { &claim.other } else { claim.main };
        let customer = self.customer_mut(winner)?;
        watch.leaves(&gone);
        watch.leaves(customer);
        let join = claim.joined(winner.clone(), loser.clone(), gone.profile.n_events);
        customer.profile.merge(gone.profile);
        customer.profile.joins.add(join);
        let is_shared = customer.profile.links.get(newcomer).is_some_and(|link| link.is_shared);
        customer.profile.links.insert(newcomer.clone(), claim.link(is_shared));
        customer.state.merge(gone.state);
        watch.enters(customer);
        for (name, is_shared) in names {
            // A shared device may lead to a third customer; what is not shared leads to its own.
            if !is_shared || self.find(&name)?.is_none_or(|owner| owner == *loser) {
                self.lead(&name, Some(winner))?;
            }
        }
        self.totals.n_customers -= 1;
        self.totals.n_known -= u64::from(is_ours_known && is_theirs_known);
        self.let_names_go(winner)?;
        Ok(winner.clone())
    }

    /// Names for which a customer has no room lead to nobody any more.
    fn let_names_go(&mut self, id: &CustomerId) -> Result<(), ProfileError> {
        for name in self.profile_mut(id)?.let_names_go() {
            self.lead(&name, None)?;
            self.let_go.push(name);
        }
        Ok(())
    }

    fn lead(&mut self, name: &Identifier, to: Option<&CustomerId>) -> Result<(), ProfileError> {
        let identifiers = &mut self.identifiers;
        self.changed_identifiers.mark(name, || identifier_row(name, identifiers.get(name)))?;
        identifiers.insert(name.clone(), to.cloned());
        Ok(())
    }

    /// The names of a customer in memory.
    fn links(&self, id: &CustomerId) -> Option<&Few<Identifier, Link>> {
        Some(&self.resident.get(id)??.profile.links)
    }

    fn profile_mut(&mut self, id: &CustomerId) -> Result<&mut Profile, ProfileError> {
        Ok(&mut self.customer_mut(id)?.profile)
    }
}
