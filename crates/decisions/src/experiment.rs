//! Who gets which of several, so that it can be told which is better? A table of the settings: an experiment.

use crate::draw::Draw;
use crate::filter::Names;
use crate::flag_type::{FlagType, VALUE_BYTES_MAX};
use crate::interleave::Interleave;
use crate::switch::Switchback;
use events::declared::{Mistake, Table, unknown};
use learning::TaskName;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The keys of a declaration, and what each says.
const KEYS: [(&str, &str); 14] = [
    (
        "name",
        "its name: small letters, digits, `_` and `-`; who gets what is drawn by it, so another name is another draw",
    ),
    ("title", "what it is called on a page; without it, the words of its name"),
    ("unit", "who is drawn: customer, and nothing else by now"),
    (
        "switchback",
        "every so many minutes it is drawn what everybody in one place gets: { minutes = 60, by = \"store\" }, where by names what \
         a question's context says",
    ),
    (
        "interleave",
        "a kind of decision, such as recommend: each list is drafted from two ways to make it, whose values say how, such as \
         { diversity = 0.3 }",
    ),
    (
        "who",
        "a condition on customers, as in lists: who takes part, such as \"orders_365d >= 1\"; everybody without it",
    ),
    ("share", "the share of these that takes part, from 0 to 1; all where it is not said. More only adds customers"),
    ("layer", "the name of a layer: of the experiments of one, a customer takes part in at most one"),
    (
        "stretch",
        "which stretch of its layer it has, such as [0.25, 0.5]; the first that is free where it is not said. What runs keeps its own",
    ),
    (
        "variations",
        "what is compared, the control first: { name = \"control\", value = \"A\", weight = 1 }; all weights are 1 where \
         none is said",
    ),
    ("metrics", "what is to become better, by name"),
    ("guardrails", "what must not become worse, by name"),
    ("days", "for how many days it is planned; 14 where it is not said"),
    ("state", "draft and stopped give nobody a variation, running does"),
];

/// More experiments than anybody evaluates.
const N_EXPERIMENTS_MAX: usize = 1_000;
const N_VARIATIONS: (usize, usize) = (2, 20);
const N_METRICS_MAX: usize = 50;
const TEXT_BYTES_MAX: usize = 100;
const CONDITION_BYTES_MAX: usize = 2_000;
const WEIGHT_MAX: f64 = 1e6;
const DAYS: (i64, i64) = (1, 365);
const MINUTES: (i64, i64) = (1, 10_080);
/// Shares of a layer that sum to 1 in decimals may not in binary.
const ROUNDING: f64 = 1e-9;

/// Whether an experiment draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not yet.
    Draft,
    /// It does.
    Running,
    /// No longer.
    Stopped,
}

impl State {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Draft, "draft"), (Self::Running, "running"), (Self::Stopped, "stopped")];

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// One of those that are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Variation {
    /// Its name.
    pub name: String,
    /// What a flag is for whoever gets it.
    pub value: Value,
    /// How many get it, beside the weights of the others.
    pub weight: f64,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// What it is called on a page.
    pub title: String,
    /// Who takes part, as it was written; everybody where nothing is.
    pub who: String,
    /// The share of these that does.
    pub share: f64,
    /// The layer that it is of.
    pub layer: Option<String>,
    /// The stretch of it that it has, where that is said.
    pub stretch: Option<[f64; 2]>,
    /// How it is switched, where not every customer is drawn for themselves.
    pub switchback: Option<Switchback>,
    /// The kind of decision whose lists are drafted from both variations, where that is compared.
    pub interleave: Option<String>,
    /// What is compared, the control first.
    pub variations: Vec<Variation>,
    /// What is to become better.
    pub metrics: Vec<String>,
    /// What must not become worse.
    pub guardrails: Vec<String>,
    /// For how many days it is planned.
    pub days: i64,
    /// Whether it draws.
    pub state: State,
}

