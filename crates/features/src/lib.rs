//! What did we know at a moment?
mod history;
pub use history::History;
