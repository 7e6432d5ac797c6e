//! What does a company know that customers ask for? Documents, and the passages that answers are quoted from.
//!
//! A document is kept as it was written. It is cut at its headings and paragraphs, so that each passage can stand alone; a heading
//! that is a question makes a pair of it and what stands below.

mod blocks;
mod cut;
mod facts;
mod front;
mod markup;
mod store;
#[cfg(test)]
mod tests;

pub use cut::{Passage, passages};
pub use facts::{filled, placeholders};
pub use front::{Front, front};
pub use store::{DocumentChange, DocumentStore, DocumentStoreError, N_VERSIONS_KEPT, SavedDocument};

use primitives::visible;
use serde::{Deserialize, Serialize};

/// The longest id, title and source, in bytes.
pub const ID_BYTES_MAX: usize = 200;
const TITLE_BYTES_MAX: usize = 500;
const SOURCE_BYTES_MAX: usize = 1_000;
/// The longest text of a document, in bytes.
pub const TEXT_BYTES_MAX: usize = 512 << 10;
/// So many documents are kept at most.
pub const N_DOCUMENTS_MAX: usize = 20_000;
/// So many bytes of all of them.
pub const ALL_BYTES_MAX: usize = 64 << 20;

/// How a document is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As Markdown.
    #[default]
    Markdown,
    /// As HTML.
    Html,
    /// The title is a question, and the text its answer, which may be Markdown.
    Answer,
}

impl Form {
    /// All, by their names.
    pub const NAMES: [&'static str; 3] = ["markdown", "html", "answer"];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// Something that is written down for customers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its name: a path, such as `help/returns.md`.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where it comes from, for whoever reads an answer: an address or a file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// The language that it is written in, as two small letters; without it, that is told from its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How it is written.
    #[serde(default)]
    pub form: Form,
    /// What it says.
    pub text: String,
}

impl Document {
    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.id.len() + self.title.len() + self.source.len() + self.text.len()
    }

    /// Why it cannot be kept.
    ///
    /// # Errors
    /// The reason, for people: what is wrong, and what to write.
    pub fn check(&self) -> Result<(), String> {
        check_id(&self.id)?;
        let limits = [
            ("title", &self.title, TITLE_BYTES_MAX),
            ("source", &self.source, SOURCE_BYTES_MAX),
            ("text", &self.text, TEXT_BYTES_MAX),
        ];
        for (name, text, bytes_max) in limits {
            if text.len() > bytes_max {
                return Err(format!(
                    "{name} has {} bytes: write {bytes_max} at the most, and cut what is longer",
                    text.len()
                ));
            }
        }
        if self.title.trim().is_empty() {
            return Err("title is empty: write what people call the document".to_owned());
        }
        let is_language = |language: &String| language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase());
        if let Some(language) = self.language.as_ref().filter(|language| !is_language(language)) {
            return Err(format!("language is \"{:.40}\": write two small letters, such as en", visible(language)));
        }
        if self.text.contains('\0') {
            return Err("text holds a NUL byte: it is no text".to_owned());
        }
        if passages(self).is_empty() {
            return Err("text says nothing: write at least one sentence".to_owned());
        }
        Ok(())
    }
}

/// Why this is no name of a document.
///
/// # Errors
/// The reason, for people.
pub fn check_id(id: &str) -> Result<(), String> {
    let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    let is_path = id.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if id.len() > ID_BYTES_MAX || !is_path || !id.chars().all(is_letter) {
        let shown: String = visible(id).chars().take(60).collect();
        return Err(format!(
            "id is \"{shown}\": write letters, digits, _, -, . and / between parts, {ID_BYTES_MAX} bytes at the most"
        ));
    }
    Ok(())
}

/// A text as a part of a name: small letters and digits with `-` between.
#[must_use]
pub fn slug(text: &str) -> String {
    let plain = ::models::text::plain(text);
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(slug.floor_char_boundary(80));
    slug.trim_end_matches('-').to_owned()
}
