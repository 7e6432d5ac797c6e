//! By what are words recognised that are not kept, or kept once?

/// The digest of a text, as 32 hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()))
}
