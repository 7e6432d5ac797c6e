//! Are purchases read as they were meant, and nonsense refused where it stands?

mod channels;

use super::*;
use crate::{Call, CallKind, Envelope, Origin, RejectionCode, parse_event};
use primitives::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

/// An event to which amounts without a currency are US dollars.
fn track(name: &str, properties: Value) -> Result<Event, Rejection> {
    track_with(Some(Currency::USD), name, properties)
}

fn track_with(currency: Option<Currency>, name: &str, properties: Value) -> Result<Event, Rejection> {
    let at = Timestamp::from_millis(1_700_000_000_000);
    let envelope = Envelope::new(at, Origin::Client).with_currency(currency);
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
        assert!(meaning_of(name).is_none(), "{name}");
    }
}

#[test]
fn every_name_is_found_in_any_writing() {
    assert!(steps::NAMES.is_sorted_by_key(|named| named.name.as_bytes()), "or a name would not be found");
    for named in &steps::NAMES {
        for written in [named.name.to_owned(), named.name.to_uppercase(), named.name.replace(' ', "_")] {
            assert!(matches!(meaning_of(&written), Some(Meaning::Step(found)) if found == named), "{written}");
        }
    }
}

#[test]
fn the_events_of_google_are_read_with_their_items() {
    let items = json!([
        {"item_id": "SKU_1", "item_name": "Tea", "item_category": "Drinks", "price": 9.99, "quantity": 2},
        {"item_id": 7, "price": "0.02"},
    ]);
    let bought = read("purchase", json!({"transaction_id": "T1", "value": 25.5, "currency": "EUR", "items": items}));
    assert_eq!((bought.step, bought.order_id.as_deref()), (CommerceStep::Ordered, Some("T1")));
    assert_eq!(bought.value.unwrap().to_string(), "25.50 EUR");
    let tea = &bought.products[0];
    assert_eq!((tea.id.as_str(), tea.name.as_deref(), tea.category.as_deref()), ("SKU_1", Some("Tea"), Some("Drinks")));
    assert_eq!((tea.price.unwrap().to_string().as_str(), tea.quantity), ("9.99 EUR", 2.0));
    assert_eq!(bought.products[1].id.as_str(), "7");
    let summed = read("purchase", json!({"currency": "EUR", "items": items}));
    assert_eq!(summed.value.unwrap().to_string(), "20.00 EUR");
    for (name, step) in [
        ("view_item", CommerceStep::Viewed),
        ("view_item_list", CommerceStep::ListViewed),
        ("select_item", CommerceStep::Viewed),
        ("add_to_cart", CommerceStep::Added),
        ("remove_from_cart", CommerceStep::Removed),
        ("begin_checkout", CommerceStep::Checkout),
        ("refund", CommerceStep::Refunded),
        ("search", CommerceStep::Searched),
    ] {
        let event = read(name, json!({"currency": "EUR", "items": items}));
        assert_eq!((event.step, event.products.len()), (step, 2), "{name}");
    }
    // A count of items is no list of them, but what stands in a list must be a product.
    assert_eq!(read("Order Completed", json!({"items": 3})).products, []);
    let broken = track("purchase", json!({"items": [{"item_id": "a"}, {"item_name": "b"}]})).unwrap_err();
    assert_eq!(broken.field, "/properties/items/1/product_id");
}

