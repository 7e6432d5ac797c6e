//! What is to be foretold? The labels, each in one place.

pub mod churn;
pub mod next_items;
