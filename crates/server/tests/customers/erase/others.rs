//! Does nobody bring back who was erased, and is nobody else taken for them?

use super::places::{assert_well, erase, is_unknown, open};
use super::traces::{assert_all, assert_none};
use super::{ALICE, BOB, BROWSER, HERS, KIOSK, OTHERS, event, fill, first_of_alice, first_of_bob, order, take};
use crate::support::noon;
use engine::Ingested;
use events::{Batch, Envelope, Event, NewImport, Origin};
use primitives::ErrorKind;
use profiles::{ErasureStore, Identifier};
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

#[test]
fn an_erasure_that_nobody_awaits_any_more_does_not_begin() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, first_of_alice());
    for n_awaited in [0, 1] {
        let n_asked = std::cell::Cell::new(0);
        let is_awaited = || n_asked.replace(n_asked.get() + 1) < n_awaited;
        let refused = opened.engine.begin_erasure_while(ALICE, is_awaited).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
        assert!(opened.storage.erasures().is_empty());
    }
    assert_eq!(ingest(&opened, order(ALICE, "order-9", "message-9")).n_accepted, 1, "nothing is closed");
    let late = engine::Eraser::new(opened.engine.clone(), engine::AuditTrail::new(opened.engine.clone()));
    let refused = late.erase(ALICE, &engine::By::COMMAND, std::time::Duration::ZERO).unwrap_err();
    assert_eq!((refused.kind(), opened.storage.erasures().len()), (ErrorKind::Unavailable, 0));
}

#[test]
fn a_second_erasure_closes_the_names_of_the_life_before_it() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    let page = || event(json!({"type": "page", "name": "Home", "anonymousId": BROWSER, "messageId": "page-1"}));
    take(&opened, vec![page(), event(json!({"type": "identify", "userId": ALICE, "anonymousId": BROWSER}))]);
    let first = erase(&opened, ALICE);
    assert_eq!(ingest(&opened, page()).erased, [0]);
    opened.engine.allow_again(ALICE).unwrap();
    take(&opened, vec![order(ALICE, "order-2", "message-2")]);
    let second = erase(&opened, ALICE);
    assert!(second.id != first.id && second.removed.events == 1);
    assert_eq!(opened.engine.erasure(&first.id).unwrap().allowed_at, None, "it is refused again");
    for one in [page(), order(ALICE, "order-3", "message-3")] {
        assert_eq!(ingest(&opened, one).erased, [0]);
    }
    assert_eq!(opened.engine.allow_again(BROWSER).unwrap().id, first.id);
    assert!([first.id, second.id].iter().all(|id| opened.engine.erasure(id).unwrap().allowed_at.is_some()));
    assert_eq!(opened.engine.allow_again(ALICE).unwrap_err().kind(), ErrorKind::NotFound);
    for one in [page(), order(ALICE, "order-3", "message-3")] {
        assert_eq!(ingest(&opened, one).n_accepted, 1);
    }
}

#[test]
fn a_name_that_reads_as_somebody_elses_erases_and_separates_neither_of_them() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    let page = |names: Value| {
        let mut page = json!({"type": "page", "name": "Home"});
        page.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
        event(page)
    };
    // As a write key could send it once.
    take(
        &opened,
        vec![order("v77", "order-1", "message-1"), page(json!({"userId": "v77", "anonymousId": "device-1"}))],
    );
    take(&opened, vec![page(json!({"userId": "user:v77"})), page(json!({"anonymousId": "device-2"}))]);
    take(&opened, vec![page(json!({"anonymousId": "anonymous:device-2"}))]);
    for (text, other) in [("user:v77", "user:user:v77"), ("anonymous:device-2", "anonymous:anonymous:device-2")] {
        let foreseen = opened.engine.foresee_erasure(text).unwrap_err();
        let asked = opened.engine.begin_erasure(text).unwrap_err();
        let parted = opened.engine.separate(text, "device-1", "").unwrap_err();
        for refused in [foreseen, asked, parted] {
            assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
            assert!(refused.to_string().contains(&format!("say \"{other}\"")), "{refused}");
        }
        opened.engine.customer(text).unwrap();
    }
    assert_eq!(opened.engine.foresee_erasure("v77").unwrap().removed.events, 2);
    for one in ["user:user:v77", "anonymous:anonymous:device-2"] {
        assert_eq!(erase(&opened, one).removed.events, 1);
    }
    for one in ["user:v77", "anonymous:device-2"] {
        erase(&opened, one);
        assert!(is_unknown(&opened, one));
    }
}

