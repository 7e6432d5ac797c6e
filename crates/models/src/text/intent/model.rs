//! What does a model of intents say of a message?

use super::super::clauses::clauses;
use super::super::confidence::{chances, surest};
use super::super::encoder::Encoder;
use super::super::learned::{Learned, Message, Room, Stored as StoredLearned, encoded};
use super::super::scope::Scope;
use super::super::{Cleaned, NAME, plain, says_something};
use super::LeftOut;
use crate::{ModelError, bytes};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const VERSION: u8 = 1;

/// A fitted model. See [`super::IntentSettings`] for the formula.
///
/// ```
/// use models::text::IntentSettings;
/// use primitives::Seed;
/// let messages = ["where is my parcel", "my parcel has not come", "give me my money back", "i want my money back"];
/// let classes = ["delivery", "delivery", "refund", "refund"];
/// let model = IntentSettings::default().fit(&messages, &classes, &[], Seed::new(1))?;
/// let reading = model.read("has my parcel been sent?");
/// assert_eq!(model.classes()[reading.class], "delivery");
/// # Ok::<(), models::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct IntentModel {
    pub(super) classes: Vec<String>,
    pub(super) learned: Learned,
    pub(super) sharpness: f64,
    pub(super) scope: Scope,
    pub(super) left_out: LeftOut,
    pub(super) part_confidence: f64,
    pub(super) encoders: Vec<Arc<dyn Encoder>>,
}

/// What is said of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// The number of the class that most speaks for, in [`IntentModel::classes`].
    pub class: usize,
    /// How likely that class is right, if the message is of any.
    pub confidence: f64,
    /// The chances of all classes, in their order; they add up to 1.
    pub chances: Vec<f64>,
    /// How much it looks like the messages that were learned from, on any scale; higher is more.
    pub scope: f64,
    /// Which share of good messages looks less like one, from 0 to 1.
    pub scope_share: f64,
    /// Whether it is about something else than any class.
    pub is_out_of_scope: bool,
}

/// A part of a message that asks for something of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The number of its class.
    pub class: usize,
    /// How likely that is right.
    pub confidence: f64,
    /// The part, as it is counted: see [`plain()`].
    pub text: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    classes: Vec<String>,
    learned: StoredLearned,
    sharpness: f64,
    scope: Scope,
    left_out: LeftOut,
    part_confidence: f64,
    /// Names of encoders, and how many numbers each says.
    encoders: Vec<(String, usize)>,
}

impl IntentModel {
    /// The names of the classes, ascending.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The names of the encoders that it asks beside words and letters.
    pub fn encoders(&self) -> impl Iterator<Item = &str> {
        self.encoders.iter().map(|encoder| encoder.name())
    }

