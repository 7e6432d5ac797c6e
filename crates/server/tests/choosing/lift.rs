//! Is it found out in money what decisions are worth, and nothing where they are worth nothing?

use crate::support::{ADMIN, SERVER, TestServer, WRITE};
use decisions::{DecisionLog, Exposed, LoggedDecision};
use primitives::{CustomerId, DecisionId, Timestamp, stable_hash};
use profiles::Identifier;
use serde_json::{Value, json};
use std::time::Duration;

const N: usize = 500;
const DAY: Duration = Duration::from_secs(86_400);

fn company() -> TestServer {
    TestServer::start_with(|settings| {
        settings.holdout.share = 0.4;
        settings.money.margin = 0.5;
        settings.money.contact_cost = [("call".to_owned(), 4.0)].into();
        settings.currency.default = "EUR".to_owned();
        let plan = json!({
            "name": "copy", "days": 30, "metrics": ["margin"], "guardrails": ["cost_to_serve"],
            "variations": [{ "name": "control", "value": "a", "weight": 2 }, { "name": "bold", "value": "b", "weight": 3 }],
        });
        settings.experiments = vec![serde_json::from_value(plan).unwrap()];
    })
}

/// A number from 0 to 1 that belongs to a customer.
fn chance(what: &str, customer: usize) -> f64 {
    f64::from(u32::try_from(stable_hash(&format!("{what} {customer}")) >> 40).unwrap()) / f64::from(1_u32 << 24)
}

/// Every second customer's shop tells of orders as GA4 does.
fn order(customer: usize, nth: u32, revenue: f64, at: Timestamp) -> Value {
    if customer % 2 == 1 {
        return json!({
            "type": "track", "event": "purchase", "userId": format!("c{customer}"), "messageId": format!("{customer}-{nth}"),
            "timestamp": at.to_string(), "properties": { "transaction_id": format!("{customer}-{nth}"), "value": revenue },
        });
    }
    json!({
        "type": "track", "event": "Order Completed", "userId": format!("c{customer}"), "messageId": format!("{customer}-{nth}"),
        "timestamp": at.to_string(), "properties": { "order_id": format!("{customer}-{nth}"), "revenue": revenue },
    })
}

fn tell(server: &TestServer, events: &[Value]) {
    tell_as(server, SERVER, events);
}

fn tell_as(server: &TestServer, key: &str, events: &[Value]) {
    for some in events.chunks(100) {
        assert_eq!(server.post_as(key, "/v1/batch", &json!({ "batch": some })).status, 200);
    }
}

