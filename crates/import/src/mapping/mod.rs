//! How does a row become events? What the mapping file says, read once and turned into something fast.
//!
//! A mapping is a TOML file; `mappings/ta-feng.toml` is a worked example with a comment at every key. Column names become
//! places in a row when the mapping is read, and places in the file when it meets one, so that nothing is looked up by
//! name while rows stream through.

mod cell;
mod condition;
mod emit;
mod error;
mod expression;
mod file;
mod names;
mod template;
mod time;

pub use error::MappingError;

pub(crate) use emit::{Emitter, Unmappable};
pub(crate) use file::SourceRule;
pub(crate) use time::{LatestTime, TimeReader};

use cell::Check;
use condition::Condition;
use names::{Names, Scope};
use primitives::Timestamp;
use sha2::{Digest, Sha256};
use std::path::Path;
use template::{EventTemplate, ItemTemplate};
use time::TimeRule;

/// The mappings that come with the program: name and text.
const SHIPPED: [(&str, &str); 2] =
    [("cdnow", include_str!("../../mappings/cdnow.toml")), ("ta-feng", include_str!("../../mappings/ta-feng.toml"))];

/// Ends each cell of a group's key.
pub(crate) const KEY_SEPARATOR: u8 = 0x1f;

/// How the rows of a table become events.
#[derive(Debug)]
pub struct Mapping {
    pub(crate) name: String,
    sha256: String,
    pub(crate) source: SourceRule,
    pub(crate) grouping: Grouping,
    columns: Vec<names::Column>,
    blank: Vec<String>,
    decimal_comma: bool,
    time: TimeRule,
    group_slots: Vec<usize>,
    when: Option<Condition>,
    checks: Vec<Check>,
    events: Vec<EventTemplate>,
    items: Vec<ItemTemplate>,
}

/// Which rows make one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// Every row stands for itself.
    None,
    /// Neighbouring rows with the same group.
    Contiguous,
    /// All rows of the file with the same group, wherever they are.
    File,
}

/// A row as the mapping sees it: the cells it uses, trimmed, in the order of its slots; blank cells are empty.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) ends: Vec<u32>,
}

impl Row {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        // Rows of text end at a mebibyte; a longer cell of Parquet is cut off.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    /// The cell of a slot; empty where it is blank.
    pub(crate) fn cell(&self, slot: usize) -> &str {
        let start = slot.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(slot).copied().unwrap_or(start);
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.clear();
        (self.line, self.at) = (other.line, other.at);
        self.text.push_str(&other.text);
        self.ends.extend_from_slice(&other.ends);
    }
}

impl Mapping {
    /// Reads a mapping; `file` is what messages call it.
    ///
    /// # Errors
    /// [`MappingError`] with the file, the key and what to do.
    pub fn parse(file: &str, text: &str) -> Result<Self, MappingError> {
        let read = file::read(file, text)?;
        let mut names = Names::default();
        let scope = Scope::new(file);
        let time = TimeRule::compile(&read.time, &mut names, &scope.key("time"))?;
        let by = &scope.key("group_by");
        let group_slots = read.group_by.iter().map(|column| names.slot(column, by)).collect::<Result<Vec<_>, _>>()?;
        let when =
            read.when.as_ref().map(|when| Condition::compile(when, &mut names, &scope.key("when"))).transpose()?;
        let grouping = match (read.group_by.is_empty(), read.group) {
            (true, None) => Grouping::None,
            (true, Some(_)) => {
                return Err(scope
                    .key("group")
                    .error("it needs group_by", "name the columns that make a group in group_by"));
            }
            (false, Some(file::GroupMode::Contiguous)) => Grouping::Contiguous,
            (false, Some(file::GroupMode::File) | None) => Grouping::File,
        };
        let currency = template::currency(read.currency.as_deref(), &scope)?;
        let events = template::events(&read, currency.as_deref(), &group_slots, &mut names, &scope)?;
        let items = template::items(&read, currency.as_deref(), &mut names, &scope)?;
        if events.is_empty() && items.is_empty() {
            return Err(scope.error("it has neither an [[event]] nor an [[item]]", "say what a row becomes"));
        }
        Ok(Self {
            name: read.name,
            sha256: sha256_hex(text),
            blank: read.source.blank.clone(),
            decimal_comma: read.source.decimal_comma,
            source: read.source,
            grouping,
            checks: names.take_checks(),
            columns: names.columns,
            time,
            group_slots,
            when,
            events,
            items,
        })
    }

