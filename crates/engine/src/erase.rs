//! How is a customer erased, while everything else goes on?
//!
//! It is made durable what is theirs and which names are theirs alone; from then on no event with these names comes in and no
//! replay visits what they did. Then it is removed, everything derived is made anew without it, and what was removed is
//! overwritten. Each step may be done again, so a crash anywhere leads to the same end: the next start goes on.

mod apart;
mod door;
mod eraser;

pub(super) use door::Door;
pub use eraser::{Eraser, Erasing};

use crate::Engine;
use crate::error::EngineError;
use crate::theirs::{Circle, Theirs};
use events::{Call, Event, OCCASIONS, Offset};
use learning::{ModelHeader, Withdrawn};
use primitives::{AnonymousId, CustomerId, ErrorKind};
use profiles::{Erasure, ErasureId, ErasurePlan, ErasureStage, ErasureStep, Identifier, Profile, Removed};
use rand_chacha::rand_core::Rng;
use std::collections::BTreeSet;
use std::sync::PoisonError;

/// So often it is looked again who somebody is, where events that came meanwhile have made them somebody else.
const N_LOOKS_MAX: usize = 20;

/// What would go with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Who it is, where somebody is live.
    pub customer: Option<CustomerId>,
    /// The name by which they are to be erased, where they have a `userId`.
    pub user: Option<Identifier>,
    /// The names that would be refused from then on.
    pub names: Vec<Identifier>,
    /// How much would be removed.
    pub removed: Removed,
}

/// Whom a text means.
struct Looked {
    plan: ErasurePlan,
    customer: Option<CustomerId>,
    user: Option<Identifier>,
    /// Whether the text is a name that says who it is, and not a device of theirs.
    is_named: bool,
}

impl Looked {
    /// The customer who goes by `name`, with the names that are theirs alone and the places of what is theirs.
    fn of(name: &Identifier, profile: &Profile, names: BTreeSet<Identifier>, places: Vec<Offset>) -> Self {
        let user = profile.links.keys().find(|name| matches!(name, Identifier::User(_))).cloned();
        let customers = customers(Some(profile.id.clone()), &names);
        let plan = ErasurePlan { customers, names: names.into_iter().collect(), places };
        Self { plan, customer: Some(profile.id.clone()), user, is_named: matches!(name, Identifier::User(_)) }
    }
}

impl Engine {
    /// What would go with a customer. Changes nothing.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where nothing names whom that name means, of kind `Conflict` where too much is shared
    /// with others to tell.
    pub fn foresee_erasure(&self, text: &str) -> Result<Foreseen, EngineError> {
        for _ in 0..N_LOOKS_MAX {
            if let Some(Looked { plan, customer, user, .. }) = self.look_up(text)? {
                let removed = self.ports.erasures.foresee(&plan)?;
                return Ok(Foreseen { customer, user, names: plan.names, removed });
            }
        }
        Err(goes_on(text))
    }

    /// Makes durable that a customer is to be erased, and answers with the erasure and whether it begins: where they were
    /// erased before it is the one that there is. [`Engine::finish_erasures`] does the rest.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where nothing names whom that name means, of kind `Conflict` where it is a device of
    /// somebody with a `userId`, or too much is shared with others to tell; or where it cannot be stored.
    pub fn begin_erasure(&self, text: &str) -> Result<(Erasure, bool), EngineError> {
        self.begin_erasure_while(text, || true)
    }

    /// [`Engine::begin_erasure`] for somebody who does not wait for ever: when nobody hears the answer any more, nothing begins.
    ///
    /// # Errors
    /// As [`Engine::begin_erasure`]; of kind `Unavailable` where it is not awaited any more.
    pub fn begin_erasure_while(
        &self,
        text: &str,
        is_awaited: impl Fn() -> bool,
    ) -> Result<(Erasure, bool), EngineError> {
        let _one_at_a_time = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_awaited() {
            return Err(others_first(text));
        }
        if let Some(known) = self.erased_before(text)? {
            return Ok((known, false));
        }
        self.ports.erasures.check_room()?;
        let mut closed = Vec::new();
        for _ in 0..N_LOOKS_MAX {
            // They may have become somebody else's since they were looked up.
            let Some(Looked { plan, user, is_named, .. }) = self.look_up(text)? else { continue };
            if let (Some(user), false) = (user, is_named) {
                return Err(of_a_device(text, &user));
            }
            if !plan.names.iter().all(|name| self.door.is_closed_to(name)) {
                closed.push(self.door.close_to(plan.names));
                continue;
            }
            if !is_awaited() {
                return Err(others_first(text));
            }
            return Ok((self.keep_plan(plan)?, true));
        }
        Err(goes_on(text))
    }

