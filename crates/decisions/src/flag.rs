//! Which value has something that can be switched, and for whom another one? A table of the settings: a flag.

use crate::experiment::Experiment;
use crate::filter::Names;
use crate::flag_type::{FlagType, is_fit};
use events::declared::{Mistake, Table, unknown};
use learning::TaskName;
use primitives::nearest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 7] = [
    ("name", "its name: small letters, digits, `_` and `-`"),
    ("title", "what it is called on a page; without it, the words of its name"),
    ("type", "boolean, text, number or json; that of its default where it is not said"),
    ("default", "its value where no rule gives another one"),
    ("on", "false switches it off: everybody gets the default, whatever its rules say"),
    (
        "needs",
        "what other flags must be for this customer, { flag = \"login\", is = true }; where one is not, the default",
    ),
    (
        "rules",
        "who gets another value, the first that is right: { when = 'traits.plan = \"pro\"', value = \"new\" }, \
         { share = 0.25, value = \"new\" }, { experiment = \"checkout_copy\" }",
    ),
];
const KEYS_OF_RULE: [&str; 4] = ["when", "share", "value", "experiment"];
const KEYS_OF_NEED: [&str; 2] = ["flag", "is"];

/// More flags than anybody evaluates.
const N_FLAGS_MAX: usize = 1_000;
const N_RULES_MAX: usize = 32;
const N_NEEDS_MAX: usize = 16;
/// How many flags an answer may have to look at for one.
const N_WAITED_FOR_MAX: usize = 50;
const TEXT_BYTES_MAX: usize = 100;
const CONDITION_BYTES_MAX: usize = 2_000;

/// What another flag must be first.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The other flag.
    pub flag: String,
    /// What it must be.
    pub is: Value,
}

/// Who gets another value than the default.
#[derive(Debug, Clone, PartialEq)]
pub enum FlagRule {
    /// All of whom a condition holds, or a share of them, get a value.
    Value {
        /// The condition as it was written; everybody where nothing is.
        when: String,
        /// The share of these; all where there is none.
        share: Option<f64>,
        /// The value.
        value: Value,
    },
    /// Whoever takes part in an experiment gets the value of their variation.
    Experiment(String),
}

/// Something that can be switched.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// Its name.
    pub name: String,
    /// What it is called on a page.
    pub title: String,
    /// Which values it has.
    pub of: FlagType,
    /// Its value where no rule gives another one.
    pub default: Value,
    /// Whether its rules count.
    pub on: bool,
    /// What other flags must be first.
    pub needs: Vec<Need>,
    /// Who gets another value: the first that is right.
    pub rules: Vec<FlagRule>,
}

impl Flag {
    /// The keys of a declaration, and what each says.
    #[must_use]
    pub fn keys() -> &'static [(&'static str, &'static str)] {
        &KEYS
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn from_table(fields: &Map<String, Value>) -> Result<Self, Mistake> {
        let table = Table::new("flag", fields);
        table.known("", &KEYS.map(|(key, _)| key))?;
        let name = table.name();
        TaskName::check(name).map_err(|why| table.wrong("name", &why))?;
        let title = table.title(TEXT_BYTES_MAX)?;
        let default = table.get("default").filter(|value| !value.is_null());
        let default = default.ok_or_else(|| table.wrong("default", "write the value that it has by itself"))?;
        let of = match table.get("type") {
            None => FlagType::of(default),
            Some(written) => written.as_str().and_then(FlagType::from_name),
        };
        let of = of.ok_or_else(|| table.wrong("type", "write boolean, text, number or json"))?;
        is_fit(default, of).map_err(|why| table.wrong("default", &why))?;
        let on = table.get("on").map_or(Some(true), Value::as_bool);
        let on = on.ok_or_else(|| table.wrong("on", "write true or false"))?;
        let (needs, rules) = (listed(&table, "needs", N_NEEDS_MAX)?, listed(&table, "rules", N_RULES_MAX)?);
        Ok(Self {
            name: name.to_owned(),
            title,
            of,
            default: default.clone(),
            on,
            needs: needs.iter().map(|one| need(&table, one)).collect::<Result<_, _>>()?,
            rules: rules.iter().map(|one| rule(&table, one, of)).collect::<Result<_, _>>()?,
        })
    }

