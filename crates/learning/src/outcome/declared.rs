//! How is an outcome declared without code? A table of the settings, and what may stand in it.

use super::{Among, Label, Outcome, What};
use crate::TaskName;
use events::declared::{Mistake, Table};
use events::{Call, Commerce, CommerceStep, Event, Fields, Filter, Origin, Pointer, Reading, Take};
use features::Probe;
use primitives::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::ops::Deref;

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 7] = [
    ("name", "its name in commands, addresses and decisions: small letters, digits, `_` and `-`"),
    ("title", "what it is called on a page; without it, the words of its name"),
    ("question", "what it asks, in words"),
    (
        "among",
        "of whom it is asked: \"everyone\", or those of the table below, such as { event = \"Order Completed\", within_days = 90 }",
    ),
    (
        "label",
        "what is to come true: { did = { event = … } }, or did_not, count, sum or which in place of did; sum and which name a value, of = \"properties.amount\"",
    ),
    ("within_days", "within how many days after the question"),
    (
        "good",
        "which probability is the good one: \"high\", or \"low\" where it is to be kept from coming true, and a high one is \
         shown as a risk; without it, \"high\" for did and \"low\" for did_not",
    ),
];

/// The labels, and what each says comes true.
pub(crate) const LABELS: [(&str, &str); 5] = [
    ("did", "it happens: a probability, shown as a chance, or with `good = \"low\"` as a risk"),
    ("did_not", "it does not happen: a probability, shown as a risk, or with `good = \"high\"` as a chance"),
    ("count", "how often it happens: a number with its interval"),
    ("sum", "what the value `of` comes to in sum: a number with its interval, money where it is one"),
    ("which", "which value `of` has the first time it happens: the likeliest, and how likely each is"),
];

/// What of an order is money, by the names that it has in most vocabularies.
pub(crate) const MONEY: [&str; 8] = ["revenue", "total", "subtotal", "value", "amount", "price", "margin", "discount"];

/// Which end may be the good one.
const GOOD: [&str; 2] = ["high", "low"];

/// How far ahead may be asked, and how far back may be looked for whom to ask.
pub(crate) const WINDOW_DAYS: (i64, i64) = (1, 365);
pub(crate) const AMONG_DAYS: (i64, i64) = (1, 3_650);

/// The keys of `among` that are no part of an event's filter.
const AMONG_KEYS: [&str; 4] = ["within_days", "at_least", "until", "never"];

/// Nobody is asked about only who did something more often than that.
const AT_LEAST_MAX: u32 = 1_000;

/// How many there may be: each is a model to train, and a score on every customer's page.
pub(crate) const N_OUTCOMES_MAX: usize = 50;

/// How long a title and a question may be.
pub(crate) const TEXT_BYTES_MAX: usize = 200;

