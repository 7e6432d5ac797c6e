//! What does the company tell about a day? Messages, each as the program that sends it would write it.

use crate::object::Object;
use primitives::Timestamp;
use serde_json::Value;

/// Which of the company's programs sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The shop's pages in somebody's browser, or the app: with the key that everybody can read.
    Browser,
    /// The company's own services: orders, payments, the desk, the shops in town.
    BackOffice,
}

/// One message of the company, in the form of the Segment specification.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// When it happened.
    pub at: Timestamp,
    /// Who sends it.
    pub sender: Sender,
    /// The call with its `type`, `messageId`, `timestamp` and names, as the line of JSON that is sent.
    pub json: String,
}

impl Message {
    /// The call as a tree, for whoever looks into it.
    #[must_use]
    pub fn payload(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }
}

/// By which names somebody acts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Names<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) device: Option<&'a str>,
}

/// The call that a program makes, to which its own fields are to be added.
pub(crate) fn call(kind: &str, message_id: String, at: Timestamp, names: Names<'_>) -> Object {
    Object::with_room(512).and([
        ("type", kind.into()),
        ("messageId", message_id.into()),
        ("timestamp", at.to_string().into()),
        ("userId", names.user.into()),
        ("anonymousId", names.device.into()),
    ])
}
