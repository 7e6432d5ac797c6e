//! By what name does a model ask for a feature?

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A feature and the version of its computation, written `recency_days@1`: another computation under the same name is
/// another input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId {
    /// The feature's name.
    pub name: Arc<str>,
    /// The version of its computation, from 1.
    pub version: u16,
}

/// A text does not name a feature and its version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no feature with a version: write it as `recency_days@1`")]
pub struct NoFeatureId {
    /// The text.
    pub text: String,
}

impl FeatureId {
    /// The first version of a feature: what was meant before versions were written down.
    #[must_use]
    pub fn first(name: &str) -> Self {
        Self { name: name.into(), version: 1 }
    }
}

impl fmt::Display for FeatureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl FromStr for FeatureId {
    type Err = NoFeatureId;

    fn from_str(text: &str) -> Result<Self, NoFeatureId> {
        let parts = text.rsplit_once('@').filter(|(name, _)| !name.is_empty());
        let version = parts.and_then(|(_, version)| version.parse().ok()).filter(|version| *version > 0);
        match (parts, version) {
            (Some((name, _)), Some(version)) => Ok(Self { name: name.into(), version }),
            _ => Err(NoFeatureId { text: text.to_owned() }),
        }
    }
}

impl Serialize for FeatureId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FeatureId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_text_in_words_and_in_files() {
        let id = FeatureId { name: "recency_days".into(), version: 12 };
        assert_eq!(id.to_string(), "recency_days@12");
        assert_eq!("recency_days@12".parse::<FeatureId>().unwrap(), id);
        assert_eq!(serde_json::to_value(&id).unwrap(), "recency_days@12");
        assert_eq!(serde_json::from_str::<FeatureId>("\"recency_days@12\"").unwrap(), id);
        assert_eq!(postcard::from_bytes::<FeatureId>(&postcard::to_allocvec(&id).unwrap()).unwrap(), id);
        assert_eq!(FeatureId::first("a").to_string(), "a@1");
    }

    #[test]
    fn what_is_no_id_is_refused_with_what_one_looks_like() {
        for text in ["", "recency_days", "recency_days@", "@1", "recency_days@0", "recency_days@x", "a@70000"] {
            let error = text.parse::<FeatureId>().expect_err(text);
            assert_eq!(
                error.to_string(),
                format!("\"{text}\" is no feature with a version: write it as `recency_days@1`")
            );
        }
    }
}