impl Outcome {
    /// The keys of a declaration, and what each says.
    #[must_use]
    pub fn keys() -> &'static [(&'static str, &'static str)] {
        &KEYS
    }

    /// Reads a declaration.
    ///
    /// # Errors
    /// [`Mistake`].
    pub fn from_table(table: &Map<String, Value>) -> Result<Self, Mistake> {
        let reader = Reader(Table::new("outcome", table));
        reader.known("", &KEYS.map(|(key, _)| key))?;
        let name = reader.text("name", TEXT_BYTES_MAX)?;
        TaskName::check(name).map_err(|why| reader.wrong("name", &why))?;
        let label = reader.label()?;
        let title = reader.title(TEXT_BYTES_MAX)?;
        Ok(Self {
            title,
            question: reader.text("question", TEXT_BYTES_MAX)?.to_owned(),
            among: reader.among()?,
            is_risk: reader.is_risk(&label)?,
            label,
            window_days: reader.days("within_days", WINDOW_DAYS)?,
            name: TaskName::from(name),
        })
    }

    /// As [`Outcome::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let what = |what: &What| match what {
            What::Purchase => json!({ "event": PURCHASE }),
            What::Event(filter) => Value::Object(filter.to_table()),
        };
        let among = match &self.among {
            Among::Everyone => json!("everyone"),
            Among::Did { what: did, within_days, at_least } => {
                let mut among = what(did);
                among["within_days"] = json!(within_days);
                if *at_least > 1 {
                    among["at_least"] = json!(at_least);
                }
                among
            }
            Among::Never(did) => json!({ "never": what(did) }),
            Among::Open { began, ended } => {
                let mut among = what(began);
                among["until"] = what(ended);
                among
            }
        };
        let mut of = what(self.label.what());
        if let Some(take) = self.label.take() {
            of["of"] = json!(take);
        }
        let label = json!({ (self.label.name()): of });
        let mut table = json!({
            "name": self.name, "title": self.title, "question": self.question, "among": among, "label": label,
            "within_days": self.window_days,
        });
        if self.is_risk != self.label.is_a_risk() {
            table["good"] = json!(if self.is_risk { GOOD[1] } else { GOOD[0] });
        }
        table.as_object().cloned().unwrap_or_default()
    }

    /// What is foretold, of whom and within how long, as text: without what it is called.
    #[must_use]
    pub fn asks(&self) -> String {
        let mut table = self.to_table();
        table.retain(|key, _| ["among", "label", "within_days"].contains(&key.as_str()));
        Value::Object(table).to_string()
    }

    /// Whether outcomes can be declared together, beside the names that are taken.
    ///
    /// # Errors
    /// [`Mistake`] for the first whose name is taken, or that is one too many.
    pub fn check_all<'a>(outcomes: &[Self], taken: impl IntoIterator<Item = &'a str>) -> Result<(), Mistake> {
        let mut taken: Vec<&str> = taken.into_iter().collect();
        for (place, outcome) in outcomes.iter().enumerate() {
            let name = outcome.name.as_str();
            let remedy = if taken.contains(&name) {
                "there is a decision of this name already: choose another one".to_owned()
            } else if place >= N_OUTCOMES_MAX {
                format!(
                    "{} outcomes are declared, and each is a model: at most {N_OUTCOMES_MAX} can be",
                    outcomes.len()
                )
            } else {
                taken.push(name);
                continue;
            };
            return Err(Mistake::of_name("outcome", name, remedy));
        }
        Ok(())
    }
}

/// How a purchase is written.
const PURCHASE: &str = "Order Completed";

/// Events of a name that is an order in any vocabulary are purchases, where nothing else must be true of them.
fn what(filter: Filter) -> What {
    let is_purchase = filter.equal.is_empty() && is_order(&filter.event);
    if is_purchase { What::Purchase } else { What::Event(filter) }
}

fn is_order(event: &str) -> bool {
    is_step(event, CommerceStep::Ordered)
}

/// Whether events of a name are this step of a purchase in any vocabulary.
pub(crate) fn is_step(event: &str, step: CommerceStep) -> bool {
    let example = Event {
        message_id: "example".into(),
        user_id: Some("example".into()),
        anonymous_id: None,
        occurred_at: Timestamp::default(),
        received_at: Timestamp::default(),
        stated_at: None,
        call: Call::Track { event: event.to_owned(), properties: example_order() },
        context: Fields::new(),
        origin: Origin::Server,
        reading: Reading::default(),
    };
    matches!(Commerce::read(&example), Ok(Some(commerce)) if commerce.step == step)
}

fn example_order() -> Fields {
    let order = json!({ "order_id": "1", "revenue": 1.0, "total": 1.0, "value": 1.0, "currency": "EUR", "products": [{ "product_id": "1" }] });
    order.as_object().cloned().unwrap_or_default().into()
}

/// Reads the keys of one declaration.
struct Reader<'a>(Table<'a>);

impl<'a> Deref for Reader<'a> {
    type Target = Table<'a>;
    fn deref(&self) -> &Table<'a> {
        &self.0
    }
}

