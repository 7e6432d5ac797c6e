//! What was last said of each of several things: tickets, subscriptions?

use crate::seen::Place;
use events::EventKey;
use primitives::Timestamp;
use profiles::squeeze_in;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// So many things are remembered, those that were told of last.
pub(crate) const N_WORDS: usize = 64;

/// What can be said of a thing.
pub(crate) trait Word {
    /// The steps of its life, in order.
    type Step: Ord + Copy + std::fmt::Debug + Serialize + DeserializeOwned;

    /// Which step it says was taken. Of two at the same moment, as where times are told to the day, the later step is the newer.
    fn step(&self) -> Self::Step;

    /// Takes in what an earlier word on the same thing, of a place, says beside the step; nothing where a word says no more.
    fn keep(&mut self, _earlier: &Self, _place: Place) {}

    /// Forgets what was said up to a turn.
    fn forget(&mut self, _upto: &Turn<Self::Step>) {}

    /// The memory that it takes elsewhere.
    fn n_bytes(&self) -> usize {
        0
    }
}

/// When it is the turn of a word, among all of one customer.
pub(crate) type Turn<Step> = (Timestamp, Step, EventKey);

/// What the newest word says that says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latest<Step, T>(Option<(Turn<Step>, T)>);

impl<Step, T> Default for Latest<Step, T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<Step: Ord + Copy, T: Copy> Latest<Step, T> {
    /// What a word says at its turn, if it does.
    pub(crate) fn of(turn: Turn<Step>, said: Option<T>) -> Self {
        Self(said.map(|said| (turn, said)))
    }

    /// What is said.
    pub(crate) fn value(&self) -> Option<T> {
        self.0.map(|(_, said)| said)
    }

    /// When it was said.
    pub(crate) fn turn(&self) -> Option<Turn<Step>> {
        self.0.map(|(turn, _)| turn)
    }

    pub(crate) fn join(&mut self, other: Self) {
        if other.turn() > self.turn() {
            *self = other;
        }
    }

    pub(crate) fn forget(&mut self, upto: &Turn<Step>) {
        self.0 = self.0.filter(|(turn, _)| turn > upto);
    }
}

/// The newest word on each thing; of more than [`N_WORDS`] things those that were told of last, sorted by that.
///
/// It is a function of the set of what was added: what makes room for a later word cannot come back but by a later word, and
/// nothing counts that was said before the newest word that had to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Words<T: Word> {
    things: Vec<(Place, u64, T)>,
    /// The newest word that had to go.
    gone: Option<Box<Turn<T::Step>>>,
}

impl<T: Word> Default for Words<T> {
    fn default() -> Self {
        Self { things: Vec::new(), gone: None }
    }
}

impl<T: Word> Words<T> {
    pub(crate) fn add(&mut self, place: Place, id: u64, word: T) {
        let (mut place, mut word) = (place, word);
        if self.gone.as_deref().is_some_and(|gone| turn(place, &word) <= *gone) {
            return;
        }
        if let Some(known) = self.things.iter().position(|(_, known, _)| *known == id) {
            let (known_place, _, mut known) = self.things.remove(known);
            if turn(known_place, &known) < turn(place, &word) {
                word.keep(&known, known_place);
            } else {
                known.keep(&word, place);
                (place, word) = (known_place, known);
            }
        }
        if let Some(gone) = &self.gone {
            word.forget(gone);
        }
        let own = turn(place, &word);
        let at = self.things.partition_point(|(place, _, word)| turn(*place, word) < own);
        squeeze_in(&mut self.things, at, (place, id, word));
        if self.things.len() > N_WORDS {
            let (place, _, word) = self.things.remove(0);
            self.let_go(turn(place, &word));
        }
    }

    /// Nothing counts any more that was said up to a turn.
    fn let_go(&mut self, upto: Turn<T::Step>) {
        self.things.retain(|(place, _, word)| turn(*place, word) > upto);
        self.things.iter_mut().for_each(|(.., word)| word.forget(&upto));
        self.gone = self.gone.take().max(Some(Box::new(upto)));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        if let Some(gone) = other.gone {
            self.let_go(*gone);
        }
        other.things.into_iter().for_each(|(place, id, word)| self.add(place, id, word));
    }

    /// Each thing's place in time and word, from old to new.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Place, &T)> {
        self.things.iter().map(|(place, _, word)| (*place, word))
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.things.capacity() * size_of::<(Place, u64, T)>()
            + self.things.iter().map(|(.., word)| word.n_bytes()).sum::<usize>()
            + self.gone.as_deref().map_or(0, size_of_val)
    }
}

fn turn<T: Word>((at, key): Place, word: &T) -> Turn<T::Step> {
    (at, word.step(), key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::TicketStep;

    /// What is said of a thing, beside the step.
    #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
    struct Said(Latest<TicketStep, u8>);

    impl Word for Said {
        type Step = TicketStep;

        fn step(&self) -> TicketStep {
            TicketStep::Created
        }

        fn keep(&mut self, other: &Self, _: Place) {
            self.0.join(other.0);
        }

        fn forget(&mut self, upto: &Turn<TicketStep>) {
            self.0.forget(upto);
        }
    }

    #[test]
    fn what_the_newest_word_leaves_unsaid_stays_until_its_thing_has_to_go() {
        let word = |at: i64, id: u64, said: Option<u8>| {
            let place = (Timestamp::from_millis(at), EventKey(0));
            (place, id, Said(Latest::of((place.0, TicketStep::Created, place.1), said)))
        };
        // A thing that is told of first and last, and so many others between that it had to go meanwhile.
        for n_others in [1, 63, 64, 65] {
            let mut told = vec![word(1, 0, Some(7)), word(1_000, 0, None)];
            told.extend((1..=n_others).map(|id| word(1 + i64::try_from(id).unwrap(), id, Some(1))));
            let of = |order: &[usize]| {
                let mut words = Words::default();
                order.iter().for_each(|at| {
                    let (place, id, said) = told[*at];
                    words.add(place, id, said);
                });
                words
            };
            let forth: Vec<usize> = (0..told.len()).collect();
            let late: Vec<usize> = (2..told.len()).chain([1, 0]).collect();
            let between: Vec<usize> = std::iter::once(0).chain(2..told.len()).chain([1]).collect();
            let words = of(&forth);
            assert_eq!(words.iter().next_back().unwrap().1.0.value(), (n_others < 64).then_some(7), "{n_others}");
            assert_eq!(words.iter().count(), N_WORDS.min(told.len() - 1));
            for order in [&late, &between] {
                assert_eq!(of(order), words, "{n_others}: in whatever order");
            }
            let (left, right) = forth.split_at(forth.len() / 2);
            let mut merged = of(right);
            merged.merge(of(left));
            assert_eq!(merged, words, "{n_others}: or together");
        }
    }

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
