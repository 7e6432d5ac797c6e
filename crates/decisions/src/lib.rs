//! What should we do?
mod log;
pub use log::{DecisionLog, DecisionLogError, LoggedDecision};
