//! What does a message that was read look like on the wire?

use super::amounts::LikelyReply;
use decisions::{Intent, Labels, Named, Sentiment, Wish};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is told of a message; nothing of other decisions.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct LabelsReply<'a> {
    /// What it asks for; null where nothing was learned of that yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<Option<IntentReply<'a>>>,
    /// Whether it is content; null where the customer does not permit that it is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentiment: Option<Option<SentimentReply<'a>>>,
    /// What its writer feels, by name, from 0 to 1: from 0.5 on it counts as felt. What is calibrated is told under `probabilities`.
    #[serde(skip_serializing_if = "Option::is_none")]
    emotions: Option<&'a BTreeMap<String, f64>>,
    /// How little it can wait, from 0 to 1: from 0.5 on it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    urgency: Option<Option<f64>>,
    /// Its language, as two small letters; null where that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "en")]
    language: Option<Option<&'a str>>,
    /// What it names: orders, amounts, days, addresses and telephone numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Vec<SlotReply<'a>>>,
}

/// What a message asks for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct IntentReply<'a> {
    /// The label that most speaks for, also where it is out of scope.
    label: &'a str,
    /// How likely it is right, if the message is of any label.
    confidence: f64,
    /// Whether it is about something else than any label.
    out_of_scope: bool,
    /// Everything that it asks for, the surest first, where its parts ask for several things.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wishes: Vec<WishReply<'a>>,
}

/// One of several things that a message asks for.
#[derive(Debug, Serialize, ToSchema)]
struct WishReply<'a> {
    label: &'a str,
    confidence: f64,
    /// The part of the message that asks for it.
    text: &'a str,
}

/// Whether a message is content.
#[derive(Debug, Serialize, ToSchema)]
struct SentimentReply<'a> {
    /// `positive`, `negative`, `neutral` or `ambiguous`.
    #[schema(example = "negative")]
    label: &'a str,
    /// From -1, as bad as it gets, to 1.
    score: f64,
}

/// Something that a message names.
#[derive(Debug, Serialize, ToSchema)]
struct SlotReply<'a> {
    /// `email`, `amount`, `date`, `order_number` or `phone`.
    #[schema(example = "order_number")]
    name: &'a str,
    /// What it means, in one form for all ways to write it.
    value: &'a str,
    /// As it is written.
    text: &'a str,
}

/// How likely each of several is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ProbabilitiesReply<'a> {
    /// Of one of several, the likeliest first.
    Of(Vec<LikelyReply<'a>>),
    /// Of what a message's writer feels, by name; several may hold.
    Emotions(&'a BTreeMap<String, f64>),
}

impl<'a> LabelsReply<'a> {
    pub(super) fn of(labels: &'a Labels) -> Self {
        Self {
            intent: Some(labels.intent.as_ref().map(IntentReply::of)),
            sentiment: Some(
                labels.sentiment.as_ref().map(|Sentiment { label, score }| SentimentReply { label, score: *score }),
            ),
            emotions: Some(&labels.emotions),
            urgency: Some(labels.urgency),
            language: Some(labels.language.as_deref()),
            slots: Some(
                labels.slots.iter().map(|Named { kind, value, text }| SlotReply { name: kind, value, text }).collect(),
            ),
        }
    }
}

impl<'a> IntentReply<'a> {
    fn of(intent: &'a Intent) -> Self {
        let wish = |Wish { label, confidence, text }: &'a Wish| WishReply { label, confidence: *confidence, text };
        Self {
            label: &intent.label,
            confidence: intent.confidence,
            out_of_scope: intent.is_out_of_scope,
            wishes: intent.wishes.iter().map(wish).collect(),
        }
    }
}