#[test]
fn the_webhooks_of_shopify_are_read_as_they_come() {
    let lines = json!([
        {"id": 1, "product_id": 632_910_392, "variant_id": 2, "title": "IPod", "name": "IPod - red", "price": "199.00",
         "quantity": 2},
        {"id": 9, "product_id": null, "variant_id": null, "sku": "", "title": "Tip", "price": "1.00", "quantity": 1},
    ]);
    let order = json!({"id": 450, "currency": "CAD", "total_price": "410.50", "line_items": lines});
    let bought = read("orders/create", order.clone());
    assert_eq!((bought.step, bought.order_id.as_deref()), (CommerceStep::Ordered, Some("450")));
    assert_eq!(bought.value.unwrap().to_string(), "410.50 CAD");
    let seen: Vec<_> = bought.products.iter().map(|p| (p.id.as_str(), p.name.as_deref(), p.quantity)).collect();
    assert_eq!(seen, [("632910392", Some("IPod"), 2.0), ("Tip", Some("Tip"), 1.0)], "a line's own id names no product");
    assert_eq!(read("orders/cancelled", order.clone()).step, CommerceStep::Refunded);
    assert_eq!(read("checkouts/create", order).step, CommerceStep::Checkout);

    let refund = |payments: Value| {
        let line = json!({"id": 1, "product_id": 632_910_392, "title": "IPod", "price": "199.00", "quantity": 2});
        let lines = json!([{"id": 77, "quantity": 1, "line_item": line}]);
        read("refunds/create", json!({"id": 5, "order_id": 450, "refund_line_items": lines, "transactions": payments}))
    };
    let back = refund(json!([{"amount": "100.00", "currency": "CAD"}, {"amount": "4.50", "currency": "CAD"}]));
    assert_eq!((back.step, back.order_id.as_deref()), (CommerceStep::Refunded, Some("450")));
    assert_eq!(back.value.unwrap().to_string(), "104.50 CAD", "what was paid back, not what the lines cost");
    assert_eq!((back.products[0].id.as_str(), back.products[0].quantity), ("632910392", 1.0));
    assert_eq!(refund(json!([])).value.unwrap().to_string(), "199.00 USD", "without a payment, what the lines cost");
    let wrong = json!({"transactions": [{"amount": true}]});
    assert_eq!(track("refunds/create", wrong).unwrap_err().field, "/properties/transactions/0/amount");
}

#[test]
fn an_order_without_a_currency_takes_the_settings_or_is_refused() {
    let euro = Currency::parse("EUR").unwrap();
    let products = json!([{"product_id": "a", "price": 1}]);
    for properties in [json!({"revenue": 5}), json!({"products": products}), json!({"product_id": "a", "price": 2})] {
        for name in ["Order Completed", "Order Refunded", "purchase"] {
            let refused = track_with(None, name, properties.clone()).unwrap_err();
            assert_eq!((refused.code, refused.field.as_str()), (RejectionCode::MissingField, "/properties/currency"));
            assert!(refused.message.contains("currency.default"), "{refused}");
            let event = track_with(Some(euro), name, properties.clone()).unwrap();
            assert_eq!(Commerce::read(&event).unwrap().unwrap().value.unwrap().currency, euro);
            let Call::Track { properties: kept, .. } = &event.call else { unreachable!("it was tracked") };
            assert_eq!(kept["currency"], "EUR", "written into the event, so that it stays when the settings change");
        }
    }
    for properties in [
        json!({}),
        json!({"order_id": "o", "products": [{"product_id": "a"}]}),
        json!({"revenue": 5, "currency": "JPY"}),
        json!({"products": [{"product_id": "a", "price": 1, "currency": "JPY"}]}),
    ] {
        let event = track_with(None, "Order Completed", properties.clone()).unwrap();
        let same = track_with(Some(euro), "Order Completed", properties.clone()).unwrap();
        assert_eq!(event.call, same.call, "nothing is missing: {properties}");
    }
    let viewed = |currency| track_with(currency, "Product Viewed", json!({"product_id": "a", "price": 2})).unwrap();
    assert!(matches!(viewed(None).call, Call::Track { properties, .. } if !properties.contains_key("currency")));
    assert!(matches!(viewed(Some(euro)).call, Call::Track { properties, .. } if properties["currency"] == "EUR"));
    let item = |fields: Value| {
        let envelope = Envelope::new(Timestamp::MIN, Origin::Server).with_currency(Some(euro));
        let payload = json!({"itemId": "i", "traits": fields});
        match parse_event(payload, Some(CallKind::Item), &envelope).unwrap().call {
            Call::Item { traits, .. } => traits.get("currency").cloned(),
            _ => unreachable!("it was an item"),
        }
    };
    assert_eq!(item(json!({"price": 3})), Some("EUR".into()));
    assert_eq!(item(json!({"price": 3, "currency": "JPY"})), Some("JPY".into()));
    assert_eq!(item(json!({"name": "Tea"})), None);
}