    /// Whom a text means, and what is theirs; `None` where they have just become somebody else's.
    fn look_up(&self, text: &str) -> Result<Option<Looked>, EngineError> {
        drop(self.wait_until_folded(self.ports.events.head())?);
        let rewards = Identifier::Anonymous(AnonymousId::from(OCCASIONS));
        if Identifier::meant_by(text).contains(&rewards) {
            return Err(of_nobody(text));
        }
        let Some((name, id)) = self.meant(text)? else {
            return self.look_up_unknown(text).map(Some);
        };
        if id == rewards.customer_id() {
            return Err(of_nobody(text));
        }
        let circle = match self.circle_around(&id) {
            Err(error) if error.kind() == ErrorKind::Conflict => return self.look_up_apart(&name, &id),
            circle => circle?,
        };
        let Some(circle) = circle else { return Ok(None) };
        let Some(theirs) = circle.theirs(&id)? else { return Ok(None) };
        let names = names_of_theirs_alone(&circle, &theirs)?;
        let places = theirs.offsets.into_iter().chain(said_of(&circle, &names)).collect();
        Ok(Some(Looked::of(&name, &theirs.customer.profile, names, places)))
    }

    /// Of whom nothing is live: what was withdrawn, rejected or decided may name them all the same.
    fn look_up_unknown(&self, text: &str) -> Result<Looked, EngineError> {
        let names: BTreeSet<Identifier> =
            Identifier::meant_by(text).into_iter().filter(Identifier::is_possible).collect();
        let customers = customers(None, &names);
        let plan = ErasurePlan { customers, names: names.into_iter().collect(), places: Vec::new() };
        // A cell of a row or a word of a saved list may be anything: it makes nobody a customer.
        let Removed { events, decisions, rejections, .. } = self.ports.erasures.foresee(&plan)?;
        match events + decisions + rejections {
            0 => Err(nobody(text)),
            _ => Ok(Looked { plan, customer: None, user: None, is_named: true }),
        }
    }

    fn keep_plan(&self, plan: ErasurePlan) -> Result<Erasure, EngineError> {
        let (mut random, mut key) = ([0; 16], [0; 32]);
        {
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.fill_bytes(&mut random);
            ids.fill_bytes(&mut key);
        }
        let id = ErasureId::new(u128::from_be_bytes(random));
        self.ports.erasures.begin(&id, plan, self.clock.now(), key)?;
        self.erasure(&id)
    }

    /// Removes everything of the customers whose erasure has begun, and makes everything derived anew once for all of them.
    /// Answers how many they were; ends early where `progress` says so. What was reached before a failure is not done again.
    ///
    /// # Errors
    /// [`EngineError`]; it may be done again, and goes on.
    pub fn finish_erasures(
        &self,
        progress: &mut dyn FnMut(u64) -> Result<(), EngineError>,
    ) -> Result<usize, EngineError> {
        let store = self.ports.erasures.as_ref();
        let ids = store.under_way();
        if ids.is_empty() {
            return Ok(0);
        }
        let remove = |step| ids.iter().try_for_each(|id| store.remove(id, step, self.clock.now()));
        let is_before = |stage| ids.iter().any(|id| store.stage(id) < stage);
        let reach = |stage| ids.iter().try_for_each(|id| store.reach(id, stage));
        if is_before(ErasureStage::MadeAnew) {
            store.check_room()?;
            remove(ErasureStep::Log)?;
            remove(ErasureStep::History)?;
            self.make_anew(progress)?;
            reach(ErasureStage::MadeAnew)?;
        }
        // From here on nobody can look at them, and so nobody can leave a trace of it.
        if is_before(ErasureStage::Removed) {
            let customers = ids.iter().flat_map(|id| store.customers_of(id));
            customers.map(|customer| self.forget_in_lists(&customer)).try_for_each(|forgot| forgot.map(drop))?;
            self.change_saved_lists(|| remove(ErasureStep::Records))?;
            self.reaching.forget();
            remove(ErasureStep::Files)?;
            reach(ErasureStage::Removed)?;
        }
        if is_before(ErasureStage::Overwritten) {
            store.overwrite()?;
            reach(ErasureStage::Overwritten)?;
        }
        store.overwrite_ahead()?;
        ids.iter().try_for_each(|id| store.end(id, self.clock.now()))?;
        Ok(ids.len())
    }

