//! In which form are rows of derived state stored, and is what is stored in that form?

use crate::{Change, Collection, ProfileError, ProfileStore};
use events::Offset;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The layout of every stored row, those of the state that the fold carries included: raised whenever one changes, or
/// what is read out of an event. Rows of another layout are recreated from the events, not migrated.
const LAYOUT: u8 = 23;

/// Where the store says what it was made with.
const KEY: &str = "made with";

/// Whether what is stored was folded by other rules than today's, and must be recreated from the events: another layout,
/// or other settings. `settings` names those that what is stored depends on.
///
/// # Errors
/// [`ProfileError`] where the store cannot be read.
pub fn is_outdated(store: &dyn ProfileStore, settings: &str) -> Result<bool, ProfileError> {
    if store.offset()? == Offset::default() {
        return Ok(false);
    }
    Ok(store.get(Collection::Totals, KEY)?.as_deref() != Some(made_with(settings).as_bytes()))
}

/// Whether what is stored is of another layout: none of its rows can be opened, and the next start recreates them.
///
/// # Errors
/// [`ProfileError`] where the store cannot be read.
pub fn is_of_another_layout(store: &dyn ProfileStore) -> Result<bool, ProfileError> {
    if store.offset()? == Offset::default() {
        return Ok(false);
    }
    let made = store.get(Collection::Totals, KEY)?;
    Ok(!made.is_some_and(|made| made.starts_with(made_with("").as_bytes())))
}

/// The row that says what the store was made with, to be committed with the others.
#[must_use]
pub fn made_with_change(settings: &str) -> Change {
    Change { collection: Collection::Totals, key: KEY.to_owned(), value: Some(made_with(settings).into_bytes()) }
}

fn made_with(settings: &str) -> String {
    format!("layout {LAYOUT}, {settings}")
}

/// The bytes of a row, its layout first.
///
/// # Errors
/// [`ProfileError::Corrupt`] where the value cannot be encoded.
pub fn encode<T: Serialize>(what: &'static str, key: &str, value: &T) -> Result<Vec<u8>, ProfileError> {
    postcard::to_extend(value, vec![LAYOUT]).map_err(|source| ProfileError::Corrupt {
        what,
        key: key.to_owned(),
        source,
    })
}

/// Opens a row's bytes.
///
/// # Errors
/// [`ProfileError::Corrupt`] for a damaged row and for one of another layout.
pub fn decode<T: DeserializeOwned>(what: &'static str, key: &str, bytes: &[u8]) -> Result<T, ProfileError> {
    let corrupt = |source| ProfileError::Corrupt { what, key: key.to_owned(), source };
    match bytes.split_first() {
        Some((&LAYOUT, rest)) => postcard::from_bytes(rest).map_err(corrupt),
        _ => Err(corrupt(postcard::Error::DeserializeBadEncoding)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryProfileStore;

    #[test]
    fn what_another_layout_or_other_settings_made_is_outdated() {
        let store = MemoryProfileStore::default();
        let is_outdated = |settings| is_outdated(&store, settings).unwrap();
        let is_of_another_layout = || is_of_another_layout(&store).unwrap();
        assert!(!is_outdated("a") && !is_of_another_layout(), "an empty store holds nothing old");
        store.commit(Offset(3), Vec::new()).unwrap();
        assert!(is_outdated("a") && is_of_another_layout(), "the first layout did not say what it was");
        store.commit(Offset(4), vec![made_with_change("a")]).unwrap();
        assert!(!is_outdated("a") && is_outdated("b") && !is_of_another_layout());
        // Layout 5 passed over what customers said of the purposes `service` and `security`.
        let older = Change { value: Some(b"layout 5, a".to_vec()), ..made_with_change("a") };
        store.commit(Offset(5), vec![older]).unwrap();
        assert!(is_outdated("a") && is_of_another_layout());
    }

    #[test]
    fn a_row_opens_only_as_it_was_written() {
        let bytes = encode("item", "x", &7_u32).unwrap();
        assert_eq!(decode::<u32>("item", "x", &bytes).unwrap(), 7);
        for damaged in [&[][..], &[LAYOUT][..], &[LAYOUT - 1, 7][..]] {
            let error = decode::<u32>("item", "x", damaged).expect_err("it is damaged");
            assert_eq!(error.kind(), primitives::ErrorKind::Corrupt);
        }
    }
}
