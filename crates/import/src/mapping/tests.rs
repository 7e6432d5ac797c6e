//! Does a mapping say what it means, and does a wrong one say where it is wrong?

use super::*;
use crate::tests::{Outcome, import_bytes};
use serde_json::{Value, json};

mod documented;

/// A mapping around the given top-level keys and the given rest.
fn mapping(top: &str, rest: &str) -> String {
    let time = if rest.contains("[time]") { "" } else { "[time]\ncolumn = \"at\"\n" };
    format!("name = \"test\"\n{top}\n{time}{rest}")
}

const TRACK: &str = "[[event]]\ntype = \"track\"\nevent = \"Done\"\nuserId = \"{who}\"\n";

fn run(top: &str, rest: &str, rows: &str) -> Outcome {
    import_bytes("rows.csv", rows.as_bytes(), Some(&mapping(top, rest)))
}

fn properties(outcome: &Outcome) -> Vec<&Value> {
    outcome.sink.payloads.iter().map(|payload| &payload["properties"]).collect()
}

#[test]
fn shipped_mappings_are_whole() {
    for (name, _) in SHIPPED {
        assert_eq!(Mapping::shipped(name).unwrap().name(), name);
        assert!(Mapping::find(name).unwrap().shifts_to_now());
    }
    let error = Mapping::shipped("ta-fang").unwrap_err().to_string();
    assert_eq!(error, "there is no shipped mapping \"ta-fang\": there are cdnow, ta-feng");
    assert!(Mapping::find("no/such.toml").unwrap_err().to_string().contains("no/such.toml cannot be opened"));
}

#[test]
fn booleans_are_read_in_the_words_of_spreadsheets() {
    let mapping = format!("{TRACK}properties = {{ is = {{ column = \"is\", type = \"boolean\" }} }}\n");
    for (words, expected) in
        [("ja Yes WAHR t 1 true J y", Some(true)), ("nein No falsch F 0 n", Some(false)), ("si", None)]
    {
        for word in words.split(' ') {
            let outcome = run("", &mapping, &format!("at,who,is\n2026-03-01,ann,{word}\n"));
            let found = outcome.sink.payloads.first().map(|event| event["properties"]["is"].as_bool());
            assert_eq!(found.flatten(), expected, "{word}");
        }
    }
}

#[test]
fn values_are_computed_from_the_rows_of_the_group() {
    let cases: [(&str, Value); 21] = [
        ("\"plain\"", json!("plain")),
        ("3", json!(3)),
        ("true", json!(true)),
        ("\"{{x}} {id}\"", json!("{x} 7")),
        ("\"{id}/{note}\"", Value::Null),
        ("{ column = \"id\" }", json!("7")),
        ("{ column = \"id\", type = \"integer\" }", json!(7)),
        ("{ column = \"yes\", type = \"boolean\" }", json!(true)),
        ("{ column = \"price\", type = \"number\" }", json!(2.5)),
        ("{ column = \"note\", default = \"none\" }", json!("none")),
        ("{ column = \"id\", blank = [\"7\"], default = 0 }", json!(0)),
        ("{ sum = \"price\" }", json!(12.5)),
        ("{ sum = { multiply = [\"price\", \"n\"] } }", json!(22.5)),
        ("{ count = true }", json!(2)),
        ("{ divide = [\"price\", 3], decimals = 2 }", json!(0.83)),
        ("{ divide = [\"price\", 0], default = -1 }", json!(-1)),
        ("{ divide = [\"price\", \"note\"] }", Value::Null),
        ("{ subtract = [{ sum = \"price\" }, { add = [\"n\", 1] }] }", json!(10.5)),
        ("[\"{id}\", 2]", json!(["7", 2])),
        ("{ inner = { id = \"{id}\", gone = \"{note}\" } }", json!({"inner": {"id": "7"}})),
        (
            "{ rows = { p = { column = \"price\", type = \"number\" }, of = { sum = \"n\" } } }",
            json!([{"p": 2.5, "of": 3}, {"p": 10, "of": 3}]),
        ),
    ];
    let rows = "at,who,id,price,n,note,yes\n2026-01-01,ann,7,2.5,1,,YES\n2026-01-01,ann,7,10,2,,no\n";
    for (spec, expected) in cases {
        let rest = format!("{TRACK}[event.properties]\nvalue = {spec}\n");
        let outcome = run("group_by = [\"who\"]", &rest, rows);
        assert_eq!(outcome.sink.payloads.len(), 1, "{spec}");
        let found = outcome.sink.payloads[0]["properties"].get("value").cloned().unwrap_or_default();
        assert_eq!(found, expected, "{spec}");
    }
}

