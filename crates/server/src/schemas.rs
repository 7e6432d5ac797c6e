//! Do events look as the company expects them to?
//!
//! A JSON Schema for an event describes its properties, or its traits. What does not fit is refused or told, as the settings
//! say. What a schema says of a wrong value never repeats the value.

mod work;

use crate::error::ServerError;
use crate::settings::{DeclaredSchema, OnViolation};
use events::{Batch, Call, Event, EventLog, Inspected, InspectedStatus, Object, Rejection, RejectionCode};
use features::is_same;
use jsonschema::Validator;
use primitives::{ErrorKind, visible};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// How many of the newest events of a name are compared with its schema where somebody looks.
const N_LOOKED_AT: usize = 200;
/// Among how many of the newest events those of all names with a schema are looked for at once.
const N_LOOKED_AT_FOR_ALL: usize = 5_000;
/// How many different reasons are told.
const N_REASONS_MAX: usize = 20;
/// The most ways that a schema which refers to itself is followed for the reason of what does not fit.
const N_WAYS_MAX: u64 = 2_000;
const TOO_MUCH_WORK: &str = "the value does not fit; where is not told, because it is too large or too deep for a schema \
                             that refers to itself";
/// How much of a schema's sentence is told.
const REASON_CHARS_MAX: usize = 240;

/// The schemas in force, by the names of the events.
#[derive(Debug, Default)]
pub struct Schemas {
    by_event: HashMap<String, Schema>,
}

#[derive(Debug)]
struct Schema {
    on_violation: OnViolation,
    validator: Validator,
    /// In how many ways each step into a value may be judged, where it refers to itself; 0 where it does not.
    n_ways_each: u64,
}

/// How the newest events of a name fit their schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) on_violation: OnViolation,
    pub(crate) n_looked_at: u64,
    pub(crate) n_violating: u64,
    /// Why they do not fit, the most frequent first.
    pub(crate) reasons: Vec<(String, u64)>,
}

/// What of an event does not fit: where, as a JSON pointer into its properties, and why.
type Violation = (String, String);

impl Schemas {
    /// Reads what the settings declare.
    ///
    /// # Errors
    /// [`ServerError`] where a schema cannot be read, or is none. Settings that were read have been checked for that.
    pub fn load(declared: &[DeclaredSchema]) -> Result<Self, ServerError> {
        let compiled = |one: &DeclaredSchema| {
            let (schema, validator) = one.compiled().map_err(|fault| ServerError::new(ErrorKind::Invalid, fault))?;
            let n_ways_each = work::n_ways_each(&schema);
            Ok((one.event.clone(), Schema { on_violation: one.on_violation, validator, n_ways_each }))
        };
        Ok(Self { by_event: declared.iter().map(compiled).collect::<Result<_, ServerError>>()? })
    }

    /// Refuses what does not fit and is to be refused, and counts what is to be told.
    pub(crate) fn judge(&self, batch: &mut Batch) {
        if self.by_event.is_empty() {
            return;
        }
        let mut n_flagged = 0;
        batch.refuse_where(|event| {
            let schema = self.of(event)?;
            let (field, reason) = schema.violations(event).into_iter().next()?;
            if schema.on_violation == OnViolation::Flag {
                n_flagged += 1;
                return None;
            }
            let part = if matches!(event.call, Call::Track { .. } | Call::Page { .. } | Call::Screen { .. }) {
                "/properties"
            } else {
                "/traits"
            };
            let message = format!("it does not fit the schema of \"{}\": {reason}", visible(name_of(event)));
            let masked = Some(message.clone());
            Some(Rejection { code: RejectionCode::BadValue, field: format!("{part}{field}"), message, masked })
        });
        if n_flagged > 0 {
            metrics::counter!("cx_events_against_schema_total").increment(n_flagged);
        }
    }

    /// Why an accepted event does not fit its schema; `None` where it does, or there is none.
    pub(crate) fn fault(&self, inspected: &Inspected) -> Option<String> {
        let Inspected::Accepted(recorded) = inspected else { return None };
        self.fault_of(&recorded.event)
    }

    /// Why an event does not fit its schema.
    pub(crate) fn fault_of(&self, event: &Event) -> Option<String> {
        let (field, reason) = self.of(event)?.violations(event).into_iter().next()?;
        Some(told(&field, &reason))
    }

    /// How the newest events of a name, of which there are `n_events`, fit; `None` where there is no schema for them.
    ///
    /// # Errors
    /// [`ServerError`] where the events cannot be read.
    pub(crate) fn fit(&self, name: &str, n_events: u64, log: &dyn EventLog) -> Result<Option<Fit>, ServerError> {
        let Some((name, schema)) = self.declared_for(name) else { return Ok(None) };
        // Not one more than there are, or all the log would be searched for it.
        let n_max = usize::try_from(n_events).unwrap_or(usize::MAX).min(N_LOOKED_AT);
        let newest = log.recent(InspectedStatus::Accepted, Some(name), n_max)?;
        Ok(Some(schema.fit(accepted(&newest).filter(|event| name_of(event) == name))))
    }

