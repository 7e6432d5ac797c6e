//! What can be told of a customer, from what, and how well? The list of capabilities, and one of them.

use super::{DecisionRow, Frame, ModelLine, ModelState, Section, Task, filters, page};
use crate::Icon;

/// Everything that can be decided, `/capabilities`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "capabilities.html")]
pub struct CapabilitiesPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What can be decided, in the order of the list.
    pub capabilities: Vec<CapabilityLine>,
}
page!(CapabilitiesPage, Some(Section::Capabilities));

/// One of them in a few lines.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityLine {
    /// Its name in addresses and questions: `churn`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// What an answer is, in words: `a probability with its reasons`.
    pub answer: String,
    /// The models that answer.
    pub models: Vec<ModelLine>,
}

/// One of them, `/capabilities/{name}`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "capability.html")]
pub struct CapabilityPage {
    /// What stands around the page.
    pub frame: Frame,
    /// Its name in addresses and questions.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The question it answers.
    pub question: String,
    /// What an answer is, in words.
    pub answer: String,
    /// What consent is asked for: `personalization`.
    pub purpose: String,
    /// What of a customer is looked at: (what, which).
    pub reads: Vec<(String, String)>,
    /// What a question may say besides the customer.
    pub parameters: Vec<Parameter>,
    /// What is learned for it.
    pub tasks: Vec<Task>,
    /// The newest decisions of this kind.
    pub decisions: Vec<DecisionRow>,
    /// Among how many of all decisions they were looked for.
    pub n_looked_at: u64,
    /// A command that asks.
    pub command: String,
}
page!(CapabilityPage, Some(Section::Capabilities));

/// Something that a question may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name: `n`.
    pub name: String,
    /// What it says, in words.
    pub meaning: String,
    /// Which values it takes, in words.
    pub takes: String,
    /// What holds where nobody says, where that is the same for everybody.
    pub default: Option<String>,
}