#[test]
fn conditions_leave_out_rows_and_events() {
    let rows = "at,who,amount,kind\n2026-01-01,a,5,sale\n2026-01-01,b,-3,return\n2026-01-01,c,,sale\n2026-01-01,d,0,gift card\n";
    let cases = [
        ("\"{amount} > 0\"", "a"),
        ("\"{amount}>=0\"", "ad"),
        ("\"{amount} != 5\"", "bcd"),
        ("\"{kind} = sale\"", "ac"),
        ("'{kind} = \"gift card\"'", "d"),
        ("\"{amount} blank\"", "c"),
        ("\"{amount} present\"", "abd"),
        ("{ column = \"amount\", op = \"<\", value = 0 }", "b"),
        ("{ column = \"kind\", op = \"in\", value = [\"return\", \"gift card\"] }", "bd"),
        ("{ all = [\"{amount} > -10\", { not = \"{kind} = sale\" }] }", "bd"),
        ("{ any = [\"{amount} <= -3\", \"{amount} = 5\"] }", "ab"),
    ];
    for (when, expected) in cases {
        let of_rows = run(&format!("when = {when}"), TRACK, rows);
        let of_event = run("", &format!("{TRACK}when = {when}\n"), rows);
        for outcome in [&of_rows, &of_event] {
            let whom: String =
                outcome.sink.payloads.iter().map(|payload| payload["userId"].as_str().unwrap()).collect();
            assert_eq!(whom, expected, "{when}");
        }
        assert_eq!(of_rows.report().rows_left_out, 4 - expected.len() as u64);
    }
}

#[test]
fn times_are_read_in_every_format_and_zone() {
    let cases = [
        ("", "2026-03-01T10:00:00+01:00", "2026-03-01T09:00:00.000Z"),
        ("", "2026-03-01 10:00:00", "2026-03-01T10:00:00.000Z"),
        ("zone = \"Europe/Berlin\"", "2026-07-01 10:00:00", "2026-07-01T08:00:00.000Z"),
        ("zone = \"Europe/Berlin\"\ntime_of_day = \"12:00\"", "2026-07-01", "2026-07-01T10:00:00.000Z"),
        ("format = \"%m/%d/%Y\"", "1/9/2026", "2026-01-09T00:00:00.000Z"),
        ("format = \"%m/%d/%Y\"\ntime_of_day = \"18:30\"", "1/9/2026", "2026-01-09T18:30:00.000Z"),
        ("format = \"%d.%m.%y %H:%M\"\ntime_of_day = \"18:30\"", "09.01.26 07:05", "2026-01-09T07:05:00.000Z"),
        (
            "format = \"%Y-%m-%d %H:%M:%S %z\"\nzone = \"Asia/Tokyo\"",
            "2026-01-09 07:05:00 -0500",
            "2026-01-09T12:05:00.000Z",
        ),
        ("format = \"epoch-seconds\"", "1700000000.5", "2023-11-14T22:13:20.500Z"),
        ("format = \"epoch-milliseconds\"", "1700000000000", "2023-11-14T22:13:20.000Z"),
    ];
    for (time, text, expected) in cases {
        let rest = format!("[time]\ncolumn = \"at\"\n{time}\n{TRACK}");
        let outcome = run("", &rest, &format!("at,who\n{text},ann\n"));
        assert_eq!(outcome.rejected(), [], "{text}");
        assert_eq!(outcome.sink.payloads[0]["timestamp"], json!(expected), "{time} {text}");
    }
}

