//! What does the demonstration show, and where does its data come from?
//!
//! Real purchases where they can be had ([`fetch`]), else those of a generated shop, and which of the two is said in words
//! wherever it is shown ([`plan`]).

pub mod fetch;
pub mod plan;

pub use fetch::{FetchError, Fetcher};
pub use plan::DemoData;
