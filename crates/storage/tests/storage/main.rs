//! Does the storage keep what it promises, whatever happens?
#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod common;
mod contracts;
mod crashes;
mod faults;
mod model;
