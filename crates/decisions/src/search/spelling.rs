//! Which word was meant by one that nothing has?

use super::index::{Phrase, TextIndex, TextIndexError};
use super::words::forms;

/// Whether any item has the word, or another form of it.
pub(crate) fn is_known(index: &dyn TextIndex, word: &str) -> Result<bool, TextIndexError> {
    for one in std::iter::once(word.to_owned()).chain(forms(word)) {
        if index.has(&Phrase::of(&[one]))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The words that items have which were meant by one that none has: one, or two that were written in one.
pub(crate) fn meant(index: &dyn TextIndex, word: &str) -> Result<Option<Vec<String>>, TextIndexError> {
    let letters: Vec<char> = word.chars().collect();
    let n_wrong_max = match letters.len() {
        0..=2 => return Ok(None),
        3..=5 => 1,
        _ => 2,
    };
    // The first letter is seldom wrong.
    let of_first = |other: &str| other.chars().next() != letters.first().copied();
    let mut near: Vec<(usize, bool, String)> = index
        .near(word, n_wrong_max)?
        .into_iter()
        .filter(|(n_wrong, _)| *n_wrong > 0)
        .map(|(n_wrong, other)| (n_wrong, of_first(&other), other))
        .collect();
    near.sort_unstable();
    for alike in near.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        // Of equally near ones the one that more items have.
        let mut best: Option<(u64, &str)> = None;
        for (.., other) in alike {
            let n_items = index.n_with(other)?;
            if n_items > best.map_or(0, |(most, _)| most) {
                best = Some((n_items, other));
            }
        }
        if let Some((_, other)) = best {
            return Ok(Some(vec![other.to_owned()]));
        }
    }
    halves(index, &letters)
}

/// Where two known words stand without a blank: those of which the rarer one is least rare.
fn halves(index: &dyn TextIndex, letters: &[char]) -> Result<Option<Vec<String>>, TextIndexError> {
    let mut best: Option<(u64, Vec<String>)> = None;
    for at in 3..letters.len().saturating_sub(2) {
        let halves = [&letters[..at], &letters[at..]].map(|half| half.iter().collect::<String>());
        let n_items = index.n_with(&halves[0])?.min(index.n_with(&halves[1])?);
        let has = |half: &String| index.has(&Phrase::of(std::slice::from_ref(half)));
        if n_items > best.as_ref().map_or(0, |(n, _)| *n) && has(&halves[0])? && has(&halves[1])? {
            best = Some((n_items, halves.to_vec()));
        }
    }
    Ok(best.map(|(_, halves)| halves))
}
