//! How does the writer of a message feel, and can the message wait?
//!
//! ```
//! let tone = models::text::tone::Tone::built_in()?;
//! let reading = tone.read("I love it, thank you so much!");
//! assert!(reading.emotion("delight") > 0.5 && reading.emotion("frustration") < 0.5);
//! assert_eq!(reading.sentiment.label(), "positive");
//! # Ok::<(), models::ModelError>(())
//! ```

mod emoji;
mod fit;
mod grams;
mod heads;
mod marks;
mod scale;
mod sheet;
mod times;
mod tokens;

pub use fit::{Fitted, Lesson, Lessons, Whole};
pub use heads::{EMOTIONS, LABELS, N_EMOTIONS, N_LABELS, N_SENTIMENTS, SENTIMENTS};

use super::Cleaned;
use crate::{ModelError, bytes};
use grams::Message;
use heads::{FIRST_EMOTION, FIRST_SENTIMENT, N_HEADS, at_emotion, at_sentiment};
use scale::Scale;
use serde::{Deserialize, Serialize};
use sheet::Sheet;
use std::sync::LazyLock;

const NAME: &str = "model of tone";
const VERSION: u8 = 1;
/// What is learned by `cargo xtask train-tone`.
const ASSET: &[u8] = include_bytes!("../../assets/tone-1.bin");
/// The language whose words are read.
const LANGUAGE: &str = "en";
/// By so much the margin of what is felt grows at most when the same is said loudly.
const LOUDER: f64 = 0.6;
/// By so much margins move where signs say that the opposite of the words is meant.
const IRONY: f64 = 0.7;

static BUILT_IN: LazyLock<Result<Tone, ModelError>> = LazyLock::new(|| Tone::from_bytes(ASSET));

/// What is known of how words, letters, signs and emoji sound.
///
/// ```text
/// margin[h]  = w[h] x                                       a line for each head, over words and letters
/// said[h]    = margin[h] + s (max(margin[h], calm[h] + 0.6 emphasis) - margin[h])
/// s          = min(1, 2 scaled(calm[h]))                    calm: the same without capitals, ! and drawn out letters
/// ```
/// and of what is said of each head the probability and the scaled number ([`Reading`]). Heads: 28 labels, five emotions whose label is any of
/// several of those, four sentiments, and urgency with a line of its own. Where signs of irony stand, delight moves down by 0.7 and
/// frustration up by half of that.
/// *Guarantees*: any text has a reading, in time bounded by 32 KB of it; mark-up and quotes of earlier mails change nothing; what is felt
/// when it is said calmly is felt no less when it is said loudly. *Edge cases*: words are read in English; of a message in another
/// language emoji and signs are read alone, and the reading says so. *Cost*: less than 0.2 ms for 14 words.
/// *Source*: Hsieh et al. 2008 for the lines, Platt 1999 for probabilities; learned from GoEmotions (Demszky et al. 2020, arXiv
/// 2005.00547, CC BY 4.0) and messages written for this repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Tone {
    stored: Stored,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stored {
    feelings: Sheet,
    scales: Vec<Scale>,
    urgency: Sheet,
    urgency_scale: Scale,
}

/// By what a message was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadBy {
    /// By its words and signs.
    Words,
    /// By its emoji and signs alone, since it is in a language whose words are not known.
    Signs,
    /// By nothing: there is no word and no sign in it.
    Nothing,
}

/// How a message sounds.
///
/// Scaled numbers lie from 0 to 1, and at 0.5 is the threshold of their label; probabilities are calibrated on what was not learned from.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Scaled, in the order of [`EMOTIONS`].
    pub emotions: [f64; N_EMOTIONS],
    /// The probabilities of the same.
    pub probabilities: [f64; N_EMOTIONS],
    /// Scaled, in the order of [`LABELS`].
    pub labels: [f64; N_LABELS],
    /// Positive, negative, ambiguous or neutral.
    pub sentiment: Sentiment,
    /// How little it can wait, scaled.
    pub urgency: f64,
    /// The probability of that.
    pub urgency_probability: f64,
    /// The language, where it can be told.
    pub language: Option<&'static str>,
    /// By what it was read.
    pub read_by: ReadBy,
}

/// Which way a message leans.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentiment {
    /// In the order of [`SENTIMENTS`]; their sum is 1.
    pub probabilities: [f64; N_SENTIMENTS],
    /// The probability of positive less that of negative: from -1 to 1.
    pub score: f64,
    at: usize,
}

impl Sentiment {
    /// One of [`SENTIMENTS`].
    #[must_use]
    pub fn label(&self) -> &'static str {
        SENTIMENTS.get(self.at).copied().unwrap_or_default()
    }
}

impl Reading {
    /// The scaled number of an emotion; 0 of one that there is not.
    #[must_use]
    pub fn emotion(&self, name: &str) -> f64 {
        EMOTIONS.iter().position(|known| *known == name).map_or(0.0, |at| self.emotions[at])
    }
}

