//! Do clients, of ours and of other companies, find what was promised them, and nothing beyond?

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod data;
mod edge;
mod examples;
mod flags;
mod foreign;
mod ingest;
mod operations;
mod ranking;
