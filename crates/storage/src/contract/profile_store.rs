//! What must hold for every [`ProfileStore`]?

use super::{Outcome, Start};
use events::{Offset, Partition, Place};
use profiles::{Change, Collection, ProfileStore, StoreError};
use std::sync::Arc;

/// Opens the store under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn ProfileStore>;

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    changes_and_offset_are_kept_together(open)?;
    partitions_are_kept_apart(open)?;
    rows_are_visited_in_the_order_of_their_keys(open)?;
    clearing_removes_everything(open)
}

/// The last change of a row wins, and the offset comes with it, also after a restart.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn changes_and_offset_are_kept_together(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    assert_eq!(store.offset()?, Offset(0));
    assert_eq!(store.get(Collection::Customer, "a")?, None);
    store.commit(Offset(7), vec![put(Collection::Customer, "a", b"1"), put(Collection::Item, "a", b"item")])?;
    let twice =
        vec![put(Collection::Customer, "b", b"x"), put(Collection::Customer, "b", b""), remove(Collection::Item, "a")];
    store.commit(Offset(9), twice)?;
    store.commit(Offset(10), Vec::new())?;
    let check = |store: &dyn ProfileStore| -> Outcome {
        assert_eq!(store.offset()?, Offset(10));
        assert_eq!(store.places()?, [Place::first(Offset(10))]);
        assert_eq!(store.get(Collection::Customer, "a")?.as_deref(), Some(b"1".as_slice()));
        assert_eq!(store.get(Collection::Customer, "b")?.as_deref(), Some(b"".as_slice()), "an empty value is a value");
        assert_eq!(store.get(Collection::Item, "a")?, None, "a removed row is gone");
        assert_eq!(store.get(Collection::Totals, "a")?, None, "collections do not mix");
        assert_eq!((store.count(Collection::Customer)?, store.count(Collection::Item)?), (2, 0));
        Ok(())
    };
    check(&*store)?;
    store.commit(Offset(10), vec![remove(Collection::Totals, "never there")])?;
    check(&*store)?;
    drop(store);
    check(&*open(Start::Again))
}

/// A checkpoint of one partition leaves the others where they were. A store that keeps one refuses another, and has stored
/// nothing of it.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn partitions_are_kept_apart(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    store.commit(Offset(3), vec![put(Collection::Customer, "a", b"1")])?;
    let other = Place { partition: Partition(1), offset: Offset(8) };
    let mut slice = Some(vec![put(Collection::Customer, "b", b"2")]);
    let stored = store.checkpoint(&[other], &mut || Ok(slice.take().unwrap_or_default()));
    let (places, row) = match stored {
        Ok(()) => (vec![Place::first(Offset(3)), other], Some(b"2".to_vec())),
        Err(_) => (vec![Place::first(Offset(3))], None),
    };
    assert_eq!((store.places()?, store.get(Collection::Customer, "b")?), (places, row));
    assert_eq!((store.offset()?, store.get(Collection::Customer, "a")?.as_deref()), (Offset(3), Some(b"1".as_slice())));
    Ok(())
}

/// A scan sees exactly one collection's rows with the prefix, by the bytes of their keys, and stops when told.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn rows_are_visited_in_the_order_of_their_keys(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    let keys =
        ["user:é", "user:a", "user:Z", "user:", "user", "anonymous:%_", "anonymous:x", "user:a\u{0}b", "userz", ""];
    store.commit(Offset(1), keys.iter().map(|key| put(Collection::Identifier, key, key.as_bytes())).collect())?;
    store.commit(Offset(1), vec![put(Collection::Customer, "user:other", b"other")])?;
    for prefix in ["", "user", "user:", "user:a", "anonymous:%", "nobody"] {
        let mut expected: Vec<&str> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        expected.sort_unstable();
        assert_eq!(scan(&*store, prefix, usize::MAX)?, expected, "{prefix:?}");
        assert_eq!(
            scan(&*store, prefix, 2)?,
            expected.into_iter().take(2).collect::<Vec<_>>(),
            "{prefix:?}, two of them"
        );
    }
    for after in ["", "user", "user:a", "user:b", "zzz"] {
        let mut expected: Vec<&str> = keys.into_iter().filter(|key| *key > after).collect();
        expected.sort_unstable();
        let mut found = Vec::new();
        store.scan_after(Collection::Identifier, after, &mut |key, value| {
            assert_eq!(key.as_bytes(), value);
            found.push(key.to_owned());
            found.len() < 3
        })?;
        expected.truncate(3);
        assert_eq!(found, expected, "three after {after:?}");
    }
    Ok(())
}

/// Clearing goes back to the beginning.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn clearing_removes_everything(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    store.commit(Offset(3), Collection::ALL.iter().map(|collection| put(*collection, "k", b"v")).collect())?;
    store.clear()?;
    let check = |store: &dyn ProfileStore| -> Outcome {
        assert_eq!(store.offset()?, Offset(0));
        for collection in Collection::ALL {
            assert_eq!((store.count(collection)?, store.get(collection, "k")?), (0, None), "{collection:?}");
        }
        Ok(())
    };
    check(&*store)?;
    drop(store);
    let store = open(Start::Again);
    check(&*store)?;
    store.commit(Offset(2), vec![put(Collection::Totals, "k", b"new")])?;
    assert_eq!((store.offset()?, store.count(Collection::Totals)?), (Offset(2), 1));
    Ok(())
}

fn scan(store: &dyn ProfileStore, prefix: &str, n_max: usize) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    store.scan(Collection::Identifier, prefix, &mut |key, value| {
        assert_eq!(key.as_bytes(), value);
        keys.push(key.to_owned());
        keys.len() < n_max
    })?;
    Ok(keys)
}

fn put(collection: Collection, key: &str, value: &[u8]) -> Change {
    Change { collection, key: key.to_owned(), value: Some(value.to_vec()) }
}

fn remove(collection: Collection, key: &str) -> Change {
    Change { collection, key: key.to_owned(), value: None }
}
