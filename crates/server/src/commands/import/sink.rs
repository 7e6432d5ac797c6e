//! How do imported payloads reach their target? In batches, durably, each key once.

use super::company::Admitted;
use super::target::{Ready, Target};
use crate::api::imports::{ImportBegins, ImportTaken};
use crate::error::ServerError;
use crate::settings::Settings;
use events::{Call, Envelope, Event, Origin};
use import::{Payload, Position, Sink, SinkError};
use primitives::{Currency, Timestamp};
use serde_json::Value;
use std::cell::Cell;
use std::collections::HashSet;

/// An import into a target. It begins when something comes in: what cannot be read at all is none.
pub(super) struct Importing<'t> {
    pub(super) target: &'t dyn Target,
    pub(super) begins: ImportBegins,
    id: Cell<Option<u64>>,
    admitted: Admitted,
}

impl<'t> Importing<'t> {
    pub(super) fn new(target: &'t dyn Target, begins: ImportBegins) -> Self {
        Self { target, begins, id: Cell::new(None), admitted: Admitted::default() }
    }

    /// Its number.
    pub(super) fn id(&self) -> Result<u64, ServerError> {
        if let Some(id) = self.id.get() {
            return Ok(id);
        }
        let id = self.target.begin(&self.begins)?;
        self.id.set(Some(id));
        Ok(id)
    }
}

/// Hands payloads to a target.
pub(super) struct BatchSink<'t> {
    importing: &'t Importing<'t>,
    envelope: Envelope,
    waiting: Vec<Ready>,
    n_bytes: usize,
    /// Where only these keys go on: in the place of what is known under them.
    replacing: Option<HashSet<String>>,
    /// Events that others came in the place of.
    pub(super) n_replaced: u64,
    /// Events that were new.
    pub(super) n_new: u64,
    /// Events that were there already.
    pub(super) n_known: u64,
    /// Events that name customers who were erased.
    pub(super) n_erased: u64,
    /// What is known with other content.
    pub(super) conflicts: Vec<OtherContent>,
    refused: Vec<(u64, String)>,
}

/// An event whose key is known with other content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OtherContent {
    /// The message id.
    pub(super) key: String,
    /// What it is for whoever wrote the file, and where: `order 1001 (line 7)`.
    pub(super) name: String,
}

impl<'t> BatchSink<'t> {
    pub(super) fn new(importing: &'t Importing<'t>, now: Timestamp) -> Self {
        Self {
            importing,
            envelope: envelope(now, importing.target.currency()),
            waiting: Vec::new(),
            n_bytes: 0,
            replacing: None,
            n_replaced: 0,
            n_new: 0,
            n_known: 0,
            n_erased: 0,
            conflicts: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Takes only what has one of these keys, and puts it in the place of what is known under it.
    pub(super) fn replacing(importing: &'t Importing<'t>, now: Timestamp, keys: HashSet<String>) -> Self {
        Self { replacing: Some(keys), ..Self::new(importing, now) }
    }

    /// Why an import ends in its middle, and how what came before is taken out again.
    fn broken_off(&mut self, why: &ServerError) -> SinkError {
        match (self.send(), self.importing.id.get()) {
            (Ok(()), Some(id)) if self.n_new > 0 => {
                let taken_out = format!("`rapport imports undo {id}` takes out what came in before it");
                SinkError::Failed(why.kind(), format!("{}; {taken_out}", why.story()))
            }
            _ => failed(why),
        }
    }

    fn send(&mut self) -> Result<(), ServerError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.waiting);
        self.n_bytes = 0;
        let names: Vec<(String, String, Position)> =
            batch.iter().map(|one| (one.event.message_id.to_string(), name_of(&one.event), one.at.clone())).collect();
        let (target, id) = (self.importing.target, self.importing.id()?);
        let taken = if self.replacing.is_some() { target.replace(id, batch)? } else { target.take(id, batch)? };
        let ImportTaken { accepted, duplicates, replaced, conflicts, rejected, erased } = taken;
        self.n_erased += erased;
        let conflicts: HashSet<String> = conflicts.into_iter().collect();
        self.n_replaced += replaced;
        self.n_new += accepted;
        self.n_known += duplicates;
        for (key, name, at) in &names {
            if conflicts.contains(key) {
                let is_whole = *at.source == *self.importing.begins.file;
                let place = if is_whole { format!("line {}", at.line) } else { at.to_string() };
                self.conflicts.push(OtherContent { key: key.clone(), name: format!("{name} ({place})") });
            }
        }
        for one in rejected {
            let line = names.get(one.index).map_or(0, |(_, _, at)| at.line);
            self.refused.push((line, format!("{} ({})", one.message, one.field)));
        }
        Ok(())
    }
}

