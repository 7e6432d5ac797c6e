//! What is a model that can be asked?

use crate::{Body, ModelHeader};
use features::{Catalogue, Inputs};
use primitives::ModelVersion;
use std::sync::Arc;

/// A model that was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Its version.
    pub version: ModelVersion,
    /// Where it comes from and how good it is.
    pub header: ModelHeader,
    /// The features that it looks at, as this program computes them.
    pub inputs: Inputs,
    /// The built-in features and those that were declared for it: whose words its reasons are said in.
    pub catalogue: Arc<Catalogue>,
    /// The model.
    pub body: Body,
}
