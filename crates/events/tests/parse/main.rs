//! Is every event that clients send read as they meant it, and every other one rejected with its reason?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails the test")]

mod clock;
mod cloud;
mod consent;
mod limits;
mod shapes;

use events::{Batch, CallKind, Envelope, Event, Origin, Rejection, parse_batch, parse_single};
use primitives::Timestamp;
use serde_json::{Value, json};

/// 2023-11-14T22:13:20Z: when every request of these tests is received.
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn batch(body: &Value) -> Batch {
    batch_text(&body.to_string())
}

fn batch_text(body: &str) -> Batch {
    parse_batch(body.as_bytes(), Envelope::new(NOW, Origin::Client)).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// One event as the only one of a batch, from a client.
fn one(item: Value) -> Result<Event, Rejection> {
    one_from(item, Origin::Client)
}

fn one_from(item: Value, origin: Origin) -> Result<Event, Rejection> {
    let body = json!({"batch": [item]}).to_string();
    only(parse_batch(body.as_bytes(), Envelope::new(NOW, origin)).unwrap())
}

fn single(kind: CallKind, body: &Value) -> Result<Event, Rejection> {
    only(parse_single(body.to_string().as_bytes(), kind, Envelope::new(NOW, Origin::Client)).unwrap())
}

/// The one event of a batch, or why it was rejected; the reason is checked for being one.
fn only(mut batch: Batch) -> Result<Event, Rejection> {
    assert_eq!(batch.accepted.len() + batch.rejected.len(), 1);
    match batch.rejected.pop() {
        None => Ok(batch.accepted.remove(0)),
        Some(rejected) => {
            assert!(!rejected.rejection.message.is_empty() && rejected.rejection.message.len() < 400);
            assert_eq!(rejected.received_at, NOW);
            Err(rejected.rejection)
        }
    }
}

/// A valid tracked event with some fields changed.
fn track(changes: Value) -> Value {
    let mut item = json!({"type": "track", "event": "Signed Up", "userId": "u1", "messageId": "m1"});
    if let (Value::Object(item), Value::Object(changes)) = (&mut item, changes) {
        item.extend(changes);
    }
    item
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
