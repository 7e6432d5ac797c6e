//! What is told of conversations?

use super::labels::LabelsReply;
use super::told;
use decisions::{Answer, KindName, LoggedDecision};
use engine::{CustomerView, Engine, Listed, Listing, Pressing, Said};
use features::{Conversation, Status};
use primitives::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// So many of the newest things that happened to the customer are told.
const N_LATELY: usize = 12;

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConversationsReply {
    conversations: Vec<ConversationReply>,
    /// How many are held, by status; of a customer, how many this page has.
    counts: BTreeMap<&'static str, u64>,
    /// Give it to get the next page; null where there is none.
    cursor: Option<String>,
}

/// One conversation, in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversationReply {
    /// The id of its ticket, or one of its own.
    id: String,
    customer_id: String,
    /// `waiting` for the company, `answered`, or `resolved`.
    #[schema(example = "waiting")]
    status: &'static str,
    /// Whether it ended once and went on.
    is_reopened: bool,
    channel: Option<String>,
    subject: Option<String>,
    assignee: Option<String>,
    opened_at: String,
    /// When anything was last told of it.
    last_at: String,
    /// Since when the customer waits; null where they do not.
    waiting_since: Option<String>,
    resolved_at: Option<String>,
    /// How many messages there were, and how many of them the customer wrote.
    messages: u64,
    from_customer: u64,
    /// Whether the company told of it, and not only who has the write key.
    is_vouched: bool,
    /// Whether the customer permits that their messages are read to help them.
    may_read: bool,
    /// Where on its scale the newest rating of it lies, 0 to 1.
    rating: Option<f64>,
    /// What it asks for, as a person said; else see `newest`.
    intent: Option<String>,
    priority: PriorityReply,
    newest: Option<SaidReply>,
}

/// How much it presses, 0 to 1, and the parts of that.
#[derive(Debug, Serialize, ToSchema)]
struct PriorityReply {
    /// All together: 0.30 urgency + 0.25 mood + 0.25 wait + 0.10 value + 0.10 declared.
    total: f64,
    /// How little the messages can wait that nobody has answered.
    urgency: f64,
    /// How frustrated they sound.
    mood: f64,
    /// How long the customer waits: one half after a day.
    wait: f64,
    /// What they spent beside the others who wait: one half where it is as much.
    value: f64,
    /// The priority of the ticket: low 0, normal 0.3, high 0.7, urgent 1.
    declared: f64,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SaidReply {
    at: String,
    /// `customer` or `company`.
    #[schema(example = "customer")]
    from: &'static str,
    /// Empty where its writer does not permit that it is read.
    text: String,
    /// Whether the company told of it.
    is_vouched: bool,
    /// Its event's place in the log.
    offset: u64,
    /// What is read in it, as `understand` answers; null of the company's own.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    reading: Option<Value>,
}

/// A conversation with all that whoever takes it over needs to know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadReply {
    #[serde(flatten)]
    conversation: ConversationReply,
    /// The sentences that say most of what the customer wrote.
    summary: Vec<String>,
    /// The newest hundred messages, from old to new.
    transcript: Vec<SaidReply>,
    /// How the customer's messages sound, from old to new.
    course: Vec<MoodReply>,
    customer: WhoReply,
}

/// How a message sounds.
#[derive(Debug, Serialize, ToSchema)]
struct MoodReply {
    at: String,
    /// From -1 to 1.
    sentiment: f64,
    /// How little it can wait; 0.5 is the threshold.
    urgency: f64,
    /// Scaled so that 0.5 is where each counts as felt.
    emotions: BTreeMap<&'static str, f64>,
}

/// Whoever writes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WhoReply {
    customer_id: String,
    event_count: u64,
    first_seen: String,
    /// What is foretold of them, by the name of the decision.
    #[schema(value_type = BTreeMap<String, Value>)]
    scores: BTreeMap<String, Value>,
    /// What happened to them last, the newest first.
    lately: Vec<HappenedReply>,
    /// What was decided for them last, the newest first.
    decided: Vec<DecidedReply>,
    /// What would be done now, by the first decision among actions; null where none are declared.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    next: Option<Value>,
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
struct HappenedReply {
    at: String,
    what: String,
    /// Of an order, what it was worth.
    value: Option<String>,
}

