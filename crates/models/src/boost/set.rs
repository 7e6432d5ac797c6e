//! Which bins go left?

use serde::{Deserialize, Serialize};

/// Bins, as a bit each; that of missing values among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Set([u64; 4]);

impl Set {
    pub(super) fn holds(&self, bin: u8) -> bool {
        self.0[usize::from(bin >> 6)] >> (bin & 63) & 1 == 1
    }

    pub(super) fn insert(&mut self, bin: u8) {
        self.0[usize::from(bin >> 6)] |= 1 << (bin & 63);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_held_and_nothing_else() {
        let mut set = Set::default();
        let put = [0, 1, 63, 64, 127, 128, 200, 255];
        put.iter().for_each(|bin| set.insert(*bin));
        assert_eq!((0..=255).filter(|bin| set.holds(*bin)).collect::<Vec<u8>>(), put);
    }
}
