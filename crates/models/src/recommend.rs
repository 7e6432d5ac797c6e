//! Which items next?
//!
//! [`ItemToItem`] learns which items go together and how often customers come back for the same, and answers with a
//! ranking of the whole catalogue in which every place has its reason. [`rank_by_popularity`] and
//! [`rank_by_frequency`] are what it has to beat.

mod accumulator;
mod baselines;
mod fit;
mod interactions;
mod item_to_item;
mod member;
mod model;
mod neighbours;
mod prepared;
mod query;
mod recommender;
#[cfg(test)]
mod tests;

pub use baselines::{rank_by_frequency, rank_by_popularity};
pub use interactions::{Interaction, Interactions, ItemTraits};
pub use item_to_item::ItemToItem;
pub use model::{Because, ItemToItemModel, Scored};
pub use query::{HistoryItem, Query};
pub use recommender::Recommender;
