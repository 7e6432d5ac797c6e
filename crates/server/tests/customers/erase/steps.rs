//! Is the end the same wherever it is broken off?

use super::places::{assert_well, open};
use super::traces::{assert_all, assert_none};
use super::{ALICE, BOB, HERS, OTHERS, fill};
use profiles::ErasureStep;

#[test]
fn broken_off_after_any_step_the_next_start_ends_it() {
    for n_steps in 0..=ErasureStep::ALL.len() + 1 {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let opened = open(&data);
        fill(&opened);
        let (begun, is_new) = opened.engine.begin_erasure(ALICE).unwrap();
        assert!(is_new && begun.ended_at.is_none());
        let erasures = opened.engine.ports().erasures.clone();
        for step in ErasureStep::ALL.into_iter().take(n_steps) {
            erasures.remove(&begun.id, step, opened.engine.clock().now()).unwrap();
            erasures.remove(&begun.id, step, opened.engine.clock().now()).unwrap();
        }
        if n_steps > ErasureStep::ALL.len() {
            erasures.overwrite().unwrap();
        }
        assert_eq!(opened.engine.begin_erasure(ALICE).unwrap(), (begun.clone(), false), "it is under way");
        drop((opened, erasures));
        let opened = open(&data);
        let ended = opened.engine.erasure(&begun.id).unwrap();
        assert!(ended.ended_at.is_some(), "after {n_steps} steps");
        assert_eq!(ended.removed, begun.removed);
        assert_none(&data, &HERS);
        assert_all(&data, &OTHERS);
        assert!(opened.engine.customer(ALICE).is_err() && opened.engine.customer(BOB).is_ok());
        assert_well(&opened);
    }
}

#[test]
fn several_that_wait_are_erased_in_one_round() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let opened = open(&data);
    fill(&opened);
    let ids = [ALICE, BOB].map(|name| opened.engine.begin_erasure(name).unwrap().0.id);
    let mut n_read = 0;
    let n = opened.engine.finish_erasures(&mut |n| {
        n_read = n;
        Ok(())
    });
    assert_eq!((n.unwrap(), n_read), (2, 1), "what says that an import was undone is nobody's, and is left");
    assert_ne!(ids[0], ids[1]);
    assert!(ids.iter().all(|id| opened.engine.erasure(id).unwrap().ended_at.is_some()));
    assert_none(&data, &HERS);
    assert_none(&data, &[BOB, "bob@private.example", "order-of-bob-1"]);
    assert_well(&opened);
}
