//! How are names taken out of a customer who are another person? The past is told anew, for those whom it concerns.
//!
//! That two names are not one person is an event: durable first, and repeated by every rebuild. Then the customers around
//! both are folded again beside the live ones, from their own events alone, and take their place in one step; events and
//! decisions go on meanwhile. What is still to be told anew is known with the profiles: a program that ends in between
//! goes on with it at the next start.

mod telling;

use crate::Engine;
use crate::error::EngineError;
use crate::theirs::{Circle, Gathered};
use events::{Event, Offset, Receipt, Recorded};
use primitives::{CustomerId, ErrorKind};
use profiles::{Identifier, Separation, Separations};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{PoisonError, TryLockError};
use telling::{Rest, Telling};

/// So many events may be left to be read while others wait.
const N_REST_MAX: u64 = 500;
/// So often it is tried; after that the background tries again.
const N_ROUNDS_MAX: usize = 20;
/// The longest reason, in bytes: it stays in the log for ever.
const REASON_BYTES_MAX: usize = 1_000;

/// What a separation makes of one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// The customer whom it was said of.
    pub customer: CustomerId,
    /// The two names that are not one person: that of the customer, and the one that is taken out.
    pub names: [Identifier; 2],
    /// To whom the customer's events go; who has most of them first.
    pub parts: Vec<PartOf>,
    /// Whether it is so already. If not, the past is still being told anew.
    pub is_done: bool,
}

/// One customer with events of the former one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartOf {
    /// The customer.
    pub customer: CustomerId,
    /// Every name they go by.
    pub names: Vec<Identifier>,
    /// How many of the former customer's events are theirs.
    pub n_events: u64,
}

impl Engine {
    /// What would become of a customer without one of their names. Changes nothing.
    ///
    /// # Errors
    /// [`EngineError`] where nobody goes by the customer's name, or they cannot be separated from the other.
    pub fn foresee_separation(&self, customer: &str, name: &str) -> Result<Parted, EngineError> {
        let (id, names) = self.separable(customer, name)?;
        self.foresee(&id, names)
    }

