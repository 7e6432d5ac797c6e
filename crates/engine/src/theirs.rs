//! Which events are a customer's? Everything that could decide who is who around them is folded again beside the live state.
//!
//! Who an event belongs to depends on what was said before of the names it mentions, and on what was said of the names that
//! were mentioned together with those, and so on. Outside of that circle nothing has an influence: so what is folded from
//! its events alone is what is live, to the byte.

mod groups;

use crate::Engine;
use crate::error::EngineError;
use crate::stopwatch::Stopwatch;
use events::{Offset, Place, Recorded};
use features::{Cells, FeatureState, History};
use groups::Groups;
use primitives::{CustomerId, ErrorKind};
use profiles::{Customer, Identifier, Owned, Profiles, Separations};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// So many events of a circle are held in memory; anybody who may send events can make a circle large.
pub(super) const N_EVENTS_MAX: usize = 200_000;
/// And so many bytes of what was said in them.
const BYTES_MAX: usize = 128 << 20;
/// So many steps from name to name are each looked up. What is further apart is found by reading the names of all events once.
const N_STEPS_MAX: usize = 4;

/// A page may hold less, and takes no longer than that: anybody who may look asks for one.
const N_EVENTS_OF_PAGE_MAX: usize = 20_000;
const BYTES_OF_PAGE_MAX: usize = 32 << 20;
const PAGE_TIME_MAX: Duration = Duration::from_secs(5);

/// How much is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    n_events_max: usize,
    /// Of what is free-form in the events.
    bytes_max: usize,
    /// How long it is read, and whether all names are gone through where they are many steps apart.
    until: Option<(Stopwatch, Duration)>,
}

impl Bounds {
    fn new(n_events_max: usize, bytes_max: usize) -> Self {
        Self { n_events_max, bytes_max, until: None }
    }

    /// For a page, from now on.
    pub(super) fn of_page() -> Self {
        let until = Some((Stopwatch::start(), PAGE_TIME_MAX));
        Self { until, ..Self::new(N_EVENTS_OF_PAGE_MAX, BYTES_OF_PAGE_MAX) }
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|(watch, time_max)| watch.elapsed() >= time_max)
    }
}

/// A customer, folded again from their events.
#[derive(Debug, Clone, PartialEq)]
pub struct Theirs {
    /// The customer, equal to the live one.
    pub customer: Customer<FeatureState>,
    /// Where their events stand in the log, in order.
    pub offsets: Vec<Offset>,
}

/// All events that mention some names, or a name that was ever mentioned together with one of them, and so on.
pub(super) struct Gathered {
    events: BTreeMap<Offset, Recorded>,
    names: BTreeSet<Identifier>,
    /// Up to where the log was read.
    upto: Offset,
    /// Of what is free-form in the events.
    bytes: usize,
    bounds: Bounds,
}

/// All customers who are folded from such events.
pub struct Circle {
    gathered: Gathered,
    profiles: Profiles<Owned<FeatureState>>,
}

impl Circle {
    /// The circle around some names, of the events up to an offset. It reads the columns of the history as often as the
    /// names have steps between them, mostly two or three times; where they have many, all of it twice, and that is all.
    ///
    /// # Errors
    /// [`EngineError`] where the history cannot be read, and of kind `Conflict` where the circle is too large to be held.
    pub fn around(
        names: impl IntoIterator<Item = Identifier>,
        history: &dyn History,
        upto: Offset,
        cells: Arc<Cells>,
    ) -> Result<Self, EngineError> {
        let gathered = Gathered::around(names, history, upto)?;
        let known = gathered.known();
        Self::of(gathered, cells, known)
    }

    /// The same events, told by somebody who knows these separations.
    pub(super) fn of(gathered: Gathered, cells: Arc<Cells>, known: Separations) -> Result<Self, EngineError> {
        let mut profiles = Profiles::told_anew(cells, known)?;
        for recorded in gathered.events.values() {
            profiles.apply(recorded)?;
        }
        Ok(Self { gathered, profiles })
    }

    /// Its events, to be told otherwise.
    pub(super) fn into_gathered(self) -> Gathered {
        self.gathered
    }

