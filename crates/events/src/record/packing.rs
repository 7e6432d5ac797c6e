//! How are numbers and texts packed into a record, and how is damage found?

use crate::parts::Damage;
use primitives::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// How many bytes the check has.
const N_CHECK: usize = 4;

/// Packs one thing behind the other.
pub(super) struct Packer(Vec<u8>);

impl Packer {
    pub(super) fn with_capacity(n_bytes: usize) -> Self {
        Self(Vec::with_capacity(n_bytes))
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn time(&mut self, at: Timestamp) {
        self.0.extend_from_slice(&at.as_millis().to_le_bytes());
    }

    /// Bytes behind their length.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes.len();
        while rest >= 0x80 {
            self.0.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.0.push(rest.to_le_bytes()[0]);
        self.0.extend_from_slice(bytes);
    }

    /// All of it, and the check behind it.
    pub(super) fn checked(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&check_of(&self.0));
        self.0
    }
}

fn check_of(bytes: &[u8]) -> [u8; N_CHECK] {
    let [a, b, c, d, ..] = xxh3_64(bytes).to_le_bytes();
    [a, b, c, d]
}

/// Takes one thing after the other out again.
pub(super) struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    /// Opens what has the right check behind it.
    pub(super) fn checked(record: &'a [u8]) -> Result<Self, Damage> {
        match record.split_last_chunk::<N_CHECK>() {
            Some((packed, check)) if check_of(packed) == *check => Ok(Self(packed)),
            _ => Err(Damage::Check),
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, Damage> {
        let (byte, rest) = self.0.split_first().ok_or(Damage::Length)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, Damage> {
        let (millis, rest) = self.0.split_first_chunk().ok_or(Damage::Length)?;
        self.0 = rest;
        Ok(Timestamp::from_millis(i64::from_le_bytes(*millis)))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let mut n_bytes = 0;
        for shift in (0..usize::BITS - 7).step_by(7) {
            let byte = self.byte()?;
            n_bytes |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let (bytes, rest) = self.0.split_at_checked(n_bytes).ok_or(Damage::Length)?;
                self.0 = rest;
                return Ok(bytes);
            }
        }
        Err(Damage::Length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Damage> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damage::Text)
    }

    /// That nothing is left.
    pub(super) fn end(&self) -> Result<(), Damage> {
        if self.0.is_empty() { Ok(()) } else { Err(Damage::Length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_take_a_byte_more_where_seven_bits_are_full() {
        for (n_bytes, n_packed) in [(0, 1), (1, 2), (127, 128), (128, 130), (16_383, 16_385), (16_384, 16_387)] {
            let mut packed = Packer::with_capacity(0);
            packed.bytes(&vec![7; n_bytes]);
            assert_eq!(packed.0.len(), n_packed, "{n_bytes}");
            let mut unpacked = Unpacker(&packed.0);
            assert_eq!(unpacked.bytes().unwrap(), vec![7; n_bytes]);
            assert!(unpacked.end().is_ok());
        }
        assert!(matches!(Unpacker(&[0xff; 12]).bytes(), Err(Damage::Length)), "no length is so long");
        assert!(matches!(Unpacker(&[3, 1, 2]).bytes(), Err(Damage::Length)), "it ends before its length");
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(
            byte in any::<u8>(), at in any::<i64>(), text in ".{0,200}", more in proptest::collection::vec(any::<u8>(), 0..300)
        ) {
            let mut packed = Packer::with_capacity(0);
            packed.byte(byte);
            packed.time(Timestamp::from_millis(at));
            packed.bytes(text.as_bytes());
            packed.bytes(&more);
            let record = packed.checked();
            let mut unpacked = Unpacker::checked(&record).unwrap();
            prop_assert_eq!(unpacked.byte().unwrap(), byte);
            prop_assert_eq!(unpacked.time().unwrap().as_millis(), at);
            prop_assert_eq!(unpacked.text().unwrap(), text);
            prop_assert!(unpacked.end().is_err());
            prop_assert_eq!(unpacked.bytes().unwrap(), more);
            prop_assert!(unpacked.end().is_ok());
        }

        #[test]
        fn a_bit_that_changes_is_found(content in proptest::collection::vec(any::<u8>(), 0..40), place in any::<prop::sample::Index>(), bit in 0..8) {
            let mut packed = Packer::with_capacity(0);
            content.iter().for_each(|byte| packed.byte(*byte));
            let mut record = packed.checked();
            prop_assert!(Unpacker::checked(&record).is_ok());
            let place = place.index(record.len());
            record[place] ^= 1_u8 << bit;
            prop_assert!(matches!(Unpacker::checked(&record), Err(Damage::Check)));
        }
    }
}
