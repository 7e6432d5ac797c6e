//! Do purchases of Ta-Feng's shape become the right events?

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const TA_FENG: &str = include_str!("../../mappings/ta-feng.toml");

struct Line {
    day: u32,
    customer: u32,
    product: u32,
    amount: u32,
}

/// Two hundred lines over ten days, the lines of an order apart from each other as in the real file.
fn lines() -> Vec<Line> {
    (0..200_u32).map(|i| Line { day: i / 20 + 1, customer: i % 7, product: i * 13 % 29, amount: i % 3 + 1 }).collect()
}

fn as_csv(lines: &[Line]) -> String {
    let mut text =
        "\u{feff}\"TRANSACTION_DT\",\"CUSTOMER_ID\",\"AGE_GROUP\",\"PIN_CODE\",\"PRODUCT_SUBCLASS\",\"PRODUCT_ID\",\
                    \"AMOUNT\",\"ASSET\",\"SALES_PRICE\"\n"
            .to_owned();
    for Line { day, customer, product, amount } in lines {
        let age = if customer % 2 == 0 { "35-39" } else { "" };
        let pin = if *customer == 3 { "Unknown" } else { "115" };
        let (cost, price) = (amount * (product + 5), amount * (product + 10));
        let subclass = 100_000 + product % 4;
        writeln!(
            text,
            "\"2/{}/2001\",\"{customer:08}\",\"{age}\",\"{pin}\",\"{subclass}\",\"{product:013}\",\"{amount}\",\"{cost}\",\"{price}\"",
            18 + day
        )
        .unwrap();
    }
    text
}

fn of_kind<'o>(outcome: &'o Outcome, kind: &str) -> Vec<&'o Value> {
    outcome.sink.payloads.iter().filter(|payload| payload["type"] == kind).collect()
}

#[test]
fn lines_become_orders_customers_and_items() {
    let lines = lines();
    let outcome = import_bytes("ta_feng.csv", as_csv(&lines).as_bytes(), Some(TA_FENG));
    let report = outcome.report();
    assert_eq!((report.rows_read, report.rows_rejected), (200, 0));
    assert_eq!(of_kind(&outcome, "identify").len(), 7, "once per customer, as nothing about them changed");
    let products: BTreeSet<u32> = lines.iter().map(|line| line.product).collect();
    assert_eq!(of_kind(&outcome, "item").len(), products.len());
    assert_eq!(report.items_accepted, products.len() as u64);

    let mut expected: BTreeMap<(u32, u32), Vec<&Line>> = BTreeMap::new();
    for line in &lines {
        expected.entry((line.day, line.customer)).or_default().push(line);
    }
    let orders = of_kind(&outcome, "track");
    assert_eq!(orders.len(), expected.len());
    for order in orders {
        let properties = &order["properties"];
        let (date, customer) = properties["order_id"]
            .as_str()
            .unwrap()
            .split_once('/')
            .map(|(m, rest)| {
                assert_eq!(m, "2");
                let (day, rest) = rest.split_once('/').unwrap();
                (day.parse::<u32>().unwrap() - 18, rest.split_once('/').unwrap().1.parse::<u32>().unwrap())
            })
            .unwrap();
        let lines = &expected[&(date, customer)];
        let total: u32 = lines.iter().map(|line| line.amount * (line.product + 10)).sum();
        assert_eq!(properties["total"], json!(total));
        assert_eq!(properties["revenue"], json!(total));
        assert_eq!(properties["currency"], json!("TWD"));
        let products: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "product_id": format!("{:013}", line.product), "category": (100_000 + line.product % 4).to_string(),
                    "quantity": line.amount, "price": line.product + 10, "cost": line.product + 5,
                })
            })
            .collect();
        assert_eq!(properties["products"], Value::Array(products), "in the order of the file");
    }
}

#[test]
fn every_payload_is_accepted_as_an_event() {
    let received_at = now();
    let context = events::Fields::new();
    let envelope = events::Envelope { context, ..events::Envelope::new(received_at, events::Origin::Import) };
    let outcome = import_bytes("ta_feng.csv", as_csv(&lines()).as_bytes(), Some(TA_FENG));
    for payload in outcome.sink.payloads {
        let event = events::parse_event(payload.clone(), None, &envelope).unwrap();
        assert_eq!(event.received_at, event.occurred_at, "history counts as received when it occurred");
        let Some(order) = events::Commerce::read(&event).unwrap() else { continue };
        assert_eq!(order.value.unwrap().to_major().to_string(), payload["properties"]["total"].to_string());
        assert_eq!(order.products.len(), payload["properties"]["products"].as_array().unwrap().len());
    }
}

#[test]
fn customers_have_the_traits_that_are_known() {
    let outcome = import_bytes("ta_feng.csv", as_csv(&lines()).as_bytes(), Some(TA_FENG));
    let traits: BTreeMap<&str, &Value> = of_kind(&outcome, "identify")
        .into_iter()
        .map(|payload| (payload["userId"].as_str().unwrap(), &payload["traits"]))
        .collect();
    assert_eq!(traits["00000002"], &json!({"age_group": "35-39", "pin_code": "115"}));
    assert_eq!(traits["00000001"], &json!({"pin_code": "115"}));
    assert_eq!(traits["00000003"], &Value::Null, "blank and unknown: no traits at all");
}

