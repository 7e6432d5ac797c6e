//! What does JSON on the wire look like? Every type that leaves or enters the server, and nothing else.

mod acted;
mod amounts;
mod answer;
mod came;
pub(super) mod conversed;
mod flags;
mod found;
mod items;
mod labels;
mod quoted;

use answer::AnswerReply;
use came::CameReply;
use decisions::{Answer, Decision, Parameters, Record};
use engine::{CustomerView, Ingested};
use events::{Batch, Inspected, Rejected, Rejection, RejectionCode, Understanding};
use governance::ConsentAnswer;
use primitives::MessageId;
use profiles::Identifier;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One event, as Segment's libraries send it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the parser reads the raw bytes; this type is their description")]
pub struct EventBody {
    /// The customer, as your systems know them. This or `anonymousId` is required.
    user_id: Option<String>,
    /// The browser or device.
    anonymous_id: Option<String>,
    /// The deed's name, for `track`.
    #[schema(example = "Order Completed")]
    event: Option<String>,
    /// The deed's particulars, for `track`, `page` and `screen`.
    properties: Option<BTreeMap<String, Value>>,
    /// What is known about the customer or group, for `identify` and `group`.
    traits: Option<BTreeMap<String, Value>>,
    /// Where it happened, and the customer's consent.
    context: Option<BTreeMap<String, Value>>,
    /// When it happened, RFC 3339.
    timestamp: Option<String>,
    /// Makes sending twice harmless.
    message_id: Option<String>,
    /// The key, where no header can be sent.
    write_key: Option<String>,
}

/// A batch of events, each with its `type`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the parser reads the raw bytes; this type is their description")]
pub struct BatchBody {
    /// The events; each has a `type`: identify, track, page, screen, group or alias.
    batch: Vec<BTreeMap<String, Value>>,
    /// Merged under every event's own context.
    context: Option<BTreeMap<String, Value>>,
    /// When the client sent it, by its own clock.
    sent_at: Option<String>,
    /// The key, where no header can be sent.
    write_key: Option<String>,
}

/// A CloudEvent of version 1.0, in its JSON format.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "the parser reads the raw bytes; this type is their description")]
pub struct CloudEventBody {
    /// `1.0`.
    #[schema(example = "1.0")]
    specversion: String,
    /// With `source`, what makes sending twice harmless.
    id: String,
    /// Which system it comes from.
    #[schema(example = "/shop/orders")]
    source: String,
    /// The event's name, or `rapport.track` and its like where `data` is a call of ours.
    #[serde(rename = "type")]
    #[schema(example = "Order Completed")]
    kind: String,
    /// The customer, as your systems know them. This, the extension `anonymousid`, or who is named in `data` is required.
    subject: Option<String>,
    /// The browser or device: an extension of ours.
    anonymousid: Option<String>,
    /// When it happened, RFC 3339.
    time: Option<String>,
    /// The properties, or the call.
    data: Option<Value>,
}

/// What became of the events of a request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct IngestReply {
    /// Whether anything was accepted, or nothing was sent.
    success: bool,
    /// Where nothing was accepted: the class of the first reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Where nothing was accepted: the first reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// New events.
    accepted: usize,
    /// Events that were there already; sending them again changed nothing.
    duplicates: usize,
    /// Events whose `messageId` was there already with another content, which stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflicts: Option<usize>,
    /// Which they are: at most the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conflicting: Vec<ConflictReply>,
    /// Events that were not accepted, each with its reason, in the order sent: at most the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<RejectionReply>,
    /// How many were not accepted, where the list does not name all of them.
    #[serde(rename = "rejectedCount", skip_serializing_if = "Option::is_none")]
    n_rejected: Option<usize>,
}

/// An event whose `messageId` was there already with another content.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConflictReply {
    /// Its place in the request, from 0.
    index: usize,
    /// The id under which something else is known.
    message_id: String,
}

/// Why one event was not accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RejectionReply {
    /// Its place in the request, from 0.
    index: usize,
    /// Its own name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// The class of reason.
    #[schema(value_type = String, example = "wrong_type")]
    code: RejectionCode,
    /// Where in the event, as a JSON pointer.
    #[schema(example = "/properties/price")]
    field: String,
    /// What is wrong and what to send.
    message: String,
}

