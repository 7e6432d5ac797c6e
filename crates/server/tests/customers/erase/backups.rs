//! What does a backup bring back of somebody who is erased while it is made?

use super::places::{assert_well, is_unknown, open};
use super::traces::{assert_all, assert_none};
use super::{ALICE, HERS, OTHERS, fill};
use crate::support::noon;
use primitives::ErrorKind;
use profiles::ErasureStep;
use server::serve::Opened;
use std::path::Path;

/// When, of what a backup copies, an erasure begins and when it goes on to its end: after so many files; `None` is before it.
type When = (Option<usize>, Option<usize>);

/// A backup of a filled directory with an erasure across it, and how many files it took.
fn back_up(place: &Path, when: When) -> (Opened, Result<storage::Backup, storage::StorageError>, usize) {
    let opened = open(&place.join("data"));
    fill(&opened);
    let begin = || {
        let (begun, _) = opened.engine.begin_erasure(ALICE).unwrap();
        // A file that goes before it is copied would break the backup off.
        for step in [ErasureStep::Log, ErasureStep::History] {
            opened.engine.ports().erasures.remove(&begun.id, step, noon()).unwrap();
        }
    };
    if when.0.is_none() {
        begin();
    }
    let mut n_copied = 0;
    let made = opened.storage.backup(&place.join("backup"), noon(), &mut |_| {
        n_copied += 1;
        if when.0 == Some(n_copied) {
            begin();
        }
        if when.1 == Some(n_copied) {
            opened.engine.finish_erasures(&mut |_| Ok(())).unwrap();
        }
    });
    (opened, made, n_copied)
}

fn assert_erased_in(backup: &Path, place: &Path) {
    let restored = place.join("restored");
    storage::restore(backup, &restored, &mut |_| {}).unwrap();
    let opened = open(&restored);
    assert!(is_unknown(&opened, ALICE));
    assert!(opened.engine.ports().erasures.under_way().is_empty());
    assert_none(&restored, &HERS);
    assert_all(&restored, &OTHERS);
    assert_well(&opened);
}

#[test]
fn what_was_erased_meanwhile_is_erased_of_what_comes_back() {
    let n_linked = {
        let place = tempfile::tempdir().unwrap();
        let (opened, made, _) = back_up(place.path(), (Some(usize::MAX), None));
        made.unwrap();
        1 + parquet_files(&opened.data.join("history"))
    };
    assert!(n_linked > 1, "something is sealed");
    for when in [
        // It ends while the backup goes on; it is under way all the time; it begins once the files of the history are copied.
        (None, Some(1)),
        (None, Some(n_linked)),
        (None, None),
        (Some(n_linked), None),
        (Some(n_linked), Some(n_linked + 1)),
    ] {
        let place = tempfile::tempdir().unwrap();
        let (opened, made, n_copied) = back_up(place.path(), when);
        made.unwrap_or_else(|error| panic!("{when:?}: {error}"));
        assert!(n_copied > n_linked, "{when:?}");
        drop(opened);
        assert_erased_in(&place.path().join("backup"), place.path());
    }
}

#[test]
fn a_backup_during_which_somebody_was_erased_altogether_is_made_again() {
    let place = tempfile::tempdir().unwrap();
    let (opened, made, n_copied) = back_up(place.path(), (None, None));
    made.unwrap();
    drop(opened);
    let place = tempfile::tempdir().unwrap();
    let (opened, made, _) = back_up(place.path(), (Some(n_copied - 2), Some(n_copied - 2)));
    let refused = made.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert!(refused.to_string().contains("make the backup again"), "{refused}");
    let to = place.path().join("backup");
    assert!(!to.exists());
    opened.storage.backup(&to, noon(), &mut |_| {}).unwrap();
    drop(opened);
    assert_erased_in(&to, place.path());
}

fn parquet_files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                parquet_files(&path)
            } else {
                usize::from(path.extension().is_some_and(|end| end == "parquet"))
            }
        })
        .sum()
}
