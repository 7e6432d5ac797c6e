//! What happens to an erasure for which the disk has no room?

use super::places::{assert_well, is_unknown, open};
use super::traces::{assert_all, assert_none};
use super::{ALICE, HERS, OTHERS, fill};
use crate::support::{SERVER, TestServer};
use primitives::ErrorKind;
use profiles::ErasureStage;
use serde_json::json;

#[test]
fn none_begins_that_would_fill_the_disk() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    opened.storage.limit_free_bytes(Some(5_999_999));
    let refused = opened.engine.begin_erasure(ALICE).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert!(
        refused.to_string().contains("erasing needs 1") && refused.to_string().contains("there are 5 MB"),
        "{refused}"
    );
    assert!(opened.engine.ports().erasures.under_way().is_empty());
    opened.engine.customer(ALICE).unwrap();
    assert_all(&data, &HERS);
}

#[test]
fn where_it_fills_up_meanwhile_only_the_step_that_failed_is_done_again() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let (engine, erasures) = (&opened.engine, opened.engine.ports().erasures.clone());
    let (begun, _) = engine.begin_erasure(ALICE).unwrap();
    opened.storage.limit_free_bytes(Some(0));
    let refused = engine.finish_erasures(&mut |_| panic!("nothing is read")).unwrap_err();
    assert!(refused.to_string().contains("erasing needs"), "{refused}");
    assert_eq!(erasures.stage(&begun.id), ErasureStage::Begun);

    opened.storage.limit_free_bytes(None);
    let fills_up = &mut |_| {
        opened.storage.limit_free_bytes(Some(0));
        Ok(())
    };
    engine.finish_erasures(fills_up).unwrap_err();
    assert_eq!(erasures.stage(&begun.id), ErasureStage::Removed);
    assert!(is_unknown(&opened, ALICE), "nobody sees them any more");
    drop((opened, erasures));

    // The next start goes on where it was.
    let opened = open(&data);
    assert!(opened.engine.erasure(&begun.id).unwrap().ended_at.is_some());
    assert_none(&data, &HERS);
    assert_all(&data, &OTHERS);
    assert_well(&opened);
}

#[test]
fn what_was_overwritten_is_not_written_again_where_something_reads() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let erasures = opened.engine.ports().erasures.clone();
    let (begun, _) = opened.engine.begin_erasure(ALICE).unwrap();
    opened.engine.finish_erasures(&mut |_| Ok(())).unwrap();
    erasures.reach(&begun.id, ErasureStage::Begun).unwrap();
    assert_eq!(erasures.stage(&begun.id), ErasureStage::Overwritten, "it never goes back");
    // Room is looked at for what is written only.
    opened.storage.limit_free_bytes(Some(0));
    assert!(erasures.overwrite().is_err() && erasures.overwrite_ahead().is_ok());
}

#[test]
fn who_asks_is_told_how_much_room_it_takes() {
    let server = TestServer::start();
    server.post("/v1/identify", &json!({"userId": "eve-99"})).ok();
    server.app().storage.limit_free_bytes(Some(0));
    let erase = || server.send("DELETE", "/v1/customers/eve-99", &[("authorization", &format!("Bearer {SERVER}"))], "");
    let refused = erase();
    assert!(refused.headers.iter().any(|(name, _)| name == "retry-after"), "{:?}", refused.headers);
    assert!(refused.error(503, "unavailable").contains("there are 0 MB"));
    server.post("/v1/identify", &json!({"userId": "eve-99"})).ok();
    server.app().storage.limit_free_bytes(None);
    erase().ok();
}
