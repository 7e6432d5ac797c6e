//! What must hold for every [`PlaybookStore`]?

use super::{Outcome, Start};
use decisions::{PlaybookChange, PlaybookStore, Run, SavedTable};
use primitives::Timestamp;
use std::sync::Arc;

/// Opens the store under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn PlaybookStore>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    what_is_saved_stays_at_its_place_until_it_is_removed(open)?;
    what_began_is_remembered(open)
}

fn saved(list: &str, name: &str, record: &str) -> SavedTable {
    SavedTable { list: list.to_owned(), name: name.to_owned(), record: record.to_owned() }
}

/// What is saved is there again, in the order in which it came; another of its name takes its place, and of another list does not.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_is_saved_stays_at_its_place_until_it_is_removed(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    assert_eq!((store.saved()?, store.runs()?), (Vec::new(), Vec::new()));
    let save = |one: &SavedTable| PlaybookChange { saved: vec![one.clone()], ..PlaybookChange::default() };
    for one in [saved("b", "y", "1"), saved("a", "z", "2"), saved("b", "x", "3"), saved("b", "y", "\"4\"")] {
        store.change(&save(&one))?;
    }
    store.change(&PlaybookChange { removed: vec![("a".to_owned(), "y".to_owned())], ..PlaybookChange::default() })?;
    let all = [saved("b", "y", "\"4\""), saved("a", "z", "2"), saved("b", "x", "3")];
    assert_eq!(store.saved()?, all);
    drop(store);
    let store = open(Start::Again);
    assert_eq!(store.saved()?, all);
    store.change(&PlaybookChange { removed: vec![("b".to_owned(), "y".to_owned())], ..PlaybookChange::default() })?;
    store.change(&save(&saved("b", "y", "5")))?;
    assert_eq!(store.saved()?, [saved("a", "z", "2"), saved("b", "x", "3"), saved("b", "y", "5")]);
    store.change(&PlaybookChange::default())?;
    // What changes together is there together, each at its place.
    let together = PlaybookChange {
        saved: vec![saved("b", "x", "6"), saved("c", "w", "7")],
        removed: vec![("a".to_owned(), "z".to_owned()), ("b".to_owned(), "y".to_owned())],
        ..PlaybookChange::default()
    };
    store.change(&together)?;
    drop(store);
    assert_eq!(open(Start::Again).saved()?, [saved("b", "x", "6"), saved("c", "w", "7")]);
    Ok(())
}

/// What began is there again with when it ended, also where nothing of its name is saved.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn what_began_is_remembered(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    let run = |name: &str, ended_at: Option<i64>| Run {
        experiment: name.to_owned(),
        began_at: Timestamp::from_millis(5),
        ended_at: ended_at.map(Timestamp::from_millis),
        record: format!("{{\"name\":\"{name}\"}}"),
    };
    let begin = PlaybookChange {
        saved: vec![saved("experiments", "b", "{}")],
        runs: vec![run("b", None), run("a", None)],
        ..PlaybookChange::default()
    };
    store.change(&begin)?;
    let end = PlaybookChange {
        removed: vec![("experiments".to_owned(), "b".to_owned())],
        runs: vec![run("b", Some(9))],
        ..PlaybookChange::default()
    };
    store.change(&end)?;
    drop(store);
    let store = open(Start::Again);
    assert_eq!((store.runs()?, store.saved()?), (vec![run("a", None), run("b", Some(9))], Vec::new()));
    Ok(())
}
