//! What does a form say of a table: which keys become what?

use super::fields::{self, Described, How};
use super::written::{Filled, written};
use decisions::{CHANNELS, FlagType};
use primitives::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What cannot be read, by the key of the field.
pub(super) type Wrong = BTreeMap<String, String>;

/// What of a table is to be said otherwise than it is known: null takes a key away. What stands there as it is known is not said again.
/// `is_open` tells which fields can be changed.
///
/// # Errors
/// Which fields cannot be read, each with what to write.
pub(super) fn changed(
    list: &str,
    filled: &Filled,
    known: &Map<String, Value>,
    is_open: &dyn Fn(&Described) -> bool,
) -> Result<Map<String, Value>, Wrong> {
    let (mut said, mut wrong) = (Map::new(), Wrong::new());
    let before = written(list, known);
    let of = match list {
        "flags" => FlagType::from_name(known.get("type").and_then(Value::as_str).unwrap_or(filled.text("type"))),
        _ => FlagType::from_name(filled.text("of")),
    };
    let of = of.unwrap_or(FlagType::Text);
    for field in fields::all(list).filter(|field| is_open(field)) {
        if is_same(field.key, &before, filled) && (of_table(list, known) == Some(of) || !has_values(field.how)) {
            continue;
        }
        match value(field, filled, of) {
            Ok(value) if known.get(field.key) == Some(&value) || value.is_null() && !known.contains_key(field.key) => {}
            Ok(value) => drop(said.insert(field.key.to_owned(), value)),
            Err(why) => drop(wrong.insert(field.key.to_owned(), why)),
        }
    }
    if wrong.is_empty() { Ok(said) } else { Err(wrong) }
}

fn has_values(how: How) -> bool {
    matches!(how, How::Value | How::Rules | How::Variations)
}

/// Of which type the values of a table are.
fn of_table(list: &str, known: &Map<String, Value>) -> Option<FlagType> {
    match list {
        "flags" => FlagType::from_name(known.get("type")?.as_str()?),
        "experiments" => FlagType::of(known.get("variations")?.get(0)?.get("value")?),
        _ => None,
    }
}

/// Whether a field, with all its rows, stands as it was shown.
fn is_same(key: &str, before: &Filled, filled: &Filled) -> bool {
    let is_of = |name: &str| name == key || name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    let texts = |of: &Filled| -> BTreeMap<String, Vec<String>> {
        let of = of.0.iter().filter(|(name, _)| is_of(name));
        let said = of.map(|(name, said)| {
            let mut said: Vec<String> = said.iter().map(|text| text.replace('\r', "").trim().to_owned()).collect();
            said.sort();
            (name.clone(), said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>())
        });
        said.filter(|(_, said)| !said.is_empty()).collect()
    };
    texts(before) == texts(filled)
}

fn value(field: &Described, filled: &Filled, of: FlagType) -> Result<Value, String> {
    let text = filled.text(field.key);
    if text.is_empty() && !matches!(field.how, How::Tick(_) | How::Channels | How::Kpis) && !is_rowed(field.how) {
        return Ok(Value::Null);
    }
    Ok(match field.how {
        How::Line | How::Condition | How::Type => json!(text),
        How::Number => number(text).map_or_else(|| json!(text), |number| json!(number)),
        How::Whole => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
        How::Percent => share(text)?,
        How::Tick(is_usual) => match !filled.all(field.key).is_empty() {
            is_ticked if is_ticked == is_usual => Value::Null,
            is_ticked => json!(is_ticked),
        },
        How::Channels => {
            let ticked: Vec<&str> =
                CHANNELS.into_iter().filter(|one| filled.all(field.key).iter().any(|said| said == one)).collect();
            if ticked.is_empty() { Value::Null } else { json!(ticked) }
        }
        How::Kpis => match filled.all(field.key) {
            [] => Value::Null,
            ticked => json!(ticked),
        },
        How::Moment => Timestamp::parse(text).map_or_else(|_| json!(text), |at| json!(at.to_string())),
        How::Table => table(text)?,
        How::Value => valued(text, of)?,
        How::Rules => rows(field.key, filled, &|row| rule(row, of))?,
        How::Needs => rows(field.key, filled, &need)?,
        How::Variations => rows(field.key, filled, &|row| variation(row, of))?,
    })
}

