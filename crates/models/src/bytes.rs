//! How does a model become bytes and bytes a model? One version byte, then postcard.

use crate::ModelError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes `version` and then `value`.
pub(crate) fn encode<T: Serialize>(model: &'static str, version: u8, value: &T) -> Result<Vec<u8>, ModelError> {
    postcard::to_extend(value, vec![version]).map_err(|error| ModelError::Encode { model, reason: error.to_string() })
}

/// Reads what [`encode`] wrote. Unknown versions and bytes left over are refused.
pub(crate) fn decode<T: DeserializeOwned>(model: &'static str, version: u8, bytes: &[u8]) -> Result<T, ModelError> {
    let corrupt = |reason: String| ModelError::Corrupt { model, reason };
    let (&found, body) = bytes.split_first().ok_or_else(|| corrupt("there are no bytes".to_owned()))?;
    if found != version {
        return Err(corrupt(format!("its format is version {found} and this program reads version {version}")));
    }
    let (value, rest) = postcard::take_from_bytes(body).map_err(|error| corrupt(error.to_string()))?;
    if rest.is_empty() { Ok(value) } else { Err(corrupt(format!("{} bytes are left over", rest.len()))) }
}

/// Settings that were stored are those that could be set.
pub(crate) fn check_settings(model: &'static str, valid: Result<(), ModelError>) -> Result<(), ModelError> {
    valid.map_err(|error| ModelError::Corrupt { model, reason: error.to_string() })
}
