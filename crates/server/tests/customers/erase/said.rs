//! Is whoever is named elsewhere than in their events found there?

use super::places::{erase, open};
use super::traces::{assert_all, assert_none};
use super::{ALICE, fill, rejected};
use events::Batch;
use primitives::ErrorKind;

#[test]
fn what_was_rejected_is_found_by_names_behind_its_cut() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let before = opened.engine.foresee_erasure(ALICE).unwrap().removed.rejections;
    let long = "x".repeat(3_000);
    let cut = |user: &str, note: &str| {
        let text = format!(
            r#"{{"batch":[{{"type":"track","properties":{{"note":"{note}","long":"{long}"}},"userId":"{user}"}}]}}"#
        );
        let rejected = rejected(&text);
        assert!(!rejected.payload.contains(user), "its name is cut off");
        rejected
    };
    let all = vec![cut(ALICE, "note-of-alice-81"), cut("carl-9", "note-of-carl-82")];
    opened.engine.ingest(Batch { rejected: all, ..Batch::default() }).unwrap();
    assert_eq!(opened.engine.foresee_erasure(ALICE).unwrap().removed.rejections, before + 1);
    assert_all(&data, &["note-of-alice-81", "note-of-carl-82"]);
    assert_eq!(erase(&opened, ALICE).removed.rejections, before + 1);
    assert_none(&data, &["note-of-alice-81"]);
    assert_all(&data, &["note-of-carl-82"]);
}

#[test]
fn a_cell_of_a_row_makes_nobody_a_customer() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let file = data.join("rejects").join("orders.ndjson");
    let rows = "{\"row\":{\"order\":\"9\",\"quantity\":\"2\",\"cents\":1043}}\n";
    std::fs::write(&file, rows).unwrap();
    for text in ["2", "1043"] {
        assert_eq!(opened.engine.foresee_erasure(text).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(opened.engine.begin_erasure(text).unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), rows);
}
