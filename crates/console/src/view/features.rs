//! Which features are there, and what does each mean? The catalogue.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// The features, `/features`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "catalogue.html")]
pub struct FeaturesPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The features that can be read, under their headings.
    pub groups: Vec<DefinedGroup>,
    /// Those that are declared and whose past is being counted.
    pub waiting: Vec<Defined>,
    /// How many events of how many were read for them.
    pub progress: (u64, u64),
    /// Why what the settings declare now cannot be used.
    pub refused: Option<String>,
    /// What of the declarations may be a slip, in sentences.
    pub doubts: Vec<String>,
}
page!(FeaturesPage, Some(Section::Features));

/// Features under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedGroup {
    /// The heading.
    pub title: String,
    /// The features.
    pub features: Vec<Defined>,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defined {
    /// Its name, with the version of its computation: what a model names as its input.
    pub id: String,
    /// What it says of a customer, in words.
    pub meaning: String,
    /// The unit.
    pub unit: String,
    /// Where it is less exact, or looks less far back, than its meaning says.
    pub limit: Option<String>,
}

impl FeaturesPage {
    fn n_waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    fn n_features(&self) -> u64 {
        self.groups.iter().map(|group| group.features.len() as u64).sum()
    }
}