/// One decision.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DecidedReply {
    decision_id: String,
    decision: String,
    at: String,
}

/// What a status is called.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Waiting => "waiting",
        Status::Answered => "answered",
        Status::Resolved => "resolved",
    }
}

impl ConversationsReply {
    pub(crate) fn of(listing: &Listing, cursor: Option<String>) -> Self {
        let conversations = listing.rows.iter().map(ConversationReply::of).collect();
        Self { conversations, counts: listing.counts.iter().map(|(of, n)| (status(*of), *n)).collect(), cursor }
    }

    pub(crate) fn of_one(rows: &[Listed]) -> Self {
        let mut counts = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry(status(row.conversation.status())).or_default() += 1);
        Self { conversations: rows.iter().map(ConversationReply::of).collect(), counts, cursor: None }
    }
}

impl ConversationReply {
    pub(crate) fn of(listed: &Listed) -> Self {
        let one = &listed.conversation;
        let at = |at: Timestamp| at.to_string();
        Self {
            id: one.id.clone(),
            customer_id: listed.customer.to_string(),
            status: status(one.status()),
            is_reopened: one.is_reopened,
            channel: one.channel.clone(),
            subject: one.subject.clone(),
            assignee: one.assignee.clone(),
            opened_at: at(one.opened_at),
            last_at: at(one.last_at),
            waiting_since: one.waiting_since().map(at),
            resolved_at: one.resolved_at().map(at),
            messages: one.n_messages,
            from_customer: one.n_from_customer,
            is_vouched: one.is_vouched,
            may_read: listed.may_read,
            rating: one.rating.map(|(_, share)| share),
            intent: one.label.clone(),
            priority: PriorityReply::of(&listed.pressing),
            newest: listed.newest.as_ref().map(SaidReply::of),
        }
    }
}

impl PriorityReply {
    fn of(pressing: &Pressing) -> Self {
        let Pressing { urgency, mood, wait, value, declared } = *pressing;
        Self { total: pressing.total(), urgency, mood, wait, value, declared }
    }
}

impl SaidReply {
    fn of(said: &Said) -> Self {
        let reading = said.labels.as_ref().map(|labels| serde_json::to_value(LabelsReply::of(labels)));
        Self {
            at: said.at.to_string(),
            from: if said.is_from_customer { "customer" } else { "company" },
            text: said.text.clone(),
            is_vouched: said.is_vouched,
            offset: said.offset.0,
            reading: reading.and_then(Result::ok),
        }
    }
}

impl ThreadReply {
    pub(crate) fn of(
        (listed, said): (&Listed, &[Said]),
        view: &CustomerView,
        decided: &[LoggedDecision],
        next: Option<(KindName, Answer)>,
    ) -> Self {
        let profile = &view.customer.profile;
        let lately = profile.moments.as_slice().iter().rev().take(N_LATELY).map(|moment| HappenedReply {
            at: moment.at.to_string(),
            what: moment.title.to_string(),
            value: moment.value.map(|value| value.to_string()),
        });
        let decided = decided.iter().map(|one| DecidedReply {
            decision_id: one.id.to_string(),
            decision: one.kind.to_string(),
            at: one.decided_at.to_string(),
        });
        let next = next.map(|(kind, answer)| {
            let mut answer = told(&answer);
            answer["decision"] = kind.as_str().into();
            answer
        });
        Self {
            conversation: ConversationReply::of(listed),
            summary: Engine::summary(said),
            transcript: said.iter().map(SaidReply::of).collect(),
            course: course(&listed.conversation),
            customer: WhoReply {
                customer_id: profile.id.to_string(),
                event_count: profile.n_events,
                first_seen: profile.first_seen.to_string(),
                scores: view.scores.iter().map(|(kind, answer)| (kind.to_string(), told(answer))).collect(),
                lately: lately.collect(),
                decided: decided.collect(),
                next,
            },
        }
    }
}

fn course(one: &Conversation) -> Vec<MoodReply> {
    let moods = one.messages.iter().filter_map(|said| Some((said.at, said.mood?)));
    let told = moods.map(|(at, mood)| MoodReply {
        at: at.to_string(),
        sentiment: mood.sentiment(),
        urgency: mood.urgency(),
        emotions: mood.emotions().collect(),
    });
    told.collect()
}
