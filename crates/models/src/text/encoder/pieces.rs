//! Of which pieces that a network knows is a word made?

use crate::ModelError;
use std::collections::HashMap;

/// What stands for a word of which nothing is known.
const UNKNOWN: &str = "[UNK]";
/// What stands before a piece that goes on within a word.
const GOES_ON: &str = "##";
/// A longer word is unknown.
const N_LETTERS_MAX: usize = 100;

/// The pieces of words that a network was taught, each with its number.
///
/// *Source*: WordPiece, as BERT reads: Devlin et al. 2019, arXiv 1810.04805, and the tokenizers of Hugging Face, for texts
/// in small letters without accents, which plain messages are.
#[derive(Debug, Clone)]
pub(super) struct Pieces {
    beginning: HashMap<Box<str>, u32>,
    going_on: HashMap<Box<str>, u32>,
    longest: usize,
}

impl Pieces {
    /// Reads a list with one piece a line; the first has the number 0.
    pub(super) fn read(list: &str) -> Result<Self, ModelError> {
        let corrupt = |reason: String| ModelError::Corrupt { model: "list of pieces of words", reason };
        let mut pieces = Self { beginning: HashMap::new(), going_on: HashMap::new(), longest: 0 };
        for (piece, number) in list.lines().map(str::trim_end).zip(0..) {
            let (kind, piece) = match piece.strip_prefix(GOES_ON) {
                Some(rest) if !rest.is_empty() => (&mut pieces.going_on, rest),
                _ => (&mut pieces.beginning, piece),
            };
            if kind.insert(piece.into(), number).is_some() {
                return Err(corrupt(format!("line {} says again what stands above", number + 1)));
            }
            pieces.longest = pieces.longest.max(piece.len());
        }
        if pieces.beginning.contains_key(UNKNOWN) {
            return Ok(pieces);
        }
        Err(corrupt(format!("it has no piece {UNKNOWN}")))
    }

    /// The number of a piece that a word may begin with.
    pub(super) fn number(&self, piece: &str) -> Option<u32> {
        self.beginning.get(piece).copied()
    }

    /// The number of a word of which nothing is known.
    pub(super) fn unknown(&self) -> u32 {
        self.number(UNKNOWN).unwrap_or(0)
    }

    pub(super) fn len(&self) -> usize {
        self.beginning.len() + self.going_on.len()
    }

    /// Names the number of each piece of a plain message, and nothing for a word of which nothing is known.
    pub(super) fn each(&self, plain: &str, mut found: impl FnMut(Option<u32>)) {
        let mut of_word = Vec::new();
        for word in plain.split_whitespace().flat_map(apart) {
            of_word.clear();
            if self.cut(word, &mut of_word) {
                of_word.iter().for_each(|piece| found(Some(*piece)));
            } else {
                found(None);
            }
        }
    }

    /// Takes the longest piece that a word begins with, and so on; tells whether it was used up.
    fn cut(&self, word: &str, into: &mut Vec<u32>) -> bool {
        if word.chars().nth(N_LETTERS_MAX).is_some() {
            return false;
        }
        let mut rest = word;
        while !rest.is_empty() {
            let known = if into.is_empty() { &self.beginning } else { &self.going_on };
            let mut end = rest.floor_char_boundary(self.longest);
            let piece = loop {
                if end == 0 {
                    return false;
                }
                match rest.get(..end).and_then(|piece| known.get(piece)) {
                    Some(piece) => break *piece,
                    None => end = rest.floor_char_boundary(end - 1),
                }
            };
            into.push(piece);
            rest = rest.get(end..).unwrap_or_default();
        }
        true
    }
}

/// Signs and Chinese letters stand alone.
fn apart(word: &str) -> impl Iterator<Item = &str> {
    word.split_inclusive(stands_alone).flat_map(|part| {
        let last = part.char_indices().next_back().filter(|(_, c)| stands_alone(*c)).map_or(part.len(), |(at, _)| at);
        let (before, sign) = part.split_at(last);
        [before, sign].into_iter().filter(|part| !part.is_empty())
    })
}

fn stands_alone(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{A1}' | '\u{A7}' | '\u{AB}' | '\u{B6}' | '\u{B7}' | '\u{BB}' | '\u{BF}' | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{205E}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}'
            | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_cut_into_the_longest_pieces_from_the_left() {
        let list = "[PAD]\n[UNK]\ncard\nun\n##know\n##n\n##known\n?\n'\ni\nm\nü\n中\n##s";
        let pieces = Pieces::read(list).unwrap();
        let all = |text: &str| {
            let mut found = Vec::new();
            pieces.each(text, |piece| found.push(piece.unwrap_or(pieces.unknown())));
            found
        };
        assert_eq!(all("card unknown?"), [2, 3, 6, 7]);
        assert_eq!(all("cards i'm ??"), [2, 13, 9, 8, 10, 7, 7]);
        assert_eq!(all("ü中card"), [11, 12, 2]);
        assert_eq!(all("unx card"), [1, 2], "a word of which a part is unknown is unknown");
        assert_eq!(all(&"i".repeat(101)), [1]);
        assert_eq!(pieces.len(), 14);
        assert!(Pieces::read("a\nb").is_err());
    }
}
