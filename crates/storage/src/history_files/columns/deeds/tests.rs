//! Does what other tools read say what the program has read?

use super::super::Columns;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use events::{CallKind, Envelope, Event, Origin, parse_event};
use primitives::Timestamp;
use serde_json::{Value, json};

fn tracked(event: &str, properties: Value) -> Event {
    let payload = json!({"userId": "u", "messageId": "m", "event": event, "properties": properties});
    let envelope = Envelope::new(Timestamp::from_millis(1_790_000_000_000), Origin::Server);
    parse_event(payload, Some(CallKind::Track), &envelope).unwrap()
}

fn batch(events: &[Event]) -> RecordBatch {
    let mut columns = Columns::new();
    (1..).zip(events).for_each(|(offset, event)| columns.add(offset, event));
    columns.batch().unwrap()
}

/// A row, null where there is nothing.
fn row(batch: &RecordBatch, row: usize) -> Value {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let text = |name: &str| (!column(name).is_null(row)).then(|| column(name).as_string::<i32>().value(row).to_owned());
    let minor = column("amount_minor");
    let number = column("number");
    let list = |name: &str| (!column(name).is_null(row)).then(|| column(name).as_list::<i32>().value(row));
    json!([
        text("deed"),
        text("thing"),
        (!minor.is_null(row)).then(|| minor.as_primitive::<Int64Type>().value(row)),
        text("currency"),
        (!number.is_null(row)).then(|| number.as_primitive::<Float64Type>().value(row)),
        text("unit"),
        list("items").map(|items| items.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()),
        list("units").map(|units| units.as_primitive::<Float64Type>().values().to_vec()),
    ])
}

#[test]
fn each_deed_is_told_in_the_same_columns() {
    let order = json!({"order_id": "7", "revenue": 12.5, "currency": "EUR",
                       "products": [{"product_id": "a", "quantity": 2}, {"product_id": "b"}]});
    let cases = [
        ("Order Completed", order, json!(["ordered", "7", 1250, "EUR", null, null, ["a", "b"], [2.0, 1.0]])),
        ("Product Viewed", json!({"product_id": "a"}), json!(["viewed", null, null, null, null, null, ["a"], [1.0]])),
        ("Plan Looked At", json!({}), json!([null, null, null, null, null, null, null, null])),
        (
            "Page Left",
            json!({"seconds_visible": 2.5}),
            json!(["page_left", null, null, null, 2.5, "seconds", null, null]),
        ),
        ("Page Left", json!({"keys": 3}), json!(["page_left", null, null, null, null, null, null, null])),
        ("Email Opened", json!({"email_id": "e"}), json!(["email_opened", "e", null, null, null, null, null, null])),
        (
            "Ticket Resolved",
            json!({"ticket_id": "t"}),
            json!(["ticket_resolved", "t", null, null, null, null, null, null]),
        ),
        (
            "Payment Declined",
            json!({"payment_id": "p", "amount": 9.99, "currency": "EUR"}),
            json!(["payment_declined", "p", 999, "EUR", null, null, null, null]),
        ),
        (
            "Service Measured",
            json!({"metric": "latency", "value": 41.5, "unit": "ms"}),
            json!(["measured", "latency", null, null, 41.5, "ms", null, null]),
        ),
        (
            "Decision Clicked",
            json!({"decisionId": "d"}),
            json!(["decision_clicked", "d", null, null, null, null, null, null]),
        ),
        (
            "Decision Shown",
            json!({"decisionId": "d", "position": 2}),
            json!(["decision_shown", "d", null, null, 2.0, "position", null, null]),
        ),
        (
            "search",
            json!({"search_term": "tea", "results": 3, "items": [{"item_id": "a"}]}),
            json!(["searched", "tea", null, null, 3.0, "results", ["a"], [1.0]]),
        ),
        (
            "Search Result Clicked",
            json!({"query": "tea", "results": 3, "position": 2}),
            json!(["result_clicked", "tea", null, null, 2.0, "position", null, null]),
        ),
        (
            "Session Ended",
            json!({"session_id": "s", "seconds": 9}),
            json!(["session_ended", "s", null, null, 9.0, "seconds", null, null]),
        ),
        ("Session Started", json!({}), json!(["session_started", null, null, null, null, null, null, null])),
        (
            "Call Ended",
            json!({"call_id": "c", "seconds": 9}),
            json!(["call_ended", "c", null, null, 9.0, "seconds", null, null]),
        ),
        ("Call Started", json!({"call_id": "c"}), json!(["call_started", "c", null, null, null, null, null, null])),
        (
            "Message Received",
            json!({"text": "a"}),
            json!(["message_received", null, null, null, null, null, null, null]),
        ),
        (
            "Message Sent",
            json!({"text": "a", "ticket_id": "t"}),
            json!(["message_sent", "t", null, null, null, null, null, null]),
        ),
        (
            "Subscription Upgraded",
            json!({"plan": "pro", "amount": 9, "currency": "EUR"}),
            json!(["subscription_upgraded", "pro", 900, "EUR", null, null, null, null]),
        ),
        (
            "Service Faulted",
            json!({"code": "E1", "seconds": 9}),
            json!(["faulted", "E1", null, null, 9.0, "seconds", null, null]),
        ),
        ("Store Visited", json!({"store_id": "s"}), json!(["store_visited", "s", null, null, null, null, null, null])),
        (
            "NPS Submitted",
            json!({"score": 9, "ticket_id": "t"}),
            json!(["nps", "t", null, null, 9.0, null, null, null]),
        ),
    ];
    let events: Vec<Event> = cases.iter().map(|(name, properties, _)| tracked(name, properties.clone())).collect();
    let batch = batch(&events);
    for (i, (name, properties, expected)) in cases.into_iter().enumerate() {
        assert_eq!(row(&batch, i), expected, "{name} {properties}");
    }
}
