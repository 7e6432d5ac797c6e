//! Is a declared feature what a recount of the events says, and is what is no declaration refused with what to write?

use super::*;
use crate::FeatureId;
use crate::cell::Cell;
use crate::{Catalogue, FeatureState, Trace, TraceReads};
use events::{Call, Event, Offset, Origin, Recorded};
use primitives::DAY_MS;
use primitives::Timestamp;
use profiles::CustomerState;
use proptest::prelude::*;
use serde_json::json;

const NOW: Timestamp = Timestamp::from_millis(500 * DAY_MS);

fn declared(table: Value) -> Result<Declared, FeatureError> {
    Declared::from_table(table.as_object().unwrap())
}

/// A feature of plan changes that go down.
fn feature(measure: &str, of: Option<&str>, within_days: Option<i64>) -> Declared {
    let when = json!({"event": "Plan Changed", "properties.kind": "down"});
    let mut table = json!({"name": "mine", "meaning": "Mine", "when": when, "measure": measure});
    let of = of.map(|of| ("of", json!(of)));
    let within_days = within_days.map(|days| ("within_days", json!(days)));
    of.into_iter().chain(within_days).for_each(|(key, value)| table[key] = value);
    declared(table).unwrap()
}

/// A plan changed so many days ago, at noon.
fn changed(offset: u64, days_ago: i64, kind: &str, amount: i64) -> Recorded {
    let at = Timestamp::from_millis(NOW.as_millis() - days_ago * DAY_MS - DAY_MS / 2);
    let Value::Object(properties) = json!({"kind": kind, "amount": amount}) else { panic!("it is an object") };
    let event = Event {
        message_id: format!("m{offset}").into(),
        user_id: Some("ann".into()),
        anonymous_id: None,
        occurred_at: at,
        received_at: at,
        stated_at: None,
        call: Call::Track { event: "Plan Changed".to_owned(), properties: properties.into() },
        context: events::Fields::new(),
        origin: Origin::Server,
        reading: events::Reading::default(),
    };
    Recorded { offset: Offset(offset), event }
}

