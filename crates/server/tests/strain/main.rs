//! Does it hold under strain: floods, too many connections, full disks, what hangs, and being killed?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod connections;
mod crash;
mod engine;
mod stop;
mod sustained;
mod together;
