//! What can be done for a customer, and when may it be? A table of the settings: an action, or an offer.

use crate::filter::{Names, text_of};
use crate::terms::{self, Terms};
use events::declared::{Mistake, Table};
use learning::TaskName;
use primitives::{ItemId, Timestamp, nearest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 21] = [
    ("name", "its name: small letters, digits, `_` and `-`"),
    ("title", "what it is called on a page; without it, the words of its name"),
    ("group", "of which group it is: what is learned of one of a group counts for a new one of it, too"),
    ("channels", "where it can be done: web, app, email, sms, push, call, store; without it, everywhere"),
    ("eligible", "a condition on customers, as in lists: who may have it at all, such as \"orders_365d >= 1\""),
    ("suitable", "a condition on customers, too: whom it suits; who fails it is told apart from who may not have it"),
    ("stock", "the id of an item that must be in stock"),
    ("value", "what it earns when it is accepted, in the default currency"),
    ("cost", "what each contact costs; nothing where it is not said"),
    ("prior", "how likely it is accepted before anything is known, from 0 to 1; 0.05 where it is not said"),
    ("from", "the moment from which it can be done"),
    ("until", "the moment until which it can"),
    ("weight", "a factor of its own; 1 where it is not said, and 0 sets it aside"),
    ("context", "factors by what a question's context says: { placement = { checkout = 1.5 } }"),
    ("upsell", "whether it sells more: then whoever is angry or waits for help is left alone"),
    ("service", "whether it serves the customer: then it needs no consent to marketing, and may be worth nothing"),
    ("mandatory", "whether it comes before all others where it may be done"),
    ("times", "how often one customer is met by it at all, over the years; without it, or 0, without end"),
    ("nothing", "whether it is to do nothing: what the others are compared with"),
    ("features", "what it is, for models: numbers and words by name"),
    ("content", "what is handed out with it, as it stands"),
];

/// Where actions are done.
pub const CHANNELS: [&str; 7] = ["web", "app", "email", "sms", "push", "call", "store"];

/// What they are called in sentences.
const WHAT: &str = "action";
/// More actions than anybody arbitrates.
const N_ACTIONS_MAX: usize = 1_000;
const TEXT_BYTES_MAX: usize = 100;
const CONDITION_BYTES_MAX: usize = 2_000;
const CONTENT_BYTES_MAX: usize = 16_384;
/// How likely an action is accepted before anything is known of it, where nobody says.
const PRIOR: f64 = 0.05;
/// More than anything earns or costs, or counts.
const MONEY_MAX: f64 = 1e9;
const FACTOR_MAX: f64 = 1_000.0;
/// More often than anything is done that ends.
const TIMES_MAX: u32 = 1_000;

/// Something that can be done for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it is called on a page.
    pub title: String,
    /// Of which group it is.
    pub group: String,
    /// Where it can be done; everywhere where there are none.
    pub channels: BTreeSet<String>,
    /// Who may have it, as it was written; everybody where nothing is.
    pub eligible: String,
    /// Whom it suits, as it was written.
    pub suitable: String,
    /// The item that must be in stock.
    pub stock: Option<ItemId>,
    /// What it earns when it is accepted.
    pub value: f64,
    /// What each contact costs.
    pub cost: f64,
    /// How likely it is accepted before anything is known.
    pub prior: f64,
    /// From when on it can be done.
    pub from: Option<Timestamp>,
    /// Until when it can.
    pub until: Option<Timestamp>,
    /// A factor of its own.
    pub weight: f64,
    /// Factors by what a question's context says: key, value, factor.
    pub context: BTreeMap<String, BTreeMap<String, f64>>,
    /// Whether it sells more.
    pub upsell: bool,
    /// Whether it serves the customer.
    pub service: bool,
    /// Whether it comes before all others.
    pub mandatory: bool,
    /// How often one customer is met by it at all; 0 for without end.
    pub times: u32,
    /// Whether it is to do nothing.
    pub nothing: bool,
    /// What it is, for models.
    pub features: Map<String, Value>,
    /// What is handed out with it.
    pub content: Map<String, Value>,
    /// What it costs when it is accepted, where it is an offer.
    pub terms: Terms,
}

