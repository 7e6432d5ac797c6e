//! Who decides what the customers are shown? Nobody in a history, a running server while the company lives beside it.

use crate::people::Person;
use primitives::Timestamp;

/// What the company asks while somebody is there.
#[derive(Debug)]
pub struct Question<'a> {
    /// What is to be decided, such as `recommend`.
    pub decision: &'static str,
    /// Whom it is about.
    pub person: &'a Person,
    /// The account they have signed in with, where they have.
    pub user_id: Option<&'a str>,
    /// The device they use.
    pub device: Option<&'a str>,
    /// How many things there is room for.
    pub n: usize,
    /// When.
    pub at: Timestamp,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// By which what is shown and clicked on names it.
    pub decision_id: String,
    /// The things to show, the best first.
    pub items: Vec<String>,
}

/// Decides for the company while it lives.
pub trait Host {
    /// What is decided; `None` where nobody decides, or no answer came: the company shows what it always shows.
    fn decide(&mut self, question: &Question<'_>) -> Option<Reply>;
}

/// Nobody decides.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Host for Nobody {
    fn decide(&mut self, _: &Question<'_>) -> Option<Reply> {
        None
    }
}