#[test]
fn date_and_time_may_be_two_columns_and_an_event_may_have_its_own() {
    let rest = "[time]\ncolumn = [\"day\", \"hour\"]\nformat = \"%Y%m%d %H:%M\"\n[[event]]\ntype = \"track\"\nevent = \"Done\"\n\
                userId = \"{who}\"\n[[event]]\ntype = \"track\"\nevent = \"Sent\"\nuserId = \"{who}\"\ntimestamp = [\"sent\", \"hour\"]\n";
    let outcome = run("", rest, "day,hour,who,sent\n20260101,07:30,ann,20260103\n20260101,07:30,bob,\n");
    let times: Vec<&str> = outcome.sink.payloads.iter().map(|payload| payload["timestamp"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-01-01T07:30:00.000Z", "2026-01-03T07:30:00.000Z"]);
    assert_eq!(outcome.rejected().len(), 1, "all events of a row or none");
}

#[test]
fn a_shift_without_a_declared_end_finds_the_latest_time() {
    let rest = format!("[time]\ncolumn = \"at\"\nzone = \"America/New_York\"\nshift = \"whole-weeks-to-now\"\n{TRACK}");
    // 2020-07-05 is a Sunday in summer, now is a Sunday in winter: the clock on the wall stays.
    let outcome = run("", &rest, "at,who\n2020-07-05T09:00:00,ann\n2020-07-04T23:30:00,bob\n2020-01-01T08:00:00,cid\n");
    let times: Vec<&str> = outcome.sink.payloads.iter().map(|payload| payload["timestamp"].as_str().unwrap()).collect();
    assert_eq!(outcome.report().weeks_shifted, 332);
    assert_eq!(times, ["2026-11-15T14:00:00.000Z", "2026-11-15T04:30:00.000Z", "2026-05-13T12:00:00.000Z"]);
}

#[test]
fn a_shift_by_days_ends_within_the_last_day() {
    let shifted = |time: &str, day: &str| {
        let rest = format!("[time]\ncolumn = \"at\"\nshift = \"whole-days-to-now\"\n{time}{TRACK}");
        let outcome = run("", &rest, &format!("at,who\n{day},ann\n"));
        let at = outcome.sink.payloads[0]["timestamp"].as_str().unwrap().to_owned();
        (at, outcome.report().days_shifted, outcome.report().weeks_shifted)
    };
    // It is five in the morning of 2026-11-22 in London.
    let days_only = |hour: &str| {
        format!(
            "zone = \"Europe/London\"\nformat = \"%Y-%m-%d\"\ntime_of_day = \"{hour}\"\ndata_ends = \"2026-11-01\"\n"
        )
    };
    let at = |text: &str, days: i64, weeks: i64| (text.to_owned(), days, weeks);
    assert_eq!(shifted(&days_only("04:59"), "2026-11-01"), at("2026-11-22T04:59:00.000Z", 21, 3), "today");
    assert_eq!(shifted(&days_only("05:01"), "2026-11-01"), at("2026-11-21T05:01:00.000Z", 20, 0), "not before it was");
    // What has hours ends with the last whole day, or with its last moment.
    assert_eq!(shifted("data_ends = \"2026-11-01\"\n", "2026-11-01T05:00:00Z"), at("2026-11-21T05:00:00.000Z", 20, 0));
    assert_eq!(shifted("", "2026-11-02T04:00:00Z"), at("2026-11-22T04:00:00.000Z", 20, 0));
    assert_eq!(shifted("", "2026-11-02T06:00:00Z"), at("2026-11-21T06:00:00.000Z", 19, 0));
}

#[test]
fn groups_may_lie_apart_or_must_be_neighbours() {
    let rows = "at,who,n\n2026-01-02,a,1\n2026-01-01,b,2\n2026-01-02,a,4\n2026-01-01,b,8\n2026-01-01,b,16\n";
    let rest = format!("{TRACK}[event.properties]\nn = {{ sum = \"n\" }}\n");
    let apart = run("group_by = [\"at\", \"who\"]", &rest, rows);
    assert_eq!(properties(&apart), [&json!({"n": 26}), &json!({"n": 5})], "in the order of time");
    assert_eq!(apart.sink.lines, [3, 2]);

    let neighbours = run("group_by = [\"at\", \"who\"]\ngroup = \"contiguous\"", &rest, rows);
    assert_eq!(properties(&neighbours), [&json!({"n": 1}), &json!({"n": 2})]);
    let rejected = neighbours.rejected();
    let lines: Vec<u64> = rejected.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [4, 5, 6]);
    assert!(rejected[0].1.contains("its order ended on an earlier line"));
    assert!(rejected[2].1.contains("its order ended on an earlier line"), "{rejected:?}");

    let sorted = "at,who,n\n2026-01-02,a,1\n2026-01-02,a,4\n2026-01-01,b,2\n2026-01-01,b,8\n2026-01-01,b,16\n";
    let neighbours = run("group_by = [\"at\", \"who\"]\ngroup = \"contiguous\"", &rest, sorted);
    assert_eq!(properties(&neighbours), [&json!({"n": 5}), &json!({"n": 26})]);
    let ids = |outcome: &Outcome| {
        let mut ids: Vec<String> =
            outcome.sink.payloads.iter().map(|payload| payload["messageId"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&neighbours), ids(&apart), "the group makes the id, not its place");
}

#[test]
fn memory_for_groups_is_limited() {
    let mut rows = "at,who\n".to_owned();
    for who in 0..1_000 {
        rows.push_str(&format!("2026-01-01,{who}\n"));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    std::fs::write(&path, rows).unwrap();
    let text = mapping("group_by = [\"who\"]", TRACK);
    let outcome = crate::tests::import_path(&path, Some(&text), Default::default(), 4 << 20);
    let error = outcome.error();
    assert!(error.contains("needs more than the 4 MiB") && error.contains("group = \"contiguous\""), "{error}");
}

#[test]
fn what_is_sent_once_is_sent_again_only_when_it_changes() {
    let rest =
        "[[event]]\ntype = \"identify\"\nonce_per = \"who\"\nuserId = \"{who}\"\n[event.traits]\ncity = \"{city}\"\n";
    let rows =
        "at,who,city\n2026-01-01,a,Rome\n2026-01-02,a,Rome\n2026-01-03,b,Rome\n2026-01-04,a,Oslo\n2026-01-05,a,Rome\n";
    let outcome = run("", rest, rows);
    assert_eq!(outcome.sink.lines, [2, 4, 5, 6]);
    let ids: std::collections::BTreeSet<String> =
        outcome.sink.payloads.iter().map(|payload| payload["messageId"].to_string()).collect();
    assert_eq!(ids.len(), 4, "coming back to an earlier trait is news too");
}

#[test]
fn events_may_be_made_per_row_and_items_once() {
    let rest = "[[event]]\ntype = \"track\"\nper = \"row\"\nevent = \"Product Viewed\"\nuserId = \"{who}\"\n[event.properties]\n\
                product_id = \"{item}\"\n[[item]]\nid = \"{item}\"\n[item.traits]\nname = \"{name}\"\n";
    let rows =
        "at,who,item,name\n2026-01-01,a,x,First\n2026-01-01,a,y,Other\n2026-01-01,a,x,Last\n2026-01-01,a,x,Last\n";
    for (keep, name) in [("", "First"), ("keep = \"last\"\n", "Last")] {
        let rest = rest.replace("[item.traits]", &format!("{keep}[item.traits]"));
        let outcome = run("group_by = [\"who\"]", &rest, rows);
        let (items, views): (Vec<&Value>, Vec<&Value>) =
            outcome.sink.payloads.iter().partition(|payload| payload["type"] == "item");
        assert_eq!((views.len(), items.len()), (4, 2));
        let ids: std::collections::BTreeSet<String> = views.iter().map(|view| view["messageId"].to_string()).collect();
        assert_eq!(ids.len(), 4);
        let x = items.into_iter().find(|item| item["itemId"] == "x").unwrap();
        assert_eq!(x["traits"], json!({"name": name}));
    }
}

#[test]
fn ids_are_texts_and_message_ids_may_be_templates() {
    let rest = "[[event]]\ntype = \"group\"\nuserId = { column = \"who\", type = \"integer\" }\ngroupId = \"g{who}\"\n\
                messageId = \"import/{who}\"\n[event.traits]\nsize = 3\n[event.context]\nsource = \"file\"\n";
    let outcome = run("", rest, "at,who\n2026-01-01,7\n");
    let expected = json!({
        "type": "group", "userId": "7", "groupId": "g7", "messageId": "import/7", "timestamp": "2026-01-01T00:00:00.000Z",
        "traits": {"size": 3}, "context": {"source": "file"},
    });
    assert_eq!(outcome.sink.payloads, [expected]);
}

#[test]
fn equal_rows_are_told_apart_unless_the_key_says_otherwise() {
    let rows = "at,who\n2026-01-01,a\n2026-01-01,a\n";
    let n_ids = |outcome: Outcome| {
        let ids = outcome.sink.payloads.iter().map(|payload| payload["messageId"].to_string());
        ids.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(n_ids(run("", TRACK, rows)), 2);
    assert_eq!(n_ids(run("", &format!("{TRACK}key = [\"at\", \"who\"]\n"), rows)), 1);
    assert_eq!(n_ids(run("", &format!("{TRACK}key = [\"at\", \"#line\"]\n"), rows)), 2);
}

#[test]
fn a_wrong_mapping_says_where_and_what_to_do() {
    let track = |more: &str| mapping("", &format!("{TRACK}{more}"));
    let value = |spec: &str| track(&format!("[event.properties]\nx = {spec}\n"));
    let cases = [
        ("name = \"x".to_owned(), "line 1: "),
        (mapping("colour = 1", TRACK), "line 2: unknown field `colour`"),
        (track("colour = 1"), "unknown field `colour`"),
        (
            mapping("", TRACK).replace("\"test\"", "\"My Shop\""),
            "name: \"My Shop\" cannot be a part of message ids; use",
        ),
        (mapping("currency = \"Euro\"", TRACK), "currency: \"Euro\" is not a currency"),
        (mapping("group = \"file\"", TRACK), "group: it needs group_by"),
        (mapping("", ""), "it has neither an [[event]] nor an [[item]]"),
        (
            mapping("", "[time]\ncolumn = \"at\"\nzone = \"Mars/Base\"\n") + TRACK,
            "time.zone: \"Mars/Base\" is not a time zone",
        ),
        (
            mapping("", "[time]\ncolumn = \"at\"\nformat = \"dd.mm.yyyy\"\n") + TRACK,
            "time.format: \"dd.mm.yyyy\" is not a format",
        ),
        (mapping("", "[time]\ncolumn = []\n") + TRACK, "time.column: it names no column"),
        (mapping("", "[time]\ncolumn = \"at\"\ntime_of_day = \"noon\"\n") + TRACK, "time.time_of_day: \"noon\""),
        (
            mapping("", "[time]\ncolumn = \"at\"\ndata_ends = \"2001-02-28\"\n") + TRACK,
            "time.data_ends: it says nothing",
        ),
        (mapping("", &format!("{TRACK}[source]\ndelimiter = \"::\"\n")), "source.delimiter: \"::\" is not a delimiter"),
        (mapping("", &format!("{TRACK}[source]\nheader = false\n")), "source.header: a file without a header"),
        (track("").replace("userId = \"{who}\"\n", ""), "event 1: it names no customer; add userId"),
        (track("").replace("event = \"Done\"\n", ""), "event 1: a track needs event"),
        (track("").replace("\"track\"", "\"buy\""), "event 1.type: \"buy\" is not a call; use identify"),
        (track("when = \"amount > 0\"\n"), "event 1.when: \"amount > 0\" does not begin with a column in braces"),
        (track("when = \"{a} like b\"\n"), "event 1.when: \"{a} like b\" has no comparison"),
        (track("when = { colum = \"a\" }\n"), "event 1.when: the key \"colum\" is not known here"),
        (track("when = { any = 3 }\n"), "event 1.when.any: it is not a list"),
        (value("\"{open\""), "event 1.properties.x: \"{open\" has a brace without its partner"),
        (value("{ column = \"a\", typ = \"number\" }"), "event 1.properties.x: \"typ\" does not go with \"column\""),
        (value("{ column = \"a\", type = \"money\" }"), "event 1.properties.x.type: \"money\" is not a type"),
        (value("{ divide = [\"a\"] }"), "event 1.properties.x.divide: it needs a list of two or more"),
        (value("{ divide = [\"a\", true] }"), "event 1.properties.x.divide: an operand is neither"),
        (value("{ sum = \"a\", decimals = 12 }"), "event 1.properties.x.decimals: it is no whole number from 0 to 9"),
        (value("{ rows = \"{}\" }"), "event 1.properties.x.rows: a column's name is empty"),
        (value("nan"), "event 1.properties.x: it is not a constant"),
    ];
    for (text, part) in cases {
        let error = Mapping::parse("shop.toml", &text).unwrap_err();
        assert!(error.to_string().starts_with("mapping shop.toml, "), "{error}");
        assert!(error.to_string().contains(part), "expected {part:?} in {error}");
    }
}

#[test]
fn a_decimal_comma_never_makes_a_number_a_hundred_times_larger() {
    let rest = format!(
        "[source]\ndelimiter = \";\"\ndecimal_comma = true\n{TRACK}[event.properties]\nn = {{ column = \"n\", type = \"number\" }}\n"
    );
    let rows = "at;who;n\n2026-01-01;a;1.234,5\n2026-01-01;a;-1.234.567\n2026-01-01;a;12,50\n2026-01-01;a;0\n\
                2026-01-01;a;12.50\n2026-01-01;a;1,234.5\n2026-01-01;a;1234.567\n2026-01-01;a;,5\n";
    let outcome = run("", &rest, rows);
    let numbers: Vec<&Value> = properties(&outcome).into_iter().map(|one| &one["n"]).collect();
    assert_eq!(numbers, [&json!(1234.5), &json!(-1_234_567), &json!(12.5), &json!(0)]);
    let lines: Vec<u64> = outcome.rejected().iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [6, 7, 8, 9]);
    let outcome = run(
        "",
        &format!("{TRACK}[event.properties]\nn = {{ column = \"n\", type = \"number\" }}\n"),
        "at,who,n\n2026-01-01,a,\"4,5\"\n",
    );
    assert!(outcome.rejected()[0].1.contains("decimal_comma"), "{:?}", outcome.rejected());
}
