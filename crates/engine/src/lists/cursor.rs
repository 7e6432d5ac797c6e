//! Where does the next page of a list begin? After the last customer of this one, whatever has changed since.

use super::order::{Place, Rank};
use super::selection::Sort;
use crate::error::EngineError;
use primitives::{CustomerId, ErrorKind};

/// Between the parts of a cursor; no part holds it.
const BORDER: char = '\u{1f}';

/// Writes the place after which the next page begins.
pub(super) fn write(sort: &Sort, place: &Place) -> String {
    let rank = match &place.rank {
        None => "-".to_owned(),
        Some(Rank::Number(bits)) => format!("n{bits:x}"),
        Some(Rank::Text(text)) => format!("t{}", text.replace(BORDER, "")),
    };
    let whole = format!("{sort}{BORDER}{rank}{BORDER}{}", place.id);
    whole.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads what [`write()`] wrote for the same order.
pub(super) fn read(text: &str, sort: &Sort) -> Result<Place, EngineError> {
    let wrong = |why: &str| {
        let message = format!("the cursor {why}: give the one of the page before, with the same sort, or none");
        EngineError::new(ErrorKind::Invalid, message)
    };
    let damaged = || wrong("is damaged");
    let whole = bytes(text).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(damaged)?;
    let mut parts = whole.splitn(3, BORDER);
    let (Some(sorted), Some(rank), Some(id)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(damaged());
    };
    if sorted != sort.to_string() {
        return Err(wrong("is of another order"));
    }
    let rank = match (rank.chars().next(), rank.get(1..)) {
        (Some('-'), Some("")) => None,
        (Some('n'), Some(bits)) => Some(Rank::Number(u64::from_str_radix(bits, 16).map_err(|_| damaged())?)),
        (Some('t'), Some(text)) => Some(Rank::Text(text.to_owned())),
        _ => return Err(damaged()),
    };
    Ok(Place { rank, is_descending: sort.is_descending, id: CustomerId::from(id) })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || hex.len() % 2 == 1 || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use decisions::filter::Subject;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_damage_is_told() {
        let sort = Sort { by: Subject::Trait(vec!["city".into()]), is_descending: true };
        for rank in [None, Some(Rank::Number(0)), Some(Rank::Number(u64::MAX)), Some(Rank::Text("graz ü".into()))] {
            let place = Place { rank, is_descending: true, id: CustomerId::from("user:4|2") };
            let cursor = write(&sort, &place);
            assert_eq!(read(&cursor, &sort).unwrap(), place);
            let other = read(&cursor, &Sort { is_descending: false, ..sort.clone() }).unwrap_err();
            assert!(other.to_string().contains("of another order"), "{other}");
        }
        for damaged in ["", "0", "zz", "ü", "61", "+1", "2d1f2d"] {
            let error = read(damaged, &sort).unwrap_err().to_string();
            assert!(error.contains("damaged"), "{damaged}: {error}");
        }
    }
}