impl Reader<'_> {
    fn among(&self) -> Result<Among, Mistake> {
        let table = match self.get("among") {
            Some(Value::String(text)) if text == "everyone" => return Ok(Among::Everyone),
            Some(Value::Object(table)) => table,
            _ => {
                return Err(self.wrong(
                    "among",
                    "write \"everyone\", or who did something lately, such as { event = \"Order Completed\", within_days = 90 }",
                ));
            }
        };
        let inside = |key: &str| -> Result<Option<What>, Mistake> {
            let Some(value) = table.get(key) else { return Ok(None) };
            let path = format!("among.{key}");
            let example = "write which event, such as { event = \"Order Completed\" }";
            let filter = value.as_object().ok_or_else(|| self.wrong(&path, example))?;
            Ok(Some(what(self.filter(&path, filter)?)))
        };
        if let Some(never) = inside("never")? {
            self.known("among", &["never"])?;
            return Ok(Among::Never(never));
        }
        let event: Map<_, _> = (table.iter().filter(|(key, _)| !AMONG_KEYS.contains(&key.as_str())))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let did = what(self.filter("among", &event)?);
        if let Some(ended) = inside("until")? {
            return match ["within_days", "at_least"].into_iter().find(|key| table.contains_key(*key)) {
                Some(key) => {
                    Err(self
                        .wrong(&format!("among.{key}"), "what is not over yet counts however old it is: leave it out"))
                }
                None => Ok(Among::Open { began: did, ended }),
            };
        }
        let at_least = match table.get("at_least") {
            None => 1,
            Some(times) => (times.as_u64().and_then(|times| u32::try_from(times).ok()))
                .filter(|times| (1..=AT_LEAST_MAX).contains(times))
                .ok_or_else(|| {
                    self.wrong("among.at_least", &format!("write a whole number from 1 to {AT_LEAST_MAX}"))
                })?,
        };
        let days = if at_least > 1 { (AMONG_DAYS.0, Probe::DAYS_MAX) } else { AMONG_DAYS };
        let within_days = self.days("among.within_days", days)?;
        Ok(Among::Did { what: did, within_days, at_least })
    }

    fn is_risk(&self, label: &Label) -> Result<bool, Mistake> {
        let is_a_probability = matches!(label, Label::Did(_) | Label::DidNot(_));
        match self.get("good") {
            Some(_) if !is_a_probability => Err(self
                .wrong("good", "it says which probability is good, and did and did_not alone have one: leave it out")),
            None => Ok(label.is_a_risk()),
            Some(good) => match GOOD.iter().position(|known| good == known) {
                Some(place) => Ok(place == 1),
                None => Err(self.wrong("good", "write \"high\" or \"low\": which probability is the good one")),
            },
        }
    }

    fn label(&self) -> Result<Label, Mistake> {
        let example = "write what is to come true, such as { did = { event = \"Order Completed\" } }";
        let Some(table) = self.get("label").and_then(Value::as_object) else {
            return Err(self.wrong("label", example));
        };
        self.known("label", &LABELS.map(|(label, _)| label))?;
        let mut labels = table.iter();
        let (Some((label, Value::Object(filter))), None) = (labels.next(), labels.next()) else {
            return Err(self.wrong("label", example));
        };
        let key = format!("label.{label}");
        let mut filter = filter.clone();
        let takes = matches!(label.as_str(), "sum" | "which");
        let take = if takes { Some(self.take(&key, filter.remove("of"))?) } else { None };
        if filter.contains_key("of") {
            return Err(self.wrong(&format!("{key}.of"), "a value is read for sum and which alone: leave it out"));
        }
        let filter = self.filter(&key, &filter)?;
        Ok(match (label.as_str(), take) {
            ("did_not", _) => Label::DidNot(what(filter)),
            ("count", _) => Label::Count(what(filter)),
            // A value stands in the events of one vocabulary.
            ("sum", Some(take)) => Label::Sum(What::Event(filter), take),
            (_, Some(take)) => Label::Which(What::Event(filter), take),
            (_, None) => Label::Did(what(filter)),
        })
    }

    /// Where the value stands.
    fn take(&self, key: &str, of: Option<Value>) -> Result<Take, Mistake> {
        let key = format!("{key}.of");
        let example = "write where the value stands in the event, such as of = \"properties.amount\"";
        let Some(Value::String(path)) = of else { return Err(self.wrong(&key, example)) };
        path.parse::<Pointer>().map(Take::from).map_err(|error| self.wrong(&key, &error.to_string()))
    }
}

