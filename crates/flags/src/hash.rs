//! Where between 0 and 1 does somebody stand in an experiment?

/// Where a value stands between 0 (included) and 1: the same for the same seed, for ever.
///
/// ```text
/// version 1   fnv1a32(value ⧺ seed) mod 1,000 / 1,000
/// version 2   fnv1a32(decimal of fnv1a32(seed ⧺ value)) mod 10,000 / 10,000
/// ```
/// Version 1 is kept for what runs already: seeds that are like each other put people at like places. `None` for a version
/// that is not known: then nobody takes part.
///
/// ```
/// assert_eq!(flags::hash("seed", "a", 2), Some(0.0505));
/// ```
#[must_use]
pub fn hash(seed: &str, value: &str, version: u64) -> Option<f64> {
    match version {
        1 => Some(f64::from(fnv1a(value.encode_utf16().chain(seed.encode_utf16())) % 1_000) / 1_000.0),
        2 => {
            let inner = fnv1a(seed.encode_utf16().chain(value.encode_utf16()));
            Some(f64::from(fnv1a(inner.to_string().encode_utf16()) % 10_000) / 10_000.0)
        }
        _ => None,
    }
}

/// FNV-1a of 32 bits over the units of UTF-16, as browsers have text.
fn fnv1a(units: impl Iterator<Item = u16>) -> u32 {
    units.fold(0x811c_9dc5, |hash: u32, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn everybody_stands_between_0_and_1(seed in ".*", value in ".*") {
            for version in [1, 2] {
                let place = hash(&seed, &value, version).unwrap();
                prop_assert!((0.0..1.0).contains(&place));
            }
            prop_assert_eq!(hash(&seed, &value, 3), None);
        }
    }

    #[test]
    fn two_experiments_put_people_at_places_that_have_nothing_to_do_with_each_other() {
        let mut both = [[0_u32; 2]; 2];
        for n in 0..10_000 {
            let side = |seed: &str| usize::from(hash(seed, &n.to_string(), 2).unwrap() < 0.5);
            both[side("one")][side("other")] += 1;
        }
        // A quarter each; the standard deviation is 43.
        assert!(both.iter().flatten().all(|n| n.abs_diff(2_500) < 200), "{both:?}");
    }

    #[test]
    fn letters_outside_of_ascii_are_hashed_as_browsers_hash_them() {
        // FNV-1a over the units of UTF-16: "é" is the one unit e9, "😀" are d83d and de00.
        let by_hand = |units: &[u32]| units.iter().fold(0x811c_9dc5_u32, |h, u| (h ^ u).wrapping_mul(0x0100_0193));
        let expected = |units: &[u32]| f64::from(by_hand(units) % 1_000) / 1_000.0;
        // Version 2 hashes what comes of seed and value once more, as decimals.
        let ascii = |text: &str| by_hand(&text.bytes().map(u32::from).collect::<Vec<_>>());
        assert_eq!(hash("ab", "cd", 1), Some(f64::from(ascii("cdab") % 1_000) / 1_000.0));
        assert_eq!(hash("ab", "cd", 2), Some(f64::from(ascii(&ascii("abcd").to_string()) % 10_000) / 10_000.0));
        assert_eq!(hash("", "é", 1), Some(expected(&[0xe9])));
        assert_eq!(hash("", "😀", 1), Some(expected(&[0xd83d, 0xde00])));
    }
}