#[test]
fn a_device_does_not_have_somebody_erased_who_has_a_name() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, vec![order("victim-1", "order-1", "message-1"), order("victim-1", "order-2", "message-2")]);
    take(
        &opened,
        vec![of_client(json!({"type": "track", "event": "Seen", "userId": "victim-1", "anonymousId": "evil-dev"}))],
    );
    for by_device in ["evil-dev", "anonymous:evil-dev"] {
        let foreseen = opened.engine.foresee_erasure(by_device).unwrap();
        assert_eq!(foreseen.user, Some(Identifier::User("victim-1".into())));
        assert_eq!(foreseen.names, [Identifier::User("victim-1".into()), Identifier::Anonymous("evil-dev".into())]);
        assert_eq!(foreseen.removed.events, 3);
        let refused = opened.engine.begin_erasure(by_device).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
        assert!(refused.to_string().contains("erase \"user:victim-1\""), "{refused}");
    }
    assert_eq!(opened.engine.customer("victim-1").unwrap().customer.profile.n_events, 3);
    // A device of nobody who has a name, and a name that says so, are erased.
    take(&opened, vec![of_client(json!({"type": "page", "name": "Home", "anonymousId": "guest-1"}))]);
    assert_eq!(erase(&opened, "guest-1").removed.events, 1);
    assert_eq!(erase(&opened, "user:victim-1").removed.events, 3);
    assert!(is_unknown(&opened, "evil-dev"));
}

#[test]
fn whoever_is_only_in_what_was_withdrawn_decided_or_rejected_is_erased_too() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    take(&opened, first_of_bob());
    let engine = &opened.engine;
    let import =
        engine.begin_import(&NewImport { file: "a.csv".to_owned(), mapping: None, mapping_sha256: None }).unwrap();
    let imported = json!({"type": "identify", "userId": "withdrawn-1", "messageId": "message-of-withdrawn-1",
        "traits": {"email": "withdrawn-1@x.example"}, "timestamp": "2026-11-20T10:00:00Z"});
    let imported = events::parse_event(imported, None, &Envelope::new(noon(), Origin::Import)).unwrap();
    engine.ingest_imported(import, vec![imported]).unwrap();
    engine.undo_import(import).unwrap();
    engine.follow_corrections(&mut |_| Ok(())).unwrap();
    super::decide(&opened, "decided-1");
    let bad = super::rejected(r#"{"batch":[{"type":"track","userId":"rejected-1"}]}"#);
    engine.ingest(Batch { rejected: vec![bad], ..Batch::default() }).unwrap();
    engine.checkpoint(1_000).unwrap();
    let names = ["withdrawn-1", "decided-1", "rejected-1"];
    super::traces::assert_all(&data, &names);
    for (name, (events, decisions, rejections)) in names.into_iter().zip([(1, 0, 0), (0, 1, 0), (0, 0, 1)]) {
        let erased = erase(&opened, name);
        let removed = erased.removed;
        assert_eq!((removed.events, removed.decisions, removed.rejections), (events, decisions, rejections), "{name}");
        assert_none(&data, &[name]);
        assert_eq!(ingest(&opened, order(name, "order-x", "message-x")).erased, [0], "{name}");
        assert_eq!(opened.engine.begin_erasure(name).unwrap(), (erased, false));
    }
    let unknown = opened.engine.begin_erasure("nobody-1").unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound, "{unknown}");
    assert_well(&opened);
}

#[test]
fn what_is_decided_for_whoever_was_erased_is_nobodys() {
    let place = tempfile::tempdir().unwrap();
    let opened = open(&place.path().join("data"));
    take(&opened, vec![order(ALICE, "order-2", "message-2")]);
    erase(&opened, ALICE);
    // Whatever name somebody founds, decisions for those who were erased are not made from it, and do not go with it.
    for name in ["", "(erased)", "anonymous:", "anonymous:(erased)"] {
        let page = json!({"type": "page", "name": "Home", "anonymousId": name, "userId": "mallory-1"});
        take(&opened, vec![event(page)]);
    }
    let record = super::decide(&opened, ALICE);
    assert_eq!(record.question.customer, Identifier::Anonymous("".into()).customer_id());
    for name in ["", "anonymous:", "(erased)", "mallory-1"] {
        let foreseen = opened.engine.foresee_erasure(name);
        assert_eq!(foreseen.map_or(0, |foreseen| foreseen.removed.decisions), 0, "{name}");
    }
}

#[test]
fn where_too_many_share_a_device_what_names_them_alone_is_erased() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let foreseen = opened.engine.foresee_erasure(ALICE).unwrap();
    opened.engine.limit_circles(3);
    assert_eq!(opened.engine.foresee_erasure(ALICE).unwrap(), foreseen, "the same, where a device says nothing alone");
    let erased = erase(&opened, ALICE);
    assert_eq!(erased.removed.events, foreseen.removed.events);
    assert!(is_unknown(&opened, ALICE));
    assert_none(&data, &HERS);
    assert_all(&data, &OTHERS);
    // What only the shared device said stays with it.
    assert_eq!(opened.engine.foresee_erasure(KIOSK).unwrap().user, Some(Identifier::User(BOB.into())));
    assert_well(&opened);
}
