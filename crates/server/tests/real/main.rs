//! Does it hold on what really happened? Purchases and customers that others published, fetched once.
//!
//! Run with `cargo xtask test-real`; the default tests need neither network nor data.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it measured"
)]

mod data;
mod value;
