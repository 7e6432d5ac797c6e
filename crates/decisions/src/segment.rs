//! How is a segment declared without code? A table of the settings: conditions on features, traits and scores, of which all
//! must hold.

use crate::filter::{Ask, Facts, Literal, Op, Subject, Value as Fact};
use crate::{Filter, Knowledge};
use events::declared::{Mistake, Table, unknown};
use learning::TaskName;
use models::rfm::Group;
use primitives::{Timestamp, nearest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 3] = [
    ("name", "its name: small letters, digits, `_` and `-`"),
    ("title", "what it is called on a page; without it, the words of its name"),
    (
        "rule",
        "what must hold, all of it: { feature = \"orders_365d\", at_least = 5 }, { trait = \"plan\", is = \"pro\" }, \
         { score = \"churn\", at_least = 0.6 }",
    ),
];

const SUBJECTS: [&str; 3] = ["feature", "trait", "score"];
const TESTS: [&str; 3] = ["at_least", "at_most", "is"];

/// More conditions than anybody reads.
pub(crate) const N_CONDITIONS_MAX: usize = 32;
/// Every answer about a customer looks at each of them.
pub(crate) const N_SEGMENTS_MAX: usize = 200;
pub(crate) const TITLE_BYTES_MAX: usize = 100;

/// A segment that the settings declare.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// What it is called on a page.
    pub title: String,
    /// What must hold, all of it.
    pub rule: Vec<Condition>,
}

/// Something that must hold of a customer. What is not known does not hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Of a feature.
    Feature {
        /// Its name.
        name: String,
        /// What is asked of its number.
        test: Test,
    },
    /// Of a trait.
    Trait {
        /// Its name.
        name: String,
        /// What it must be, as text.
        is: String,
    },
    /// Of the probability that a task of yes or no foretells.
    Score {
        /// The task.
        name: String,
        /// What is asked of it.
        test: Test,
    },
}

/// What is asked of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// It is this or more.
    AtLeast(f64),
    /// It is this or less.
    AtMost(f64),
}

impl Test {
    fn ask(self) -> Ask {
        match self {
            Self::AtLeast(least) => Ask::Is(Op::Ge, Literal::Number(least)),
            Self::AtMost(most) => Ask::Is(Op::Le, Literal::Number(most)),
        }
    }
}

/// What a rule looks at; `score` answers the probability of a task, and `groups` in which groups and segments they are, where that is
/// known.
pub(crate) struct OfRule<'a> {
    pub(crate) known: &'a Knowledge,
    pub(crate) score: &'a dyn Fn(&str) -> Option<f64>,
    pub(crate) groups: &'a dyn Fn() -> Option<Groups>,
    pub(crate) as_of: Timestamp,
}

/// In which groups and segments somebody is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Groups {
    /// Their names.
    pub(crate) names: Vec<String>,
    /// The segments that are declared: of each of them it is known whether they are in it.
    pub(crate) declared: Vec<String>,
}

impl Facts for OfRule<'_> {
    fn now(&self) -> Timestamp {
        self.as_of
    }

    fn value(&self, subject: &Subject) -> Option<Fact<'_>> {
        match subject {
            Subject::Feature(name) => self.known.feature(name).map(Fact::Number),
            Subject::Score(name) => (self.score)(name).map(Fact::Number),
            Subject::Trait(path) => {
                let text = path.first().and_then(|name| self.known.traits.get(name))?;
                // As whoever asks means it: `traits.age > 30` by number, `traits.has_grinder = true` as yes or no.
                Some(Fact::Json(Value::String(text.clone())))
            }
            Subject::Consent(purpose) => self.known.consents.get(purpose).copied().map(Fact::YesNo),
            Subject::Segment => {
                let names = (self.groups)()?.names;
                (!names.is_empty()).then(|| Fact::Names(names.into_iter().map(Cow::Owned).collect()))
            }
            _ => None,
        }
    }

    fn is(&self, subject: &Subject, name: &str) -> Option<bool> {
        if *subject != Subject::Segment {
            return None;
        }
        let Groups { names, declared } = (self.groups)()?;
        let is_declared = |name: &str| declared.iter().any(|own| own == name);
        let is = names.iter().any(|own| own == name);
        // Groups divide: who is in none of them, of those it is not known.
        let is_known = is || is_declared(name) || names.iter().any(|own| !is_declared(own));
        is_known.then_some(is)
    }
}

