//! In which language is a message written?

mod words;

use std::collections::HashMap;
use std::sync::LazyLock;
use words::WORDS;

/// So many letters of a message are looked at.
const N_CHARS_MAX: usize = 1_000;
/// With fewer letters nothing is said.
const N_LETTERS_MIN: usize = 8;
/// So much likelier than any other must a language be, by its natural logarithm.
const LEAD_MIN: f64 = 2.0;
/// So many letters of ten must be of a script that tells the language by itself.
const SCRIPT_SHARE_MIN: f64 = 0.5;
/// What a run of letters counts that a language has never, in occurrences.
const NEVER: f64 = 0.3;
/// A whole word that is known counts as so many runs of letters.
const WORD_COUNTS: f64 = 3.0;

/// Scripts of which each stands for one language, as far as can be told without its words.
const SCRIPTS: [(&str, &[std::ops::RangeInclusive<char>]); 8] = [
    ("el", &['\u{370}'..='\u{3FF}']),
    ("he", &['\u{590}'..='\u{5FF}']),
    ("ar", &['\u{600}'..='\u{6FF}']),
    ("hi", &['\u{900}'..='\u{97F}']),
    ("th", &['\u{E00}'..='\u{E7F}']),
    ("ko", &['\u{AC00}'..='\u{D7AF}', '\u{1100}'..='\u{11FF}', '\u{3130}'..='\u{318F}']),
    // Japanese has Chinese letters, and Chinese none of these.
    ("ja", &['\u{3040}'..='\u{30FF}']),
    ("zh", &['\u{4E00}'..='\u{9FFF}']),
];

/// The language of a message as two letters (ISO 639-1), or nothing where that cannot be told.
///
/// ```text
/// log P(message | language) = sum over its runs of one to three letters within words of ln P(run | language)
///                           + 3 for each word that is one of the language's commonest
/// P(run | language)         = (count + 0.3) / (all counts + 0.3 kinds),   counted over the commonest words of the language
/// ```
/// Languages that have a script of their own are told by it. *Guarantees*: nothing is said of fewer than 8 letters, nor where no
/// language leads by 2; so a name, a number or two words of different languages are of none. *Edge cases*: of mixed messages the
/// language of most of it. *Source*: Cavnar and Trenkle 1994 for runs of letters; the words are our own list.
///
/// ```
/// assert_eq!(models::text::language("Where is my parcel? I have been waiting for a week"), Some("en"));
/// assert_eq!(models::text::language("Wo bleibt denn meine Bestellung?"), Some("de"));
/// assert_eq!(models::text::language("4711 ok"), None);
/// ```
#[must_use]
pub fn language(message: &str) -> Option<&'static str> {
    let message = super::plain::beginning(message, 4 * N_CHARS_MAX);
    let small: String = message.chars().take(N_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let n_letters = small.chars().filter(|c| c.is_alphabetic()).count();
    by_script(&small, n_letters).or_else(|| (n_letters >= N_LETTERS_MIN).then(|| by_words(&small)).flatten())
}

/// The languages that can be told, ascending.
#[must_use]
pub fn languages() -> Vec<&'static str> {
    let mut all: Vec<&str> = SCRIPTS.iter().map(|(name, _)| *name).chain(WORDS.iter().map(|(name, _)| *name)).collect();
    all.sort_unstable();
    all
}

/// What everybody says in a language, whatever it is about.
pub(super) fn stop_words(language: &str) -> impl Iterator<Item = &'static str> {
    let found = WORDS.iter().find(|(name, _)| *name == language);
    found.map_or("", |(_, words)| words).split_whitespace()
}

fn by_script(small: &str, n_letters: usize) -> Option<&'static str> {
    let share = |ranges: &[std::ops::RangeInclusive<char>]| {
        let n = small.chars().filter(|c| c.is_alphabetic() && ranges.iter().any(|range| range.contains(c))).count();
        n as f64 / n_letters.max(1) as f64
    };
    let kana = SCRIPTS.iter().find(|(name, _)| *name == "ja").map_or(0.0, |(_, ranges)| share(ranges));
    let found = SCRIPTS.iter().find(|(name, ranges)| {
        let own = share(ranges);
        if *name == "ja" {
            own > 0.0 && own + share(&['\u{4E00}'..='\u{9FFF}']) >= SCRIPT_SHARE_MIN
        } else {
            own >= SCRIPT_SHARE_MIN
        }
    });
    // A borrowed letter in a Chinese message is not enough, but a twentieth is.
    found.map(|(name, _)| if *name == "ja" && kana < 0.05 { "zh" } else { *name })
}

/// What is known of one language.
struct Profile {
    name: &'static str,
    /// The logarithm of the chance of each run of letters, above that of one that never stands there.
    runs: HashMap<Box<str>, f64>,
    never: f64,
    words: std::collections::HashSet<&'static str>,
}

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    let counted: Vec<HashMap<Box<str>, f64>> = WORDS
        .iter()
        .map(|(_, words)| {
            let mut counts: HashMap<Box<str>, f64> = HashMap::new();
            for word in words.split_whitespace() {
                each_run(word, |run| *counts.entry(run.into()).or_default() += 1.0);
            }
            counts
        })
        .collect();
    let n_kinds = counted.iter().flat_map(HashMap::keys).collect::<std::collections::BTreeSet<_>>().len() as f64;
    let profiles = WORDS.iter().zip(counted).map(|((name, words), counts)| {
        // Counts are whole numbers, so the order of the sum does not matter.
        let all: f64 = counts.values().sum::<f64>() + NEVER * n_kinds;
        let runs = counts.into_iter().map(|(run, count)| (run, ((count + NEVER) / all).ln())).collect();
        Profile { name, runs, never: (NEVER / all).ln(), words: words.split_whitespace().collect() }
    });
    profiles.collect()
});

/// Names each run of one to three letters of a word, with what is before and after it.
fn each_run(word: &str, mut found: impl FnMut(&str)) {
    let padded = format!(" {word} ");
    let places: Vec<usize> = padded.char_indices().map(|(at, _)| at).chain([padded.len()]).collect();
    for length in 1..=3 {
        for (start, end) in places.iter().zip(places.iter().skip(length)) {
            let run = padded.get(*start..*end).unwrap_or_default();
            if run != " " {
                found(run);
            }
        }
    }
}

fn by_words(small: &str) -> Option<&'static str> {
    let mut scores = vec![0.0_f64; PROFILES.len()];
    let mut n_known = 0;
    for word in small.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty()) {
        each_run(word, |run| {
            for (score, profile) in scores.iter_mut().zip(PROFILES.iter()) {
                *score += profile.runs.get(run).copied().unwrap_or(profile.never);
            }
        });
        for (score, profile) in scores.iter_mut().zip(PROFILES.iter()) {
            *score += if profile.words.contains(word) { WORD_COUNTS } else { 0.0 };
        }
        n_known += usize::from(PROFILES.iter().any(|profile| profile.words.contains(word)));
    }
    let mut order: Vec<(f64, &'static str)> =
        scores.iter().zip(PROFILES.iter()).map(|(score, p)| (*score, p.name)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let [(best, name), (second, _), ..] = order.as_slice() else { return None };
    // Letters alone are a guess: some word must be known, too.
    (n_known > 0 && best - second >= LEAD_MIN).then_some(*name)
}

#[cfg(test)]
mod tests;
