//! What is a company measured by, and what is planned of its experiments?

use decisions::{Experiment, Switchback};
use events::Mistake;
use measurement::kpi::{Earnings, Kpi, built_in};
use primitives::{Currency, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// What a company is measured by.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Everything that is counted, built in and declared.
    pub kpis: Vec<Kpi>,
    /// By which of them it is told what decisions were worth.
    pub earned: String,
    /// For how many days after somebody was exposed.
    pub within_days: i64,
    /// In which currency, where one is set.
    pub currency: Option<Currency>,
}

/// What is planned of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Its variations with their weights, the control first.
    pub(crate) variations: Vec<(String, f64)>,
    /// The KPIs that should become better.
    pub(crate) metrics: Vec<String>,
    /// Those that must not become worse.
    pub(crate) guardrails: Vec<String>,
    /// For how many days it runs.
    pub(crate) days: i64,
    /// Whether it draws, in a word: `draft`, `running` or `stopped`.
    pub(crate) state: &'static str,
    /// How it is switched, where it is.
    pub(crate) switchback: Option<Switchback>,
}

impl Default for Measures {
    fn default() -> Self {
        let earnings = Earnings { margin: 0.0, contact_cost: BTreeMap::new() };
        let kpis = built_in(&earnings, 28);
        Self { kpis, earned: "revenue".to_owned(), within_days: 28, currency: None }
    }
}

impl Measures {
    /// Whether experiments are measured by what there is.
    ///
    /// # Errors
    /// [`Mistake`] for the first that is not.
    pub fn check(&self, experiments: &[Experiment]) -> Result<(), Mistake> {
        let is_counted = |name: &str| self.kpis.iter().any(|kpi| kpi.name == name);
        let known = || Kpi::built_in_names().iter().copied().chain(self.kpis.iter().map(|kpi| kpi.name.as_str()));
        for experiment in experiments {
            let metrics = experiment.metrics.iter().map(|name| ("metrics", name));
            let named = metrics.chain(experiment.guardrails.iter().map(|name| ("guardrails", name)));
            for (key, name) in named.filter(|(_, name)| !is_counted(name)) {
                let remedy = match name.as_str() {
                    "cost_to_serve" => {
                        "it is not counted, for nobody said what a contact costs: set contact_cost in [money], or leave it out"
                            .to_owned()
                    }
                    name if known().any(|known| known == name) => continue,
                    name => match nearest(name, known()) {
                        Some(near) => format!("there is no KPI of this name: did you mean \"{near}\"?"),
                        None => {
                            let known: BTreeSet<&str> = known().collect();
                            let known: Vec<&str> = known.into_iter().collect();
                            format!("there is no KPI of this name: declare it in [[kpis]], or write one of {}", known.join(", "))
                        }
                    },
                };
                let found = serde_json::Value::from(name.as_str()).to_string();
                let key = key.to_owned();
                return Err(Mistake { key, found, ..Mistake::of_name("experiment", &experiment.name, remedy) });
            }
        }
        Ok(())
    }
}

impl From<&Experiment> for Plan {
    fn from(experiment: &Experiment) -> Self {
        Self {
            variations: experiment.variations.iter().map(|one| (one.name.clone(), one.weight)).collect(),
            metrics: experiment.metrics.clone(),
            guardrails: experiment.guardrails.clone(),
            days: experiment.days,
            state: experiment.state.name(),
            switchback: experiment.switchback.clone(),
        }
    }
}