/// How many rejected and how many conflicting events an answer names: an answer has a limit, too.
const N_REJECTED_SHOWN_MAX: usize = 100;

/// Why an event of a customer who was erased is refused.
pub(super) const ERASED: &str = "it names a customer who was erased, and is not kept: send nothing more of them, or let an admin \
                                 allow the name again (`rapport customer allow`)";

impl From<&Rejected> for RejectionReply {
    fn from(rejected: &Rejected) -> Self {
        let Rejection { code, field, message, .. } = rejected.rejection.clone();
        Self { index: rejected.index, message_id: rejected.message_id.clone(), code, field, message }
    }
}

impl RejectionReply {
    /// An event that names a customer who was erased. Nothing of it is said again.
    fn erased(index: usize) -> Self {
        let (field, message) = (String::new(), ERASED.to_owned());
        Self { index, message_id: None, code: RejectionCode::Erased, field, message }
    }
}

impl IngestReply {
    /// Why the first that was not accepted was not.
    pub(super) fn first_reason(&self) -> Option<String> {
        self.rejected.first().map(|rejected| rejected.message.clone())
    }

    pub(super) fn rejections(batch: &Batch) -> Self {
        let rejected: Vec<RejectionReply> =
            batch.rejected.iter().take(N_REJECTED_SHOWN_MAX).map(RejectionReply::from).collect();
        let first = rejected.first().filter(|_| batch.accepted.is_empty());
        Self {
            success: first.is_none(),
            code: first.map(|first| first.code.name().to_owned()),
            message: first.map(|first| first.message.clone()),
            n_rejected: Some(batch.rejected.len()).filter(|n| *n > rejected.len()),
            rejected,
            ..Self::default()
        }
    }

    pub(super) fn counted(self, ingested: Ingested) -> Self {
        let Ingested { n_accepted, n_duplicates, conflicts, erased, n_rejected } = ingested;
        let n_rejected = n_rejected + erased.len();
        let mut rejected = self.rejected;
        // What else was wrong with them is not said: it says what they held.
        rejected.retain(|one| !erased.contains(&one.index));
        rejected.extend(erased.into_iter().map(RejectionReply::erased));
        rejected.sort_by_key(|one| one.index);
        rejected.truncate(N_REJECTED_SHOWN_MAX);
        let nothing = n_accepted + n_duplicates + conflicts.len() == 0;
        let first = rejected.first().filter(|_| nothing);
        let named = |(index, message_id): &(usize, MessageId)| ConflictReply {
            index: *index,
            message_id: message_id.to_string(),
        };
        Self {
            accepted: n_accepted,
            duplicates: n_duplicates,
            conflicts: Some(conflicts.len()).filter(|n| *n > 0),
            conflicting: conflicts.iter().take(N_REJECTED_SHOWN_MAX).map(named).collect(),
            success: first.is_none(),
            code: first.map(|first| first.code.name().to_owned()),
            message: first.map(|first| first.message.clone()),
            n_rejected: Some(n_rejected).filter(|n| *n > rejected.len()),
            rejected,
        }
    }
}

/// What is to be decided, about whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecideBody {
    /// Which decision, as `rapport kinds` lists them.
    #[schema(example = "recommend")]
    pub decision: String,
    /// The customer, as your systems know them. This, `userIds` or `anonymousId` is required, but for what everybody may ask:
    /// `search` and `suggest`.
    #[schema(value_type = Option<String>, example = "42")]
    pub user_id: Option<Value>,
    /// Several customers, at most 200: then the answer is `decisions`, one for each in this order, all logged at once.
    #[schema(value_type = Option<Vec<String>>)]
    pub user_ids: Option<Value>,
    /// The browser or device.
    #[schema(value_type = Option<String>)]
    pub anonymous_id: Option<Value>,
    /// Only for what is shown to the customer: where it will be shown; logged with the decision.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    pub context: Option<events::Fields>,
    /// What else the decision takes, by name, such as `n` and `filter` of `recommend`: `rapport kinds` lists them.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    pub parameters: events::Fields,
}