    /// An erasure by its receipt.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound`.
    pub fn erasure(&self, id: &ErasureId) -> Result<Erasure, EngineError> {
        let missing = || EngineError::new(ErrorKind::NotFound, format!("there is no erasure {id}"));
        self.ports.erasures.erasure(id).ok_or_else(missing)
    }

    /// Takes events with the names of somebody again who was erased. What was erased stays so.
    ///
    /// # Errors
    /// [`EngineError`] of kind `NotFound` where nobody of that name was erased, of kind `Conflict` where that is still under
    /// way.
    pub fn allow_again(&self, text: &str) -> Result<Erasure, EngineError> {
        let Some(known) = self.erasures_of_text(text).next() else {
            let message = format!("nobody was erased who went by {}, or it is allowed already", shown(text));
            return Err(EngineError::new(ErrorKind::NotFound, message));
        };
        if known.ended_at.is_none() {
            let message = format!("erasure {} is still under way: allow the name again when it has ended", known.id);
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        self.ports.erasures.allow(&known.id, self.clock.now())?;
        self.erasure(&known.id)
    }

    /// Whether a name belongs to somebody who was erased.
    pub(super) fn is_refused(&self, name: &Identifier) -> bool {
        self.ports.erasures.erasure_of(name).is_some() || self.door.is_closed_to(name)
    }

    /// Whether an event names somebody who was erased.
    pub fn names_erased(&self, event: &Event) -> bool {
        let store = &self.ports.erasures;
        store.refuses_any() && Identifier::mentioned(event).any(|name| store.erasure_of(&name).is_some())
    }

    /// The customers whom a model has learned from and who were erased since.
    pub(super) fn erased_from(&self, header: &ModelHeader) -> Option<Withdrawn> {
        let concerned = self.ports.erasures.erasures().into_iter().filter(|one| {
            header.trained_at <= one.asked_at && header.learned_until.is_none_or(|until| one.known_since <= until)
        });
        let add = |sum: Option<Withdrawn>, one: Erasure| {
            let known = sum.unwrap_or(Withdrawn { n: 0, first_at: one.asked_at });
            Some(Withdrawn { n: known.n + 1, first_at: known.first_at.min(one.asked_at) })
        };
        concerned.fold(None, add)
    }

    /// The erasure of whom a text means. Whoever lives and goes by it is meant before somebody who was erased and went by
    /// it as another kind of name; but until everything is made anew, who is being erased is live as well.
    fn erased_before(&self, text: &str) -> Result<Option<Erasure>, EngineError> {
        let store = self.ports.erasures.as_ref();
        // Before who is live: what ends meanwhile is then known as what it was.
        let mut known = self.erasures_of_text(text).map(|one| (store.customers_of(&one.id), one)).collect::<Vec<_>>();
        if !known.is_empty() {
            let living = self.look(|live| live.profiles.find_by_text(text))?;
            known.retain(|(customers, _)| living.as_ref().is_none_or(|id| customers.contains(id)));
        }
        Ok(known.into_iter().map(|(_, one)| one).next())
    }

    fn erasures_of_text(&self, text: &str) -> impl Iterator<Item = Erasure> {
        let store = self.ports.erasures.as_ref();
        Identifier::meant_by(text).into_iter().filter_map(|name| store.erasure(&store.erasure_of(&name)?))
    }
}

/// The names by which only this customer goes: a device that others use stays theirs.
fn names_of_theirs_alone(circle: &Circle, theirs: &Theirs) -> Result<BTreeSet<Identifier>, EngineError> {
    let own: BTreeSet<_> = theirs.offsets.iter().copied().collect();
    let mentioned_by = |is_own: bool| {
        let events = circle.events().filter(move |recorded| {
            own.contains(&recorded.offset) == is_own && !matches!(recorded.event.call, Call::Separate { .. })
        });
        // Whoever has a write key may name any userId that is not given out yet: it is theirs only where it came to be.
        let counts =
            move |event: &Event, name: &Identifier| !is_own || event.origin.is_trusted() || !is_claimed(event, name);
        let named = |event| Identifier::mentioned(event).filter(move |name| counts(event, name));
        events.flat_map(|recorded| named(&recorded.event)).collect::<BTreeSet<_>>()
    };
    let (mine, of_others) = (mentioned_by.clone()(true), mentioned_by(false));
    let mut names: BTreeSet<Identifier> = mine.difference(&of_others).cloned().collect();
    let profile = &theirs.customer.profile;
    names.extend(linked_alone(profile, circle.find(&Identifier::founder(&profile.id))?.as_ref()));
    names.retain(|name| profile.links.get(name).is_none_or(|link| !link.is_shared));
    Ok(names)
}

/// The names that are linked to this customer and nobody else; with the one that founded them, where `founder_leads_to` says that
/// it still leads to them.
fn linked_alone(profile: &Profile, founder_leads_to: Option<&CustomerId>) -> BTreeSet<Identifier> {
    let founder = Some(Identifier::founder(&profile.id)).filter(|_| founder_leads_to == Some(&profile.id));
    let is_shared = |name: &Identifier| profile.links.get(name).is_some_and(|link| link.is_shared);
    profile.links.keys().cloned().chain(founder).filter(|name| !is_shared(name)).collect()
}

/// Whether a name is the userId that an alias says was theirs before.
fn is_claimed(event: &Event, name: &Identifier) -> bool {
    matches!(name, Identifier::User(id) if event.user_id.as_ref() != Some(id))
}

/// Where others say that they are one with them, or not: it names them, and what was refused because of what is known of
/// them would hold without it.
fn said_of(circle: &Circle, names: &BTreeSet<Identifier>) -> Vec<Offset> {
    let is_of_them = |event: &Event| match &event.call {
        Call::Separate { .. } => Identifier::mentioned(event).any(|name| names.contains(&name)),
        Call::Alias { previous_id } => Identifier::of_previous(previous_id).iter().any(|name| names.contains(name)),
        _ => false,
    };
    circle.events().filter(|one| is_of_them(&one.event)).map(|recorded| recorded.offset).collect()
}

/// Every id under which they were known.
fn customers(id: Option<CustomerId>, names: &BTreeSet<Identifier>) -> Vec<CustomerId> {
    let all: BTreeSet<CustomerId> = names.iter().map(Identifier::customer_id).chain(id).collect();
    all.into_iter().collect()
}

/// Whoever sends events chooses their device's name, and may send it with anybody's `userId`.
fn of_a_device(text: &str, user: &Identifier) -> EngineError {
    let message = format!(
        "{} is a device of {user}, and who asks by a device may be somebody else: look what would go with a dry run, and erase \
         \"{}\" where it is they who are meant",
        shown(text),
        primitives::visible(&user.to_meant())
    );
    EngineError::new(ErrorKind::Conflict, message)
}

fn goes_on(text: &str) -> EngineError {
    let message = format!("{} could not be erased, since events go on to change who that is: try again", shown(text));
    EngineError::new(ErrorKind::Unavailable, message)
}

fn others_first(text: &str) -> EngineError {
    let message = format!("others are being looked up to be erased, and {} has to wait: try again", shown(text));
    EngineError::new(ErrorKind::Unavailable, message)
}

fn of_nobody(text: &str) -> EngineError {
    let message = format!(
        "{} is nobody: rewards of decisions that were about nobody are told in this name, and once it were erased none could be any more; \
         they go with the events, after as long as those are kept",
        shown(text)
    );
    EngineError::new(ErrorKind::Conflict, message)
}

fn nobody(text: &str) -> EngineError {
    let message = format!("nobody goes by {}: give a customerId, a userId or an anonymousId", shown(text));
    EngineError::new(ErrorKind::NotFound, message)
}

fn shown(text: &str) -> String {
    format!("\"{}\"", primitives::visible(text))
}
