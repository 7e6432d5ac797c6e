//! How would a client have sent what happened?

use super::World;
use super::catalogue::Item;
use super::customer::Customer;
use crate::{CONSENT_UPDATED, Object};
use governance::Purpose;
use primitives::{Money, Timestamp, stable_hash};
use serde_json::Value;

/// Under which identifiers somebody acts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) device: Option<&'a str>,
}

impl<'a> Who<'a> {
    pub(super) fn user(user: &'a str) -> Self {
        Self { user: Some(user), device: None }
    }

    pub(super) fn device(device: &'a str) -> Self {
        Self { user: None, device: Some(device) }
    }
}

/// Writes payloads, each under a `messageId` of its own.
#[derive(Debug)]
pub(super) struct Payloads<'w> {
    world: &'w World,
    prefix: String,
    n_written: u64,
}

impl<'w> Payloads<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        // Worlds that differ share no messageId, so one does not hide the other's events.
        let settings = &world.settings;
        let sizes = [settings.n_customers, settings.n_items];
        let key =
            format!("{} {sizes:?} {} {} {}", world.seed.value(), settings.n_days, settings.ends_at, settings.currency);
        let prefix = format!("world-{:016x}", stable_hash(&key));
        Self { world, prefix, n_written: 0 }
    }

    pub(super) fn item(&mut self, at: Timestamp, item: &Item) -> (Timestamp, Value) {
        let mut payload = self.begin("item", at, Who { user: None, device: None });
        payload.insert("itemId".into(), item.id.as_str().into());
        let mut traits = self.described(item);
        traits.insert("currency".into(), self.world.settings.currency.code().into());
        payload.insert("traits".into(), traits.into());
        (at, payload.into())
    }

    pub(super) fn identify(&mut self, at: Timestamp, customer: &Customer, who: Who<'_>) -> Value {
        let has_device = customer.habits.n_anonymous_visits > 0;
        let device = has_device.then_some(customer.device.as_str());
        let mut payload = self.begin("identify", at, Who { device, ..who });
        let mut traits = Object::new();
        traits.insert("ageGroup".into(), customer.traits.age_group.into());
        traits.insert("area".into(), customer.traits.area.into());
        traits.insert("householdSize".into(), customer.traits.household_size.into());
        payload.insert("traits".into(), traits.into());
        if customer.refusal.is_any() && customer.refusal.on_visit == 0 {
            payload.insert("context".into(), preferences(customer));
        }
        payload.into()
    }

    pub(super) fn consent_updated(&mut self, at: Timestamp, customer: &Customer, who: Who<'_>) -> Value {
        let mut payload = self.begin("track", at, who);
        payload.insert("event".into(), CONSENT_UPDATED.into());
        payload.insert("context".into(), preferences(customer));
        payload.into()
    }

    pub(super) fn alias(&mut self, at: Timestamp, customer: &Customer) -> Value {
        let mut payload = self.begin("alias", at, Who::user(&customer.user_id));
        payload.insert("previousId".into(), customer.legacy_id.as_deref().unwrap_or_default().into());
        payload.into()
    }

    pub(super) fn page(&mut self, at: Timestamp, who: Who<'_>) -> Value {
        let mut payload = self.begin("page", at, who);
        payload.insert("name".into(), "Home".into());
        let mut properties = Object::new();
        properties.insert("path".into(), "/".into());
        payload.insert("properties".into(), properties.into());
        payload.into()
    }

    pub(super) fn viewed(&mut self, at: Timestamp, who: Who<'_>, item: &Item) -> Value {
        let mut payload = self.begin("track", at, who);
        payload.insert("event".into(), "Product Viewed".into());
        let mut properties = self.described(item);
        properties.insert("product_id".into(), item.id.as_str().into());
        properties.insert("currency".into(), self.world.settings.currency.code().into());
        payload.insert("properties".into(), properties.into());
        payload.into()
    }

    /// `order` is the customer's number and the number of this order of theirs.
    pub(super) fn order(&mut self, at: Timestamp, who: Who<'_>, order: (usize, u32), basket: &[(usize, u32)]) -> Value {
        let mut products = Vec::with_capacity(basket.len());
        let mut revenue_minor = 0_i64;
        for (index, quantity) in basket {
            let item = &self.world.catalogue.items()[*index];
            let mut product = self.described(item);
            product.insert("product_id".into(), item.id.as_str().into());
            product.insert("quantity".into(), (*quantity).into());
            revenue_minor += i64::from(item.price_minor) * i64::from(*quantity);
            products.push(Value::Object(product));
        }
        let mut properties = Object::new();
        properties.insert("order_id".into(), format!("O{:06}-{}", order.0 + 1, order.1).into());
        properties.insert("currency".into(), self.world.settings.currency.code().into());
        properties.insert("revenue".into(), self.major(revenue_minor));
        properties.insert("products".into(), products.into());
        let mut payload = self.begin("track", at, who);
        payload.insert("event".into(), "Order Completed".into());
        payload.insert("properties".into(), properties.into());
        payload.into()
    }

    fn begin(&mut self, kind: &str, at: Timestamp, who: Who<'_>) -> Object {
        self.n_written += 1;
        let mut payload = Object::new();
        payload.insert("type".into(), kind.into());
        payload.insert("messageId".into(), format!("{}-{:08}", self.prefix, self.n_written).into());
        payload.insert("timestamp".into(), at.to_string().into());
        if let Some(user) = who.user {
            payload.insert("userId".into(), user.into());
        }
        if let Some(device) = who.device {
            payload.insert("anonymousId".into(), device.into());
        }
        payload
    }

    fn described(&self, item: &Item) -> Object {
        let mut fields = Object::new();
        fields.insert("name".into(), item.name.as_str().into());
        fields.insert("category".into(), item.category.into());
        fields.insert("price".into(), self.major(i64::from(item.price_minor)));
        fields
    }

    fn major(&self, minor: i64) -> Value {
        Money { minor, currency: self.world.settings.currency }.to_major().into()
    }
}

fn preferences(customer: &Customer) -> Value {
    let mut categories = Object::new();
    categories.insert(Purpose::Personalization.name().into(), (!customer.refusal.personalization).into());
    categories.insert(Purpose::Analytics.name().into(), (!customer.refusal.analytics).into());
    let mut consent = Object::new();
    consent.insert("categoryPreferences".into(), categories.into());
    let mut context = Object::new();
    context.insert("consent".into(), consent.into());
    context.into()
}
