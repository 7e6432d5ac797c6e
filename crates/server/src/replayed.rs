//! Does a logged decision come out the same when it is made again, and where does it differ?

use decisions::Record;
use events::Object;
use serde_json::Value;
use std::collections::BTreeSet;

/// What came out of making a decision again.
pub(crate) struct Replay {
    /// The bytes that came out.
    pub(crate) text: String,
    /// Whether they are the ones that were sent.
    pub(crate) is_same: bool,
}

/// A field of the answer that came out otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    pub(crate) field: String,
    /// What was sent; nothing where the field was not there.
    pub(crate) was: Option<Value>,
    /// What comes out.
    pub(crate) is: Option<Value>,
}

impl Replay {
    /// Of a record, what came out.
    pub(crate) fn of(record: &Record, text: String) -> Self {
        Self { is_same: record.was_sent(&text), text }
    }
}

/// The first byte at which two answers part.
pub(crate) fn first_difference(logged: &str, replayed: &str) -> usize {
    logged.bytes().zip(replayed.bytes()).take_while(|(a, b)| a == b).count()
}

/// The fields at which two answers part, by name.
pub(crate) fn differences(logged: &str, replayed: &str) -> Vec<Difference> {
    let open = |text: &str| serde_json::from_str::<Object>(text).unwrap_or_default();
    let (before, now) = (open(logged), open(replayed));
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != now.get(*key));
    let difference =
        |key: &String| Difference { field: key.clone(), was: before.get(key).cloned(), is: now.get(key).cloned() };
    differing.map(difference).collect()
}

/// A value in words.
pub(crate) fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}
