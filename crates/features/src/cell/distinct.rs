//! How many different ones were there?

use primitives::{DAY_MS, Timestamp};
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};

/// So many different ones are kept, those that came last.
pub(crate) const N_KEYS: usize = 256;

/// Different values, each with when it came last; of more than [`N_KEYS`] those that came last, sorted by that.
///
/// It is a function of the set of what was added: what makes room for a later one cannot come back but by being told again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Distinct(Vec<(Timestamp, u64)>);

impl Distinct {
    pub(crate) fn add(&mut self, at: Timestamp, key: u64) {
        if let Some(place) = self.0.iter().position(|(_, kept)| *kept == key) {
            if self.0[place].0 >= at {
                return;
            }
            self.0.remove(place);
        }
        let place = self.0.partition_point(|kept| *kept < (at, key));
        if self.0.len() < N_KEYS {
            squeeze_in(&mut self.0, place, (at, key));
        } else if place > 0 {
            self.0[..place].rotate_left(1);
            self.0[place - 1] = (at, key);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(at, key)| self.add(at, key));
    }

    /// How many there were in the last days before a moment, or ever.
    pub(crate) fn count(&self, as_of: Timestamp, within_days: Option<i64>) -> usize {
        let is_within = |at: Timestamp| within_days.is_none_or(|days| as_of.millis_since(at) < days * DAY_MS);
        self.0.iter().filter(|(at, _)| is_within(*at)).count()
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Timestamp, u64)>()
    }
}
