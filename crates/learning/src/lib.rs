//! What can be learned from it?
mod store;
pub use store::{ModelStore, ModelStoreError};
