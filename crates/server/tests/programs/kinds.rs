//! Does `rapport kinds` list what can be decided, with and without data?

use std::path::Path;
use std::process::Command;

/// Runs a command on a data directory, which it must do well, and answers what it printed.
fn run(data: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rapport"));
    let done = command.args(args).arg("--data").arg(data).current_dir(data.parent().unwrap()).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn kinds(data: &Path) -> Vec<serde_json::Value> {
    serde_json::from_str(&run(data, &["kinds", "--json"])).unwrap()
}

#[test]
fn kinds_are_listed_with_and_without_data() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    // Settings that lie where a command is called are not those of the data directory: nobody looks at these.
    std::fs::write(place.path().join("rapport.toml"), "this = is no setting").unwrap();
    let listed = kinds(&data);
    let words = run(&data, &["kinds"]);
    assert!(!data.exists(), "looking creates nothing");
    let built_in = engine::Capabilities::built_in();
    let names: Vec<_> = built_in.kinds.iter().map(|kind| kind.about().name.as_str()).collect();
    assert_eq!(listed.iter().map(|kind| kind["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    assert!(listed[0]["has_model"].is_null() && listed[0]["parameters"][0]["max"] == 100, "{}", listed[0]);
    assert!(words.contains("n from 1 to 100 (10)") && words.contains("personalization"), "{words}");

    // With a data directory it is known whether a model answers, and the settings add kinds.
    let outcome = "[[outcomes]]\nname = \"returns_soon\"\nquestion = \"Back?\"\namong = \"everyone\"\n\
                   label = { did = { event = \"Order Completed\" } }\nwithin_days = 7\n";
    let page = r#"{"type":"page","userId":"ann","messageId":"m1","timestamp":"2026-01-05T10:00:00Z"}"#;
    let file = place.path().join("one.ndjson");
    std::fs::write(&file, page).unwrap();
    run(&data, &["import", file.to_str().unwrap()]);
    std::fs::write(data.join("rapport.toml"), outcome).unwrap();
    let listed = kinds(&data);
    let last = listed.iter().find(|kind| kind["name"] == "returns_soon").unwrap();
    assert_eq!((&last["name"], &last["has_model"]), (&"returns_soon".into(), &false.into()), "{last}");
    assert!(last.get("fault").is_none() && run(&data, &["kinds"]).contains("none yet"), "{last}");

    // A model that is there and cannot answer is another thing than none.
    let champions = data.join("models").join("champions");
    std::fs::create_dir_all(&champions).unwrap();
    let named = format!("{{\"v\":1,\"champions\":[\"{}\"]}}", "0".repeat(64));
    std::fs::write(champions.join("returns_soon.json"), named).unwrap();
    let listed = kinds(&data);
    let last = listed.iter().find(|kind| kind["name"] == "returns_soon").unwrap();
    assert_eq!(last["has_model"], false);
    assert!(last["fault"].as_str().unwrap().starts_with("reading the model 0000"), "{last}");
    assert!(listed[1].get("fault").is_none() && run(&data, &["kinds"]).contains("cannot answer"));
}