impl Label {
    /// As it is declared.
    fn name(&self) -> &'static str {
        match self {
            Self::Did(_) => "did",
            Self::DidNot(_) => "did_not",
            Self::Count(_) => "count",
            Self::Sum(..) => "sum",
            Self::Which(..) => "which",
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration() -> Map<String, Value> {
        let table = json!({
            "name": "upgrades", "question": "Will the plan be upgraded within 30 days?",
            "among": { "event": "Signed In", "within_days": 60 },
            "label": { "did": { "event": "Plan Changed", "properties.kind": "upgrade" } }, "within_days": 30,
        });
        table.as_object().unwrap().clone()
    }

    #[test]
    fn a_declaration_is_read_and_written_alike() {
        let outcome = Outcome::from_table(&declaration()).unwrap();
        assert_eq!(
            (outcome.title.as_str(), outcome.window_days, outcome.is_about_purchases()),
            ("Upgrades", 30, false)
        );
        assert_eq!(Outcome::from_table(&outcome.to_table()).unwrap(), outcome);
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
        for among in [
            json!({"event": "Signed In", "within_days": 400, "at_least": 1_000}),
            json!({"event": "Signed In", "within_days": 3_650}),
            json!({"never": {"event": "Order Completed", "properties.products.category": "tea"}}),
            json!({"event": "Plan Started", "until": {"event": "Plan Cancelled", "properties.kind": "now"}}),
        ] {
            let mut table = declaration();
            table.insert("among".to_owned(), among);
            assert_eq!(Outcome::from_table(&table).unwrap().to_table()["among"], table["among"]);
        }
        let churn = crate::churn();
        assert_eq!(Outcome::from_table(&churn.to_table()).unwrap(), churn, "a built-in one is a declaration, too");
    }

    #[test]
    fn what_does_not_happen_is_a_risk_unless_it_is_said_otherwise() {
        let read = |label: &str, good: Option<&str>| {
            let mut table = declaration();
            table.insert("label".to_owned(), json!({ label: { "event": "x" } }));
            table.extend(good.map(|good| ("good".to_owned(), json!(good))));
            let outcome = Outcome::from_table(&table).unwrap();
            let written = outcome.to_table();
            assert_eq!(Outcome::from_table(&written).unwrap(), outcome);
            (outcome.is_risk, written.contains_key("good"))
        };
        for (label, good, is_risk, is_written) in [
            ("did", None, false, false),
            ("did", Some("high"), false, false),
            ("did", Some("low"), true, true),
            ("did_not", None, true, false),
            ("did_not", Some("low"), true, false),
            ("did_not", Some("high"), false, true),
        ] {
            assert_eq!(read(label, good), (is_risk, is_written), "{label} {good:?}");
        }
    }

    #[test]
    fn every_label_is_read_and_written_alike() {
        let event = json!({ "event": "Plan Changed", "properties.kind": "up" });
        let valued = json!({ "event": "Plan Changed", "properties.kind": "up", "of": "properties.worth" });
        for (label, _) in LABELS {
            for (event, valued) in [(&event, &valued), (&json!({ "event": "Order Completed" }), &valued)] {
                let mut table = declaration();
                let of = if ["sum", "which"].contains(&label) { valued } else { event };
                table.insert("label".to_owned(), json!({ (label): of }));
                let outcome = Outcome::from_table(&table).unwrap();
                assert_eq!(outcome.to_table()["label"], table["label"]);
                assert_eq!(Outcome::from_table(&outcome.to_table()).unwrap(), outcome);
            }
        }
        let mut table = declaration();
        table.insert("label".to_owned(), json!({ "count": { "event": "purchase" } }));
        assert!(Outcome::from_table(&table).unwrap().is_about_purchases());
        table.insert("label".to_owned(), json!({ "sum": { "event": "Order Completed", "of": "properties.tax" } }));
        assert!(!Outcome::from_table(&table).unwrap().is_about_purchases(), "a value stands under one name");
    }

    #[test]
    fn an_order_is_a_purchase_in_every_vocabulary() {
        for (event, is_purchase) in
            [("Order Completed", true), ("purchase", true), ("Product Viewed", false), ("Plan Changed", false)]
        {
            assert_eq!(what(Filter::named(event)) == What::Purchase, is_purchase, "{event}");
        }
        let mut vip = Filter::named("Order Completed");
        vip.equal.push(("properties.kind".parse().unwrap(), json!("gift")));
        assert!(matches!(what(vip), What::Event(_)), "not every order is meant");
    }

    #[test]
    fn a_mistake_names_the_key_what_stands_there_and_what_to_write() {
        for (key, value, said) in [
            ("name", json!("2nd"), "outcome \"2nd\": name is \"2nd\": a name begins with a letter from a to z"),
            ("question", json!(" "), "question is \" \": write a text"),
            ("within_days", json!(0), "within_days is 0: write a whole number of days from 1 to 365"),
            ("within_days", json!("soon"), "within_days is \"soon\""),
            ("among", json!("nobody"), "among is \"nobody\": write \"everyone\""),
            ("among", json!({"event": "x"}), "among.within_days is missing"),
            ("among", json!({"within_days": 3}), "no event is named"),
            (
                "among",
                json!({"event": "x", "within_days": 3, "at_least": 0}),
                "among.at_least is 0: write a whole number from 1",
            ),
            ("among", json!({"event": "x", "within_days": 3, "at_least": 1_001}), "among.at_least is 1001: write"),
            (
                "among",
                json!({"event": "x", "within_days": 401, "at_least": 2}),
                "among.within_days is 401: write a whole number of days from 1 to 400",
            ),
            (
                "among",
                json!({"never": {"event": "x"}, "within_days": 3}),
                "among.within_days is 3: there is no such key",
            ),
            ("among", json!({"never": "x"}), "among.never is \"x\": write which event"),
            ("among", json!({"never": {}}), "among.never is {}: no event is named"),
            ("among", json!({"event": "x", "until": {"event": ""}}), "among.until is {\"event\":\"\"}: event is"),
            (
                "among",
                json!({"event": "x", "until": {"event": "y"}, "within_days": 3}),
                "among.within_days is 3: what is not over yet counts",
            ),
            (
                "among",
                json!({"event": "x", "until": {"event": "y"}, "at_least": 3}),
                "among.at_least is 3: what is not over yet",
            ),
            ("label", json!({"did": {"event": "x"}, "did_not": {"event": "x"}}), "label is"),
            (
                "label",
                json!({"ddi": {"event": "x"}}),
                "label.ddi is {\"event\":\"x\"}: there is no such key: write did",
            ),
            ("label", json!({"sum": {"event": "x"}}), "label.sum.of is missing: write where the value stands"),
            ("label", json!({"which": {"event": "x", "of": 3}}), "label.which.of is 3: write where"),
            ("label", json!({"sum": {"event": "x", "of": "propertis.y"}}), "did you mean \"properties.y\""),
            (
                "label",
                json!({"count": {"event": "x", "of": "properties.y"}}),
                "label.count.of is \"properties.y\": a value",
            ),
            ("label", json!({"did": {"event": "x", "of": "properties.y"}}), "for sum and which alone"),
            ("label", json!({"which": {"of": "properties.y"}}), "no event is named"),
            ("label", json!({"did": {"event": "x", "propertis.y": 1}}), "did you mean \"properties.y\""),
            ("good", json!("yes"), "good is \"yes\": write \"high\" or \"low\""),
            ("good", json!(true), "good is true: write"),
            ("lable", json!(1), "lable is 1: there is no such key: write label"),
        ] {
            let mut table = declaration();
            table.insert(key.to_owned(), value);
            let error = Outcome::from_table(&table).unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
        }
        let outcome = Outcome::from_table(&declaration()).unwrap();
        assert_eq!(Outcome::check_all(std::slice::from_ref(&outcome), ["churn"]), Ok(()));
        assert!(Outcome::check_all(std::slice::from_ref(&outcome), ["upgrades"]).is_err());
        assert!(Outcome::check_all(&[outcome.clone(), outcome.clone()], []).is_err(), "twice");
        let many = |n| {
            (0..n).map(|n| Outcome { name: format!("o{n}").as_str().into(), ..outcome.clone() }).collect::<Vec<_>>()
        };
        assert_eq!(Outcome::check_all(&many(50), ["churn"]), Ok(()));
        let refused = Outcome::check_all(&many(51), ["churn"]).unwrap_err();
        assert_eq!(refused.name, "o50");
        assert!(refused.remedy.contains("51 outcomes are declared, and each is a model: at most 50"), "{refused}");
    }
}
