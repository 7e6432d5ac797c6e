//! What is counted of a message, and under which numbers?

use super::marks::{Marks, marks};
use super::times::times;
use super::tokens::{Token, tokens};
use crate::linear::narrow;
use crate::text::Cleaned;
use primitives::stable_hash;

/// Grams are numbered by so many bits of their hash. Of two that share a number one is nearly always unknown.
const N_BITS: u32 = 24;
/// So many letters make a run.
const RUN_LENGTHS: std::ops::RangeInclusive<usize> = 2..=5;

/// What is counted, each kind with numbers of its own.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Word = b'w',
    Denied = b'd',
    Mark = b'm',
    Run = b'r',
    DeniedRun = b'n',
}

/// What is counted of a message: number and weight, ascending by number.
pub(super) type Counted = Vec<(u32, f32)>;

/// A message, ready to be weighed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    pub(super) counted: Counted,
    /// The same message said calmly, where it is not said so.
    pub(super) calm: Option<Counted>,
    pub(super) emphasis: f64,
    pub(super) is_ironic: bool,
}

impl Message {
    /// Counts a message, or of one in another language its signs alone.
    ///
    /// ```text
    /// words   = words and signs, pairs of neighbours, marks of how it is said and of times
    /// letters = runs of 2 to 5 letters within words
    /// x[t]    = (1 + ln(count[t])) / root of the sum of (1 + ln(count))^2 over all of words, or all of letters
    /// ```
    /// Words that are denied count as others than the same words that are not.
    pub(super) fn of(text: &Cleaned, with_words: bool) -> Self {
        let plain = text.plain();
        let marks = marks(text.shown());
        let said = tokens(plain, with_words);
        let is_loud = marks.emphasis > 0.0;
        // The loud marks and exclamation marks gone: letters that are drawn out are gone already.
        let calm = is_loud.then(|| {
            let calm = plain.replace('!', " . ");
            let tokens = if calm == plain { said.clone() } else { tokens(&calm, with_words) };
            counted(&tokens, &Marks { loud: Vec::new(), ..marks.clone() })
        });
        Self { counted: counted(&said, &marks), calm, emphasis: marks.emphasis, is_ironic: marks.is_ironic }
    }
}

fn counted(tokens: &[Token], marks: &Marks) -> Counted {
    let mut name = String::new();
    let mut words: Vec<u32> = Vec::with_capacity(3 * tokens.len());
    let kind = |token: &Token| if token.is_denied { Kind::Denied } else { Kind::Word };
    for token in tokens {
        words.push(number(kind(token), &[&token.text], &mut name));
    }
    for pair in tokens.windows(2) {
        if let [first, second] = pair {
            let denied = if second.is_denied { " ~" } else { " " };
            words.push(number(kind(first), &[&first.text, denied, &second.text], &mut name));
        }
    }
    for mark in marks.loud.iter().chain(&marks.other).copied().chain(times(tokens)) {
        words.push(number(Kind::Mark, &[mark], &mut name));
    }
    let mut letters: Vec<u32> = Vec::with_capacity(16 * tokens.len());
    let (mut word, mut places) = (String::new(), Vec::new());
    for token in tokens {
        let kind = if token.is_denied { Kind::DeniedRun } else { Kind::Run };
        word.clear();
        word.extend([" ", &token.text, " "]);
        places.clear();
        places.extend(word.char_indices().map(|(at, _)| at).chain([word.len()]));
        let n_letters = places.len() - 1;
        for length in RUN_LENGTHS {
            for (start, end) in places.iter().zip(places.iter().skip(length.min(n_letters))) {
                letters.push(number(kind, &[word.get(*start..*end).unwrap_or_default()], &mut name));
            }
            // What is no longer than this is one run, and counted once.
            if n_letters <= length {
                break;
            }
        }
    }
    let mut all = weighed(words);
    all.extend(weighed(letters));
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    all.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
    all
}

/// Each number once, weighed by how often it stands there.
fn weighed(mut numbers: Vec<u32>) -> Counted {
    numbers.sort_unstable();
    let counts = numbers.chunk_by(|a, b| a == b).map(|same| (same[0], 1.0 + (same.len() as f64).ln()));
    let counts: Vec<(u32, f64)> = counts.collect();
    let length = counts.iter().map(|(_, count)| count * count).sum::<f64>().sqrt();
    counts.into_iter().map(|(number, count)| (number, narrow(count / length))).collect()
}

fn number(kind: Kind, parts: &[&str], name: &mut String) -> u32 {
    name.clear();
    name.push(char::from(kind as u8));
    name.extend(parts.iter().copied());
    (stable_hash(name) >> (64 - N_BITS)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(text: &str) -> Message {
        Message::of(&Cleaned::of(text), true)
    }

    #[test]
    fn what_is_said_loudly_is_the_same_when_it_is_calm() {
        let calm = message("I am so angry").counted;
        for loud in ["I AM SO ANGRY!", "I am so angry!!!", "I am sooooo ANGRY", "I am SO angry!"] {
            let found = message(loud);
            assert!(found.calm.as_ref() == Some(&calm) && found.counted != calm && found.emphasis > 0.0, "{loud}");
        }
        assert!(message("I am so angry").calm.is_none());
    }

    #[test]
    fn what_is_denied_counts_as_something_else() {
        let (said, denied) = (message("happy").counted, message("not happy").counted);
        let happy: Vec<u32> = said.iter().map(|(number, _)| *number).collect();
        assert!(denied.iter().all(|(number, _)| !happy.contains(number)), "no word and no run of letters is shared");
    }

    proptest! {
        #[test]
        fn weights_ascend_and_are_bounded(text in "\\PC{0,60}|[a-z!?. ]{0,60}") {
            let Message { counted, .. } = message(&text);
            prop_assert!(counted.is_sorted_by(|a, b| a.0 < b.0));
            let square: f64 = counted.iter().map(|(_, weight)| f64::from(*weight).powi(2)).sum();
            // Words and letters have a length of 1 each; where two share a number, a little more.
            prop_assert!(square < 2.5 && counted.iter().all(|(number, weight)| *number < 1 << N_BITS && *weight > 0.0));
        }
    }
}
