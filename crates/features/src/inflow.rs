//! What comes in, from whom and in which shape? A fold over events, so that one sees at a glance whether they can be
//! trusted.
//!
//! What stays true:
//! - it holds names of events, of properties and of libraries, and no value of any of them;
//! - it is bounded whatever a stranger sends: names of the company's own give way only to one another, and all spellings of
//!   an understood name that only clients send are one.

mod shape;

pub use shape::{Shape, ValueKind};

use events::{
    CONSENT_UPDATED, Call, CallKind, Channel, Event, Object, Offset, Origin, Recorded, Understanding, as_sent,
    table_name,
};
use primitives::Timestamp;
use profiles::{Change, ProfileError, ProfileStore, TotalsRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shape::{Counted, add_within, cut};
use std::collections::BTreeMap;

/// How many of the newest days with events are told.
const N_DAYS: usize = 30;

/// How many names are kept that the company itself has sent.
const N_OWN_MAX: usize = 500;
/// How many names are kept that only holders of the write key have sent and that are not understood. Of those that are, there
/// are no more than the tables have.
const N_STRANGE_MAX: usize = 200;
const N_PROPERTIES_MAX: usize = 60;
const N_LIBRARIES_MAX: usize = 12;

/// So many events of a name are looked into each day, and of what comes beyond them one of so many: a replay of millions
/// opens few of them.
const N_LOOKED_EACH_DAY: u32 = 100;
const LOOKED_EVERY: u32 = 64;

const KEY: &str = "inflow";

/// Which events: tracked ones by their name, others by their call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InflowName {
    /// Which call.
    pub kind: CallKind,
    /// The name of tracked events; empty for others.
    pub name: String,
}

impl InflowName {
    /// What people call them: the name of tracked events, else the call.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { self.kind.name() } else { &self.name }
    }

    /// Whether somebody who says `asked` means these: by that name, or by another spelling of what is understood.
    #[must_use]
    pub fn is_meant_by(&self, asked: &str) -> bool {
        is_same(self.shown(), asked)
    }
}

/// Whether two names of events are one: the same, or spellings of one that is understood.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || table_name(one).is_some_and(|name| table_name(other) == Some(name))
}

/// What came in under a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inflow {
    /// How many.
    pub n_events: u64,
    /// What came from each origin, in the order of [`Origin::ALL`].
    pub by_origin: [Sender; 3],
    /// When the first came in.
    pub first_at: Timestamp,
    /// When the newest came in.
    pub last_at: Timestamp,
    /// How many on each of the newest days that had any.
    pub days: BTreeMap<i64, u32>,
    /// Of how many the name speaks of something that is not understood.
    pub n_not_understood: u64,
    /// How many have a property that cannot be read.
    pub n_marked: u64,
    /// Whether the name stands in a table of what is understood.
    is_listed: bool,
    /// Whether the name speaks of something that is not understood.
    is_lost: bool,
    /// The channel they belong to.
    pub channel: Option<Channel>,
    /// Into how many was looked.
    pub n_looked: u64,
    /// What was found there: properties or traits, by their names.
    pub properties: BTreeMap<String, Shape>,
    /// The libraries that sent them, as far as they say so.
    pub libraries: BTreeMap<String, Sender>,
}

/// What a name is driven out by: others of its standing, as far as there are too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The company itself has sent it.
    Own,
    /// Only holders of the write key have, and it is understood.
    Understood,
    /// Only they have, and it is not.
    Strange,
}

impl Standing {
    fn n_max(self) -> usize {
        match self {
            Self::Own => N_OWN_MAX,
            Self::Understood => usize::MAX,
            Self::Strange => N_STRANGE_MAX,
        }
    }
}

/// Who sent events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// How many; of a library those that were looked into.
    pub n_events: u64,
    /// When the newest of them came in.
    pub last_at: Timestamp,
}

/// Everything that comes in, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inflows {
    held: Held,
    offset: Offset,
    row: TotalsRow,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Held {
    tracked: BTreeMap<String, Inflow>,
    others: BTreeMap<CallKind, Inflow>,
    n_forgotten: u64,
}

