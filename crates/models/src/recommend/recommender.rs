//! What does a recommender answer, whatever it is made of?

use super::blended::{Blended, Part, VERSION, VERSION_ONE_ORDER};
use super::choice::Trial;
use super::recipe::RecommenderSettings;
use super::repeat::Again;
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
    /// Of several.
    Blended(Box<Blended>),
}

impl Recommender {
    /// The `n` best of all `allowed` items for this question, best first. Every allowed item comes, where `n` is large
    /// enough; only where nothing is consumed twice, what the customer had does not.
    #[must_use]
    pub fn rank(&self, query: &Query<'_>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        match &self.form {
            Form::ItemToItem(model) => model.score(query.history, n, allowed),
            Form::Blended(model) => model.rank(query, n, allowed),
        }
    }

    /// The `n` most popular of all `allowed` items, most popular first, ties by key. Where no others than some are allowed, only
    /// these are looked at.
    #[must_use]
    pub fn popular(&self, n: usize, only: Option<&[ItemKey]>, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        match &self.form {
            Form::ItemToItem(model) => model.popular(n, allowed),
            Form::Blended(model) => model.popular(n, only, allowed),
        }
    }

    /// The same as it suits an hour of the week, where it has learned what is bought when.
    #[must_use]
    pub fn popular_at(&self, hour: Option<u16>, n: usize, allowed: &dyn Fn(ItemKey) -> bool) -> Vec<Scored> {
        match &self.form {
            Form::ItemToItem(model) => model.popular(n, allowed),
            Form::Blended(model) => model.popular_at(hour, n, allowed),
        }
    }

    /// The items most similar to `item`, most similar first, with their similarity.
    pub fn similar(&self, item: ItemKey) -> impl Iterator<Item = (ItemKey, f64)> + '_ {
        let similar: Vec<_> = match &self.form {
            Form::ItemToItem(model) => model.similar(item).collect(),
            Form::Blended(model) => model.similar(item),
        };
        similar.into_iter()
    }

    /// What each part of it says of each of these items; nothing of an item that it would not have looked at.
    #[must_use]
    pub fn parts(&self, query: &Query<'_>, items: &[ItemKey]) -> Vec<Vec<Part>> {
        match &self.form {
            Form::ItemToItem(_) => vec![Vec::new(); items.len()],
            Form::Blended(model) => model.parts(query, items),
        }
    }

    /// What its members are called, in their order.
    #[must_use]
    pub fn member_names(&self) -> Vec<&'static str> {
        match &self.form {
            Form::ItemToItem(_) => vec!["item-to-item"],
            Form::Blended(model) => model.settings().members.iter().map(super::MemberSettings::name).collect(),
        }
    }

    /// Whether trees put its candidates in order.
    #[must_use]
    pub fn has_trees(&self) -> bool {
        matches!(&self.form, Form::Blended(model) if model.has_trees())
    }

    /// How its order was chosen; `None` for a model of the first programs.
    #[must_use]
    pub fn trial(&self) -> Option<&Trial> {
        match &self.form {
            Form::ItemToItem(_) => None,
            Form::Blended(model) => Some(model.trial()),
        }
    }

    /// How it was fitted; `None` for a model of the first programs.
    #[must_use]
    pub fn settings(&self) -> Option<&RecommenderSettings> {
        match &self.form {
            Form::ItemToItem(_) => None,
            Form::Blended(model) => Some(model.settings()),
        }
    }

    /// Whether what a customer had may be in their list.
    #[must_use]
    pub fn repeats(&self) -> bool {
        match &self.form {
            Form::ItemToItem(_) => true,
            Form::Blended(model) => model.repeats(),
        }
    }

    /// How those who have an item want it again; `None` of what it does not know, where nobody who had it or others of its category
    /// could say it, and where nothing is had twice.
    #[must_use]
    pub fn again(&self, item: ItemKey) -> Option<Again> {
        match &self.form {
            Form::ItemToItem(_) => None,
            Form::Blended(model) => model.again(item),
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
            Form::Blended(model) => model.items(),
        }
    }

    /// It as bytes: a version byte, then postcard.
    ///
    /// # Errors
    /// [`ModelError::Encode`] where the codec fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        match &self.form {
            Form::ItemToItem(model) => model.to_bytes(),
            Form::Blended(model) => model.to_bytes(),
        }
    }

    /// Reads what [`Self::to_bytes`] wrote, now or in an earlier program.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] where the bytes are of another version or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.first().is_some_and(|version| [VERSION, VERSION_ONE_ORDER].contains(version)) {
            return Blended::from_bytes(bytes).map(Self::from);
        }
        ItemToItemModel::from_bytes(bytes).map(Self::from)
    }
}

impl From<ItemToItemModel> for Recommender {
    fn from(model: ItemToItemModel) -> Self {
        Self { form: Form::ItemToItem(model) }
    }
}

impl From<Blended> for Recommender {
    fn from(model: Blended) -> Self {
        Self { form: Form::Blended(Box::new(model)) }
    }
}
