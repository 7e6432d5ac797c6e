//! Is each KPI counted as it is declared, and is nothing told where nothing can be?

use super::*;
use primitives::DAY_MS;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn table(numerator: Value, denominator: Value) -> Map<String, Value> {
    let table = json!({
        "name": "kpi", "numerator": numerator, "denominator": denominator, "within_days": 14, "direction": "up",
    });
    table.as_object().unwrap().clone()
}

fn kpi(numerator: Value, denominator: Value) -> Kpi {
    Kpi::from_table(&table(numerator, denominator)).unwrap()
}

fn order() -> Value {
    json!({ "event": "Order Completed" })
}

fn day(n: i64) -> Timestamp {
    Timestamp::from_millis(n * DAY_MS)
}

fn at(day_of: i64, value: f64) -> Occurred {
    Occurred { at: day(day_of), value: Some(value) }
}

fn earnings() -> Earnings {
    Earnings { margin: 0.35, contact_cost: [("call".to_owned(), 4.0), ("chat".to_owned(), 1.5)].into() }
}

#[test]
fn a_declaration_is_read_and_written_alike() {
    let all = [
        (json!({ "did": order() }), json!("customers")),
        (json!({ "did": { "event": "Order Completed", "at_least": 2 } }), json!({ "did": order() })),
        (json!({ "count": { "event": "Ticket Created", "properties.priority": "high" } }), json!("customers")),
        (json!({ "sum": { "event": "Order Completed", "of": "properties.revenue" } }), json!({ "count": order() })),
        (
            json!([{ "count": { "event": "Call Ended", "times": 4.0 } }, { "count": { "event": "Message Received" } }]),
            json!("customers"),
        ),
        (
            json!({ "quantile": { "event": "Call Ended", "of": "properties.waited_seconds", "at": 0.95 } }),
            json!("customers"),
        ),
    ];
    for (numerator, denominator) in all {
        let kpi = kpi(numerator.clone(), denominator.clone());
        let written = kpi.to_table();
        assert_eq!((&written["numerator"], &written["denominator"]), (&numerator, &denominator));
        assert_eq!(Kpi::from_table(&written).unwrap(), kpi);
    }
}

#[test]
fn what_is_wrong_is_named_with_what_to_write() {
    for (numerator, denominator, key, remedy) in [
        (json!(null), json!("customers"), "numerator", "write what is counted"),
        (json!({ "mean": order() }), json!("customers"), "numerator", "write what is counted"),
        (json!({ "did": {} }), json!("customers"), "numerator.did", "no event is named"),
        (json!({ "did": { "event": "x", "at_least": 0 } }), json!("customers"), "numerator.did.at_least", "from 1 to"),
        (json!({ "sum": order() }), json!("customers"), "numerator.sum.of", "where the value stands"),
        (
            json!({ "count": { "event": "x", "of": "properties.a" } }),
            json!("customers"),
            "numerator.count.of",
            "leave it out",
        ),
        (json!({ "count": { "event": "x", "times": "two" } }), json!("customers"), "numerator.count.times", "a number"),
        (
            json!({ "quantile": { "event": "x", "of": "properties.a" } }),
            json!("customers"),
            "numerator.quantile.at",
            "between 0 and 1",
        ),
        (
            json!({ "quantile": { "event": "x", "of": "properties.a", "at": 0.5 } }),
            json!({ "count": order() }),
            "denominator",
            "divided by nothing",
        ),
        (json!({ "did": order() }), json!("everybody"), "denominator", "write \"customers\""),
        (json!({ "did": order() }), json!(null), "denominator", "write \"customers\""),
        (json!([]), json!("customers"), "numerator", "1 to 16"),
    ] {
        let mistake = Kpi::from_table(&table(numerator.clone(), denominator)).unwrap_err();
        assert_eq!(mistake.key, key, "{numerator}: {mistake}");
        assert!(mistake.remedy.contains(remedy), "{numerator}: {mistake}");
    }
    for (key, value) in
        [("name", json!("Kpi 1")), ("within_days", json!(0)), ("direction", json!("sideways")), ("nmae", json!("x"))]
    {
        let mut table = table(json!({ "did": order() }), json!("customers"));
        table.insert(key.to_owned(), value);
        assert_eq!(Kpi::from_table(&table).unwrap_err().key, key);
    }
}

#[test]
fn only_what_happened_within_the_window_counts() {
    let revenue =
        kpi(json!({ "sum": { "event": "Order Completed", "of": "properties.revenue" } }), json!({ "count": order() }));
    let orders = vec![at(9, 1.0), at(10, 2.0), at(23, 4.0), at(24, 8.0)];
    assert_eq!(revenue.watches().len(), 2);
    assert_eq!(revenue.counted(&[orders.clone(), orders], day(10)), Counted::Pair(6.0, 2.0));
    assert!(revenue.is_ripe(day(10), day(24)) && !revenue.is_ripe(day(10), day(23)));
}

#[test]
fn who_bought_twice_is_asked_of_those_who_bought() {
    let all = built_in(&earnings(), 14);
    let repeat = all.iter().find(|kpi| kpi.name == "repeat").unwrap();
    let counted = |days: &[i64]| {
        let orders: Vec<Occurred> = days.iter().map(|n| at(*n, 1.0)).collect();
        repeat.counted(&[orders.clone(), orders], day(0))
    };
    let customers = [counted(&[]), counted(&[1]), counted(&[1, 2]), counted(&[1, 20])];
    let told = repeat.told(&customers);
    assert!((told.value.unwrap() - 1.0 / 3.0).abs() < 1e-12, "{told:?}");
}