/// A decision: items, a score, an amount or a choice, by what was asked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionReply<'a> {
    decision_id: &'a str,
    #[schema(example = "recommend")]
    decision: &'a str,
    customer_id: &'a str,
    #[serde(flatten)]
    answer: AnswerReply<'a>,
}

/// The bytes that answer a decision: the same for the same decision.
#[must_use]
#[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a reply holds only strings and finite numbers")]
pub fn decision(decision: &Decision) -> String {
    let reply = DecisionReply {
        decision_id: decision.id.as_str(),
        decision: decision.kind.as_str(),
        customer_id: decision.customer.as_str(),
        answer: AnswerReply::from(&decision.answer),
    };
    serde_json::to_string(&reply).expect("a reply is always JSON")
}

/// A logged decision with what it was made from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecordReply {
    /// When it was made.
    decided_at: String,
    /// What was asked for besides the customer, by name.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    parameters: Parameters,
    /// Where it was shown.
    #[schema(value_type = BTreeMap<String, Value>)]
    context: events::Fields,
    /// The answer that was sent; without its reasons where they were forgotten.
    #[schema(value_type = BTreeMap<String, Value>)]
    answer: Value,
    /// Whether the customer has refused since, so that what was known of them was forgotten.
    is_forgotten: bool,
    /// How likely the policy was to give this answer.
    propensity: f64,
    /// The features it was made from; empty where the customer's data was not used.
    features: BTreeMap<String, Option<f64>>,
    /// What the customer would have been answered, where they were held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    would: Option<Value>,
    /// What was told of it since, by its `decisionId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<Vec<CameReply>>,
}

impl DecisionRecordReply {
    /// A record, with its features by name.
    #[must_use]
    pub fn new(record: &Record, features: BTreeMap<String, Option<f64>>) -> Self {
        Self {
            decided_at: record.question.as_of.to_string(),
            parameters: record.question.parameters.clone(),
            context: record.question.context.clone(),
            answer: serde_json::from_str(&record.response).unwrap_or_default(),
            is_forgotten: record.is_forgotten(),
            propensity: record.decision.answer.propensity.get(),
            features,
            would: record.would().map(|content| answer::content(record, content)),
            came: None,
        }
    }

    /// With what came of it.
    #[must_use]
    pub fn with_what_came(self, came: Vec<engine::Came>) -> Self {
        Self { came: Some(came.into_iter().map(CameReply::from).collect()), ..self }
    }
}

/// Everything known of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerReply {
    customer_id: String,
    /// Every name the customer goes by, with the evidence for it.
    identifiers: Vec<IdentifierReply>,
    /// What is known about them, the latest word per trait.
    #[schema(value_type = BTreeMap<String, Value>)]
    traits: events::Fields,
    /// What holds for each purpose.
    consents: BTreeMap<&'static str, ConsentState>,
    event_count: u64,
    first_seen: String,
    last_seen: String,
    /// The features as of now, each with its meaning.
    features: BTreeMap<String, FeatureReply>,
    /// What would be answered now, each with its reasons, by the name of the decision.
    #[schema(value_type = BTreeMap<String, Value>)]
    scores: BTreeMap<String, Value>,
    /// The lists that they were found on last, by name.
    lists: Vec<String>,
}

/// One name of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifierReply {
    /// `userId` or `anonymousId`.
    r#type: &'static str,
    value: String,
    /// When it was tied to the customer.
    since: String,
    /// In which way.
    evidence: &'static str,
}

/// What holds for one purpose.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentState {
    granted: bool,
    /// `stated` by the customer, or `default` where they have said nothing.
    basis: &'static str,
    /// When the customer said so.
    at: Option<String>,
}

/// One feature's value and meaning.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeatureReply {
    /// Null where it is not known.
    value: Option<f64>,
    unit: &'static str,
    meaning: String,
}

