//! What does a recommender answer, whatever it is made of?

use super::{ItemToItemModel, Query, Scored};
use crate::ModelError;
use primitives::ItemKey;

/// A recommender in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommender {
    form: Form,
}

/// What it is made of: the first byte of its bytes says which.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// Of one model, as the first programs stored it.
    ItemToItem(ItemToItemModel),
}

impl Recommender {
    /// The `n` best of all `allowed` items for this question, best first, ties by key.
    #[must_use]
    pub fn rank(&self, query: &Query<'_>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        match &self.form {
            Form::ItemToItem(model) => model.score(query.history, n, allowed),
        }
    }

    /// The `n` most popular of all `allowed` items, most popular first, ties by key.
    #[must_use]
    pub fn popular(&self, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        match &self.form {
            Form::ItemToItem(model) => model.popular(n, allowed),
        }
    }

    /// The items most similar to `item`, most similar first, with their similarity from 0 to 1.
    pub fn similar(&self, item: ItemKey) -> impl Iterator<Item = (ItemKey, f64)> + '_ {
        match &self.form {
            Form::ItemToItem(model) => model.similar(item),
        }
    }

    /// Whether the item was in the catalogue that it was trained with.
    #[must_use]
    pub fn contains(&self, item: ItemKey) -> bool {
        self.items().binary_search(&item).is_ok()
    }

    /// The catalogue that it was trained with, in ascending order.
    #[must_use]
    pub fn items(&self) -> &[ItemKey] {
        match &self.form {
            Form::ItemToItem(model) => model.items(),
        }
    }

    /// It as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        match &self.form {
            Form::ItemToItem(model) => model.to_bytes(),
        }
    }

    /// Reads what [`Self::to_bytes`] wrote, now or in an earlier program.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        ItemToItemModel::from_bytes(bytes).map(Self::from)
    }
}

impl From<ItemToItemModel> for Recommender {
    fn from(model: ItemToItemModel) -> Self {
        Self { form: Form::ItemToItem(model) }
    }
}