    /// As [`Flag::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let need = |need: &Need| json!({"flag": need.flag, "is": need.is});
        let rule = |rule: &FlagRule| match rule {
            FlagRule::Experiment(name) => json!({ "experiment": name }),
            FlagRule::Value { when, share, value } => {
                let mut table = Map::from_iter([("value".to_owned(), value.clone())]);
                if !when.is_empty() {
                    table.insert("when".to_owned(), json!(when));
                }
                table.extend(share.map(|share| ("share".to_owned(), json!(share))));
                Value::Object(table)
            }
        };
        let told = [
            ("name", json!(self.name), true),
            ("title", json!(self.title), true),
            ("type", json!(self.of.name()), true),
            ("default", self.default.clone(), true),
            ("on", json!(self.on), !self.on),
            ("needs", self.needs.iter().map(need).collect(), !self.needs.is_empty()),
            ("rules", self.rules.iter().map(rule).collect(), !self.rules.is_empty()),
        ];
        told.into_iter().filter(|(_, _, is_told)| *is_told).map(|(key, value, _)| (key.to_owned(), value)).collect()
    }

    /// Whether flags can be declared together, over these experiments and what conditions may ask.
    ///
    /// # Errors
    /// [`Mistake`] for the first whose name is taken, that asks what there is not, whose values are of another type, that waits for
    /// itself, or that is one too many.
    pub fn check(flags: &[Self], experiments: &[Experiment], names: &Names) -> Result<(), Mistake> {
        let mut taken = BTreeSet::new();
        let by_name: BTreeMap<&str, &Self> = flags.iter().map(|flag| (flag.name.as_str(), flag)).collect();
        for (place, flag) in flags.iter().enumerate() {
            if place >= N_FLAGS_MAX {
                let n = flags.len();
                return Err(flag.wrong(
                    "name",
                    &flag.name,
                    format!("{n} flags are declared: at most {N_FLAGS_MAX} can be"),
                ));
            }
            if !taken.insert(&flag.name) {
                let remedy = "there is a flag of this name already: choose another one";
                return Err(flag.wrong("name", &flag.name, remedy));
            }
            for rule in &flag.rules {
                flag.check_rule(rule, experiments, names)?;
            }
            for need in &flag.needs {
                let Some(other) = by_name.get(need.flag.as_str()) else {
                    let known = by_name.keys().copied().filter(|other| *other != flag.name);
                    return Err(flag.wrong("needs.flag", &need.flag, no_such("flag", &need.flag, known)));
                };
                is_fit(&need.is, other.of).map_err(|why| flag.wrong("needs.is", &need.is, why))?;
            }
        }
        flags.iter().try_for_each(|flag| flag.check_waits(&by_name))
    }

    fn check_rule(&self, rule: &FlagRule, experiments: &[Experiment], names: &Names) -> Result<(), Mistake> {
        let name = match rule {
            FlagRule::Value { when, .. } => {
                return crate::condition::check(when, names).map_err(|why| self.wrong("rules.when", when, why));
            }
            FlagRule::Experiment(name) => name,
        };
        let Some(experiment) = experiments.iter().find(|experiment| experiment.name == *name) else {
            let known = experiments.iter().map(|experiment| experiment.name.as_str());
            return Err(self.wrong("rules.experiment", name, no_such("experiment", name, known)));
        };
        if experiment.interleave.is_some() {
            let why = "it drafts lists, and gives nobody a variation: take another experiment";
            return Err(self.wrong("rules.experiment", name, why));
        }
        let unfit = experiment.variations.iter().find(|one| FlagType::of(&one.value) != Some(self.of));
        unfit.map_or(Ok(()), |one| {
            let of = self.of.name();
            let why = format!(
                "its variation \"{}\" has the value {}, and the flag is of type {of}: take an experiment whose values are",
                one.name, one.value
            );
            Err(self.wrong("rules.experiment", name, why))
        })
    }

    /// That it waits for no circle of flags, and not for too many of them.
    fn check_waits(&self, by_name: &BTreeMap<&str, &Self>) -> Result<(), Mistake> {
        let mut n_left = N_WAITED_FOR_MAX;
        let mut paths = vec![vec![self]];
        while let Some(path) = paths.pop() {
            let last = path.last().copied().unwrap_or(self);
            for other in last.needs.iter().filter_map(|need| by_name.get(need.flag.as_str()).copied()) {
                if let Some(begin) = path.iter().position(|waiting| waiting.name == other.name) {
                    let circle: Vec<&str> =
                        path[begin..].iter().chain([&other]).map(|flag| flag.name.as_str()).collect();
                    let remedy =
                        format!("flags wait for each other: {}; take one of these out", circle.join(" needs "));
                    return Err(self.wrong(
                        "needs",
                        self.needs.iter().map(|need| need.flag.clone()).collect::<Vec<_>>(),
                        remedy,
                    ));
                }
                if n_left == 0 {
                    let remedy =
                        format!("to answer it more than {N_WAITED_FOR_MAX} others would have to be: need fewer");
                    return Err(self.wrong(
                        "needs",
                        self.needs.iter().map(|need| need.flag.clone()).collect::<Vec<_>>(),
                        remedy,
                    ));
                }
                n_left -= 1;
                paths.push([path.as_slice(), &[other]].concat());
            }
        }
        Ok(())
    }

    fn wrong(&self, key: &str, found: impl Serialize, remedy: impl Into<String>) -> Mistake {
        Mistake { key: key.to_owned(), found: json!(found).to_string(), ..Mistake::of_name("flag", &self.name, remedy) }
    }
}