impl Counted for Inflow {
    fn n(&self) -> u64 {
        self.n_events
    }
}

impl Counted for Sender {
    fn n(&self) -> u64 {
        self.n_events
    }
}

impl Sender {
    fn add(&mut self, at: Timestamp) {
        self.n_events += 1;
        self.last_at = self.last_at.max(at);
    }

    /// Takes in what another one counted.
    pub fn join(&mut self, other: &Self) {
        self.n_events += other.n_events;
        self.last_at = self.last_at.max(other.last_at);
    }
}

impl Inflow {
    fn standing(&self) -> Standing {
        let [clients, ..] = &self.by_origin;
        match (clients.n_events < self.n_events, self.is_listed) {
            (true, _) => Standing::Own,
            (false, true) => Standing::Understood,
            (false, false) => Standing::Strange,
        }
    }

    /// Whether what came in under this name is understood: it stands in a table, is a call, or says what somebody consents to.
    #[must_use]
    pub fn is_understood(&self, name: &InflowName) -> bool {
        self.is_listed || name.kind != CallKind::Track || name.name == CONSENT_UPDATED
    }

    /// In which share of the events that were looked into a property was.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of counts far below 2^53")]
    pub fn share(&self, shape: &Shape) -> f64 {
        if self.n_looked == 0 { 0.0 } else { shape.n() as f64 / self.n_looked as f64 }
    }

    fn add(&mut self, event: &Event) {
        let at = event.received_at;
        self.first_at = if self.n_events == 0 { at } else { self.first_at.min(at) };
        self.last_at = self.last_at.max(at);
        self.n_events += 1;
        let origin = Origin::ALL.iter().position(|origin| *origin == event.origin);
        if let Some(sender) = origin.and_then(|origin| self.by_origin.get_mut(origin)) {
            sender.add(at);
        }
        if self.n_events == 1 {
            // By the name alone, which is that of all of them.
            let understanding = event.understanding();
            self.is_listed = matches!(understanding, Understanding::Step(_) | Understanding::Channel);
            self.is_lost = understanding == Understanding::NotUnderstood;
        }
        self.channel = event.channel().or(self.channel);
        self.n_not_understood += u64::from(self.is_lost);
        self.n_marked += u64::from(event.is_marked());
        if self.is_looked_into(at.day()) {
            self.look_into(event);
        }
    }

    /// Counts one on a day, and tells whether it is looked into.
    fn is_looked_into(&mut self, day: i64) -> bool {
        let is_full = self.days.len() >= N_DAYS && !self.days.contains_key(&day);
        if is_full && self.days.first_key_value().is_none_or(|(first, _)| day < *first) {
            return self.n_events.is_multiple_of(u64::from(LOOKED_EVERY));
        }
        let n_today = self.days.entry(day).or_default();
        *n_today = n_today.saturating_add(1);
        let is_looked_into = *n_today <= N_LOOKED_EACH_DAY || n_today.is_multiple_of(LOOKED_EVERY);
        if self.days.len() > N_DAYS {
            self.days.pop_first();
        }
        is_looked_into
    }

    fn look_into(&mut self, event: &Event) {
        self.n_looked += 1;
        for (name, value) in own_fields(&event.call).into_iter().flatten() {
            add_within(&mut self.properties, N_PROPERTIES_MAX, cut(name), |shape| shape.add(value));
        }
        let library = event.context.get("library").and_then(|library| library.get("name"));
        let library = library.and_then(Value::as_str).filter(|name| !name.is_empty());
        if let Some(name) = library {
            add_within(&mut self.libraries, N_LIBRARIES_MAX, cut(name), |sender: &mut Sender| {
                sender.add(event.received_at);
            });
        }
    }
}

/// What a call says in fields of its sender's own.
fn own_fields(call: &Call) -> Option<&Object> {
    match call {
        Call::Track { properties: fields, .. }
        | Call::Page { properties: fields, .. }
        | Call::Screen { properties: fields, .. }
        | Call::Identify { traits: fields }
        | Call::Group { traits: fields, .. }
        | Call::Item { traits: fields, .. } => Some(fields),
        _ => None,
    }
}