/// What is answered once it is counted.
fn counted(server: &TestServer, path: &str) -> Value {
    loop {
        let reply = server.get(path);
        if reply.status != 202 {
            return reply.ok();
        }
        assert!(reply.text.contains("ask again"), "{}", reply.text);
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Everybody is decided for, and buys before and after; those held out a tenth less where `is_worth`. Who was held out.
fn live(server: &TestServer, is_worth: bool) -> Vec<bool> {
    let taste = |customer: usize| 40.0 + 60.0 * chance("taste", customer);
    let before = server.now().plus_days(-20);
    let first: Vec<Value> =
        (0..N).map(|one| order(one, 0, taste(one) + 20.0 * chance("before", one), before)).collect();
    tell(server, &first);
    let held = |customer: usize| {
        let answer = server.decide(&json!({ "decision": "recommend", "userId": format!("c{customer}") })).ok();
        answer["arm"].as_str().unwrap_or_else(|| panic!("no arm: {answer}")) == "holdout"
    };
    let held: Vec<bool> = (0..N).map(held).collect();
    // Somebody of whom nothing ever comes in is in an arm like everybody.
    server.decide(&json!({ "decision": "recommend", "anonymousId": "silent" })).ok();
    server.advance(DAY * 5);
    let spends = |customer: usize| {
        let usual = taste(customer) + 20.0 * chance("after", customer);
        if held[customer] && is_worth { 0.9 * usual } else { usual }
    };
    let calls = (0..N).filter(|one| one % 3 == 0).map(|one| {
        json!({ "type": "track", "event": "Call Ended", "userId": format!("c{one}"), "messageId": format!("call-{one}"),
                "timestamp": server.now().to_string(), "properties": { "call_id": format!("call-{one}") } })
    });
    let second: Vec<Value> = (0..N).map(|one| order(one, 1, spends(one), server.now())).chain(calls).collect();
    tell(server, &second);
    // Whoever holds the public key invents an order of a fortune, in either arm.
    let invented = (0..N).filter(|one| one % 100 == 0).map(|one| order(one, 2, 1e9, server.now()));
    tell_as(server, WRITE, &invented.collect::<Vec<_>>());
    server.advance(DAY * 5);
    held
}

#[test]
fn where_those_held_out_buy_a_tenth_less_that_is_found_with_its_money() {
    let server = company();
    let nobody = counted(&server, "/v1/lift");
    assert!(nobody["all"]["lift"].is_null() && nobody["all"]["reason"].is_string(), "{nobody}");
    let held = live(&server, true);
    let told = counted(&server, "/v1/lift");
    let (all, kind) = (&told["all"], &told["recommend"]);
    let number = |of: &Value, name: &str| of[name].as_f64().unwrap_or_else(|| panic!("{name}: {of}"));
    let n_held = held.iter().filter(|held| **held).count() as u64;
    for of in [all, kind] {
        // The silent one is in either arm, and brought nothing.
        let n = |name: &str| of[name].as_u64().unwrap();
        assert_eq!(n("n_control") + n("n_treated"), N as u64 + 1, "{of}");
        assert!((n_held..=n_held + 1).contains(&n("n_control")), "{of}");
        let (lift, low, high) = (number(of, "lift"), number(of, "low"), number(of, "high"));
        assert!(low > 0.0 && low < 0.1111 && 0.1111 < high && low < lift && lift < high, "{of}");
        // Half of what they spend is margin: about 80 EUR on average, and an eleventh of it by decisions.
        let per_head = number(of, "money") / number(of, "n_treated");
        assert!((2.5..6.5).contains(&per_head) && number(of, "money_low") > 0.0, "{of}");
        assert_eq!((of["currency"].as_str(), of["srm"]["ok"].as_bool()), (Some("EUR"), Some(true)));
        assert_eq!(of["measure"], "margin in up to 28 days");
    }
    assert_eq!((all["against"].as_str(), kind["against"].as_str()), (Some("everything"), Some("everything_for_those")));
    // What both sides did alike is told, and not called a change.
    assert_eq!(all["kpis"]["cost_to_serve"]["bearing"], "unclear", "{}", all["kpis"]);
    assert!((all["kpis"]["cost_to_serve"]["control"].as_f64().unwrap() - 4.0 / 3.0).abs() < 0.4);
    let conversion = all["kpis"]["conversion"]["treated"].as_f64().unwrap();
    assert!(conversion > 0.99, "everybody ordered but one: {conversion}");
    assert!(told["act"].is_object() && told["act"]["reason"].is_string(), "{}", told["act"]);
    // The page and the report tell the same.
    let money = all["money"].as_f64().unwrap();
    let page = server.get_as(ADMIN, "/holdout").text;
    let expected = console::format::amount(money, None);
    assert!(page.contains(&format!("{expected} EUR")), "{expected} is not on the page");
    let month = counted(&server, "/v1/lift?month=2026-11");
    let expected = console::format::amount(month["all"]["money"].as_f64().unwrap(), None);
    let report = server.get_as(ADMIN, "/report?month=2026-11").text;
    assert!(report.contains(&format!("{expected} EUR")) && report.contains("What is not known"), "{expected}");
    server.get("/v1/lift?month=november").error(400, "invalid");
}

#[test]
fn where_both_buy_alike_nothing_is_found() {
    let server = company();
    live(&server, false);
    let all = counted(&server, "/v1/lift")["all"].clone();
    assert!(all["low"].as_f64().unwrap() < 0.0 && all["high"].as_f64().unwrap() > 0.0, "{all}");
    assert!(all["says"].as_str().unwrap().contains("not clearly more or less"), "{all}");
    let unclear =
        all["kpis"].as_object().unwrap().values().all(|kpi| kpi["bearing"] != "better" && kpi["bearing"] != "worse");
    assert!(unclear, "{}", all["kpis"]);
}

/// Who met an experiment beside it, as other kinds write it down.
fn meet(server: &TestServer, experiment: &str, arms: impl Fn(usize) -> &'static str) {
    let exposed = (0..N).map(|one| Exposed {
        experiment: experiment.to_owned(),
        customer: CustomerId::from(format!("c{one}")),
        arm: arms(one).to_owned(),
        first_at: server.now().plus_days(-6),
    });
    let decision = LoggedDecision {
        id: DecisionId::from(format!("met {experiment}")),
        decided_at: server.now(),
        kind: "made up".to_owned(),
        customer: None,
        is_fallback: false,
        record: Vec::new(),
    };
    // Before they said who they are, the first customer met the other arm.
    let before = Exposed {
        experiment: experiment.to_owned(),
        customer: Identifier::Anonymous("a0".into()).customer_id(),
        arm: "red".to_owned(),
        first_at: server.now().plus_days(-7),
    };
    let exposed = exposed.chain((experiment == "colour").then_some(before));
    server.app().storage.append_all(vec![decision], exposed.collect()).unwrap();
}

#[test]
fn experiments_are_measured_by_whoever_met_them() {
    let server = company();
    let held = live(&server, true);
    let who = json!({ "type": "identify", "userId": "c0", "anonymousId": "a0", "messageId": "who" });
    tell(&server, &[who]);
    // One whose arms are those of the holdout, so that there is something to find; one with nothing to find; and a broken one.
    meet(&server, "copy", |one| if held[one] { "control" } else { "bold" });
    meet(&server, "colour", |one| if one % 2 == 0 { "control" } else { "red" });
    meet(&server, "broken", |one| if one % 4 == 0 { "control" } else { "red" });
    server.advance(Duration::from_secs(700));
    let told = counted(&server, "/v1/experiments");
    let names: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(names, ["broken", "colour", "copy"], "the holdout is none of them");
    // As it was planned: two to three, by margin alone, and for 30 days.
    let copy = &told["copy"];
    assert_eq!((copy["srm"]["ok"].as_bool(), copy["daysLeft"].as_u64()), (Some(true), Some(24)), "{copy}");
    assert_eq!(copy["metrics"].as_object().unwrap().keys().collect::<Vec<_>>(), ["margin"]);
    let margin = &copy["metrics"]["margin"];
    assert!(margin["low"].as_f64().unwrap() > 0.0 && margin["lift"].as_f64().unwrap() < 0.2, "{margin}");
    // While it runs it is shipped just where what holds at every look says that it is better.
    let is_sure = margin["sequentialLow"].as_f64().unwrap() > 0.0;
    assert_eq!(copy["verdict"], if is_sure { "ship" } else { "go_on" }, "{copy}");
    // Of arms that are taken to be equally large, since no plan is known.
    assert_eq!(told["broken"]["verdict"], "broken");
    let colour = &told["colour"];
    assert_eq!((colour["verdict"].as_str(), colour["state"].as_str()), (Some("go_on"), Some("running")), "{colour}");
    assert_eq!(colour["n"], json!({ "control": N / 2, "red": N / 2 }));
    assert_eq!(colour["nMixed"], 1);
    assert!(colour["says"].as_str().unwrap().contains("1 customer met more than one variation"), "{colour}");
    let margin = &colour["metrics"]["margin"];
    assert!(
        margin["sequentialLow"].as_f64().unwrap() < 0.0 && margin["sequentialHigh"].as_f64().unwrap() > 0.0,
        "{margin}"
    );
    assert!(
        colour["guardrails"]["cost_to_serve"].is_object() && colour["metrics"]["conversion"].is_object(),
        "{colour}"
    );
}

/// An experiment on fees that is switched by the hour in three stores, over 50 hours, of which 48 are planned: while it is on customers
/// buy for so much more, as the company tells, and a stranger tells of orders of so much besides. What was found, and of how many slices.
fn fees(bonus: f64, invented: Option<f64>) -> (Value, usize) {
    let server = TestServer::start_with(|settings| {
        settings.currency.default = "EUR".to_owned();
        let plan = json!({"name": "fees", "days": 2, "metrics": ["revenue"], "guardrails": ["refunds"],
            "switchback": {"minutes": 60, "by": "store"},
            "variations": [{ "name": "control", "value": 1 }, { "name": "higher", "value": 2 }]});
        settings.experiments = vec![serde_json::from_value(plan).unwrap()];
        let flag = json!({"name": "fee", "default": 0, "rules": [{"experiment": "fees"}]});
        settings.flags = vec![serde_json::from_value(flag).unwrap()];
    });
    let (stores, hours) = (["graz", "wien", "linz"], 50);
    for hour in 0..hours {
        let (mut events, mut claimed) = (Vec::new(), Vec::new());
        for (at, store) in stores.iter().enumerate() {
            for nth in 0..2 {
                let customer = hour * 10 + at * 3 + nth;
                let question =
                    json!({"decision": "flags", "userId": format!("c{customer}"), "context": {"store": store}});
                let answer = server.decide(&question).ok();
                let is_on = answer["flags"]["fee"]["value"] == 2;
                let revenue = 20.0 + 10.0 * chance("y", customer) + if is_on { bonus } else { 0.0 };
                let at = Timestamp::from_millis(server.now().as_millis() + 60_000);
                let ordered = |id: String, revenue: f64| {
                    json!({"type": "track", "event": "Order Completed", "userId": format!("c{customer}"),
                        "messageId": id, "timestamp": at.to_string(), "properties": {"order_id": id, "revenue": revenue}})
                };
                events.push(ordered(format!("o{customer}"), revenue));
                if chance("refunded", customer) < 0.3 {
                    let properties =
                        json!({"order_id": format!("o{customer}"), "total": 5.0 + chance("paid back", customer)});
                    events.push(json!({"type": "track", "event": "Order Refunded", "userId": format!("c{customer}"),
                        "messageId": format!("r{customer}"), "timestamp": at.to_string(), "properties": properties}));
                }
                claimed.extend(invented.filter(|_| is_on).map(|revenue| ordered(format!("x{customer}"), revenue)));
            }
        }
        server.advance(Duration::from_secs(120));
        tell(&server, &events);
        if !claimed.is_empty() {
            tell_as(&server, WRITE, &claimed);
        }
        server.advance(Duration::from_secs(3_480));
    }
    let told = counted(&server, "/v1/experiments");
    assert!(told.as_object().unwrap().keys().eq(["fees"]), "slices are no experiments of their own: {told}");
    (told["fees"].clone(), 48 * stores.len())
}

/// In every second place and hour customers buy for more while it is switched on; the analysis is by slices and finds it.
#[test]
fn an_experiment_that_is_switched_is_told_by_its_slices() {
    let (fees, n_slices) = fees(8.0, None);
    let n = |arm: &str| usize::try_from(fees["n"][arm].as_u64().unwrap()).unwrap();
    // Two days are planned: what came after is not counted.
    assert_eq!(n("control") + n("higher"), n_slices, "{fees}");
    let revenue = &fees["metrics"]["revenue"];
    let difference = revenue["difference"].as_f64().unwrap();
    assert!((difference - 8.0).abs() < 2.0 && revenue["low"].as_f64().unwrap() > 0.0, "{fees}");
    assert_eq!(
        (&revenue["bearing"], &fees["verdict"], &fees["state"]),
        (&json!("moved"), &json!("ship"), &json!("ended")),
        "{fees}"
    );
    assert_eq!(fees["guardrails"]["refunds"]["bearing"], "unclear", "{fees}");
}

/// Whoever has the write key tells of orders while it is on. The company tells of its own, by which nothing was gained.
#[test]
fn invented_orders_ship_no_experiment_that_is_switched() {
    let (fees, _) = fees(0.0, Some(15.0));
    assert!(fees["metrics"]["revenue"]["low"].as_f64().unwrap() > 0.0, "it counts, and looks like a gain: {fees}");
    assert_eq!(fees["verdict"], "stop", "{fees}");
    let says = fees["says"].as_str().unwrap();
    assert!(says.contains("whoever has the write key") && says.contains("from write keys alone"), "{says}");
}