impl Tone {
    /// The tone that is built into this program, read once.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the program was built with a damaged file.
    pub fn built_in() -> Result<&'static Self, ModelError> {
        BUILT_IN.as_ref().map_err(Clone::clone)
    }

    /// How a message sounds.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        self.read_cleaned(&Cleaned::of(text))
    }

    /// How a message sounds that was cleaned already.
    #[must_use]
    pub fn read_cleaned(&self, text: &Cleaned) -> Reading {
        let language = super::language(text.plain());
        let with_words = are_words_read(language);
        let message = Message::of(text, with_words);
        let read_by = match (message.counted.is_empty(), with_words) {
            (true, _) => ReadBy::Nothing,
            (false, true) => ReadBy::Words,
            (false, false) => ReadBy::Signs,
        };
        let Stored { feelings, scales, urgency, urgency_scale } = &self.stored;
        let said = said(feelings, scales, &message);
        let probability = |at: usize| scales[at].probability(said[at]);
        let scaled = |at: usize| scales[at].scaled(probability(at));
        let urgent = urgency_scale.probability(self::said(urgency, std::slice::from_ref(urgency_scale), &message)[0]);
        Reading {
            emotions: std::array::from_fn(|emotion| scaled(FIRST_EMOTION + emotion)),
            probabilities: std::array::from_fn(|emotion| probability(FIRST_EMOTION + emotion)),
            labels: std::array::from_fn(scaled),
            sentiment: sentiment(|at| (probability(FIRST_SENTIMENT + at), scaled(FIRST_SENTIMENT + at)), read_by),
            urgency: urgency_scale.scaled(urgent),
            urgency_probability: urgent,
            language,
            read_by,
        }
    }

    /// How many words, signs and runs of letters are known.
    #[must_use]
    pub fn n_grams(&self) -> usize {
        self.stored.feelings.n_grams()
    }

    /// The model as bytes: a version byte, postcard, and at last a sum over all before.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let mut bytes = bytes::encode(NAME, VERSION, &self.stored)?;
        bytes.extend(sum(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// Reads what [`Tone::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] for any other bytes.
    pub fn from_bytes(stored: &[u8]) -> Result<Self, ModelError> {
        let corrupt = |reason: &str| ModelError::Corrupt { model: NAME, reason: reason.to_owned() };
        let (body, expected) = stored.split_last_chunk::<8>().ok_or_else(|| corrupt("there are too few bytes"))?;
        if sum(body) != u64::from_le_bytes(*expected) {
            return Err(corrupt("some of its bytes are not those that were written"));
        }
        let stored: Stored = bytes::decode(NAME, VERSION, body)?;
        let has_all =
            stored.feelings.n_heads() == N_HEADS && stored.scales.len() == N_HEADS && stored.urgency.n_heads() == 1;
        if has_all && stored.scales.iter().chain([&stored.urgency_scale]).all(|scale| scale.is_whole()) {
            return Ok(Self { stored });
        }
        Err(corrupt("its heads do not fit together"))
    }
}

/// Whether the words of a message are read that is told to be in a language, or in none.
fn are_words_read(language: Option<&str>) -> bool {
    language.is_none_or(|language| language == LANGUAGE)
}

/// What speaks for each head, with how loudly it is said and whether it is meant.
fn said(sheet: &Sheet, scales: &[Scale], message: &Message) -> Vec<f64> {
    let mut margins = Vec::new();
    sheet.margins(&message.counted, &mut margins);
    let mut said: Vec<f64> = margins.iter().map(|margin| f64::from(*margin)).collect();
    let is_of_labels = said.len() == N_HEADS;
    if let Some(calm) = &message.calm {
        sheet.margins(calm, &mut margins);
        let first = if is_of_labels { FIRST_EMOTION } else { 0 };
        for ((said, calm), scale) in said.iter_mut().zip(&margins).zip(scales).skip(first) {
            let calm = f64::from(*calm);
            let share = (2.0 * scale.scaled(scale.probability(calm))).min(1.0);
            let louder = (calm + LOUDER * message.emphasis).max(*said);
            *said += share * (louder - *said);
        }
    }
    if message.is_ironic && is_of_labels {
        for (name, by) in [("delight", -IRONY), ("frustration", IRONY / 2.0)] {
            said[at_emotion(name)] += by;
        }
        for (name, by) in [("positive", -IRONY), ("negative", IRONY / 2.0)] {
            said[at_sentiment(name)] += by;
        }
    }
    said
}

/// Which way a message leans, by the probability and the scaled number of each sentiment: the one that is furthest above its threshold, so that
/// rare ones have their share. What cannot be read is neutral.
fn sentiment(each: impl Fn(usize) -> (f64, f64), read_by: ReadBy) -> Sentiment {
    let neutral = at_sentiment("neutral") - FIRST_SENTIMENT;
    if read_by == ReadBy::Nothing {
        let probabilities = std::array::from_fn(|at| if at == neutral { 1.0 } else { 0.0 });
        return Sentiment { probabilities, score: 0.0, at: neutral };
    }
    let each: [(f64, f64); N_SENTIMENTS] = std::array::from_fn(each);
    let sum: f64 = each.iter().map(|(probability, _)| probability).sum();
    let probabilities =
        each.map(|(probability, _)| if sum > 0.0 { probability / sum } else { 1.0 / N_SENTIMENTS as f64 });
    let best = (0..N_SENTIMENTS).max_by(|a, b| each[*a].1.total_cmp(&each[*b].1).then(b.cmp(a)));
    Sentiment { probabilities, score: probabilities[0] - probabilities[1], at: best.unwrap_or(neutral) }
}

/// A sum in which every byte and its place count (FNV-1a of 64 bits).
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
