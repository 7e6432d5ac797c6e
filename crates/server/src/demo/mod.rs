//! What does the demonstration show, and where does its data come from?
//!
//! A simulated company, or with `--real` purchases that were made ([`fetch`]); which of the two is said in words wherever it is
//! shown ([`data`]).

pub mod data;
pub mod fetch;

pub use data::DemoData;
pub use fetch::{FetchError, Fetcher};
