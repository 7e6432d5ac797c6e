//! In which order are rows learned from?

use primitives::Seed;
use rand::seq::SliceRandom as _;

/// All rows in small parts, in an order by chance that differs each time around.
#[derive(Debug, Clone)]
pub struct Batches {
    order: Vec<usize>,
    size: usize,
    seed: Seed,
    n_epochs: u64,
}

impl Batches {
    /// `n_rows` rows in batches of `size`, at least one.
    #[must_use]
    pub fn new(n_rows: usize, size: usize, seed: Seed) -> Self {
        Self { order: (0..n_rows).collect(), size: size.max(1), seed, n_epochs: 0 }
    }

    /// The batches of the next time around: every row once. The last one may be smaller.
    pub fn epoch(&mut self) -> impl ExactSizeIterator<Item = &[usize]> {
        self.order.sort_unstable();
        self.order.shuffle(&mut self.seed.stream("batches", self.n_epochs));
        self.n_epochs += 1;
        self.order.chunks(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_comes_once_in_another_order_each_time() {
        let mut batches = Batches::new(10, 4, Seed::new(1));
        let first: Vec<Vec<usize>> = batches.epoch().map(<[usize]>::to_vec).collect();
        let second: Vec<Vec<usize>> = batches.epoch().map(<[usize]>::to_vec).collect();
        assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
        assert_ne!(first, second);
        for epoch in [&first, &second] {
            let mut all = epoch.concat();
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
        }
        let again: Vec<Vec<usize>> = Batches::new(10, 4, Seed::new(1)).epoch().map(<[usize]>::to_vec).collect();
        assert_eq!(again, first);
    }
}
