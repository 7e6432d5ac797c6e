//! What does the company tell about a day? Messages, each as the program that sends it would write it.

use primitives::Timestamp;
use serde_json::{Map, Value};

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
    /// The call with its `type`, `messageId`, `timestamp` and names.
    pub payload: Value,
}

/// By which names somebody acts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Names<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) device: Option<&'a str>,
}

/// An object with these fields; those that are null are left out.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The call that a program makes.
pub(crate) fn call(kind: &str, message_id: String, at: Timestamp, names: Names<'_>) -> Map<String, Value> {
    object([
        ("type", kind.into()),
        ("messageId", message_id.into()),
        ("timestamp", at.to_string().into()),
        ("userId", names.user.into()),
        ("anonymousId", names.device.into()),
    ])
}
