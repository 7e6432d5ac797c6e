//! What does a label of a message tell: which of 28 labels, of five emotions, which way it leans, or how far?

use models::text::tone::{EMOTIONS, LABELS, SENTIMENTS};
use primitives::nearest;

/// What is told of all messages of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// Which of [`LABELS`], one bit for each.
    Labels(Vec<u32>),
    /// Which of [`EMOTIONS`], one bit for each, and whether it cannot wait.
    Emotions(Vec<(u8, bool)>),
    /// Which of [`SENTIMENTS`].
    Sentiments(Vec<usize>),
    /// How far to the good or the bad, by any numbers of which 0 is neither.
    Ratings(Vec<f64>),
}

/// What stands for nothing that is felt, and for what cannot wait.
const NOTHING: [&str; 3] = ["none", "neutral", "[]"];
const URGENT: [&str; 2] = ["urgency", "urgent"];
/// What others call a sentiment.
const SHORT: [(&str, &str); 4] = [("pos", "positive"), ("neg", "negative"), ("neu", "neutral"), ("mixed", "ambiguous")];
/// So many labels that are wrong are told.
const N_TOLD: usize = 5;

impl Told {
    /// Reads labels by what they all are; `lines` are the lines that they stand on.
    pub(super) fn read(labels: &[String], lines: &[u64]) -> Result<Self, String> {
        if let Some(ratings) = ratings(labels) {
            return Ok(Self::Ratings(ratings));
        }
        let small: Vec<Vec<String>> = labels.iter().map(|label| parts(label)).collect();
        let all = |known: &dyn Fn(&str) -> bool| small.iter().flatten().all(|part| known(part));
        let is_emotion = |part: &str| EMOTIONS.contains(&part) || NOTHING.contains(&part) || URGENT.contains(&part);
        if small.iter().all(|parts| parts.len() == 1) && all(&|part| sentiment(part).is_some()) {
            let each = small.iter().flatten().filter_map(|part| sentiment(part));
            return Ok(Self::Sentiments(each.collect()));
        }
        if all(&is_emotion) {
            let each = small.iter().map(|parts| {
                let emotions = EMOTIONS.iter().enumerate().filter(|(_, name)| parts.iter().any(|part| part == *name));
                let bits = emotions.map(|(at, _)| 1_u8 << at).sum();
                (bits, parts.iter().any(|part| URGENT.contains(&part.as_str())))
            });
            return Ok(Self::Emotions(each.collect()));
        }
        let wrong = small.iter().zip(lines).flat_map(|(parts, line)| parts.iter().map(move |part| (part, line)));
        let wrong: Vec<String> =
            wrong.filter(|(part, _)| label(part).is_none()).map(|(part, line)| refusal(part, *line)).collect();
        if wrong.is_empty() {
            let bits =
                |parts: &Vec<String>| parts.iter().filter_map(|part| label(part)).fold(0, |bits, at| bits | 1 << at);
            return Ok(Self::Labels(small.iter().map(bits).collect()));
        }
        let more = wrong.len().saturating_sub(N_TOLD);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let told: Vec<&str> = wrong.iter().take(N_TOLD).map(String::as_str).collect();
        Err(format!(
            "write the number or the name of labels ({}), names of emotions ({}, urgency, none), a sentiment ({}), or a rating such as \
             -1.5 in each row\n  {}{more}",
            LABELS.join(", "),
            EMOTIONS.join(", "),
            SENTIMENTS.join(", "),
            told.join("\n  ")
        ))
    }
}

fn refusal(part: &str, line: u64) -> String {
    let names = LABELS.iter().chain(&EMOTIONS).chain(&SENTIMENTS).copied();
    let meant = nearest(part, names).map_or_else(String::new, |name| format!(": did you mean `{name}`?"));
    format!("line {line}: `{}` is none of them{meant}", crate::commands::evaluate::table::shown(part))
}

/// Numbers of which some are not whole, or lie below 0: ratings and no numbers of labels.
fn ratings(labels: &[String]) -> Option<Vec<f64>> {
    let numbers: Vec<f64> = labels.iter().map(|label| label.trim().parse().ok()).collect::<Option<_>>()?;
    let is_rated =
        numbers.iter().all(|number: &f64| number.is_finite()) && labels.iter().any(|label| label.contains(['.', '-']));
    is_rated.then_some(numbers)
}

/// The labels of a cell, in small letters.
fn parts(cell: &str) -> Vec<String> {
    let small = cell.to_lowercase();
    let parts = small.split([',', ';', '|', ' ']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

fn label(part: &str) -> Option<usize> {
    let number = part.parse().ok().filter(|at| *at < LABELS.len());
    number.or_else(|| LABELS.iter().position(|name| *name == part))
}

fn sentiment(part: &str) -> Option<usize> {
    let long = SHORT.iter().find(|(short, _)| *short == part).map_or(part, |(_, long)| long);
    SENTIMENTS.iter().position(|name| *name == long)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(labels: &[&str]) -> Result<Told, String> {
        let lines: Vec<u64> = (1..).take(labels.len()).collect();
        Told::read(&labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>(), &lines)
    }

    #[test]
    fn labels_are_what_they_all_are() {
        assert_eq!(read(&["27", "2,3"]), Ok(Told::Labels(vec![1 << 27, 0b1100])));
        assert_eq!(read(&["neutral", "Anger|annoyance", "confusion"]), Ok(Told::Labels(vec![1 << 27, 0b1100, 1 << 6])));
        assert_eq!(
            read(&["frustration", "none", "worry urgent"]),
            Ok(Told::Emotions(vec![(1, false), (0, false), (8, true)]))
        );
        assert_eq!(read(&["pos", "Neutral", "negative"]), Ok(Told::Sentiments(vec![0, 3, 1])));
        assert_eq!(read(&["1.5", "-2", "0"]), Ok(Told::Ratings(vec![1.5, -2.0, 0.0])));
    }

    #[test]
    fn what_is_no_label_is_told_with_its_line() {
        let why = read(&["anger", "frustation", "28"]).unwrap_err();
        for expected in [
            "line 2: `frustation` is none of them: did you mean `frustration`?",
            "line 3: `28` is none of them",
            "urgency, none",
        ] {
            assert!(why.contains(expected), "{expected}: {why}");
        }
    }
}
