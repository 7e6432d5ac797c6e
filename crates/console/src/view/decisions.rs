//! What was decided lately, on which basis, and why was it not always the full answer? The list of decisions.

use super::{Frame, Section, filters, page};
use crate::chart::{Html, Stack, stacked};
use crate::{Icon, format};
use primitives::Timestamp;

/// Decisions, `/decisions?kind=&basis=&reason=&customer=&day=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "decisions.html")]
pub struct DecisionsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Decisions in all, those included that went with an erased customer.
    pub total: u64,
    /// How many of all were fallbacks.
    pub fallbacks: u64,
    /// What narrows the list.
    pub filter: DecisionFilter,
    /// The kinds there are: name and title.
    pub kinds: Vec<(String, String)>,
    /// What was decided on each of the last days, the oldest first.
    pub days: Vec<DecisionDay>,
    /// How many decisions the days are counted of, where there were more.
    pub counted_max: Option<u64>,
    /// What was decided in those days, by kind.
    pub by_kind: Vec<KindCount>,
    /// Why answers were not the full ones: the most frequent first.
    pub reasons: Vec<(String, u64)>,
    /// Of how many answers that were not the full ones the reasons were read.
    pub reasons_of: u64,
    /// What the list leaves out, where it does.
    pub note: Option<String>,
    /// The decisions, newest first.
    pub rows: Vec<DecisionRow>,
    /// The address of the next older page.
    pub older: Option<String>,
    /// A command to try, shown while there are none.
    pub try_line: String,
}
page!(DecisionsPage, Some(Section::Decisions));

/// What narrows the list; what is empty narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// The kind.
    pub kind: String,
    /// On which basis: one of [`DecisionFilter::BASES`].
    pub basis: String,
    /// Why it was not the full answer.
    pub reason: String,
    /// About whom.
    pub customer: String,
    /// On which day: `2026-11-22`.
    pub day: String,
}

/// What was decided on a day, by basis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionDay {
    /// The day.
    pub day: Timestamp,
    /// Answered by a model for this customer.
    pub model: u64,
    /// Answered by rules alone, as flags and actions are of which nothing was learned.
    pub rules: u64,
    /// Answered with what is popular.
    pub popular: u64,
    /// Answered with an average, or not at all.
    pub average: u64,
}

/// How many decisions of a kind there were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindCount {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Those that were the full answer.
    pub full: u64,
    /// Those that were not.
    pub fallback: u64,
}

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRow {
    /// Its identifier.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// What people call its kind: `Recommendations` or `Churn`.
    pub kind: String,
    /// The customer, by the identifier in the addresses; none where nobody was named, or where they were erased.
    pub customer: Option<String>,
    /// Whether there is a page of this customer: a decision about a stranger makes none.
    pub has_page: bool,
    /// The answer in a few words: `10 items, first 4710421090059`.
    pub answer: String,
    /// On which basis: one of [`DecisionFilter::BASES`].
    pub basis: String,
    /// Why it is not the full answer.
    pub fallback: Option<String>,
    /// Whether the customer is held out.
    pub held_out: bool,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<f64>,
}

impl DecisionFilter {
    /// On which basis an answer can rest: its name in addresses, and in words.
    pub const BASES: [(&'static str, &'static str); 4] = [
        ("model", "Model"),
        ("rules", "Rules, no model"),
        ("popular", "Popular items"),
        ("average", "Average or none"),
    ];

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The list's address with one of the filters set to something else.
    fn with(&self, name: &str, value: &str) -> String {
        let all = [
            ("kind", &self.kind),
            ("basis", &self.basis),
            ("reason", &self.reason),
            ("customer", &self.customer),
            ("day", &self.day),
        ];
        format::address(
            "/decisions",
            &all.map(|(known, now)| (known, if known == name { value } else { now.as_str() })),
        )
    }
}

impl KindCount {
    fn share(&self) -> String {
        format::percent_of(self.fallback, self.full + self.fallback)
    }
}

impl DecisionRow {
    fn basis_words(&self) -> &'static str {
        DecisionFilter::BASES.iter().find(|(name, _)| *name == self.basis).map_or("–", |(_, words)| words)
    }
}

impl DecisionsPage {
    /// Whether it is known of any how long it took.
    fn has_latency(&self) -> bool {
        self.rows.iter().any(|row| row.latency_ms.is_some())
    }

    fn fallback_share(&self) -> String {
        format::percent_of(self.fallbacks, self.total)
    }

    fn chart(&self) -> Html {
        let stack = |day: &DecisionDay| {
            let (model, rules) = ((day.model, "by a model"), (day.rules, "by rules"));
            let parts = [model, rules, (day.popular, "popular"), (day.average, "average")];
            let said: Vec<String> = parts
                .iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, words)| format!("{} {words}", format::count(*n)))
                .collect();
            Stack {
                day: format::day_month(day.day),
                said: if said.is_empty() { "none".to_owned() } else { said.join(", ") },
                parts: parts.iter().map(|(n, _)| format::float(*n)).collect(),
            }
        };
        let stacks: Vec<Stack> = self.days.iter().map(stack).collect();
        stacked(&stacks, &["accent", "good", "info", "quiet"], "Decisions on each of the last 30 days, by basis")
    }

    fn top(&self) -> String {
        let sum = |day: &DecisionDay| day.model + day.rules + day.popular + day.average;
        format::count(self.days.iter().map(sum).max().unwrap_or(0))
    }

    fn ticks(&self) -> Vec<String> {
        format::ticks(&self.days.iter().map(|day| day.day).collect::<Vec<_>>())
    }

    fn n_in_days(&self) -> u64 {
        self.by_kind.iter().map(|kind| kind.full + kind.fallback).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_keeps_the_others() {
        let filter =
            DecisionFilter { kind: "a b".to_owned(), day: "2026-11-22".to_owned(), ..DecisionFilter::default() };
        assert_eq!(filter.with("basis", "model"), "/decisions?kind=a%20b&basis=model&day=2026-11-22");
        assert_eq!(filter.with("kind", ""), "/decisions?day=2026-11-22");
        assert_eq!(DecisionFilter::default().with("kind", ""), "/decisions");
        assert!(DecisionFilter::default().is_empty() && !filter.is_empty());
    }
}
