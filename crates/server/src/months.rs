//! Which days are those of a month?

use crate::error::ServerError;
use primitives::{ErrorKind, Timestamp};

/// The days of a month, from the first moment of it to the first of the next, in UTC.
///
/// # Errors
/// [`ServerError`] with what to write.
pub(crate) fn month(text: &str) -> Result<(Timestamp, Timestamp), ServerError> {
    let wrong = || ServerError::new(ErrorKind::Invalid, format!("{text:?} is no month: write one such as 2026-11"));
    let (year, number) = text.split_once('-').ok_or_else(wrong)?;
    let (year, number): (i32, u32) = year.parse().ok().zip(number.parse().ok()).ok_or_else(wrong)?;
    let first =
        |year: i32, number: u32| Timestamp::parse(&format!("{year:04}-{number:02}-01T00:00:00Z")).map_err(|_| wrong());
    let next = if number == 12 { (year + 1, 1) } else { (year, number + 1) };
    Ok((first(year, number)?, first(next.0, next.1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_all_of_its_days() {
        for (text, days) in [("2026-11", Some(30)), ("2026-12", Some(31)), ("2028-02", Some(29))] {
            let found = month(text).ok().map(|(from, until)| until.day() - from.day());
            assert_eq!(found, days, "{text}");
        }
        for text in ["", "2026", "2026-13", "2026-00", "november", "2026-11-03"] {
            assert!(month(text).unwrap_err().to_string().contains("write one such as 2026-11"), "{text}");
        }
    }
}
