//! How are events expected to look? As the settings declare it.

use jsonschema::{PatternOptions, Validator};
use primitives::visible;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How often a pattern may step back before it is taken as undecided, which does not fit.
const N_STEPS_BACK_MAX: usize = 10_000;

/// A schema as the settings declare it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSchema {
    /// The name of the tracked events, or the call: `identify`.
    pub event: String,
    /// What becomes of events that do not fit.
    #[serde(default)]
    pub on_violation: OnViolation,
    /// The file with the schema. A relative path begins where the settings file lies; once settings are read, it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The schema itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

/// What becomes of events that do not fit their schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum OnViolation {
    /// They are accepted, counted and told.
    #[default]
    Flag,
    /// They are rejected with the reason.
    Reject,
}

impl DeclaredSchema {
    /// Lets a relative path of its file begin in a folder.
    pub(super) fn lay_in(&mut self, folder: &Path) {
        self.file = self.file.take().map(|file| folder.join(file));
    }

    /// The schema, and what judges by it; else what is wrong with it, in words.
    pub(crate) fn compiled(&self) -> Result<(Value, Validator), String> {
        let event = visible(&self.event);
        let schema = self.opened().map_err(|fault| format!("the schema of \"{event}\" cannot be used: {fault}"))?;
        let patterns = PatternOptions::fancy_regex().backtrack_limit(N_STEPS_BACK_MAX);
        let validator = jsonschema::options().with_pattern_options(patterns).build(&schema);
        let validator = validator.map_err(|error| {
            let place = error.instance_path().as_str();
            let reason = if place.ends_with("/type") {
                let found = error.instance().to_string();
                let types = "string, number, integer, boolean, array, object or null";
                format!("{} is no type: write {types}, or a list of them", visible(&found))
            } else {
                visible(&error.to_string()).into_owned()
            };
            let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
            format!("the schema of \"{event}\" is no JSON Schema{place}: {reason}")
        })?;
        Ok((schema, validator))
    }

    fn opened(&self) -> Result<Value, String> {
        match (&self.file, &self.schema) {
            (Some(file), None) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    format!("{} cannot be read ({error}): name a file with a JSON Schema", file.display())
                })?;
                serde_json::from_str(&text).map_err(|error| format!("{} is not JSON ({error})", file.display()))
            }
            (None, Some(Value::String(text))) => {
                serde_json::from_str(text).map_err(|error| format!("\"schema\" is not JSON ({error})"))
            }
            (None, Some(schema)) => Ok(schema.clone()),
            _ => Err("give either \"file\" or \"schema\"".to_owned()),
        }
    }

    /// The first of them that cannot be used, by its place, and what is wrong with it.
    pub(super) fn check_all(declared: &[Self]) -> Result<(), (usize, String)> {
        let mut events = BTreeSet::new();
        for (place, one) in declared.iter().enumerate() {
            one.compiled().map_err(|reason| (place, reason))?;
            if !events.insert(one.event.as_str()) {
                return Err((place, format!("there is another schema of \"{}\": keep one", visible(&one.event))));
            }
        }
        Ok(())
    }
}

impl From<OnViolation> for &'static str {
    fn from(on_violation: OnViolation) -> Self {
        on_violation.name()
    }
}

impl TryFrom<String> for OnViolation {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let found = [Self::Flag, Self::Reject].into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| format!("on_violation is \"{}\": write \"flag\" or \"reject\"", visible(&name)))
    }
}

impl OnViolation {
    /// The name in the settings and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Reject => "reject",
        }
    }
}
