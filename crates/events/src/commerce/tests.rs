//! Are purchases read as they were meant, and nonsense refused where it stands?

use super::*;
use crate::{Call, CallKind, Envelope, Origin, RejectionCode, parse_event};
use primitives::Timestamp;
use serde_json::{Value, json};

fn track(name: &str, properties: Value) -> Result<Event, Rejection> {
    let envelope = Envelope {
        received_at: Timestamp::from_millis(1_700_000_000_000),
        sent_at: None,
        context: Fields::new(),
        origin: Origin::Client,
    };
    let payload = json!({"userId": "u", "event": name, "properties": properties});
    parse_event(payload, Some(CallKind::Track), &envelope)
}

fn read(name: &str, properties: Value) -> Commerce {
    Commerce::read(&track(name, properties).unwrap()).unwrap().unwrap()
}

#[test]
fn every_name_of_the_specification_has_its_step() {
    use CommerceStep::*;
    for (step, names) in [
        (Searched, vec!["Products Searched"]),
        (ListViewed, vec!["Product List Viewed", "Product List Filtered"]),
        (Viewed, vec!["Product Viewed", "Product Clicked"]),
        (Added, vec!["Product Added", "Product Added to Wishlist", "Wishlist Product Added to Cart"]),
        (Removed, vec!["Product Removed", "Product Removed from Wishlist"]),
        (Checkout, vec!["Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed"]),
        (Checkout, vec!["Payment Info Entered"]),
        (
            Ordered,
            vec!["Order Completed", "order_completed", "ORDER COMPLETED", "order-completed", " Order Completed "],
        ),
        (Refunded, vec!["Order Refunded", "Order Cancelled", "Order Canceled"]),
        (Other, vec!["Order Updated", "Promotion Viewed", "Promotion Clicked", "Coupon Entered", "Coupon Applied"]),
        (Other, vec!["Coupon Denied", "Coupon Removed", "Product Shared", "Product Reviewed", "Cart Shared"]),
    ] {
        for name in names {
            assert_eq!(read(name, json!({})).step, step, "{name}");
        }
    }
    for name in ["Signed Up", "OrderCompleted", "Order Completed Twice", "", "Ordér Completed", &"x".repeat(200)] {
        assert_eq!(steps::named(name), None, "{name}");
    }
}

#[test]
fn an_order_is_read_with_its_products_in_minor_units() {
    let order = read(
        "Order Completed",
        json!({"order_id": 77, "currency": "eur", "products": [
            {"product_id": "a", "price": 1.1, "quantity": 3, "name": "Oat drink", "category": "Drinks"},
            {"sku": 4711, "price": "2.50", "quantity": "0.5"},
            {"id": "c"},
        ]}),
    );
    let euros = |minor| Some(Money { minor, currency: primitives::Currency::parse("EUR").unwrap() });
    assert_eq!((order.order_id.as_deref(), order.value), (Some("77"), euros(330 + 125)));
    assert_eq!(order.products[0].name.as_deref(), Some("Oat drink"));
    assert_eq!(order.products[0].category.as_deref(), Some("Drinks"));
    let seen: Vec<_> = order.products.iter().map(|p| (p.id.as_str(), p.price, p.quantity)).collect();
    assert_eq!(seen, [("a", euros(110), 3.0), ("4711", euros(250), 0.5), ("c", None, 1.0)]);
}

#[test]
fn the_value_is_what_the_sender_says_before_what_we_add_up() {
    let products = json!([{"product_id": "a", "price": 10, "quantity": 2}]);
    for (properties, shown) in [
        (json!({"revenue": 1, "total": 2, "value": 3}), Some("1.00 USD")),
        (json!({"total": "2.5", "value": 3}), Some("2.50 USD")),
        (json!({"value": 3, "currency": "JPY"}), Some("3 JPY")),
        (json!({"products": products}), Some("20.00 USD")),
        (json!({"revenue": -4.2}), Some("-4.20 USD")),
        (json!({"products": [{"product_id": "a"}]}), None),
        (
            json!({"products": [{"product_id": "a", "price": 1, "currency": "EUR"}, {"product_id": "b", "price": 1}]}),
            None,
        ),
        (
            json!({"products": [{"product_id": "a", "price": 1, "currency": "EUR"}], "currency": "JPY"}),
            Some("1.00 EUR"),
        ),
        (json!({"products": [], "revenue": null}), None),
    ] {
        let value = read("Order Completed", properties.clone()).value.map(|money| money.to_string());
        assert_eq!(value.as_deref(), shown, "{properties}");
    }
}

