//! Is nothing left of a customer who was erased, and everything of the others?

#![expect(clippy::disallowed_methods, reason = "a test measures with the real clock")]

mod backups;
mod killed;
mod looks;
mod names;
mod others;
mod places;
mod room;
mod said;
mod steps;
mod traces;

use crate::support::noon;
use events::{Batch, Envelope, Event, NewImport, Origin, Rejected};
use serde_json::{Value, json};
use server::serve::Opened;
use storage::SealPolicy;

/// Her name, and a device that only she uses.
pub(crate) const ALICE: &str = "alice-7731";
pub(crate) const BROWSER: &str = "browser-a9f3";
/// A device that both use.
pub(crate) const KIOSK: &str = "kiosk-5512";
pub(crate) const BOB: &str = "bob-4120";

/// What only her events carry.
pub(crate) const HERS: [&str; 17] = [
    ALICE,
    BROWSER,
    "old-name-a1b2",
    "alice@private.example",
    "Nowhereville-77",
    "order-of-alice-1",
    "order-of-alice-2",
    "message-of-alice-1",
    "message-of-alice-2",
    "message-of-alice-kiosk",
    "search-only-she-made",
    "Alice-Danced-77",
    "steps_only_she_counts",
    "library-of-alice-77",
    "withdrawn-of-alice",
    "rejected-of-alice",
    "row-of-alice",
];

/// What others carry, too, or only others.
pub(crate) const OTHERS: [&str; 7] =
    [BOB, KIOSK, "bob@private.example", "Graz", "order-of-bob-1", "rejected-of-bob", "message-of-bob-1"];

/// An event as the company's own services send it.
pub(crate) fn event(payload: Value) -> Event {
    events::parse_event(payload, None, &Envelope::new(noon(), Origin::Server)).unwrap()
}

pub(crate) fn order(user: &str, order: &str, message: &str) -> Event {
    event(json!({
        "type": "track", "event": "Order Completed", "userId": user, "messageId": message,
        "properties": {"order_id": order, "total": 20.0, "currency": "EUR", "products": [{"product_id": "tea", "price": 20.0}]},
    }))
}

/// What she did before anything is sealed.
pub(crate) fn first_of_alice() -> Vec<Event> {
    vec![
        event(json!({"type": "page", "name": "Home", "anonymousId": BROWSER, "messageId": "message-of-alice-1"})),
        event(json!({"type": "identify", "userId": ALICE, "anonymousId": BROWSER,
            "traits": {"email": "alice@private.example", "city": "Nowhereville-77", "country": "AT"}})),
        order(ALICE, "order-of-alice-1", "message-of-alice-2"),
        event(json!({"type": "alias", "userId": ALICE, "previousId": "old-name-a1b2"})),
        event(json!({"type": "track", "event": "Alice-Danced-77", "userId": ALICE, "anonymousId": KIOSK,
            "messageId": "message-of-alice-kiosk", "properties": {"steps_only_she_counts": 3},
            "context": {"library": {"name": "library-of-alice-77", "version": "1"}}})),
    ]
}

/// What others did before anything is sealed, on the same device as she, too.
pub(crate) fn first_of_bob() -> Vec<Event> {
    vec![
        event(json!({"type": "identify", "userId": BOB, "anonymousId": KIOSK,
            "traits": {"email": "bob@private.example", "city": "Graz", "country": "AT"}})),
        order(BOB, "order-of-bob-1", "message-of-bob-1"),
        event(json!({"type": "page", "name": "Kiosk", "anonymousId": KIOSK})),
    ]
}

/// What she did afterwards, last of all: her event is the newest.
pub(crate) fn last_of_alice() -> Vec<Event> {
    vec![
        event(json!({"type": "track", "event": "Products Searched", "userId": ALICE,
            "properties": {"query": "search-only-she-made"}})),
        order(ALICE, "order-of-alice-2", "message-of-alice-3"),
    ]
}

pub(crate) fn rejected(payload: &str) -> Rejected {
    let read = events::parse_batch(payload.as_bytes(), Envelope::new(noon(), Origin::Server));
    read.unwrap().rejected.into_iter().next().unwrap()
}

pub(crate) fn take(opened: &Opened, events: Vec<Event>) {
    opened.engine.ingest(Batch { accepted: events, ..Batch::default() }).unwrap();
}

/// Fills a data directory: sealed and not, withdrawn, rejected, decided, looked at, and rows of a file that were rejected.
pub(crate) fn fill(opened: &Opened) {
    let engine = &opened.engine;
    take(opened, first_of_alice());
    take(opened, first_of_bob());
    let import =
        engine.begin_import(&NewImport { file: "a.csv".to_owned(), mapping: None, mapping_sha256: None }).unwrap();
    let withdrawn = json!({"type": "track", "event": "Ticked", "userId": ALICE, "messageId": "withdrawn-of-alice",
        "timestamp": "2026-11-20T10:00:00Z"});
    let withdrawn = events::parse_event(withdrawn, None, &Envelope::new(noon(), Origin::Import)).unwrap();
    engine.ingest_imported(import, vec![withdrawn]).unwrap();
    engine.undo_import(import).unwrap();
    engine.follow_corrections(&mut |_| Ok(())).unwrap();
    engine.checkpoint(1_000).unwrap();
    opened.storage.seal(engine.checkpointed(), &SealPolicy::everything()).unwrap();
    let bad = |user: &str, text: &str| {
        rejected(&format!(r#"{{"batch":[{{"type":"track","userId":"{user}","properties":{{"note":"{text}"}}}}]}}"#))
    };
    let rejected = vec![bad(ALICE, "rejected-of-alice"), bad(BOB, "rejected-of-bob")];
    engine.ingest(Batch { rejected, ..Batch::default() }).unwrap();
    take(opened, last_of_alice());
    for user in [ALICE, BOB] {
        decide(opened, user);
        engine_note(opened, user);
    }
    let rejects = opened.data.join("rejects");
    storage::create_directory(&rejects).unwrap();
    let rows = format!(
        "{}\n{}\n",
        json!({"source": "a.csv", "line": 2, "reason": "no price", "row": {"customer_id": ALICE, "x": "row-of-alice"}}),
        json!({"source": "a.csv", "line": 3, "reason": "no price", "row": {"customer_id": BOB, "x": "row-of-bob"}}),
    );
    std::fs::write(rejects.join("a-csv.ndjson"), rows).unwrap();
    engine.checkpoint(1_000).unwrap();
}

pub(crate) fn decide(opened: &Opened, user: &str) -> decisions::Record {
    let asked = engine::Asked {
        kind: opened.engine.capabilities().kinds.get("recommend").unwrap().about().name.clone(),
        names: vec![profiles::Identifier::User(user.into())],
        parameters: Default::default(),
        context: Default::default(),
    };
    opened.engine.decide(asked).unwrap()
}

fn engine_note(opened: &Opened, user: &str) {
    let audit = engine::AuditTrail::new(opened.engine.clone());
    audit.note(governance::Deed::CustomerOpened, &engine::By::COMMAND, user);
}
