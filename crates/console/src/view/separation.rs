//! What becomes of a customer without one of their names? The question before they are taken apart.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// Before a name is taken out of a customer, `/customers/{id}/separate?identifier=`; its form is sent to
/// `POST /customers/{id}/separate`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "separation.html")]
pub struct SeparationPage {
    /// What stands around the page.
    pub frame: Frame,
    /// The customer's identifier in the addresses.
    pub id: String,
    /// The name by which they were known first, which stays: `userId ann`.
    pub founder: String,
    /// The name that is somebody else: `userId bob`.
    pub other: String,
    /// The same for the form: `user:bob`.
    pub identifier: String,
    /// To whom the customer's events go; who has most of them first.
    pub parts: Vec<Part>,
}
page!(SeparationPage, Some(Section::Customers));

/// One customer with events of the former one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The customer.
    pub id: String,
    /// Every name they will go by.
    pub names: Vec<String>,
    /// How many of the former customer's events will be theirs.
    pub n_events: u64,
}
