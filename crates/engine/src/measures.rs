//! What is a company measured by, and what is planned of its experiments?

use decisions::Experiment;
use measurement::kpi::{Earnings, Kpi, built_in};
use primitives::Currency;
use std::collections::BTreeMap;

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
}

impl Default for Measures {
    fn default() -> Self {
        let earnings = Earnings { margin: 0.0, contact_cost: BTreeMap::new() };
        let kpis = built_in(&earnings, 28);
        Self { kpis, earned: "revenue".to_owned(), within_days: 28, currency: None }
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
        }
    }
}
