//! Which features are there, and how does one declare more? The text of `docs/features.md`, made from the catalogue.
//!
//! `RAPPORT_BLESS=1 cargo test -p features reference` writes the file anew.

use crate::cell::{DAYS_MAX, N_KEYS};
use crate::{Catalogue, Declared, Measure};

const HEAD: &str = "# Features\n\n\
<!-- Made from the code by `RAPPORT_BLESS=1 cargo test -p features reference`: a change here is undone. -->\n\n\
What is known of each customer in numbers. Models learn from them, the customer's page shows them, and reasons name them.\n\
`rapport features` lists them, `/features` in the console too. A value is a function of what had come in at a moment: live\n\
and in training it is the same to the last bit.\n\n\
A model names its own inputs, each with the version of its computation: `recency_days@1`. So features that come later\n\
change no model and no past decision; a feature whose computation has changed is another input.\n";

const WHEN: &str = "\n`when` names the event as it is sent, to the letter: `Plan Changed`. Every other key of it is a place in the event with\n\
the value that must stand there, such as `\"properties.kind\" = \"downgrade\"`: a text, a number, true or false. Places begin\n\
with `properties`, `context` or `traits`; a number steps into a list (`properties.products.0.sku`), and without one\n\
any object of the list is meant (`properties.products.category`). Equality is all there\n\
is: what needs more is best said by an event of its own. `identify` can be meant as well, with `traits`.\n\n\
`of` is such a place, too. For `distinct` it holds a text, a number, true or false; for the others a number, or a text that\n\
is one. Events without it do not count. Numbers are kept in millionths, up to nine million millions; sums are exact.\n";

fn example() -> &'static str {
    "[[features]]\nname = \"downgrades_90d\"\nmeaning = \"Times the plan was downgraded in the last 90 days\"\n\
     when = { event = \"Plan Changed\", \"properties.kind\" = \"downgrade\" }\nmeasure = \"count\"\nwithin_days = 90\n\n\
     [[features]]\nname = \"ticket_minutes_mean\"\nmeaning = \"Mean minutes until a ticket was closed, over the last year\"\n\
     when = { event = \"Ticket Closed\" }\nmeasure = \"mean\"\nof = \"properties.minutes\"\nwithin_days = 365\n"
}

fn limits() -> String {
    format!(
        "\n## What is counted, and how exactly\n\n\
         A new feature counts from the first event: what happened before it was declared is read from the history in the\n\
         background, and until that is done it has no value, while all others go on. The same holds where `when`, `of` or the\n\
         kind of measure changes; other words, and another `within_days`, are in force at once. The server looks at the file\n\
         every two seconds, and takes a change where two looks in a row find the same; what cannot be used is told in the log and\n\
         on `/features`, and what was declared before stays.\n\
         A model that has learned from a feature which is computed otherwise now cannot answer: its decisions fall back, and\n\
         the server begins within a minute to train it again.\n\n\
         Counts and numbers are kept per hour for 8 days and per day for {DAYS_MAX}, and as one sum for all before. So the\n\
         beginning of `within_days` is exact to half an hour up to 7 days, and to half a day beyond. Of different values the\n\
         {N_KEYS} that came last are kept. What features of every Rapport remember one by one, and what is less exact beyond\n\
         it, stands in the tables above.\n\n\
         An event or a place in it that never came in is no mistake: it may be yet to come. `/features` and the log say so, with the\n\
         nearest name that did come in.\n"
    )
}

fn table(head: &str, n_columns: usize, rows: impl IntoIterator<Item = String>) -> String {
    format!("\n{head}\n|{}\n{}", "---|".repeat(n_columns), rows.into_iter().map(|row| row + "\n").collect::<String>())
}

fn built_in() -> String {
    let catalogue = Catalogue::built_in();
    let mut headings: Vec<&str> = Vec::new();
    for definition in catalogue.definitions() {
        if !headings.contains(&definition.group) {
            headings.push(definition.group);
        }
    }
    let section = |heading: &str| {
        let of_it = catalogue.definitions().iter().filter(|definition| definition.group == heading);
        let row = |d: &std::sync::Arc<crate::Definition>| {
            let limit = d.limit.as_deref().unwrap_or_default();
            format!("| `{}` | {} | {} | {limit} |", d.id, d.meaning, d.unit)
        };
        format!("\n### {heading}\n{}", table("| feature | meaning | unit | how exactly |", 4, of_it.map(row)))
    };
    headings.into_iter().map(section).collect()
}

/// The whole text.
fn reference() -> String {
    let keys = Declared::keys().iter().map(|(key, meaning)| format!("| `{key}` | {meaning} |"));
    let measures = Measure::all().map(|(measure, meaning)| format!("| `{}` | {meaning} |", measure.name()));
    format!(
        "{HEAD}\n## Features of every Rapport\n{}\n## Features of your own\n\nIn `rapport.toml`, without code:\n\n```toml\n{}```\n{}{WHEN}{}{}",
        built_in(),
        example(),
        table("| key | what it says |", 2, keys),
        table("| measure | what it comes to |", 2, measures),
        limits()
    )
}

#[test]
fn the_reference_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/features.md");
    let text = reference();
    if std::env::var_os("RAPPORT_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "docs/features.md differs from the code: RAPPORT_BLESS=1 cargo test -p features reference");
}