#[test]
fn a_product_says_whether_its_price_got_the_default_currency() {
    let lacks = |default, name: &str, properties: Value| {
        let event = track_with(default, name, properties).unwrap();
        let is_default = event.has_default_currency();
        let read: Vec<bool> = event.commerce().unwrap().products.iter().map(|product| product.lacks_currency).collect();
        (is_default, read)
    };
    let euro = Currency::parse("EUR").unwrap();
    let mixed = json!([{"product_id": "a", "price": 1, "currency": "JPY"}, {"product_id": "b", "price": 2}, {"product_id": "c"}]);
    for (default, name, properties, expected) in [
        (None, "Product Viewed", json!({"product_id": "a", "price": 2}), (false, vec![true])),
        (Some(euro), "Product Viewed", json!({"product_id": "a", "price": 2}), (true, vec![true])),
        (Some(euro), "Product Viewed", json!({"product_id": "a", "price": 2, "currency": "USD"}), (false, vec![false])),
        (Some(euro), "Product Viewed", json!({"product_id": "a"}), (false, vec![false])),
        (Some(euro), "Order Completed", json!({"products": mixed}), (true, vec![false, true, false])),
        (Some(euro), "Order Completed", json!({"products": mixed, "currency": "EUR"}), (false, vec![false; 3])),
    ] {
        assert_eq!(lacks(default, name, properties.clone()), expected, "{name} {properties}");
    }
}

