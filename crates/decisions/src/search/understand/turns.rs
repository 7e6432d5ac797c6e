//! Which words say nothing of what is looked for, but in which order it is wanted, or what it must not be?

use super::{Meaning, N_TITLED_MAX, Reader, Token, Understood, Wish};
use crate::search::index::{Phrase, TextIndexError};
use crate::search::words::{forms, is_filler};

/// Words that ask for what came last: as far as they stand alone, without what they are said of.
const NEWEST: [&str; 25] = [
    "latest",
    "neu",
    "neue",
    "neuen",
    "neuer",
    "neues",
    "neueste",
    "neuesten",
    "neuestes",
    "new",
    "newest",
    "nieuw",
    "nieuwe",
    "nouveau",
    "nouveaux",
    "nouvelle",
    "nouvelles",
    "nueva",
    "nuevas",
    "nuevo",
    "nuevos",
    "nuova",
    "nuove",
    "nuovi",
    "nuovo",
];
/// Words after which what they are said of is not wanted.
const WITHOUT: [&str; 21] = [
    "ausser",
    "behalve",
    "except",
    "excepto",
    "excluding",
    "kein",
    "keine",
    "keinen",
    "neither",
    "nicht",
    "no",
    "non",
    "nor",
    "not",
    "ohne",
    "sans",
    "sauf",
    "senza",
    "sin",
    "without",
    "zonder",
];
/// Words between those and what is not wanted.
const SAID_OF: [&str; 10] = ["by", "da", "di", "from", "made", "of", "van", "vom", "von", "than"];
/// Words after which more of the same follows.
const FURTHER: [&str; 11] = ["and", "en", "et", "nor", "o", "oder", "of", "or", "ou", "und", "y"];
/// What says that a word and the next are one, but where it says that the next is not: "no-show", but "non-vegan".
const PREFIX: &str = "non";
/// A word belongs to the next one where of so many items with that in their titles more than one has both: "New York".
const TOGETHER_ONE_IN: usize = 4;

/// As what an order is told.
const ORDER: &str = "order";
/// As what a word is told that no value is called by.
const TITLE: &str = "title";

/// Whether a word turns what is said with it.
pub(super) fn is_turn(word: &str) -> bool {
    NEWEST.binary_search(&word).is_ok() || is_without(word)
}

/// Whether what is said after a word is not wanted.
pub(super) fn is_without(word: &str) -> bool {
    WITHOUT.binary_search(&word).is_ok()
}

impl Reader<'_> {
    /// Takes out the words that ask for an order, and those that say what must not be.
    pub(super) fn take_turns(
        &self,
        tokens: &mut Vec<Token>,
        understood: &mut Understood,
    ) -> Result<(), TextIndexError> {
        let all = std::mem::take(tokens);
        let mut at = 0;
        while let Some(token) = all.get(at) {
            let (rest, word) = (&all[at..], token.part.as_str());
            // "New Balance" is a name; "no" by itself is none, though a trait may say so.
            let n_named = self.named(rest).map_or(0, |named| named.n_words);
            if n_named > usize::from(is_without(word)) {
                tokens.extend_from_slice(&rest[..n_named]);
                at += n_named;
                continue;
            }
            let n_taken = match word {
                word if NEWEST.binary_search(&word).is_ok() && !self.belongs_to_next(rest)? => {
                    understood.newest = Some(understood.meanings.len());
                    let value = Some("newest first".to_owned());
                    understood.meanings.push(Meaning::of(word, ORDER, value));
                    1
                }
                word if is_without(word) && !self.belongs_to_next(rest)? => self.take_unwanted(rest, understood)?,
                _ => 0,
            };
            if n_taken == 0 {
                tokens.push(token.clone());
            }
            at += n_taken.max(1);
        }
        Ok(())
    }

    /// What stands after "without", with that word, and what is said of the same after "or" and "and". Answers how many words that
    /// are: none where nothing stands there.
    fn take_unwanted(&self, tokens: &[Token], understood: &mut Understood) -> Result<usize, TextIndexError> {
        let between = |token: &&Token| is_filler(&token.part) || SAID_OF.contains(&token.part.as_str());
        let mut from = 1 + tokens.iter().skip(1).take_while(between).count();
        let mut n_taken = self.take_one_unwanted(tokens, (0, from), understood)?;
        while n_taken > 0 && n_taken < tokens.len() {
            let n_further = tokens[n_taken..].iter().take_while(|token| FURTHER.contains(&token.part.as_str())).count();
            from = n_taken + n_further;
            // "Not grey, black or red" is one list; a word that is no value ends it.
            let is_alike = tokens.get(from..).and_then(|rest| self.named(rest)).is_some_and(|named| {
                let last = understood.unwanted.last().map_or(&[][..], |wish| wish.values.as_slice());
                self.are_of_one_trait(last, &named.values)
            });
            if !is_alike {
                break;
            }
            n_taken = self.take_one_unwanted(tokens, (from, from), understood)?.max(from);
        }
        Ok(n_taken)
    }

    /// What stands at a place after "without", told with the words since another. Answers how many words have been taken then.
    fn take_one_unwanted(
        &self,
        tokens: &[Token],
        (since, from): (usize, usize),
        understood: &mut Understood,
    ) -> Result<usize, TextIndexError> {
        let Some(next) = tokens.get(from) else { return Ok(0) };
        let named = self.named(&tokens[from..]);
        let until = from + named.as_ref().map_or(1, |named| named.n_words);
        let parts: Vec<String> = tokens[from..until].iter().map(|token| token.part.clone()).collect();
        let text = tokens[since..until].iter().map(|token| token.part.as_str()).collect::<Vec<_>>().join(" ");
        let values = named.map(|named| named.values).unwrap_or_default();
        if values.is_empty() {
            // "No 5" is a number.
            if next.part.starts_with(|first: char| first.is_ascii_digit()) {
                return Ok(0);
            }
            let meaning = Meaning::of(&text, TITLE, Some(next.part.clone()));
            understood.meanings.push(Meaning { only: true, not: true, ..meaning });
        }
        for meaning in self.meanings(&text, &values, true) {
            understood.meanings.push(Meaning { not: true, ..meaning });
        }
        let mut said = vec![Phrase::of(&parts)];
        said.extend(forms(&next.part).into_iter().map(|form| Phrase::of(&[form])));
        understood.unwanted.push(Wish { values, said, meanings: Vec::new(), goes_on: false });
        Ok(until)
    }

    /// Whether some values are of a trait of which others are.
    fn are_of_one_trait(&self, some: &[u32], others: &[u32]) -> bool {
        some.iter().any(|one| others.iter().any(|other| self.of(*one) == self.of(*other)))
    }

    /// Whether a word is hardly said without the next one, as in "New York", or is a part of the same: "no-show".
    fn belongs_to_next(&self, tokens: &[Token]) -> Result<bool, TextIndexError> {
        let [word, next, ..] = tokens else { return Ok(false) };
        if word.of == next.of && word.part != PREFIX {
            return Ok(true);
        }
        let n_titled = |words: &[String]| -> Result<usize, TextIndexError> {
            Ok(self.index.titled(&Phrase::of(words), N_TITLED_MAX)?.len())
        };
        let n_both = n_titled(&[word.part.clone(), next.part.clone()])?;
        Ok(n_both > 0 && n_both * TOGETHER_ONE_IN > n_titled(std::slice::from_ref(&next.part))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(NEWEST.is_sorted() && WITHOUT.is_sorted());
        assert!(is_turn("new") && is_turn("ohne") && !is_turn("news"));
    }
}
