//! What comes in, what was refused of it, and how fresh is it?

use super::Engine;
use crate::error::EngineError;
use events::{
    CallKind, Filter, Import, Inspected, InspectedStatus, Origin, Rejected, RejectionCode, Sent, Take, keys_read,
    nearest_key,
};
use features::{Inflow, InflowName, Sender};
use primitives::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

/// How many of the newest rejected events are looked at.
pub const N_REJECTED_LOOKED_AT: usize = 1_000;
/// How many of the newest imports are told.
const N_IMPORTS: usize = 10;

/// What comes in.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// What came in under each name, what came in last first.
    pub names: Vec<(InflowName, Inflow)>,
    /// How many events came in under names that are kept no longer.
    pub n_forgotten: u64,
    /// What was refused lately, the most frequent first.
    pub refused: Vec<Refused>,
    /// What came from each origin, where anything did.
    pub origins: Vec<(Origin, Sender)>,
    /// What came from each library, of the events that were looked into; the newest first.
    pub libraries: Vec<(String, Sender)>,
    /// The newest imports, each with what people call it.
    pub imports: Vec<(String, Import)>,
    /// Properties that declarations read, each after the name of the event.
    declared: BTreeSet<(String, String)>,
}

/// A property that nothing reads, of events that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// Which of those that are read may have been meant.
    pub nearest: Option<&'static str>,
}

impl Incoming {
    /// Which properties of what came in under a name nothing reads: neither what is made of these events, nor a declared
    /// feature or outcome. None where no property of them is read.
    #[must_use]
    pub fn unread(&self, name: &InflowName, inflow: &Inflow) -> BTreeMap<String, Unread> {
        let keys = if name.kind == CallKind::Track { keys_read(&name.name) } else { Vec::new() };
        let is_read = |property: &String| {
            keys.contains(&property.as_str()) || self.declared.contains(&(name.name.clone(), property.clone()))
        };
        let properties = inflow.properties.keys().filter(|property| !keys.is_empty() && !is_read(property));
        properties.map(|property| (property.clone(), Unread { nearest: nearest_key(property, &keys) })).collect()
    }
}

/// Events of a name that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The event's name, else the call, as far as either can be seen.
    pub name: String,
    /// The class of reason.
    pub code: RejectionCode,
    /// Where in the event.
    pub field: String,
    /// How many of the newest that were refused.
    pub n_events: u64,
    /// When the newest came.
    pub last_at: Timestamp,
    /// The newest one's reason in words, without the value that was found.
    pub reason: String,
    /// The same with the value, for whoever may see it.
    pub message: String,
    /// The newest one as it was sent, for them.
    pub example: String,
}

impl Engine {
    /// What comes in, up to now.
    ///
    /// # Errors
    /// [`EngineError`] where what was refused or imported cannot be read.
    pub fn incoming(&self) -> Result<Incoming, EngineError> {
        let (mut names, n_forgotten) = self.look(|live| {
            let names: Vec<_> = live.inflows.iter().map(|(name, inflow)| (name, inflow.clone())).collect();
            (names, live.inflows.n_forgotten())
        });
        names.sort_by(|a, b| b.1.last_at.cmp(&a.1.last_at).then_with(|| a.0.cmp(&b.0)));
        let imports = self.ports.imports.imports(None, N_IMPORTS)?.into_iter();
        let imports = imports.map(|import| (format!("{}: {}", import.id.0, import.new.file), import)).collect();
        let (origins, libraries) = senders(&names);
        let (refused, declared) = (refused(self.newest_rejected()?), self.declared_properties());
        Ok(Incoming { names, n_forgotten, refused, origins, libraries, imports, declared })
    }

    /// What was rejected after a moment, by name and reason: of the newest [`N_REJECTED_LOOKED_AT`].
    ///
    /// # Errors
    /// [`EngineError`] where what was rejected cannot be read.
    pub fn rejected_since(&self, after: Timestamp) -> Result<Vec<Refused>, EngineError> {
        Ok(refused(self.newest_rejected()?.filter(|one| one.received_at > after)))
    }

    fn newest_rejected(&self) -> Result<impl Iterator<Item = Rejected>, EngineError> {
        let newest = self.ports.events.recent(InspectedStatus::Rejected, None, N_REJECTED_LOOKED_AT)?;
        Ok(newest.into_iter().filter_map(|one| match one {
            Inspected::Rejected(rejected) => Some(rejected),
            Inspected::Accepted(_) => None,
        }))
    }

