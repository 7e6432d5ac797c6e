//! Is what is derived of customers right, whatever is taken out, separated, erased or built anew?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod erase;
mod export;
mod imports;
mod rebuild;
mod separate;
