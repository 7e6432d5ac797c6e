//! What is a sum that no number holds?

/// A sum, or the limit beyond which it lies.
pub(crate) fn stopping(sum: i128) -> i64 {
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}
