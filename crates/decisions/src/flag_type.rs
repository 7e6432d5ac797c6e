//! Which values may a flag have?

use serde_json::Value;

/// How large a value may be.
pub(crate) const VALUE_BYTES_MAX: usize = 16_384;

/// Which values a flag has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagType {
    /// Yes or no.
    Boolean,
    /// A text.
    Text,
    /// A number.
    Number,
    /// An object or a list.
    Json,
}

impl FlagType {
    /// The type of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Boolean, Self::Text, Self::Number, Self::Json].into_iter().find(|of| of.name() == name)
    }

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Text => "text",
            Self::Number => "number",
            Self::Json => "json",
        }
    }

    /// Of which type a value is; `None` of null.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::String(_) => Some(Self::Text),
            Value::Number(_) => Some(Self::Number),
            Value::Array(_) | Value::Object(_) => Some(Self::Json),
        }
    }
}

/// Whether a value is of a type, and not too large.
pub(crate) fn is_fit(value: &Value, of: FlagType) -> Result<(), String> {
    if FlagType::of(value) != Some(of) {
        return Err(format!("the flag is of type {}: write such a value", of.name()));
    }
    match value.to_string().len() <= VALUE_BYTES_MAX {
        true => Ok(()),
        false => Err(format!("write a value of at most {VALUE_BYTES_MAX} bytes")),
    }
}
