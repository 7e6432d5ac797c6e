//! Where do secrets come from, and how are they kept? Random bits, and their SHA-256.

use crate::error::ServerError;
use primitives::Seed;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;

/// The SHA-256 of a key.
pub(super) type Hash = [u8; 32];

/// A seed from the operating system's randomness.
///
/// # Errors
/// [`ServerError`] where the operating system gives none.
pub fn random_seed() -> Result<Seed, ServerError> {
    let bytes = random_bytes()?;
    let mut word = [0_u8; 8];
    word.copy_from_slice(&bytes[..8]);
    Ok(Seed::new(u64::from_le_bytes(word)))
}

/// A token nobody can guess, for keys and for console sessions.
///
/// # Errors
/// [`ServerError`] where the operating system gives no randomness.
pub fn random_token() -> Result<String, ServerError> {
    Ok(hex(&random_bytes()?))
}

/// The SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(&sha256(text))
}

pub(super) fn sha256(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str) -> Option<Hash> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

pub(crate) fn random_bytes() -> Result<[u8; 32], ServerError> {
    let mut bytes = [0_u8; 32];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(ServerError::io("cannot read random numbers from /dev/urandom"))?;
    Ok(bytes)
}
