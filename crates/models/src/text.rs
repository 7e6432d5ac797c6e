//! What does a message ask for?
//!
//! | part | question |
//! |---|---|
//! | [`plain()`] | what is the message itself, without mark-up, quotes and ornaments? |
//! | [`IntentSettings`] → [`IntentModel`] | which class is a message of, how sure is that, and is it of any? |
//! | [`language()`] | in which language is it? |
//! | [`tone`] | how does its writer feel, and can it wait? |
//! | [`TopicSettings`] → [`Topics`] | what are messages about that nobody labelled? |
//! | [`slots()`] | which order, amount, day, address or telephone number does it name? |
//! | [`redacted()`] | what is left of it without what names a person? |
//! | [`Encoder`] | what else can say what a message means, where somebody has it? |
//!
//! Messages are counted by words and by runs of letters, so that misspelt words and endings are near to each other; one line
//! for each class parts its messages from all others. No network is needed, no language is preferred, and a message takes a
//! fraction of a millisecond.

mod clauses;
mod confidence;
mod encoder;
mod grams;
mod intent;
mod language;
mod learned;
mod near;
mod plain;
mod redact;
mod rows;
mod scope;
mod slots;
mod svm;
mod terms;
mod topics;
pub mod tone;

pub use encoder::{Encoder, StaticEmbeddings, Transformer};
pub use intent::{IntentModel, IntentSettings, LeftOut, Part, Reading};
pub use language::{language, languages};
pub use plain::plain;
pub use redact::redacted;
pub use slots::{Slot, SlotKind, slots};
pub use topics::{Place, Topic, TopicSettings, Topics};

const NAME: &str = "model of what messages ask for";

/// Whether there is a letter or a digit in a plain message.
fn says_something(plain: &str) -> bool {
    plain.contains(char::is_alphanumeric)
}
