//! Is everything that is understood told in words, and how does it read?

use super::*;
use events::{CallKind, Envelope, Origin, parse_event};
use primitives::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// Every event and every property that the page of the vocabulary knows, which is made from the tables of the parser.
const VOCABULARY: &str = include_str!("../../../../../docs/events.md");

/// A property and a value of its kind.
type Properties = BTreeMap<String, Value>;

fn ticked(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A value that a property may have, by what the page says that it holds.
fn value_of(holds: &str) -> Value {
    match holds {
        "text" => json!("words of theirs"),
        "an identifier" => json!("id-7"),
        "three letters" => json!("EUR"),
        "a time" => json!("2026-11-20T10:00:00Z"),
        "a number from 0 to 1" => json!(0.5),
        holds if holds.starts_with("a whole number") => json!(3),
        holds if holds.starts_with("seconds") => json!(95),
        holds if holds.starts_with("one of") => json!(ticked(holds)[0]),
        _ => json!(4.5),
    }
}

/// The events of every channel with all their properties, by the tables of the page.
fn channels() -> Vec<(String, Properties)> {
    let mut found = Vec::new();
    let part = VOCABULARY.split("## Every other channel").nth(1).unwrap().split("\n## ").next().unwrap();
    for section in part.split("\n### ").skip(1) {
        let rows: Vec<Vec<&str>> = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let mut kinds: BTreeMap<String, Value> = BTreeMap::new();
        let is_event = |row: &[&str]| ticked(row[1]).iter().any(|name| events::table_name(name).is_some());
        for row in rows.iter().filter(|row| !is_event(row)) {
            kinds.insert(ticked(row[1])[0].clone(), value_of(row[2]));
        }
        for row in rows.iter().filter(|row| is_event(row)) {
            let properties: Properties =
                ticked(row[3]).into_iter().map(|key| (key.clone(), kinds[&key].clone())).collect();
            found.extend(ticked(row[1]).into_iter().map(|name| (name, properties.clone())));
        }
    }
    found
}

/// The names of purchases, by the table of the page.
fn purchases() -> Vec<String> {
    let part = VOCABULARY.split("## Purchases").nth(1).unwrap().split("`orders/paid`").next().unwrap();
    part.lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| ticked(line.split('|').nth(1).unwrap()))
        .collect()
}

fn said(name: &str, properties: &Properties) -> Option<Words> {
    let payload = json!({"userId": "u", "event": name, "properties": properties});
    let envelope = Envelope::new(Timestamp::from_millis(1_800_000_000_000), Origin::Server);
    let event = parse_event(payload, Some(CallKind::Track), &envelope).ok()?;
    Some(words(&event, &|id| (id.as_str() == "id-7").then(|| "Filter paper".to_owned())))
}

fn in_a_line(words: &Words) -> String {
    let amount = words.amount.map(|amount| format!(" {}", format::money(amount)));
    format!("{}{} {}", words.head, amount.unwrap_or_default(), words.parts.join(" · "))
}

/// What is told in other words, or only beside another property.
fn is_told_otherwise(name: &str, property: &str) -> bool {
    match property {
        // The scale's lower end is hardly ever anything but 1; a call's length is told, and not from when to when.
        "scale_min" | "started_at" | "ended_at" => true,
        // What is called off is no longer paid.
        "interval" => name.contains("Cancel"),
        _ => false,
    }
}

#[test]
fn everything_that_is_understood_is_told_in_words() {
    let channels = channels();
    assert!(channels.len() > 48, "{}", channels.len());
    for (name, all) in &channels {
        let told = said(name, all).unwrap_or_else(|| panic!("{name} is refused: {all:?}"));
        assert!(!told.head.eq_ignore_ascii_case(name), "{name} is told by its bare name");
        for property in all.keys().filter(|property| !is_told_otherwise(name, property)) {
            let mut without = all.clone();
            without.remove(property);
            let needed: Properties =
                all.iter().filter(|(key, _)| is_needed(name, key)).map(|(k, v)| (k.clone(), v.clone())).collect();
            let mut only = needed.clone();
            only.insert(property.clone(), all[property].clone());
            let is_told =
                said(name, &without).is_none_or(|less| less != told) || said(name, &only) != said(name, &needed);
            assert!(is_told, "{name} does not tell its {property}: {}", in_a_line(&told));
        }
    }
}

fn is_needed(name: &str, property: &str) -> bool {
    let only = said(name, &Properties::new());
    only.is_none() && ["metric", "value", "score", "decision_id"].contains(&property)
}

