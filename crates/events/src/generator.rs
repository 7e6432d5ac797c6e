//! Which customers would a test or a demonstration see? A seeded world of one shop, tastes and habits.
//!
//! The world has the shape of a grocer's records: customers of some regions and ages, items with categories and prices,
//! orders over a few months. What can be learned from it is there on purpose, and nothing else is:
//! - a customer prefers a few categories and returns to favourite items, and items have companions that are bought with
//!   them, so co-purchases say more than popularity, which follows Zipf's law;
//! - a customer shops at intervals of their own and on weekdays of their own, slows down and then stays away for good,
//!   so how long somebody has been silent means something only next to how often they used to come;
//! - some customers browse anonymously before they say who they are, some come from an older system under another
//!   identifier, and a few refuse personalization or analytics.

mod catalogue;
mod customer;
mod days;
mod dice;
mod payload;
mod tangle;
#[cfg(test)]
mod tests;

use crate::{Envelope, Event, Origin, parse_event};
use catalogue::Catalogue;
use customer::Customer;
use days::Days;
use dice::Dice;
use primitives::{Currency, DAY_MS, Seed, Timestamp};
use serde_json::Value;
pub use tangle::Tangle;

/// How large a world is, and when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorldSettings {
    /// How many customers are known by the end.
    pub n_customers: usize,
    /// How many items the shop sells, at least 1.
    pub n_items: usize,
    /// How many days are told, at least 1.
    pub n_days: u32,
    /// Every event lies before the beginning of this moment's day (UTC).
    pub ends_at: Timestamp,
    /// The currency of all prices.
    pub currency: Currency,
}

impl Default for WorldSettings {
    /// 2,000 customers, 1,500 items, the 120 days before 2026-11-22.
    fn default() -> Self {
        Self {
            n_customers: 2_000,
            n_items: 1_500,
            n_days: 120,
            ends_at: Timestamp::from_millis(20_779 * DAY_MS),
            currency: Currency::USD,
        }
    }
}

/// A shop, its items and its customers. The same seed and settings make the same world, to the byte.
#[derive(Debug)]
pub struct World {
    seed: Seed,
    settings: WorldSettings,
    catalogue: Catalogue,
    customers: Vec<Customer>,
}

impl World {
    /// Makes a world. Settings below 1 count as 1.
    #[must_use]
    pub fn new(seed: Seed, settings: WorldSettings) -> Self {
        let settings = WorldSettings { n_items: settings.n_items.max(1), n_days: settings.n_days.max(1), ..settings };
        let catalogue = Catalogue::new(&mut Dice::new(seed, "world/catalogue", 0), settings.n_items);
        let mut dice = Dice::new(seed, "world/customers", 0);
        let n_days = f64::from(settings.n_days);
        let customers = (0..settings.n_customers).map(|i| Customer::new(&mut dice, i, &catalogue, n_days)).collect();
        Self { seed, settings, catalogue, customers }
    }

    /// How the world was ordered.
    #[must_use]
    pub fn settings(&self) -> &WorldSettings {
        &self.settings
    }

    /// The first moment of the world.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        let end = self.settings.ends_at.day();
        Timestamp::from_millis((end - i64::from(self.settings.n_days)) * DAY_MS)
    }

    /// The `userId` of every customer, in the order in which they were made.
    pub fn user_ids(&self) -> impl Iterator<Item = &str> {
        self.customers.iter().map(|customer| customer.user_id.as_str())
    }

    /// The identifier of every item.
    pub fn item_ids(&self) -> impl Iterator<Item = &str> {
        self.catalogue.items().iter().map(|item| item.id.as_str())
    }

    /// What clients would have sent, in order of time: first the catalogue, then the days, one at a time in memory.
    pub fn payloads(&self) -> impl Iterator<Item = Value> {
        Days::new(self)
    }

    /// The same as accepted events, as an import would have read them.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let envelope = Envelope::new(self.settings.ends_at, Origin::Import);
        // Every payload is acceptable, which a test holds us to; there is nobody here to report one to.
        self.payloads().filter_map(move |payload| parse_event(payload, None, &envelope).ok())
    }
}
