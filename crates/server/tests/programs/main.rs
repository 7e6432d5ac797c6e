//! Does `rapport` do what its commands promise, and does an invented company live as a real one?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod company;
mod demo;
mod kinds;
mod simulate;
mod simulated;