    /// How the newest events of each name with a schema fit, of those among the newest of all: one look for all of them.
    ///
    /// # Errors
    /// [`ServerError`] where the events cannot be read.
    pub(crate) fn fits<'s>(&'s self, log: &dyn EventLog) -> Result<HashMap<&'s str, Fit>, ServerError> {
        if self.by_event.is_empty() {
            return Ok(HashMap::new());
        }
        let newest = log.recent(InspectedStatus::Accepted, None, N_LOOKED_AT_FOR_ALL)?;
        let mut by_name: HashMap<&str, Vec<&Event>> = HashMap::new();
        for event in accepted(&newest) {
            by_name.entry(name_of(event)).or_default().push(event);
        }
        let fit = |(name, schema): (&'s String, &Schema)| {
            let events = by_name.get(name.as_str())?;
            Some((name.as_str(), schema.fit(events.iter().copied().take(N_LOOKED_AT))))
        };
        Ok(self.by_event.iter().filter_map(fit).collect())
    }

    /// The name for which the schema of a name that is listed was declared.
    pub(crate) fn declared_as(&self, name: &str) -> Option<&str> {
        self.declared_for(name).map(|(declared, _)| declared.as_str())
    }

    /// The schema of a name that is listed: declared for it, or for another spelling that is counted under it.
    fn declared_for(&self, name: &str) -> Option<(&String, &Schema)> {
        let spelled_otherwise =
            || self.by_event.iter().filter(|(known, _)| is_same(known, name)).min_by_key(|(known, _)| *known);
        self.by_event.get_key_value(name).or_else(spelled_otherwise)
    }

    fn of(&self, event: &Event) -> Option<&Schema> {
        self.by_event.get(name_of(event))
    }
}

/// The name under which a schema is declared for an event.
fn name_of(event: &Event) -> &str {
    match &event.call {
        Call::Track { event: name, .. } => name,
        _ => event.kind().name(),
    }
}

fn accepted(inspected: &[Inspected]) -> impl Iterator<Item = &Event> {
    inspected.iter().filter_map(|one| match one {
        Inspected::Accepted(recorded) => Some(&recorded.event),
        Inspected::Rejected(_) => None,
    })
}

fn told(field: &str, reason: &str) -> String {
    if field.is_empty() { reason.to_owned() } else { format!("{field}: {reason}") }
}

