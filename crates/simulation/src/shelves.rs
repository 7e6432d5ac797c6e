//! What lies on the shelves, and what has run out?

use crate::things::Things;

/// Shelves are filled every so many days.
const RESTOCK_DAYS: i64 = 5;

/// The shelves as they are this morning.
#[derive(Debug, Clone)]
pub(crate) struct Shelves {
    full: Vec<u32>,
    left: Vec<u32>,
    /// What the catalogue was told is not to be had.
    told_empty: Vec<bool>,
}

impl Shelves {
    pub(crate) fn new(things: &Things) -> Self {
        let full: Vec<u32> = things.all().iter().map(|thing| thing.shelf).collect();
        Self { left: full.clone(), told_empty: vec![false; full.len()], full }
    }

    /// Fills them, on the days on which they are.
    pub(crate) fn open(&mut self, day: i64) {
        if day.rem_euclid(RESTOCK_DAYS) == 0 {
            self.left.clone_from(&self.full);
        }
    }

    /// What has run out, or is there again, since this was last asked.
    pub(crate) fn changed(&mut self) -> Vec<(usize, bool)> {
        let mut changed = Vec::new();
        for (no, (left, told_empty)) in self.left.iter().zip(&mut self.told_empty).enumerate() {
            let is_empty = *left == 0;
            if is_empty != *told_empty {
                *told_empty = is_empty;
                changed.push((no, !is_empty));
            }
        }
        changed
    }

    /// As they are once the shop has opened on this day.
    pub(crate) fn opened(&self, day: i64) -> Self {
        let mut opened = self.clone();
        opened.open(day);
        opened
    }

    pub(crate) fn has(&self, thing: usize) -> bool {
        self.left[thing] > 0
    }

    pub(crate) fn take(&mut self, thing: usize, quantity: u32) {
        self.left[thing] = self.left[thing].saturating_sub(quantity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use primitives::Seed;

    #[test]
    fn what_runs_out_is_told_once_and_so_is_what_is_there_again() {
        let things = Things::new(&Settings::new(Seed::new(7), 20, 30).unwrap());
        let mut shelves = Shelves::new(&things);
        shelves.open(20_001);
        assert!(shelves.changed().is_empty() && shelves.has(3));
        shelves.take(3, things.get(3).shelf - 1);
        assert!(shelves.changed().is_empty() && shelves.has(3), "there is one left");
        shelves.take(3, 2);
        assert!(!shelves.has(3));
        assert_eq!(shelves.changed(), [(3, false)]);
        shelves.open(20_002);
        assert!(shelves.changed().is_empty() && !shelves.has(3), "told already");
        shelves.open(20_005);
        assert_eq!(shelves.changed(), [(3, true)]);
        assert!(shelves.has(3) && shelves.changed().is_empty());
    }
}
