//! How does a person take part in a conversation? What they do is told as events, as if their helpdesk had sent them.

use crate::app::App;
use crate::error::ServerError;
use crate::labelled::refused;
use decisions::{Answer, ContentShape, Kind, KindName};
use engine::{Asked, Listed, Said};
use events::{Envelope, Fields, Origin};
use features::LABELLED;
use learning::LABEL_BYTES_MAX;
use primitives::{ErrorKind, Timestamp};
use profiles::Identifier;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The longest reply, in bytes.
pub(crate) const REPLY_BYTES_MAX: usize = 32 * 1024;
/// The longest name of whoever takes care of a conversation.
const ASSIGNEE_BYTES_MAX: usize = 200;

/// What somebody does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// Answers.
    Reply {
        /// What they write.
        text: String,
        /// Who writes.
        agent: Option<String>,
        /// By which the reply is known, so that it counts once however often it is sent.
        message_id: Option<String>,
    },
    /// Says that it has ended.
    Resolve,
    /// Says that it goes on.
    Reopen,
    /// Gives it to somebody.
    Assign(String),
    /// Says what it asks for: it is learned from.
    Correct(String),
}

/// Tells it, and answers with the conversation as it is then.
pub(crate) fn told(
    app: &App,
    id: &str,
    customer: Option<&str>,
    step: &Step,
) -> Result<(Listed, Vec<Said>), ServerError> {
    if let Some(fault) = fault(step) {
        return Err(ServerError::new(ErrorKind::Invalid, fault));
    }
    let (listed, said) = app.engine.conversation(id, customer)?;
    let body = json!({ "batch": [event(&listed, &said, step)?] }).to_string();
    let envelope = Envelope::new(app.engine.clock().now(), Origin::Server);
    let batch = events::parse_batch(body.as_bytes(), envelope).map_err(refused)?;
    if let Some(rejected) = batch.rejected.first() {
        return Err(ServerError::new(ErrorKind::Invalid, rejected.rejection.message.clone()));
    }
    app.engine.ingest(batch)?;
    Ok(app.engine.conversation(id, customer)?)
}

fn fault(step: &Step) -> Option<String> {
    let is_blank = |text: &str| text.trim().is_empty();
    match step {
        Step::Reply { text, .. } if is_blank(text) => Some("text is empty: write the reply".to_owned()),
        Step::Reply { text, .. } if text.len() > REPLY_BYTES_MAX => {
            Some(format!("text is longer than {REPLY_BYTES_MAX} bytes: write less, or several replies"))
        }
        Step::Assign(to) if is_blank(to) || to.len() > ASSIGNEE_BYTES_MAX => {
            Some(format!("assignee must be a name of 1 to {ASSIGNEE_BYTES_MAX} bytes"))
        }
        Step::Correct(label) if label.trim().len() > LABEL_BYTES_MAX || label.chars().any(char::is_control) => {
            Some(format!("intent must be a name of at most {LABEL_BYTES_MAX} bytes that can be seen"))
        }
        _ => None,
    }
}

fn event(listed: &Listed, said: &[Said], step: &Step) -> Result<Value, ServerError> {
    let one = &listed.conversation;
    let mut properties = Map::from_iter([("ticket_id".to_owned(), json!(one.id))]);
    let mut message = None;
    let name = match step {
        Step::Reply { text, agent, message_id } => {
            message.clone_from(message_id);
            properties.insert("text".to_owned(), json!(text));
            properties.insert("channel".to_owned(), json!(one.channel));
            properties.insert("agent_id".to_owned(), json!(agent));
            "Message Sent"
        }
        Step::Resolve => "Ticket Resolved",
        Step::Reopen => "Ticket Reopened",
        Step::Assign(to) => {
            properties.insert("assignee".to_owned(), json!(to.trim()));
            "Ticket Assigned"
        }
        Step::Correct(label) => {
            let text = asking(said).ok_or_else(|| {
                let why = "the customer wrote nothing here that may be read, so there is nothing to learn from";
                ServerError::new(ErrorKind::Conflict, why)
            })?;
            properties.insert("text".to_owned(), json!(text));
            properties.insert("label".to_owned(), json!(label.trim()));
            LABELLED
        }
    };
    properties.retain(|_, value| !value.is_null());
    let (kind, whose) = match &one.name {
        Identifier::User(id) => ("userId", id.to_string()),
        Identifier::Anonymous(id) => ("anonymousId", id.to_string()),
    };
    let mut event = json!({ "type": "track", "event": name, "properties": properties, kind: whose });
    if let Some(id) = message {
        event["messageId"] = json!(id);
    }
    Ok(event)
}

/// What the customer asked for: the first that they wrote of what is known.
pub(crate) fn asking(said: &[Said]) -> Option<&str> {
    said.iter().find(|said| said.is_from_customer && !said.text.trim().is_empty()).map(|said| said.text.as_str())
}

/// Where a list of conversations goes on after one of them: the moment of the list, and the place in its order.
pub(crate) fn cursor(as_of: Timestamp, last: &Listed) -> String {
    format!("{}.{}.{}", as_of.as_millis(), last.rank, last.conversation.id)
}

/// What [`cursor`] wrote; `None` of any other text.
pub(crate) fn read_cursor(text: &str) -> Option<(Timestamp, (u64, String))> {
    let mut parts = text.splitn(3, '.');
    let at = parts.next()?.parse().ok().filter(|at: &i64| (0..1 << 48).contains(at))?;
    let rank = parts.next()?.parse().ok().filter(|rank| *rank <= 1_000_000)?;
    Some((Timestamp::from_millis(at), (rank, parts.next()?.to_owned())))
}

/// What would be done for the customer now, by the first kind for which actions are declared. Nothing is logged.
pub(crate) fn next_action(app: &App, listed: &Listed) -> Result<Option<(KindName, Answer)>, ServerError> {
    let kinds = app.engine.capabilities().kinds.iter().map(Kind::about);
    let mut meant = kinds.filter(|about| about.shape == ContentShape::Actions && about.needed().next().is_none());
    let Some(about) = meant.find(|about| !crate::pages::declares_nothing(app, about)) else { return Ok(None) };
    let (names, context) = (vec![listed.conversation.name.clone()], Fields::new());
    let asked = Asked { kind: about.name.clone(), names, parameters: BTreeMap::new(), context };
    Ok(Some((about.name.clone(), app.engine.try_out(asked)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_page_gave_is_a_cursor() {
        let read = read_cursor("1790000000000.70123.T-1.a").unwrap();
        assert_eq!(read, (Timestamp::from_millis(1_790_000_000_000), (70_123, "T-1.a".to_owned())));
        for wrong in ["", "1.2", "x.1.a", "1.1000001.a", "-1.1.a", "99999999999999999.1.a"] {
            assert_eq!(read_cursor(wrong), None, "{wrong}");
        }
    }
}
