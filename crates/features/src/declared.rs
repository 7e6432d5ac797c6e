//! How is a feature declared without code? A table of the settings, and what may stand in it.

use crate::FeatureError;
use crate::cell::{CellSpec, DAYS_MAX, Form};
use events::declared::{Mistake, Table};
use events::{Filter, Take};
use primitives::nearest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// How long a name and a meaning may be.
const NAME_BYTES_MAX: usize = 64;
const MEANING_BYTES_MAX: usize = 200;

/// What is measured, by the name under which it is asked for, and what it comes to.
const MEASURES: [(&str, Measure, &str); 9] = [
    ("count", Measure::Count, "how many there were"),
    ("sum", Measure::Sum, "what their numbers add up to"),
    ("mean", Measure::Mean, "their numbers' mean; unknown where there was none"),
    ("min", Measure::Min, "the least of their numbers; unknown where there was none"),
    ("max", Measure::Max, "the greatest of their numbers; unknown where there was none"),
    ("last", Measure::Last, "the number of the last one; unknown where there was none"),
    ("days_since", Measure::DaysSince, "days since the last one; unknown where there was none"),
    ("distinct", Measure::Distinct, "how many different values there were"),
    (
        "trend",
        Measure::Trend,
        "how many there were, less those in as many days before; with `of`, the same of their sums",
    ),
];

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 6] = [
    ("name", "its name: small letters, digits and `_`; no other feature may have it"),
    ("meaning", "what it says of a customer, in words"),
    ("when", "which events are meant: `event`, and values of theirs that must be equal"),
    ("measure", "what is measured, from the table below"),
    ("of", "whose number or text is measured, such as `properties.amount`"),
    ("within_days", "over how many days before the present; without it, over everything"),
];

/// What is measured of the events that are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// How many there were.
    Count,
    /// What their numbers add up to.
    Sum,
    /// Their numbers' mean.
    Mean,
    /// The least number.
    Min,
    /// The greatest number.
    Max,
    /// The last one's number.
    Last,
    /// Days since the last one.
    DaysSince,
    /// How many different values there were.
    Distinct,
    /// How many there were, or what they add up to, less the same of as many days before.
    Trend,
}

/// A feature that the settings declare.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What it says of a customer, in words.
    pub meaning: String,
    /// Which events are meant.
    pub when: Filter,
    /// What is measured of them.
    pub measure: Measure,
    /// Whose number or text is measured.
    pub of: Option<Take>,
    /// Over how many days; `None` for everything.
    pub within_days: Option<i64>,
}

impl Measure {
    /// Every measure with what it comes to, in words.
    pub fn all() -> impl Iterator<Item = (Self, &'static str)> {
        MEASURES.into_iter().map(|(_, measure, meaning)| (measure, meaning))
    }

    /// The name under which it is asked for.
    #[must_use]
    pub fn name(self) -> &'static str {
        MEASURES.iter().find(|(_, measure, _)| *measure == self).map_or("", |(name, ..)| name)
    }

    fn form(self, of: Option<&Take>) -> Form {
        match (self, of) {
            (Self::Count, _) | (Self::Trend, None) => Form::Counts,
            (Self::Sum | Self::Mean | Self::Min | Self::Max, _) | (Self::Trend, Some(_)) => Form::Buckets,
            (Self::Last | Self::DaysSince, _) => Form::Last,
            (Self::Distinct, _) => Form::Distinct,
        }
    }

    pub(crate) fn unit(self, of: Option<&Take>) -> &'static str {
        match (self, of) {
            (Self::Count, _) | (Self::Trend, None) => "times",
            (Self::DaysSince, _) => "days",
            (Self::Distinct, _) => "values",
            _ => "",
        }
    }
}

impl Declared {
    /// The keys of a declaration, and what each says.
    #[must_use]
    pub fn keys() -> &'static [(&'static str, &'static str)] {
        &KEYS
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// [`FeatureError::Declaration`], which names the feature, the key, its value and what to do.
    pub fn from_table(table: &Map<String, Value>) -> Result<Self, FeatureError> {
        let table = Table::new("feature", table);
        table.known("", &KEYS.map(|(key, _)| key))?;
        let declared = Self {
            name: name(&table)?,
            meaning: table.text("meaning", MEANING_BYTES_MAX)?.to_owned(),
            when: when(&table)?,
            measure: measure(&table)?,
            of: of(&table)?,
            within_days: within_days(&table)?,
        };
        declared.check(&table)?;
        Ok(declared)
    }

