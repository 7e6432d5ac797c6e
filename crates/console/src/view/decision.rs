//! Why was this decided? The whole story of one decision.

use super::{Answer, FeatureGroup, Frame, Section, filters, page};
use crate::Icon;
use primitives::{Money, Timestamp};

/// A decision, `/decisions/{id}`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "decision.html")]
pub struct DecisionPage {
    /// What stands around the page.
    pub frame: Frame,
    /// When it was made.
    pub at: Timestamp,
    /// The customer, by the identifier in the addresses.
    pub customer: Option<String>,
    /// The answer.
    pub answer: Answer,
    /// The request as JSON.
    pub request: String,
    /// The answer as JSON, as it was sent.
    pub response: String,
    /// What was known about the customer at that moment.
    pub features: Vec<FeatureGroup>,
    /// How many different items counted that the customer had bought, or was looking at.
    pub n_own_items: u64,
    /// What could have been chosen, best first.
    pub candidates: Vec<Candidate>,
    /// Why the others cannot be told, where they cannot.
    pub others_unknown: Option<String>,
    /// The label of the stream of random numbers it used.
    pub random_stream: Option<String>,
    /// Whether what was known was forgotten, since the customer refused later.
    pub is_forgotten: bool,
    /// What whoever is held out would have been answered.
    pub would: Option<String>,
    /// What came of it; none while the window is open or nothing is measured.
    pub outcome: Option<Outcome>,
    /// What came of deciding again, where somebody asked for it just now.
    pub replayed: Option<Replayed>,
    /// The commands that decide again and compare the bytes: over HTTP, and on the server's machine.
    pub replay: Vec<String>,
}
page!(DecisionPage, Some(Section::Decisions));

/// Something that could have been chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The item's identifier.
    pub id: String,
    /// Its name, where the catalogue knows one.
    pub title: Option<String>,
    /// Its place among all, from 1; none where it was left out before anything was ranked.
    pub rank: Option<usize>,
    /// Its score; none where it was left out before anything was scored.
    pub score: Option<f64>,
    /// The probability with which it was shown.
    pub propensity: Option<f64>,
    /// Whether it is in the answer.
    pub chosen: bool,
    /// Why it was left out, where it was.
    pub excluded: Option<String>,
    /// Why another was chosen before it, where one was.
    pub lost: Option<String>,
}

/// What came of deciding again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// The same bytes.
    Same {
        /// How many.
        n_bytes: u64,
    },
    /// Others.
    Different {
        /// The first byte that differs.
        from_byte: u64,
        /// The fields that differ: name, what it was, what it is.
        fields: Vec<(String, String, String)>,
    },
    /// It could not be decided again.
    Failed(
        /// Why.
        String,
    ),
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What happened, in a sentence.
    pub text: String,
    /// What it was worth.
    pub amount: Option<Money>,
}
