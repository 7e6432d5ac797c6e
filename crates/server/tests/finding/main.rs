//! Are exactly the customers and the items found that are meant, and in the right order?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod conversations;
mod list_pages;
mod listing;
mod lists;
mod messages;
mod order;
mod saved_lists;
mod search;
mod walks;
