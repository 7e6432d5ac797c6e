//! Which items next?
//!
//! A [`Recommender`] is several members, each a model of its own, with a customer's habits and the sales of each item. All
//! propose candidates, and an order of them is learned from questions whose answers are known: see [`RecommenderSettings`].
//! [`ItemToItem`] is the one model of which the first programs' recommenders were made. [`rank_by_popularity`],
//! [`rank_by_recent_popularity`] and [`rank_by_frequency`] are what any has to beat.

mod accumulator;
mod alone;
mod als;
mod baselines;
mod blend;
mod blended;
mod bpr;
mod choice;
mod climb;
mod content;
mod context;
mod cooccurrence;
mod crowd;
mod ease;
mod exam;
mod factors;
mod fit;
mod gather;
mod gf_cf;
mod goal;
mod grow;
mod hold_out;
mod interactions;
mod item_to_item;
mod matrix;
mod member;
mod members;
mod model;
mod neighbours;
mod order;
mod prepared;
mod query;
mod recipe;
mod recommender;
mod repeat;
mod rows;
mod sequence;
mod sessions;
mod taste;
mod terms;
#[cfg(test)]
mod tests;
mod together;
mod tried;
mod two_tower;
mod user_knn;

pub use alone::Alone;
pub use als::Als;
pub use baselines::{rank_by_frequency, rank_by_popularity, rank_by_recent_popularity};
pub use blended::Part;
pub use bpr::Bpr;
pub use choice::Trial;
pub use content::Content;
pub use context::Context;
pub use cooccurrence::Cooccurrence;
pub use ease::Ease;
pub use gf_cf::GfCf;
pub use hold_out::{HeldOut, HoldOut, Question};
pub use interactions::{Interaction, Interactions, ItemTraits};
pub use item_to_item::ItemToItem;
pub use members::MemberSettings;
pub use model::{Because, ItemToItemModel, Scored};
pub use query::{HistoryItem, Query};
pub use recipe::{Blend, RecommenderSettings};
pub use recommender::Recommender;
pub use repeat::Again;
pub use sequence::Markov;
pub use sessions::Sessions;
pub use two_tower::TwoTower;
pub use user_knn::{TifuKnn, UpCf};
