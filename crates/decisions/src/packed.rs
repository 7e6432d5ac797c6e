//! How does a record become few bytes?
//!
//! Records are small and alike: what most of them hold stands in a dictionary, and each record is a zstd frame of its own,
//! so that one can be read or removed without the others. The dictionary belongs to the format and never changes; another
//! one would be a new file beside it.

use std::borrow::Cow;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};
use zstd::bulk::{Compressor, Decompressor};

/// Parts of records as they usually are.
const DICTIONARY: &[u8] = include_bytes!("dictionary-1.txt");
/// How hard it is tried. Higher is slower and hardly smaller.
const LEVEL: i32 = 3;
/// How every zstd frame begins. JSON never does.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// The longest record that is opened.
const BYTES_MAX: usize = 16 << 20;

static COMPRESSOR: LazyLock<Mutex<io::Result<Compressor<'static>>>> =
    LazyLock::new(|| Mutex::new(Compressor::with_dictionary(LEVEL, DICTIONARY)));
static DECOMPRESSOR: LazyLock<Mutex<io::Result<Decompressor<'static>>>> =
    LazyLock::new(|| Mutex::new(Decompressor::with_dictionary(DICTIONARY)));

/// Packs JSON. Where that is not possible it stays as it is, which can be read as well.
pub(crate) fn pack(json: Vec<u8>) -> Vec<u8> {
    let mut compressor = COMPRESSOR.lock().unwrap_or_else(PoisonError::into_inner);
    match compressor.as_mut() {
        Ok(compressor) => compressor.compress(&json).unwrap_or(json),
        Err(_) => json,
    }
}

/// The JSON that was packed; the first version did not pack it.
pub(crate) fn unpack(record: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    if !record.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(record));
    }
    let mut decompressor = DECOMPRESSOR.lock().unwrap_or_else(PoisonError::into_inner);
    match decompressor.as_mut() {
        Ok(decompressor) => decompressor.decompress(record, BYTES_MAX).map(Cow::Owned),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}
