//! Which sentences say most of what somebody wrote?
//!
//! Words that come up again are what it is about (Luhn 1958): a sentence counts the sum of how often its words stand in all of them,
//! over the root of its length. The first sentence says why they wrote, and is always taken.

use std::collections::{BTreeMap, BTreeSet};

const N_SENTENCES: usize = 3;
/// Of more is not looked at.
const N_SENTENCES_MAX: usize = 400;
const CHARS_MAX: usize = 240;
/// Shorter words are mostly those of which every text is made.
const LETTERS_MIN: usize = 4;

pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let sentences: Vec<&str> = texts.flat_map(sentences).take(N_SENTENCES_MAX).collect();
    let words = |sentence: &str| {
        let folded = sentence.to_lowercase();
        let words = folded.split(|letter: char| !letter.is_alphanumeric());
        words.filter(|word| word.chars().count() >= LETTERS_MIN).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let told: Vec<BTreeSet<String>> = sentences.iter().map(|sentence| words(sentence)).collect();
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    told.iter().flatten().for_each(|word| *counts.entry(word).or_default() += 1.0);
    #[expect(clippy::cast_precision_loss, reason = "a sentence has few words")]
    let score = |at: usize| {
        let sum: f64 = told[at].iter().filter_map(|word| counts.get(word.as_str())).sum();
        sum / (told[at].len().max(1) as f64).sqrt()
    };
    let mut others: Vec<usize> = (1..sentences.len()).filter(|at| !told[*at].is_empty()).collect();
    others.sort_by(|a, b| score(*b).total_cmp(&score(*a)).then(a.cmp(b)));
    others.dedup_by(|a, b| told[*a] == told[*b]);
    let taken: BTreeSet<usize> = (0..sentences.len().min(1)).chain(others.into_iter().take(N_SENTENCES - 1)).collect();
    taken.into_iter().map(|at| short(sentences[at])).collect()
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split_inclusive(['.', '!', '?', '\n']);
    parts.map(str::trim).filter(|part| part.chars().any(char::is_alphanumeric))
}

fn short(sentence: &str) -> String {
    match sentence.char_indices().nth(CHARS_MAX) {
        None => sentence.to_owned(),
        Some((end, _)) => format!("{}…", &sentence[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_up_again_is_told_in_the_order_in_which_it_was_said() {
        let texts =
            ["Hello. My parcel from order 77 has not arrived. The weather is bad.", "Where is the parcel of my order?"];
        let told = of(texts.into_iter());
        assert_eq!(told.len(), 3);
        assert_eq!(told[0], "Hello.");
        assert!(told[1].contains("parcel") && told[2].contains("parcel"), "{told:?}");
        assert!(of(["", " \n ?!"].into_iter()).is_empty());
        assert!(of(["x".repeat(10_000).as_str()].into_iter())[0].chars().count() <= CHARS_MAX + 1);
    }
}
