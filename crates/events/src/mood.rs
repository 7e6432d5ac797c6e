//! How does a message sound? Told once, when its event is read, and kept with it: no fold and no replay reads a text again.

use models::text::tone::{EMOTIONS, N_EMOTIONS, ReadBy, Tone};
use serde::{Deserialize, Serialize};

/// In so many steps numbers from 0 to 1 are kept. It is even, so that a threshold of one half stays one.
const STEPS: f64 = 254.0;
/// From here on a scaled number counts as felt.
const FELT: f64 = 0.5;

/// How a message sounds, as far as it is kept: a few bytes beside the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    /// Scaled, in the order of [`EMOTIONS`].
    emotions: [u8; N_EMOTIONS],
    urgency: u8,
    sentiment: i8,
    language: Option<[u8; 2]>,
    is_by_words: bool,
}

impl Mood {
    /// How a text sounds; `None` where nothing in it can be read.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let read = Tone::built_in().ok()?.read(text);
        if read.read_by == ReadBy::Nothing {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 254")]
        let kept = |scaled: f64| (scaled.clamp(0.0, 1.0) * STEPS).floor() as u8;
        #[expect(clippy::cast_possible_truncation, reason = "from -127 to 127")]
        let sentiment = (read.sentiment.score.clamp(-1.0, 1.0) * 127.0).round() as i8;
        Some(Self {
            emotions: read.emotions.map(kept),
            urgency: kept(read.urgency),
            sentiment,
            language: read.language.and_then(|language| language.as_bytes().try_into().ok()),
            is_by_words: read.read_by == ReadBy::Words,
        })
    }

    /// The emotions by name, scaled so that they count as felt from 0.5 on.
    pub fn emotions(&self) -> impl Iterator<Item = (&'static str, f64)> {
        EMOTIONS.into_iter().zip(self.emotions.map(|kept| f64::from(kept) / STEPS))
    }

    /// One emotion, scaled; 0 of one that there is not.
    #[must_use]
    pub fn emotion(&self, name: &str) -> f64 {
        self.emotions().find(|(known, _)| *known == name).map_or(0.0, |(_, scaled)| scaled)
    }

    /// Whether an emotion counts as felt.
    #[must_use]
    pub fn is_felt(&self, name: &str) -> bool {
        self.emotion(name) >= FELT
    }

    /// The emotion that is felt most; `None` where none counts as felt.
    #[must_use]
    pub fn strongest(&self) -> Option<&'static str> {
        let felt = self.emotions().filter(|(_, scaled)| *scaled >= FELT);
        felt.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(name, _)| name)
    }

    /// How little it can wait, scaled.
    #[must_use]
    pub fn urgency(&self) -> f64 {
        f64::from(self.urgency) / STEPS
    }

    /// Which way it leans, from -1 to 1.
    #[must_use]
    pub fn sentiment(&self) -> f64 {
        f64::from(self.sentiment) / 127.0
    }

    /// The language in two small letters, where it can be told.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.language.as_ref().and_then(|language| std::str::from_utf8(language).ok())
    }

    /// Whether its words were read, and not signs and emoji alone.
    #[must_use]
    pub fn is_by_words(&self) -> bool {
        self.is_by_words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is kept of a reading says the same as the reading of what is felt, of any text.
        #[test]
        fn what_is_kept_is_what_was_read(text in "[a-zA-Z !?.😡🙄❤]{0,80}") {
            let read = Tone::built_in().unwrap().read(&text);
            let kept = Mood::of(&text);
            prop_assert_eq!(kept.is_none(), read.read_by == ReadBy::Nothing);
            if let Some(kept) = kept {
                for (name, scaled) in kept.emotions() {
                    prop_assert_eq!(kept.is_felt(name), read.emotion(name) >= FELT, "{}", name);
                    prop_assert!((scaled - read.emotion(name)).abs() <= 1.0 / STEPS);
                }
                prop_assert_eq!(kept.urgency() >= FELT, read.urgency >= FELT);
                prop_assert!((kept.sentiment() - read.sentiment.score).abs() < 0.01);
                prop_assert_eq!(kept.language(), read.language);
            }
        }
    }

    #[test]
    fn an_angry_message_is_told_from_a_happy_one_and_nothing_is_no_mood() {
        let angry = Mood::of("This is outrageous, I am furious. You are useless!").unwrap();
        let happy = Mood::of("Thank you so much, I love it!").unwrap();
        assert!(angry.is_felt("frustration") && angry.sentiment() < 0.0, "{angry:?}");
        assert_eq!(happy.strongest(), Some("delight"), "{happy:?}");
        assert_eq!(Mood::of("  "), None);
    }
}
