//! Does the storage keep what it promises, whatever happens?
#![expect(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod directories;
mod contracts;
mod crashes;
mod faults;
mod model;
