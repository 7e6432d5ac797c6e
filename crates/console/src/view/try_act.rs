//! What would be done for this customer next, and why not the others? The page on which that is tried; nothing of it is logged.

use super::content::Actions;
use super::{Frame, Section, filters, page};
use crate::Icon;
use crate::format::address;

/// The page `/try?what=act&customer=&channel=&context=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "try_act.html")]
pub struct TryActPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The kind of decision that is tried.
    pub kind: String,
    /// What else can be tried: its name in the address, and what it is called; empty is a list of items.
    pub kinds: Vec<(String, String)>,
    /// For whom: a customer's name.
    pub customer: String,
    /// Where it will be done; empty for everywhere.
    pub channel: String,
    /// The channels that there are.
    pub channels: Vec<&'static str>,
    /// What is said of the place, as JSON.
    pub context: String,
    /// How many actions.
    pub n: u64,
    /// Customers to try it with: their id and what they are called.
    pub examples: Vec<(String, String)>,
    /// Why it cannot be answered.
    pub refused: Option<String>,
    /// What was answered; none before anybody was named.
    pub answer: Option<TriedActions>,
}
page!(TryActPage, Some(Section::Try));

/// What would be done.
#[derive(Debug, Clone, PartialEq)]
pub struct TriedActions {
    /// Whom it is for: their id and what they are called.
    pub customer: Option<(String, String)>,
    /// Why it is not the full answer, or why there are fewer than were asked for.
    pub note: Option<String>,
    /// What is done, and which rule left out the others.
    pub actions: Actions,
    /// How long it took, in milliseconds.
    pub took_ms: f64,
    /// The same question as a command.
    pub command: String,
}

impl TryActPage {
    /// The address of something else that can be tried, for the same customer.
    fn other(&self, what: &str) -> String {
        address("/try", &[("what", what), ("customer", &self.customer)])
    }

    /// The address for one of the examples.
    fn example(&self, id: &str) -> String {
        address("/try", &[("what", &self.kind), ("customer", id)])
    }

    /// Whether more than the usual is asked, so that it stands open.
    fn is_narrowed(&self) -> bool {
        !self.context.is_empty() || self.n != 1
    }
}