/// That there is nothing of a name, with the one that was probably meant.
fn no_such<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(meant) => format!("there is no such {what}: did you mean \"{meant}\"?"),
        None => format!("there is no such {what}: declare one, or take it out"),
    }
}

/// The tables of a list that stands in a declaration.
fn listed<'a>(table: &Table<'a>, key: &str, n_max: usize) -> Result<Vec<&'a Map<String, Value>>, Mistake> {
    let Some(written) = table.get(key) else { return Ok(Vec::new()) };
    let read = written.as_array().filter(|all| all.len() <= n_max);
    let read = read.and_then(|all| all.iter().map(Value::as_object).collect());
    read.ok_or_else(|| table.wrong(key, &format!("write a list of at most {n_max} tables")))
}

fn need(table: &Table<'_>, fields: &Map<String, Value>) -> Result<Need, Mistake> {
    let wrong = |remedy: &str| Mistake { found: json!(fields).to_string(), ..table.wrong("needs", remedy) };
    if let Some((_, remedy)) = unknown(fields, &KEYS_OF_NEED) {
        return Err(wrong(&remedy));
    }
    let flag = fields.get("flag").and_then(Value::as_str).ok_or_else(|| wrong("name a flag: { flag = \"login\" }"))?;
    let is = fields.get("is").cloned().unwrap_or(Value::Bool(true));
    let is_plain = is.is_boolean() || is.is_string() || is.is_number();
    let is_plain = is_plain.then_some(is).ok_or_else(|| wrong("write true, false, a text or a number under is"))?;
    Ok(Need { flag: flag.to_owned(), is: is_plain })
}

fn rule(table: &Table<'_>, fields: &Map<String, Value>, of: FlagType) -> Result<FlagRule, Mistake> {
    let wrong = |remedy: &str| Mistake { found: json!(fields).to_string(), ..table.wrong("rules", remedy) };
    if let Some((_, remedy)) = unknown(fields, &KEYS_OF_RULE) {
        return Err(wrong(&remedy));
    }
    if let Some(named) = fields.get("experiment") {
        let name = named.as_str().filter(|_| fields.len() == 1);
        return name.map(|name| FlagRule::Experiment(name.to_owned())).ok_or_else(|| {
            wrong("an experiment says by itself who takes part and what they get: write only its name, as a text")
        });
    }
    let value = fields.get("value").ok_or_else(|| wrong("write a value, or the name of an experiment"))?;
    is_fit(value, of).map_err(|why| wrong(&why))?;
    let when = fields.get("when").map_or(Some(""), Value::as_str).map(str::trim);
    let when = when.filter(|when| when.len() <= CONDITION_BYTES_MAX);
    let when = when.ok_or_else(|| wrong(&format!("write a condition of at most {CONDITION_BYTES_MAX} letters")))?;
    let share = fields.get("share").map(|written| written.as_f64().filter(|share| (0.0..=1.0).contains(share)));
    if share == Some(None) {
        return Err(wrong("write a share from 0 to 1, such as 0.25"));
    }
    Ok(FlagRule::Value { when: when.to_owned(), share: share.flatten(), value: value.clone() })
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}