#[test]
fn a_product_event_describes_its_product_in_the_properties() {
    let viewed = read("Product Viewed", json!({"id": 5, "price": 2, "currency": "EUR"}));
    assert_eq!((viewed.products[0].id.as_str(), viewed.products.len()), ("5", 1));
    assert_eq!(read("Order Completed", json!({"product_id": "x", "price": 2})).value.unwrap().minor, 200);
    assert_eq!(read("Order Completed", json!({"id": "the order's, not a product's"})).products, []);
    assert_eq!(read("Product Viewed", json!({"url": "/"})).products, []);
}

#[test]
fn nonsense_is_rejected_at_acceptance_with_its_place() {
    use RejectionCode::*;
    let product = |fields: Value| json!({"products": [{"product_id": "a"}, fields]});
    for (properties, code, field) in [
        (json!({"products": {"product_id": "a"}}), WrongType, "/properties/products"),
        (json!({"products": ["a"]}), WrongType, "/properties/products/0"),
        (product(json!({"price": 1})), MissingField, "/properties/products/1/product_id"),
        (product(json!({"product_id": "  "})), MissingField, "/properties/products/1/product_id"),
        (product(json!({"product_id": true})), WrongType, "/properties/products/1/product_id"),
        (product(json!({"product_id": "a\u{0}"})), BadValue, "/properties/products/1/product_id"),
        (product(json!({"product_id": "b", "price": "cheap"})), WrongType, "/properties/products/1/price"),
        (product(json!({"product_id": "b", "price": "NaN"})), WrongType, "/properties/products/1/price"),
        (product(json!({"product_id": "b", "price": -0.01})), BadValue, "/properties/products/1/price"),
        (product(json!({"product_id": "b", "price": 1e30})), BadValue, "/properties/products/1/price"),
        (product(json!({"product_id": "b", "quantity": -1})), BadValue, "/properties/products/1/quantity"),
        (product(json!({"product_id": "b", "quantity": [1]})), WrongType, "/properties/products/1/quantity"),
        (product(json!({"product_id": "b", "currency": "EURO"})), BadValue, "/properties/products/1/currency"),
        (product(json!({"product_id": "b", "name": {}})), WrongType, "/properties/products/1/name"),
        (product(json!({"product_id": "b", "price": 1e13, "quantity": 1e9})), BadValue, "/properties/products"),
        (json!({"revenue": {"amount": 3}}), WrongType, "/properties/revenue"),
        (json!({"revenue": 3, "total": true}), WrongType, "/properties/total"),
        (json!({"currency": 978}), WrongType, "/properties/currency"),
        (json!({"order_id": []}), WrongType, "/properties/order_id"),
    ] {
        let rejection = track("Order Completed", properties.clone()).expect_err(&properties.to_string());
        assert_eq!((rejection.code, rejection.field.as_str()), (code, field), "{properties}");
        // The same fields mean nothing in an event that is not the specification's.
        assert!(track("Weather Observed", properties).is_ok());
    }
}

#[test]
fn an_item_is_read_as_a_product() {
    let item = |traits: Value| match traits {
        Value::Object(traits) => Product::from_item(&ItemId::from("i"), &traits),
        _ => unreachable!("the tests give objects"),
    };
    let product =
        item(json!({"name": "Tea", "category": "Drinks", "price": "3.20", "currency": "GBP", "quantity": 9})).unwrap();
    assert_eq!((product.id.as_str(), product.quantity), ("i", 1.0));
    assert_eq!(product.price.unwrap().to_string(), "3.20 GBP");
    assert_eq!(item(json!({"price": []})).unwrap_err().field, "/traits/price");
}

#[test]
fn only_tracked_events_are_commerce() {
    let mut event = track("Order Completed", json!({})).unwrap();
    event.call = Call::Page { name: Some("Order Completed".into()), category: None, properties: Fields::new() };
    assert_eq!(Commerce::read(&event), Ok(None));
}
