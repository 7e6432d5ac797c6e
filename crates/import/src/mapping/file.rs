//! What may stand in a mapping file?

use super::MappingError;
use serde::Deserialize;

/// A mapping file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingFile {
    pub(super) name: String,
    #[serde(default, rename = "description")]
    _description: String,
    pub(super) currency: Option<String>,
    #[serde(default)]
    pub(super) group_by: Vec<String>,
    pub(super) group: Option<GroupMode>,
    pub(super) when: Option<toml::Value>,
    #[serde(default)]
    pub(super) source: SourceRule,
    pub(super) time: TimeFile,
    #[serde(default)]
    pub(super) event: Vec<EventFile>,
    #[serde(default)]
    pub(super) item: Vec<ItemFile>,
}

/// How the source file is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceRule {
    /// One character, `tab` or `whitespace`; looked for where nothing is said.
    pub(crate) delimiter: Option<String>,
    /// Whether the first line names the columns; true where `columns` names none.
    header: Option<bool>,
    /// The columns' names, in place of the header's.
    #[serde(default)]
    pub(crate) columns: Vec<String>,
    /// The member of an archive, and after each `!` the member of the archive inside.
    pub(crate) member: Option<String>,
    /// Texts that mean that a cell is empty.
    #[serde(default)]
    pub(super) blank: Vec<String>,
    /// Whether numbers are written 1.234,56.
    #[serde(default)]
    pub(super) decimal_comma: bool,
}

impl SourceRule {
    pub(crate) fn has_header(&self) -> bool {
        self.header.unwrap_or(self.columns.is_empty())
    }

    pub(crate) fn delimiter_byte(&self) -> Option<u8> {
        match self.delimiter.as_deref()?.as_bytes() {
            b"tab" => Some(b'\t'),
            [byte] => Some(*byte),
            _ => None,
        }
    }
}

/// Which rows make a group.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum GroupMode {
    Contiguous,
    File,
}

/// One name or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// When a row happened.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeFile {
    pub(super) column: OneOrMany,
    pub(super) format: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) time_of_day: Option<String>,
    pub(super) shift: Option<Shift>,
    pub(super) data_ends: Option<String>,
}

/// How times are moved.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Shift {
    #[serde(rename = "whole-weeks-to-now")]
    WholeWeeks,
    #[serde(rename = "whole-days-to-now")]
    WholeDays,
}

impl Shift {
    /// By how many days at a time.
    pub(super) fn step_days(self) -> i64 {
        match self {
            Self::WholeWeeks => 7,
            Self::WholeDays => 1,
        }
    }
}

/// Once per row, or once per group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Per {
    #[default]
    Group,
    Row,
}

/// An event that a group or a row becomes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventFile {
    #[serde(rename = "type")]
    pub(super) call: String,
    #[serde(default)]
    pub(super) per: Per,
    pub(super) once_per: Option<OneOrMany>,
    pub(super) key: Option<OneOrMany>,
    pub(super) when: Option<toml::Value>,
    pub(super) timestamp: Option<OneOrMany>,
    #[serde(rename = "messageId")]
    pub(super) message_id: Option<String>,
    #[serde(rename = "userId")]
    pub(super) user_id: Option<toml::Value>,
    #[serde(rename = "anonymousId")]
    pub(super) anonymous_id: Option<toml::Value>,
    #[serde(rename = "groupId")]
    pub(super) group_id: Option<toml::Value>,
    #[serde(rename = "previousId")]
    pub(super) previous_id: Option<toml::Value>,
    pub(super) event: Option<toml::Value>,
    pub(super) name: Option<toml::Value>,
    pub(super) category: Option<toml::Value>,
    #[serde(default)]
    pub(super) properties: toml::Table,
    #[serde(default)]
    pub(super) traits: toml::Table,
    #[serde(default)]
    pub(super) context: toml::Table,
}

/// Which row speaks for an item that many rows name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Keep {
    #[default]
    First,
    Last,
}

/// An item of the catalogue that a row names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemFile {
    pub(super) id: toml::Value,
    #[serde(default)]
    pub(super) keep: Keep,
    pub(super) when: Option<toml::Value>,
    #[serde(default)]
    pub(super) traits: toml::Table,
}

/// Reads the file and checks what needs no other part of it.
pub(super) fn read(file: &str, text: &str) -> Result<MappingFile, MappingError> {
    let read: MappingFile = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or("").matches('\n').count() + 1;
        MappingError::Syntax { file: file.to_owned(), line, problem: error.message().replace('\n', " ") }
    })?;
    let scope = super::names::Scope::new(file);
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if read.name.is_empty() || read.name.len() > 40 || !is_plain(&read.name) {
        return Err(scope.key("name").error(
            format!("{:?} cannot be a part of message ids", read.name),
            "use 1 to 40 small letters, digits and hyphens",
        ));
    }
    let source = &read.source;
    if let Some(delimiter) = &source.delimiter
        && source.delimiter_byte().is_none()
        && delimiter != "whitespace"
    {
        let advice = "give one ASCII character, \"tab\" or \"whitespace\"";
        return Err(scope.key("source.delimiter").error(format!("{delimiter:?} is not a delimiter"), advice));
    }
    if source.header == Some(false) && source.columns.is_empty() {
        let advice = "name the columns in their order with columns = [\"…\"]";
        return Err(scope.key("source.header").error("a file without a header needs names for its columns", advice));
    }
    Ok(read)
}
