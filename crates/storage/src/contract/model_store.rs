//! What must hold for every [`ModelStore`]?

use super::{Outcome, Start};
use learning::ModelStore;
use primitives::ErrorKind;
use std::sync::Arc;

/// Opens the store under test.
pub type Open<'a> = &'a mut dyn FnMut(Start) -> Arc<dyn ModelStore>;

/// The SHA-256 of `abc`, from FIPS 180-4's examples.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// Runs every law.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where a law does not hold.
pub fn run(open: Open<'_>) -> Outcome {
    files_are_named_by_their_content(open)?;
    champions_are_replaced_whole(open)?;
    names_cannot_lead_elsewhere(open)
}

/// The same bytes have the same name; other names are not found.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn files_are_named_by_their_content(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    assert!(store.list()?.is_empty());
    assert_eq!(store.get(ABC).map_err(|error| error.kind), Err(ErrorKind::NotFound));
    assert_eq!(store.put(b"abc")?, ABC);
    assert_eq!(store.put(b"abc")?, ABC, "storing again changes nothing");
    let other = store.put(&[0, 255, 1])?;
    let empty = store.put(b"")?;
    drop(store);
    let store = open(Start::Again);
    let mut expected = vec![ABC.to_owned(), other.clone(), empty.clone()];
    expected.sort();
    assert_eq!(store.list()?, expected);
    assert_eq!(
        (store.get(ABC)?, store.get(&other)?, store.get(&empty)?),
        (b"abc".to_vec(), vec![0, 255, 1], Vec::new())
    );
    Ok(())
}

/// The list of champions is what was set last, each model's its own.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn champions_are_replaced_whole(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    assert!(store.champions("churn")?.is_empty());
    let champions = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    store.set_champions("churn", &champions(&["one", "two", "one"]))?;
    store.set_champions("recommend", &champions(&["three"]))?;
    store.set_champions("churn", &champions(&["two"]))?;
    drop(store);
    let store = open(Start::Again);
    assert_eq!(
        (store.champions("churn")?, store.champions("recommend")?),
        (champions(&["two"]), champions(&["three"]))
    );
    store.set_champions("churn", &[])?;
    assert!(store.champions("churn")?.is_empty());
    assert!(store.list()?.is_empty(), "a champion is not a model file");
    Ok(())
}

/// A name that is none is refused, whatever is asked.
///
/// # Errors
/// What the port answered, where it failed.
///
/// # Panics
/// Where the law does not hold.
pub fn names_cannot_lead_elsewhere(open: Open<'_>) -> Outcome {
    let store = open(Start::Empty);
    let long = "a".repeat(300);
    for name in ["", ".", "..", "../churn", "/etc/passwd", "a/b", "a\\b", "churn.json", "Churn", "a\0b", "é", &long] {
        assert_eq!(store.champions(name).map_err(|error| error.kind), Err(ErrorKind::Invalid), "{name:?}");
        assert_eq!(store.set_champions(name, &[]).map_err(|error| error.kind), Err(ErrorKind::Invalid), "{name:?}");
        assert_eq!(store.get(name).map_err(|error| error.kind), Err(ErrorKind::Invalid), "{name:?}");
    }
    Ok(())
}
