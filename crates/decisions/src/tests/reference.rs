//! Which groups are there, and how does one declare segments? The text of `docs/segments.md`, made from the code.
//!
//! `RAPPORT_BLESS=1 cargo test -p decisions reference` writes the file anew.

use crate::segment::{N_CONDITIONS_MAX, N_SEGMENTS_MAX, TITLE_BYTES_MAX};
use crate::{Condition, Segment};
use models::rfm::Group;
use serde_json::{Map, Value, json};

const HEAD: &str = "# Segments\n\n\
<!-- Made from the code by `RAPPORT_BLESS=1 cargo test -p decisions reference`: a change here is undone. -->\n\n\
`POST /v1/decide` with `{\"decision\": \"segments\", \"userId\": \"42\"}` answers which group a customer belongs to (`choice`), by\n\
how lately, how often and for how much they bought, and which segments of your own hold of them (`others`, by name). Both\n\
stand on the customer's page. Groups need a model, which is trained like every other; segments of your own need none, and\n\
may hold of who never bought.\n\n\
It needs the purpose `personalization` to be decided ([events.md](events.md#consent)).\n";

const CONDITIONS: &str = "\nWhat is not known does not hold: a feature without a value, a trait that nobody told, a score without a model. A score\n\
holds only of whom its question is asked ([outcomes.md](outcomes.md)). A trait is compared as text: `is = 7` and `is = \"7\"` are the\n\
same. Features are those of [features.md](features.md), your own included.\n\n\
Each is a list, too: who is on it, who came and went, and how many there were over time ([lists.md](lists.md)).\n\n\
The server reads segments when it starts: after a change, of which the log says so, start it again. A decision is replayed with the segments that were\n\
declared when it was made, whatever they are called now. Another title changes no answer, since answers hold names.\n";

fn examples() -> [Value; 2] {
    [
        json!({
            "name": "valuable_and_leaving", "title": "Valuable and about to leave",
            "rule": [{ "feature": "revenue_365d", "at_least": 500 }, { "score": "churn", "at_least": 0.6 }],
        }),
        json!({ "name": "pro", "rule": [{ "trait": "plan", "is": "pro" }] }),
    ]
}

fn read(example: &Value) -> Segment {
    Segment::from_table(example.as_object().expect("an example is a table")).expect("an example is understood")
}

/// A condition as it stands in a settings file: what it looks at first.
fn condition(table: &Map<String, Value>) -> String {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| !["feature", "trait", "score"].contains(&key.as_str()));
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", entries.join(", "))
}

fn declaration(example: &Value) -> String {
    let title = example.get("title").map_or(String::new(), |title| format!("title = {title}\n"));
    let rule = example["rule"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let rule: Vec<String> = rule.map(condition).collect();
    format!("[[segments]]\nname = {}\n{title}rule = [{}]\n", example["name"], rule.join(", "))
}

fn table(head: &str, rows: impl IntoIterator<Item = [String; 2]>) -> String {
    let rows: String = rows.into_iter().map(|[key, meaning]| format!("| {key} | {meaning} |\n")).collect();
    format!("\n{head}\n|---|---|\n{rows}")
}

fn conditions() -> String {
    let row = |condition: &str, holds: &str| [format!("`{condition}`"), holds.to_owned()];
    table(
        "| condition | holds where |",
        [
            row("{ feature = NAME, at_least = N }", "the feature is that or more"),
            row("{ feature = NAME, at_most = N }", "it is that or less"),
            row("{ trait = NAME, is = TEXT }", "the customer's trait is that"),
            row("{ score = NAME, at_least = P }", "the probability of that question is that or more; from 0 to 1"),
            row("{ score = NAME, at_most = P }", "it is that or less"),
        ],
    )
}

/// The whole text.
fn reference() -> String {
    let keys = Segment::keys().iter().map(|(key, meaning)| [format!("`{key}`"), (*meaning).to_owned()]);
    let groups: Vec<String> = Group::ALL.iter().map(|group| format!("`{}`", group.name())).collect();
    format!(
        "{HEAD}\n## Declare one\n\n```toml\n{}```\n{}{}{CONDITIONS}\n## What it takes\n\n\
         - At most {N_SEGMENTS_MAX} segments, each of 1 to {N_CONDITIONS_MAX} conditions, of which all must hold.\n\
         - `title` has at most {TITLE_BYTES_MAX} bytes; no two segments have one, and none has that of a group.\n\n\
         ## The groups\n\n{}.\n\n\
         They come from fifths of all customers: everybody is in one for how lately, one for how often and one for how much. Which\n\
         ones is among the reasons.\n",
        examples().iter().map(declaration).collect::<Vec<_>>().join("\n"),
        table("| key | what it says |", keys),
        conditions(),
        groups.join(", "),
    )
}

#[test]
fn the_reference_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/segments.md");
    let text = reference();
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/segments.md differs from the code: RAPPORT_BLESS=1 cargo test -p decisions reference");
}

#[test]
fn what_the_reference_shows_is_understood() {
    let [first, second] = examples().map(|example| read(&example));
    assert_eq!(Segment::check(&[first.clone(), second.clone()], &["revenue_365d"], &["churn"]), Ok(()));
    assert_eq!((first.rule.len(), second.title.as_str()), (2, "Pro"));
    assert!(matches!(&second.rule[0], Condition::Trait { is, .. } if is == "pro"));
    // Every form that the table shows is one that is read.
    for line in conditions().lines().filter(|line| line.starts_with("| `{")) {
        let words =
            line.replace("NAME", "\"a\"").replace("TEXT", "\"b\"").replace(" N ", " 1.5 ").replace(" P ", " 0.5 ");
        let inside = words.split(['{', '}']).nth(1).unwrap();
        let pairs = inside.split(',').map(|pair| pair.split_once('=').unwrap());
        let rule: Map<String, Value> =
            pairs.map(|(key, value)| (key.trim().to_owned(), serde_json::from_str(value.trim()).unwrap())).collect();
        let segment = read(&json!({ "name": "shown", "rule": [rule] }));
        assert_eq!(segment.to_table()["rule"][0], Value::Object(rule), "{line}");
    }
}
