//! How is a KPI declared without code? A table of the settings, and what may stand in it.

use super::{Kpi, Made, Term};
use crate::experiment::Direction;
use events::declared::{Mistake, Table};
use events::{Pointer, Take};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 6] = [
    ("name", "its name in experiments and reports: small letters, digits, `_` and `-`"),
    ("title", "what it is called on a page; without it, the words of its name"),
    (
        "numerator",
        "what is counted: { did = { event = … } }, with at_least where once is not enough, count, sum (of, a value) or quantile \
         (of, and at, such as 0.95); a list of count and sum adds them up, each times `times`",
    ),
    ("denominator", "by what it is divided: \"customers\", or { count = { event = … } }, sum or did for a ratio"),
    ("within_days", "within how many days, from the first exposure on"),
    ("direction", "\"up\" where more is better, \"down\" where less is"),
];

const NAME_BYTES_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 200;
const WINDOW_DAYS: (i64, i64) = (1, 365);
/// How many things one KPI may add up.
const N_TERMS_MAX: usize = 16;
/// Nobody is measured by who did something more often than that.
const AT_LEAST_MAX: u32 = 1_000;

/// How many KPIs may be declared: each is counted of everybody.
const N_MAX: usize = 100;

const NUMERATOR: &str = "write what is counted, such as { did = { event = \"Order Completed\" } }";
const DENOMINATOR: &str =
    "write \"customers\", or what it is divided by, such as { count = { event = \"Order Completed\" } }";
const OF: &str = "write where the value stands in the event, such as of = \"properties.amount\"";

impl Kpi {
    /// The keys of a declaration, and what each says.
    #[must_use]
    pub fn keys() -> &'static [(&'static str, &'static str)] {
        &KEYS
    }

    /// The names that are taken by what is built in; some are there only where a company says what they are made of.
    #[must_use]
    pub fn built_in_names() -> &'static [&'static str] {
        &super::built_in::NAMES
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn from_table(table: &Map<String, Value>) -> Result<Self, Mistake> {
        let reader = Table::new("kpi", table);
        reader.known("", &KEYS.map(|(key, _)| key))?;
        let name = reader.text("name", NAME_BYTES_MAX)?;
        if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte)) {
            return Err(reader.wrong("name", "write small letters, digits, `_` and `-` alone"));
        }
        let title = reader.title(TEXT_BYTES_MAX)?;
        let kpi = Self {
            name: name.to_owned(),
            title,
            numerator: numerator(&reader)?,
            denominator: denominator(&reader)?,
            within_days: reader.days("within_days", WINDOW_DAYS)?,
            direction: match reader.get("direction").and_then(Value::as_str) {
                Some("up") => Direction::Up,
                Some("down") => Direction::Down,
                _ => return Err(reader.wrong("direction", "write \"up\" where more is better, or \"down\"")),
            },
        };
        let is_quantile = |made: &Made| matches!(made, Made::Quantile { .. });
        if is_quantile(&kpi.numerator) && kpi.denominator.is_some() || kpi.denominator.as_ref().is_some_and(is_quantile)
        {
            return Err(
                reader.wrong("denominator", "a quantile is divided by nothing, and nothing by it: write \"customers\"")
            );
        }
        Ok(kpi)
    }

    /// Checks what is declared together: no name twice, nor one of those that are there without a declaration.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn check_all(kpis: &[Self]) -> Result<(), Mistake> {
        let wrong = |kpi: &Self, remedy: &str| {
            let mut table = kpi.to_table();
            table.retain(|key, _| key == "name");
            Err(Table::new("kpi", &table).wrong("name", remedy))
        };
        for (at, kpi) in kpis.iter().enumerate() {
            if at >= N_MAX {
                return wrong(kpi, &format!("at most {N_MAX} can be declared: leave this one out"));
            }
            if kpis[..at].iter().any(|other| other.name == kpi.name) {
                return wrong(kpi, "there is a KPI of this name already: choose another");
            }
            if super::built_in::NAMES.contains(&kpi.name.as_str()) {
                return wrong(kpi, "this name is built in: choose another");
            }
        }
        Ok(())
    }

    /// As [`Kpi::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let table = json!({
            "name": self.name, "title": self.title, "numerator": written(&self.numerator),
            "denominator": self.denominator.as_ref().map_or_else(|| json!("customers"), written),
            "within_days": self.within_days, "direction": self.direction,
        });
        table.as_object().cloned().unwrap_or_default()
    }
}

