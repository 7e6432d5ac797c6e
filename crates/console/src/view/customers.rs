//! Who are the customers, and which one is meant? Search and list.

use super::{Frame, Glance, Section, filters, page};
use crate::Icon;
use primitives::{Money, Timestamp};

/// Customers, `/customers?q=`.
#[derive(Debug, Clone, PartialEq, askama::Template)]
#[template(path = "customers.html")]
pub struct CustomersPage {
    /// What stands around the page.
    pub frame: Frame,
    /// What was searched for; empty for the most recently seen.
    pub query: String,
    /// Customers in all, known and anonymous.
    pub total: u64,
    /// How many match; more than there are rows where the page is full.
    pub found: u64,
    /// What the list leaves out, where it does.
    pub note: Option<String>,
    /// Whether anybody ever ordered: without, there is no column of orders.
    pub has_orders: bool,
    /// Whether subscriptions come in: without, there is no column of them.
    pub has_subscriptions: bool,
    /// What is told of each customer by the answers that stand on their pages: the headings, [`Self::N_ANSWERS`] at most.
    pub answers: Vec<String>,
    /// The customers.
    pub rows: Vec<CustomerRow>,
    /// The address of the next page.
    pub older: Option<String>,
}
page!(CustomersPage, Some(Section::Customers));

/// One customer.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerRow {
    /// The identifier in the addresses.
    pub id: String,
    /// A name or an e-mail, where a trait has one.
    pub label: Option<String>,
    /// Whether a `userId` is known.
    pub known: bool,
    /// The first event.
    pub first_seen: Timestamp,
    /// The last event.
    pub last_seen: Timestamp,
    /// Completed orders.
    pub orders: u64,
    /// What they were worth; none where there was none.
    pub revenue: Option<Money>,
    /// What their active subscriptions cost a month, or how many they are where that is not known; none where there is none.
    pub subscribed: Option<String>,
    /// One answer a heading; none where nothing can be said of this customer.
    pub answers: Vec<Option<Glance>>,
}

impl CustomersPage {
    /// How many answers a list has room for.
    pub const N_ANSWERS: usize = 3;
}