impl Condition {
    /// What it asks, as a filter.
    #[must_use]
    pub fn filter(&self) -> Filter {
        match self {
            Self::Feature { name, test } => Filter::Test(Subject::Feature(name.clone()), test.ask()),
            Self::Score { name, test } => Filter::Test(Subject::Score(name.clone()), test.ask()),
            Self::Trait { name, is } => {
                Filter::Test(Subject::Trait(vec![name.clone()]), Ask::Is(Op::Eq, Literal::Text(is.clone())))
            }
        }
    }

    /// The feature it looks at.
    #[must_use]
    pub fn feature(&self) -> Option<&str> {
        match self {
            Self::Feature { name, .. } => Some(name),
            Self::Trait { .. } | Self::Score { .. } => None,
        }
    }

    /// The trait it looks at.
    #[must_use]
    pub fn name_of_trait(&self) -> Option<&str> {
        match self {
            Self::Trait { name, .. } => Some(name),
            Self::Feature { .. } | Self::Score { .. } => None,
        }
    }

    /// The task whose score it looks at.
    #[must_use]
    pub fn score(&self) -> Option<&str> {
        match self {
            Self::Score { name, .. } => Some(name),
            Self::Feature { .. } | Self::Trait { .. } => None,
        }
    }
}

impl Segment {
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
        let reader = Table::new("segment", table);
        reader.known("", &KEYS.map(|(key, _)| key))?;
        let name = reader.name();
        TaskName::check(name).map_err(|why| reader.wrong("name", &why))?;
        let title = reader.title(TITLE_BYTES_MAX)?;
        let rule = match table.get("rule") {
            Some(Value::Array(rule)) if !rule.is_empty() && rule.len() <= N_CONDITIONS_MAX => rule,
            _ => {
                let remedy = format!(
                    "write a list of 1 to {N_CONDITIONS_MAX} conditions, such as [{{ feature = \"orders_365d\", at_least = 5 }}]"
                );
                return Err(reader.wrong("rule", &remedy));
            }
        };
        let condition = |written: &Value| {
            let found = written.to_string();
            condition(written).map_err(|remedy| Mistake { found, ..reader.wrong("rule", &remedy) })
        };
        let rule = rule.iter().map(condition).collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), title, rule })
    }

    /// Its rule as a filter: what must hold, all of it.
    #[must_use]
    pub fn filter(&self) -> Filter {
        Filter::And(self.rule.iter().map(Condition::filter).collect())
    }

    /// As [`Segment::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let test = |subject: &str, name: &str, test: &Test| match test {
            Test::AtLeast(least) => json!({ subject: name, "at_least": least }),
            Test::AtMost(most) => json!({ subject: name, "at_most": most }),
        };
        let condition = |condition: &Condition| match condition {
            Condition::Feature { name, test: asked } => test("feature", name, asked),
            Condition::Score { name, test: asked } => test("score", name, asked),
            Condition::Trait { name, is } => json!({ "trait": name, "is": is }),
        };
        let rule: Vec<Value> = self.rule.iter().map(condition).collect();
        let table = json!({ "name": self.name, "title": self.title, "rule": rule });
        table.as_object().cloned().unwrap_or_default()
    }

    /// Whether segments can be declared together, over these features and scores.
    ///
    /// # Errors
    /// [`Mistake`] for the first whose name is taken, that looks at what there is not, or that is one too many.
    pub fn check(segments: &[Self], features: &[&str], scores: &[&str]) -> Result<(), Mistake> {
        let mut taken = Vec::new();
        let mut titles: Vec<&str> = Group::ALL.map(Group::name).to_vec();
        for (place, segment) in segments.iter().enumerate() {
            let of_name = |remedy: String| Mistake::of_name("segment", &segment.name, remedy);
            let wrong = |key: &str, found: &str, remedy: String| Mistake {
                key: key.to_owned(),
                found: json!(found).to_string(),
                ..of_name(remedy)
            };
            if place >= N_SEGMENTS_MAX {
                let n = segments.len();
                return Err(of_name(format!("{n} segments are declared: at most {N_SEGMENTS_MAX} can be")));
            }
            if taken.contains(&&segment.name) {
                return Err(of_name("there is a segment of this name already: choose another one".to_owned()));
            }
            taken.push(&segment.name);
            if titles.contains(&segment.title.as_str()) {
                let remedy = "another segment or built-in group has this title: choose another one".to_owned();
                return Err(wrong("title", &segment.title, remedy));
            }
            titles.push(&segment.title);
            for condition in &segment.rule {
                for (key, asked, known) in
                    [("feature", condition.feature(), features), ("score", condition.score(), scores)]
                {
                    let Some(unknown) = asked.filter(|name| !known.contains(name)) else { continue };
                    let remedy = match nearest(unknown, known.iter().copied()) {
                        Some(meant) => format!("there is no such {key}: did you mean \"{meant}\"?"),
                        None => {
                            format!("there is no such {key}: `rapport features` and `rapport kinds` list what there is")
                        }
                    };
                    return Err(wrong(&format!("rule.{key}"), unknown, remedy));
                }
            }
        }
        Ok(())
    }
}