#[test]
fn what_contacts_cost_is_added_up_by_channel() {
    let all = built_in(&earnings(), 14);
    let cost = all.iter().find(|kpi| kpi.name == "cost_to_serve").unwrap();
    let events: Vec<&str> = cost.watches().iter().map(|(what, _)| &*what.event).collect();
    assert_eq!(events, ["Call Ended", "Message Received"]);
    let none = Occurred { at: day(1), value: None };
    assert_eq!(cost.counted(&[vec![none, none], vec![none]], day(0)), Counted::Pair(9.5, 1.0));
}

#[test]
fn every_built_in_kpi_is_a_declaration_and_none_is_told_of_what_nobody_said() {
    let all = built_in(&earnings(), 28);
    let names: Vec<&str> = all.iter().map(|kpi| kpi.name.as_str()).collect();
    let expected = [
        "revenue",
        "margin",
        "orders",
        "conversion",
        "aov",
        "repeat",
        "refunds",
        "tickets",
        "contacts",
        "csat",
        "cost_to_serve",
        "ctr",
        "cart_rate",
    ];
    assert_eq!(names, expected);
    for kpi in &all {
        assert_eq!(Kpi::from_table(&kpi.to_table()).as_ref(), Ok(kpi));
        assert!(Kpi::check_all(std::slice::from_ref(kpi)).unwrap_err().to_string().contains("built in"));
    }
    let own = Kpi { name: "own".to_owned(), ..all[0].clone() };
    assert_eq!(Kpi::check_all(std::slice::from_ref(&own)), Ok(()));
    assert!(Kpi::check_all(&[own.clone(), own]).unwrap_err().to_string().contains("of this name already"));
    let unsaid = built_in(&Earnings { margin: 0.0, contact_cost: Default::default() }, 28);
    assert!(unsaid.iter().all(|kpi| kpi.name != "margin" && kpi.name != "cost_to_serve"));
    assert_eq!(unsaid.len(), all.len() - 2);
}

#[test]
fn nothing_is_never_zero() {
    let all = built_in(&earnings(), 28);
    for kpi in &all {
        let told = kpi.told(&[]);
        assert!(told.value.is_none() && told.interval.is_none() && told.reason.is_some(), "{}", kpi.name);
    }
    let ctr = all.iter().find(|kpi| kpi.name == "ctr").unwrap();
    let told = ctr.told(&[Counted::Pair(0.0, 0.0), Counted::Pair(0.0, 0.0)]);
    assert_eq!((told.value, told.reason.as_deref()), (None, Some("what it is divided by did not happen yet")));
    let one = ctr.told(&[Counted::Pair(1.0, 4.0)]);
    assert_eq!((one.value, one.interval), (Some(0.25), None));
}

#[test]
fn a_share_has_wilsons_interval_and_a_quantile_needs_enough() {
    let conversion = kpi(json!({ "did": order() }), json!("customers"));
    let customers: Vec<Counted> = (0..10).map(|n| Counted::Pair(f64::from(u8::from(n < 8)), 1.0)).collect();
    let told = conversion.told(&customers);
    assert!((told.interval.unwrap().low - 0.4902).abs() < 5e-5, "{told:?}");
    let wait = kpi(
        json!({ "quantile": { "event": "Call Ended", "of": "properties.waited_seconds", "at": 0.5 } }),
        json!("customers"),
    );
    assert_eq!(wait.measure(), None);
    let few: Vec<Counted> = (0..3).map(|n| Counted::Values(vec![f64::from(n)])).collect();
    assert!(wait.told(&few).reason.unwrap().contains("needs more than 3"));
    let many: Vec<Counted> = (0..100).map(|n| Counted::Values(vec![f64::from(n), f64::from(n)])).collect();
    let told = wait.told(&many);
    assert!(told.value == Some(49.0) && told.interval.unwrap().low < 49.0 && told.n == 100, "{told:?}");
}

#[test]
fn an_arm_is_counted_as_its_kpi_asks() {
    let after = [Counted::Pair(3.0, 2.0), Counted::Pair(5.0, 1.0)];
    let before = [Counted::Pair(1.0, 7.0), Counted::Pair(4.0, 9.0)];
    let mean = kpi(json!({ "count": order() }), json!("customers"));
    let ratio = kpi(json!({ "count": order() }), json!({ "count": order() }));
    let sums = |pairs: [(f64, f64); 2]| Arm::Sums(Moments::of_pairs(pairs));
    assert_eq!(mean.arm(&after, None), (sums([(3.0, 2.0), (5.0, 1.0)]), Measure::Mean));
    assert_eq!(mean.arm(&after, Some(&before)), (sums([(3.0, 1.0), (5.0, 4.0)]), Measure::Adjusted));
    assert_eq!(ratio.arm(&after, Some(&before)), (sums([(3.0, 2.0), (5.0, 1.0)]), Measure::Ratio));
    let wait = kpi(
        json!({ "quantile": { "event": "Call Ended", "of": "properties.waited_seconds", "at": 0.5 } }),
        json!("customers"),
    );
    let (arm, _) = wait.arm(&[Counted::Values(vec![1.0])], Some(&[Counted::Values(vec![])]));
    assert!(matches!(arm, Arm::Quantile(Err(reason)) if reason.contains("needs more than")));
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(values in prop::collection::vec((0_i64..20, 0.0_f64..99.0), 0..20)) {
        let revenue = kpi(json!({ "sum": { "event": "Order Completed", "of": "properties.revenue" } }), json!("customers"));
        let mut orders: Vec<Occurred> = values.iter().map(|(n, value)| at(*n, *value)).collect();
        let one = revenue.counted(&[orders.clone()], day(3));
        orders.reverse();
        prop_assert_eq!(one, revenue.counted(&[orders], day(3)));
    }
}
