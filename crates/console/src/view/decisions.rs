//! What was decided lately? The list of decisions.

use super::{Frame, Section, filters, page};
use crate::{Icon, format};
use primitives::Timestamp;

/// Decisions, `/decisions`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "decisions.html")]
pub struct DecisionsPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Decisions in all.
    pub total: u64,
    /// How many of all were fallbacks.
    pub fallbacks: u64,
    /// The decisions, newest first.
    pub rows: Vec<DecisionRow>,
    /// The address of the next older page.
    pub older: Option<String>,
    /// A command to try, shown while there are none.
    pub try_line: String,
}
page!(DecisionsPage, Some(Section::Decisions));

/// One decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRow {
    /// Its identifier.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// Its kind: `recommend` or `churn`.
    pub kind: String,
    /// The customer, by the identifier in the addresses.
    pub customer: Option<String>,
    /// Whether there is a page of this customer: a decision about a stranger makes none.
    pub has_page: bool,
    /// The answer in a few words: `10 items, first 4710421090059`.
    pub answer: String,
    /// Why it is not the full answer.
    pub fallback: Option<String>,
    /// Whether the customer is held out.
    pub held_out: bool,
    /// How long it took, in milliseconds.
    pub latency_ms: Option<f64>,
}

impl DecisionsPage {
    /// Whether it is known of any how long it took.
    fn has_latency(&self) -> bool {
        self.rows.iter().any(|row| row.latency_ms.is_some())
    }

    fn fallback_share(&self) -> String {
        format::percent_of(self.fallbacks, self.total)
    }
}
