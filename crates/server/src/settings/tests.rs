//! Do settings come from the right place, and is every mistake named?

mod declared;

use super::load::of_settings;
use super::*;
use std::ffi::OsString;
use std::io::Write;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let file = file(
        "[server]\nlisten = \"127.0.0.1:1\"\n[events]\nseal_hours = 2\n[consent]\ndefault = { personalization = false }\n",
    );
    let settings = load(
        Some(file.path()),
        env(&[("RAPPORT__SERVER__LISTEN", "127.0.0.1:2"), ("RAPPORT__KEYS__WRITE", "123"), ("PATH", "x")]),
    )
    .unwrap();
    assert_eq!(settings.server.listen.port(), 2);
    assert_eq!(settings.events.seal_hours, 2);
    assert_eq!(settings.keys.write, "123");
    assert!(!settings.consent.default.personalization && settings.consent.default.analytics);
    assert_eq!(settings.masked().keys.write, "(preset)");
    let nested = load(None, env(&[("RAPPORT__CONSENT__DEFAULT__MARKETING", "true")])).unwrap();
    assert!(nested.consent.default.marketing);
    let strict = load(None, env(&[("RAPPORT__CONSENT__DEFAULT__SECURITY", "false")])).unwrap().consent_policy();
    for (purpose, granted) in [
        (Purpose::Personalization, true),
        (Purpose::Analytics, true),
        (Purpose::Marketing, false),
        (Purpose::Service, true),
        (Purpose::Security, false),
    ] {
        assert_eq!(strict.answer(&governance::Consents::default(), purpose).granted, granted, "{purpose}");
    }
}

#[test]
fn every_mistake_names_its_place() {
    for (text, variables, expected) in [
        ("[server]\n\nlisten = 5\n", vec![], "line 3"),
        ("[server]\nlisten_on = \"x\"\n", vec![], "listen_on"),
        ("[events]\n# a comment\ndedup_days = 3\n", vec![], "line 3"),
        ("[events]\ndedup_days = 3\n", vec![], "must be 30 to 3650, and is 3"),
        ("", vec![("RAPPORT__EVENTS__DEDUP_DAYS", "many")], "RAPPORT__EVENTS__DEDUP_DAYS"),
        ("", vec![("RAPPORT__EVENTS__SEAL_HOURS", "0")], "RAPPORT__EVENTS__SEAL_HOURS"),
        ("", vec![("RAPPORT__NOTHING__HERE", "1")], "nothing"),
        // The file is not to blame for what the environment sets.
        (
            "[events]\ndedup_days = 60\n",
            vec![("RAPPORT__EVENTS__DEDUP_DAYS", "3")],
            "change it in RAPPORT__EVENTS__DEDUP_DAYS",
        ),
        (
            "[events]\ndedup_days = 60\n",
            vec![("rapport__x", "1"), ("RAPPORT__EVENTS", "{ dedup_days = 3 }")],
            "change it in RAPPORT__EVENTS",
        ),
        ("[events]\ndedup_days = 3\n", vec![("RAPPORT__EVENTS__SEAL_HOURS", "5")], "line 2"),
        (
            "outcomes = []\n",
            vec![("RAPPORT__OUTCOMES__NAME", "x")],
            "RAPPORT__OUTCOMES__NAME: outcomes is of type array",
        ),
        (
            "",
            vec![("RAPPORT__SERVER__LISTEN__PORT", "1"), ("RAPPORT__SERVER__LISTEN", "127.0.0.1:1")],
            "RAPPORT__SERVER__LISTEN__PORT: listen is of type string",
        ),
        ("", vec![("RAPPORT__LOGGING__LEVEL", "loud")], "logging.level"),
        ("[holdout]\nexcept = [\"serach\"]\n", vec![], "did you mean search?"),
        ("[holdout]\nkinds = { serach = 0.1 }\n", vec![], "must name decisions that are shown"),
        (
            "[[experiments]]\nname = \"copy\"\nguardrails = [\"cost_to_serve\"]\n\
             variations = [{ name = \"control\", value = 1 }, { name = \"bold\", value = 2 }]\n",
            vec![],
            "set contact_cost in [money]",
        ),
    ] {
        let file = file(text);
        let error = load(Some(file.path()), env(&variables)).expect_err(text);
        assert!(error.to_string().contains(expected), "{error} does not say {expected}");
    }
    let missing = load(Some(std::path::Path::new("/nowhere/rapport.toml")), env(&[])).expect_err("no file");
    assert!(missing.to_string().contains("/nowhere/rapport.toml"));
}