impl From<&CustomerView> for CustomerReply {
    fn from(view: &CustomerView) -> Self {
        let profile = &view.customer.profile;
        Self {
            customer_id: profile.id.to_string(),
            identifiers: profile.links.iter().map(|(identifier, link)| identifier_reply(identifier, link)).collect(),
            traits: profile
                .traits
                .iter()
                .map(|(name, said)| (name.clone(), serde_json::from_str(&said.json).unwrap_or_default()))
                .collect(),
            consents: view.consents.iter().map(|c| (c.purpose.name(), ConsentState::from(c))).collect(),
            event_count: profile.n_events,
            first_seen: profile.first_seen.to_string(),
            last_seen: profile.last_seen.to_string(),
            features: view
                .features
                .iter()
                .map(|(d, value)| {
                    let value = (!value.is_nan()).then_some(*value);
                    (d.name.clone(), FeatureReply { value, unit: d.unit, meaning: d.meaning.clone() })
                })
                .collect(),
            scores: view.scores.iter().map(|(kind, answer)| (kind.to_string(), told(answer))).collect(),
            lists: view.lists.keys().cloned().collect(),
        }
    }
}

fn told(answer: &Answer) -> Value {
    serde_json::to_value(AnswerReply::from(answer)).unwrap_or_default()
}

fn identifier_reply(identifier: &Identifier, link: &profiles::Link) -> IdentifierReply {
    let (kind, value) = match identifier {
        Identifier::User(id) => ("userId", id.to_string()),
        Identifier::Anonymous(id) => ("anonymousId", id.to_string()),
    };
    IdentifierReply { r#type: kind, value, since: link.at.to_string(), evidence: link.reason.text() }
}

impl From<&ConsentAnswer> for ConsentState {
    fn from(consent: &ConsentAnswer) -> Self {
        let at = match consent.basis {
            governance::ConsentBasis::Stated { at } => Some(at.to_string()),
            governance::ConsentBasis::Default => None,
        };
        Self { granted: consent.granted, basis: consent.basis.name(), at }
    }
}

/// The newest events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsReply {
    /// Newest first.
    pub events: Vec<EventReply>,
}

/// Something in an accepted event that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarkReply {
    /// Where in the event, as a JSON pointer.
    field: String,
    /// The class of reason.
    code: &'static str,
    /// Why, in words, and what to send.
    reason: String,
}

impl From<events::Rejection> for MarkReply {
    fn from(mark: events::Rejection) -> Self {
        Self { field: mark.field, code: mark.code.name(), reason: mark.message }
    }
}

/// One event as the live inspector shows it: the event's own fields, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventReply {
    /// `accepted` or `rejected`.
    status: &'static str,
    /// The place in the log, for an accepted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    /// Why it was rejected, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Why it was rejected: the class of reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// Where in the event, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// For a rejected event, what was sent, cut to a bounded length.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    /// True where the event's name speaks of a purchase and is none that is understood: it counts for nothing but an event.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    not_understood: bool,
    /// What in an accepted event cannot be read: the event counts, and that does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marks: Vec<MarkReply>,
    /// What of an accepted event does not fit the schema that the settings declare for it: where, and what is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    against_schema: Option<String>,
    /// `messageId`, `type`, `userId`, `occurredAt`, `receivedAt` and the rest.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, Value>)]
    event: events::Object,
}

impl EventReply {
    /// With what of it does not fit its schema.
    pub(super) fn of(inspected: Inspected, against_schema: Option<String>) -> Self {
        match inspected {
            Inspected::Accepted(recorded) => Self {
                status: "accepted",
                offset: Some(recorded.offset.0),
                reason: None,
                code: None,
                field: None,
                payload: None,
                not_understood: recorded.event.understanding() == Understanding::NotUnderstood,
                marks: recorded.event.marks().into_iter().map(MarkReply::from).collect(),
                against_schema,
                event: match serde_json::to_value(&recorded.event) {
                    Ok(Value::Object(fields)) => fields,
                    _ => events::Object::new(),
                },
            },
            Inspected::Rejected(rejected) => Self {
                status: "rejected",
                offset: None,
                reason: Some(rejected.rejection.message),
                code: Some(rejected.rejection.code.name()),
                field: Some(rejected.rejection.field),
                payload: Some(rejected.payload),
                not_understood: false,
                marks: Vec::new(),
                against_schema: None,
                event: [("receivedAt", Some(rejected.received_at.to_string())), ("type", rejected.call)]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
                    .collect(),
            },
        }
    }
}
