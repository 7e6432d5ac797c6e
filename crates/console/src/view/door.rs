//! What does somebody see who cannot get in or has lost the way? Sign-in and errors.

use super::{Frame, Theme, filters, page};
use crate::Icon;

/// Sign-in, `/login`: `POST /login` with `key` and `back`.
#[derive(Debug, Clone, PartialEq, Eq, askama::Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// The colours the person chose.
    pub theme: Theme,
    /// The program's version.
    pub version: String,
    /// Why the last attempt failed, and what to do.
    pub problem: Option<String>,
    /// Where to go afterwards.
    pub back: String,
    /// With which command another key is made on the server's machine.
    pub new_key_command: String,
}

/// An error as a page.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The HTTP status: 404.
    pub status: u16,
    /// What is wrong: `There is no such page`.
    pub title: String,
    /// What was attempted, with which value.
    pub message: String,
    /// What to do.
    pub remedy: String,
}
page!(ErrorPage, None);

impl LoginPage {
    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        super::finish(askama::Template::render(self))
    }
}

impl ErrorPage {
    /// No page stands at this address.
    #[must_use]
    pub fn not_found(frame: Frame) -> Self {
        let message = format!("Nothing stands at {}.", frame.here);
        Self {
            frame,
            status: 404,
            title: "There is no such page".to_owned(),
            message,
            remedy: "Check the address, or start from the overview.".to_owned(),
        }
    }
}