    /// How well it did on messages that were left out while it was fitted.
    #[must_use]
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// Below this score a message is about something else.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.scope.threshold()
    }

    /// The same model that takes another share of good messages for something else; 0 is none.
    #[must_use]
    pub fn handing_off(mut self, share: f64) -> Self {
        self.scope.handing_off(share);
        self
    }

    /// Reads a message. Any text has an answer; one without a letter or digit is about something else.
    #[must_use]
    pub fn read(&self, message: &str) -> Reading {
        self.read_plain(&plain(message), &mut Room::default())
    }

    /// What a message asks for, where its parts ask for several things: each class once, the surest first. Where no part is sure
    /// enough by itself, the message as a whole, unless it is about something else.
    #[must_use]
    pub fn parts(&self, message: &str) -> Vec<Part> {
        self.read_in_parts(&Cleaned::of(message)).1
    }

    /// Reads a message that was cleaned already, as a whole ([`Self::read`]) and in parts ([`Self::parts`]).
    #[must_use]
    pub fn read_in_parts(&self, message: &Cleaned) -> (Reading, Vec<Part>) {
        let message = message.plain();
        let mut room = Room::default();
        let whole = self.read_plain(message, &mut room);
        let mut found: Vec<Part> = Vec::new();
        let clauses = clauses(message);
        if clauses.len() > 1 {
            for text in clauses {
                let part = self.read_plain(text, &mut room);
                if part.is_out_of_scope || part.confidence < self.part_confidence {
                    continue;
                }
                match found.iter_mut().find(|held| held.class == part.class) {
                    Some(held) if held.confidence >= part.confidence => {}
                    Some(held) => (held.confidence, held.text) = (part.confidence, text.to_owned()),
                    None => found.push(Part { class: part.class, confidence: part.confidence, text: text.to_owned() }),
                }
            }
        }
        if found.is_empty() && !whole.is_out_of_scope {
            found.push(Part { class: whole.class, confidence: whole.confidence, text: message.to_owned() });
        }
        found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.class.cmp(&b.class)));
        (whole, found)
    }

    fn read_plain(&self, message: &str, room: &mut Room) -> Reading {
        let encoded = encoded(&self.encoders, &[message]).pop().unwrap_or_default();
        let signs = self.learned.ask(Message { plain: message, encoded: &encoded }, room);
        let chances = chances(&room.margins, self.sharpness);
        let (class, confidence) = surest(&chances);
        let scope = self.scope.score(&signs);
        Reading {
            class,
            confidence,
            chances,
            scope,
            scope_share: self.scope.share_below(scope),
            is_out_of_scope: !says_something(message) || Learned::is_silent(room) || scope < self.scope.threshold(),
        }
    }

    /// The model as bytes: a version byte, then postcard. Encoders are named, not written.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let encoders = self.encoders.iter().map(|encoder| (encoder.name().to_owned(), encoder.n_dims())).collect();
        let stored = Stored {
            classes: self.classes.clone(),
            learned: self.learned.stored.clone(),
            sharpness: self.sharpness,
            scope: self.scope.clone(),
            left_out: self.left_out.clone(),
            part_confidence: self.part_confidence,
            encoders,
        };
        bytes::encode(NAME, VERSION, &stored)
    }

    /// Reads what [`Self::to_bytes`] wrote, beside the encoders that it learned from.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together, or where encoders are missing.
    pub fn from_bytes(bytes: &[u8], encoders: &[Arc<dyn Encoder>]) -> Result<Self, ModelError> {
        let Stored { classes, learned, sharpness, scope, left_out, part_confidence, encoders: names } =
            bytes::decode::<Stored>(NAME, VERSION, bytes)?;
        let corrupt = |reason: String| ModelError::Corrupt { model: NAME, reason };
        let given: Vec<(&str, usize)> = encoders.iter().map(|encoder| (encoder.name(), encoder.n_dims())).collect();
        let needed: Vec<(&str, usize)> = names.iter().map(|(name, n_dims)| (name.as_str(), *n_dims)).collect();
        if given != needed {
            let names: Vec<&str> = needed.iter().map(|(name, _)| *name).collect();
            let which = if names.is_empty() { "no encoder".to_owned() } else { names.join(", ") };
            return Err(corrupt(format!("it learned from {which}, which is not what is here")));
        }
        let is_whole =
            classes.is_sorted_by(|a, b| a < b) && sharpness.is_finite() && sharpness > 0.0 && scope.is_whole();
        if !is_whole || !part_confidence.is_finite() {
            return Err(corrupt("its classes and its confidence do not fit together".to_owned()));
        }
        let learned = Learned::read(learned, classes.len(), needed.iter().map(|(_, n_dims)| n_dims).sum())?;
        Ok(Self { classes, learned, sharpness, scope, left_out, part_confidence, encoders: encoders.to_vec() })
    }
}

impl PartialEq for IntentModel {
    fn eq(&self, other: &Self) -> bool {
        let names = |model: &Self| model.encoders.iter().map(|encoder| encoder.name().to_owned()).collect::<Vec<_>>();
        self.classes == other.classes
            && self.learned == other.learned
            && self.sharpness.total_cmp(&other.sharpness).is_eq()
            && self.scope == other.scope
            && self.left_out == other.left_out
            && self.part_confidence.total_cmp(&other.part_confidence).is_eq()
            && names(self) == names(other)
    }
}
