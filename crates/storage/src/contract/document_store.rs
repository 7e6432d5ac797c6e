//! What must hold for every [`DocumentStore`]?

use super::{Outcome, Start};
use decisions::documents::{DocumentChange, DocumentStore, N_VERSIONS_KEPT, SavedDocument};
use primitives::Timestamp;
use std::sync::Arc;

/// Opens the store under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn DocumentStore>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    the_newest_version_is_there_until_it_is_removed(open)?;
    the_newest_versions_are_kept(open)
}

fn change(at: i64, saved: &[(&str, &str)], removed: &[&str]) -> DocumentChange {
    let owned = |(id, record): &(&str, &str)| ((*id).to_owned(), (*record).to_owned());
    DocumentChange {
        at: Timestamp::from_millis(at),
        saved: saved.iter().map(owned).collect(),
        removed: removed.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn version(id: &str, version: u64, at: i64, record: &str) -> SavedDocument {
    SavedDocument { id: id.to_owned(), version, saved_at: Timestamp::from_millis(at), record: record.to_owned() }
}

/// What is saved again is a new version; what is removed is there no longer, and its versions go on where it comes back.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn the_newest_version_is_there_until_it_is_removed(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    assert_eq!((store.documents()?, store.versions("a")?), (Vec::new(), Vec::new()));
    store.change(&change(1, &[("b", "1"), ("a", "2")], &["never"]))?;
    store.change(&change(2, &[("b", "3")], &[]))?;
    assert_eq!(store.documents()?, [version("a", 1, 1, "2"), version("b", 2, 2, "3")]);
    store.change(&change(3, &[("c", "4")], &["a", "a"]))?;
    drop(store);
    let store = open(Start::Again);
    assert_eq!(store.documents()?, [version("b", 2, 2, "3"), version("c", 1, 3, "4")]);
    assert_eq!(store.versions("a")?, [version("a", 2, 3, ""), version("a", 1, 1, "2")]);
    assert_eq!(store.versions("never")?, []);
    store.change(&change(4, &[("a", "5")], &[]))?;
    assert_eq!(store.documents()?[0], version("a", 3, 4, "5"));
    store.change(&change(5, &[], &[]))?;
    Ok(())
}

/// Of many versions the newest are kept.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn the_newest_versions_are_kept(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    for at in 1..=N_VERSIONS_KEPT + 3 {
        store.change(&change(i64::try_from(at)?, &[("a", &at.to_string())], &[]))?;
    }
    store.change(&change(99, &[("b", "1")], &[]))?;
    let kept: Vec<u64> = store.versions("a")?.into_iter().map(|one| one.version).collect();
    assert_eq!(kept, (4..=N_VERSIONS_KEPT + 3).rev().collect::<Vec<u64>>());
    assert_eq!(store.documents()?.len(), 2);
    Ok(())
}