impl Action {
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
        Self::read(WHAT, fields)
    }

    /// Reads a declaration of what is called so in sentences; only offers have terms.
    pub(crate) fn read(what: &'static str, fields: &Map<String, Value>) -> Result<Self, Mistake> {
        let table = Table::new(what, fields);
        let more: &[(&str, &str)] = if what == WHAT { &[] } else { &terms::KEYS };
        let keys: Vec<&str> = KEYS.iter().chain(more).map(|(key, _)| *key).collect();
        table.known("", &keys)?;
        let terms = Terms::from_table(&table)?;
        let name = table.name();
        TaskName::check(name).map_err(|why| table.wrong("name", &why))?;
        let number = |key: &str, default: Option<f64>, (least, most): (f64, f64)| {
            let found = if table.get(key).is_some() { table.get(key).and_then(Value::as_f64) } else { default };
            let found = found.filter(|number| (least..=most).contains(number));
            found.ok_or_else(|| table.wrong(key, &format!("write a number from {least} to {most}")))
        };
        let yes = |key: &str| match table.get(key) {
            None => Ok(false),
            Some(Value::Bool(yes)) => Ok(*yes),
            Some(_) => Err(table.wrong(key, "write true or false")),
        };
        let moment = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(written) => match written.as_str().and_then(|text| Timestamp::parse(text).ok()) {
                Some(at) => Ok(Some(at)),
                None => Err(table.wrong(key, "write a day or a moment, such as 2026-12-24 or 2026-12-24T18:00:00Z")),
            },
        };
        let inner = |key: &str| match table.get(key) {
            None => Ok(Map::new()),
            Some(Value::Object(fields)) if table.get(key).map_or(0, |it| it.to_string().len()) <= CONTENT_BYTES_MAX => {
                Ok(fields.clone())
            }
            Some(_) => Err(table.wrong(key, &format!("write a table of at most {CONTENT_BYTES_MAX} bytes"))),
        };
        let (service, nothing) = (yes("service")?, yes("nothing")?);
        let may_be_worth_nothing = service || nothing || terms.keeps;
        let action = Self {
            name: name.to_owned(),
            title: table.title(TEXT_BYTES_MAX)?,
            group: table.text_or("group", name, TEXT_BYTES_MAX)?,
            channels: channels(&table)?,
            eligible: table.text_or("eligible", "", CONDITION_BYTES_MAX)?,
            suitable: table.text_or("suitable", "", CONDITION_BYTES_MAX)?,
            stock: table.get("stock").map(|_| table.text("stock", TEXT_BYTES_MAX)).transpose()?.map(ItemId::from),
            value: number("value", may_be_worth_nothing.then_some(0.0), (0.0, MONEY_MAX))?,
            cost: number("cost", Some(0.0), (0.0, MONEY_MAX))?,
            prior: number("prior", Some(if nothing { 1.0 } else { PRIOR }), (0.0, 1.0))?,
            from: moment("from")?,
            until: moment("until")?,
            weight: number("weight", Some(1.0), (0.0, FACTOR_MAX))?,
            context: factors(&table)?,
            upsell: yes("upsell")?,
            service,
            mandatory: yes("mandatory")?,
            times: times(&table)?,
            nothing,
            features: inner("features")?,
            content: inner("content")?,
            terms,
        };
        if action.value <= 0.0 && !may_be_worth_nothing && !action.mandatory {
            return Err(
                table.wrong("value", "write what it earns, more than 0; or service = true where it only serves")
            );
        }
        if action.from.zip(action.until).is_some_and(|(from, until)| until <= from) {
            return Err(table.wrong("until", "it ends before it begins: write a moment after from"));
        }
        Ok(action)
    }

    /// As [`Action::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let mut table = Map::new();
        let mut put = |key: &str, value: Value, is_told: bool| {
            if is_told {
                table.insert(key.to_owned(), value);
            }
        };
        put("name", json!(self.name), true);
        put("title", json!(self.title), true);
        put("group", json!(self.group), true);
        put("channels", json!(self.channels), !self.channels.is_empty());
        put("eligible", json!(self.eligible), !self.eligible.is_empty());
        put("suitable", json!(self.suitable), !self.suitable.is_empty());
        put("stock", json!(self.stock.as_ref().map(ItemId::as_str)), self.stock.is_some());
        put("value", json!(self.value), true);
        put("cost", json!(self.cost), self.cost > 0.0);
        put("prior", json!(self.prior), true);
        put("from", json!(self.from.map(|at| at.to_string())), self.from.is_some());
        put("until", json!(self.until.map(|at| at.to_string())), self.until.is_some());
        put("weight", json!(self.weight), true);
        put("context", json!(self.context), !self.context.is_empty());
        for (key, yes) in [
            ("upsell", self.upsell),
            ("service", self.service),
            ("mandatory", self.mandatory),
            ("nothing", self.nothing),
        ] {
            put(key, json!(yes), yes);
        }
        put("times", json!(self.times), self.times > 0);
        put("features", json!(self.features), !self.features.is_empty());
        put("content", json!(self.content), !self.content.is_empty());
        self.terms.put_into(&mut table);
        table
    }

    /// Whether actions can be declared together, over what conditions may ask.
    ///
    /// # Errors
    /// [`Mistake`] for the first whose name is taken, that asks what there is not, or that is one too many; and where the weights
    /// set all of them aside.
    pub fn check(actions: &[Self], names: &Names) -> Result<(), Mistake> {
        Self::check_all(WHAT, actions, names)
    }

    pub(crate) fn check_all(what: &'static str, actions: &[Self], names: &Names) -> Result<(), Mistake> {
        let mut taken = BTreeSet::new();
        for (place, action) in actions.iter().enumerate() {
            let of_name = |remedy: String| Mistake::of_name(what, &action.name, remedy);
            if place >= N_ACTIONS_MAX {
                let n = actions.len();
                return Err(of_name(format!("{n} {what}s are declared: at most {N_ACTIONS_MAX} can be")));
            }
            if !taken.insert(&action.name) {
                return Err(of_name(format!("there is an {what} of this name already: choose another one")));
            }
            if action.nothing && action.value > 0.0 {
                return Err(Mistake {
                    key: "value".to_owned(),
                    found: json!(action.value).to_string(),
                    ..of_name("to do nothing earns nothing: leave the value out, or nothing = true".to_owned())
                });
            }
            for (key, written) in [("eligible", &action.eligible), ("suitable", &action.suitable)] {
                let wrong = |remedy: String| Mistake {
                    key: key.to_owned(),
                    found: json!(written).to_string(),
                    ..of_name(remedy)
                };
                crate::condition::check(written, names).map_err(wrong)?;
            }
        }
        match actions.first() {
            Some(action) if actions.iter().all(|action| action.weight <= 0.0) => Err(Mistake {
                key: "weight".to_owned(),
                found: "0".to_owned(),
                ..Mistake::of_name(
                    what,
                    &action.name,
                    format!("all {what}s have the weight 0, so that none could ever be chosen: give one more"),
                )
            }),
            _ => Ok(()),
        }
    }

    /// Whether it can be done at a place that is named; where none is, everywhere counts.
    #[must_use]
    pub fn is_for(&self, channel: &str) -> bool {
        self.channels.is_empty() || self.channels.contains(channel)
    }

    /// How much it counts where a question's context says this.
    #[must_use]
    pub fn counts_in(&self, context: &events::Fields) -> f64 {
        let factors = self.context.iter().filter_map(|(key, factors)| {
            let said = context.get(key)?;
            factors.get(text_of(said).as_ref())
        });
        factors.product()
    }

    /// Whether its time has come and is not over.
    #[must_use]
    pub fn is_at(&self, as_of: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= as_of) && self.until.is_none_or(|until| as_of < until)
    }
}

