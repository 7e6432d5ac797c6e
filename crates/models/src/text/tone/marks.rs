//! How is something said: loudly, drawn out, asked, or meant the other way round? And does it speak of a time?

use super::emoji;

/// So much each way of saying something loudly counts at most, of 1.
const CAPITALS_COUNT: f64 = 0.5;
const DRAWN_OUT_COUNTS: f64 = 0.3;
const EXCLAMATIONS_COUNT: [f64; 4] = [0.0, 0.25, 0.4, 0.5];
/// With so many letters a word in capitals is said loudly; shorter ones are often abbreviations.
const N_LOUD_LETTERS: usize = 4;
/// Quotes around so many words at most are put around what is not believed.
const N_QUOTED_WORDS: usize = 2;

/// How a message is said.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Marks {
    /// From 0, as anything is said, to 1.
    pub(super) emphasis: f64,
    /// Whether signs say that the words are meant the other way round.
    pub(super) is_ironic: bool,
    /// Marks that say it loudly, to be counted as words are.
    pub(super) loud: Vec<&'static str>,
    /// Other marks.
    pub(super) other: Vec<&'static str>,
}

/// The marks of a message as it is shown: with capitals and signs.
pub(super) fn marks(shown: &str) -> Marks {
    let mut marks = Marks::default();
    let loud = &mut marks.loud;
    let capitals = capitals(shown);
    let n_exclamations = shown.bytes().filter(|byte| *byte == b'!').count();
    let is_drawn_out = is_drawn_out(shown);
    push(loud, capitals.n > 0, "C1");
    push(loud, capitals.n >= 3 || capitals.share > 0.5, "C2");
    push(loud, n_exclamations > 0, "E1");
    push(loud, n_exclamations > 1, "E2");
    push(loud, n_exclamations > 3, "E4");
    push(loud, shown.trim_end().ends_with('!'), "EE");
    push(loud, is_drawn_out, "L");
    let other = &mut marks.other;
    let n_questions = shown.bytes().filter(|byte| *byte == b'?').count();
    push(other, n_questions > 0, "Q1");
    push(other, n_questions > 1, "Q2");
    push(other, shown.contains("?!") || shown.contains("!?"), "QE");
    push(other, shown.trim_end().ends_with('?'), "QQ");
    push(other, shown.contains("..") || shown.contains('…'), "D");
    push(other, is_doubted(shown), "S");
    let calm = [
        1.0 - EXCLAMATIONS_COUNT[n_exclamations.min(3)],
        1.0 - if capitals.is_loud { CAPITALS_COUNT * capitals.share_with_short.max(0.2) } else { 0.0 },
        1.0 - if is_drawn_out { DRAWN_OUT_COUNTS } else { 0.0 },
    ];
    marks.emphasis = 1.0 - calm.iter().product::<f64>();
    marks.is_ironic = shown.contains(emoji::is_ironic) || shown.trim_end().ends_with(" /s");
    marks
}

fn push(marks: &mut Vec<&'static str>, is_so: bool, mark: &'static str) {
    if is_so {
        marks.push(mark);
    }
}

struct Capitals {
    /// How many words of three letters or more are written in capitals.
    n: u32,
    /// Which share of all words of two letters or more.
    share: f64,
    /// The same with words of two letters in capitals.
    share_with_short: f64,
    /// Whether that is more than an abbreviation.
    is_loud: bool,
}

fn capitals(shown: &str) -> Capitals {
    let (mut n, mut n_short, mut n_words, mut longest) = (0_u32, 0_u32, 0_u32, 0);
    let is_letter = |c: char| c.is_alphabetic() || c == '\'';
    // What stands in brackets is a place for a name.
    for word in shown.split(|c: char| !is_letter(c) && c != '[').filter(|word| !word.starts_with('[')) {
        let n_letters = word.chars().filter(|c| c.is_alphabetic()).count();
        if n_letters < 2 {
            continue;
        }
        n_words += 1;
        if word.chars().any(|c| c.is_alphabetic() && !c.is_uppercase()) {
            continue;
        }
        if n_letters >= 3 {
            n += 1;
            longest = longest.max(n_letters);
        } else {
            n_short += 1;
        }
    }
    let share = f64::from(n) / f64::from(n_words.max(1));
    // Of short words in capitals most must be, and more than one: "OK" is an abbreviation.
    let share_with_short = f64::from(n + n_short) / f64::from(n_words.max(1));
    let are_most = n + n_short > 1 && share_with_short > 0.5;
    Capitals { n, share, share_with_short, is_loud: longest >= N_LOUD_LETTERS || share > 0.5 || are_most }
}

fn is_drawn_out(text: &str) -> bool {
    let (mut last, mut n) = (' ', 0);
    for c in text.chars() {
        n = if c == last && c.is_alphabetic() { n + 1 } else { 1 };
        last = c;
        if n == 3 {
            return true;
        }
    }
    false
}

/// Whether one or two words stand in quotes, which says that somebody else calls it so.
fn is_doubted(shown: &str) -> bool {
    let parts: Vec<&str> = shown.split('"').take(64).collect();
    let inside = parts.iter().skip(1).step_by(2).take(parts.len().saturating_sub(1) / 2);
    inside.into_iter().any(|quoted| (1..=N_QUOTED_WORDS).contains(&quoted.split_whitespace().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_more_loudly_has_more_emphasis() {
        let rising = [
            "it is broken",
            "it is broken!",
            "it is broken!!",
            "it is BROKEN!!",
            "IT IS BROKEN!!",
            "IT IS BROKEEEN!!!",
        ];
        let found: Vec<f64> = rising.iter().map(|text| marks(text).emphasis).collect();
        assert!(found.is_sorted_by(|a, b| a < b) && found[0] <= 0.0 && found[5] < 1.0, "{found:?}");
        assert!(marks("I AM SO SAD").emphasis > 0.0);
        for calm in ["My PIN is wrong", "OK", "My TV is on", "[NAME] is here", "The USA", "Call me?", ""] {
            assert!(marks(calm).emphasis <= 0.0, "{calm}");
        }
    }

    #[test]
    fn what_is_meant_otherwise_is_marked() {
        assert!(marks("great 🙄").is_ironic && marks("great /s").is_ironic && !marks("great 😀").is_ironic);
        assert!(marks("your \"help\" desk").other.contains(&"S"));
        for plain in ["he said \"i will come at once\"", "a 5\" screen", ""] {
            assert!(!marks(plain).other.contains(&"S"), "{plain}");
        }
        assert_eq!(marks("WHY ARE YOU SO").loud, ["C1", "C2"]);
        assert_eq!(marks("why? or what?!").other, ["Q1", "Q2", "QE"]);
    }
}