    /// The properties that declared features and outcomes read, each after the name of the event.
    fn declared_properties(&self) -> BTreeSet<(String, String)> {
        let features = self.features.read().unwrap_or_else(PoisonError::into_inner).declared.clone();
        let of_features = features.into_iter().map(|feature| (feature.when, feature.of));
        let outcomes = self.capabilities.outcomes.iter().flat_map(|outcome| outcome.declared());
        let read = of_features.chain(outcomes.map(|watch| (watch.filter, watch.take)));
        let properties = |(when, of): (Filter, Option<Take>)| {
            let pointers = when.equal.iter().map(|(pointer, _)| pointer).chain(of.iter().map(|of| &of.pointer));
            let properties = pointers.filter_map(|pointer| pointer.property());
            properties.map(|property| (when.event.to_string(), property.to_owned())).collect::<Vec<_>>()
        };
        read.flat_map(properties).collect()
    }
}

type Senders<Name> = Vec<(Name, Sender)>;

fn senders(names: &[(InflowName, Inflow)]) -> (Senders<Origin>, Senders<String>) {
    let mut origins: BTreeMap<Origin, Sender> = BTreeMap::new();
    let mut libraries: BTreeMap<&str, Sender> = BTreeMap::new();
    for (_, inflow) in names {
        for (origin, sender) in Origin::ALL.into_iter().zip(&inflow.by_origin).filter(|(_, one)| one.n_events > 0) {
            origins.entry(origin).or_default().join(sender);
        }
        for (name, sender) in &inflow.libraries {
            libraries.entry(name).or_default().join(sender);
        }
    }
    let mut libraries: Vec<_> = libraries.into_iter().map(|(name, sender)| (name.to_owned(), sender)).collect();
    libraries.sort_by(|a, b| b.1.last_at.cmp(&a.1.last_at).then_with(|| a.0.cmp(&b.0)));
    (origins.into_iter().collect(), libraries)
}

/// Rejected events, the newest first, by name and reason.
fn refused(rejected: impl Iterator<Item = Rejected>) -> Vec<Refused> {
    let mut found: BTreeMap<(String, RejectionCode, String), Refused> = BTreeMap::new();
    for one in rejected {
        let (code, field, name) = (one.rejection.code, one.rejection.field.clone(), name_of(&one));
        let of_reason = found.entry((name.clone(), code, field.clone())).or_insert_with(|| Refused {
            name,
            code,
            field,
            n_events: 0,
            last_at: one.received_at,
            reason: one.rejection.without_value().to_owned(),
            message: one.rejection.message.clone(),
            example: one.payload.clone(),
        });
        of_reason.n_events += 1;
        of_reason.last_at = of_reason.last_at.max(one.received_at);
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by(|a, b| {
        b.n_events.cmp(&a.n_events).then_with(|| (&a.name, a.code, &a.field).cmp(&(&b.name, b.code, &b.field)))
    });
    found
}

/// What a rejected event is called, as far as its payload, which may be cut, can be read.
fn name_of(rejected: &Rejected) -> String {
    const NAME_CHARS_MAX: usize = 80;
    let is_track = rejected.call.as_deref().is_none_or(|call| call == CallKind::Track.name());
    let sent = Sent::of(&rejected.payload);
    let named = sent.event().filter(|_| is_track).or(rejected.call.as_deref());
    named.unwrap_or("?").chars().take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Envelope, parse_batch};
    use serde_json::{Value, json};

    fn rejected(items: &Value) -> Vec<Rejected> {
        let envelope = Envelope::new(Timestamp::from_millis(1_000), Origin::Client);
        parse_batch(json!({"batch": items}).to_string().as_bytes(), envelope).unwrap().rejected
    }

    #[test]
    fn what_was_refused_is_told_by_name_and_reason() {
        let long = "x".repeat(3_000);
        let found = refused(
            rejected(&json!([
                {"type": "track", "event": "Order Completed", "userId": "u", "properties": {"total": -1, "currency": "EUR"}},
                {"type": "track", "event": "A"},
                {"type": "track", "properties": {"pad": long}, "event": "A"},
                {"event": "A \"b\"", "type": "track", "properties": {"pad": long}},
                {"type": "identify"},
                {"type": "dance", "userId": "u"},
                3,
            ]))
            .into_iter(),
        );
        let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.code.name(), one.n_events)).collect();
        assert_eq!(
            told,
            [
                ("A", "missing_field", 2),
                ("?", "malformed", 1),
                ("A \"b\"", "missing_field", 1),
                ("Order Completed", "bad_value", 1),
                ("dance", "unknown_type", 1),
                ("identify", "missing_field", 1),
            ]
        );
        assert_eq!((found[3].field.as_str(), found[3].last_at), ("/properties/total", Timestamp::from_millis(1_000)));
    }
}
