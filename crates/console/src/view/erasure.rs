//! What goes with a customer? The question before they are erased.

use super::{Frame, Section, filters, page};
use crate::Icon;

/// Before a customer is erased, `/customers/{id}/erase`; its form is sent to `POST /customers/{erase}/erase`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "erasure.html")]
pub struct ErasurePage {
    /// What stands around the page.
    pub frame: Frame,
    /// The customer's identifier in the addresses.
    pub id: String,
    /// The name by which they are erased: `user:ann`.
    pub erase: String,
    /// Every name that is refused from then on: `userId ann`.
    pub names: Vec<String>,
    /// How much goes, and of what: `12 events`.
    pub removed: Vec<String>,
}
page!(ErasurePage, Some(Section::Customers));

impl ErasurePage {
    /// Whom the button erases, which may be somebody else than the address seems to name.
    fn whom(&self) -> &str {
        self.erase.split_once(':').map_or(&self.erase, |(_, name)| name)
    }
}
