//! Is every mistake in what is declared told with its place, its key, what stands there and what to write?

use super::{env, file};
use crate::settings::load;

/// A good table of each list, with dates as TOML has them.
const GOOD: &str = "
[[features]]
name = \"downs\"
meaning = \"Downgrades\"
measure = \"count\"
when = { event = \"Plan Changed\", \"properties.since\" = 2026-01-02 }

[[outcomes]]
name = \"upgrades\"
question = \"Will the plan be upgraded?\"
among = { event = \"Signed In\", \"properties.on\" = 2026-01-02T03:04:05Z, within_days = 30 }
label = { did = { event = \"Plan Changed\", \"properties.since\" = 2026-01-02 } }
within_days = 30

[[segments]]
name = \"vip\"
rule = [{ feature = \"orders_365d\", at_least = 5 }, { trait = \"since\", is = 2026-01-02 }]
";

/// So many tables of a list.
fn many(list: &str, n: usize, rest: &str) -> String {
    (0..n).map(|n| format!("[[{list}]]\nname = \"n{n}\"\ntitle = \"N {n}\"\n{rest}\n")).collect()
}

const OUTCOME: &str =
    "question = \"Will they?\"\namong = \"everyone\"\nlabel = { did = { event = \"x\" } }\nwithin_days = 7";
const SEGMENT: &str = "rule = [{ feature = \"orders_365d\", at_least = 5 }]";
const FEATURE: &str = "meaning = \"M\"\nmeasure = \"count\"\nwhen = { event = \"x\" }";

#[test]
fn dates_are_the_texts_that_events_have() {
    let written = file(GOOD);
    let settings = load(Some(written.path()), env(&[])).unwrap();
    let (outcome, segment) = (settings.outcomes[0].to_table(), settings.segments[0].to_table());
    assert_eq!(settings.features[0].to_table()["when"]["properties.since"], "2026-01-02");
    assert_eq!(outcome["label"]["did"]["properties.since"], "2026-01-02");
    assert_eq!(outcome["among"]["properties.on"], "2026-01-02T03:04:05Z");
    assert_eq!(segment["rule"][1]["is"], "2026-01-02");
}

#[test]
fn every_mistake_of_a_second_table_names_its_line_its_key_what_stands_there_and_what_to_write() {
    // In the table on line 19 of a file that is good until then.
    for (list, table, said) in [
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"sum\"\nwhen = { event = \"x\" }",
            "feature \"a\": of is",
        ),
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"cuont\"\nwhen = { event = \"x\" }",
            "did you mean \"count\"?",
        ),
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"trend\"\nwithin_days = 201\nwhen = { event = \"x\" }",
            "within_days is 201: days are kept for 400, and \"trend\" needs twice as many: write at most 200",
        ),
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"count\"\nwithin_days = -1\nwhen = { event = \"x\" }",
            "within_days is -1: write a whole number of days from 1 to 400",
        ),
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"count\"\nwithin_days = 2026-01-01\nwhen = { event = \"x\" }",
            "within_days is \"2026-01-01\": write a whole number of days",
        ),
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"count\"\nwhen = { event = \"x\", \"properties.y\" = nan }",
            "when is",
        ),
        (
            "features",
            "name = \"a\"\nmeaning = \"A\"\nmeasure = \"count\"\nwhen = { event = \"x\", \"properties.y\" = [1] }",
            "\"properties.y\" is compared with [1]: compare it with one text, number, true or false",
        ),
        (
            "features",
            "name = \"downs\"\nmeaning = \"A\"\nmeasure = \"count\"\nwhen = { event = \"x\" }",
            "another feature has that name",
        ),
        ("features", "meaning = \"A\"", "feature without a name: name is missing"),
        (
            "outcomes",
            "name = \"a\"\nquestion = \"?\"\namong = \"everyone\"\nlabel = { did = { event = \"x\" } }\nwithin_days = 366",
            "outcome \"a\": within_days is 366: write a whole number of days from 1 to 365",
        ),
        (
            "outcomes",
            "name = \"a\"\nquestion = \"?\"\namong = { event = \"x\", within_days = 0 }\nlabel = { did = { event = \"x\" } }\nwithin_days = 3",
            "among.within_days is 0: write a whole number of days from 1 to 3650",
        ),
        (
            "outcomes",
            "name = \"a\"\nquestion = \"?\"\namong = { event = \"x\", within_days = 2026-01-01 }\nlabel = { did = { event = \"x\" } }\nwithin_days = 3",
            "among.within_days is \"2026-01-01\": write a whole number of days",
        ),
        (
            "outcomes",
            "name = \"a\"\nquestion = 2026-01-01T00:00:00\namong = \"everyone\"\nwithin_days = 3\nlabel = { did = { event = \"x\", y = 1 } }",
            "did you mean \"properties.y\"?",
        ),
        (
            "outcomes",
            "name = \"churn\"\nquestion = \"?\"\namong = \"everyone\"\nwithin_days = 3\nlabel = { did = { event = \"x\" } }",
            "name is \"churn\": there is a decision of this name already",
        ),
        (
            "segments",
            "name = \"a\"\nrule = [{ feature = \"orders_365\", at_least = 1 }]",
            "did you mean \"orders_365d\"?",
        ),
        ("segments", "name = \"a\"\nrule = [{ score = \"upgrade\", at_least = 0.5 }]", "did you mean \"upgrades\"?"),
        ("segments", "name = \"a\"\nrule = [{ feature = \"orders_365d\", at_least = 2026-01-01 }]", "give a number"),
        ("segments", "name = \"a\"\nrule = [{ feature = \"orders_365d\", at_least = nan }]", "give a number"),
        ("segments", "name = \"a\"\nrule = [{ feature = \"orders_365d\", at_most = inf }]", "give a number"),
        ("segments", "name = \"vip\"\nrule = [{ trait = \"plan\", is = \"pro\" }]", "a segment of this name already"),
        ("segments", "name = \"a\"\nrul = []", "rul is []: there is no such key: write rule"),
    ] {
        let written = file(&format!("{GOOD}\n[[{list}]]\n{table}\n"));
        let error = load(Some(written.path()), env(&[])).expect_err(table).to_string();
        assert!(error.contains(said), "{table}:\n{error}");
        assert!(error.contains("line 19") && error.starts_with(written.path().to_str().unwrap()), "{table}:\n{error}");
        assert!(!error.contains("$__toml"), "{error}");
    }
}

