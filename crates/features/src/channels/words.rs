//! What was last said of each of several things: tickets, subscriptions?

use crate::seen::Place;
use events::EventKey;
use primitives::Timestamp;
use profiles::squeeze_in;
use serde::{Deserialize, Serialize};

/// So many things are remembered, those that were told of last.
pub(crate) const N_WORDS: usize = 64;

/// What can be said of a thing.
pub(crate) trait Word {
    /// The steps of its life, in order.
    type Step: Ord;

    /// Which step it says was taken. Of two at the same moment, as where times are told to the day, the later step is the newer.
    fn step(&self) -> Self::Step;
}

/// The newest word on each thing; of more than [`N_WORDS`] things those that were told of last, sorted by that.
///
/// It is a function of the set of what was added: what makes room for a later word cannot come back but by a later word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Words<T>(Vec<(Place, u64, T)>);

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Word> Words<T> {
    pub(crate) fn add(&mut self, place: Place, id: u64, word: T) {
        let turn = turn(place, &word);
        let is_before = |(place, _, word): &(Place, u64, T)| self::turn(*place, word) < turn;
        if let Some(known) = self.0.iter().position(|(_, known, _)| *known == id) {
            if !is_before(&self.0[known]) {
                return;
            }
            self.0.remove(known);
        }
        let at = self.0.partition_point(is_before);
        squeeze_in(&mut self.0, at, (place, id, word));
        if self.0.len() > N_WORDS {
            self.0.remove(0);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|(place, id, word)| self.add(place, id, word));
    }

    /// Each thing's place in time and word, from old to new.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Place, &T)> {
        self.0.iter().map(|(place, _, word)| (*place, word))
    }

    /// The words, from new to old.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.0.iter().rev().map(|(.., word)| word)
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Place, u64, T)>()
    }
}

/// When it is the turn of a word, among all of one customer.
fn turn<T: Word>((at, key): Place, word: &T) -> (Timestamp, T::Step, EventKey) {
    (at, word.step(), key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::TicketStep;

    #[test]
    fn what_is_kept_is_weighed() {
        let mut words = Words::default();
        assert_eq!(words.n_bytes(), 0);
        for id in [1, 2, 1] {
            words.add((Timestamp::from_millis(1), EventKey(id)), id, TicketStep::Created);
        }
        assert_eq!((words.iter().count(), words.n_bytes()), (2, 2 * size_of::<(Place, u64, TicketStep)>()));
    }
}
