//! What does the answer of a decision look like on the wire?

use super::acted::{ActionReply, LeftOutReply};
use super::amounts::{AmountReply, LikelyReply};
use super::flags::FlagsReply;
use super::found::FoundReply;
use super::items::ItemReply;
use super::labels::{LabelsReply, ProbabilitiesReply};
use super::quoted::QuotedReply;
use decisions::{Answer, Arm, Content, Record};
use governance::ConsentAnswer;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What was decided, by which model, on which ground.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnswerReply<'a> {
    /// The items, best first, where items were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemReply<'a>>>,
    /// What to do, first what counts most, where actions were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<ActionReply<'a>>>,
    #[serde(flatten)]
    flags: FlagsReply<'a>,
    #[serde(flatten)]
    found: FoundReply<'a>,
    #[serde(flatten)]
    labels: LabelsReply<'a>,
    #[serde(flatten)]
    quoted: QuotedReply<'a>,
    /// The probability, where a score was asked for; null where nothing is known to say one.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Option<f64>>,
    /// How much or how often, where that was asked for; null where nothing is known to say one.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Option<AmountReply<'a>>>,
    /// Which of several, where that was asked for; null where nothing is known to say one.
    #[serde(skip_serializing_if = "Option::is_none")]
    choice: Option<Option<&'a str>>,
    /// How likely each of several is, the likeliest first, where that is known: what is missing to 1 is that none comes. Of a message how
    /// likely each emotion is.
    #[serde(skip_serializing_if = "Option::is_none")]
    probabilities: Option<ProbabilitiesReply<'a>>,
    /// What else holds, beside the choice: the names of the segments of the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<&'a [String]>,
    /// Why, the weightiest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<ReasonReply<'a>>>,
    /// The model that was asked; null where there is none yet.
    model: Option<ModelReply<'a>>,
    consent: ConsentReply,
    /// Why the answer is not the full one; null where it is.
    fallback: Option<&'a str>,
    /// Why there are fewer items than were asked for, where there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<&'a str>,
    /// How many items each rule has left out, of those that were looked at; of actions each with the first rule that left it out.
    #[serde(rename = "leftOut", skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOutReply<'a>>,
    /// Whether the customer is decided for (`treated`) or held out (`holdout`); not there where nobody is held out of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    arm: Option<&'static str>,
}

/// One feature's part in a score.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReasonReply<'a> {
    feature: &'a str,
    /// Null where it is not known.
    value: Option<f64>,
    /// What it added to the log-odds of a score.
    #[serde(skip_serializing_if = "Option::is_none")]
    contribution: Option<f64>,
    text: &'a str,
}

/// Which model it was.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ModelReply<'a> {
    name: &'a str,
    version: &'a str,
}

/// Whether the customer's data could be used, and who said so.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsentReply {
    #[schema(example = "personalization")]
    purpose: &'static str,
    granted: bool,
    /// `stated` by the customer, or `default` where they have said nothing.
    basis: &'static str,
}

/// What another answer of a decision would have held, without what is said of the decision.
pub(super) fn content(record: &Record, content: &Content) -> Value {
    let answer = Answer { content: content.clone(), ..record.decision.answer.clone() };
    let mut told = serde_json::to_value(AnswerReply::from(&answer)).unwrap_or_default();
    if let Value::Object(fields) = &mut told {
        for name in ["model", "consent", "fallback", "shortfall", "arm"] {
            fields.remove(name);
        }
    }
    told
}

impl<'a> From<&'a Answer> for AnswerReply<'a> {
    fn from(answer: &'a Answer) -> Self {
        let mut reply = Self {
            items: None,
            actions: None,
            flags: FlagsReply::default(),
            found: FoundReply::default(),
            labels: LabelsReply::default(),
            quoted: QuotedReply::default(),
            score: None,
            amount: None,
            choice: None,
            probabilities: None,
            others: None,
            reasons: None,
            model: answer.model.as_ref().map(|m| ModelReply { name: &m.name, version: m.version.as_str() }),
            consent: ConsentReply::from(&answer.consent),
            fallback: answer.fallback.as_deref(),
            shortfall: answer.shortfall.as_deref(),
            left_out: Some(&answer.left_out).filter(|left_out| !left_out.is_empty()).map(LeftOutReply::Items),
            arm: answer.arm.map(Arm::name),
        };
        let reason = |r: &'a decisions::Reason| ReasonReply {
            feature: &r.feature,
            value: r.value,
            contribution: r.contribution,
            text: &r.text,
        };
        reply.items = answer.content.items().map(ItemReply::all);
        match &answer.content {
            Content::Items(_) => {}
            Content::Search { told, .. } => reply.found = FoundReply::of(told),
            Content::Actions(actions) => {
                reply.actions = Some(actions.chosen.iter().map(ActionReply::from).collect());
                reply.left_out = Some(LeftOutReply::of(actions));
            }
            Content::Flags(flags) => reply.flags = FlagsReply::of(flags),
            Content::Labels(labels) => {
                reply.labels = LabelsReply::of(labels);
                reply.probabilities = Some(ProbabilitiesReply::Emotions(&labels.probabilities));
            }
            Content::Reply(quoted) => reply.quoted = QuotedReply::of(quoted),
            Content::Completions(completions) => reply.found = FoundReply::completing(completions),
            Content::Score { score, reasons } => {
                reply.score = Some(score.map(|score| score.get()));
                reply.reasons = Some(reasons.iter().map(reason).collect());
            }
            Content::Amount { amount, reasons } => {
                reply.amount = Some(amount.as_ref().map(AmountReply::of));
                reply.reasons = Some(reasons.iter().map(reason).collect());
            }
            Content::Choice { label, others, probabilities, reasons } => {
                reply.choice = Some(label.as_deref());
                let likely = || ProbabilitiesReply::Of(probabilities.iter().map(LikelyReply::of).collect());
                reply.probabilities = (!probabilities.is_empty()).then(likely);
                reply.others = Some(others);
                reply.reasons = Some(reasons.iter().map(reason).collect());
            }
        }
        reply
    }
}

impl From<&ConsentAnswer> for ConsentReply {
    fn from(consent: &ConsentAnswer) -> Self {
        Self { purpose: consent.purpose.name(), granted: consent.granted, basis: consent.basis.name() }
    }
}
