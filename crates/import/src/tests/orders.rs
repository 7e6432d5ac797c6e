//! Does an order go in whole or not at all?

use super::*;

/// Two lines an order, and a customer's traits with the first order.
const ORDERS: &str = r#"
name = "orders"
currency = "EUR"
group_by = ["order"]
group = "GROUP"
[time]
column = "day"
[[event]]
type = "identify"
once_per = "who"
userId = "{who}"
[event.traits]
city = "{city}"
[[event]]
type = "track"
event = "Order Completed"
userId = "{who}"
[event.properties]
order_id = "{order}"
total = { sum = "price" }
[event.properties.products.rows]
product_id = "{sku}"
price = { column = "price", type = "number" }
[[item]]
id = "{sku}"
keep = "KEEP"
[item.traits]
price = { column = "price", type = "number" }
"#;

fn import_orders(group: &str, keep: &str, rows: &str, sink: Collected) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("orders.csv");
    std::fs::write(&path, format!("order,who,day,sku,price,city\n{rows}")).unwrap();
    let mapping = ORDERS.replace("GROUP", group).replace("KEEP", keep);
    import_path(&path, Some(&mapping), sink, 1 << 30)
}

fn orders(outcome: &Outcome) -> Vec<&str> {
    let is_order = |payload: &&Value| payload["type"] == "track";
    outcome
        .sink
        .payloads
        .iter()
        .filter(is_order)
        .map(|order| order["properties"]["order_id"].as_str().unwrap())
        .collect()
}

fn of_type<'o>(outcome: &'o Outcome, kind: &str) -> Vec<&'o Value> {
    outcome.sink.payloads.iter().filter(|payload| payload["type"] == kind).collect()
}

/// Order 1 has a bad price, order 2 is good, order 3 has no day on its second line, order 4 has a cell too many, and order
/// 5 is good.
const ROWS: &str = "1,ann,2026-01-01,tea,2.50,Bonn\n\
                    1,ann,2026-01-01,jam,much,Bonn\n\
                    1,ann,2026-01-01,rye,soon,Bonn\n\
                    2,ann,2026-01-02,tea,2.50,Bonn\n\
                    2,ann,2026-01-02,jam,4,Bonn\n\
                    3,bob,2026-01-03,tea,2.50,Rome\n\
                    3,bob,,jam,4,Rome\n\
                    4,bob,2026-01-04,nut,1,Rome\n\
                    4,bob,2026-01-04,fig,1,50,Rome\n\
                    5,cid,2026-01-05,jam,4,Oslo\n";

#[test]
fn an_order_with_a_bad_line_is_rejected_whole() {
    for group in ["contiguous", "file"] {
        let outcome = import_orders(group, "first", ROWS, Collected::default());
        assert_eq!(orders(&outcome), ["2", "5"], "{group}");
        let rejected = outcome.rejected();
        let lines: Vec<u64> = rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 7, 8, 9, 10], "{group}: all rows, in the order of lines");
        let much = "column \"price\" is \"much\", which is not a number";
        assert_eq!(rejected[0].1, format!("another row of this order was rejected: line 3, {much}"));
        assert_eq!(rejected[1].1, much);
        assert_eq!(rejected[2].1, "column \"price\" is \"soon\", which is not a number", "its own reason");
        assert_eq!(rejected[3].1, "another row of this order was rejected: line 8, the time is blank");
        assert!(rejected[5].1.starts_with("another row of this order was rejected: line 10, the row has 7 cells"));
        let report = outcome.report();
        assert_eq!((report.rows_read, report.rows_rejected), (10, 7));
        let top: Vec<(u64, u64)> = report.top_reasons.iter().map(|one| (one.rows, one.first_line)).collect();
        assert_eq!(report.other_reasons_rows, 3, "the neighbours of bad rows");
        assert_eq!(top, [(2, 3), (1, 8), (1, 10)], "the rows that are to blame are counted, not their neighbours");
    }
}