    /// Says that a customer does not go by one of their names, now and in the past, and tells the past anew. Where that has
    /// to wait, it is done in the background.
    ///
    /// # Errors
    /// As [`Engine::foresee_separation`], where the reason is too long, and where it cannot be written; then nothing has
    /// changed.
    pub fn separate(&self, customer: &str, name: &str, reason: &str) -> Result<Parted, EngineError> {
        if reason.len() > REASON_BYTES_MAX {
            let message = format!("the reason is longer than {REASON_BYTES_MAX} bytes: say it shorter");
            return Err(EngineError::new(ErrorKind::Invalid, message));
        }
        let (id, names) = self.separable(customer, name)?;
        let foreseen = self.foresee(&id, names)?;
        let keys = foreseen.names.each_ref().map(Identifier::key);
        let event = Event::separation(keys, reason.to_owned(), self.clock.now(), self.ports.events.head());
        let receipts =
            self.append_and_fold(vec![event], |events| Ok((self.ports.events.append(events)?, Vec::new())))?;
        if receipts.contains(&Receipt::Conflict) {
            let message = "another separation was written at this very moment: try again";
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        if receipts.contains(&Receipt::Erased) {
            let message = format!("customer {id} is being erased, and nothing more is said of them");
            return Err(EngineError::new(ErrorKind::Conflict, message));
        }
        let is_done = match self.following.try_lock() {
            Ok(_one_at_a_time) => self.tell_all(),
            Err(TryLockError::Poisoned(poisoned)) => {
                let _one_at_a_time = poisoned.into_inner();
                self.tell_all()
            }
            // Everything is being made anew: the background goes on with it afterwards.
            Err(TryLockError::WouldBlock) => Ok(false),
        };
        let is_done = is_done.unwrap_or_else(|error| {
            // It is said and will be done: who hears of an error would say it again.
            tracing::error!(error = error.story(), "the past could not be told anew yet; it is tried again");
            false
        });
        Ok(Parted { is_done, ..foreseen })
    }

    /// Whether the past of some customers is still to be told anew.
    pub fn has_separations_to_do(&self) -> bool {
        self.look(|live| live.profiles.separations().to_do().next().is_some())
    }

    /// Tells the past anew wherever names were separated and it is not done yet. Where somebody is being erased it is done
    /// by that: everything is made anew without them.
    ///
    /// # Errors
    /// [`EngineError`] where the history cannot be read; then the rest stays to be done.
    pub fn follow_separations(&self) -> Result<(), EngineError> {
        if !self.has_separations_to_do() {
            return Ok(());
        }
        let _one_at_a_time = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell_all().map(drop)
    }

    /// The customer, and the two names that are to be separated.
    fn separable(&self, customer: &str, name: &str) -> Result<(CustomerId, [Identifier; 2]), EngineError> {
        self.meant(customer)?;
        let found = self.look(|live| live.customer(customer))?.ok_or_else(|| {
            let message = format!("no customer goes by \"{customer}\": give a userId, an anonymousId or a customerId");
            EngineError::new(ErrorKind::NotFound, message)
        })?;
        let profile = found.profile;
        let founder = Identifier::founder(&profile.id);
        let named = Identifier::meant_by(name);
        let meant: Vec<&Identifier> = profile.links.keys().filter(|link| named.contains(link)).collect();
        let invalid = |message: String| EngineError::new(ErrorKind::Invalid, message);
        match meant[..] {
            [] => {
                let names: Vec<String> = profile.links.keys().map(ToString::to_string).collect();
                Err(invalid(format!("customer {} has no name \"{name}\": one of {}", profile.id, names.join(", "))))
            }
            [meant] if *meant == founder => Err(invalid(format!(
                "customer {} is known by the name \"{name}\" first: name the one that is somebody else, and this one stays",
                profile.id
            ))),
            [meant] => {
                let names = [founder, meant.clone()];
                Ok((profile.id, names))
            }
            _ => Err(invalid(format!(
                "customer {} has the userId and the anonymousId \"{name}\": say user:{name} or anonymous:{name}",
                profile.id
            ))),
        }
    }

    fn foresee(&self, id: &CustomerId, names: [Identifier; 2]) -> Result<Parted, EngineError> {
        let gone =
            || EngineError::new(ErrorKind::Conflict, format!("customer {id} has just become another: try again"));
        let circle = self.circle_around(id)?.ok_or_else(gone)?;
        let before: BTreeSet<Offset> = circle.theirs(id)?.ok_or_else(gone)?.offsets.into_iter().collect();
        let gathered = circle.into_gathered();
        let keys = names.each_ref().map(Identifier::key);
        let said = Event::separation(keys, String::new(), self.clock.now(), gathered.upto());
        let said = Recorded { offset: Offset(gathered.upto().0 + 1), event: said };
        let known = Separations::known(gathered.events().chain([&said]));
        let cells = self.look(|live| live.cells.clone());
        let after = Circle::of(gathered, cells, known)?;
        let mut parts: Vec<PartOf> = after
            .customers()
            .map(|theirs| PartOf {
                n_events: theirs.offsets.iter().filter(|offset| before.contains(offset)).count() as u64,
                names: theirs.customer.profile.links.into_keys().collect(),
                customer: theirs.customer.profile.id,
            })
            .filter(|part| part.n_events > 0)
            .collect();
        parts.sort_by(|a, b| b.n_events.cmp(&a.n_events).then_with(|| a.customer.cmp(&b.customer)));
        Ok(Parted { customer: id.clone(), names, parts, is_done: false })
    }

    /// Answers whether all is told. To be called by one at a time.
    fn tell_all(&self) -> Result<bool, EngineError> {
        let mut told = None;
        loop {
            let to_do = self.look(|live| live.profiles.separations().to_do().min_by_key(|one| one.offset).cloned());
            let Some(to_do) = to_do else { return Ok(true) };
            if !self.ports.erasures.under_way().is_empty() {
                return Ok(false);
            }
            if told.as_ref() == Some(&to_do) {
                let message =
                    format!("the separation at offset {} is still to be told: report this as a fault", to_do.offset);
                return Err(EngineError::new(ErrorKind::Internal, message));
            }
            self.tell_one(&to_do)?;
            told = Some(to_do);
        }
    }

    fn tell_one(&self, to_do: &Separation) -> Result<(), EngineError> {
        let history = self.ports.history.as_ref();
        let gathered = Gathered::around(to_do.names.clone(), history, self.live_upto())?;
        let mut telling = self.telling(gathered)?;
        for _ in 0..N_ROUNDS_MAX {
            // Where little has come meanwhile, events wait while it is read, and the customers take their places.
            let folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
            let upto = self.live_upto();
            let folded = Some(folded).filter(|_| upto.0 - telling.upto().0 <= N_REST_MAX);
            match telling.go_on(history, upto)? {
                Rest::Told if folded.is_none() => {}
                Rest::Told => {
                    let n_events = telling.n_events();
                    self.live.change(|live| {
                        live.tell_anew(telling)?;
                        self.pressure.measure(&live.profiles);
                        Ok::<_, EngineError>(())
                    })?;
                    // Who is being read from the store may be one of those.
                    self.is_cold.store(true, Ordering::Release);
                    drop(folded);
                    tracing::info!(n_events, "names were separated, and their past is told anew");
                    return Ok(());
                }
                Rest::New(names) => {
                    // What was said of new names is sought in the whole history: no event waits for that.
                    drop(folded);
                    let mut gathered = telling.into_gathered();
                    gathered.follow(names, history)?;
                    telling = self.telling(gathered)?;
                }
            }
        }
        let message = "names were separated, and events go on to bring new names of those customers: their past is told anew \
                       with the next round of maintenance";
        Err(EngineError::new(ErrorKind::Unavailable, message))
    }

    /// Tells the past from gathered events, beside the live state.
    fn telling(&self, gathered: Gathered) -> Result<Telling, EngineError> {
        let (cells, first) = self.look(|live| {
            let is_of = |one: &&Separation| one.names.iter().all(|name| gathered.names().contains(name));
            let first = live.profiles.separations().to_do().filter(is_of).map(|one| one.offset).min();
            (live.cells.clone(), first.unwrap_or(Offset(u64::MAX)))
        });
        Telling::of(gathered, cells, first, &self.policy)
    }

    fn live_upto(&self) -> Offset {
        self.look(|live| live.profiles.offset())
    }
}
