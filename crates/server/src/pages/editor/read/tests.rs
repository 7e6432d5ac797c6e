//! Does a form say what stands in it, and nothing besides?

use super::super::written::N_ROWS_MAX;
use super::*;
use decisions::Playbook;
use proptest::prelude::*;

fn table(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// One of each list that says every key that a form has.
fn full() -> Vec<(&'static str, Map<String, Value>)> {
    vec![
        (
            "actions",
            table(json!({
                "name": "grinder", "title": "A grinder", "group": "cross_sell", "channels": ["email", "web"],
                "eligible": "orders_365d >= 1", "suitable": "score.churn < 0.6", "stock": "LK-0042", "value": 12.5,
                "cost": 0.25, "prior": 0.03, "from": "2026-12-01", "until": "2026-12-24T18:30:00.000Z",
                "weight": 2.0, "context": {"placement": {"checkout": 1.5}}, "upsell": true, "service": true,
                "mandatory": true, "times": 3, "features": {"price": 89.0}, "content": {"url": "/grinders", "lines": ["a", "b"]},
            })),
        ),
        (
            "experiments",
            table(json!({
                "name": "copy", "title": "The copy", "who": "orders_365d >= 1", "share": 0.335, "layer": "checkout",
                "metrics": ["margin"], "guardrails": ["refunds", "tickets"], "days": 21, "state": "draft",
                "variations": [{"name": "control", "value": 1.5}, {"name": "bold", "value": 2, "weight": 3.0}],
            })),
        ),
        (
            "flags",
            table(json!({
                "name": "checkout", "title": "The checkout", "type": "text", "default": "true", "on": false,
                "needs": [{"flag": "login", "is": true}, {"flag": "plan", "is": "pro"}, {"flag": "limit", "is": 7}],
                "rules": [{"when": "traits.plan = \"pro\"", "value": "12"}, {"experiment": "copy"}, {"share": 0.253, "value": "new"}],
            })),
        ),
    ]
}

/// The table as it is in force.
fn in_force(list: &str, table: &Map<String, Value>) -> Map<String, Value> {
    let mut playbook = Playbook::default();
    let name = playbook.put(list, table).unwrap();
    playbook.table(list, &name).unwrap()
}

const OPEN: &dyn Fn(&Described) -> bool = &|_| true;

#[test]
fn a_form_that_nobody_touched_says_nothing() {
    for (list, table) in full() {
        let table = in_force(list, &table);
        let shown = written(list, &table);
        assert_eq!(changed(list, &shown, &table, OPEN), Ok(Map::new()), "{list}");
        // As browsers send what stands in a field of several lines.
        let sent: Filled = shown
            .0
            .iter()
            .flat_map(|(name, said)| {
                said.iter().map(move |text| (name.clone(), format!("{}\r\n", text.replace('\n', "\r\n"))))
            })
            .collect();
        assert_eq!(changed(list, &sent, &table, OPEN), Ok(Map::new()), "{list}");
    }
}

proptest! {
    /// What a form says of a table that is not there yet is the table that it shows, whatever of it is said.
    #[test]
    fn what_is_written_is_read_as_the_same_table(kept in proptest::collection::vec(any::<bool>(), 24)) {
        for (list, whole) in full() {
            let some: Map<String, Value> =
                whole.iter().zip(&kept).filter(|(_, kept)| **kept).map(|((key, value), _)| (key.clone(), value.clone())).collect();
            let named = Map::from_iter(["name", "value", "type", "default", "variations"].into_iter()
                .filter_map(|key| Some((key.to_owned(), whole.get(key)?.clone())))
                .chain(some));
            let table = in_force(list, &named);
            let said = changed(list, &written(list, &table), &Map::new(), OPEN).unwrap();
            let mut said = said;
            said.extend(table.get("state").map(|state| ("state".to_owned(), state.clone())));
            prop_assert_eq!(in_force(list, &said), table);
        }
    }
}

#[test]
fn rows_are_counted_to_the_last_that_a_form_can_have() {
    let n_rows = |place: &str| {
        let said = |at: &str| (format!("rules.{at}.when"), "known".to_owned());
        Filled::from_iter([said("0"), said(place)]).n_rows("rules")
    };
    let (last, beyond) = (N_ROWS_MAX - 1, N_ROWS_MAX);
    assert_eq!((n_rows("3"), n_rows(&last.to_string())), (4, N_ROWS_MAX));
    for place in [beyond.to_string(), "4000000000".to_owned(), usize::MAX.to_string(), "-1".to_owned()] {
        assert_eq!(n_rows(&place), 1, "{place}");
    }
}

#[test]
fn what_is_changed_alone_is_said_and_what_is_emptied_is_taken_away() {
    let (list, table) = full().remove(0);
    let table = in_force(list, &table);
    let mut filled = written(list, &table);
    for (name, text) in [("value", "9,5"), ("eligible", " "), ("until", "2026-12-31"), ("content", "url = \"/new\"")] {
        filled.0.insert(name.to_owned(), vec![text.to_owned()]);
    }
    filled.0.remove("mandatory");
    filled.0.insert("channels".to_owned(), vec!["web".to_owned(), "sms".to_owned()]);
    let said = changed(list, &filled, &table, OPEN).unwrap();
    let expected = json!({"value": 9.5, "eligible": null, "until": "2026-12-31T00:00:00.000Z", "content": {"url": "/new"},
        "mandatory": null, "channels": ["web", "sms"]});
    assert_eq!(json!(said), expected);
    let closed = changed(list, &filled, &table, &|field| field.key == "value").unwrap();
    assert_eq!(json!(closed), json!({"value": 9.5}), "what is closed is not said, whatever somebody sends");
}

#[test]
fn what_cannot_be_read_is_told_at_its_field() {
    let of = |pairs: &[(&str, &str)], list: &str| {
        let filled = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        changed(list, &filled, &Map::new(), OPEN)
    };
    for (list, pairs, key, part) in [
        ("actions", &[("content", "headline: x")][..], "content", "key = \"value\""),
        ("actions", &[("content", "{\"a\": }")], "content", "cannot be read"),
        ("flags", &[("type", "boolean"), ("default", "yes")], "default", "write true or false"),
        ("flags", &[("type", "number"), ("default", "seven")], "default", "write a number"),
        ("flags", &[("type", "json"), ("default", "{")], "default", "as JSON"),
        ("flags", &[("rules.1.share", "120"), ("rules.1.value", "a")], "rules", "row 2: “120” is no share"),
        ("experiments", &[("share", "all")], "share", "from 0 to 100"),
        (
            "experiments",
            &[("of", "number"), ("variations.0.name", "a"), ("variations.0.value", "b")],
            "variations",
            "row 1",
        ),
    ] {
        let wrong = of(pairs, list).unwrap_err();
        assert!(wrong[key].contains(part), "{wrong:?}");
    }
    // What is no number is handed on: that is refused with everything else that is.
    assert_eq!(
        json!(of(&[("value", "much"), ("times", "-1")], "actions").unwrap()),
        json!({"value": "much", "times": "-1"})
    );
}

#[test]
fn values_are_of_the_type_that_is_picked() {
    let of = |of: &str, text: &str| {
        let pairs = [("type", of), ("default", text)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        changed("flags", &pairs.into_iter().collect(), &Map::new(), OPEN).unwrap()["default"].clone()
    };
    assert_eq!(of("text", "true"), json!("true"));
    assert_eq!(of("boolean", "True"), json!(true));
    assert_eq!(of("number", "7"), json!(7));
    assert_eq!(of("number", "7,5"), json!(7.5));
    assert_eq!(of("json", "[1, \"a\"]"), json!([1, "a"]));
}
