//! What did one event change of whom it is about? Everything before it is folded again, then the event itself.

use crate::Engine;
use crate::error::EngineError;
use crate::theirs::{Bounds, Gathered, theirs};
use events::{Offset, Recorded};
use features::{Definition, FeatureState};
use governance::{ConsentAnswer, ConsentBasis, Purpose};
use primitives::{Currency, CustomerId, ErrorKind};
use profiles::{Customer, Identifier, Owned, Profile, Profiles};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A feature, and its value before and after an event; NaN where it is not known.
pub type Moved = (Arc<Definition>, f64, f64);

/// What one event changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// The customers who go by the names of the event, as they were before it: none where nobody did, several where it made
    /// one of them.
    pub before: Vec<Profile>,
    /// The customer it is of, right after it; `None` for what is of nobody, such as an item.
    pub after: Option<Profile>,
    /// The consents that hold otherwise after it, or by another word.
    pub consents: Vec<ConsentAnswer>,
    /// The features that have another value, read at the moment of its arrival. None of who does not permit personalization.
    pub features: Vec<Moved>,
    /// The currency of the amounts among them.
    pub currency: Option<Currency>,
}

impl Engine {
    /// The event at a place.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where there is none, or where it does not count any more.
    pub fn event(&self, offset: Offset) -> Result<Recorded, EngineError> {
        let message = "no event of this number is kept: it was never there, or was withdrawn or erased since";
        let found = self.ports.events.at(&BTreeSet::from([offset]))?.pop();
        found.ok_or_else(|| EngineError::new(ErrorKind::NotFound, message))
    }

    /// What an event changed.
    ///
    /// # Errors
    /// [`EngineError`] where the past cannot be read, and of kind `Conflict` where too many events hang together with it or
    /// reading them takes too long.
    pub fn change_by(&self, recorded: &Recorded) -> Result<Change, EngineError> {
        // What came later has no say in it, but for who was separated since.
        let (known, cells) = self.look(|live| (live.profiles.separations().told_before(), live.cells.clone()));
        let names: Vec<Identifier> = Identifier::mentioned(&recorded.event).collect();
        let history = self.ports.history.as_ref();
        let gathered = Gathered::within(Bounds::of_page(), names.iter().cloned(), history, recorded.offset)?;
        let mut profiles = Profiles::told_anew(cells, known)?;
        for earlier in gathered.events().take_while(|earlier| earlier.offset < recorded.offset) {
            profiles.apply(earlier)?;
        }
        let before = called(&profiles, &names)?;
        profiles.apply(recorded)?;
        let after = called(&profiles, &names)?.into_iter().next();
        Ok(self.change(recorded, before, after))
    }

    fn change(
        &self,
        recorded: &Recorded,
        before: Vec<Customer<FeatureState>>,
        after: Option<Customer<FeatureState>>,
    ) -> Change {
        let answers = |profile: Option<&Profile>| {
            let consents = profile.map(|profile| profile.consents.clone()).unwrap_or_default();
            Purpose::ALL.map(|purpose| self.policy.answer(&consents, purpose))
        };
        // The first of several is the one whose id stays.
        let was = after.as_ref().and_then(|after| before.iter().find(|one| one.profile.id == after.profile.id));
        let was = was.or(before.first());
        let (then, now) = (answers(was.map(|one| &one.profile)), answers(after.as_ref().map(|one| &one.profile)));
        let is_permitted = now.iter().any(|one| one.purpose == Purpose::Personalization && one.granted);
        let features = match after.as_ref().filter(|_| is_permitted) {
            Some(after) => self.moved(was.map(|one| &one.state), &after.state, recorded),
            None => Vec::new(),
        };
        Change {
            consents: then.into_iter().zip(now).filter(|(then, now)| is_other(then, now)).map(|(_, now)| now).collect(),
            features,
            currency: after.as_ref().and_then(|after| after.state.currency()),
            before: before.into_iter().map(|one| one.profile).collect(),
            after: after.map(|one| one.profile),
        }
    }

    fn moved(&self, before: Option<&FeatureState>, after: &FeatureState, recorded: &Recorded) -> Vec<Moved> {
        let catalogue = self.catalogue().all();
        let (mut then, mut now) = (Vec::new(), Vec::new());
        let nobody = FeatureState::default();
        let as_of = recorded.event.received_at;
        catalogue.read(before.unwrap_or(&nobody), as_of, &mut then);
        catalogue.read(after, as_of, &mut now);
        let each = catalogue.definitions().iter().cloned().zip(then.into_iter().zip(now));
        let is_moved = |then: f64, now: f64| then.to_bits() != now.to_bits() && !(then.is_nan() && now.is_nan());
        each.filter(|(_, (then, now))| is_moved(*then, *now)).map(|(of, (then, now))| (of, then, now)).collect()
    }
}

/// Whether another answer holds, or the same by the customer's word and no longer by default.
fn is_other(then: &ConsentAnswer, now: &ConsentAnswer) -> bool {
    let is_default = |answer: &ConsentAnswer| matches!(answer.basis, ConsentBasis::Default);
    (then.granted, is_default(then)) != (now.granted, is_default(now))
}

/// The customers who go by some names, the first name's first.
fn called(
    profiles: &Profiles<Owned<FeatureState>>,
    names: &[Identifier],
) -> Result<Vec<Customer<FeatureState>>, EngineError> {
    let mut ids: Vec<CustomerId> = Vec::new();
    for name in names {
        ids.extend(profiles.find(name)?.filter(|id| !ids.contains(id)));
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(profiles.customer(&id)?.map(|customer| theirs(&customer).customer));
    }
    Ok(found)
}
