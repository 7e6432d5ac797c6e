//! Which items say what very many say? The numbers of them as bits, in memory: to fetch fifty thousand rows takes a hundred times as
//! long as to count as many bits.
//!
//! What is asked for and found in very many items is kept, with what is asked for beside it, and follows each change of the index. What
//! was not asked for longest goes first where there is no more room.

use super::letters::is_read_as_written;
use decisions::search::{Clause, Indexed, Matching, Phrase};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bytes of bits are kept: of a hundred thousand items, what says two thousand words.
const N_BYTES_MAX: usize = 32 << 20;
/// How many phrases are kept: each of them is looked for in every item that changes.
const N_PHRASES_MAX: usize = 2_000;

/// Numbers of items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    bits: Vec<u64>,
}

/// What was asked for and is said by very many items.
#[derive(Debug, Default)]
pub(super) struct Broad {
    kept: HashMap<Phrase, Kept>,
    n_bytes: usize,
    /// How often the index has changed: what was read of it before is not taken.
    n_changes: u64,
    n_asked: AtomicU64,
}

#[derive(Debug)]
struct Kept {
    numbers: Arc<Numbers>,
    /// When it was asked for last.
    asked: AtomicU64,
}

impl Numbers {
    pub(super) fn insert(&mut self, number: u32) {
        let at = number as usize / 64;
        if self.bits.len() <= at {
            self.bits.resize(at + 1, 0);
        }
        self.bits[at] |= 1 << (number % 64);
    }

    fn remove(&mut self, number: u32) {
        if let Some(bits) = self.bits.get_mut(number as usize / 64) {
            *bits &= !(1 << (number % 64));
        }
    }

    fn n_bytes(&self) -> usize {
        self.bits.len() * size_of::<u64>()
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.bits.iter().map(|bits| u64::from(bits.count_ones())).sum()
    }

    /// With those of another.
    fn with(&mut self, other: &Self) {
        if self.bits.len() < other.bits.len() {
            self.bits.resize(other.bits.len(), 0);
        }
        self.bits.iter_mut().zip(&other.bits).for_each(|(to, from)| *to |= from);
    }

    /// Without those that another has not.
    fn within(&mut self, other: &Self) {
        self.bits.truncate(other.bits.len());
        self.bits.iter_mut().zip(&other.bits).for_each(|(to, from)| *to &= from);
    }

    /// Those after one, in ascending order.
    pub(super) fn after(&self, after: Option<u32>) -> impl Iterator<Item = u32> {
        let first = after.map_or(0, |after| after as usize + 1);
        let within_first = u64::MAX.checked_shl(u32::try_from(first % 64).unwrap_or(0)).unwrap_or(0);
        self.bits.iter().enumerate().skip(first / 64).flat_map(move |(at, bits)| {
            let mut rest = if at == first / 64 { bits & within_first } else { *bits };
            std::iter::from_fn(move || {
                let next = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                u32::try_from(at * 64).ok().map(|begin| begin + next)
            })
        })
    }
}

impl Broad {
    /// How often the index has changed. To be asked before it is read for [`Broad::keep`].
    pub(super) fn n_changes(&self) -> u64 {
        self.n_changes
    }

