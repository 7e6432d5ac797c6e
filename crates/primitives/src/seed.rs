//! Where does chance come from? From a seed that was passed in, split into named streams.

use crate::stable_hash;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The root of all chance in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed(u64);

impl Seed {
    /// A seed from a number.
    #[must_use]
    pub fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number itself, to be written into headers.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }

    /// An independent stream of random numbers for a purpose (`label`) and an index within it.
    ///
    /// ```
    /// use primitives::Seed;
    /// use rand::Rng;
    /// let draw = |label, n| Seed::new(7).stream(label, n).next_u64();
    /// assert_eq!(draw("explore", 3), draw("explore", 3));
    /// assert_ne!(draw("explore", 3), draw("explore", 4));
    /// assert_ne!(draw("explore", 3), draw("holdout", 3));
    /// ```
    #[must_use]
    pub fn stream(self, label: &str, n: u64) -> ChaCha8Rng {
        let mut key = [0_u8; 32];
        for (part, word) in key.chunks_exact_mut(8).zip([self.0, stable_hash(label), n, 0x7261_7070_6f72_7421]) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}