#[test]
fn every_step_of_a_purchase_names_what_it_is_about() {
    let names = purchases();
    assert!(names.len() > 50, "{}", names.len());
    let product = json!({"product_id": "id-7", "id": "id-7", "sku": "id-7", "price": 4.5, "quantity": 2});
    let properties = json!({"products": [product], "items": [product], "line_items": [product], "refund_line_items":
        [{"line_item": product}], "product_id": "id-7", "currency": "EUR", "total": 9, "total_price": 9, "order_id": "o1",
        "coupon": "SPRING", "query": "paper"});
    let properties: Properties = serde_json::from_value(properties).unwrap();
    for name in names {
        let told = said(&name, &properties).unwrap_or_else(|| panic!("{name} is refused"));
        let line = in_a_line(&told);
        assert!(line.contains("Filter paper") || line.contains("SPRING"), "{name}: {line}");
        assert!(line.len() > name.len() + 8, "{name}: {line}");
    }
}

#[test]
fn what_happened_reads_like_a_sentence() {
    let of =
        |name: &str, properties: Value| in_a_line(&said(name, &serde_json::from_value(properties).unwrap()).unwrap());
    let two = json!([{"product_id": "id-7"}, {"product_id": "b", "name": " Tofu "}]);
    for (name, properties, line) in [
        (
            "Order Completed",
            json!({"total": 7.5, "currency": "EUR", "products": two}),
            "Ordered 7.50 EUR 2 items: Filter paper, Tofu",
        ),
        ("Products Searched", json!({"query": "filter  paper", "results": 0}), "Searched “filter paper” nothing found"),
        ("Products Searched", json!({"query": "tea", "results": 12}), "Searched “tea” 12 found"),
        ("Search Result Clicked", json!({"query": "tea", "position": 2}), "Clicked on place 2 for “tea” "),
        ("Product Added", json!({"product_id": "id-7"}), "Put Filter paper into the cart "),
        ("Product Added to Wishlist", json!({"product_id": "id-7"}), "Put Filter paper on the wishlist "),
        ("Wishlist Product Added to Cart", json!({"product_id": "id-7"}), "Put Filter paper into the cart "),
        (
            "Ticket Created",
            json!({"subject": "delivery", "channel": "phone", "ticket_id": "t1"}),
            "Opened a ticket about “delivery” by phone · ticket t1",
        ),
        ("Payment Approved", json!({"amount": 9.9, "currency": "EUR", "method": "card"}), "Paid 9.90 EUR by card"),
        ("Service Measured", json!({"metric": "cups", "value": 12, "unit": "cups"}), "12 cups measured "),
        ("Service Measured", json!({"metric": "traffic", "value": 1.5, "unit": "GB"}), "traffic: 1.50 GB measured "),
        (
            "Page Left",
            json!({"path": "/a", "seconds_visible": 59.4, "scroll_share": 0.5}),
            "Left /a after 59 s scrolled to 50 %",
        ),
        ("CSAT Submitted", json!({"score": 4}), "How content: 4 of 5 "),
        (
            "Subscription Upgraded",
            json!({"plan": "Plus", "amount": 120, "currency": "EUR", "interval": "year"}),
            "Went up to Plus 120.00 EUR every year",
        ),
        (
            "Something Else",
            json!({"colour": "red", "n": 3, "deep": {"a": 1}, "ok": true, "z": "x"}),
            "Something Else colour red, n 3, ok yes",
        ),
        ("Something Else", json!({}), "Something Else "),
    ] {
        assert_eq!(of(name, properties), line);
    }
}

#[test]
fn other_calls_are_told_too() {
    let envelope = Envelope::new(Timestamp::from_millis(1_800_000_000_000), Origin::Server);
    let of = |payload: Value| in_a_line(&words(&parse_event(payload, None, &envelope).unwrap(), &|_| None));
    for (payload, line) in [
        (
            json!({"type": "identify", "userId": "u", "traits": {"name": "Ada", "age": 36}}),
            "Told us who they are age 36, name Ada",
        ),
        (json!({"type": "group", "userId": "u", "groupId": "g1"}), "Belongs to the group g1 "),
        (json!({"type": "alias", "userId": "u", "previousId": "p"}), "Known before as p "),
        (
            json!({"type": "item", "itemId": "i1", "traits": {"name": "Tea", "price": 3, "currency": "EUR", "category": "Drinks"}}),
            "Item “Tea” 3.00 EUR Drinks · i1",
        ),
        (json!({"type": "page", "userId": "u", "name": "Home", "properties": {"path": "/"}}), "Saw the page Home /"),
        (json!({"type": "page", "userId": "u", "context": {"page": {"path": "/a"}}}), "Saw the page /a "),
        (json!({"type": "screen", "userId": "u"}), "Saw a screen "),
        (
            json!({"type": "track", "userId": "u", "event": "Consent Updated",
            "context": {"consent": {"categoryPreferences": {"marketing": false, "analytics": true}}}}),
            "Said what may be done with their data yes to analytics, no to marketing",
        ),
    ] {
        assert_eq!(of(payload), line);
    }
}

#[test]
fn a_long_text_is_cut_and_stays_on_one_line() {
    assert_eq!(cut(" a\n b "), "a b");
    assert_eq!(cut(&"é".repeat(90)), "é".repeat(90));
    assert_eq!(cut(&"é".repeat(91)), format!("{}…", "é".repeat(90)));
}
