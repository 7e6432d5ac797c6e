//! What stands in the inbox and in a conversation, and what happens when somebody answers there?

use super::answer::content;
use super::customers::label;
use super::visit::{Visit, note_opened};
use super::{Asked, door, text};
use crate::api::conversations::statuses_named;
use crate::app::App;
use crate::conversing::{Step, cursor, next_action, read_cursor, told};
use crate::error::ServerError;
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, Query};
use axum::response::Response;
use console::format::{address, money, url_part};
use console::view::{Bubble, Content, ConversationPage, ConversationRow, ConversationsPage, Frame};
use decisions::Labels;
use engine::{Engine, Inbox, Listed, Pressing, Said};
use events::Mood;
use features::{FeatureState, Status};
use governance::{Deed, Purpose};
use primitives::Money;
use profiles::Customer;
use serde::Deserialize;
use std::collections::BTreeSet;

const N_ROWS: usize = 50;
/// So many letters of a message stand in the inbox.
const N_LETTERS: usize = 200;
const N_LATELY: usize = 10;
/// So many labels are proposed.
const N_LABELS: usize = 100;
const UNREAD: &str = "The customer does not permit that their messages are read.";

/// `/conversations?status=&cursor=`.
pub(super) async fn list(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let base_url = visit.base_url.clone();
    visit.page(move |app, frame| Ok(inbox(app, frame, &asked, &base_url)?.render())).await
}

/// `/conversations/{id}?customer=`.
pub(super) async fn show(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    Query(asked): Query<Asked>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let opener = visit.opener();
    visit
        .page(move |app, frame| {
            let (listed, said) = app.engine.conversation(&id, asked.get("customer").map(String::as_str))?;
            note_opened(app, &opener, listed.customer.as_str());
            Ok(one(app, frame, &listed, &said)?.render())
        })
        .await
}

/// The forms of a conversation.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    step: String,
    #[serde(default)]
    text: String,
}

/// `POST /conversations/{id}?customer=`.
pub(super) async fn act(
    visit: Visit,
    id: Result<Path<String>, PathRejection>,
    Query(asked): Query<Asked>,
    form: Result<Form<Done>, FormRejection>,
) -> Response {
    let Ok(Path(id)) = id else { return visit.not_found() };
    let Ok(Form(Done { step, text })) = form else { return door::unreadable(&visit) };
    let (by, customer) = (visit.by(), asked.get("customer").cloned());
    let agent = super::visit::name(&by.actor);
    let (step, said) = match step.as_str() {
        "reply" => (Step::Reply { text, agent: Some(agent), message_id: None }, "The reply is told as an event."),
        "resolve" => (Step::Resolve, "It is resolved."),
        "reopen" => (Step::Reopen, "It is open again."),
        "take" => (Step::Assign(agent), "It is yours."),
        "correct" => (Step::Correct(text), "It is learned from the next time."),
        _ => return door::unreadable(&visit),
    };
    let customers: Vec<(&str, &str)> = customer.as_deref().map(|id| ("customer", id)).into_iter().collect();
    let page = address(&format!("/conversations/{}", url_part(&id)), &customers);
    let done = visit.app.run(move |app| {
        let (listed, _) = told(app, &id, customer.as_deref(), &step)?;
        app.audit.note(Deed::CustomerOpened, &by, listed.customer.as_str());
        Ok(said.to_owned())
    });
    let done = done.await;
    visit.lead_to(&page, &door::flash(done))
}

fn inbox(app: &App, frame: Frame, asked: &Asked, base_url: &str) -> Result<ConversationsPage, ServerError> {
    let status = Some(text(asked, "status", 20)).filter(|name| statuses_named(name).is_some());
    let status = status.unwrap_or_else(|| "open".to_owned());
    let statuses = statuses_named(&status).unwrap_or_default();
    // An address that is not one of ours begins at the beginning.
    let after = read_cursor(&text(asked, "cursor", 300));
    let (as_of, after) = after.map_or((frame.now, None), |(at, place)| (at, Some(place)));
    let listing = app.engine.conversations(&Inbox { statuses, as_of, after, n_max: N_ROWS })?;
    let n = |status: Status| listing.counts.get(&status).copied().unwrap_or(0);
    let (waiting, answered) = (n(Status::Waiting), n(Status::Answered));
    let next = listing
        .rows
        .last()
        .filter(|_| listing.has_more)
        .map(|row| address("/conversations", &[("status", &status), ("cursor", &cursor(as_of, row))]));
    Ok(ConversationsPage {
        counts: [waiting + answered, waiting, answered, n(Status::Resolved)],
        rows: listing.rows.iter().map(|listed| row(app, listed)).collect::<Result<_, _>>()?,
        older: next,
        try_line: format!(
            "curl -u \"$KEY:\" {base_url}/v1/track -H 'content-type: application/json' -d '{{\"event\":\"Message Received\",\"userId\":\"42\",\
             \"properties\":{{\"ticket_id\":\"T-1\",\"channel\":\"chat\",\"text\":\"Where is my order?\"}}}}'"
        ),
        status,
        frame,
    })
}

