//! Does nobody bring back who was erased, and is nobody else taken for them?

use crate::places::{assert_well, erase, is_unknown, open};
use crate::support::noon;
use crate::traces::assert_none;
use crate::{ALICE, BOB, event, first_of_alice, order, take};
use events::{Envelope, Event, Origin};
use serde_json::{Value, json};

/// An event as anybody sends it who has the write key of a page.
fn of_client(payload: Value) -> Event {
    events::parse_event(payload, None, &Envelope::new(noon(), Origin::Client)).unwrap()
}

#[test]
fn what_others_said_of_them_does_not_bring_them_back() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, first_of_alice());
    take(&opened, vec![order("mallory-1", "order-of-mallory", "message-of-mallory")]);
    take(&opened, vec![of_client(json!({"type": "alias", "userId": "mallory-1", "previousId": ALICE}))]);
    erase(&opened, ALICE);
    assert!(is_unknown(&opened, ALICE));
    assert_none(&data, &[ALICE]);
    assert_eq!(opened.engine.customer("mallory-1").unwrap().customer.profile.n_events, 1);
    assert_well(&opened);
}

#[test]
fn a_mistaken_alias_that_was_taken_back_does_not_bring_them_back() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, vec![order(BOB, "order-of-bob-1", "message-of-bob-1")]);
    take(&opened, vec![order(ALICE, "order-of-alice-1", "message-of-alice-1")]);
    take(&opened, vec![event(json!({"type": "alias", "userId": BOB, "previousId": ALICE}))]);
    opened.engine.separate(BOB, ALICE, "a mistake").unwrap();
    erase(&opened, ALICE);
    assert!(is_unknown(&opened, ALICE));
    assert_none(&data, &[ALICE]);
    opened.engine.customer(BOB).unwrap();
    opened.engine.allow_again(ALICE).unwrap();
    take(&opened, vec![order(ALICE, "order-of-alice-2", "message-of-alice-2")]);
    assert_eq!(opened.engine.customer(ALICE).unwrap().customer.profile.n_events, 1, "somebody else than Bob");
    assert_well(&opened);
}