fn is_rowed(how: How) -> bool {
    matches!(how, How::Rules | How::Needs | How::Variations)
}

/// A number as somebody writes it.
fn number(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// A share, written in hundredths.
fn share(text: &str) -> Result<Value, String> {
    let percent = number(text.trim_end_matches('%').trim_end()).filter(|percent| (0.0..=100.0).contains(percent));
    let percent = percent.ok_or_else(|| format!("“{}” is no share: write a number from 0 to 100", shown(text)))?;
    Ok(json!((percent * 1e4).round() / 1e6))
}

/// A table, as the settings write one or as JSON.
fn table(text: &str) -> Result<Value, String> {
    let of_json = || serde_json::from_str::<Map<String, Value>>(text).map_err(|error| primitives::plain_words(&error));
    let of_toml = || toml::from_str::<Map<String, Value>>(text).map_err(|error| error.message().replace('\n', " "));
    let read = if text.starts_with('{') { of_json() } else { of_toml() };
    read.map(Value::Object).map_err(|why| format!("it cannot be read ({why}): write key = \"value\", a line each"))
}

/// A value of a type.
fn valued(text: &str, of: FlagType) -> Result<Value, String> {
    let read: Option<Value> = match of {
        FlagType::Text => Some(json!(text)),
        FlagType::Boolean => text.to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool),
        FlagType::Number => serde_json::from_str(&text.replace(',', ".")).ok(),
        FlagType::Json => serde_json::from_str(text).ok(),
    };
    read.filter(|value| FlagType::of(value) == Some(of)).ok_or_else(|| {
        let what = match of {
            FlagType::Text => "a text",
            FlagType::Boolean => "true or false",
            FlagType::Number => "a number",
            FlagType::Json => "an object or a list, as JSON: {\"text\": \"Hello\"}",
        };
        format!("“{}” is of another type: write {what}", shown(text))
    })
}

/// The rows of a field that say anything.
fn rows(key: &str, filled: &Filled, read: &dyn Fn(&Row<'_>) -> Result<Value, String>) -> Result<Value, String> {
    let mut all = Vec::new();
    for place in 0..filled.n_rows(key) {
        let row = Row { filled, stem: format!("{key}.{place}") };
        if row.is_empty() {
            continue;
        }
        all.push(read(&row).map_err(|why| format!("row {}: {why}", place + 1))?);
    }
    Ok(if all.is_empty() { Value::Null } else { Value::Array(all) })
}

/// One row of a field.
struct Row<'a> {
    filled: &'a Filled,
    stem: String,
}

impl Row<'_> {
    fn text(&self, name: &str) -> &str {
        self.filled.text(&format!("{}.{name}", self.stem))
    }

    fn is_empty(&self) -> bool {
        ["when", "share", "value", "experiment", "flag", "is", "name"].iter().all(|name| self.text(name).is_empty())
    }
}

fn rule(row: &Row<'_>, of: FlagType) -> Result<Value, String> {
    let mut rule = Map::new();
    for name in ["when", "experiment"] {
        if !row.text(name).is_empty() {
            rule.insert(name.to_owned(), json!(row.text(name)));
        }
    }
    if !row.text("share").is_empty() {
        rule.insert("share".to_owned(), share(row.text("share"))?);
    }
    if !row.text("value").is_empty() || !rule.contains_key("experiment") {
        rule.insert("value".to_owned(), valued(row.text("value"), of)?);
    }
    Ok(Value::Object(rule))
}

fn need(row: &Row<'_>) -> Result<Value, String> {
    let is = row.text("is");
    let read = serde_json::from_str(is).ok().filter(|value: &Value| !value.is_array() && !value.is_object());
    Ok(json!({"flag": row.text("flag"), "is": if is.is_empty() { json!(true) } else { read.unwrap_or(json!(is)) }}))
}

fn variation(row: &Row<'_>, of: FlagType) -> Result<Value, String> {
    let mut one = Map::from_iter([
        ("name".to_owned(), json!(row.text("name"))),
        ("value".to_owned(), valued(row.text("value"), of)?),
    ]);
    let weight = row.text("weight");
    if !weight.is_empty() {
        one.insert("weight".to_owned(), number(weight).map_or_else(|| json!(weight), |weight| json!(weight)));
    }
    Ok(Value::Object(one))
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
