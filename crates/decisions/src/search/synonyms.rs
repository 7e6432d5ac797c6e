//! Which words mean the same?

use super::words::plain;
use std::collections::BTreeMap;

/// Words that mean the same, as the settings say or as searches have shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Synonyms {
    /// The others of each.
    others: BTreeMap<String, Vec<String>>,
    n_words_max: usize,
}

impl Synonyms {
    /// Groups of words of which each means what the others mean.
    #[must_use]
    pub fn new<G: AsRef<[String]>>(groups: &[G]) -> Self {
        let mut synonyms = Self::default();
        for group in groups {
            let group: Vec<String> =
                group.as_ref().iter().map(|words| plain(words, 8)).filter(|one| !one.is_empty()).collect();
            for one in &group {
                let others = synonyms.others.entry(one.clone()).or_default();
                for other in group.iter().filter(|other| *other != one) {
                    if !others.contains(other) {
                        others.push(other.clone());
                    }
                }
                synonyms.n_words_max = synonyms.n_words_max.max(one.split(' ').count());
            }
        }
        synonyms
    }

    /// What else means what these words mean.
    pub(crate) fn of(&self, words: &str) -> &[String] {
        self.others.get(words).map_or(&[], Vec::as_slice)
    }

    /// How many words the longest of them has.
    pub(crate) fn n_words_max(&self) -> usize {
        self.n_words_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_a_group_means_all_others_and_a_word_may_be_of_several() {
        let group = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let synonyms = Synonyms::new(&[
            group(&["Sneaker", "running shoe", ""]),
            group(&["sneaker", "Trainer"]),
            group(&["alone"]),
        ]);
        assert_eq!(synonyms.of("sneaker"), ["running shoe", "trainer"]);
        assert_eq!(
            (synonyms.of("running shoe"), synonyms.of("trainer")),
            (&["sneaker".to_owned()][..], &["sneaker".to_owned()][..])
        );
        assert_eq!((synonyms.of("alone").len(), synonyms.of("other").len(), synonyms.n_words_max()), (0, 0, 2));
    }
}
