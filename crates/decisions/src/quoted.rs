//! What is answered to who asks something, out of what is written down?

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the knowledge base said to a question, with what counted then: enough to answer the same again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Retrieved {
    /// By what the knowledge base of then is recognised.
    pub knowledge: String,
    /// The passages that were found, best first.
    pub passages: Vec<Quote>,
    /// How likely the first one answers the question.
    pub confidence: f64,
    /// How it was answered then.
    pub answering: Answering,
}

/// When a question is answered, and when a person is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answering {
    /// From which confidence on it is answered.
    pub min_confidence: f64,
    /// From which frustration on a person is asked, where 0.5 is what counts as felt; above 1 never.
    pub frustration: f64,
    /// From which urgency on a person is asked, where 0.5 is what counts as urgent; above 1 never.
    pub urgency: f64,
    /// What takes the place of `{{name}}` in a passage: a trait (`traits.plan`) or a feature (`features.recency_days`) of the customer.
    pub facts: BTreeMap<String, String>,
}

impl Default for Answering {
    fn default() -> Self {
        Self { min_confidence: 0.6, frustration: 0.7, urgency: 0.7, facts: BTreeMap::new() }
    }
}

impl Answering {
    /// Why it cannot be so.
    ///
    /// # Errors
    /// The reason, for people: which setting, and what to write.
    pub fn check(&self) -> Result<(), String> {
        let numbers = [
            ("min_confidence", self.min_confidence, 1.0),
            ("frustration", self.frustration, 2.0),
            ("urgency", self.urgency, 2.0),
        ];
        for (name, number, max) in numbers {
            if !(0.0..=max).contains(&number) {
                return Err(format!("{name} is {number}: it goes from 0 to {max}"));
            }
        }
        for (name, from) in &self.facts {
            let is_known = ["traits.", "features."]
                .iter()
                .any(|prefix| from.strip_prefix(prefix).is_some_and(|of| !of.is_empty()));
            if !is_known {
                return Err(format!(
                    "facts.{name} is \"{from:.60}\": write traits. or features. and a name, such as traits.plan"
                ));
            }
        }
        Ok(())
    }
}

/// A passage that was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// Its name: that of its document, and the how manieth passage of it it is.
    pub id: String,
    /// The document.
    pub document: String,
    /// Which version of it.
    pub version: u64,
    /// What it is called: the title of the document and the headings above it.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// What it says.
    pub text: String,
    /// The language that it is in, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How much speaks for it, from 0 to 1.
    pub score: f64,
}

/// What is answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What is told: a passage and where it comes from, a question back, or that nothing was found.
    pub text: String,
    /// The passages that were found, best first. The first is the one that is quoted.
    pub passages: Vec<Quote>,
    /// Whether no passage is quoted, since none is likely enough the answer.
    pub is_abstained: bool,
    /// How likely the first passage answers the question.
    pub confidence: f64,
    /// What may be meant, where it is asked back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clarify: Vec<Meant>,
    /// Why a person should go on, where one should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_off: Option<HandOff>,
}

/// Something that may be meant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meant {
    /// The passage.
    pub id: String,
    /// What it is called.
    pub title: String,
}

/// That a person should go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandOff {
    /// Why.
    pub reason: HandOffReason,
    /// The same in words, for that person.
    pub text: String,
}

/// Why a person should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandOffReason {
    /// They ask for one.
    Asked,
    /// They are frustrated.
    Frustrated,
    /// It cannot wait.
    Urgent,
    /// Nothing that is written down answers it.
    Unknown,
    /// What answers it needs to be told something of the customer that is not known.
    Fact,
    /// The customer does not permit that their messages are read.
    Consent,
}

impl HandOffReason {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Frustrated => "frustrated",
            Self::Urgent => "urgent",
            Self::Unknown => "unknown",
            Self::Fact => "fact",
            Self::Consent => "consent",
        }
    }
}