    /// Every name that was mentioned within it.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<Identifier> {
        &self.gathered.names
    }

    /// Its events, in the order of the log.
    pub fn events(&self) -> impl Iterator<Item = &Recorded> {
        self.gathered.events.values()
    }

    /// Who they are.
    pub(super) fn profiles(&self) -> &Profiles<Owned<FeatureState>> {
        &self.profiles
    }

    /// An event by its place.
    #[must_use]
    pub fn event(&self, offset: Offset) -> Option<&Recorded> {
        self.gathered.event(offset)
    }

    /// To whom a name leads.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn find(&self, name: &Identifier) -> Result<Option<CustomerId>, EngineError> {
        Ok(self.profiles.find(name)?)
    }

    /// One of its customers; `None` where nobody has this id.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn theirs(&self, id: &CustomerId) -> Result<Option<Theirs>, EngineError> {
        Ok(self.profiles.customer(id)?.map(|customer| theirs(&customer)))
    }

    /// All its customers, in no particular order.
    pub fn customers(&self) -> impl Iterator<Item = Theirs> {
        self.profiles.resident().map(theirs)
    }
}

pub(super) fn theirs(Customer { profile, state }: &Customer<Owned<FeatureState>>) -> Theirs {
    let customer = Customer { profile: profile.clone(), state: state.state.clone() };
    Theirs { customer, offsets: state.offsets.iter().copied().collect() }
}

impl Gathered {
    pub(super) fn around(
        names: impl IntoIterator<Item = Identifier>,
        history: &dyn History,
        upto: Offset,
    ) -> Result<Self, EngineError> {
        Self::within(Bounds::new(N_EVENTS_MAX, BYTES_MAX), names, history, upto)
    }

    pub(super) fn within(
        bounds: Bounds,
        names: impl IntoIterator<Item = Identifier>,
        history: &dyn History,
        upto: Offset,
    ) -> Result<Self, EngineError> {
        let names: BTreeSet<Identifier> = names.into_iter().collect();
        let new = names.iter().cloned().collect();
        let mut gathered = Self { events: BTreeMap::new(), names, upto, bytes: 0, bounds };
        gathered.follow(new, history)?;
        Ok(gathered)
    }

    /// Goes on to a later offset, and answers which names came in new: their past is to be followed.
    pub(super) fn read_on(&mut self, history: &dyn History, upto: Offset) -> Result<Vec<Identifier>, EngineError> {
        let after = self.upto;
        self.upto = upto.max(after);
        let mut new = Vec::new();
        history.replay(Place::first(after), &mut |recorded| {
            let is_due = recorded.offset <= upto;
            if is_due && Identifier::mentioned(&recorded.event).any(|name| self.names.contains(&name)) {
                self.take(recorded, &mut new);
            }
            is_due && self.has_room()
        })?;
        self.check_room()?;
        Ok(new)
    }

    /// Reads everything of new names, and of those that come in with them.
    pub(super) fn follow(&mut self, mut new: Vec<Identifier>, history: &dyn History) -> Result<(), EngineError> {
        for _ in 0..N_STEPS_MAX {
            self.check_room()?;
            if new.is_empty() {
                return Ok(());
            }
            let asked = std::mem::take(&mut new);
            history.replay_of(&asked, Place::first(self.upto), &mut |recorded| {
                self.take(recorded, &mut new);
                self.has_room()
            })?;
        }
        self.check_room()?;
        match self.bounds.until {
            _ if new.is_empty() => Ok(()),
            None => self.follow_all(history),
            Some(_) => {
                Err(EngineError::new(ErrorKind::Conflict, "too many names hang together here for a page to read"))
            }
        }
    }

    /// Reads everything of all names, however many steps there are between them.
    fn follow_all(&mut self, history: &dyn History) -> Result<(), EngineError> {
        let (upto, mut groups) = (self.upto, Groups::default());
        groups.join(self.names.iter());
        history.replay(Place::first(Offset::default()), &mut |recorded| {
            let is_due = recorded.offset <= upto;
            if is_due {
                groups.join(Identifier::mentioned(&recorded.event).collect::<Vec<_>>().iter());
            }
            is_due
        })?;
        let Some(ours) = self.names.first().and_then(|name| groups.of(name)) else { return Ok(()) };
        history.replay(Place::first(Offset::default()), &mut |recorded| {
            let is_due = recorded.offset <= upto;
            if is_due && Identifier::mentioned(&recorded.event).any(|name| groups.of(&name) == Some(ours)) {
                self.take(recorded, &mut Vec::new());
            }
            is_due && self.has_room()
        })?;
        self.check_room()
    }

