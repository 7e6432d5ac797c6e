//! Is what is declared, learned and chosen right, explained, and worth what is said?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod acting;
mod decide;
mod declared;
mod declaring;
mod lift;
mod offering;
mod strangers;
mod training;