#[test]
fn a_schema_comes_from_a_file_beside_the_settings_or_stands_in_them_and_is_checked_whole() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("good.json", "{\"type\": \"object\"}"), ("bad.json", "{")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().join("rapport.toml");
    let read = |table: &str| {
        std::fs::write(&path, format!("{GOOD}\n[[schemas]]\nevent = \"B\"\nschema = {{}}\n\n[[schemas]]\n{table}\n"))
            .unwrap();
        load(Some(&path), env(&[])).map_err(|error| error.to_string())
    };
    for good in [
        "event = \"A\"\nfile = \"good.json\"",
        "event = \"A\"\nschema = { type = \"object\" }",
        "event = \"A\"\non_violation = \"reject\"\nschema = '{\"type\": \"object\"}'",
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
    assert_eq!(
        read("event = \"A\"\nfile = \"good.json\"").unwrap().schemas[1].file,
        Some(folder.path().join("good.json"))
    );
    for (bad, words) in [
        ("event = \"A\"", "\"A\" cannot be used: give either \"file\" or \"schema\""),
        ("event = \"A\"\nfile = \"good.json\"\nschema = {}", "either \"file\" or \"schema\""),
        ("event = \"A\"\nfile = \"none.json\"", "none.json cannot be read"),
        ("event = \"A\"\nfile = \"bad.json\"", "bad.json is not JSON"),
        (
            "event = \"A\"\nschema = { type = \"objekt\" }",
            "is no JSON Schema at /type: \"objekt\" is no type: write string,",
        ),
        ("event = \"A\"\nschema = { required = 1 }", "is no JSON Schema at /required: 1 is not"),
        ("event = \"A\"\nschema = { properties = { t = { pattern = \"(\" } } }", "at /properties/t/pattern"),
        ("event = \"A\"\nschema = '{'", "is not JSON"),
        ("event = \"A\"\nschema = { \"$ref\" = \"https://example.com/a.json\" }", "example.com/a.json"),
        ("event = \"A\"\nschema = { \"$ref\" = \"#/$defs/none\" }", "/$defs/none"),
        ("event = \"B\"\nschema = {}", "there is another schema of \"B\": keep one"),
        (
            "event = \"A\"\nschema = {}\non_violation = \"refuse\"",
            "on_violation is \"refuse\": write \"flag\" or \"reject\"",
        ),
        ("event = \"A\"\nsehcma = {}", "sehcma"),
    ] {
        let error = read(bad).expect_err(bad);
        assert!(
            error.contains(words) && error.contains("rapport.toml") && error.contains("line 23"),
            "{bad}:\n{error}"
        );
    }
    std::fs::write(&path, "").unwrap();
    let declared = "[{ event = \"A\", file = \"none.json\" }]";
    let error = load(Some(&path), env(&[("RAPPORT__SCHEMAS", declared)])).unwrap_err().to_string();
    assert!(error.starts_with("RAPPORT__SCHEMAS: [[schemas]]: ") && error.contains("none.json"), "{error}");
}

#[test]
fn of_each_list_there_is_a_most() {
    for (list, rest, most, said) in [
        ("outcomes", OUTCOME, 50, "51 outcomes are declared, and each is a model: at most 50 can be"),
        ("segments", SEGMENT, 200, "201 segments are declared: at most 200 can be"),
        ("features", FEATURE, 100, "101 features are declared under [[features]]: at most 100 can be"),
    ] {
        let written = |n: usize| {
            let text = many(list, n, rest);
            file(&if list == "features" { text.replace("title", "# title") } else { text })
        };
        assert!(load(Some(written(most).path()), env(&[])).is_ok(), "{list}");
        let error = load(Some(written(most + 1).path()), env(&[])).unwrap_err().to_string();
        assert!(error.contains(said), "{list}: {error}");
    }
}

#[test]
fn what_the_environment_declares_is_told_to_come_from_there() {
    let asks = format!("{GOOD}\n[[segments]]\nname = \"b\"\nrule = [{{ score = \"upgrades\", at_least = 0.5 }}]\n");
    for (variable, value, said, place) in [
        (
            "RAPPORT__FEATURES",
            "[{ name = \"recency_days\", meaning = \"M\", measure = \"count\", when = { event = \"x\" } }]",
            "another feature",
            "RAPPORT__FEATURES",
        ),
        (
            "RAPPORT__SEGMENTS",
            "[{ name = \"a\", rule = [{ score = \"no\", at_least = 0.5 }] }]",
            "no such score",
            "RAPPORT__SEGMENTS",
        ),
        // What the environment takes away, a segment of the file lacks.
        ("RAPPORT__OUTCOMES", "[]", "no such score", "line 19"),
    ] {
        let written = file(&asks);
        let error = load(Some(written.path()), env(&[(variable, value)])).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(place), "{error}");
    }
}
