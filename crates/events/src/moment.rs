//! Which moment does a value name?

use crate::Rejection;
use primitives::Timestamp;
use serde_json::Value;

/// Numbers below this are seconds since the epoch (until the year 5138), others milliseconds (from March 1973).
const SECONDS_END: f64 = 1.0e11;
/// A text of digits is an epoch number from this many digits on; shorter ones are dates such as `20261122`.
const EPOCH_DIGITS_MIN: usize = 9;

const ADVICE: &str = "write it as 2026-11-22T10:00:00.000Z, or as seconds or milliseconds since 1970";

/// The moment that a value names, where it names one, as everywhere in an event: RFC 3339 text, or seconds or milliseconds since
/// the epoch as a number or as digits.
#[must_use]
pub fn moment(value: &Value) -> Option<Timestamp> {
    moment_of(value, String::new).ok().flatten()
}

/// Reads a time: RFC 3339 text, or seconds or milliseconds since the epoch as a number or as digits.
///
/// # Errors
/// [`Rejection`] at the pointer where it is none.
pub(crate) fn moment_of(value: &Value, pointer: impl FnOnce() -> String) -> Result<Option<Timestamp>, Rejection> {
    let read = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::Number(number) => number.as_f64().and_then(from_epoch),
        Value::String(text) => match epoch_digits(text.trim()) {
            Some(number) => from_epoch(number),
            None => Timestamp::parse(text.trim()).ok(),
        },
        other => return Err(Rejection::wrong_type(pointer(), other, ADVICE)),
    };
    let shown = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    read.map(Some).ok_or_else(|| Rejection::bad_value(pointer(), &shown(), ADVICE))
}

fn epoch_digits(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() >= EPOCH_DIGITS_MIN && is_digits(whole) && is_digits(fraction) { text.parse().ok() } else { None }
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    let millis = if number.abs() < SECONDS_END { number * 1_000.0 } else { number }.round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is too large becomes the largest number, which is no time"
    )]
    let at = Timestamp::from_millis(millis as i64);
    (Timestamp::MIN..=Timestamp::MAX).contains(&at).then_some(at)
}
