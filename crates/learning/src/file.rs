//! In which form is a model kept? A magic word, a version, a header that people can read, and the model's own bytes.
//!
//! ```text
//! "RPPT" | format version, u16 LE | length of the header, u32 LE | header, JSON | body
//! ```
//! The body is the model's own format with its own version byte. Every past format version opens in every later program.

use crate::{ChurnModel, Contest, Evaluation, Importance, LearningError, ModelKind};
use events::Offset;
use features::catalogue;
use models::recommend::ItemToItemModel;
use primitives::Timestamp;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 4] = b"RPPT";
const FORMAT_VERSION: u16 = 1;
const PREFIX_BYTES: usize = 10;

/// What there is to know of a model without opening it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelHeader {
    /// Which model.
    pub model: ModelKind,
    /// When it was trained.
    pub trained_at: Timestamp,
    /// When the first purchase that was learned from was made.
    pub data_from: Timestamp,
    /// Where the knowledge that was learned from ends.
    pub data_until: Timestamp,
    /// The last event that was read: who refuses after it is still learned from. `None` in older files.
    #[serde(default)]
    pub learned_until: Option<Offset>,
    /// When the newest purchase that was learned from was made, where that is after `data_until`: orders that came in
    /// during a gap or soon after it.
    #[serde(default)]
    pub newest_row: Option<Timestamp>,
    /// The [`catalogue::schema_hash`] of the features it looks at; `None` for a model that looks at none.
    pub feature_schema: Option<String>,
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
    /// Rows (purchases, or customers at moments) that were learned from.
    pub n_rows: u64,
    /// How much each feature matters, largest first; empty for a model without features.
    pub importances: Vec<Importance>,
    /// The version of the program that trained it.
    pub program_version: String,
}

/// A model that can answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// Which items a customer buys next.
    Recommend(ItemToItemModel),
    /// How likely a customer is to stay away.
    Churn(ChurnModel),
}

impl Model {
    /// Which model it is.
    #[must_use]
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Recommend(_) => ModelKind::Recommend,
            Self::Churn(_) => ModelKind::Churn,
        }
    }
}

impl ModelHeader {
    /// How the model works, in words.
    #[must_use]
    pub fn method(&self) -> String {
        match self.model {
            ModelKind::Recommend => "Item-to-item similarity, own repetition and popularity".to_owned(),
            ModelKind::Churn => {
                let n_trees = self.settings.pointer("/boost/n_trees").and_then(serde_json::Value::as_u64).unwrap_or(0);
                format!("Gradient boosting, {n_trees} trees, isotonic calibration on customers held out")
            }
        }
    }

    /// The end of what it has learned from. Only what customers did later is new to it.
    #[must_use]
    pub fn seen_until(&self) -> Timestamp {
        self.newest_row.map_or(self.data_until, |newest| newest.max(self.data_until))
    }

    /// Whether this program computes the features that the model looks at.
    #[must_use]
    pub fn fits_features(&self) -> bool {
        self.feature_schema.as_ref().is_none_or(|schema| *schema == catalogue::schema_hash())
    }
}

/// The bytes of a model file.
///
/// # Errors
/// [`LearningError::File`] or [`LearningError::Model`] where it cannot be written.
pub fn encode(header: &ModelHeader, model: &Model) -> Result<Vec<u8>, LearningError> {
    let header = serde_json::to_vec(header).map_err(|error| damaged(error.to_string()))?;
    let body = match model {
        Model::Recommend(model) => model.to_bytes().map_err(LearningError::model("write the recommender"))?,
        Model::Churn(model) => model.to_bytes()?,
    };
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
/// As [`decode_header`]; [`LearningError::Model`] where the model itself is damaged.
pub fn decode(file: &[u8]) -> Result<(ModelHeader, Model), LearningError> {
    let (header, body) = parts(file)?;
    let model = match header.model {
        ModelKind::Recommend => {
            Model::Recommend(ItemToItemModel::from_bytes(body).map_err(LearningError::model("read the recommender"))?)
        }
        ModelKind::Churn => Model::Churn(ChurnModel::from_bytes(body)?),
    };
    Ok((header, model))
}

fn parts(file: &[u8]) -> Result<(ModelHeader, &[u8]), LearningError> {
    let not_ours = || damaged("it does not begin as a model file does".to_owned());
    let (prefix, rest) = file.split_first_chunk::<PREFIX_BYTES>().ok_or_else(not_ours)?;
    let [m0, m1, m2, m3, v0, v1, l0, l1, l2, l3] = *prefix;
    if [m0, m1, m2, m3] != *MAGIC {
        return Err(not_ours());
    }
    let found = u16::from_le_bytes([v0, v1]);
    if found != FORMAT_VERSION {
        return Err(LearningError::Newer { found, known: FORMAT_VERSION });
    }
    let header_bytes = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let (header, body) =
        rest.split_at_checked(header_bytes).ok_or_else(|| damaged("it ends within its header".to_owned()))?;
    let header = serde_json::from_slice(header).map_err(|error| damaged(format!("its header: {error}")))?;
    Ok((header, body))
}

fn damaged(reason: String) -> LearningError {
    LearningError::File { reason }
}
