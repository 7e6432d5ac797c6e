//! What happens on the sample pages? A stream of events, why some were rejected, and what one of them changed.

use super::*;

const ORDER: &str = r#"{"type":"track","event":"Order Completed","properties":{"order_id":"o-77","revenue":187.00,"currency":"TWD","products":[{"product_id":"4710421090059","quantity":2,"price":45}]},"messageId":"m-1","userId":"1069","context":{"consent":{"categoryPreferences":{"personalization":true}}},"timestamp":"2026-11-22T04:52:37.000Z"}"#;

fn row(ms: i64, kind: &str, name: &str, customer: Option<&str>, says: &str) -> EventRow {
    EventRow {
        offset: Some(119_578 - ms.unsigned_abs() / 1_000),
        came_at: before(ms),
        import: (name == "Ticket Created").then_some(3),
        occurred_at: Some(before(ms + if name == "Ticket Created" { 26 * HOUR_MS } else { 2_000 })),
        kind: kind.to_owned(),
        name: name.to_owned(),
        says: says.to_owned(),
        detail: None,
        amount: None,
        customer: customer.map(str::to_owned),
        customer_label: None,
        status: EventStatus::Accepted,
        note: None,
        sent: ORDER.to_owned(),
        stored: Some(ORDER.to_owned()),
    }
}

fn rejected(row: EventRow, reason: &str, pointer: Option<&str>) -> EventRow {
    let (reason, pointer) = (reason.to_owned(), pointer.map(str::to_owned));
    let status = EventStatus::Rejected { is_conflict: false, reason, pointer };
    EventRow { offset: None, occurred_at: None, stored: None, says: String::new(), status, ..row }
}

fn ordered() -> EventRow {
    EventRow {
        detail: Some("3 items: Silken tofu, Soy milk, Jasmine rice · order o-77".to_owned()),
        amount: Some(twd(18_700)),
        customer_label: Some("Mei-Ling Chen".to_owned()),
        ..row(1_000, "track", "Order Completed", Some("1069"), "Ordered")
    }
}

/// The live events of a shop.
#[must_use]
pub fn events() -> EventsPage {
    let failed = EventRow {
        detail: Some("by card · expired · order o-76".to_owned()),
        amount: Some(twd(7_900)),
        ..row(3 * MINUTE, "track", "Payment Failed", Some("20459"), "A payment failed")
    };
    let emptied = EventRow {
        note: Some("Not understood: the name speaks of a purchase and is none that Rapport knows.".to_owned()),
        ..row(5 * MINUTE, "track", "basket_emptied", Some("884"), "basket_emptied")
    };
    EventsPage {
        frame: frame("/events"),
        status: StatusFilter::All,
        name: String::new(),
        query: String::new(),
        customer: None,
        paused: None,
        is_newest: true,
        head: 119_578,
        names: [("Product Viewed", 61_204), ("page", 31_077), ("Product Added", 14_230), ("Order Completed", 9_120)]
            .map(|(name, n)| (name.to_owned(), n))
            .to_vec(),
        accepted: 119_578,
        not_understood: 903,
        rejected: 37,
        rejected_shown_max: 1_000,
        catalogue: 1_204,
        reasons: vec![],
        looked_at: None,
        rows: vec![
            ordered(),
            row(4_000, "track", "Products Searched", Some("anonymous:5f0c3a9e-77"), "Searched “filter paper”"),
            rejected(
                row(9_000, "track", "Order Completed", Some("2113"), ""),
                "is the text \"a lot\": revenue must be a number, such as 187.00",
                Some("/properties/revenue"),
            ),
            row(11_000, "identify", "", Some("1113"), "Told us who they are"),
            rejected(
                row(2 * MINUTE, "page", "Home", None, ""),
                "There is neither a userId nor an anonymousId: send at least one, so that the event belongs to somebody",
                None,
            ),
            failed,
            row(4 * MINUTE, "track", "Ticket Created", Some("20459"), "Opened a ticket about “delivery”"),
            emptied,
        ],
        older: Some("/events?before=119000".to_owned()),
    }
}

/// Those that were rejected, by reason.
#[must_use]
pub fn events_rejected() -> EventsPage {
    let page = events();
    let rows = page.rows.into_iter().filter(|row| row.offset.is_none()).collect();
    let reason = RejectedReason {
        name: "Order Completed".to_owned(),
        code: "wrong_type".to_owned(),
        pointer: "/properties/revenue".to_owned(),
        reason: "\"revenue\" is the text \"a lot\": send a number, such as 187.00".to_owned(),
        count: 31,
        last_at: before(9_000),
        example: ORDER.to_owned(),
    };
    let paused = Some(Pause { until: 119_540, at: before(MINUTE), n_since: 38 });
    EventsPage {
        status: StatusFilter::Rejected,
        rows,
        reasons: vec![reason],
        paused,
        is_newest: false,
        older: None,
        ..events()
    }
}

/// One of them.
#[must_use]
pub fn event() -> EventPage {
    let moved = |name: &str, meaning: &str, unit: &str, before, after| ChangedFeature {
        name: name.to_owned(),
        meaning: meaning.to_owned(),
        unit: unit.to_owned(),
        before,
        after,
    };
    EventPage {
        frame: frame("/events/119578"),
        row: ordered(),
        origin: "a server key".to_owned(),
        read: Some(r#"{"Commerce":{"step":"Ordered","order_id":"o-77"}}"#.to_owned()),
        change: Ok(Changed {
            identity: vec!["anonymousId 5f0c3a9e-77 belongs to them from here on: in the same event.".to_owned()],
            traits: vec![("city".to_owned(), Some("Taipei".to_owned()), Some("Tainan".to_owned()))],
            consents: vec![("Marketing".to_owned(), "refused by the customer".to_owned())],
            features: vec![
                moved("orders_30d", "Orders in 30 days", "orders", Some(2.0), Some(3.0)),
                moved("recency_days", "Days since the last order", "days", None, Some(0.0)),
            ],
        }),
    }
}