fn times(table: &Table<'_>) -> Result<u32, Mistake> {
    let Some(written) = table.get("times") else { return Ok(0) };
    let read = written.as_u64().and_then(|times| u32::try_from(times).ok()).filter(|times| *times <= TIMES_MAX);
    read.ok_or_else(|| table.wrong("times", &format!("write a whole number of 0 to {TIMES_MAX}; 0 is without end")))
}

fn channels(table: &Table<'_>) -> Result<BTreeSet<String>, Mistake> {
    let Some(written) = table.get("channels") else { return Ok(BTreeSet::new()) };
    let known = || format!("write a list of some of {}", CHANNELS.join(", "));
    let listed = written.as_array().filter(|listed| !listed.is_empty());
    let listed = listed.ok_or_else(|| table.wrong("channels", &known()))?;
    let channel = |one: &Value| {
        let name = one.as_str().unwrap_or_default();
        let remedy = || match nearest(name, CHANNELS) {
            Some(meant) => format!("there is no such channel: did you mean \"{meant}\"?"),
            None => known(),
        };
        let is_known = CHANNELS.contains(&name);
        is_known.then(|| name.to_owned()).ok_or_else(|| table.wrong("channels", &remedy()))
    };
    listed.iter().map(channel).collect()
}

fn factors(table: &Table<'_>) -> Result<BTreeMap<String, BTreeMap<String, f64>>, Mistake> {
    let Some(written) = table.get("context") else { return Ok(BTreeMap::new()) };
    let read: Option<BTreeMap<String, BTreeMap<String, f64>>> = serde_json::from_value(written.clone()).ok();
    let is_factor = |factor: &f64| (0.0..=FACTOR_MAX).contains(factor);
    let read = read.filter(|read| read.values().flat_map(BTreeMap::values).all(is_factor));
    read.ok_or_else(|| {
        let remedy =
            format!("write factors from 0 to {FACTOR_MAX} by key and value: {{ placement = {{ checkout = 1.5 }} }}");
        table.wrong("context", &remedy)
    })
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}
