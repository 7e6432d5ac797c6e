//! What does a message say, read by itself?

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is read out of one message, whoever wrote it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// What it asks for; `None` where nothing was learned of that.
    pub intent: Option<Intent>,
    /// Whether it is content; `None` where nobody permits to read it.
    pub sentiment: Option<Sentiment>,
    /// What its writer feels, by name, scaled so that 0.5 is where it counts as felt.
    pub emotions: BTreeMap<String, f64>,
    /// How likely each of these is, and that it cannot wait.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, f64>,
    /// How little it can wait, scaled as emotions are; `None` where nobody permits to read it.
    pub urgency: Option<f64>,
    /// The language it is in, as two small letters, where that can be told.
    pub language: Option<String>,
    /// What it names.
    pub slots: Vec<Named>,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The label that most speaks for, also where it is about something else.
    pub label: String,
    /// How likely it is right, if the message is of any.
    pub confidence: f64,
    /// Whether it is about something else than what was learned.
    pub is_out_of_scope: bool,
    /// Everything that it asks for, the surest first, where it asks for several things.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wishes: Vec<Wish>,
}

/// One of several things that a message asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Its label.
    pub label: String,
    /// How likely that is right.
    pub confidence: f64,
    /// The part of the message that asks for it.
    pub text: String,
}

/// Whether a message is content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// `positive`, `negative`, `neutral` or `ambiguous`.
    pub label: String,
    /// From -1, as bad as it gets, to 1.
    pub score: f64,
}

/// Something that a message names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// What it is: `email`, `amount`, `date`, `order_number` or `phone`.
    pub kind: String,
    /// What it means, in one form for all ways to write it.
    pub value: String,
    /// As it is written.
    pub text: String,
}
