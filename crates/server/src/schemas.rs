//! Do events look as the company expects them to?
//!
//! A JSON Schema for an event describes its properties, or its traits. What does not fit is refused or told, as the settings
//! say. What a schema says of a wrong value never repeats the value.

use crate::error::ServerError;
use crate::settings::{DeclaredSchema, OnViolation};
use events::{Batch, Call, Event, Inspected, InspectedStatus, Object, Rejection, RejectionCode};
use jsonschema::Validator;
use primitives::{ErrorKind, visible};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// How many of the newest events of a name are compared with its schema where somebody looks.
const N_LOOKED_AT: usize = 200;
/// How many different reasons are told.
const N_REASONS_MAX: usize = 20;
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
    /// Reads what the settings declare; files begin in `folder`.
    ///
    /// # Errors
    /// [`ServerError`] where a schema cannot be read, is none, or is there twice.
    pub fn load(declared: &[DeclaredSchema], folder: &Path) -> Result<Self, ServerError> {
        let mut by_event = HashMap::new();
        for one in declared {
            let schema = Schema::compiled(one, folder).map_err(|fault| {
                let event = visible(&one.event);
                ServerError::new(ErrorKind::Invalid, format!("[[schemas]] of \"{event}\" cannot be used: {fault}"))
            })?;
            if by_event.insert(one.event.clone(), schema).is_some() {
                let message = format!("[[schemas]] has \"{}\" twice: keep one", visible(&one.event));
                return Err(ServerError::new(ErrorKind::Invalid, message));
            }
        }
        Ok(Self { by_event })
    }

    /// Refuses what does not fit and is to be refused, and counts what is to be told.
    pub(crate) fn judge(&self, batch: &mut Batch) {
        if self.by_event.is_empty() {
            return;
        }
        let mut n_flagged = 0;
        batch.refuse_where(|event| {
            let schema = self.of(event)?;
            let (field, reason) = schema.violations(event).next()?;
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
            Some(Rejection { code: RejectionCode::BadValue, field: format!("{part}{field}"), message })
        });
        if n_flagged > 0 {
            metrics::counter!("cx_events_against_schema_total").increment(n_flagged);
        }
    }

    /// Why an event does not fit its schema; `None` where it does, or there is none.
    pub(crate) fn fault(&self, event: &Event) -> Option<String> {
        let (field, reason) = self.of(event)?.violations(event).next()?;
        Some(told(&field, &reason))
    }

    /// How the newest events of a name fit; `None` where there is no schema for them.
    ///
    /// # Errors
    /// [`ServerError`] where the events cannot be read.
    pub(crate) fn fit(&self, name: &str, log: &dyn events::EventLog) -> Result<Option<Fit>, ServerError> {
        let Some(schema) = self.by_event.get(name) else { return Ok(None) };
        let newest = log.recent(InspectedStatus::Accepted, Some(name), N_LOOKED_AT)?;
        let mut fit = Fit { on_violation: schema.on_violation, n_looked_at: 0, n_violating: 0, reasons: Vec::new() };
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for one in &newest {
            let Inspected::Accepted(recorded) = one else { continue };
            if name_of(&recorded.event) != name {
                continue;
            }
            fit.n_looked_at += 1;
            let found: Vec<Violation> = schema.violations(&recorded.event).collect();
            fit.n_violating += u64::from(!found.is_empty());
            for (field, reason) in found {
                *reasons.entry(told(&field, &reason)).or_default() += 1;
            }
        }
        fit.reasons = reasons.into_iter().collect();
        fit.reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        fit.reasons.truncate(N_REASONS_MAX);
        Ok(Some(fit))
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

fn told(field: &str, reason: &str) -> String {
    if field.is_empty() { reason.to_owned() } else { format!("{field}: {reason}") }
}

impl Schema {
    fn compiled(declared: &DeclaredSchema, folder: &Path) -> Result<Self, String> {
        let schema = match (&declared.file, &declared.schema) {
            (Some(file), None) => {
                let path = folder.join(file);
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    format!("{} cannot be read ({error}): name a file with a JSON Schema", path.display())
                })?;
                serde_json::from_str(&text).map_err(|error| format!("{} is not JSON ({error})", path.display()))?
            }
            (None, Some(Value::String(text))) => {
                serde_json::from_str(text).map_err(|error| format!("\"schema\" is not JSON ({error})"))?
            }
            (None, Some(schema)) => schema.clone(),
            _ => return Err("give either \"file\" or \"schema\"".to_owned()),
        };
        let validator = jsonschema::validator_for(&schema).map_err(|error| format!("it is no JSON Schema: {error}"))?;
        Ok(Self { on_violation: declared.on_violation, validator })
    }

    fn violations(&self, event: &Event) -> impl Iterator<Item = Violation> {
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
        let found = self.validator.iter_errors(&fields).take(N_REASONS_MAX).map(|error| {
            let reason: String =
                visible(&error.masked_with("the value").to_string()).chars().take(REASON_CHARS_MAX).collect();
            (error.instance_path().as_str().to_owned(), reason)
        });
        found.collect::<Vec<_>>().into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declared(toml: &str) -> DeclaredSchema {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn a_schema_comes_from_a_file_or_stands_in_the_settings_and_says_what_is_wrong_with_itself() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("good.json"), "{\"type\": \"object\"}").unwrap();
        std::fs::write(folder.path().join("bad.json"), "{").unwrap();
        let load = |toml: &[&str]| {
            let all: Vec<_> = toml.iter().map(|toml| declared(toml)).collect();
            Schemas::load(&all, folder.path()).map_err(|error| error.to_string())
        };
        for good in [
            "event = \"A\"\nfile = \"good.json\"",
            "event = \"A\"\nschema = { type = \"object\" }",
            "event = \"A\"\non_violation = \"reject\"\nschema = '{\"type\": \"object\"}'",
        ] {
            assert!(load(&[good]).is_ok(), "{good}");
        }
        for (bad, words) in [
            ("event = \"A\"", "either \"file\" or \"schema\""),
            ("event = \"A\"\nfile = \"good.json\"\nschema = {}", "either \"file\" or \"schema\""),
            ("event = \"A\"\nfile = \"none.json\"", "none.json cannot be read"),
            ("event = \"A\"\nfile = \"bad.json\"", "bad.json is not JSON"),
            ("event = \"A\"\nschema = { type = \"thing\" }", "no JSON Schema"),
            ("event = \"A\"\nschema = '{'", "is not JSON"),
        ] {
            let error = load(&[bad]).unwrap_err();
            assert!(error.contains(words) && error.contains("[[schemas]] of \"A\""), "{bad}: {error}");
        }
        let twice = ["event = \"A\"\nschema = {}"; 2];
        assert!(load(&twice).unwrap_err().contains("has \"A\" twice"));
        assert!(toml::from_str::<DeclaredSchema>("event = \"A\"\non_violation = \"ignore\"").is_err());
        assert!(toml::from_str::<DeclaredSchema>("event = \"A\"\nsehcma = {}").is_err());
    }

    #[test]
    fn a_reason_names_the_place_and_never_the_value() {
        let one = declared("event = \"A\"\nschema = { properties = { mail = { type = \"number\" } } }");
        let schemas = Schemas::load(&[one], Path::new("")).unwrap();
        let event = |properties: Value| {
            let payload = json!({"type": "track", "event": "A", "userId": "u", "properties": properties});
            let envelope = events::Envelope::new(primitives::Timestamp::from_millis(0), events::Origin::Client);
            events::parse_event(payload, None, &envelope).unwrap()
        };
        let fault = schemas.fault(&event(json!({"mail": "ada@example.com"}))).unwrap();
        assert!(fault.starts_with("/mail: ") && fault.contains("number") && !fault.contains("ada"), "{fault}");
        assert_eq!(schemas.fault(&event(json!({"mail": 1}))), None);
    }
}