#[test]
fn of_a_long_value_a_mistake_prints_the_beginning() {
    let long = "\u{e9}".repeat(100_000);
    for text in [
        format!("[contact]\nquiet_hours = \"{long}\"\n"),
        format!("[server]\nidle_seconds = \"{long}\"\n"),
        format!("[[actions]]\nname = \"{long}\"\nvalue = 1\n"),
        format!("[[flags]]\nname = \"f\"\ndefault = 1\nrules = [{{ when = \"{long}\", value = 2 }}]\n"),
    ] {
        let written = file(&text);
        let says = load(Some(written.path()), []).unwrap_err().to_string();
        assert!(says.chars().count() < 1_200 + written.path().display().to_string().len(), "{} characters", says.len());
        assert!(says.contains("rapport") || says.contains(&written.path().display().to_string()), "{says}");
    }
}

#[test]
fn only_a_setting_must_be_text() {
    use std::os::unix::ffi::OsStringExt;
    let os = |text: &str| OsString::from(text);
    let no_text = || OsString::from_vec(vec![b'R', 0xff]);
    let other = [(no_text(), no_text()), (os("PATH"), no_text()), (os("RAPPORT__KEYS__WRITE"), os("w"))];
    assert_eq!(of_settings(other).unwrap(), env(&[("RAPPORT__KEYS__WRITE", "w")]));
    let error = of_settings([(os("RAPPORT__KEYS__WRITE"), no_text())]).unwrap_err().to_string();
    assert!(error.contains("RAPPORT__KEYS__WRITE") && error.contains("not UTF-8"), "{error}");
    let name = OsString::from_vec([b"RAPPORT__KEYS__".as_slice(), &[0xff]].concat());
    assert!(of_settings([(name, os("w"))]).unwrap_err().to_string().contains("RAPPORT__KEYS__"));
}

#[test]
fn every_value_says_where_it_comes_from() {
    let file = file("# listen = 1\n[events]\nseal_hours = 2\ndedup_days = 30\n[consent.default]\nmarketing = true\n");
    let variables = env(&[("RAPPORT__EVENTS__DEDUP_DAYS", "31"), ("RAPPORT__KEYS__WRITE", "w"), ("PATH", "x")]);
    let flags = [("server.listen", "--listen")];
    let found = origins(Some(file.path()), variables, &flags).unwrap();
    let path = file.path().display();
    for (key, expected) in [
        ("server.listen", "flag --listen".to_owned()),
        ("events.seal_hours", format!("{path}:3")),
        ("events.dedup_days", "environment variable RAPPORT__EVENTS__DEDUP_DAYS".to_owned()),
        ("consent.default", format!("{path}:5")),
        ("keys.write", "environment variable RAPPORT__KEYS__WRITE".to_owned()),
        ("keys.server", "default".to_owned()),
        ("server.n_requests_max", "default".to_owned()),
    ] {
        assert_eq!(found[key], expected, "{key}");
    }
    let n_settings: usize = Settings::describe().iter().map(|(_, _, settings)| settings.len()).sum();
    assert_eq!(found.len(), n_settings);
    let nested = env(&[("RAPPORT__CONSENT__DEFAULT__MARKETING", "true")]);
    let found = origins(None, nested, &[]).unwrap();
    assert_eq!(found["consent.default"], "environment variable RAPPORT__CONSENT__DEFAULT__MARKETING");
    assert_eq!(found["server.listen"], "default");
}

