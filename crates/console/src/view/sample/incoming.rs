//! What comes in on the sample pages? A few names, one of which is not understood, and what was refused.

use super::*;

/// Names of a shop, with everything that can be said of them.
#[must_use]
pub fn data() -> DataPage {
    let days = |size: u64| {
        (0..30).map(|i| (now().plus_days(i - 29), size + size * ((i.unsigned_abs() * 7) % 5) / 10)).collect()
    };
    let property = |name: &str, share: f64, types: &[(&str, f64)]| DataProperty {
        name: name.to_owned(),
        share,
        is_unread: name == "coupon" || name == "ordre_id",
        nearest: (name == "ordre_id").then(|| "order_id".to_owned()),
        types: types.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect(),
    };
    let row = |name: &str, kind: &str, size: u64, days_ago: i64| DataRow {
        name: name.to_owned(),
        kind: kind.to_owned(),
        count: size * 42,
        understood: true,
        first_seen: now().plus_days(-115),
        last_seen: now().plus_days(-days_ago),
        days: days(size),
        senders: vec!["browsers and apps".to_owned(), "your services".to_owned()],
        not_understood: 0,
        marked: 0,
        refused: 0,
        schema: None,
        looked_at: size,
        properties: vec![
            property("order_id", 1.0, &[("text", 1.0)]),
            property("total", 0.987, &[("number", 0.91), ("text", 0.09)]),
            property("coupon", 0.12, &[("text", 1.0)]),
            property("ordre_id", 0.01, &[("text", 1.0)]),
        ],
    };
    let schema = SchemaState {
        on_violation: "flag".to_owned(),
        counted: (200, 18),
        reasons: vec![("/total: the value is not of type \"number\"".to_owned(), 18)],
    };
    let source = |name: &str, about: &str, count, days: i64| DataSource {
        name: name.to_owned(),
        about: about.to_owned(),
        count,
        last_seen: now().plus_days(-days),
        is_steady: !name.starts_with("Import"),
    };
    DataPage {
        frame: frame("/data"),
        event: String::new(),
        rows: vec![
            DataRow { refused: 12, schema: Some(schema), ..row("Order Completed", "track", 310, 0) },
            DataRow { properties: vec![], ..row("page", "page", 2_900, 0) },
            DataRow { marked: 41, ..row("Page Left", "track", 2_400, 0) },
            DataRow { understood: false, not_understood: 903, ..row("basket_emptied", "track", 21, 2) },
        ],
        forgotten: 1_204,
        sources: vec![
            source("Browsers and apps", "write key", 214_000, 0),
            source("Your services", "server key", 13_020, 0),
            source("rapport.js", "library", 9_800, 3),
            source("Import 3: orders.csv", "with a mapping", 119_578, 12),
        ],
        refused: vec![RefusedRow {
            name: "Order Completed".to_owned(),
            pointer: "/properties/total".to_owned(),
            reason: "\"total\" is \"-3\": an amount is not negative; send what was taken back as a refund".to_owned(),
            count: 12,
            last_seen: now(),
        }],
        refused_of: 37,
    }
}

/// One of them.
#[must_use]
pub fn data_one() -> DataPage {
    let page = data();
    let rows = page.rows.into_iter().take(1).collect();
    DataPage { frame: frame("/data?event=Order%20Completed"), event: "Order Completed".to_owned(), rows, ..data() }
}
