//! How is a feature declared without code? A table of the settings, and what may stand in it.

use crate::FeatureError;
use crate::cell::{CellSpec, DAYS_MAX, Form};
use crate::error::Mistake;
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
        let reader = Reader { table, name: table.get("name").and_then(Value::as_str).unwrap_or_default() };
        if let Some(key) = table.keys().find(|key| !KEYS.iter().any(|(known, _)| known == key)) {
            let meant = nearest(key, KEYS.map(|(known, _)| known));
            let meant = meant.map_or_else(
                || format!("write one of {}", KEYS.map(|(key, _)| key).join(", ")),
                |meant| format!("write {meant}"),
            );
            return Err(reader.wrong(key, format!("there is no such key: {meant}")));
        }
        let declared = Self {
            name: reader.name()?,
            meaning: reader.meaning()?,
            when: reader.when()?,
            measure: reader.measure()?,
            of: reader.of()?,
            within_days: reader.within_days()?,
        };
        declared.check(&reader)?;
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
    fn check(&self, reader: &Reader<'_>) -> Result<(), FeatureError> {
        let (measure, name) = (self.measure, self.measure.name());
        let needs_value = !matches!(measure, Measure::Count | Measure::DaysSince | Measure::Trend);
        if needs_value && self.of.is_none() {
            let remedy = format!("\"{name}\" measures a value: say which, such as of = \"properties.amount\"");
            return Err(reader.wrong("of", remedy));
        }
        if matches!(measure, Measure::Count | Measure::DaysSince) && self.of.is_some() {
            return Err(
                reader.wrong("of", format!("\"{name}\" looks at no value: leave it out, or measure another way"))
            );
        }
        match (measure, self.within_days) {
            (Measure::DaysSince, Some(_)) => Err(reader.wrong(
                "within_days",
                "\"days_since\" counts from the last one, however long ago: leave it out".to_owned(),
            )),
            (Measure::Trend, None) => {
                Err(reader.wrong("within_days", "\"trend\" compares days with as many before: say how many".to_owned()))
            }
            (Measure::Trend, Some(days)) if days > DAYS_MAX / 2 => Err(reader.wrong(
                "within_days",
                format!(
                    "days are kept for {DAYS_MAX}, and \"trend\" needs twice as many: write at most {}",
                    DAYS_MAX / 2
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What must be kept of each customer.
    #[must_use]
    pub fn cell(&self) -> CellSpec {
        CellSpec { when: self.when.clone(), of: self.of.clone(), form: self.measure.form(self.of.as_ref()) }
    }
}

/// Reads the keys of one declaration.
struct Reader<'a> {
    table: &'a Map<String, Value>,
    /// The feature's name, as far as it is one.
    name: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, key: &str, remedy: String) -> FeatureError {
        let value = self.table.get(key).map_or_else(|| "not there".to_owned(), Value::to_string);
        let (feature, key) = (self.name.to_owned(), key.to_owned());
        FeatureError::Declaration(Box::new(Mistake { feature, key, value, remedy }))
    }

    fn text(&self, key: &str, remedy: &str) -> Result<&str, FeatureError> {
        let text = self.table.get(key).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).ok_or_else(|| self.wrong(key, remedy.to_owned()))
    }

    fn name(&self) -> Result<String, FeatureError> {
        const REMEDY: &str = "write small letters, digits and \"_\", at most 64, such as \"downgrades_90d\"";
        let name = self.text("name", REMEDY)?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = name.len() <= NAME_BYTES_MAX
            && name.bytes().all(is_plain)
            && name.starts_with(|first: char| first.is_ascii_lowercase());
        if is_name { Ok(name.to_owned()) } else { Err(self.wrong("name", REMEDY.to_owned())) }
    }

    fn meaning(&self) -> Result<String, FeatureError> {
        const REMEDY: &str = "say in words what the feature tells of a customer, in at most 200 bytes";
        let meaning = self.text("meaning", REMEDY)?;
        if meaning.len() <= MEANING_BYTES_MAX {
            Ok(meaning.to_owned())
        } else {
            Err(self.wrong("meaning", REMEDY.to_owned()))
        }
    }

    fn when(&self) -> Result<Filter, FeatureError> {
        let Some(table) = self.table.get("when").and_then(Value::as_object) else {
            return Err(
                self.wrong("when", "say which events are meant, such as { event = \"Order Completed\" }".to_owned())
            );
        };
        Filter::from_table(table).map_err(|error| self.wrong("when", error.to_string()))
    }

    fn measure(&self) -> Result<Measure, FeatureError> {
        let names = || MEASURES.map(|(name, ..)| name);
        let written = self.table.get("measure").and_then(Value::as_str).unwrap_or_default();
        let found = MEASURES.iter().find(|(name, ..)| *name == written).map(|(_, measure, _)| *measure);
        found.ok_or_else(|| {
            let meant = nearest(written, names()).map(|meant| format!(" (did you mean \"{meant}\"?)"));
            self.wrong("measure", format!("write one of {}{}", names().join(", "), meant.unwrap_or_default()))
        })
    }

    fn of(&self) -> Result<Option<Take>, FeatureError> {
        let Some(value) = self.table.get("of") else { return Ok(None) };
        let path = value.as_str().unwrap_or_default();
        path.parse()
            .map(|pointer| Some(Take { pointer }))
            .map_err(|error: events::FilterError| self.wrong("of", error.to_string()))
    }

    fn within_days(&self) -> Result<Option<i64>, FeatureError> {
        let Some(value) = self.table.get("within_days") else { return Ok(None) };
        match value.as_i64() {
            Some(days @ 1..=DAYS_MAX) => Ok(Some(days)),
            _ => Err(self.wrong(
                "within_days",
                format!("days are kept for {DAYS_MAX}: write a whole number from 1 to {DAYS_MAX}, or leave it out for everything"),
            )),
        }
    }
}

impl Serialize for Declared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Declared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_table(&events::filter::as_json(Map::deserialize(deserializer)?)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