#[test]
fn what_a_rejected_order_said_of_customers_and_items_is_said_by_the_next() {
    for keep in ["first", "last"] {
        let outcome = import_orders("contiguous", keep, ROWS, Collected::default());
        let cities: Vec<_> = of_type(&outcome, "identify").iter().map(|one| one["traits"]["city"].clone()).collect();
        assert_eq!(cities, ["Bonn", "Oslo"], "ann's first order was rejected, bob's both");
        let mut items: Vec<_> = of_type(&outcome, "item").iter().map(|one| one["itemId"].clone()).collect();
        items.sort_unstable_by_key(ToString::to_string);
        assert_eq!(items, ["jam", "tea"], "{keep}: neither rye, nor nut, nor fig");
    }
    // The sink finds fault with the customer of the first order; the second of the same sku still describes it.
    let picky = Collected { rejects_users: vec!["ann"], ..Collected::default() };
    let outcome = import_orders(
        "file",
        "first",
        "1,ann,2026-01-01,tea,2,Bonn\n1,ann,2026-01-01,jam,2,Bonn\n2,bob,2026-01-02,tea,2,Rome\n",
        picky,
    );
    assert_eq!((orders(&outcome), of_type(&outcome, "item").len()), (vec!["2"], 1));
    assert_eq!(
        outcome.rejected(),
        [
            (2, "nobody may be called that"),
            (3, "another row of this order was rejected: line 2, nobody may be called that")
        ]
    );
}

#[test]
fn a_line_that_shows_no_order_takes_the_order_around_it_along() {
    let rows = "1,ann,2026-01-01,tea,2,Bonn\n,ann,2026-01-01,tea,2,Bonn\n1,ann,2026-01-01,jam,2,Bonn\n2,bob,2026-01-02,tea,2,Rome\n,ann,2026-01-01,tea,2,Bonn\n3,cid,2026-01-03,tea,2,Oslo\n";
    let outcome = import_orders("contiguous", "first", rows, Collected::default());
    assert_eq!(orders(&outcome), ["2", "3"], "between two orders it belongs to neither");
    let lines: Vec<u64> = outcome.rejected().iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 6]);
    let outcome = import_orders("file", "first", rows, Collected::default());
    assert_eq!(orders(&outcome), ["1", "2", "3"]);
    assert!(outcome.rejected().iter().all(|(_, reason)| *reason == "all its group_by cells are blank"));
}

#[test]
fn a_line_that_is_not_utf8_still_shows_its_order() {
    let rows = b"order,who,day,sku,price,city\n1,ann,2026-01-01,tea,2,Bonn\n1,ann,2026-01-01,K\xe4se,2,Bonn\n2,bob,2026-01-02,tea,2,Rome\n";
    for group in ["contiguous", "file"] {
        let mapping = ORDERS.replace("GROUP", group).replace("KEEP", "first");
        let outcome = import_bytes("orders.csv", rows, Some(&mapping));
        assert_eq!(orders(&outcome), ["2"]);
        let rejected = outcome.rejected();
        assert!(rejected[1].1.contains("column \"sku\" is not UTF-8 at its byte 2"), "{rejected:?}");
        assert_eq!(outcome.rejects[1]["row"]["sku"], "K\u{fffd}se");
    }
}

#[test]
fn a_line_that_comes_after_its_order_is_told_how_to_mend_it() {
    let rows = "1,ann,2026-01-01,tea,2,Bonn\n2,bob,2026-01-02,tea,2,Rome\n1,ann,2026-01-01,jam,2,Bonn\n";
    let outcome = import_orders("contiguous", "first", rows, Collected::default());
    assert_eq!(orders(&outcome), ["1", "2"]);
    let rejected = outcome.rejected();
    assert!(rejected.len() == 1 && rejected[0].1.contains("--replace"), "{rejected:?}");
}