impl Serialize for Kpi {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Kpi {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}

fn written(made: &Made) -> Value {
    let mut table = Map::new();
    let one = |term: &Term| {
        let mut table = term.what.to_table();
        table.extend(term.of.as_ref().map(|of| ("of".to_owned(), json!(of))));
        table.extend(((term.times - 1.0).abs() > 0.0).then(|| ("times".to_owned(), json!(term.times))));
        json!({ (if term.of.is_some() { "sum" } else { "count" }): table })
    };
    match made {
        Made::Did { what, at_least } => {
            table.extend(what.to_table());
            table.extend((*at_least > 1).then(|| ("at_least".to_owned(), json!(at_least))));
            json!({ "did": table })
        }
        Made::Quantile { what, of, at } => {
            table.extend(what.to_table());
            table.extend([("of".to_owned(), json!(of)), ("at".to_owned(), json!(at))]);
            json!({ "quantile": table })
        }
        Made::Sum(terms) => match terms.as_slice() {
            [term] => one(term),
            terms => terms.iter().map(one).collect(),
        },
    }
}

fn numerator(reader: &Table<'_>) -> Result<Made, Mistake> {
    made(reader, "numerator", NUMERATOR)
}

fn denominator(reader: &Table<'_>) -> Result<Option<Made>, Mistake> {
    match reader.get("denominator") {
        Some(Value::String(text)) if text == "customers" => Ok(None),
        _ => made(reader, "denominator", DENOMINATOR).map(Some),
    }
}

fn made(reader: &Table<'_>, key: &str, example: &str) -> Result<Made, Mistake> {
    match reader.get(key).and_then(Value::as_object).and_then(single) {
        Some(("did", fields)) => {
            let (path, mut fields) = (format!("{key}.did"), fields.clone());
            let at_least = match fields.remove("at_least") {
                None => 1,
                Some(times) => (times.as_u64().and_then(|times| u32::try_from(times).ok()))
                    .filter(|times| (1..=AT_LEAST_MAX).contains(times))
                    .ok_or_else(|| {
                        reader.wrong(
                            &format!("{path}.at_least"),
                            &format!("write a whole number from 1 to {AT_LEAST_MAX}"),
                        )
                    })?,
            };
            Ok(Made::Did { what: reader.filter(&path, &fields)?, at_least })
        }
        Some(("quantile", fields)) => {
            let (path, mut fields) = (format!("{key}.quantile"), fields.clone());
            let at = fields.remove("at").and_then(|at| at.as_f64()).filter(|at| *at > 0.0 && *at < 1.0);
            let at =
                at.ok_or_else(|| reader.wrong(&format!("{path}.at"), "write a share between 0 and 1, such as 0.95"))?;
            let of = take(reader, &format!("{path}.of"), fields.remove("of").as_ref())?;
            Ok(Made::Quantile { what: reader.filter(&path, &fields)?, of, at })
        }
        _ => terms(reader, key, example).map(Made::Sum),
    }
}

fn terms(reader: &Table<'_>, key: &str, example: &str) -> Result<Vec<Term>, Mistake> {
    let one = |value: &Value| {
        let (made, fields) = value.as_object().and_then(single).ok_or_else(|| reader.wrong(key, example))?;
        term(reader, key, made, fields.clone(), example)
    };
    match reader.get(key) {
        Some(Value::Array(terms)) if (1..=N_TERMS_MAX).contains(&terms.len()) => terms.iter().map(one).collect(),
        Some(Value::Array(_)) => {
            Err(reader.wrong(key, &format!("write a list of 1 to {N_TERMS_MAX} things to add up")))
        }
        Some(value) => one(value).map(|term| vec![term]),
        None => Err(reader.wrong(key, example)),
    }
}

fn term(
    reader: &Table<'_>,
    key: &str,
    made: &str,
    mut fields: Map<String, Value>,
    example: &str,
) -> Result<Term, Mistake> {
    let times = match fields.remove("times") {
        None => 1.0,
        Some(times) => (times.as_f64().filter(|times| times.is_finite()))
            .ok_or_else(|| reader.wrong(&format!("{key}.{made}.times"), "write a number"))?,
    };
    let of = fields.remove("of");
    let path = format!("{key}.{made}");
    let of = match (made, of) {
        ("count", None) => None,
        ("count", Some(_)) => {
            return Err(reader.wrong(&format!("{path}.of"), "a count reads no value: leave it out, or write sum"));
        }
        ("sum", of) => Some(take(reader, &format!("{path}.of"), of.as_ref())?),
        _ => return Err(reader.wrong(key, example)),
    };
    Ok(Term { what: reader.filter(&path, &fields)?, of, times })
}

fn take(reader: &Table<'_>, path: &str, of: Option<&Value>) -> Result<Take, Mistake> {
    let text = of.and_then(Value::as_str).ok_or_else(|| reader.wrong(path, OF))?;
    text.parse::<Pointer>().map(Take::from).map_err(|error| reader.wrong(path, &error.to_string()))
}

/// The one key of a table, and the table that stands there.
fn single(table: &Map<String, Value>) -> Option<(&str, &Map<String, Value>)> {
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((key, Value::Object(fields))), None) => Some((key, fields)),
        _ => None,
    }
}