    /// As [`Declared::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let mut table = Map::new();
        table.insert("name".to_owned(), self.name.as_str().into());
        table.insert("meaning".to_owned(), self.meaning.as_str().into());
        table.insert("when".to_owned(), self.when.to_table().into());
        table.insert("measure".to_owned(), self.measure.name().into());
        table.extend(self.of.as_ref().map(|of| ("of".to_owned(), of.pointer.to_string().into())));
        table.extend(self.within_days.map(|days| ("within_days".to_owned(), days.into())));
        table
    }

    /// What fits together and what does not.
    fn check(&self, table: &Table<'_>) -> Result<(), Mistake> {
        let (measure, name) = (self.measure, self.measure.name());
        let needs_value = !matches!(measure, Measure::Count | Measure::DaysSince | Measure::Trend);
        if needs_value && self.of.is_none() {
            let remedy = format!("\"{name}\" measures a value: say which, such as of = \"properties.amount\"");
            return Err(table.wrong("of", &remedy));
        }
        if matches!(measure, Measure::Count | Measure::DaysSince) && self.of.is_some() {
            let remedy = format!("\"{name}\" looks at no value: leave it out, or measure another way");
            return Err(table.wrong("of", &remedy));
        }
        let most = DAYS_MAX / 2;
        let remedy = match (measure, self.within_days) {
            (Measure::DaysSince, Some(_)) => {
                "\"days_since\" counts from the last one, however long ago: leave it out".to_owned()
            }
            (Measure::Trend, None) => "\"trend\" compares days with as many before: say how many".to_owned(),
            (Measure::Trend, Some(days)) if days > most => {
                format!("days are kept for {DAYS_MAX}, and \"trend\" needs twice as many: write at most {most}")
            }
            _ => return Ok(()),
        };
        Err(table.wrong("within_days", &remedy))
    }

    /// What must be kept of each customer.
    #[must_use]
    pub fn cell(&self) -> CellSpec {
        CellSpec { when: self.when.clone(), of: self.of.clone(), form: self.measure.form(self.of.as_ref()) }
    }
}

fn name(table: &Table<'_>) -> Result<String, Mistake> {
    let name = table.name().trim();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_name = name.len() <= NAME_BYTES_MAX
        && name.bytes().all(is_plain)
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    let remedy = "write small letters, digits and \"_\", at most 64, such as \"downgrades_90d\"";
    if is_name { Ok(name.to_owned()) } else { Err(table.wrong("name", remedy)) }
}

fn when(table: &Table<'_>) -> Result<Filter, Mistake> {
    match table.get("when") {
        Some(Value::Object(fields)) => table.filter("when", fields),
        _ => Err(table.wrong("when", "say which events are meant, such as { event = \"Order Completed\" }")),
    }
}

fn measure(table: &Table<'_>) -> Result<Measure, Mistake> {
    let names = || MEASURES.map(|(name, ..)| name);
    let written = table.get("measure").and_then(Value::as_str).unwrap_or_default();
    let found = MEASURES.iter().find(|(name, ..)| *name == written).map(|(_, measure, _)| *measure);
    found.ok_or_else(|| {
        let meant = nearest(written, names()).map(|meant| format!(" (did you mean \"{meant}\"?)"));
        table.wrong("measure", &format!("write one of {}{}", names().join(", "), meant.unwrap_or_default()))
    })
}

fn of(table: &Table<'_>) -> Result<Option<Take>, Mistake> {
    let Some(path) = table.get("of") else { return Ok(None) };
    let pointer = path.as_str().unwrap_or_default().parse();
    let wrong = |error: events::FilterError| table.wrong("of", &error.to_string());
    pointer.map(|pointer| Some(Take { pointer })).map_err(wrong)
}

fn within_days(table: &Table<'_>) -> Result<Option<i64>, Mistake> {
    if table.get("within_days").is_none() {
        return Ok(None);
    }
    table.days("within_days", (1, DAYS_MAX)).map(Some).map_err(|mistake| Mistake {
        remedy: format!("{}, for as long as days are kept, or leave it out for everything", mistake.remedy),
        ..mistake
    })
}

impl Serialize for Declared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Declared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}

#[cfg(test)]
mod tests;
