//! Of which words and which runs of letters is a message made?

use serde::{Deserialize, Serialize};

/// What is counted of a message.
///
/// *Source*: `TfidfVectorizer` of scikit-learn 1.9, whose rules are kept so that numbers can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Grams {
    /// Words of two letters or more, and pairs of neighbours (`ngram_range=(1, 2)`).
    Words,
    /// Runs of two to five letters within what stands between spaces, with a space before and after
    /// (`analyzer="char_wb", ngram_range=(2, 5)`).
    Letters,
}

/// So many letters make a run.
const RUN_LENGTHS: std::ops::RangeInclusive<usize> = 2..=5;

impl Grams {
    /// Names each gram of a plain message, as often as it stands there. Written with single spaces.
    pub(crate) fn each(self, plain: &str, mut found: impl FnMut(&str)) {
        match self {
            Self::Words => {
                let (line, ends) = words(plain);
                let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1));
                for (at, start) in starts.enumerate().take(ends.len()) {
                    for end in ends.iter().skip(at).take(2) {
                        found(line.get(start..*end).unwrap_or_default());
                    }
                }
            }
            Self::Letters => {
                let (mut word, mut places) = (String::new(), Vec::new());
                for bare in plain.split_whitespace() {
                    word.clear();
                    word.push(' ');
                    word.push_str(bare);
                    word.push(' ');
                    places.clear();
                    places.extend(word.char_indices().map(|(at, _)| at).chain([word.len()]));
                    let n_letters = places.len() - 1;
                    for length in RUN_LENGTHS {
                        for (start, end) in places.iter().zip(places.iter().skip(length.min(n_letters))) {
                            found(word.get(*start..*end).unwrap_or_default());
                        }
                        // What is no longer than this is one run, and counted once.
                        if n_letters <= length {
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// The words of two letters or more, parted by single spaces, and where each ends.
fn words(plain: &str) -> (String, Vec<usize>) {
    let (mut line, mut ends) = (String::with_capacity(plain.len()), Vec::new());
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    for word in plain.split(|c| !is_letter(c)).filter(|word| word.chars().nth(1).is_some()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        ends.push(line.len());
    }
    (line, ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(grams: Grams, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        grams.each(text, |gram| found.push(gram.to_owned()));
        found
    }

    #[test]
    fn words_are_counted_alone_and_in_pairs() {
        assert_eq!(
            all(Grams::Words, "i can't find my_card 42, ok"),
            ["can", "can find", "find", "find my_card", "my_card", "my_card 42", "42", "42 ok", "ok"]
        );
        assert_eq!(all(Grams::Words, "a ? !"), [""; 0]);
        assert_eq!(all(Grams::Words, "über größe"), ["über", "über größe", "größe"]);
    }

    #[test]
    fn runs_of_letters_stay_within_words_as_scikit_learn_counts_them() {
        // TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).build_analyzer()(text), scikit-learn 1.9.1.
        assert_eq!(all(Grams::Letters, "a"), [" a", "a ", " a "]);
        assert_eq!(all(Grams::Letters, "ab"), [" a", "ab", "b ", " ab", "ab ", " ab "]);
        assert_eq!(
            all(Grams::Letters, "äbc d?"),
            [
                " ä", "äb", "bc", "c ", " äb", "äbc", "bc ", " äbc", "äbc ", " äbc ", " d", "d?", "? ", " d?", "d? ",
                " d? "
            ]
        );
        assert_eq!(all(Grams::Letters, ""), [""; 0]);
    }
}