    fn take(&mut self, recorded: Recorded, new: &mut Vec<Identifier>) {
        new.extend(Identifier::mentioned(&recorded.event).filter(|name| self.names.insert(name.clone())));
        let bytes = recorded.event.free_form_bytes();
        if self.events.insert(recorded.offset, recorded).is_none() {
            self.bytes += bytes;
        }
    }

    fn has_room(&self) -> bool {
        self.events.len() <= self.bounds.n_events_max && self.bytes <= self.bounds.bytes_max && !self.bounds.is_over()
    }

    fn check_room(&self) -> Result<(), EngineError> {
        if self.has_room() {
            return Ok(());
        }
        if self.bounds.is_over() {
            let message = "reading the history takes too long for a page";
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        let message = format!(
            "it cannot be told whose events are whose here: this customer, everybody who shares a name with them, and everybody \
             who shares one with those have more than {} events or {} MB of them. One of the names stands in the events of many \
             people, such as a shared device or a placeholder: have it sent no longer, and undo the import that brought it",
            self.bounds.n_events_max,
            self.bounds.bytes_max >> 20
        );
        Err(EngineError::new(ErrorKind::Conflict, message))
    }

    pub(super) fn names(&self) -> &BTreeSet<Identifier> {
        &self.names
    }

    pub(super) fn upto(&self) -> Offset {
        self.upto
    }

    /// In the order of the log.
    pub(super) fn events(&self) -> impl Iterator<Item = &Recorded> {
        self.events.values()
    }

    /// Those after an offset, in the order of the log.
    pub(super) fn events_after(&self, after: Offset) -> impl Iterator<Item = &Recorded> + Clone {
        self.events.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, recorded)| recorded)
    }

    pub(super) fn event(&self, offset: Offset) -> Option<&Recorded> {
        self.events.get(&offset)
    }

    /// What is known beforehand by whoever folds the events anew.
    pub(super) fn known(&self) -> Separations {
        Separations::known(self.events())
    }
}

impl Engine {
    /// The circle around a customer, as of the events that are live now; `None` where nobody has this id.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn circle_around(&self, id: &CustomerId) -> Result<Option<Circle>, EngineError> {
        self.around(id, Bounds::new(self.n_circle_max.load(Ordering::Relaxed), BYTES_MAX))
    }

    /// The same for a page: of fewer events, and for not too long.
    ///
    /// # Errors
    /// [`EngineError`], of kind `Conflict` where there is more, or it takes longer.
    pub fn page_around(&self, id: &CustomerId) -> Result<Option<Circle>, EngineError> {
        self.around(id, Bounds::of_page())
    }

    fn around(&self, id: &CustomerId, bounds: Bounds) -> Result<Option<Circle>, EngineError> {
        let found = self.look(|live| {
            let customer = live.profiles.customer(id)?;
            let names = customer.map(|customer| names_of(&customer.profile));
            Ok::<_, EngineError>((names, live.profiles.offset(), live.cells.clone()))
        })?;
        let (Some(names), upto, cells) = found else { return Ok(None) };
        let gathered = Gathered::within(bounds, names, self.ports.history.as_ref(), upto)?;
        let known = gathered.known();
        Circle::of(gathered, cells, known).map(Some)
    }

    /// Holds no more than so many events of those who share names together.
    pub fn limit_circles(&self, n_events_max: usize) {
        self.n_circle_max.store(n_events_max, Ordering::Relaxed);
    }
}

/// The names to begin with: what is found from them finds the others.
fn names_of(profile: &profiles::Profile) -> BTreeSet<Identifier> {
    let of_joins = profile.joins.as_slice().iter().flat_map(|join| &join.names);
    let founder = Identifier::founder(&profile.id);
    profile.links.keys().chain(of_joins).cloned().chain([founder]).collect()
}

#[cfg(test)]
mod tests;
