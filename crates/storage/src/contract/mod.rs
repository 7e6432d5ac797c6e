//! What must hold for every implementation of a port? One suite a port; each implementation's tests call them all.
//!
//! A suite takes a function that opens the implementation: [`Start::Empty`] gives one without content, [`Start::Again`]
//! the same one again, as after a restart of the program. The suite drops what it was given before it asks again.

pub mod decision_log;
pub mod document_store;
pub mod event_log;
pub mod history;
pub mod list_store;
pub mod model_store;
pub mod playbook_store;
pub mod profile_store;
pub mod samples;
pub mod text_index;

/// How the implementation is to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Without content.
    Empty,
    /// With the content that the last one had.
    Again,
}

/// What a law answers: it fails by an assertion, or by an error of the port.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;
