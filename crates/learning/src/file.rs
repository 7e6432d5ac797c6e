//! In which form is a model kept? A magic word, a version, a header that people can read, and the model's own bytes.
//!
//! ```text
//! "RPPT" | format version, u16 LE | length of the header, u32 LE | header, JSON | body
//! ```
//! The body is the model's own format with its own version byte. Every past format version opens in every later program; a
//! model of a task or a shape that only a newer program knows can be listed and not asked.

mod v1;

use crate::body::{Body, Shape};
use crate::{Contest, Evaluation, Importance, LearningError, TaskName};
use events::Offset;
use features::{Declared, FeatureId};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 4] = b"RPPT";
const FORMAT_VERSION: u16 = 2;
const PREFIX_BYTES: usize = 10;

/// What there is to know of a model without opening it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelHeader {
    /// Which task it answers.
    pub task: TaskName,
    /// How the model is stored: the name of a [`Shape`].
    pub shape: String,
    /// The features that it looks at, in its order; empty for a model that looks at none.
    pub features: Vec<FeatureId>,
    /// How those of them that are not built in were declared when it was trained. So a past decision can be made again, in
    /// the same words, whatever the settings declare since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Declared>,
    /// When it was trained.
    pub trained_at: Timestamp,
    /// When the first thing that was learned from happened.
    pub data_from: Timestamp,
    /// Where the knowledge that was learned from ends.
    pub data_until: Timestamp,
    /// The last event that was read: who refuses after it is still learned from. `None` in older files.
    #[serde(default)]
    pub learned_until: Option<Offset>,
    /// When the newest thing that was learned from happened, where that is after `data_until`: what came in during a gap or
    /// soon after it.
    #[serde(default)]
    pub newest_row: Option<Timestamp>,
    /// How good a model with the same settings was on a later window than the one it had learned from.
    pub evaluation: Evaluation,
    /// How it compared with the model that answered when it was trained; `None` where nobody looked, as in older files.
    #[serde(default)]
    pub contest: Option<Contest>,
    /// The root of all chance in the training.
    pub seed: u64,
    /// The settings of the fit.
    pub settings: serde_json::Value,
    /// Customers who were learned from.
    pub n_customers: u64,
    /// Rows that were learned from.
    pub n_rows: u64,
    /// How many values the model tells apart, where it answers which: it may be others than were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_classes: Option<u64>,
    /// What a row is, in the plural: `purchases`.
    pub rows: String,
    /// Exactly what it foretells: see [`crate::TaskAbout`].
    #[serde(default)]
    pub asks: String,
    /// Whether it has learned from who never ordered, too.
    #[serde(default)]
    pub of_everybody: bool,
    /// How the model works, in words.
    pub method: String,
    /// How much each feature matters, largest first; empty for a model without features.
    pub importances: Vec<Importance>,
    /// The version of the program that trained it.
    pub program_version: String,
}

/// The bytes of a model file.
///
/// # Errors
/// [`LearningError::File`] or [`LearningError::Model`] where it cannot be written.
pub fn encode(header: &ModelHeader, body: &Body) -> Result<Vec<u8>, LearningError> {
    let header = serde_json::to_vec(header).map_err(|error| damaged(error.to_string()))?;
    let body = body.to_bytes()?;
    let header_bytes = u32::try_from(header.len()).map_err(|error| damaged(error.to_string()))?;
    let mut file = Vec::with_capacity(PREFIX_BYTES + header.len() + body.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    file.extend_from_slice(&header_bytes.to_le_bytes());
    file.extend_from_slice(&header);
    file.extend_from_slice(&body);
    Ok(file)
}

/// The header of a model file.
///
/// # Errors
/// [`LearningError::File`] for what is not a model file, [`LearningError::Newer`] for a newer program's.
pub fn decode_header(file: &[u8]) -> Result<ModelHeader, LearningError> {
    parts(file).map(|(header, _)| header)
}

/// A model file's header and model. The features that it looks at are not compared with this program's: the registry
/// does that, since it can say what to do.
///
/// # Errors
/// As [`decode_header`]; [`LearningError::Shape`] for a shape that this program does not know; [`LearningError::Model`] where
/// the model itself is damaged.
pub fn decode(file: &[u8]) -> Result<(ModelHeader, Body), LearningError> {
    let (header, body) = parts(file)?;
    let shape = header.shape()?;
    let body = Body::open(shape, body)?;
    Ok((header, body))
}

impl ModelHeader {
    /// The end of what it has learned from. Only what customers did later is new to it.
    #[must_use]
    pub fn seen_until(&self) -> Timestamp {
        self.newest_row.map_or(self.data_until, |newest| newest.max(self.data_until))
    }

    /// How the model is stored.
    ///
    /// # Errors
    /// [`LearningError::Shape`] where only a newer program knows.
    pub fn shape(&self) -> Result<Shape, LearningError> {
        let known = serde_json::from_value(serde_json::Value::String(self.shape.clone()));
        known.map_err(|_| LearningError::Shape { shape: self.shape.clone() })
    }
}

fn parts(file: &[u8]) -> Result<(ModelHeader, &[u8]), LearningError> {
    let not_ours = || damaged("it does not begin as a model file does".to_owned());
    let (prefix, rest) = file.split_first_chunk::<PREFIX_BYTES>().ok_or_else(not_ours)?;
    let [m0, m1, m2, m3, v0, v1, l0, l1, l2, l3] = *prefix;
    if [m0, m1, m2, m3] != *MAGIC {
        return Err(not_ours());
    }
    let header_bytes = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let (header, body) =
        rest.split_at_checked(header_bytes).ok_or_else(|| damaged("it ends within its header".to_owned()))?;
    let unreadable = |error: serde_json::Error| damaged(format!("its header: {error}"));
    let header = match u16::from_le_bytes([v0, v1]) {
        1 => v1::open(header, body)?,
        FORMAT_VERSION => serde_json::from_slice(header).map_err(unreadable)?,
        0 => return Err(damaged("there is no format version 0".to_owned())),
        found => return Err(LearningError::Newer { found, known: FORMAT_VERSION }),
    };
    Ok((header, body))
}

fn damaged(reason: String) -> LearningError {
    LearningError::File { reason }
}
