//! How do thousands of small contributions become a score an item, without touching the whole catalogue?

/// A score in the making, and which part of it is the largest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    /// The item's place.
    pub(super) item: u32,
    /// The sum of what was added.
    pub(super) score: f64,
    /// The largest single contribution.
    pub(super) largest: f64,
    /// Where the largest came from: a place in the history.
    pub(super) source: u32,
}

/// Sums by item: an open-addressing table of places over a dense list, which keeps the order of first touch.
pub(super) struct Accumulator {
    /// Index into `sums` plus one; 0 where the slot is free. The length is a power of two, at most half full.
    slots: Vec<u32>,
    shift: u32,
    sums: Vec<Sum>,
}

impl Accumulator {
    /// Room for `n` different items; it grows where more come.
    pub(super) fn new(n: usize) -> Self {
        let n_slots = (2 * n.max(8)).next_power_of_two();
        Self { slots: vec![0; n_slots], shift: 64 - n_slots.trailing_zeros(), sums: Vec::with_capacity(n) }
    }

    /// Adds `value`, which came from `source`, to `item`.
    pub(super) fn add(&mut self, item: u32, value: f64, source: u32) {
        match self.find(item) {
            Ok(at) => {
                let sum = &mut self.sums[at];
                sum.score += value;
                if value > sum.largest {
                    (sum.largest, sum.source) = (value, source);
                }
            }
            Err(slot) => {
                self.sums.push(Sum { item, score: value, largest: value, source });
                self.slots[slot] = u32::try_from(self.sums.len()).unwrap_or(u32::MAX);
                if 2 * self.sums.len() > self.slots.len() {
                    self.grow();
                }
            }
        }
    }

    /// Whether anything was added to `item`.
    pub(super) fn contains(&self, item: u32) -> bool {
        self.find(item).is_ok()
    }

    /// What was added to the item, if anything.
    pub(super) fn get(&self, item: u32) -> Option<&Sum> {
        self.find(item).ok().map(|at| &self.sums[at])
    }

    /// The sums in the order in which the items were first touched.
    pub(super) fn sums(&self) -> &[Sum] {
        &self.sums
    }

    /// Twice as many slots.
    fn grow(&mut self) {
        self.slots = vec![0; 2 * self.slots.len()];
        self.shift -= 1;
        for (index, at) in (1_u32..).zip(0..self.sums.len()) {
            if let Err(slot) = self.find(self.sums[at].item) {
                self.slots[slot] = index;
            }
        }
    }

    /// The index of the item's sum, or the free slot where it belongs. Ends because half of the slots are free.
    fn find(&self, item: u32) -> Result<usize, usize> {
        // Fibonacci hashing: the upper bits of a product with 2^64 / golden ratio are well spread.
        let hash = u64::from(item).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift;
        let mut slot = usize::try_from(hash).unwrap_or(0);
        loop {
            match self.slots[slot] {
                0 => return Err(slot),
                index if self.sums[index as usize - 1].item == item => return Ok(index as usize - 1),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_kept_however_many_items_come() {
        let mut sums = Accumulator::new(0);
        for round in 0..3_u32 {
            for item in 0..1_000_u32 {
                sums.add(item * 64, f64::from(item) + f64::from(round), round);
            }
        }
        assert_eq!(sums.sums().len(), 1_000);
        for (item, sum) in (0_u32..).zip(sums.sums()) {
            let expected = 3.0 * f64::from(item) + 3.0;
            assert_eq!((sum.item, sum.source), (item * 64, 2));
            assert!((sum.score - expected).abs() < 1e-9 && (sum.largest - f64::from(item + 2)).abs() < 1e-9);
            assert!(sums.contains(sum.item) && !sums.contains(sum.item + 1));
        }
    }
}
