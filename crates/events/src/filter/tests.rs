//! Do filters find what is meant, and say what is wrong with what is not a filter?

use super::*;
use crate::{Envelope, Origin, parse_batch};
use primitives::Timestamp;
use serde_json::json;

fn event(call: &str, body: Value) -> Event {
    let mut body = body;
    body["userId"] = json!("ann");
    body["messageId"] = json!("m");
    body["type"] = json!(call);
    let body = serde_json::to_vec(&json!({ "batch": [body] })).unwrap();
    let envelope = Envelope::new(Timestamp::from_millis(1_790_000_000_000), Origin::Server);
    parse_batch(&body, envelope).unwrap().accepted.remove(0)
}

fn filter(table: Value) -> Result<Filter, FilterError> {
    Filter::from_table(table.as_object().unwrap())
}

fn changed(kind: Value) -> Event {
    let properties = json!({"kind": kind, "amount": "12.5", "lines": [{"sku": "a"}, {"sku": "b"}], "none": null});
    event("track", json!({"event": "Plan Changed", "properties": properties, "context": {"campaign": {"source": "x"}}}))
}

#[test]
fn an_event_is_meant_by_its_name_and_its_particulars() {
    let downgrade = changed(json!("downgrade"));
    for (table, is_meant) in [
        (json!({"event": "Plan Changed"}), true),
        (json!({"event": "plan changed"}), false),
        (json!({"event": "Plan Changed", "properties.kind": "downgrade"}), true),
        (json!({"event": "Plan Changed", "properties.kind": "upgrade"}), false),
        (json!({"event": "Plan Changed", "properties.none": "downgrade"}), false),
        (json!({"event": "Plan Changed", "properties.absent": "downgrade"}), false),
        (json!({"event": "Plan Changed", "properties.lines.1.sku": "b"}), true),
        (json!({"event": "Plan Changed", "properties.lines.b.sku": "b"}), false),
        (json!({"event": "Plan Changed", "context.campaign.source": "x", "properties.kind": "downgrade"}), true),
        (json!({"event": "Plan Changed", "context.campaign.source": "x", "properties.kind": "upgrade"}), false),
        (json!({"event": "Plan Changed", "traits.kind": "downgrade"}), false),
    ] {
        assert_eq!(filter(table.clone()).unwrap().matches(&downgrade), is_meant, "{table}");
    }
    for (found, wanted, is_meant) in [
        (json!(1), json!(1.0), true),
        (json!(1.5), json!(1.5), true),
        (json!(1), json!(2), false),
        (json!("1"), json!(1), false),
        (json!(true), json!(true), true),
        (json!(false), json!(true), false),
    ] {
        let filter = filter(json!({"event": "Plan Changed", "properties.kind": wanted})).unwrap();
        assert_eq!(filter.matches(&changed(found.clone())), is_meant, "{found} {wanted}");
    }
    let identified = event("identify", json!({"traits": {"city": "Oslo"}}));
    assert!(filter(json!({"event": "identify", "traits.city": "Oslo"})).unwrap().matches(&identified));
    let page = event("page", json!({"name": "Home", "properties": {"path": "/"}}));
    assert!(filter(json!({"event": "Home", "properties.path": "/"})).unwrap().matches(&page));
    assert!(Filter::named("Home").matches(&page) && !Filter::named("page").matches(&page));
}

#[test]
fn a_value_is_taken_as_a_number_and_as_text() {
    let of = |path: &str| Take::from(path.parse::<Pointer>().unwrap());
    let event = changed(json!(3));
    for (path, number, text) in [
        ("properties.kind", Some(3.0), Some("3")),
        ("properties.amount", Some(12.5), Some("12.5")),
        ("properties.lines.0.sku", None, Some("a")),
        ("properties.lines", None, None),
        ("properties.none", None, None),
        ("properties.absent.deep", None, None),
        ("properties.kind.deep", None, None),
    ] {
        assert_eq!((of(path).number(&event), of(path).text(&event).as_deref()), (number, text), "{path}");
    }
    assert_eq!(of("properties.kind").number(&changed(json!("inf"))), None, "no number is infinite");
    assert_eq!(of("properties.kind").text(&changed(json!(true))).as_deref(), Some("true"));
}

#[test]
fn every_place_of_an_event_is_one_that_a_pointer_finds() {
    let event = changed(json!("down"));
    let all = Pointer::all(&event);
    assert_eq!(all, ["properties.amount", "properties.kind", "properties.lines.sku", "context.campaign.source"]);
    assert!(all.iter().all(|path| path.parse::<Pointer>().unwrap().of(&event).is_some()));
}

