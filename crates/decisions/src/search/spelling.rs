//! Which word was meant by one that nothing has?

use super::index::{Phrase, TextIndex, TextIndexError};
use super::words::forms;
use primitives::n_wrong_letters;

/// So many words with letters in common are compared.
const N_LIKE_MAX: usize = 300;

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
    let mut best: Option<((usize, bool, u64), String)> = None;
    // Two letters that were swapped leave a short word without any three in common.
    let swapped = (1..letters.len()).map(|at| {
        let mut swapped = letters.clone();
        swapped.swap(at - 1, at);
        swapped.into_iter().collect::<String>()
    });
    for other in index.like(word, N_LIKE_MAX)?.into_iter().chain(swapped) {
        let other_letters: Vec<char> = other.chars().collect();
        if other_letters.len().abs_diff(letters.len()) > n_wrong_max {
            continue;
        }
        let n_wrong = n_wrong_letters(&letters, &other_letters);
        if n_wrong == 0 || n_wrong > n_wrong_max {
            continue;
        }
        let n_items = index.n_with(&other)?;
        if n_items == 0 {
            continue;
        }
        // The first letter is seldom wrong; of equally near ones the one that more items have.
        let rank = (n_wrong, letters.first() != other_letters.first(), u64::MAX - n_items);
        if best.as_ref().is_none_or(|(least, known)| (rank, &other) < (*least, known)) {
            best = Some((rank, other));
        }
    }
    match best {
        Some((.., other)) => Ok(Some(vec![other])),
        None => halves(index, &letters),
    }
}

/// Where two known words stand without a blank: those of which the rarer one is least rare.
fn halves(index: &dyn TextIndex, letters: &[char]) -> Result<Option<Vec<String>>, TextIndexError> {
    let mut best: Option<(u64, Vec<String>)> = None;
    for at in 3..letters.len().saturating_sub(2) {
        let halves = [&letters[..at], &letters[at..]].map(|half| half.iter().collect::<String>());
        let n_items = index.n_with(&halves[0])?.min(index.n_with(&halves[1])?);
        if n_items > best.as_ref().map_or(0, |(n, _)| *n) {
            best = Some((n_items, halves.to_vec()));
        }
    }
    Ok(best.map(|(_, halves)| halves))
}