#[test]
fn what_speaks_of_a_purchase_and_is_not_known_is_not_understood() {
    let understood = |name: &str| track(name, json!({})).unwrap().understanding();
    for name in ["OrderCompleted", "AddToCart", "order_placed", "orders/paid", "Cart", "my-basket", "products/update"] {
        assert_eq!(understood(name), Understanding::NotUnderstood, "{name}");
    }
    for name in
        ["Signed Up", "Border Crossed", "Cartoon Seen", "recorder", "In Order", "reorders", "", "ORDER", "éorder"]
    {
        let speaks = matches!(name, "In Order" | "ORDER" | "éorder");
        let expected = if speaks { Understanding::NotUnderstood } else { Understanding::Other };
        assert_eq!(understood(if name.is_empty() { "x" } else { name }), expected, "{name}");
    }
    assert_eq!(understood("purchase"), Understanding::Step(CommerceStep::Ordered));
    for word in steps::WORDS {
        assert_ne!(understood(word), Understanding::Other, "{word}");
    }
    let mut page = track("orders/paid", json!({})).unwrap();
    page.call = Call::Page { name: Some("Order".into()), category: None, properties: crate::Fields::new() };
    assert_eq!(page.understanding(), Understanding::Other);
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
    let euros = |minor| Some(primitives::Money { minor, currency: primitives::Currency::parse("EUR").unwrap() });
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
        (product(json!({"product_id": "x".repeat(513)})), BadValue, "/properties/products/1/product_id"),
        (product(json!({"product_id": "undefined"})), BadValue, "/properties/products/1/product_id"),
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
        (json!({"revenue": -7}), BadValue, "/properties/revenue"),
        (json!({"revenue": null, "total": "-0.01"}), BadValue, "/properties/total"),
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
fn no_order_and_no_refund_is_worth_less_than_nothing() {
    let paid_back =
        |amount: &str| json!({"currency": "EUR", "transactions": [{"amount": amount}, {"amount": "-3.00"}]});
    for (name, properties, advice) in [
        ("purchase", json!({"value": -7}), "as \"Order Refunded\""),
        ("orders/create", json!({"total_price": "-7.00"}), "as \"Order Refunded\""),
        ("Order Refunded", json!({"total": -7}), "leave the minus sign out"),
        ("refunds/create", paid_back("2.00"), "leave the minus sign out"),
    ] {
        let rejection = track(name, properties).expect_err(name);
        assert!(rejection.code == RejectionCode::BadValue && rejection.message.contains(advice), "{rejection}");
    }
    // What is lent to another use of the key is no order's value: a margin beside the revenue, a list's value.
    for (name, properties) in [
        ("Order Completed", json!({"revenue": 7, "value": -1})),
        ("Order Completed", json!({"revenue": 0})),
        ("Product Viewed", json!({"product_id": "a", "value": -1})),
        ("refunds/create", paid_back("3.00")),
    ] {
        assert!(track(name, properties).is_ok(), "{name}");
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
    event.call = Call::Page { name: Some("Order Completed".into()), category: None, properties: crate::Fields::new() };
    assert_eq!(Commerce::read(&event), Ok(None));
}

#[test]
fn every_way_to_name_a_product_has_the_limits_of_an_identifier() {
    let longest = "é".repeat(256);
    for key in ["product_id", "sku", "item_id", "id"] {
        let with = |id: &str| track("Order Completed", json!({"products": [{ key: id }]}));
        let order = Commerce::read(&with(&format!(" {longest}\t")).unwrap()).unwrap().unwrap();
        assert_eq!(order.products[0].id.as_str(), longest, "{key}");
        for (id, part) in [
            (format!("{longest}x"), "at most 512 bytes and this one has 513"),
            ("a\u{7f}b".to_owned(), "control character"),
            ("NULL".to_owned(), "where there is no value"),
        ] {
            let rejection = with(&id).unwrap_err();
            assert_eq!(
                (rejection.code, rejection.field),
                (RejectionCode::BadValue, format!("/properties/products/0/{key}"))
            );
            assert!(rejection.message.contains(part), "{}", rejection.message);
        }
    }
}

#[test]
fn a_currency_has_three_letters() {
    for code in ["EUR", "eur", " Eur\t"] {
        let order = read("Order Completed", json!({"revenue": 1, "currency": code}));
        assert_eq!(order.value.unwrap().currency.code(), "EUR", "{code}");
    }
    for code in ["E", "EU", "EURO", "E1R", "€€€", "é€", "E R", &"EUR".repeat(9_000)] {
        let rejection = track("Order Completed", json!({"revenue": 1, "currency": code})).expect_err(code);
        assert_eq!((rejection.code, rejection.field.as_str()), (RejectionCode::BadValue, "/properties/currency"));
    }
    for nothing in [json!(""), json!("  "), json!(null)] {
        let rejection = track_with(None, "Order Completed", json!({"revenue": 1, "currency": nothing})).unwrap_err();
        assert_eq!(rejection.code, RejectionCode::MissingField, "{nothing}");
    }
}

#[test]
fn as_many_products_are_read_as_an_event_can_hold() {
    let order = |n: usize| json!({"products": (0..n).map(|id| json!({"id": id})).collect::<Vec<_>>()});
    assert_eq!(read("Order Completed", order(2_700)).products.len(), 2_700);
    let rejection = track("Order Completed", order(3_000)).unwrap_err();
    assert_eq!((rejection.code, rejection.field.as_str()), (RejectionCode::TooLarge, ""));
}

#[test]
fn what_is_wrong_in_a_refund_of_shopify_is_named_where_it_stands() {
    let of_line = |fields: Value| json!({"refund_line_items": [{"line_item": {"product_id": 1}}, fields]});
    for (properties, field) in [
        (of_line(json!({"line_item": {"product_id": 1, "price": true}})), "refund_line_items/1/line_item/price"),
        (of_line(json!({"line_item": {"product_id": 1}, "quantity": -1})), "refund_line_items/1/quantity"),
        (of_line(json!({"line_item": {}})), "refund_line_items/1/product_id"),
        (json!({"line_items": 3}), "line_items"),
        (json!({"transactions": [7, {"currency": "EURO"}]}), "transactions/1/currency"),
        (json!({"transactions": [{"amount": 1}, {"amount": []}]}), "transactions/1/amount"),
    ] {
        let rejection = track("refunds/create", properties.clone()).expect_err(&properties.to_string());
        assert_eq!(rejection.field, format!("/properties/{field}"), "{properties}");
    }
}

#[test]
fn nothing_said_is_not_nothing_paid() {
    let line =
        |price: Value| read("Order Completed", json!({"products": [{"id": 1, "price": price}]})).products.remove(0);
    for blank in [json!(null), json!(""), json!(" \t")] {
        assert_eq!(line(blank.clone()).price, None, "{blank}");
    }
    assert_eq!(line(json!(0)).price.unwrap().minor, 0, "a present");
    let none = read("Order Completed", json!({"products": [{"id": 1, "price": 5, "quantity": 0}]}));
    assert_eq!(none.value.unwrap().minor, 0);
}

#[test]
fn only_a_refund_of_shopify_has_its_product_in_a_line() {
    let product = json!({"product_id": "a", "line_item": {"product_id": "b"}});
    assert_eq!(read("Order Completed", json!({"products": [product]})).products[0].id.as_str(), "a");
    assert_eq!(read("refunds/create", json!({"refund_line_items": [product]})).products[0].id.as_str(), "b");
}

/// Prices in cents with their quantities.
fn any_lines() -> impl Strategy<Value = Vec<(i32, u8)>> {
    prop::collection::vec((0..1_000_000_i32, any::<u8>()), 1..6)
}

fn products(lines: &[(i32, u8)], currency: impl Fn(usize) -> Option<&'static str>) -> Value {
    let product = |(place, (cents, quantity)): (usize, &(i32, u8))| json!({"id": place, "price": f64::from(*cents) / 100.0, "quantity": quantity, "currency": currency(place)});
    json!({"products": lines.iter().enumerate().map(product).collect::<Vec<_>>()})
}

proptest! {
    #[test]
    fn an_order_is_worth_its_lines_in_any_order(lines in any_lines(), turn in 0..5_usize) {
        let cents: i64 = lines.iter().map(|(cents, quantity)| i64::from(*cents) * i64::from(*quantity)).sum();
        let mut turned = lines.clone();
        turned.rotate_left(turn % lines.len());
        for lines in [lines, turned] {
            let value = read("Order Completed", products(&lines, |_| Some("EUR"))).value.map(|value| value.minor);
            prop_assert_eq!(value, Some(cents));
        }
    }

    #[test]
    fn amounts_of_several_currencies_are_never_added_up(lines in any_lines(), yen in 0..5_usize) {
        let order = read("Order Completed", products(&lines, |place| Some(if place == yen { "JPY" } else { "EUR" })));
        let is_mixed = lines.len() > 1 && yen < lines.len();
        prop_assert_eq!(order.value.is_none(), is_mixed);
    }

    #[test]
    fn an_order_with_any_amount_of_no_currency_is_refused(lines in any_lines(), named in 0..5_usize) {
        let order = track_with(None, "Order Completed", products(&lines, |place| (place == named).then_some("EUR")));
        let all_are_named = lines.len() == 1 && named == 0;
        prop_assert_eq!(order.is_ok(), all_are_named);
    }

    #[test]
    fn an_amount_means_the_same_as_a_number_and_as_text(cents in 0..1_000_000_000_i64) {
        let text = format!("{}.{:02}", cents / 100, cents % 100);
        let number: f64 = text.parse().unwrap();
        for revenue in [json!(number), json!(text), json!(format!("  {text} "))] {
            let value = read("Order Completed", json!({"revenue": revenue})).value.map(|value| value.minor);
            prop_assert_eq!(value, Some(cents), "{}", text);
        }
    }
}

#[test]
fn a_reason_can_be_told_without_the_value() {
    let names = steps::NAMES
        .iter()
        .map(|known| known.name)
        .chain(crate::vocabulary::channels::CHANNELS.iter().map(|known| known.name));
    let plain = crate::vocabulary::channels::CHANNELS
        .iter()
        .flat_map(|known| known.properties)
        .flat_map(|(_, property)| property.keys);
    let of_purchases =
        ["total", "revenue", "value", "price", "quantity", "products", "product_id", "order_id", "currency"];
    let keys: Vec<&str> = plain.copied().chain(of_purchases).collect();
    let mut n_masked = 0;
    for name in names {
        for key in &keys {
            for value in [
                json!("maria5"),
                json!("maria5".repeat(60)),
                json!(-1234567),
                json!(1.234_567e300),
                json!({"a": "maria5"}),
            ] {
                // Some need others, which are good here.
                let mut properties = json!({
                    "metric": "m", "value": 1, "score": 5, "scale_max": 5, "decision_id": "d", "order_id": "o", "currency": "EUR",
                });
                properties[*key] = value.clone();
                let Err(rejection) = track(name, properties) else { continue };
                n_masked += 1;
                let told = rejection.without_value();
                assert!(
                    !told.contains("maria") && !told.contains("1234567") && !told.contains("1.23"),
                    "{name} {key}: {told}"
                );
                assert!(rejection.masked.is_some(), "{name} {key} {value}: {rejection}");
            }
        }
    }
    assert!(n_masked > 500, "{n_masked}");
}

#[test]
fn a_reason_names_no_currency_that_nobody_said() {
    let euro = Some(Currency::parse("EUR").unwrap());
    let reason = |properties| track_with(euro, "Order Completed", properties).unwrap_err().message;
    assert!(reason(json!({"order_id": "1", "revenue": -4})).starts_with("\"revenue\" is \"-4.00\": "));
    assert!(
        reason(json!({"order_id": "1", "revenue": -4, "currency": "JPY"})).starts_with("\"revenue\" is \"-4 JPY\": ")
    );
    let product = |fields: Value| reason(json!({"order_id": "1", "products": [fields]}));
    assert!(product(json!({"product_id": "p", "price": -2})).starts_with("\"price\" is \"-2.00\": "));
    assert!(
        product(json!({"product_id": "p", "price": -2, "currency": "USD"})).starts_with("\"price\" is \"-2.00 USD\": ")
    );
}