#[test]
fn a_list_holds_what_any_of_its_objects_holds() {
    let mut event = changed(json!("down"));
    let crate::Call::Track { properties, .. } = &mut event.call else { panic!("a plan changed") };
    let lines =
        json!([{"sku": "a", "tags": ["x"]}, 7, null, {"sku": "b", "of": [{"n": 1}, {"n": 2}]}, [{"sku": "deep"}]]);
    properties.insert("lines".to_owned(), lines);
    let matches = |path: &str, value: Value| {
        let filter = json!({"event": "Plan Changed", path: value});
        serde_json::from_value::<Filter>(filter).unwrap().matches(&event)
    };
    for (path, value, expected) in [
        ("properties.lines.sku", json!("a"), true),
        ("properties.lines.sku", json!("b"), true),
        ("properties.lines.sku", json!("c"), false),
        ("properties.lines.of.n", json!(2), true),
        ("properties.lines.of.n", json!(3), false),
        ("properties.lines.3.of.1.n", json!(2), true),
        ("properties.lines.0.of.n", json!(2), false),
        ("properties.lines.sku", json!("deep"), false),
        ("properties.lines.tags", json!("x"), false),
        ("properties.lines", json!(7), false),
    ] {
        assert_eq!(matches(path, value.clone()), expected, "{path} = {value}");
    }
    let first = Take::from("properties.lines.of.n".parse::<Pointer>().unwrap()).number(&event);
    assert_eq!(first, Some(1.0), "the first that stands there");
    assert_eq!(Pointer::all(&event).iter().filter(|path| path.ends_with("sku")).count(), 1, "each place once");
}

#[test]
fn a_filter_is_written_as_it_is_read() {
    let written = json!({"event": "Plan Changed", "properties.kind": "downgrade", "context.n": 2, "traits.is": true});
    let read: Filter = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    let take: Take = serde_json::from_value(json!("properties.a.b")).unwrap();
    assert_eq!(serde_json::to_value(&take).unwrap(), "properties.a.b");
    let dated = json!({"event": "a", "properties.day": {"$__toml_private_datetime": "2026-01-01"}});
    let read_date: Filter = serde_json::from_value(dated).unwrap();
    assert_eq!(read_date.equal[0].1, "2026-01-01", "a date of TOML is its text");
    let other_order =
        json!({"traits.is": true, "context.n": 2, "properties.kind": "downgrade", "event": "Plan Changed"});
    assert_eq!(serde_json::from_value::<Filter>(other_order).unwrap(), read);
}

#[test]
fn what_is_no_filter_is_refused_with_what_to_write() {
    for (table, said) in [
        (json!({}), "no event is named: write which one, such as event = \"Order Completed\""),
        (json!({"event": " "}), "event is \" \": write the event's name as text, such as event = \"Order Completed\""),
        (json!({"event": 7}), "event is 7: write the event's name as text, such as event = \"Order Completed\""),
        (
            json!({"event": "a", "propertis.kind": 1}),
            "\"propertis.kind\" is not a place in an event (did you mean \"properties.kind\"?): write it as \
             \"properties.plan\", \"context.campaign.source\" or \"traits.city\"",
        ),
        (
            json!({"event": "a", "kind": 1}),
            "\"kind\" is not a place in an event (did you mean \"properties.kind\"?): write it as \"properties.plan\", \
             \"context.campaign.source\" or \"traits.city\"",
        ),
        (
            json!({"event": "a", "properties.": 1}),
            "\"properties.\" is not a place in an event: write it as \"properties.plan\", \"context.campaign.source\" or \
             \"traits.city\"",
        ),
        (
            json!({"event": "a", "properties.kind": ["x"]}),
            "\"properties.kind\" is compared with [\"x\"]: compare it with one text, number, true or false",
        ),
    ] {
        let error = filter(table.clone()).expect_err("it is no filter");
        assert_eq!((error.to_string().as_str(), error.kind()), (said, ErrorKind::Invalid), "{table}");
    }
    let many: Map<String, Value> = (0..17).map(|n| (format!("properties.p{n}"), json!(n))).collect();
    let mut many = many;
    many.insert("event".into(), json!("a"));
    assert_eq!(Filter::from_table(&many).unwrap_err().to_string(), "17 particulars are compared: at most 16 can be");
}
