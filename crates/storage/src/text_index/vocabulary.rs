//! Which words are spelled nearly like one? All words that items have, in memory, by how long they are.
//!
//! A word is compared letter by letter only where its length and the set of its letters allow that it is near. Of a hundred thousand
//! words that leaves some hundred, so that no index of what is left of words without some letters is needed, which would take thirty
//! times as much memory. A word takes about thirty bytes beside its letters.

use super::letters::is_read_as_written;
use decisions::search::N_NEAR_MAX;
use primitives::{n_wrong_letters, stable_hash};
use std::collections::{BTreeMap, HashMap};

/// How short a word is at least that is compared with others by its letters.
const N_LETTERS_MIN: usize = 3;
/// So many words are kept at most, which takes some forty megabytes: of more, the others are found, but never meant.
const N_WORDS_MAX: usize = 1_000_000;
/// So many words are kept at most of which some are only what strangers write: they leave room for the company's.
const N_STRANGE_MAX: usize = N_WORDS_MAX / 2;

/// The words that items have or had, of letters only.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// By their hashes, each with whether an item that the company vouches for has it. As soon as there are any, only those may be
    /// meant by others.
    known: HashMap<u64, bool>,
    is_any_vouched: bool,
    /// Whether the index reads any of them otherwise than it is written: it may have words then that are not known here.
    is_read_otherwise: bool,
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
    /// Takes a word in of an item that the company vouches for, or of another.
    pub(super) fn add(&mut self, word: &str, is_vouched: bool) {
        if !self.is_new(word, is_vouched) {
            return;
        }
        self.known.insert(stable_hash(word), is_vouched);
        self.is_read_otherwise |= !is_read_as_written(word);
        if is_vouched && !self.is_any_vouched {
            self.is_any_vouched = true;
            // Until now what strangers write was all that could be meant.
            self.by_length.clear();
        }
        if self.is_any_vouched && !is_vouched {
            return;
        }
        let alike = self.by_length.entry(word.chars().count()).or_default();
        let Ok(end) = u32::try_from(alike.text.len() + word.len()) else { return };
        alike.text.push_str(word);
        alike.ends.push(end);
        alike.letters.push(Letters::of(word));
    }

    /// Whether the word tells something new: it is one of letters, and not known, or only of items that nobody vouches for.
    pub(super) fn is_new(&self, word: &str, is_vouched: bool) -> bool {
        let n_max = if is_vouched { N_WORDS_MAX } else { N_STRANGE_MAX };
        is_spelled(word)
            && match self.known.get(&stable_hash(word)) {
                Some(was_vouched) => is_vouched && !was_vouched,
                None => self.known.len() < n_max,
            }
    }

    /// Whether an item may have the word: where not, the index need not be asked.
    pub(super) fn may_have(&self, word: &str) -> bool {
        let is_whole = self.known.len() < N_STRANGE_MAX && !self.is_read_otherwise;
        !is_whole || !is_spelled(word) || self.known.contains_key(&stable_hash(word))
    }

    /// Whether only strangers write the word, and the company others.
    pub(super) fn is_strange(&self, word: &str) -> bool {
        self.is_any_vouched && self.known.get(&stable_hash(word)) == Some(&false)
    }

    /// The words that may be meant which come out of one by changing, leaving out, putting in or swapping at most
    /// `n_wrong_max` letters, each with how many: the nearest first, then by their letters, and of very many the first.
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
        near.truncate(N_NEAR_MAX);
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
            words in proptest::collection::btree_map("[a-eäöк]{1,9}", any::<bool>(), 0..60),
            word in "[a-eäöк]{1,9}",
            n_wrong_max in 0_usize..4,
        ) {
            let mut vocabulary = Vocabulary::default();
            // The company may have been first or last.
            for word in words.keys() {
                vocabulary.add(word, false);
            }
            for (word, is_vouched) in words.iter().chain(&words) {
                vocabulary.add(word, *is_vouched);
            }
            words.keys().for_each(|word| vocabulary.add(word, false));
            let letters = |word: &str| word.chars().collect::<Vec<char>>();
            let is_any_vouched = words.iter().any(|(word, is_vouched)| *is_vouched && is_spelled(word));
            let mut expected: Vec<(usize, String)> = words
                .iter()
                .filter(|(other, is_vouched)| (**is_vouched || !is_any_vouched) && is_spelled(&word) && is_spelled(other))
                .map(|(other, _)| (n_wrong_letters(&letters(&word), &letters(other)), other.clone()))
                .filter(|(n_wrong, _)| *n_wrong <= n_wrong_max)
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(vocabulary.near(&word, n_wrong_max), expected);
            let is_read_otherwise = words.keys().any(|word| is_spelled(word) && word.contains(['ä', 'ö']));
            let may_have = is_read_otherwise || !is_spelled(&word) || words.contains_key(&word);
            prop_assert_eq!(vocabulary.may_have(&word), may_have);
        }
    }

    #[test]
    fn strangers_leave_room_for_the_words_of_the_company() {
        let mut vocabulary = Vocabulary::default();
        let word = |n: usize| n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect::<String>();
        vocabulary.add("ours", true);
        (1_000_000..1_000_000 + N_STRANGE_MAX).for_each(|n| vocabulary.add(&word(n), false));
        assert!(vocabulary.may_have("unheard"), "what is not known may be there from now on");
        vocabulary.add("unheard", false);
        assert_eq!(vocabulary.near("unhaerd", 2), []);
        vocabulary.add("unheard", true);
        assert_eq!(vocabulary.near("unhaerd", 2), [(1, "unheard".to_owned())]);
    }
}