impl Schema {
    /// How some events fit.
    fn fit<'e>(&self, events: impl Iterator<Item = &'e Event>) -> Fit {
        let mut fit = Fit { on_violation: self.on_violation, n_looked_at: 0, n_violating: 0, reasons: Vec::new() };
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for event in events {
            fit.n_looked_at += 1;
            let found = self.violations(event);
            fit.n_violating += u64::from(!found.is_empty());
            for (field, reason) in found {
                *reasons.entry(told(&field, &reason)).or_default() += 1;
            }
        }
        fit.reasons = reasons.into_iter().collect();
        fit.reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        fit.reasons.truncate(N_REASONS_MAX);
        fit
    }

    /// Whether it fits is remembered for each value by the validator; why it does not is looked for on every way anew, so only
    /// where there are few.
    fn violations(&self, event: &Event) -> Vec<Violation> {
        let empty = Object::new();
        let fields = match &event.call {
            Call::Track { properties: fields, .. }
            | Call::Page { properties: fields, .. }
            | Call::Screen { properties: fields, .. }
            | Call::Identify { traits: fields }
            | Call::Group { traits: fields, .. }
            | Call::Item { traits: fields, .. } => fields,
            _ => &empty,
        };
        let fields = Value::Object(fields.clone());
        if self.validator.is_valid(&fields) {
            return Vec::new();
        }
        if self.n_ways_each > 0 && work::n_ways(&fields, self.n_ways_each) > N_WAYS_MAX {
            return vec![(String::new(), TOO_MUCH_WORK.to_owned())];
        }
        let found = self.validator.iter_errors(&fields).take(N_REASONS_MAX).map(|error| {
            let reason: String =
                visible(&error.masked_with("the value").to_string()).chars().take(REASON_CHARS_MAX).collect();
            (error.instance_path().as_str().to_owned(), reason)
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declared(toml: &str) -> DeclaredSchema {
        toml::from_str(toml).unwrap()
    }

    fn event(properties: Value) -> Inspected {
        let payload = json!({"type": "track", "event": "A", "userId": "u", "properties": properties});
        let envelope = events::Envelope::new(primitives::Timestamp::from_millis(0), events::Origin::Client);
        let event = events::parse_event(payload, None, &envelope).unwrap();
        Inspected::Accepted(events::Recorded { offset: events::Offset(1), event })
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_judged_in_time_however_deep_the_value() {
        let tree = |branches: &str| {
            declared(&format!(
                "event = \"A\"\nschema = '{{\"$defs\": {{\"n\": {{\"type\": \"object\", {branches}, \"required\": [\"yy\"]}}}}, \
                 \"$ref\": \"#/$defs/n\"}}'"
            ))
        };
        let child = "{\"properties\": {\"c\": {\"$ref\": \"#/$defs/n\"}}}";
        let two = Schemas::load(&[tree(&format!("\"anyOf\": [{child}, {child}]"))]).unwrap();
        let deep = |n: usize| (0..n).fold(json!({}), |inner, _| json!({"c": inner}));
        let fault = two.fault(&event(deep(3))).unwrap();
        assert!(fault.starts_with("/c") || fault.contains("yy"), "{fault}");
        // Tried one by one these are 2^60 ways.
        let fault = two.fault(&event(deep(60))).unwrap();
        assert_eq!(fault, TOO_MUCH_WORK);
        let fits = (0..60).fold(json!({"yy": 1}), |inner, _| json!({"c": inner, "yy": 1}));
        assert_eq!(two.fault(&event(fits)), None, "whether it fits is always known");
        // A tree whose branches do not multiply tells where, as deep as it goes.
        let one = Schemas::load(&[tree("\"properties\": {\"c\": {\"$ref\": \"#/$defs/n\"}}")]).unwrap();
        let mut low = (0..60).fold(json!({}), |inner, _| json!({"c": inner, "yy": 1}));
        assert!(one.fault(&event(low.clone())).unwrap().starts_with("/c/c/c/c/"));
        low["c"] = json!((0..5_000).collect::<Vec<_>>());
        assert_eq!(one.fault(&event(low)).as_deref(), Some(TOO_MUCH_WORK));
    }

    /// A log that counts how often it is asked for its newest events.
    #[derive(Debug)]
    struct Asked {
        newest: Vec<Inspected>,
        names: std::sync::Mutex<Vec<Option<String>>>,
    }

    impl EventLog for Asked {
        fn append(&self, _: &[Event]) -> Result<Vec<events::Receipt>, events::EventLogError> {
            Ok(Vec::new())
        }

        fn check(&self) -> Result<(), events::EventLogError> {
            Ok(())
        }

        fn keep_rejected(&self, _: Vec<events::Rejected>) -> Result<(), events::EventLogError> {
            Ok(())
        }

        fn read(&self, _: events::Offset, _: usize) -> Result<Vec<events::Recorded>, events::EventLogError> {
            Ok(Vec::new())
        }

        fn recent(
            &self,
            _: InspectedStatus,
            title: Option<&str>,
            n_max: usize,
        ) -> Result<Vec<Inspected>, events::EventLogError> {
            self.names.lock().unwrap().push(title.map(str::to_owned));
            Ok(self.newest.iter().take(n_max).cloned().collect())
        }

        fn head(&self) -> events::Offset {
            events::Offset(0)
        }

        fn n_rejected(&self) -> Result<u64, events::EventLogError> {
            Ok(0)
        }

        fn n_rejected_kept(&self) -> Result<u64, events::EventLogError> {
            Ok(0)
        }
    }

    #[test]
    fn all_names_are_judged_by_one_look_at_the_newest_events() {
        let schema = |name: &str| declared(&format!("event = \"{name}\"\nschema = {{ required = [\"n\"] }}"));
        let log = |newest| Asked { newest, names: std::sync::Mutex::default() };
        let many = |n_good: usize, n_bad: usize| {
            let good = std::iter::repeat_n(event(json!({"n": 1})), n_good);
            good.chain(std::iter::repeat_n(event(json!({})), n_bad)).collect::<Vec<_>>()
        };
        let some = log(many(2, 3));
        let schemas = Schemas::load(&["A", "B", "C"].map(schema)).unwrap();
        let fits = schemas.fits(&some).unwrap();
        assert_eq!((fits["A"].n_looked_at, fits["A"].n_violating, fits.len()), (5, 3, 1));
        assert_eq!(*some.names.lock().unwrap(), [None], "one look, by no name");
        // The newest of a name, and no more of them than where one name is looked at.
        let full = log(many(N_LOOKED_AT - 1, 7));
        assert_eq!(
            (schemas.fits(&full).unwrap()["A"].n_looked_at, schemas.fits(&full).unwrap()["A"].n_violating),
            (200, 1)
        );
        let none = log(many(1, 1));
        assert!(Schemas::default().fits(&none).unwrap().is_empty() && none.names.lock().unwrap().is_empty());
    }

    #[test]
    fn a_pattern_that_tries_forever_gives_up() {
        let one = declared(
            r#"event = "A"
            schema = '{"properties": {"t": {"pattern": "^(a+)+(?!b)c$"}}}'"#,
        );
        let schemas = Schemas::load(&[one]).unwrap();
        assert!(schemas.fault(&event(json!({"t": "a".repeat(20_000)}))).is_some());
        assert_eq!(schemas.fault(&event(json!({"t": "aac"}))), None);
    }

    #[test]
    fn a_reason_names_the_place_and_never_the_value() {
        let one = declared("event = \"A\"\nschema = { properties = { mail = { type = \"number\" } } }");
        let schemas = Schemas::load(&[one]).unwrap();
        let fault = schemas.fault(&event(json!({"mail": "ada@example.com"}))).unwrap();
        assert!(fault.starts_with("/mail: ") && fault.contains("number") && !fault.contains("ada"), "{fault}");
        assert_eq!(schemas.fault(&event(json!({"mail": 1}))), None);
    }
}
