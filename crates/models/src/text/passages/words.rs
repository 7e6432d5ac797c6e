//! Of which words does a knowledge base consist, and which of them may be meant by a word of a question?

use super::alike::alike;
use std::collections::{BTreeMap, HashMap};

/// A word of so many letters or more may be meant where it is written otherwise.
const N_LETTERS_MIN: usize = 4;
/// More alike than this must two words be.
const ALIKE_MIN: f32 = 0.5;
/// What counts where one word begins with the other, or letters changed places.
const BEGINS: f32 = 0.7;
const SWAPPED: f32 = 0.8;
/// So many words may be meant by one at most, the likest first.
const N_MEANT_MAX: usize = 12;

/// The words of a plain text: runs of letters and digits; of scripts without spaces, pairs of neighbouring letters.
pub(super) fn each_word<'a>(plain: &'a str, mut found: impl FnMut(&'a str)) {
    for run in plain.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        if !run.chars().any(is_unspaced) {
            found(run);
            continue;
        }
        let places: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
        let length = 2.min(places.len() - 1);
        for (start, end) in places.iter().zip(places.iter().skip(length)) {
            found(run.get(*start..*end).unwrap_or_default());
        }
    }
}

/// Chinese, Japanese and Thai write no spaces between words.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{E00}'..='\u{E7F}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}')
}

/// All words of a knowledge base, each with a number.
///
/// ```text
/// alike(a, b) = 2 |runs(a) and runs(b)| / (|runs(a)| + |runs(b)|),   runs of three letters of the word with its beginning and end
/// ```
/// So misspelt words and endings are near to each other in any language. *Source*: Dice 1945, doi:10.2307/1932409.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words {
    places: HashMap<Box<str>, u32>,
    words: Vec<Box<str>>,
    /// How many runs of three letters each has.
    n_runs: Vec<u16>,
    /// In which words each run stands.
    with_run: HashMap<[char; 3], Vec<u32>>,
}

impl Words {
    /// The number of a word, which it gets where it has none.
    pub(super) fn put(&mut self, word: &str) -> u32 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let place = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        let runs = runs(word);
        self.places.insert(word.into(), place);
        self.words.push(word.into());
        self.n_runs.push(u16::try_from(runs.len()).unwrap_or(u16::MAX));
        if may_be_alike(word) {
            for run in runs {
                self.with_run.entry(run).or_default().push(place);
            }
        }
        place
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The word of a number.
    pub(super) fn at(&self, place: u32) -> &str {
        self.words.get(place as usize).map_or("", |word| word)
    }

    pub(super) fn get(&self, word: &str) -> Option<u32> {
        self.places.get(word).copied()
    }

    /// The words that may be meant by one, each with how alike it is from 0 to 1, the likest first.
    pub(super) fn meant(&self, word: &str) -> Vec<(u32, f32)> {
        let exact = self.get(word);
        let mut meant: Vec<(u32, f32)> = exact.map(|place| (place, 1.0)).into_iter().collect();
        let same = alike(word).filter_map(|(other, counts)| Some((self.get(other)?, counts)));
        meant.extend(same);
        if !may_be_alike(word) {
            return meant;
        }
        let own = runs(word);
        let mut shared: BTreeMap<u32, u16> = BTreeMap::new();
        for place in own.iter().filter_map(|run| self.with_run.get(run)).flatten() {
            *shared.entry(*place).or_default() += 1;
        }
        let others = shared.into_iter().filter(|(place, _)| Some(*place) != exact);
        meant.extend(others.filter_map(|(place, n)| {
            let (other, n_other) = (&self.words[place as usize], self.n_runs[place as usize]);
            let dice = 2.0 * f32::from(n) / (own.len() as f32 + f32::from(n_other));
            let like = dice.max(otherwise_alike(word, other));
            (like > ALIKE_MIN).then_some((place, like * like))
        }));
        meant.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
        meant.dedup_by_key(|(place, _)| *place);
        meant.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        meant.truncate(N_MEANT_MAX);
        meant
    }
}

/// How alike two words are that share few runs: one begins with the other, or letters changed places.
fn otherwise_alike(a: &str, b: &str) -> f32 {
    if a.starts_with(b) || b.starts_with(a) {
        return BEGINS;
    }
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let is_swapped = a.len() == b.len() && a.len() > N_LETTERS_MIN && a.chars().next() == b.chars().next();
    if is_swapped && sorted(a) == sorted(b) { SWAPPED } else { 0.0 }
}

/// Numbers name one thing, and short words are too near to each other.
fn may_be_alike(word: &str) -> bool {
    word.chars().nth(N_LETTERS_MIN - 1).is_some() && !word.contains(|c: char| c.is_numeric())
}

/// The runs of three letters of a word with its beginning and its end, each once.
fn runs(word: &str) -> Vec<[char; 3]> {
    let letters: Vec<char> = std::iter::once(' ').chain(word.chars()).chain([' ']).collect();
    let mut runs: Vec<[char; 3]> = letters.windows(3).filter_map(|run| run.try_into().ok()).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words_of(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        each_word(text, |word| found.push(word));
        found
    }

    #[test]
    fn words_are_runs_of_letters_and_pairs_where_no_spaces_are_written() {
        assert_eq!(words_of("where's my order, no. 42?"), ["where", "s", "my", "order", "no", "42"]);
        assert_eq!(words_of("退货政策 ok"), ["退货", "货政", "政策", "ok"]);
        assert_eq!(words_of(" ?! "), [""; 0]);
    }

    fn meant(all: &[&str], word: &str) -> Vec<String> {
        let mut words = Words::default();
        for word in all {
            words.put(word);
        }
        words.meant(word).into_iter().map(|(place, _)| words.words[place as usize].to_string()).collect()
    }

    #[test]
    fn endings_and_slips_are_read_and_other_words_are_not() {
        let all = ["delivery", "delivered", "return", "refund", "order", "card", "4711", "ship"];
        for (word, expected) in [
            ("delivery", vec!["delivery", "delivered"]),
            ("delivry", vec!["delivery"]),
            ("retrun", vec!["return"]),
            ("cards", vec!["card"]),
            ("orders", vec!["order"]),
            ("4712", vec![]),
            ("cart", vec![]),
            ("weather", vec![]),
        ] {
            let found = meant(&all, word);
            assert_eq!(found.first().map(String::as_str), expected.first().copied(), "{word}: {found:?}");
            assert!(expected.iter().all(|one| found.contains(&(*one).to_owned())), "{word}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn a_word_means_itself_first_and_nothing_more_than_itself(all in prop::collection::vec("[a-d]{1,7}", 1..20)) {
            let mut words = Words::default();
            let places: Vec<u32> = all.iter().map(|word| words.put(word)).collect();
            for (word, place) in all.iter().zip(places) {
                let meant = words.meant(word);
                prop_assert_eq!(meant.first(), Some(&(place, 1.0)));
                prop_assert!(meant.iter().all(|(_, alike)| *alike > 0.0 && *alike <= 1.0));
            }
        }
    }
}
