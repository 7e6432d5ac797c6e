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
    /// Room for `n_max` different items.
    pub(super) fn new(n_max: usize) -> Self {
        let n_slots = (2 * n_max.max(8)).next_power_of_two();
        Self { slots: vec![0; n_slots], shift: 64 - n_slots.trailing_zeros(), sums: Vec::with_capacity(n_max) }
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
            }
        }
    }

    /// Whether anything was added to `item`.
    pub(super) fn contains(&self, item: u32) -> bool {
        self.find(item).is_ok()
    }

    /// The sums in the order in which the items were first touched.
    pub(super) fn sums(&self) -> &[Sum] {
        &self.sums
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