fn condition(written: &Value) -> Result<Condition, String> {
    let example = "write a condition, such as { feature = \"orders_365d\", at_least = 5 }";
    let table = written.as_object().ok_or(example)?;
    if let Some((key, remedy)) = unknown(table, &[&SUBJECTS[..], &TESTS[..]].concat()) {
        return Err(format!("{key}: {remedy}"));
    }
    let mut subjects = SUBJECTS.into_iter().filter_map(|subject| Some((subject, table.get(subject)?)));
    let (Some((subject, Value::String(name))), None) = (subjects.next(), subjects.next()) else {
        return Err(format!("name one feature, one trait or one score: {example}"));
    };
    let mut tests = TESTS.into_iter().filter_map(|test| Some((test, table.get(test)?)));
    let (Some((test, value)), None) = (tests.next(), tests.next()) else {
        return Err(format!("ask one thing of it, with at_least, at_most or is: {example}"));
    };
    let number = |value: &Value| value.as_f64().filter(|number| number.is_finite()).ok_or("give a number");
    let name = name.clone();
    match (subject, test) {
        ("trait", "is") => {
            let is = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Ok(Condition::Trait { name, is })
        }
        ("trait", _) => Err("a trait is compared with is, such as { trait = \"plan\", is = \"pro\" }".to_owned()),
        (_, "is") => Err("a number is compared with at_least or at_most".to_owned()),
        (subject, test) => {
            let number = number(value)?;
            let test = if test == "at_least" { Test::AtLeast(number) } else { Test::AtMost(number) };
            if subject == "score" && !(0.0..=1.0).contains(&number) {
                return Err("a score is a probability: compare it with a number from 0 to 1".to_owned());
            }
            Ok(if subject == "score" { Condition::Score { name, test } } else { Condition::Feature { name, test } })
        }
    }
}

impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Segment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration() -> Map<String, Value> {
        let table = json!({ "name": "vip", "title": "Very important", "rule": [
            { "feature": "orders_365d", "at_least": 5.0 },
            { "feature": "recency_days", "at_most": 30.0 },
            { "trait": "plan", "is": "pro" },
            { "score": "churn", "at_least": 0.5 },
        ]});
        table.as_object().unwrap().clone()
    }

    #[test]
    fn a_declaration_is_read_and_written_alike() {
        let segment = Segment::from_table(&declaration()).unwrap();
        assert_eq!(segment.to_table(), declaration());
        let text = serde_json::to_string(&segment).unwrap();
        assert_eq!(serde_json::from_str::<Segment>(&text).unwrap(), segment);
        let number = json!({ "name": "a", "rule": [{ "trait": "age", "is": 7 }] });
        let segment = Segment::from_table(number.as_object().unwrap()).unwrap();
        assert_eq!(
            (segment.title.as_str(), &segment.rule[0]),
            ("A", &Condition::Trait { name: "age".into(), is: "7".into() })
        );
    }

    #[test]
    fn every_condition_must_hold_and_what_is_not_known_does_not() {
        let segment = Segment::from_table(&declaration()).unwrap();
        let mut known = Knowledge {
            features: [("orders_365d".to_owned(), 5.0), ("recency_days".to_owned(), 30.0)].into(),
            traits: [("plan".to_owned(), "pro".to_owned())].into(),
            ..Knowledge::default()
        };
        let holds = |known: &Knowledge, score: Option<f64>| {
            let facts = OfRule { known, score: &|_| score, groups: &|| None, as_of: Timestamp::from_millis(7) };
            let holds = |condition: &Condition| condition.filter().holds(&facts) == Some(true);
            let each: Vec<bool> = segment.rule.iter().map(holds).collect();
            assert_eq!(segment.filter().holds(&facts) == Some(true), each == [true; 4], "all of it");
            assert_eq!((facts.now(), facts.is(&Subject::List, "a")), (Timestamp::from_millis(7), None));
            each
        };
        assert_eq!(holds(&known, Some(0.5)), [true; 4]);
        assert_eq!(holds(&known, Some(0.49)), [true, true, true, false]);
        assert_eq!(holds(&known, None), [true, true, true, false]);
        known.features = [("orders_365d".to_owned(), 4.9), ("recency_days".to_owned(), 30.1)].into();
        known.traits.clear();
        assert_eq!(holds(&known, Some(0.9)), [false, false, false, true]);
        known.features = [("orders_365d".to_owned(), f64::NAN)].into();
        assert_eq!(holds(&known, Some(0.9)), [false, false, false, true]);
    }

    #[test]
    fn a_mistake_names_the_key_what_stands_there_and_what_to_write() {
        for (key, value, said) in [
            ("name", json!("V I P"), "name is \"V I P\""),
            ("title", json!(""), "title is \"\": write a text"),
            ("rule", json!([]), "rule is []: write a list"),
            ("rule", json!([5]), "rule is 5: write a condition"),
            ("rule", json!([{"feature": "a"}]), "ask one thing of it"),
            ("rule", json!([{"at_least": 1}]), "name one feature"),
            ("rule", json!([{"feature": "a", "score": "b", "at_least": 1}]), "name one feature"),
            ("rule", json!([{"feature": "a", "at_least": 1, "at_most": 2}]), "ask one thing"),
            ("rule", json!([{"feature": "a", "is": 1}]), "compared with at_least"),
            ("rule", json!([{"trait": "a", "at_least": 1}]), "compared with is"),
            ("rule", json!([{"feature": "a", "at_least": "x"}]), "give a number"),
            ("rule", json!([{"feature": "a", "atleast": 1}]), "write at_least"),
            ("rule", json!([{"score": "churn", "at_least": 60}]), "from 0 to 1"),
            ("ruel", json!([]), "ruel is []: there is no such key: write rule"),
        ] {
            let mut table = declaration();
            table.insert(key.to_owned(), value);
            let error = Segment::from_table(&table).unwrap_err().to_string();
            assert!(error.starts_with("segment \"") && error.contains(said), "{said}: {error}");
        }
    }

    #[test]
    fn what_a_segment_looks_at_must_be_there() {
        let segment = Segment::from_table(&declaration()).unwrap();
        let features = ["orders_365d", "recency_days"];
        let check = |features: &[&str], scores: &[&str]| {
            Segment::check(std::slice::from_ref(&segment), features, scores).map_err(|error| error.to_string())
        };
        assert_eq!(check(&features, &["churn"]), Ok(()));
        assert!(check(&features[..1], &["churn"]).unwrap_err().contains("rule.feature is \"recency_days\""));
        assert!(check(&features, &["churm"]).unwrap_err().contains("did you mean \"churm\"?"));
        let namesake = Segment { title: "Champions".to_owned(), ..segment.clone() };
        let error = Segment::check(&[namesake], &features, &["churn"]).unwrap_err();
        assert!(error.to_string().contains("built-in group has this title"), "{error}");
        let twice = Segment::check(&[segment.clone(), segment], &features, &["churn"]).unwrap_err();
        assert!(twice.to_string().contains("of this name already"));
    }
}
