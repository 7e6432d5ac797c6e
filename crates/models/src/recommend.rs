//! Which items next?
//!
//! [`ItemToItem`] learns which items go together and how often customers come back for the same, and answers with a
//! ranking of the whole catalogue in which every place has its reason. [`rank_by_popularity`] and
//! [`rank_by_frequency`] are what it has to beat.

mod accumulator;
mod alone;
mod als;
mod baselines;
mod content;
mod context;
mod cooccurrence;
mod crowd;
mod ease;
mod fit;
mod gf_cf;
mod interactions;
mod item_to_item;
mod matrix;
mod member;
mod members;
mod model;
mod neighbours;
mod prepared;
mod query;
mod recommender;
mod sequence;
mod sessions;
mod taste;
mod terms;
#[cfg(test)]
mod tests;
mod together;
mod two_tower;
mod user_knn;

pub use alone::Alone;
pub use als::Als;
pub use baselines::{rank_by_frequency, rank_by_popularity};
pub use content::Content;
pub use context::Context;
pub use cooccurrence::Cooccurrence;
pub use ease::Ease;
pub use gf_cf::GfCf;
pub use interactions::{Interaction, Interactions, ItemTraits};
pub use item_to_item::ItemToItem;
pub use members::MemberSettings;
pub use model::{Because, ItemToItemModel, Scored};
pub use query::{HistoryItem, Query};
pub use recommender::Recommender;
pub use sequence::Markov;
pub use sessions::Sessions;
pub use two_tower::TwoTower;
pub use user_knn::{TifuKnn, UpCf};
