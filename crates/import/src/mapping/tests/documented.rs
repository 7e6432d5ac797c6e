//! Does `docs/mapping.md` say what is so?

use super::super::cell::{FALSE, TRUE};
use super::super::file::{EventFile, ItemFile, MappingFile, SourceRule, TimeFile};
use super::*;
use std::path::Path;

/// A fenced block of the document: its language, its text, and where the text stands.
struct Block<'d> {
    language: &'d str,
    text: &'d str,
    start: usize,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut place = 0;
    while let Some(open) = document[place..].find("\n```").map(|at| place + at + 4) {
        let line_end = open + document[open..].find('\n').unwrap();
        let close = line_end + document[line_end..].find("\n```").unwrap();
        let start = line_end + 1;
        blocks.push(Block { language: &document[open..line_end], text: &document[start.min(close)..close], start });
        place = close + 4;
    }
    blocks
}

/// The document with what really comes of its examples.
fn as_it_is(document: &str) -> String {
    let mut mended = document.to_owned();
    let blocks = blocks(document);
    for example in blocks.windows(3).rev() {
        let [mapping, rows, events] = example else { continue };
        if (mapping.language, rows.language, events.language) != ("toml", "csv", "json") {
            continue;
        }
        let with_mark = format!("\u{feff}{}\n", rows.text);
        let outcome = import_bytes("rows.csv", with_mark.as_bytes(), Some(mapping.text));
        assert!(outcome.rejects.is_empty(), "{:?}", outcome.rejects);
        let lines: Vec<String> = outcome.sink.payloads.iter().map(ToString::to_string).collect();
        mended.replace_range(events.start..events.start + events.text.len(), &(lines.join("\n")));
    }
    mended
}

#[test]
fn the_examples_give_the_events_that_are_shown() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mapping.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let is = as_it_is(&document);
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(&path, &is).unwrap();
        return;
    }
    assert!(document == is, "docs/mapping.md differs: run this test with RAPPORT_BLESS=1 and look at the difference");
    assert!(blocks(&is).iter().filter(|block| block.language == "json" && block.text.len() > 100).count() >= 3);
}

/// The keys of a table, as the parser lists them where it meets one that it does not know.
fn keys_of<T: serde::de::DeserializeOwned>() -> Vec<String> {
    let error = toml::from_str::<T>("no_such_key = 1").err().unwrap().message().to_owned();
    error.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_is_described() {
    let document = include_str!("../../../../../docs/mapping.md");
    let tables = [
        ("", keys_of::<MappingFile>()),
        ("`[source]` ", keys_of::<SourceRule>()),
        ("`[time]` ", keys_of::<TimeFile>()),
        ("`[[event]]` ", keys_of::<EventFile>()),
        ("`[[item]]` ", keys_of::<ItemFile>()),
    ];
    let mut n_rows = 0;
    for (table, keys) in &tables {
        assert!(keys.len() >= 4, "{table}: {keys:?}");
        for key in
            keys.iter().filter(|key| !["source", "time", "event", "item"].contains(&key.as_str()) || !table.is_empty())
        {
            let row = format!("\n| {table}`{key}` | ");
            assert_eq!(document.matches(&row).count(), 1, "docs/mapping.md lacks the row of {table}{key}");
            n_rows += 1;
        }
    }
    let (_, values) = document.split_once("A `boolean` is true where").unwrap();
    let (values, _) = values.split_once("anything else").unwrap();
    let words: Vec<&str> = values.split('`').skip(1).step_by(2).collect();
    assert_eq!(words, [&TRUE[..], &FALSE[..]].concat(), "docs/mapping.md lists other words for true and false");
    let (_, reference) = document.split_once("## Every key").unwrap();
    let (reference, _) = reference.split_once("## Every value").unwrap();
    assert_eq!(reference.matches("\n| `").count(), n_rows, "a key is described that is none");
}
