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

    /// The same call, told as if it had happened at another moment.
    #[must_use]
    pub fn told_at(&self, at: Timestamp) -> String {
        // Nothing that somebody has written stands before it.
        let named = self.json.split_once(STAMP).and_then(|(before, rest)| Some((before, rest.split_once('"')?.1)));
        named.map_or_else(|| self.json.clone(), |(before, after)| format!("{before}{STAMP}{at}\"{after}"))
    }
}

const STAMP: &str = "\"timestamp\":\"";

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::object;
    use proptest::prelude::*;

    proptest! {
        /// Only the moment is another one, whatever people have written.
        #[test]
        fn a_message_is_told_at_another_moment(
            user in any::<Option<String>>(), text in any::<String>(), hours in 0_i64..10_000,
        ) {
            let at = Timestamp::from_millis(1_790_000_000_000);
            let later = Timestamp::from_millis(at.as_millis() + hours * 3_600_000);
            let names = Names { user: user.as_deref(), device: None };
            let mut json = call("track", "lk-1".to_owned(), at, names);
            json.add_all([("timestamp ", "kept".into()), ("properties", object([(text.as_str(), text.as_str().into())]).into())]);
            let message = Message { at, sender: Sender::Browser, json: json.end() };
            let mut expected = message.payload();
            expected["timestamp"] = later.to_string().into();
            prop_assert_eq!(serde_json::from_str::<Value>(&message.told_at(later)).unwrap(), expected);
        }
    }
}