#[test]
fn times_end_within_the_last_week_and_weekdays_stay() {
    let lines = lines();
    let outcome = import_bytes("ta_feng.csv", as_csv(&lines).as_bytes(), Some(TA_FENG));
    assert_eq!(outcome.report().weeks_shifted, 1_342);
    let mut before = String::new();
    for order in of_kind(&outcome, "track") {
        let at = order["timestamp"].as_str().unwrap();
        assert!(at > before.as_str() || at == before, "orders come in the order of time");
        before = at.to_owned();
        let day: i64 =
            order["properties"]["order_id"].as_str().unwrap()[2..].split('/').next().unwrap().parse().unwrap();
        let noon = Timestamp::parse(&format!("2001-02-{day:02}T12:00:00+08:00")).unwrap();
        assert_eq!(at, noon.plus_days(7 * 1_342).to_string(), "whole weeks, at noon in Taipei");
    }
    // 28 February 2001 would end on 18 November 2026, four days before now.
    let last = outcome.report().last_at.unwrap();
    assert_eq!(last.to_string(), "2026-11-18T04:00:00.000Z");
    assert!(now().days_since(last) < 7.5);
}

#[test]
fn the_last_line_speaks_for_an_item() {
    let mut lines = lines();
    lines.push(Line { day: 10, customer: 1, product: 5, amount: 2 });
    let text = as_csv(&lines);
    let (rest, _) = text.trim_end().rsplit_once('\n').unwrap();
    let text =
        format!("{rest}\n\"2/28/2001\",\"00000001\",\"\",\"115\",\"999999\",\"0000000000005\",\"2\",\"10\",\"15\"\n");
    let outcome = import_bytes("ta_feng.csv", text.as_bytes(), Some(TA_FENG));
    let item = of_kind(&outcome, "item").into_iter().find(|item| item["itemId"] == "0000000000005").unwrap();
    assert_eq!(item["traits"], json!({"category": "999999", "price": 7.5, "cost": 5, "currency": "TWD"}));
    assert_eq!(item["timestamp"], json!("2026-11-18T04:00:00.000Z"));
    assert!(item.get("userId").is_none());
}

#[test]
fn a_second_import_on_another_day_has_the_same_ids() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ta_feng.csv");
    std::fs::write(&path, as_csv(&lines())).unwrap();
    let mapping = Mapping::shipped("ta-feng").unwrap();
    let ids = |days: i64| -> BTreeSet<String> {
        let options = ImportOptions::new(now().plus_days(days), dir.path().to_owned());
        let (mut sink, mut rejects) = (Collected::default(), RejectsFile::at(&dir.path().join("rejects")));
        import(&path, Some(&mapping), &options, &mut sink, &Silent, &mut rejects).unwrap();
        let ids: BTreeSet<String> =
            sink.payloads.iter().map(|payload| payload["messageId"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), sink.payloads.len(), "no id twice");
        ids
    };
    assert_eq!(ids(0), ids(20));
}

#[test]
fn bad_lines_take_their_order_along_and_nothing_else() {
    let mut text = as_csv(&lines());
    text.push_str("\"2/30/2001\",\"00000001\",\"\",\"115\",\"1\",\"1\",\"1\",\"1\",\"1\"\n");
    text.push_str("\"2/28/2001\",\"00000001\",\"\",\"115\",\"1\",\"1\",\"x\",\"1\",\"1\"\n");
    text.push_str("\"3/1/2001\",\"00000001\",\"\",\"115\",\"1\",\"1\",\"1\",\"1\",\"1\"\n");
    let outcome = import_bytes("ta_feng.csv", text.as_bytes(), Some(TA_FENG));
    let rejected = outcome.rejected();
    assert_eq!(rejected.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [185, 192, 199, 202, 203, 204]);
    let reasons =
        ["another row of this order", "not a time of the format", "column \"AMOUNT\" is \"x\"", "after the end"];
    for ((_, reason), part) in rejected.iter().skip(2).zip(reasons) {
        assert!(reason.contains(part), "{reason}");
    }
    let orders = |outcome: &Outcome| -> Vec<Value> {
        let orders = outcome.sink.payloads.iter().filter(|payload| payload["type"] == "track");
        orders.map(|order| order["properties"]["order_id"].clone()).collect()
    };
    let clean = import_bytes("ta_feng.csv", as_csv(&lines()).as_bytes(), Some(TA_FENG));
    let mut expected = orders(&clean);
    expected.retain(|order| *order != "2/28/2001/00000001");
    assert_eq!(orders(&outcome), expected);
}

#[test]
fn cdnow_lines_are_read_by_their_spaces() {
    let text = " customer_id  date number_of_cds  dollar_value\r\n 00001 19970101  1   11.77\r\n 00002 19970112  5   77.00\r\n \
                00002 19970112  5   77.00\r\n";
    let outcome = import_bytes("CDNOW_master.txt", text.as_bytes(), Some(include_str!("../../mappings/cdnow.toml")));
    assert_eq!(outcome.report().events_accepted, 3);
    let [first, second, third] = outcome.sink.payloads.as_slice() else { panic!("three orders") };
    assert_eq!(first["properties"], json!({"total": 11.77, "revenue": 11.77, "n_items": 1, "currency": "USD"}));
    assert_eq!(first["userId"], json!("00001"));
    assert_ne!(second["messageId"], third["messageId"], "two equal purchases on one day are two purchases");
}
