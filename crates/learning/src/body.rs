//! Which mathematics do models have? Few shapes, of which each serves many tasks.

mod binary;
mod classes;
mod effects;
mod number;
mod order;
mod policy;
mod trees;

pub use binary::{BinaryModel, Scored};
pub use classes::{Chosen, ClassesModel};
pub(crate) use classes::{OTHER, Part};
pub(crate) use effects::OfAction;
pub use effects::{Changed, EffectsModel};
pub use number::{Expected, NumberModel};
pub use order::{OrderModel, Ordered};
pub use policy::{Foretold, PolicyModel};
pub(crate) use policy::{Ground, SHARED};
pub use trees::Contribution;

use crate::LearningError;
use models::recommend::Recommender;
use models::rfm::RfmModel;
use models::text::IntentModel;
use models::value::ValueModel;
use serde::{Deserialize, Serialize};

/// A model that can answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Ranks items for a customer.
    Ranker(Recommender),
    /// Says how likely something is.
    Binary(BinaryModel),
    /// Says how much money.
    Amount(ValueModel),
    /// Says which group.
    Groups(RfmModel),
    /// Says how often or how much.
    Number(NumberModel),
    /// Says which of several.
    Classes(ClassesModel),
    /// Says how far up each of the items that were found belongs.
    Order(OrderModel),
    /// Says what each action brings.
    Policy(Box<PolicyModel>),
    /// Says what each action changes.
    Effects(Box<EffectsModel>),
    /// Says what messages ask for.
    Texts(Box<IntentModel>),
}

/// How a model is stored. A file may name one that only a newer program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// [`Body::Ranker`].
    Ranker,
    /// [`Body::Binary`].
    Binary,
    /// [`Body::Amount`].
    Amount,
    /// [`Body::Groups`].
    Groups,
    /// [`Body::Number`].
    Number,
    /// [`Body::Classes`].
    Classes,
    /// [`Body::Order`].
    Order,
    /// [`Body::Policy`].
    Policy,
    /// [`Body::Effects`].
    Effects,
    /// [`Body::Texts`].
    Texts,
}

impl Shape {
    /// Its name in a model's header.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Ranker => "ranker",
            Self::Binary => "binary",
            Self::Amount => "amount",
            Self::Groups => "groups",
            Self::Number => "number",
            Self::Classes => "classes",
            Self::Order => "order",
            Self::Policy => "policy",
            Self::Effects => "effects",
            Self::Texts => "texts",
        }
        .to_owned()
    }
}

impl Body {
    /// How it is stored.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self {
            Self::Ranker(_) => Shape::Ranker,
            Self::Binary(_) => Shape::Binary,
            Self::Amount(_) => Shape::Amount,
            Self::Groups(_) => Shape::Groups,
            Self::Number(_) => Shape::Number,
            Self::Classes(_) => Shape::Classes,
            Self::Order(_) => Shape::Order,
            Self::Policy(_) => Shape::Policy,
            Self::Effects(_) => Shape::Effects,
            Self::Texts(_) => Shape::Texts,
        }
    }

    /// The model as bytes, with a version of their own.
    ///
    /// # Errors
    /// [`LearningError::Model`] or [`LearningError::File`] where it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LearningError> {
        match self {
            Self::Ranker(model) => model.to_bytes().map_err(LearningError::model("write the recommender")),
            Self::Binary(model) => model.to_bytes(),
            Self::Amount(model) => model.to_bytes().map_err(LearningError::model("write the model of value")),
            Self::Groups(model) => model.to_bytes().map_err(LearningError::model("write the groups")),
            Self::Number(model) => model.to_bytes(),
            Self::Classes(model) => model.to_bytes(),
            Self::Order(model) => model.to_bytes(),
            Self::Policy(model) => model.to_bytes(),
            Self::Effects(model) => model.to_bytes(),
            Self::Texts(model) => model.to_bytes().map_err(LearningError::model("write the model of messages")),
        }
    }

    /// Reads what [`Body::to_bytes`] wrote.
    ///
    /// # Errors
    /// As [`Body::to_bytes`], where the bytes are something else.
    pub fn open(shape: Shape, bytes: &[u8]) -> Result<Self, LearningError> {
        Ok(match shape {
            Shape::Ranker => {
                Self::Ranker(Recommender::from_bytes(bytes).map_err(LearningError::model("read the recommender"))?)
            }
            Shape::Binary => Self::Binary(BinaryModel::from_bytes(bytes)?),
            Shape::Number => Self::Number(NumberModel::from_bytes(bytes)?),
            Shape::Classes => Self::Classes(ClassesModel::from_bytes(bytes)?),
            Shape::Order => Self::Order(OrderModel::from_bytes(bytes)?),
            Shape::Policy => Self::Policy(Box::new(PolicyModel::from_bytes(bytes)?)),
            Shape::Effects => Self::Effects(Box::new(EffectsModel::from_bytes(bytes)?)),
            Shape::Texts => Self::Texts(Box::new(
                IntentModel::from_bytes(bytes, &[]).map_err(LearningError::model("read the model of messages"))?,
            )),
            Shape::Groups => {
                Self::Groups(RfmModel::from_bytes(bytes).map_err(LearningError::model("read the groups"))?)
            }
            Shape::Amount => {
                Self::Amount(ValueModel::from_bytes(bytes).map_err(LearningError::model("read the model of value"))?)
            }
        })
    }
}
