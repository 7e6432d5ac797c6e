//! Who decides what the customers are shown? Nobody in a history, a running server while the company lives beside it.

use crate::message::Message;
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

/// Hears what the company tells, and decides for it, while it lives.
pub trait Host {
    /// Takes a message, when it is told.
    fn hear(&mut self, message: Message);

    /// What is decided; `None` where nobody decides, or no answer came: the company shows what it always shows.
    fn decide(&mut self, question: &Question<'_>) -> Option<Reply>;

    /// Waits until a moment of the company's day has come, where somebody lives beside it at a pace; `false` where it is enough.
    fn wait_until(&mut self, _: Timestamp) -> bool {
        true
    }
}

/// Keeps what it hears, and decides nothing.
#[derive(Debug, Clone, Default)]
pub struct Listener {
    /// What was told, in the order in which it was.
    pub heard: Vec<Message>,
}

impl Host for Listener {
    fn hear(&mut self, message: Message) {
        self.heard.push(message);
    }

    fn decide(&mut self, _: &Question<'_>) -> Option<Reply> {
        None
    }
}