impl Inflows {
    /// Opens what a store's last checkpoint left.
    ///
    /// # Errors
    /// [`ProfileError`] where the store cannot be read or the row is damaged.
    pub fn open(store: &dyn ProfileStore) -> Result<Self, ProfileError> {
        Ok(Self { held: TotalsRow::stored(store, KEY)?, offset: store.offset()?, row: TotalsRow::default() })
    }

    /// Folds in one event. An event at or before the offset reached changes nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { offset, event } = recorded;
        if *offset <= self.offset {
            return;
        }
        self.offset = *offset;
        // What nobody can send has not come in.
        if !CallKind::ALL.contains(&event.kind()) {
            return;
        }
        self.row.changed();
        match &event.call {
            Call::Track { event: name, .. } => self.add_tracked(name, event),
            _ => self.held.others.entry(event.kind()).or_default().add(event),
        }
    }

    fn add_tracked(&mut self, name: &str, event: &Event) {
        // Nearly every event has a name that is listed: it is looked up once, and nothing is written down for it.
        if let Some(inflow) = self.held.tracked.get_mut(name) {
            let before = inflow.standing();
            inflow.add(event);
            let standing = inflow.standing();
            if standing != before {
                self.make_room(standing, name);
            }
            return;
        }
        // However a stranger spells it.
        let table = if event.origin == Origin::Client { table_name(name) } else { None };
        let listed = table.map_or_else(|| name.to_owned(), as_sent);
        let inflow = self.held.tracked.entry(listed.clone()).or_default();
        inflow.add(event);
        let standing = inflow.standing();
        self.make_room(standing, &listed);
    }

    /// Forgets the rarest of a standing, as long as they are too many; never the newest of it, or nothing new would ever be seen.
    fn make_room(&mut self, standing: Standing, newest: &str) {
        loop {
            let alike = self.held.tracked.iter().filter(|(_, inflow)| inflow.standing() == standing);
            if alike.clone().count() <= standing.n_max() {
                return;
            }
            let others = alike.filter(|(name, _)| *name != newest);
            let rarest = others.min_by_key(|(name, one)| (one.n_events, one.last_at, *name));
            let Some(rarest) = rarest.map(|(name, _)| name.clone()) else { return };
            self.held.n_forgotten += self.held.tracked.remove(&rarest).unwrap_or_default().n_events;
        }
    }

    /// What came in under each name, the calls first.
    pub fn iter(&self) -> impl Iterator<Item = (InflowName, &Inflow)> {
        let others = self.held.others.iter().map(|(kind, one)| (InflowName { kind: *kind, name: String::new() }, one));
        let tracked = self.held.tracked.iter().map(|(name, one)| {
            let name = InflowName { kind: CallKind::Track, name: name.clone() };
            (name, one)
        });
        others.chain(tracked)
    }

    /// What came in under one name.
    #[must_use]
    pub fn get(&self, name: &InflowName) -> Option<&Inflow> {
        match name.kind {
            CallKind::Track => self.held.tracked.get(&name.name),
            kind => self.held.others.get(&kind),
        }
    }

    /// How many events came in under names that are kept no longer.
    #[must_use]
    pub fn n_forgotten(&self) -> u64 {
        self.held.n_forgotten
    }

    /// Begins a checkpoint of this moment, together with the profiles' one; see [`Inflows::fill`].
    ///
    /// # Errors
    /// [`ProfileError::Corrupt`] where it cannot be encoded.
    pub fn begin_checkpoint(&mut self) -> Result<(), ProfileError> {
        self.row.begin_checkpoint(KEY, &self.held)
    }

    /// Moves the checkpoint's row into a slice of at most `n_max` changes.
    pub fn fill(&mut self, slice: &mut Vec<Change>, n_max: usize) {
        self.row.fill(slice, n_max);
    }

    /// Ends the checkpoint: where it is not durable, the next one takes the row again.
    pub fn end_checkpoint(&mut self, is_durable: bool) {
        self.row.end_checkpoint(is_durable);
    }
}

#[cfg(test)]
mod tests;
