//! Is everything that was acknowledged there once, whenever the program is killed?
//!
//! Four loops of `kill -9`: while events come in, while decisions are made, while a file is imported, while derived state
//! is rebuilt. Each kills a few times; `RAPPORT_KILLS=40` kills as often as that.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a helper fails the test, and measures with the real clock"
)]

mod commands;
mod decisions;
mod events;
