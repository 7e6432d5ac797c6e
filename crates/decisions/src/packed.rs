//! How does a record become few bytes?
//!
//! Records are small and alike: what most of them hold stands in a dictionary, and each record is a zstd frame of its own,
//! so that one can be read or removed without the others. The dictionary belongs to the format and never changes; another
//! one would be a new file beside it.

use std::borrow::Cow;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// Parts of records as they usually are.
const DICTIONARY: &[u8] = include_bytes!("dictionary-1.txt");
/// How hard it is tried. The dictionary does most of it: higher levels are slower and hardly smaller.
const LEVEL: i32 = 1;
/// How every zstd frame begins. JSON never does.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// How many packers are kept for the next who need one.
const N_IDLE_MAX: usize = 8;
/// The longest record that is opened.
const BYTES_MAX: usize = 16 << 20;

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
static COMPRESSORS: Idle<Compressor<'static>> = Idle(Mutex::new(Vec::new()));
static DECOMPRESSORS: Idle<Decompressor<'static>> = Idle(Mutex::new(Vec::new()));

/// Packs JSON. Where that is not possible it stays as it is, which can be read as well.
pub(crate) fn pack(json: Vec<u8>) -> Vec<u8> {
    let make = || Compressor::with_prepared_dictionary(&ENCODER);
    COMPRESSORS.lend(make, |compressor| compressor.compress(&json)).unwrap_or(json)
}

/// The JSON that was packed; the first version did not pack it.
pub(crate) fn unpack(record: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    if !record.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(record));
    }
    let make = || Decompressor::with_prepared_dictionary(&DECODER);
    DECOMPRESSORS.lend(make, |decompressor| decompressor.decompress(record, BYTES_MAX)).map(Cow::Owned)
}

/// What is costly to make and is used by one at a time: nobody waits while another works with one.
struct Idle<T>(Mutex<Vec<T>>);

impl<T> Idle<T> {
    fn lend<R>(
        &self,
        make: impl FnOnce() -> io::Result<T>,
        work: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let idle = self.lock().pop();
        let mut one = idle.map_or_else(make, Ok)?;
        let done = work(&mut one);
        let mut idle = self.lock();
        if idle.len() < N_IDLE_MAX {
            idle.push(one);
        }
        done
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