fn value(feature: &Declared, events: &[Recorded]) -> f64 {
    let catalogue = Catalogue::new(std::slice::from_ref(feature)).unwrap();
    let mut state = FeatureState::default();
    events.iter().for_each(|event| state.apply(event, catalogue.cells()));
    let inputs = catalogue.inputs(&[feature.id()]).unwrap();
    let mut values = Vec::new();
    catalogue.read(&state, NOW, &inputs, &mut values);
    // In training the same events give the same state.
    let mut trace = Trace::default();
    let reads = TraceReads::default().for_features(&catalogue);
    events.iter().for_each(|event| trace.apply(event, &reads));
    assert_eq!(trace.state_at(NOW), state);
    values[0]
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn float(n: i64) -> f64 {
    n as f64
}

/// Equal to the bit; all that is unknown is the same, and so are the two zeros.
fn is_same(a: f64, b: f64) -> bool {
    (a + 0.0).to_bits() == (b + 0.0).to_bits() || a.is_nan() && b.is_nan()
}

proptest! {
    #[test]
    fn every_measure_is_that_of_a_recount(
        told in proptest::collection::vec((0_i64..300, any::<bool>(), -9_i64..9), 0..60),
        within in 1_i64..200,
    ) {
        let events: Vec<Recorded> = (1..).zip(&told).map(|(offset, (ago, is_meant, amount))| {
            changed(offset, *ago, if *is_meant { "down" } else { "up" }, *amount)
        }).collect();
        let of = Some("properties.amount");
        for within in [Some(within), None] {
            let meant: Vec<(i64, i64)> = told.iter().filter(|(_, is_meant, _)| *is_meant).map(|(ago, _, amount)| (*ago, *amount)).collect();
            let is_within = |ago: i64| within.is_none_or(|days| ago < days);
            let counted: Vec<i64> = meant.iter().filter(|(ago, _)| is_within(*ago)).map(|(_, amount)| *amount).collect();
            let n = i64::try_from(counted.len()).unwrap();
            let sum: i64 = counted.iter().sum();
            // Of two at the same moment the one with the larger key.
            let of_each = told.iter().zip(&events).filter(|((_, is_meant, _), _)| *is_meant);
            let last = of_each.min_by_key(|((ago, _, _), event)| (*ago, std::cmp::Reverse(event.event.key())));
            let last = last.map(|((ago, _, amount), _)| (*ago, *amount)).filter(|(ago, _)| is_within(*ago));
            let unknown = |is_known: bool, value: f64| if is_known { value } else { f64::NAN };
            let mut different = counted.clone();
            different.sort_unstable();
            different.dedup();
            let mut expected = vec![
                ("count", None, float(n)),
                ("sum", of, float(sum)),
                ("mean", of, unknown(n > 0, float(sum) / float(n))),
                ("min", of, counted.iter().min().map_or(f64::NAN, |least| float(*least))),
                ("max", of, counted.iter().max().map_or(f64::NAN, |most| float(*most))),
                ("last", of, last.map_or(f64::NAN, |(_, amount)| float(amount))),
                ("distinct", of, float(i64::try_from(different.len()).unwrap())),
            ];
            if let Some(days) = within {
                let before = meant.iter().filter(|(ago, _)| (days..2 * days).contains(ago));
                let (n_before, before) = before.fold((0, 0), |(n, sum), (_, amount)| (n + 1, sum + amount));
                expected.push(("trend", None, float(n - n_before)));
                expected.push(("trend", of, float(sum - before)));
            }
            for (measure, of, expected) in expected {
                let found = value(&feature(measure, of, within), &events);
                prop_assert!(is_same(found, expected), "{measure} {of:?} {within:?}: {found} is not {expected}");
            }
            let since = meant.iter().map(|(ago, _)| float(*ago) + 0.5).fold(f64::NAN, f64::min);
            let found = value(&feature("days_since", None, None), &events);
            prop_assert!(is_same(found, since), "{found} is not {since}");
        }
    }
}

#[test]
fn what_is_no_number_counts_for_none_and_a_huge_one_for_the_largest() {
    let told = |offset: u64, amount: Value| {
        let mut told = changed(offset, 3, "down", 0);
        let Call::Track { properties, .. } = &mut told.event.call else { panic!("it is a change") };
        properties.insert("amount".to_owned(), amount);
        told
    };
    let none = ["NaN", "nan", "inf", "-inf", "Infinity", "1e999", "", "free"].map(|text| json!(text));
    let none = none.into_iter().chain([json!(null), json!([7]), json!({"is": 7}), json!(true)]);
    let mut events: Vec<Recorded> = (1..).zip(none).map(|(offset, amount)| told(offset, amount)).collect();
    let measures = ["sum", "mean", "min", "max", "last"];
    for measure in measures {
        let found = value(&feature(measure, Some("properties.amount"), None), &events);
        assert!(if measure == "sum" { found.abs() < 1e-12 } else { found.is_nan() }, "{measure}: {found}");
    }
    events.push(told(100, json!("2.5")));
    for measure in measures {
        let found = value(&feature(measure, Some("properties.amount"), None), &events);
        assert!((found - 2.5).abs() < 1e-12, "{measure}: {found}");
    }
    events.extend([told(101, json!(1e300)), told(102, json!(1.7e308))]);
    for (measure, most) in [("sum", 1.8e13), ("mean", 6.1e12), ("max", 9e12), ("last", 9e12)] {
        let found = value(&feature(measure, Some("properties.amount"), None), &events);
        assert!((found / most - 1.0).abs() < 0.02, "{measure}: {found}");
    }
}

#[test]
fn a_million_different_values_take_bounded_memory_and_the_feature_says_what_is_counted() {
    use crate::cell::{Kept, N_KEYS};
    let different = feature("distinct", Some("properties.amount"), None);
    let catalogue = Catalogue::new(std::slice::from_ref(&different)).unwrap();
    assert_eq!(catalogue.get("mine").unwrap().limit.as_deref(), Some("at most 256 are counted"));
    let mut kept = Kept::default();
    let mut at_most = 0;
    for n in 0..1_000_000_i64 {
        let told = catalogue.cells().told(&changed(1, 0, "down", n));
        kept.add(Timestamp::from_millis(n), events::EventKey(1), told[0]);
        at_most = at_most.max(kept.n_bytes());
    }
    assert!(at_most < 8_192, "{at_most} bytes");
    let Some(Cell::Distinct(found)) = kept.get(different.cell().key()) else { panic!("nothing is kept") };
    assert_eq!(found.count(NOW, None), N_KEYS);
}

#[test]
fn an_identify_can_be_meant_and_counts_as_no_event() {
    let mut told = changed(1, 3, "down", 1);
    told.event.call = Call::Identify { traits: [("plan".to_owned(), json!("pro"))].into_iter().collect() };
    let when = json!({"event": "identify", "traits.plan": "pro"});
    let feature = declared(json!({"name": "a", "meaning": "A", "when": when, "measure": "count"})).unwrap();
    assert_eq!(value(&feature, std::slice::from_ref(&told)).to_bits(), 1.0_f64.to_bits());
    let catalogue = Catalogue::new(&[feature]).unwrap();
    let mut state = FeatureState::default();
    state.apply(&told, catalogue.cells());
    assert_eq!((state.n_seen, state.first_seen), (0, None));
}

#[test]
fn another_computation_is_another_version_and_other_words_are_not() {
    let version = |feature: &Declared| feature.id().version;
    let one = feature("count", None, Some(90));
    let reworded = Declared { meaning: "Theirs".to_owned(), ..one.clone() };
    assert_eq!(version(&one), version(&reworded));
    for other in [feature("count", None, Some(91)), feature("count", None, None), feature("days_since", None, None)] {
        assert_ne!(version(&one), version(&other));
    }
    let catalogue = Catalogue::new(std::slice::from_ref(&one)).unwrap();
    assert!(catalogue.inputs(&[FeatureId::first("recency_days"), one.id()]).is_ok(), "built-in ones stay");
    let definition = catalogue.get("mine").unwrap();
    assert_eq!((definition.group, definition.unit, definition.meaning.as_str()), ("Your own", "times", "Mine"));
    assert_eq!(definition.limit.as_deref(), Some("to half the day at its beginning"));
    assert_eq!(catalogue.definitions().last().unwrap().name, "mine");
}

#[test]
fn what_is_not_kept_yet_cannot_be_read_and_everything_else_can() {
    let (count, since) = (feature("count", None, Some(90)), feature("days_since", None, None));
    let since = Declared { name: "since".to_owned(), ..since };
    let wanted = Catalogue::new(&[count.clone(), since.clone()]).unwrap();
    let (readable, waiting) = wanted.readable(Catalogue::new(&[count]).unwrap().cells());
    assert_eq!(waiting.iter().map(|definition| definition.name.as_str()).collect::<Vec<_>>(), ["since"]);
    assert!(
        readable.get("mine").is_some() && readable.get("since").is_none() && readable.get("recency_days").is_some()
    );
    assert!(readable.inputs(&[since.id()]).is_err());
    let kept = wanted.declared(&[FeatureId::first("recency_days"), since.id(), FeatureId::first("mine")]);
    assert_eq!(kept.iter().map(|declared| declared.name.as_str()).collect::<Vec<_>>(), ["since"]);
    let (readable, waiting) = wanted.readable(wanted.cells());
    assert_eq!((readable.definitions().len(), waiting.len()), (wanted.definitions().len(), 0));
}

#[test]
fn a_declaration_is_written_as_it_is_read() {
    for feature in [feature("count", None, Some(90)), feature("mean", Some("properties.amount"), None)] {
        let written = serde_json::to_value(&feature).unwrap();
        assert_eq!(serde_json::from_value::<Declared>(written).unwrap(), feature);
    }
    assert_eq!(Measure::all().map(|(measure, _)| measure.name()).collect::<Vec<_>>(), MEASURES.map(|(name, ..)| name));
}

#[test]
fn what_is_no_declaration_names_the_key_the_value_and_the_remedy() {
    let good =
        json!({"name": "mine", "meaning": "Mine", "when": {"event": "a"}, "measure": "count", "within_days": 90});
    let remedy_of_days =
        "write a whole number of days from 1 to 400, for as long as days are kept, or leave it out for everything";
    for (key, value, said) in [
        ("mesure", json!("sum"), "mesure is \"sum\": there is no such key: write measure".to_owned()),
        (
            "colour",
            json!(1),
            "colour is 1: there is no such key: write one of name, meaning, when, measure, of, within_days".to_owned(),
        ),
        ("meaning", json!(" "), "meaning is \" \": write a text of 1 to 200 letters".to_owned()),
        ("when", json!("a"), "when is \"a\": say which events are meant, such as { event = \"Order Completed\" }".to_owned()),
        (
            "when",
            json!({"event": "a", "propertis.x": 1}),
            "when is {\"event\":\"a\",\"propertis.x\":1}: \"propertis.x\" is not a place in an event (did you mean \
             \"properties.x\"?): write it as \"properties.plan\", \"context.campaign.source\" or \"traits.city\""
                .to_owned(),
        ),
        (
            "measure",
            json!("cuont"),
            "measure is \"cuont\": write one of count, sum, mean, min, max, last, days_since, distinct, trend (did you \
             mean \"count\"?)"
                .to_owned(),
        ),
        ("measure", json!("sum"), "of is missing: \"sum\" measures a value: say which, such as of = \"properties.amount\"".to_owned()),
        (
            "of",
            json!("properties.x"),
            "of is \"properties.x\": \"count\" looks at no value: leave it out, or measure another way".to_owned(),
        ),
        ("within_days", json!(0), format!("within_days is 0: {remedy_of_days}")),
        ("within_days", json!(401), format!("within_days is 401: {remedy_of_days}")),
        ("within_days", json!("90"), format!("within_days is \"90\": {remedy_of_days}")),
        (
            "measure",
            json!("days_since"),
            "within_days is 90: \"days_since\" counts from the last one, however long ago: leave it out".to_owned(),
        ),
    ] {
        let mut table = good.clone();
        table[key] = value;
        let error = declared(table).expect_err(key);
        assert_eq!(error.to_string(), format!("feature \"mine\": {said}"));
        assert_eq!(error.kind(), primitives::ErrorKind::Invalid);
    }
    for (days, said) in [
        (json!(null), "within_days is missing"),
        (json!(201), "within_days is 201: days are kept for 400, and \"trend\" needs twice as many: write at most 200"),
    ] {
        let mut table = good.clone();
        (table["measure"], table["within_days"]) = (json!("trend"), days);
        assert!(declared(table).unwrap_err().to_string().starts_with(&format!("feature \"mine\": {said}")));
    }
    for name in [json!("Mine"), json!("9_lives"), json!(""), json!(7), json!("a".repeat(65))] {
        let mut table = good.clone();
        table["name"] = name;
        let said = declared(table).unwrap_err().to_string();
        assert!(said.contains("name is ") && said.contains("write small letters"), "{said}");
    }
    let twice = [feature("count", None, None), feature("days_since", None, None)];
    assert_eq!(
        Catalogue::new(&twice).unwrap_err().to_string(),
        "feature \"mine\": name is \"mine\": another feature has that name already: choose another one"
    );
    let built_in = Declared { name: "recency_days".to_owned(), ..feature("count", None, None) };
    assert!(Catalogue::new(&[built_in]).unwrap_err().to_string().contains("another feature has that name already"));
    let many: Vec<Declared> =
        (0..101).map(|n| Declared { name: format!("f{n}"), ..feature("count", None, None) }).collect();
    assert_eq!(
        Catalogue::new(&many).unwrap_err().to_string(),
        "101 features are declared under [[features]]: at most 100 can be"
    );
}