    /// Reads a mapping from a file.
    ///
    /// # Errors
    /// [`MappingError`] where the file cannot be read or is not a mapping.
    pub fn load(path: &Path) -> Result<Self, MappingError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| MappingError::Open { path: path.display().to_string(), source })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// The mapping of that name that comes with the program.
    ///
    /// # Errors
    /// [`MappingError::Unknown`] where there is none.
    pub fn shipped(name: &str) -> Result<Self, MappingError> {
        Self::parse(&format!("{name}.toml"), Self::shipped_text(name)?)
    }

    /// The text of that mapping, for whoever wants it a little otherwise.
    ///
    /// # Errors
    /// [`MappingError::Unknown`] where there is none.
    pub fn shipped_text(name: &str) -> Result<&'static str, MappingError> {
        SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text).ok_or_else(|| {
            let known: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            MappingError::Unknown { name: name.to_owned(), known: known.join(", ") }
        })
    }

    /// What `--mapping` names: a file, or else a mapping that comes with the program.
    ///
    /// # Errors
    /// [`MappingError`] where it is neither, or the file is not a mapping.
    pub fn find(name_or_path: &str) -> Result<Self, MappingError> {
        if SHIPPED.iter().any(|(name, _)| *name == name_or_path) && !Path::new(name_or_path).exists() {
            return Self::shipped(name_or_path);
        }
        Self::load(Path::new(name_or_path))
    }

    /// The mapping's name; it is part of every `messageId`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of its text, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether it moves all times by whole weeks or days, so that the data ends now.
    #[must_use]
    pub fn shifts_to_now(&self) -> bool {
        self.time.shift.is_some()
    }

    /// The place in the file of each slot, or the column that is missing and the key that needs it.
    pub(crate) fn places(&self, columns: &[String]) -> Result<Vec<usize>, (String, String)> {
        let find = |column: &names::Column| {
            let place = columns.iter().position(|found| *found == column.name);
            place.ok_or_else(|| (column.name.clone(), column.used_by.clone()))
        };
        self.columns.iter().map(find).collect()
    }

    /// The names of the slots' columns.
    pub(crate) fn slot_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// How the mapping tells the time.
    pub(crate) fn time(&self) -> &TimeRule {
        &self.time
    }

    /// Takes over the cells that the mapping uses.
    pub(crate) fn project(&self, record: &csv::StringRecord, places: &[usize], row: &mut Row) {
        row.clear();
        for place in places {
            let cell = record.get(*place).unwrap_or("").trim();
            row.push(if self.blank.iter().any(|blank| blank == cell) { "" } else { cell });
        }
    }

    /// Whether the mapping wants this row at all.
    pub(crate) fn wants(&self, row: &Row) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(row, self.decimal_comma))
    }

    /// Checks every cell that has to be a number or a truth value.
    pub(crate) fn check(&self, row: &Row) -> Result<(), String> {
        self.checks.iter().try_for_each(|check| {
            check.check(row, self.decimal_comma).map_err(|wanted| {
                let column = self.columns.get(check.slot).map_or("", |column| column.name.as_str());
                format!("column \"{column}\" is {:?}, which is not {wanted}", row.cell(check.slot))
            })
        })
    }

    /// The text that tells a row's group from the others.
    pub(crate) fn group_key(&self, row: &Row, key: &mut String) {
        key.clear();
        for slot in &self.group_slots {
            key.push_str(row.cell(*slot));
            key.push(char::from(KEY_SEPARATOR));
        }
    }
}

fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
