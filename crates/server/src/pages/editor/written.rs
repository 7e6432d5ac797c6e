//! How does a table stand in a form?

use super::fields::{self, How};
use decisions::FlagType;
use primitives::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// So many rows are read of a field: more than may be declared. Whoever sends a form can write any number.
pub(super) const N_ROWS_MAX: usize = 64;

/// What stands in a form, by the names of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filled(pub(super) BTreeMap<String, Vec<String>>);

impl Filled {
    /// What stands in a field, without what stands around it.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(|said| said.first()).map_or("", |text| text.trim())
    }

    /// Everything that was ticked of several.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn put(&mut self, name: &str, text: impl Into<String>) {
        self.0.entry(name.to_owned()).or_default().push(text.into());
    }

    /// How many rows of a field are filled in, counted to the last of them.
    pub(super) fn n_rows(&self, key: &str) -> usize {
        let row = |name: &String| name.strip_prefix(key)?.strip_prefix('.')?.split('.').next()?.parse::<usize>().ok();
        let filled = self.0.iter().filter(|(_, said)| said.iter().any(|text| !text.trim().is_empty()));
        filled.filter_map(|(name, _)| row(name)).filter(|row| *row < N_ROWS_MAX).max().map_or(0, |last| last + 1)
    }
}

impl FromIterator<(String, String)> for Filled {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut filled = Self::default();
        pairs.into_iter().for_each(|(name, text)| filled.put(&name, text));
        filled
    }
}

/// A table as it stands in the form of its list.
pub(super) fn written(list: &str, table: &Map<String, Value>) -> Filled {
    let mut filled = Filled::default();
    for field in fields::all(list) {
        let Some(value) = table.get(field.key) else {
            if field.how == How::Tick(true) {
                filled.put(field.key, "true");
            }
            continue;
        };
        match field.how {
            How::Rules | How::Needs => rows(&mut filled, field.key, value),
            How::Variations => {
                let first = value.get(0).and_then(|one| one.get("value")).and_then(FlagType::of);
                filled.put("of", first.unwrap_or(FlagType::Text).name());
                rows(&mut filled, field.key, value);
            }
            How::Channels | How::Kpis => {
                let all = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                all.for_each(|one| filled.put(field.key, one));
            }
            How::Tick(_) => {
                if value == &Value::Bool(true) {
                    filled.put(field.key, "true");
                }
            }
            How::Percent => filled.put(field.key, percent(value)),
            How::Table => filled.put(field.key, table_text(value)),
            How::Moment => filled.put(field.key, moment(value)),
            How::Line | How::Condition | How::Number | How::Whole | How::Type | How::Value => {
                filled.put(field.key, plain(value));
            }
        }
    }
    filled
}

/// The rows of a list of tables: `rules.0.when`.
fn rows(filled: &mut Filled, key: &str, value: &Value) {
    for (place, row) in value.as_array().into_iter().flatten().enumerate() {
        for (name, value) in row.as_object().into_iter().flatten() {
            let text = if name == "share" { percent(value) } else { plain(value) };
            filled.put(&format!("{key}.{place}.{name}"), text);
        }
    }
}

/// A value as somebody would write it: a text without the signs around it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // As Rust writes it: 1 for 1.0.
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(String::new, |number| number.to_string())
        }
        other => other.to_string(),
    }
}

/// A share in hundredths, to the ten-thousandth.
fn percent(value: &Value) -> String {
    value.as_f64().map_or_else(|| plain(value), |share| ((share * 1e6).round() / 1e4).to_string())
}

/// A day where it begins with one, and else the moment.
fn moment(value: &Value) -> String {
    let text = plain(value);
    let day = text.get(..10).filter(|day| Timestamp::parse(day).ok() == Timestamp::parse(&text).ok());
    day.map_or_else(|| text.clone(), str::to_owned)
}

/// A table as the settings write it, a line each; as JSON what they cannot.
fn table_text(value: &Value) -> String {
    let Value::Object(table) = value else { return value.to_string() };
    toml::to_string(table).map_or_else(|_| value.to_string(), |text| text.trim_end().to_owned())
}
