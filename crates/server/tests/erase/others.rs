//! Does nobody bring back who was erased, and is nobody else taken for them?

use crate::places::{assert_well, erase, is_unknown, open};
use crate::support::noon;
use crate::traces::assert_none;
use crate::{ALICE, BOB, event, first_of_alice, first_of_bob, order, take};
use engine::Ingested;
use events::{Batch, Envelope, Event, Origin};
use serde_json::{Value, json};
use server::serve::Opened;

/// An event as anybody sends it who has the write key of a page.
fn of_client(payload: Value) -> Event {
    events::parse_event(payload, None, &Envelope::new(noon(), Origin::Client)).unwrap()
}

fn ingest(opened: &Opened, event: Event) -> Ingested {
    opened.engine.ingest(Batch { accepted: vec![event], ..Batch::default() }).unwrap()
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

#[test]
fn a_customer_number_that_a_stranger_claimed_is_not_taken_with_them() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, vec![of_client(json!({"type": "alias", "userId": "mallory-1", "previousId": "1001"}))]);
    take(&opened, vec![of_client(json!({"type": "identify", "userId": "mallory-1"}))]);
    erase(&opened, "mallory-1");
    assert_eq!(ingest(&opened, order("1001", "order-1", "message-1")).n_accepted, 1);
    for of_theirs in [json!({"anonymousId": "1001"}), json!({"userId": "mallory-1"})] {
        let mut page = json!({"type": "page", "name": "Home"});
        page.as_object_mut().unwrap().extend(of_theirs.as_object().unwrap().clone());
        assert_eq!(ingest(&opened, of_client(page)).erased, [0], "{of_theirs}");
    }
}

#[test]
fn whoever_lives_by_a_name_is_erased_though_a_guest_of_the_same_number_was() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, vec![event(json!({"type": "page", "name": "Home", "anonymousId": "1007"}))]);
    take(&opened, vec![order("1007", "order-of-1007", "message-of-1007")]);
    take(&opened, first_of_bob());
    let (guest, _) = opened.engine.begin_erasure("anonymous:1007").unwrap();
    let again = opened.engine.begin_erasure("anonymous:1007").unwrap();
    assert_eq!(again, (guest.clone(), false), "they are live still, and under way");
    opened.engine.finish_erasures(&mut |_| Ok(())).unwrap();
    opened.engine.customer("1007").unwrap();
    let user = erase(&opened, "1007");
    assert_ne!(user.id, guest.id);
    assert!(is_unknown(&opened, "1007"));
    assert_eq!(erase(&opened, "1007").id, user.id, "both are gone");
}
