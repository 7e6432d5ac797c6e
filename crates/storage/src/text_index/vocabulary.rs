//! Which words are spelled nearly like one? All words that items have, in memory, by how long they are.
//!
//! A word is compared letter by letter only where its length and the set of its letters allow that it is near. Of a hundred thousand
//! words that leaves some hundred, so that no index of what is left of words without some letters is needed, which would take thirty
//! times as much memory. A word takes about thirty bytes beside its letters.

use primitives::{n_wrong_letters, stable_hash};
use std::collections::{BTreeMap, HashSet};

/// How short a word is at least that is compared with others by its letters.
const N_LETTERS_MIN: usize = 3;
/// So many words are kept at most, which takes some forty megabytes: of more, the others are found, but never meant.
const N_WORDS_MAX: usize = 1_000_000;

/// The words that items have or had, of letters only.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// By their hashes.
    known: HashSet<u64>,
    by_length: BTreeMap<usize, Alike>,
}

/// The words of one length.
#[derive(Debug, Default)]
struct Alike {
    /// Of each word, which letters it has.
    letters: Vec<Letters>,
    /// Where each ends in the text.
    ends: Vec<u32>,
    text: String,
}

/// A set of letters: those of the Latin alphabet each by itself, others some together.
#[derive(Debug, Clone, Copy)]
struct Letters(u64);

impl Vocabulary {
    /// Takes a word in, where it is one of letters and not known.
    pub(super) fn add(&mut self, word: &str) {
        if !self.is_new(word) {
            return;
        }
        self.known.insert(stable_hash(word));
        let alike = self.by_length.entry(word.chars().count()).or_default();
        let Ok(end) = u32::try_from(alike.text.len() + word.len()) else { return };
        alike.text.push_str(word);
        alike.ends.push(end);
        alike.letters.push(Letters::of(word));
    }

    /// Whether the word is one that would be taken in.
    pub(super) fn is_new(&self, word: &str) -> bool {
        is_spelled(word) && !self.is_full() && !self.has(word)
    }

    fn has(&self, word: &str) -> bool {
        self.known.contains(&stable_hash(word))
    }

    /// Whether an item may have the word: where not, the index need not be asked.
    pub(super) fn may_have(&self, word: &str) -> bool {
        !is_spelled(word) || self.is_full() || self.has(word)
    }

    fn is_full(&self) -> bool {
        self.known.len() >= N_WORDS_MAX
    }

    /// The words that come out of one by changing, leaving out, putting in or swapping at most `n_wrong_max` letters, each with how
    /// many: the nearest first, then by their letters.
    pub(super) fn near(&self, word: &str, n_wrong_max: usize) -> Vec<(usize, String)> {
        if !is_spelled(word) {
            return Vec::new();
        }
        let (letters, written): (Letters, Vec<char>) = (Letters::of(word), word.chars().collect());
        let lengths = written.len().saturating_sub(n_wrong_max)..=written.len() + n_wrong_max;
        let mut near = Vec::new();
        let mut other_letters = Vec::new();
        for alike in self.by_length.range(lengths).map(|(_, alike)| alike) {
            for (at, other) in alike.letters.iter().enumerate() {
                if letters.n_apart(*other) > n_wrong_max {
                    continue;
                }
                let other = alike.word(at);
                other_letters.clear();
                other_letters.extend(other.chars());
                let n_wrong = n_wrong_letters(&written, &other_letters);
                if n_wrong <= n_wrong_max {
                    near.push((n_wrong, other.to_owned()));
                }
            }
        }
        near.sort_unstable();
        near
    }
}

impl Alike {
    fn word(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        let end = self.ends.get(at).map_or(begin, |end| *end as usize);
        self.text.get(begin..end).unwrap_or_default()
    }
}

impl Letters {
    fn of(word: &str) -> Self {
        let bit = |letter: char| match letter {
            'a'..='z' => u32::from(letter) - u32::from('a'),
            _ => 26 + u32::from(letter) % 38,
        };
        Self(word.chars().fold(0, |all, letter| all | (1 << bit(letter))))
    }

    /// So many letters at least are wrong in the one for the other: one that is changed brings one that was not there, and takes one
    /// away.
    fn n_apart(self, other: Self) -> usize {
        let (more, less) = ((self.0 & !other.0).count_ones(), (other.0 & !self.0).count_ones());
        more.max(less) as usize
    }
}

/// What is compared by its letters: no numbers, and nothing that is too short.
fn is_spelled(word: &str) -> bool {
    !word.contains(|letter: char| letter.is_ascii_digit()) && word.chars().nth(N_LETTERS_MIN - 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Nothing that is near is passed over, and nothing else is told.
        #[test]
        fn exactly_what_is_near_is_told(
            words in proptest::collection::btree_set("[a-eäöк]{1,9}", 0..60),
            word in "[a-eäöк]{1,9}",
            n_wrong_max in 0_usize..4,
        ) {
            let mut vocabulary = Vocabulary::default();
            words.iter().chain(&words).for_each(|word| vocabulary.add(word));
            let letters = |word: &str| word.chars().collect::<Vec<char>>();
            let mut expected: Vec<(usize, String)> = words
                .iter()
                .filter(|other| is_spelled(&word) && is_spelled(other))
                .map(|other| (n_wrong_letters(&letters(&word), &letters(other)), other.clone()))
                .filter(|(n_wrong, _)| *n_wrong <= n_wrong_max)
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(vocabulary.near(&word, n_wrong_max), expected);
            prop_assert_eq!(vocabulary.has(&word), is_spelled(&word) && words.contains(&word));
        }
    }
}
