//! How does a program talk to it? A short page for people, with commands to copy.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// A command to copy, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What it does: `Send an event`.
    pub title: String,
    /// When and why, in a sentence.
    pub text: String,
    /// The command.
    pub command: String,
    /// What it answers, as JSON; empty where there is nothing to show.
    pub answer: String,
}

/// The API, `/api`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "api.html")]
pub struct ApiPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The address programs talk to: `http://127.0.0.1:7070`.
    pub base_url: String,
    /// Commands to copy.
    pub examples: Vec<Example>,
}
page!(ApiPage, Some(Section::Api));