    /// The items that say a phrase, where that is kept.
    pub(super) fn saying(&self, phrase: &Phrase) -> Option<Arc<Numbers>> {
        let kept = self.kept.get(phrase)?;
        kept.asked.store(self.n_asked.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        Some(Arc::clone(&kept.numbers))
    }

    /// The items that say all that is looked for, or any of it, where all of that is kept.
    pub(super) fn matching(&self, clauses: &[Clause], matching: Matching) -> Option<Arc<Numbers>> {
        let mut found: Option<Arc<Numbers>> = None;
        for clause in clauses {
            let mut ways = clause.iter().map(|phrase| self.saying(phrase));
            let mut said = ways.next()??;
            for way in ways {
                Arc::make_mut(&mut said).with(way?.as_ref());
            }
            found = Some(match found {
                None => said,
                Some(mut found) => {
                    let numbers = Arc::make_mut(&mut found);
                    match matching {
                        Matching::All => numbers.within(&said),
                        Matching::Any => numbers.with(&said),
                    }
                    found
                }
            });
        }
        found
    }

    /// Keeps which items say a phrase, as it was read when the index had changed so often.
    pub(super) fn keep(&mut self, phrase: Phrase, numbers: Numbers, n_changes: u64) {
        let is_kept = self.kept.contains_key(&phrase) || numbers.n_bytes() > N_BYTES_MAX;
        if n_changes != self.n_changes || is_kept {
            return;
        }
        self.make_room(1, numbers.n_bytes());
        self.n_bytes += numbers.n_bytes();
        let asked = AtomicU64::new(self.n_asked.fetch_add(1, Ordering::Relaxed));
        self.kept.insert(phrase, Kept { numbers: Arc::new(numbers), asked });
    }

    /// Makes room for so many phrases and bytes more.
    fn make_room(&mut self, n_phrases: usize, n_bytes: usize) {
        while self.n_bytes + n_bytes > N_BYTES_MAX || self.kept.len() + n_phrases > N_PHRASES_MAX {
            let longest_ago = self.kept.iter().min_by_key(|(_, kept)| kept.asked.load(Ordering::Relaxed));
            let Some(phrase) = longest_ago.map(|(phrase, _)| phrase.clone()) else { break };
            self.n_bytes -= self.kept.remove(&phrase).map_or(0, |kept| kept.numbers.n_bytes());
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
        self.n_bytes = 0;
        self.n_changes += 1;
    }

    /// Follows a change of the index.
    pub(super) fn change(&mut self, put: &[Indexed], gone: &[u32]) {
        self.n_changes += 1;
        if self.kept.is_empty() {
            return;
        }
        // What the index may read otherwise than it is written is read anew from there.
        if put.iter().flat_map(|item| &item.columns).any(|column| !is_read_as_written(column)) {
            return self.clear();
        }
        let said: Vec<(u32, Said<'_>)> = put.iter().map(|item| (item.number, Said::of(item))).collect();
        self.n_bytes = 0;
        for (phrase, kept) in &mut self.kept {
            let numbers = Arc::make_mut(&mut kept.numbers);
            for (number, said) in &said {
                if said.has(phrase) { numbers.insert(*number) } else { numbers.remove(*number) }
            }
            gone.iter().for_each(|number| numbers.remove(*number));
            self.n_bytes += numbers.n_bytes();
        }
        // What is said of a large number takes room up to it.
        self.make_room(0, 0);
    }
}

/// What an item says.
struct Said<'a> {
    columns: Vec<Vec<&'a str>>,
    words: HashSet<&'a str>,
}

impl<'a> Said<'a> {
    fn of(item: &'a Indexed) -> Self {
        let columns: Vec<Vec<&str>> = item.columns.iter().map(|column| column.split(' ').collect()).collect();
        let words = columns.iter().flatten().copied().collect();
        Self { columns, words }
    }

    fn has(&self, phrase: &Phrase) -> bool {
        let Some((last, before)) = phrase.words.split_last() else { return false };
        if before.is_empty() && !phrase.is_beginning {
            return self.words.contains(last.as_str());
        }
        let is_last = |word: &str| if phrase.is_beginning { word.starts_with(last.as_str()) } else { word == last };
        let is_there = |words: &[&str]| {
            words.split_last().is_some_and(|(word, others)| is_last(word) && others.iter().eq(before.iter()))
        };
        before.iter().all(|word| self.words.contains(word.as_str()))
            && self.columns.iter().any(|column| column.windows(phrase.words.len()).any(is_there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use primitives::ItemKey;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn numbers(of: &BTreeSet<u32>) -> Numbers {
        let mut numbers = Numbers::default();
        of.iter().for_each(|number| numbers.insert(*number));
        numbers
    }

    fn all(numbers: &Numbers) -> BTreeSet<u32> {
        numbers.after(None).collect()
    }

    fn phrase(text: &str, is_beginning: bool) -> Phrase {
        Phrase { words: text.split(' ').map(str::to_owned).collect(), is_beginning }
    }

    proptest! {
        #[test]
        fn bits_are_a_set(
            one in proptest::collection::btree_set(0_u32..300, 0..50),
            other in proptest::collection::btree_set(0_u32..300, 0..50),
            after in proptest::option::of(0_u32..400),
        ) {
            let (bits, others) = (numbers(&one), numbers(&other));
            prop_assert_eq!((all(&bits), bits.len()), (one.clone(), one.len() as u64));
            let later: Vec<u32> = one.iter().copied().filter(|number| after.is_none_or(|after| *number > after)).collect();
            prop_assert_eq!(bits.after(after).collect::<Vec<_>>(), later);
            let (mut with, mut within, mut without) = (bits.clone(), bits.clone(), bits);
            with.with(&others);
            within.within(&others);
            other.iter().for_each(|number| without.remove(*number));
            prop_assert_eq!(all(&with), one.union(&other).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(all(&within), one.intersection(&other).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(all(&without), one.difference(&other).copied().collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes_first_and_what_was_read_before_a_change_is_not_taken() {
        let mut broad = Broad::default();
        let many = numbers(&BTreeSet::from([1, 8 * (1 << 20) * 8 - 1]));
        let word = |n: usize| phrase(&format!("w{n}"), false);
        for n in 0..4 {
            broad.keep(word(n), many.clone(), 0);
        }
        assert!((0..4).all(|n| broad.saying(&word(n)).is_some()), "four of eight megabytes");
        broad.saying(&word(0));
        broad.keep(word(4), many.clone(), 0);
        assert_eq!([0, 1, 2, 3, 4].map(|n| broad.saying(&word(n)).is_some()), [true, false, true, true, true]);
        broad.change(&[], &[1]);
        assert_eq!(broad.saying(&word(0)).unwrap().len(), 1);
        broad.keep(word(5), numbers(&BTreeSet::from([1])), 0);
        assert!(broad.saying(&word(5)).is_none(), "the one may be gone");
        broad.keep(word(5), numbers(&BTreeSet::from([2])), broad.n_changes());
        assert!(broad.saying(&word(5)).is_some());
        broad.clear();
        assert!((0..6).all(|n| broad.saying(&word(n)).is_none()));
    }

    #[test]
    fn what_grows_by_a_change_makes_what_was_asked_for_longest_ago_go() {
        let mut broad = Broad::default();
        for n in 0..5 {
            broad.keep(phrase(&format!("w{n}"), false), numbers(&BTreeSet::from([1])), 0);
        }
        let columns = ["w0 w1 w2 w3 w4", "", "", "", ""].map(str::to_owned);
        let number = 8 * (1 << 20) * 8 - 1;
        broad.change(&[Indexed { number, key: ItemKey(1), digest: 1, is_vouched: true, columns }], &[]);
        let kept = [0, 1, 2, 3, 4].map(|n| broad.saying(&phrase(&format!("w{n}"), false)).is_some());
        assert_eq!(kept, [false, true, true, true, true], "four of eight megabytes");
        assert_eq!(broad.n_bytes, N_BYTES_MAX);
    }

    #[test]
    fn an_item_whose_letters_are_read_otherwise_makes_everything_be_read_anew() {
        for (title, is_kept) in [("tea 1.5 l", true), ("чай", true), ("緑 茶", true), ("ḃar", false), ("λογος", false)]
        {
            let mut broad = Broad::default();
            broad.keep(phrase("bar", false), numbers(&BTreeSet::from([7])), 0);
            let columns = [title.to_owned(), String::new(), String::new(), String::new(), String::new()];
            broad.change(&[Indexed { number: 1, key: ItemKey(1), digest: 1, is_vouched: true, columns }], &[]);
            assert_eq!(broad.saying(&phrase("bar", false)).is_some(), is_kept, "{title}");
        }
    }
}