impl Sink for BatchSink<'_> {
    fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
        let (target, admitted) = (self.importing.target, &self.importing.admitted);
        together
            .iter()
            .try_for_each(|payload| admitted.admit(&payload.value, target))
            .map_err(|error| self.broken_off(&error))?;
        let place: Vec<_> = together
            .iter()
            .map(|payload| (payload.at.clone(), self.importing.target.wants_json().then(|| payload.value.to_string())))
            .collect();
        let events = read_all(together, &self.envelope)?;
        for (event, (at, json)) in events.into_iter().zip(place) {
            if self.replacing.as_ref().is_some_and(|keys| !keys.contains(event.message_id.as_str())) {
                continue;
            }
            self.n_bytes += json.as_ref().map_or(0, String::len);
            self.waiting.push(Ready { event, json, at });
            if self.importing.target.is_full(self.waiting.len(), self.n_bytes) {
                self.send().map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.send().map_err(|error| failed(&error))
    }

    fn refused_late(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.refused)
    }
}

fn failed(error: &ServerError) -> SinkError {
    SinkError::Failed(error.kind(), error.story())
}

/// What an event is about, in the words of whoever wrote the file.
fn name_of(event: &Event) -> String {
    let customer = event.user_id.as_ref().map(ToString::to_string);
    let order = match &event.call {
        Call::Track { properties, .. } => properties.get("order_id").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    match (&event.call, order, customer) {
        (Call::Item { item_id, .. }, _, _) => format!("item {item_id}"),
        (_, Some(order), _) => format!("order {order}"),
        (Call::Identify { .. }, _, Some(customer)) => format!("customer {customer}"),
        _ => format!("{} {}", event.title(), event.message_id),
    }
}

/// Looks at what would go in, and keeps the first few events.
pub(super) struct TrialSink {
    envelope: Envelope,
    /// The first events as they would go in.
    pub(super) first: Vec<Value>,
    n_shown: usize,
}

impl TrialSink {
    pub(super) fn new(now: Timestamp, settings: &Settings, n_shown: usize) -> Self {
        Self { envelope: envelope(now, settings.default_currency()), first: Vec::new(), n_shown }
    }
}

impl Sink for TrialSink {
    fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
        let room = self.n_shown.saturating_sub(self.first.len());
        let shown: Vec<Value> = together.iter().take(room).map(|payload| payload.value.clone()).collect();
        read_all(together, &self.envelope)?;
        self.first.extend(shown);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

fn envelope(received_at: Timestamp, currency: Option<Currency>) -> Envelope {
    Envelope::new(received_at, Origin::Import).with_currency(currency)
}

/// Reads payloads as events: all of them, or the reason why one is none.
fn read_all(together: Vec<Payload>, envelope: &Envelope) -> Result<Vec<Event>, SinkError> {
    let read = |payload: Payload| {
        events::parse_event(payload.value, None, envelope)
            .map_err(|rejection| SinkError::Rejected(format!("{} ({})", rejection.message, rejection.field)))
    };
    together.into_iter().map(read).collect()
}