#[test]
fn the_example_file_is_the_one_in_the_repository() {
    let kept = include_str!("../../../../rapport.example.toml");
    assert_eq!(kept, Settings::example(), "write the output of `rapport config example` into rapport.example.toml");
    let (sections, lists) = kept.split_once("# [[").unwrap();
    let uncomment = |line: &str| format!("{}\n", line.trim_start_matches("# ").trim_start_matches('#'));
    let declared: String = format!("# [[{lists}")
        .lines()
        .filter(|line| line.len() < 4 || line.contains(" = ") || line.contains("[["))
        .map(uncomment)
        .collect();
    let declared = toml::from_str::<Settings>(&declared.replace("\n \n", "\n\n")).unwrap();
    assert_eq!((declared.features.len(), declared.outcomes.len()), (1, 5), "each example can be used");
    let uncommented: String = sections
        .lines()
        .filter_map(|line| {
            let is_setting = |l: &&str| l.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
            line.strip_prefix("# ").filter(is_setting).or(line.starts_with('[').then_some(line))
        })
        .map(|l| format!("{l}\n"))
        .collect();
    assert_eq!(toml::from_str::<Settings>(&uncommented).unwrap(), Settings::default());
}

#[test]
fn what_the_documentation_declares_can_be_used() {
    // The last fence on outcomes shows what is built in, whose name is taken.
    for (document, n_fences, n_built_in) in [
        (include_str!("../../../../docs/features.md"), 1, 0),
        (include_str!("../../../../docs/outcomes.md"), 3, 1),
        (include_str!("../../../../docs/segments.md"), 1, 0),
        (include_str!("../../../../docs/measurement.md"), 2, 0),
    ] {
        let fences = document.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let fences: Vec<&str> = fences.collect();
        assert_eq!(fences.len(), n_fences);
        let (good, built_in) = fences.split_at(n_fences - n_built_in);
        for fence in good {
            let written = file(fence);
            let settings = load(Some(written.path()), env(&[])).unwrap();
            let n_read =
                settings.features.len() + settings.outcomes.len() + settings.segments.len() + settings.kpis.len();
            assert_eq!(n_read, fence.matches("[[").count(), "each example is read");
        }
        for fence in built_in {
            let written = file(fence);
            let refusal = load(Some(written.path()), env(&[])).unwrap_err().to_string();
            assert!(refusal.contains("already"), "{refusal}");
        }
    }
}

const DECLARED: &str = "[server]\nidle_seconds = 60\n\n[[features]]\nname = \"a\"\nmeaning = \"A\"\nmeasure = \"count\"\n\
                        when = { event = \"Plan Changed\", \"properties.kind\" = 1 }\n";

#[test]
fn features_are_declared_in_the_file_or_the_environment_and_a_mistake_names_its_place() {
    let good = file(DECLARED);
    let settings = load(Some(good.path()), env(&[])).unwrap();
    assert_eq!(settings.features.iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>(), ["a"]);
    let one = "[{ name = \"b\", meaning = \"B\", measure = \"count\", when = { event = \"x\" } }]";
    let settings = load(Some(good.path()), env(&[("RAPPORT__FEATURES", one)])).unwrap();
    assert_eq!(settings.features.iter().map(|feature| feature.name.as_str()).collect::<Vec<_>>(), ["b"]);
    for (text, said) in [
        (DECLARED.replace("count", "cuont"), "line 4: feature \"a\": measure is \"cuont\": write one of count, sum"),
        (DECLARED.replace("\"a\"", "\"recency_days\""), "[[features]]: feature \"recency_days\": name is"),
        (DECLARED.replace("properties.kind", "propertis.kind"), "did you mean \"properties.kind\"?"),
    ] {
        let file = file(&text);
        let error = load(Some(file.path()), env(&[])).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(file.path().to_str().unwrap()), "{error}");
    }
}
