//! Is every form of time read, and the sender's clock corrected?

use super::{NOW, at, batch, one, one_from, track};
use events::Origin;
use events::RejectionCode::{BadValue, MissingField};
use primitives::Timestamp;
use serde_json::{Value, json};

#[test]
fn every_form_of_time_is_read() {
    let hour_ago = at("2023-11-14T21:13:20Z");
    for sent in [
        json!("2023-11-14T21:13:20Z"),
        json!("2023-11-14T21:13:20.000Z"),
        json!("2023-11-14T21:13:20+00:00"),
        json!("2023-11-15T05:13:20+08:00"),
        json!("2023-11-14T16:43:20.000000-04:30"),
        json!("2023-11-14 21:13:20"),
        json!(1_699_996_400),
        json!(1_699_996_400.0),
        json!(1_699_996_400_000_i64),
        json!("1699996400"),
        json!("1699996400.0"),
        json!(" 1699996400000 "),
    ] {
        assert_eq!(one(track(json!({"timestamp": sent}))).unwrap().occurred_at, hour_ago, "{sent}");
    }
    assert_eq!(one(track(json!({"timestamp": 1_699_996_400.25}))).unwrap().occurred_at.as_millis(), 1_699_996_400_250);
    for sent in [json!(null), json!(""), json!("  ")] {
        assert_eq!(one(track(json!({"timestamp": sent}))).unwrap().occurred_at, NOW, "no time: when it came");
    }
    for sent in [json!(-1), json!(1e300), json!("1969-12-31T23:59:59Z"), json!("1699996400x"), json!("12:00")] {
        assert_eq!(one(track(json!({"timestamp": sent}))).unwrap_err().code, BadValue, "{sent}");
    }
    // What only looks like digits: whoever wrote it meant something else.
    for sent in [
        "1699996400e0",
        "+1699996400",
        "-1699996400",
        "1699996400.",
        "1699996400.x",
        "1_699_996_400",
        "infinity",
        "x.5",
    ] {
        assert_eq!(one(track(json!({"timestamp": sent}))).unwrap_err().code, BadValue, "{sent}");
    }
    assert_eq!(one(track(json!({"timestamp": "9".repeat(400)}))).unwrap_err().code, BadValue);
    assert_eq!(one(track(json!({"timestamp": "20231114"}))).unwrap().occurred_at, at("2023-11-14"), "a date");
}

#[test]
fn a_number_is_seconds_until_the_year_5138_and_milliseconds_beyond() {
    let stated = |sent: Value| {
        let event = one(track(json!({"timestamp": sent}))).unwrap();
        assert_eq!(events::Event::from_record(&event.to_record()).unwrap(), event, "what was accepted opens again");
        event.stated_at.unwrap_or(event.occurred_at)
    };
    for (number, meant) in [
        (99_999_999_999_i64, "5138-11-16T09:46:39Z"),
        (100_000_000_000, "1973-03-03T09:46:40Z"),
        (Timestamp::MAX.as_millis(), "9999-12-30T22:00:00.000Z"),
    ] {
        assert_eq!(stated(json!(number)), at(meant), "{number}");
        assert_eq!(stated(json!(number.to_string())), at(meant), "{number} as text");
    }
    let beyond = json!({"timestamp": Timestamp::MAX.as_millis() + 1});
    assert_eq!(one(track(beyond)).unwrap_err().code, BadValue);
}

#[test]
fn the_senders_clock_is_corrected_by_its_own_sent_at() {
    // (originalTimestamp, timestamp, sentAt, what is true); the request comes at 22:13:20.
    for (original, timestamp, sent_at, expected) in [
        (None, Some("2023-11-14T22:13:10Z"), Some("2023-11-14T22:13:20Z"), "2023-11-14T22:13:10Z"),
        // A clock an hour behind, an hour ahead, 23 years behind, 7 years ahead.
        (None, Some("2023-11-14T21:13:10Z"), Some("2023-11-14T21:13:20Z"), "2023-11-14T22:13:10Z"),
        (None, Some("2023-11-14T23:13:10Z"), Some("2023-11-14T23:13:20Z"), "2023-11-14T22:13:10Z"),
        (Some("2000-01-01T00:00:00Z"), None, Some("2000-01-01T00:00:10Z"), "2023-11-14T22:13:10Z"),
        (Some("2030-01-01T00:00:00Z"), None, Some("2030-01-01T00:00:10Z"), "2023-11-14T22:13:10Z"),
        // The original goes before the timestamp.
        (
            Some("2023-11-14T22:13:00Z"),
            Some("2023-11-14T22:13:19Z"),
            Some("2023-11-14T22:13:20Z"),
            "2023-11-14T22:13:00Z",
        ),
        // An old event from a service's records stays old.
        (None, Some("2020-05-05T00:00:00Z"), Some("2023-11-14T22:13:20Z"), "2020-05-05T00:00:00Z"),
        // Nothing occurs after it came or before 1971.
        (None, Some("2023-11-14T22:13:30Z"), Some("2023-11-14T22:13:20Z"), "2023-11-14T22:13:20Z"),
        (None, Some("2099-01-01T00:00:00Z"), None, "2023-11-14T22:13:20Z"),
        (None, Some("1970-01-01T00:00:00Z"), Some("2099-01-01T00:00:00Z"), "2023-11-14T22:13:20Z"),
        // A `sentAt` that was never set corrects nothing.
        (None, Some("2020-05-05T00:00:00Z"), Some("1970-01-01T00:00:00Z"), "2020-05-05T00:00:00Z"),
        // Without a pair there is nothing to correct.
        (None, Some("2023-11-14T20:00:00Z"), None, "2023-11-14T20:00:00Z"),
        (None, None, Some("2001-01-01T00:00:00Z"), "2023-11-14T22:13:20Z"),
    ] {
        let mut item = track(json!({}));
        for (key, value) in [("originalTimestamp", original), ("timestamp", timestamp)] {
            if let Some(value) = value {
                item[key] = value.into();
            }
        }
        let of_request = batch(&json!({"batch": [item.clone()], "sentAt": sent_at})).accepted.remove(0);
        assert_eq!((of_request.occurred_at, of_request.received_at), (at(expected), NOW), "{item} sent {sent_at:?}");
        item["sentAt"] = sent_at.into();
        assert_eq!(one(item).unwrap().occurred_at, at(expected), "the same with the event's own sentAt");
    }
}