fn row(app: &App, listed: &Listed) -> Result<ConversationRow, ServerError> {
    let one = &listed.conversation;
    let known = app.engine.look(|live| live.customer(listed.customer.as_str()))?;
    let mood = one.last_word().and_then(|said| said.mood);
    let newest = listed.newest.as_ref();
    let read = newest.and_then(|said| said.labels.as_ref()).and_then(intent);
    Ok(ConversationRow {
        id: one.id.clone(),
        customer: (listed.customer.to_string(), known.as_ref().map_or_else(String::new, |known| called(known))),
        subject: one.subject.clone(),
        words: match newest {
            _ if !listed.may_read => UNREAD.to_owned(),
            None => "No message of the customer yet.".to_owned(),
            Some(said) => said.text.chars().take(N_LETTERS).collect(),
        },
        channel: one.channel.clone(),
        status: match one.status() {
            Status::Waiting => ("waiting", "warn"),
            Status::Answered => ("answered", "info"),
            Status::Resolved => ("resolved", "good"),
        },
        is_reopened: one.is_reopened,
        mood: mood.as_ref().and_then(Mood::strongest).map(felt),
        is_urgent: mood.is_some_and(|mood| mood.urgency() >= 0.5),
        intent: one.label.clone().map(|label| (label, true)).or(read.map(|label| (label, false))),
        waiting_since: one.waiting_since(),
        last_at: one.last_at,
        assignee: one.assignee.clone(),
        pressing: in_hundred(listed.pressing.total()),
        parts: parts(&listed.pressing),
        worth: known.as_ref().and_then(|known| worth(app, known)),
    })
}

fn called(known: &Customer<FeatureState>) -> String {
    label(&known.profile).unwrap_or_else(|| known.profile.id.to_string())
}

/// What they spent, where they permit that it is looked at.
fn worth(app: &App, known: &Customer<FeatureState>) -> Option<String> {
    let currency = known.state.currency()?;
    let minor = known.state.spent(currency);
    let may = app.engine.policy().answer(&known.profile.consents, Purpose::Personalization).granted;
    (may && minor > 0).then(|| money(Money { minor, currency }))
}

fn felt(name: &'static str) -> (String, &'static str) {
    let colour = match name {
        "delight" => "good",
        "frustration" => "bad",
        _ => "warn",
    };
    (name.to_owned(), colour)
}

/// What a message asks for, as far as it is of what was learned.
fn intent(labels: &Labels) -> Option<String> {
    labels.intent.as_ref().filter(|intent| !intent.is_out_of_scope).map(|intent| intent.label.clone())
}

fn parts(pressing: &Pressing) -> Vec<(&'static str, u8)> {
    let Pressing { urgency, mood, wait, value, declared } = *pressing;
    [("urgency", urgency), ("mood", mood), ("wait", wait), ("value", value), ("ticket", declared)]
        .map(|(what, share)| (what, in_hundred(share)))
        .to_vec()
}

fn in_hundred(share: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 100")]
    let in_hundred = (share.clamp(0.0, 1.0) * 100.0).round() as u8;
    in_hundred
}

fn one(app: &App, frame: Frame, listed: &Listed, said: &[Said]) -> Result<ConversationPage, ServerError> {
    let conversation = &listed.conversation;
    let view = app.engine.customer(listed.customer.as_str())?;
    let lately = view.customer.profile.moments.as_slice().iter().rev().take(N_LATELY);
    let lately = lately.map(|moment| (moment.title.to_string(), moment.value.map(money), moment.at));
    let scores = view.scores.iter().filter(|(_, answer)| answer.fallback.is_none());
    let newest = said.iter().rev().find(|said| said.is_from_customer).cloned();
    let listed = Listed { newest, ..listed.clone() };
    Ok(ConversationPage {
        row: row(app, &listed)?,
        opened_at: conversation.opened_at,
        note: (!listed.may_read).then(|| UNREAD.to_owned()),
        n_messages: conversation.n_messages,
        messages: said.iter().map(bubble).collect(),
        summary: Engine::summary(said),
        labels: labels(app, said),
        told: scores.map(|(kind, answer)| content(app, kind, answer, None)).collect(),
        lately: lately.collect(),
        next: next(app, &listed)?,
        frame,
    })
}

fn bubble(said: &Said) -> Bubble {
    let mut readings = Vec::new();
    if let Some(labels) = &said.labels {
        readings.extend(intent(labels).map(|intent| (intent, "info")));
        let felt_most = labels.emotions.iter().filter(|(_, scaled)| **scaled >= 0.5);
        readings.extend(felt_most.map(|(name, _)| {
            let colour = if name == "delight" { "good" } else { "warn" };
            (name.clone(), if name == "frustration" { "bad" } else { colour })
        }));
        if labels.urgency.is_some_and(|urgency| urgency >= 0.5) {
            readings.push(("urgent".to_owned(), "bad"));
        }
        readings.extend(labels.slots.iter().map(|slot| (slot.text.clone(), "")));
    }
    Bubble {
        is_theirs: said.is_from_customer,
        text: said.text.clone(),
        at: said.at,
        offset: said.offset.0,
        readings,
        is_claimed: !said.is_vouched,
    }
}

/// What others were said to ask for, and what is read here.
fn labels(app: &App, said: &[Said]) -> Vec<String> {
    let told: BTreeSet<String> =
        app.engine.look(|live| live.conversations.iter().filter_map(|one| one.label.clone()).collect());
    let read = said.iter().filter_map(|said| said.labels.as_ref()).filter_map(intent);
    told.into_iter().chain(read).collect::<BTreeSet<_>>().into_iter().take(N_LABELS).collect()
}

fn next(app: &App, listed: &Listed) -> Result<Option<Content>, ServerError> {
    Ok(next_action(app, listed)?.map(|(kind, answer)| content(app, &kind, &answer, None)))
}
