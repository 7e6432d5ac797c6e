//! What is a message told to be, and which labels make up a feeling?

/// How many labels there are.
pub const N_LABELS: usize = 28;
/// How many emotions.
pub const N_EMOTIONS: usize = 5;
/// How many sentiments.
pub const N_SENTIMENTS: usize = 4;

/// The labels of GoEmotions, in their order.
pub const LABELS: [&str; N_LABELS] = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
];

/// What customers feel. Each is learned as a whole: any of its labels.
pub const EMOTIONS: [&str; N_EMOTIONS] = ["frustration", "confusion", "delight", "worry", "sadness"];

/// Which way a message leans.
pub const SENTIMENTS: [&str; N_SENTIMENTS] = ["positive", "negative", "ambiguous", "neutral"];

/// Heads stand in this order: labels, emotions, sentiments.
pub(super) const FIRST_EMOTION: usize = N_LABELS;
pub(super) const FIRST_SENTIMENT: usize = FIRST_EMOTION + N_EMOTIONS;
pub(super) const N_HEADS: usize = FIRST_SENTIMENT + N_SENTIMENTS;

const OF_EMOTION: [&[&str]; N_EMOTIONS] = [
    &["anger", "annoyance", "disapproval", "disappointment", "disgust"],
    &["confusion", "curiosity", "realization", "surprise"],
    &["joy", "excitement", "gratitude", "admiration", "love", "amusement", "relief", "optimism", "approval", "pride"],
    &["fear", "nervousness"],
    &["sadness", "grief", "remorse"],
];

const OF_SENTIMENT: [&[&str]; N_SENTIMENTS] = [
    &[
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ],
    &[
        "anger",
        "annoyance",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "fear",
        "grief",
        "nervousness",
        "remorse",
        "sadness",
    ],
    &["confusion", "curiosity", "realization", "surprise"],
    &["neutral"],
];

/// The sentiment of each emotion, where nothing else is told of a message.
const LEANS: [usize; N_EMOTIONS] = [1, 2, 0, 1, 1];

pub(super) fn at_emotion(name: &str) -> usize {
    FIRST_EMOTION + EMOTIONS.iter().position(|known| *known == name).unwrap_or_default()
}

pub(super) fn at_sentiment(name: &str) -> usize {
    FIRST_SENTIMENT + SENTIMENTS.iter().position(|known| *known == name).unwrap_or_default()
}

/// Whether a head is so of a message with these labels, one bit for each.
pub(super) fn of_labels(head: usize, labels: u32) -> bool {
    let any = |names: &[&str]| {
        let mut found = LABELS.iter().enumerate().filter(|(_, label)| names.contains(label));
        found.any(|(at, _)| labels & (1 << at) != 0)
    };
    if let Some(names) = head.checked_sub(FIRST_SENTIMENT).and_then(|at| OF_SENTIMENT.get(at)) {
        any(names)
    } else if let Some(names) = head.checked_sub(FIRST_EMOTION).and_then(|at| OF_EMOTION.get(at)) {
        any(names)
    } else {
        labels & (1 << head) != 0
    }
}

/// Whether a head is so of a message of which these emotions are told, one bit for each; nothing is told of labels.
pub(super) fn of_emotions(head: usize, emotions: u8) -> Option<bool> {
    if let Some(sentiment) = head.checked_sub(FIRST_SENTIMENT) {
        let mut leans = (0..N_EMOTIONS).filter(|emotion| emotions & (1 << emotion) != 0).map(|emotion| LEANS[emotion]);
        let is_neutral = emotions == 0 && SENTIMENTS[sentiment] == "neutral";
        return Some(is_neutral || leans.any(|leans| leans == sentiment));
    }
    head.checked_sub(FIRST_EMOTION).map(|emotion| emotions & (1 << emotion) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feeling_is_any_of_its_labels() {
        let bit = |name: &str| 1_u32 << LABELS.iter().position(|label| *label == name).unwrap();
        let heads = |labels: u32| (0..N_HEADS).filter(|head| of_labels(*head, labels)).collect::<Vec<_>>();
        assert_eq!(heads(bit("anger")), [2, at_emotion("frustration"), at_sentiment("negative")]);
        assert_eq!(heads(bit("neutral")), [27, at_sentiment("neutral")]);
        assert_eq!(heads(bit("grief") | bit("joy")).len(), 6);
        assert_eq!(of_emotions(3, 1), None);
        assert_eq!(of_emotions(at_emotion("worry"), 0b1000), Some(true));
        assert_eq!(of_emotions(at_sentiment("negative"), 0b1000), Some(true));
        assert_eq!(of_emotions(at_sentiment("neutral"), 0), Some(true));
        assert!(
            OF_EMOTION.iter().chain(&OF_SENTIMENT).flat_map(|names| names.iter()).all(|name| LABELS.contains(name))
        );
    }
}
