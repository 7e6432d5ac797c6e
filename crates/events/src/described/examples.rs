//! What does an event look like that says all it can?

use crate::vocabulary::channels::Properties;
use crate::vocabulary::properties::{Kind, Property};
use crate::{CallKind, CommerceStep};
use serde_json::{Map, Value, json};

/// A customer's name in examples.
const CUSTOMER: &str = "42";

/// A call.
pub(super) fn of_call(kind: CallKind) -> Value {
    let own = match kind {
        CallKind::Identify => json!({"traits": {"name": "Maria Lang", "email": "maria@example.com"}}),
        CallKind::Track => json!({"event": "Product Viewed", "properties": {"product_id": "4711"}}),
        CallKind::Page => json!({"name": "Green tea", "category": "Tea", "properties": {"path": "/tea/green"}}),
        CallKind::Screen => json!({"name": "Basket"}),
        CallKind::Group => json!({"groupId": "household-7", "traits": {"size": 3}}),
        CallKind::Alias => json!({"previousId": "card-9001"}),
        CallKind::Item => {
            return json!({"type": "item", "itemId": "4711",
                "traits": {"name": "Green tea, 100 g", "category": "Tea", "price": 4.9, "currency": "EUR"}});
        }
        // The server writes them by itself: nobody sends them.
        CallKind::Correction | CallKind::Separate => json!({}),
    };
    let mut call = json!({"type": kind.to_string(), "userId": CUSTOMER});
    if let (Value::Object(call), Value::Object(own)) = (&mut call, own) {
        call.extend(own);
    }
    call
}

fn tracked(name: &str, properties: Value) -> Value {
    json!({"type": "track", "userId": CUSTOMER, "event": name, "properties": properties})
}

/// An event of a purchase.
pub(super) fn of_purchase(step: CommerceStep) -> Value {
    let product = || json!({"product_id": "4711", "name": "Green tea, 100 g", "category": "Tea", "price": 4.9, "quantity": 3, "currency": "EUR"});
    let order = || json!({"order_id": "A-1042", "revenue": 14.7, "currency": "EUR", "products": [product()]});
    match step {
        CommerceStep::Searched => tracked("Products Searched", json!({"query": "green tea"})),
        CommerceStep::ListViewed => tracked("Product List Viewed", json!({"products": [product()]})),
        CommerceStep::Viewed => tracked("Product Viewed", product()),
        CommerceStep::Added => tracked("Product Added", product()),
        CommerceStep::Removed => tracked("Product Removed", product()),
        CommerceStep::Checkout => tracked("Checkout Started", order()),
        CommerceStep::Ordered => tracked("Order Completed", order()),
        CommerceStep::Refunded => tracked("Order Refunded", order()),
        CommerceStep::Consumed => tracked("Content Played", json!({"content_id": "4711"})),
        CommerceStep::Other => tracked("Coupon Applied", json!({"coupon": "SPRING"})),
    }
}

/// An event of another channel, with all of its properties.
pub(super) fn of_channel(name: &str, properties: Properties) -> Value {
    let pairs = properties.iter().filter_map(|(_, property)| {
        let key = *property.keys.first()?;
        Some((key.to_owned(), value(key, property)))
    });
    tracked(name, pairs.collect::<Map<_, _>>().into())
}

/// What may stand in a property.
fn value(key: &str, property: &Property) -> Value {
    let said = match key {
        "query" => "green tea",
        "action" => "grinder",
        "channel" => "email",
        "subject" | "email_subject" => "Where is my parcel?",
        "text" => "My parcel has not arrived yet.",
        "comment" => "Quick and friendly",
        "link_url" => "https://shop.example/spring",
        "method" => "card",
        "reason" => "card expired",
        "plan" => "premium",
        "metric" => "gigabytes",
        "unit" => "GB",
        "code" => "no signal",
        "item_id" => "4711",
        "decision_id" => "019ab3f2c1d4e5f60718293a4b5c6d7e",
        "started_at" => "2026-11-22T10:00:00Z",
        "ended_at" => "2026-11-22T10:00:42Z",
        "content_id" => "4711",
        "title" => "The long way home",
        "category" => "Documentaries",
        "score" | "rating" => return json!(4),
        "scale" => return json!(5),
        "idle_seconds" => return json!(5),
        "waited_seconds" => return json!(17),
        "keys" => return json!(24),
        _ => return of_kind(key, property.kind),
    };
    said.into()
}

fn of_kind(key: &str, kind: Kind) -> Value {
    match kind {
        Kind::Id => format!("{}-1042", key.trim_end_matches("_id")).into(),
        Kind::Text => key.into(),
        Kind::Word(words) => words.first().and_then(|alike| alike.first()).copied().unwrap_or_default().into(),
        Kind::Count => json!(2),
        Kind::Position => json!(1),
        Kind::Number => json!(1),
        Kind::Length => json!(812.5),
        Kind::Seconds => json!(42),
        Kind::Share => json!(0.6),
        Kind::Amount | Kind::Gain => json!(9.9),
        Kind::Currency => "EUR".into(),
        Kind::Moment => "2026-12-22T10:00:00Z".into(),
    }
}