#[test]
fn a_time_that_was_never_set_is_taken_for_when_the_event_came() {
    let first = Timestamp::parse("1971-01-01T00:00:00Z").unwrap();
    let last = Timestamp::from_millis(first.as_millis() - 1);
    for (sent, stated) in [
        (json!(0), Some(Timestamp::MIN)),
        (json!(2026), Some(Timestamp::from_millis(2_026_000))),
        (json!("1970-01-01"), Some(Timestamp::MIN)),
        (json!(last.to_string()), Some(last)),
        (json!(first.to_string()), None),
    ] {
        let event = one(track(json!({"timestamp": sent}))).unwrap();
        let expected = if stated.is_some() { NOW } else { first };
        assert_eq!((event.occurred_at, event.stated_at), (expected, stated), "{sent}");
    }
    // A clock that was never set says all the same how long ago it was.
    let event = one(track(json!({"timestamp": 5, "sentAt": 15}))).unwrap();
    assert_eq!((event.occurred_at.as_millis(), event.stated_at), (NOW.as_millis() - 10_000, None));
}

#[test]
fn a_time_in_the_future_is_kept_beside_what_it_was_taken_for() {
    let stated = |changes: Value| one(track(changes)).unwrap();
    let event = stated(json!({"timestamp": "2028-01-01T00:00:00Z"}));
    assert_eq!((event.occurred_at, event.stated_at), (NOW, Some(at("2028-01-01T00:00:00Z"))));
    let opened = events::Event::from_record(&event.to_record()).unwrap();
    assert_eq!(opened.stated_at, event.stated_at);
    // A clock that is ahead, with the proof of it, is corrected; so is one that is right.
    for (timestamp, sent_at) in [
        ("2028-01-01T00:00:00Z", Some("2028-01-01T00:00:01Z")),
        ("2023-11-14T22:13:20Z", None),
        ("2023-11-14T22:13:19Z", None),
    ] {
        let event = stated(json!({"timestamp": timestamp, "sentAt": sent_at}));
        assert_eq!(event.stated_at, None, "{timestamp}");
        assert!(!serde_json::to_string(&event).unwrap().contains("statedAt"));
    }
    let beyond_its_sending = json!({"timestamp": "2023-11-14T22:13:30Z", "sentAt": "2023-11-14T22:13:20Z"});
    assert_eq!(stated(beyond_its_sending).stated_at, Some(at("2023-11-14T22:13:30Z")));
}

#[test]
fn a_batch_whose_sent_at_makes_no_sense_is_rejected_event_by_event() {
    let batch = batch(&json!({"sentAt": "soon", "batch": [track(json!({})), track(json!({}))]}));
    let fields: Vec<&str> = batch.rejected.iter().map(|rejected| rejected.rejection.field.as_str()).collect();
    assert_eq!((batch.accepted.len(), fields), (0, vec!["/sentAt", "/sentAt"]));
}

#[test]
fn imported_history_is_received_when_it_occurred() {
    let import = |changes: Value| one_from(track(changes), Origin::Import);
    let event = import(json!({"timestamp": "2001-02-03T00:00:00Z", "sentAt": "2023-01-01T00:00:00Z"})).unwrap();
    assert_eq!((event.occurred_at, event.received_at), (at("2001-02-03"), at("2001-02-03")));
    assert_eq!(import(json!({"timestamp": NOW.to_string()})).unwrap().received_at, NOW);
    assert_eq!(import(json!({})).unwrap_err().code, MissingField);
    let future = import(json!({"timestamp": NOW.as_millis() + 1})).unwrap_err();
    assert_eq!((future.code, future.field.as_str()), (BadValue, "/timestamp"));
}