impl Experiment {
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
        let table = Table::new("experiment", fields);
        table.known("", &KEYS.map(|(key, _)| key))?;
        let name = table.name();
        TaskName::check(name).map_err(|why| table.wrong("name", &why))?;
        if Draw::is_name(name) {
            return Err(table.wrong("name", "those who are held out are counted by this name: choose another one"));
        }
        if table.get("unit").is_some_and(|unit| unit != "customer") {
            return Err(table.wrong("unit", "write customer, or leave it out: nothing else can be drawn by now"));
        }
        let share = table.get("share").map_or(Some(1.0), Value::as_f64).filter(|share| (0.0..=1.0).contains(share));
        let state = table.text_or("state", State::Running.name(), TEXT_BYTES_MAX)?;
        let state = State::ALL.into_iter().find(|(_, named)| *named == state).map(|(state, _)| state);
        let days = table.get("days").map_or(Ok(14), |_| table.days("days", DAYS))?;
        let share = share.ok_or_else(|| table.wrong("share", "write a share from 0 to 1, such as 0.5"))?;
        Ok(Self {
            name: name.to_owned(),
            title: table.title(TEXT_BYTES_MAX)?,
            who: table.text_or("who", "", CONDITION_BYTES_MAX)?,
            share,
            stretch: stretch(&table, share)?,
            switchback: switchback(&table, share)?,
            interleave: interleave(&table, share)?,
            layer: table.get("layer").map(|_| table.text("layer", TEXT_BYTES_MAX).map(str::to_owned)).transpose()?,
            variations: variations(&table)?,
            metrics: metrics(&table, "metrics")?,
            guardrails: metrics(&table, "guardrails")?,
            days,
            state: state.ok_or_else(|| table.wrong("state", "write draft, running or stopped"))?,
        })
    }

    /// As [`Experiment::from_table`] reads it.
    #[must_use]
    pub fn to_table(&self) -> Map<String, Value> {
        let variation = |one: &Variation| json!({"name": one.name, "value": one.value, "weight": one.weight});
        let variations: Vec<Value> = self.variations.iter().map(variation).collect();
        let told = [
            ("name", json!(self.name), true),
            ("title", json!(self.title), true),
            ("who", json!(self.who), !self.who.is_empty()),
            ("share", json!(self.share), true),
            ("layer", json!(self.layer), self.layer.is_some()),
            ("stretch", json!(self.stretch), self.stretch.is_some()),
            (
                "switchback",
                json!(self.switchback.as_ref().map(|how| json!({"minutes": how.minutes, "by": how.by}))),
                self.switchback.is_some(),
            ),
            ("interleave", json!(self.interleave), self.interleave.is_some()),
            ("variations", variations.into(), true),
            ("metrics", json!(self.metrics), !self.metrics.is_empty()),
            ("guardrails", json!(self.guardrails), !self.guardrails.is_empty()),
            ("days", json!(self.days), true),
            ("state", json!(self.state.name()), true),
        ];
        told.into_iter().filter(|(_, _, is_told)| *is_told).map(|(key, value, _)| (key.to_owned(), value)).collect()
    }

    /// What it asks a question besides whose lists it drafts, the control first; nothing where it does not.
    #[must_use]
    pub fn drafts(&self) -> Option<Interleave> {
        self.interleave.as_ref()?;
        let of = |one: &Variation| -> Option<crate::Parameters> {
            Some(one.value.as_object()?.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        let [first, second] = self.variations.as_slice() else { return None };
        Some(Interleave { experiment: self.name.clone(), sides: [of(first)?, of(second)?] })
    }

    /// Whether experiments can be declared together, over what conditions may ask.
    ///
    /// # Errors
    /// [`Mistake`] for the first whose name is taken, that asks what there is not, that its layer has no room for, or that is one
    /// too many.
    pub fn check(experiments: &[Self], names: &Names) -> Result<(), Mistake> {
        let mut taken = BTreeSet::new();
        let mut layers: BTreeMap<&str, f64> = BTreeMap::new();
        for (place, experiment) in experiments.iter().enumerate() {
            let wrong = |key: &str, found: Value, remedy: String| Mistake {
                key: key.to_owned(),
                found: found.to_string(),
                ..Mistake::of_name("experiment", &experiment.name, remedy)
            };
            let of_name = |remedy: String| wrong("name", json!(experiment.name), remedy);
            if place >= N_EXPERIMENTS_MAX {
                let n = experiments.len();
                return Err(of_name(format!("{n} experiments are declared: at most {N_EXPERIMENTS_MAX} can be")));
            }
            if !taken.insert(&experiment.name) {
                return Err(of_name("there is an experiment of this name already: choose another one".to_owned()));
            }
            crate::condition::check(&experiment.who, names).map_err(|why| wrong("who", json!(experiment.who), why))?;
            let Some(layer) = &experiment.layer else { continue };
            let held = layers.entry(layer).or_default();
            *held += experiment.share;
            if *held > 1.0 + ROUNDING {
                let remedy = format!(
                    "the experiments of the layer \"{layer}\" have {:.0} % of the customers with this one, and a customer takes \
                     part in at most one of them: leave {:.0} % to it, or take another layer",
                    100.0 * *held,
                    100.0 * (1.0 - (*held - experiment.share)).max(0.0)
                );
                return Err(wrong("share", json!(experiment.share), remedy));
            }
        }
        Self::check_stretches(experiments)
    }

    /// Whether each has a stretch of its layer, and no other has any of it.
    fn check_stretches(experiments: &[Self]) -> Result<(), Mistake> {
        let wrong = |experiment: &Self, key: &str, found: Value, remedy: String| Mistake {
            key: key.to_owned(),
            found: found.to_string(),
            ..Mistake::of_name("experiment", &experiment.name, remedy)
        };
        for (place, experiment) in experiments.iter().enumerate() {
            let Some(stretch) = experiment.stretch else { continue };
            let is_same = |other: &&Self| {
                other.layer == experiment.layer && other.stretch.is_some_and(|other| overlap(other, stretch))
            };
            if let Some(other) = experiments[..place].iter().find(is_same) {
                let remedy = format!(
                    "the experiment \"{}\" has some of this stretch: leave it out, or take another",
                    other.name
                );
                return Err(wrong(experiment, "stretch", json!(stretch), remedy));
            }
        }
        for (experiment, stretch) in experiments.iter().zip(Self::stretches(experiments)) {
            if stretch.is_some_and(|[from, until]| until - from < experiment.share - ROUNDING) {
                let layer = experiment.layer.as_deref().unwrap_or_default();
                let remedy = format!(
                    "the layer \"{layer}\" has no stretch of this length left in one piece, and those of others stay where they are: \
                     take a smaller share, or another layer"
                );
                return Err(wrong(experiment, "share", json!(experiment.share), remedy));
            }
        }
        Ok(())
    }

    /// The stretch of its layer that each experiment has: what it says, and else the first that is free, in the order in which they are
    /// declared, so that none moves while it stands there: a draft and one that was stopped have theirs, too. `None` for those of no
    /// layer; one of no length where there is no room.
    #[must_use]
    pub fn stretches(experiments: &[Self]) -> Vec<Option<[f64; 2]>> {
        let mut taken: BTreeMap<&str, Vec<[f64; 2]>> = BTreeMap::new();
        for experiment in experiments {
            if let Some((layer, stretch)) = experiment.layer.as_deref().zip(experiment.stretch) {
                taken.entry(layer).or_default().push(stretch);
            }
        }
        let mut stretches = Vec::with_capacity(experiments.len());
        for experiment in experiments {
            let stretch = match (experiment.layer.as_deref(), experiment.stretch) {
                (None, _) => None,
                (Some(_), Some(said)) => Some(said),
                (Some(layer), None) => {
                    let taken = taken.entry(layer).or_default();
                    let found = free(taken, experiment.share);
                    taken.extend(found);
                    Some(found.unwrap_or([1.0, 1.0]))
                }
            };
            stretches.push(stretch);
        }
        stretches
    }
}

/// Whether two stretches have something in common.
fn overlap([from, until]: [f64; 2], [other_from, other_until]: [f64; 2]) -> bool {
    from.max(other_from) < until.min(other_until) - ROUNDING
}

/// The first stretch of a length that nobody has.
fn free(taken: &[[f64; 2]], share: f64) -> Option<[f64; 2]> {
    let mut begins: Vec<f64> = std::iter::once(0.0).chain(taken.iter().map(|[_, until]| *until)).collect();
    begins.sort_by(f64::total_cmp);
    let stretches = begins.into_iter().map(|begin| [begin, begin + share]);
    let is_free = |stretch: &[f64; 2]| stretch[1] <= 1.0 + ROUNDING && !taken.iter().any(|one| overlap(*one, *stretch));
    let mut free = stretches.filter(is_free);
    free.next()
}

fn stretch(table: &Table<'_>, share: f64) -> Result<Option<[f64; 2]>, Mistake> {
    let Some(written) = table.get("stretch") else { return Ok(None) };
    let read: Option<[f64; 2]> = serde_json::from_value(written.clone()).ok();
    let is_right = |[from, until]: &[f64; 2]| {
        (0.0..=1.0).contains(from) && *until <= 1.0 + ROUNDING && (until - from - share).abs() < ROUNDING
    };
    let read = read.filter(is_right).filter(|_| table.get("layer").is_some());
    read.map(Some).ok_or_else(|| {
        table.wrong(
            "stretch",
            "write from where to where of its layer, from 0 to 1 and as long as its share, or leave it out",
        )
    })
}

fn switchback(table: &Table<'_>, share: f64) -> Result<Option<Switchback>, Mistake> {
    let Some(written) = table.get("switchback") else { return Ok(None) };
    let wrong = |remedy: &str| table.wrong("switchback", remedy);
    let fields = written.as_object().ok_or_else(|| wrong("write { minutes = 60, by = \"store\" }"))?;
    if let Some((_, remedy)) = unknown(fields, &["minutes", "by"]) {
        return Err(wrong(&remedy));
    }
    let (least, most) = MINUTES;
    let minutes = fields.get("minutes").and_then(Value::as_i64).filter(|minutes| (least..=most).contains(minutes));
    let minutes = minutes.ok_or_else(|| wrong(&format!("write minutes from {least} to {most}")))?;
    let by = table.text("switchback.by", TEXT_BYTES_MAX)?.to_owned();
    if table.get("layer").is_some() || share < 1.0 {
        return Err(wrong(
            "everybody in a place gets the same, so that it has no layer, and no share of the customers: leave them out",
        ));
    }
    if table.get("variations").and_then(Value::as_array).is_some_and(|all| all.len() != 2) {
        return Err(wrong("it is switched on and off: write two variations, the control first"));
    }
    Ok(Some(Switchback { minutes, by }))
}

fn interleave(table: &Table<'_>, share: f64) -> Result<Option<String>, Mistake> {
    if table.get("interleave").is_none() {
        return Ok(None);
    }
    let kind = table.text("interleave", TEXT_BYTES_MAX)?;
    if let Some(other) = ["who", "layer", "switchback"].into_iter().find(|key| table.get(key).is_some()) {
        let remedy = format!("every list tells which of the two is chosen from, whoever it is for: leave {other} out");
        return Err(table.wrong("interleave", &remedy));
    }
    if share < 1.0 {
        return Err(table.wrong("share", "lists are drafted for everybody who is known: leave share out"));
    }
    let values = table.get("variations").and_then(Value::as_array);
    if !values.is_some_and(|all| all.len() == 2 && all.iter().all(|one| one.get("value").is_some_and(Value::is_object)))
    {
        return Err(table.wrong(
            "variations",
            "write two, whose values say how each makes its list: { name = \"diverse\", value = { diversity = 0.3 } }",
        ));
    }
    Ok(Some(kind.to_owned()))
}

fn variations(table: &Table<'_>) -> Result<Vec<Variation>, Mistake> {
    let (least, most) = N_VARIATIONS;
    let listed = table.get("variations").and_then(Value::as_array).filter(|all| (least..=most).contains(&all.len()));
    let listed = listed.ok_or_else(|| {
        let remedy = format!("write a list of {least} to {most}, such as {{ name = \"control\", value = \"A\" }}");
        table.wrong("variations", &remedy)
    })?;
    let mut found: Vec<Variation> = Vec::new();
    for one in listed {
        let wrong = |remedy: &str| Mistake { found: one.to_string(), ..table.wrong("variations", remedy) };
        let fields = one.as_object().ok_or_else(|| wrong("write a table with name and value"))?;
        if let Some((_, remedy)) = unknown(fields, &["name", "value", "weight"]) {
            return Err(wrong(&remedy));
        }
        let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
        TaskName::check(name).map_err(|why| wrong(&format!("{why}, in the name of a variation")))?;
        if found.iter().any(|other| other.name == name) {
            return Err(wrong("there is a variation of this name already: choose another one"));
        }
        let value = fields.get("value").filter(|value| !value.is_null() && value.to_string().len() <= VALUE_BYTES_MAX);
        let value = value.ok_or_else(|| wrong(&format!("give it a value of at most {VALUE_BYTES_MAX} bytes")))?;
        if found.first().is_some_and(|first| FlagType::of(&first.value) != FlagType::of(value)) {
            return Err(wrong("give all variations values of one type"));
        }
        let weight = fields.get("weight").map_or(Some(1.0), Value::as_f64);
        let weight = weight.filter(|weight| (0.0..=WEIGHT_MAX).contains(weight));
        let weight = weight.ok_or_else(|| wrong(&format!("write a weight from 0 to {WEIGHT_MAX}")))?;
        found.push(Variation { name: name.to_owned(), value: value.clone(), weight });
    }
    if found.iter().map(|one| one.weight).sum::<f64>() <= 0.0 {
        return Err(table.wrong("variations", "all weights are 0, so that none could ever be drawn: give one more"));
    }
    Ok(found)
}

fn metrics(table: &Table<'_>, key: &str) -> Result<Vec<String>, Mistake> {
    let Some(written) = table.get(key) else { return Ok(Vec::new()) };
    let read: Option<Vec<String>> = serde_json::from_value(written.clone()).ok();
    let is_right =
        |read: &Vec<String>| read.len() <= N_METRICS_MAX && read.iter().all(|name| TaskName::check(name).is_ok());
    read.filter(is_right).ok_or_else(|| {
        table
            .wrong(key, &format!("write a list of at most {N_METRICS_MAX} names, such as [\"conversion\", \"margin\"]"))
    })
}

impl Serialize for Experiment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_table().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Experiment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        events::declared::deserialize(deserializer, Self::from_table)
    }
}
