//! Does anything know a capability by its name that should know it from a list? Kinds and tasks are asked what they are.
//!
//! A capability is a file below [`HOMES`]; its name may stand there, in the lists, in what those re-export, in tests and in
//! documents. Everywhere else a name in code means that the next capability needs a line there, too.

use super::Finding;
use super::rust_source::{RustSource, word_positions};
use super::tree::Tree;
use std::collections::BTreeSet;

/// Where each file is a capability, named as the file is.
const HOMES: [&str; 3] = ["crates/learning/src/tasks/", "crates/learning/src/outcomes/", "crates/decisions/src/kinds/"];

/// Files there that serve many capabilities.
const MANY: [&str; 8] = ["asked", "binary", "classes", "conditions", "number", "propensity", "quantity", "which"];

/// The lists, what re-exports from them, and the mathematics.
const LISTS: [&str; 6] = [
    "crates/learning/src/tasks.rs",
    "crates/learning/src/outcomes.rs",
    "crates/learning/src/lib.rs",
    "crates/decisions/src/kinds.rs",
    "crates/decisions/src/lib.rs",
    "crates/models/",
];

/// Capabilities whose name is an everyday word of code: only a text that is the name alone is looked for.
const EVERYDAY: [&str; 11] =
    ["act", "answer", "flags", "intent", "rank", "search", "segments", "suggest", "understand", "uplift", "value"];

/// Where else a name stands, and why it stays: a file, or a directory that ends in `/`.
const ALLOWED: [(&str, &[&str], &str); 56] = [
    ("crates/server/src/commands/evaluate/answer.rs", &["answer"], "a word of a command"),
    ("crates/server/src/args/texts.rs", &["answer"], "a column of a file"),
    ("crates/server/src/commands/knowledge/files.rs", &["answer"], "a column of a file"),
    ("crates/server/src/api/knowledge.rs", &["answer"], "a form of a document"),
    ("crates/decisions/src/documents.rs", &["answer"], "a form of a document"),
    ("crates/server/src/commands/evaluate/intent.rs", &["intent"], "a word of a command"),
    ("crates/console/src/icon.rs", &["search"], "a name by which an icon is found"),
    ("crates/console/src/view/try_out.rs", &["search"], "a part of an address"),
    ("crates/events/src/channel.rs", &["search"], "the name of a channel"),
    ("crates/events/src/vocabulary/", &["search"], "the name of an event of Google Analytics 4"),
    ("crates/learning/src/reasons/channels.rs", &["search"], "a word of a sentence"),
    ("crates/server/src/pages/try_out.rs", &["search"], "a part of an address"),
    (
        "crates/console/src/view/sample",
        &["act", "churn", "recommend", "search", "value"],
        "the made-up pages of pictures and tests",
    ),
    ("crates/decisions/src/record/old.rs", &["recommend"], "what records of versions 1 and 2 meant"),
    ("crates/decisions/src/playbook.rs", &["flags"], "a list of what is declared"),
    ("crates/decisions/src/repertoire.rs", &["act"], "of which kind a list of actions is"),
    ("crates/decisions/src/stage.rs", &["value"], "a rule that leaves actions out"),
    ("crates/decisions/src/terms.rs", &["value"], "a key of what is said of a cart"),
    ("crates/decisions/src/action.rs", &["value"], "a key of an action"),
    ("crates/decisions/src/experiment.rs", &["value"], "a key of a variation"),
    ("crates/decisions/src/flag.rs", &["value"], "a key of a rule"),
    ("crates/learning/src/money/believed.rs", &["value"], "a key of orders"),
    ("crates/learning/src/rounds.rs", &["value"], "a way to count what came of an action"),
    ("crates/server/src/declarations.rs", &["flags"], "a list of the settings"),
    ("crates/decisions/src/segment.rs", &["churn"], "an example of a segment's rule"),
    ("crates/events/src/generator/tangle/channels.rs", &["value"], "a key of `Service Measured`"),
    ("crates/events/src/vocabulary/dialect.rs", &["value"], "a key of Google Analytics 4"),
    ("crates/events/src/vocabulary/properties.rs", &["value"], "a key of `Service Measured`"),
    ("crates/import/src/mapping/condition.rs", &["value"], "a key of mappings"),
    ("crates/learning/src/file/v1.rs", &["churn", "recommend"], "the two tasks of model files of version 1"),
    ("crates/learning/src/outcome/declared.rs", &["value"], "a key of Google Analytics 4"),
    ("crates/server/src/api/decide.rs", &["recommend"], "an example in an error's remedy"),
    ("crates/server/src/api/models.rs", &["churn"], "an example in the description of the interface"),
    ("crates/server/src/api/declared.rs", &["value"], "a key of actions"),
    ("crates/server/src/commands.rs", &["value"], "a key of what is said of a cart"),
    ("crates/server/src/commands/demo/beside.rs", &["act"], "what the simulated company asks for"),
    ("crates/server/src/pages/action_words.rs", &["value"], "a rule that leaves actions out"),
    ("crates/server/src/pages/actions/levers.rs", &["value"], "a key of actions"),
    ("crates/server/src/pages/try_out/act.rs", &["search"], "a part of an address"),
    ("crates/server/src/commands/simulate/teller.rs", &["act"], "what the simulated company asks for"),
    ("crates/server/src/settings.rs", &["recommend"], "the section of the rules for lists of items"),
    ("crates/server/src/settings.rs", &["search", "suggest"], "what the holdout leaves alone where nothing is said"),
    ("crates/server/src/api/personalize/acted.rs", &["value"], "a key of actions"),
    ("crates/server/src/api/growthbook.rs", &["value"], "a key of GrowthBook's answers"),
    ("crates/server/src/api/ofrep.rs", &["flags", "value"], "keys of OFREP's answers, and a parameter"),
    ("crates/server/src/pages/answer.rs", &["flags"], "a word of a sentence"),
    ("crates/server/src/api/wire.rs", &["recommend"], "an example in the description of the interface"),
    ("crates/server/src/settings.rs", &["churn"], "an example of a segment's rule"),
    (
        "crates/server/src/settings/load.rs",
        &["segments", "value"],
        "lists of the settings, and a key that is thrown away",
    ),
    ("crates/server/src/settings/tables.rs", &["flags", "segments"], "lists of the settings"),
    (
        "crates/simulation/",
        &["rank", "recommend", "value"],
        "what a company outside asks of the interface, and keys of its events",
    ),
    (
        "crates/server/src/pages/editor",
        &["act", "flags", "recommend", "value"],
        "lists and keys of what is declared, and an example",
    ),
    ("crates/server/src/pages/experiments.rs", &["flags"], "a list of what is declared"),
    ("crates/server/src/pages/flags.rs", &["flags"], "a list of what is declared"),
    ("crates/console/src/view/sample/declared.rs", &["flags"], "a list of what is declared"),
    ("crates/storage/src/contract/", &["churn", "recommend"], "the suites that every store passes: tests"),
];

/// Checks every Rust file of the product.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let names = names(tree);
    let mut findings = Vec::new();
    let mut used: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (path, text) in tree.with_extension("rs").filter(|(path, _)| is_looked_at(path)) {
        let source = RustSource::new(text);
        for name in &names {
            let lines = lines_that_name(name, text, &source);
            let allowed = ALLOWED.iter().position(|(place, of, _)| path.starts_with(place) && of.contains(name));
            match allowed {
                Some(place) if !lines.is_empty() => _ = used.insert((place, name)),
                Some(_) => {}
                None => findings.extend(lines.into_iter().map(|line| Finding::new(path, line, message(name)))),
            }
        }
    }
    for (place, (path, of, _)) in ALLOWED.iter().enumerate() {
        let exists = tree.paths().any(|found| found.starts_with(path));
        for name in of.iter().filter(|name| exists && names.contains(*name) && !used.contains(&(place, *name))) {
            let message = format!("`{name}` stands there no longer: take it off the list of tidy/capabilities.rs");
            findings.push(Finding::new(path, 1, message));
        }
    }
    findings
}

fn message(name: &str) -> String {
    format!(
        "`{name}` is one capability of a list: ask the kind or the task what it is (`about()`), or say in \
         tidy/capabilities.rs why its name must stand here"
    )
}

/// The names of the capabilities: those of their files.
fn names(tree: &Tree) -> BTreeSet<&str> {
    let files = tree.with_extension("rs").filter_map(|(path, _)| {
        let file = HOMES.iter().find_map(|home| path.strip_prefix(home))?;
        file.strip_suffix(".rs").filter(|stem| !stem.contains('/'))
    });
    files.filter(|stem| !MANY.contains(stem)).collect()
}

fn is_looked_at(path: &str) -> bool {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/examples/");
    let is_home = HOMES.iter().chain(&LISTS).any(|home| path.starts_with(home));
    path.starts_with("crates/") && !is_test && !is_home
}

/// Where a text is the name, quoted once more inside another text or not, or an identifier is.
fn lines_that_name(name: &str, text: &str, source: &RustSource) -> BTreeSet<usize> {
    let quoted = [format!("\"{name}\""), format!("\\\"{name}\\\"")];
    let pascal: String = name.split('_').map(capital).collect();
    let is_word = !EVERYDAY.contains(&name);
    let mut lines = BTreeSet::new();
    for (idx, (line, comment)) in text.lines().zip(source.comments.lines()).enumerate() {
        if source.is_test_line(idx + 1) || !quoted.iter().any(|quoted| line.contains(quoted)) {
            continue;
        }
        // In a comment it is a document's.
        if quoted.iter().any(|quoted| line.matches(quoted.as_str()).count() > comment.matches(quoted.as_str()).count())
        {
            lines.insert(idx + 1);
        }
    }
    if is_word {
        for (line, code) in source.lines_outside_tests() {
            // `models::recommend` is the mathematics, not the capability.
            let code = code.replace(&format!("models::{name}"), "models");
            let identifiers = [name, &pascal].into_iter().any(|word| !word_positions(&code, word).is_empty());
            if identifiers {
                lines.insert(line);
            }
        }
    }
    lines
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: (&str, &str) =
        ("crates/decisions/src/kinds/win_back.rs", "//! What?\nconst NAME: &str = \"win_back\";\n");

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let tree = Tree::of(&[HOME, ("crates/learning/src/tasks/binary.rs", ""), (path, text)]);
        check(&tree).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_name_outside_its_own_files_is_found() {
        let engine = "crates/engine/src/worth.rs";
        for text in [
            "const SHOWN: &str = \"win_back\";",
            "learning::win_back()",
            "WinBack::default()",
            "f(\"{\\\"win_back\\\":1}\")",
        ] {
            assert_eq!(lines(engine, &format!("//! What?\n{text}\n")), [2], "{text}");
        }
        for text in [
            "\"we win_back them\"",
            "// \"win_back\"",
            "f(\"x\"); // WinBack",
            "models::win_back::fit()",
            "win_backs()",
            "binary()",
        ] {
            assert_eq!(lines(engine, &format!("//! What?\n{text}\n")), [0; 0], "{text}");
        }
    }

    #[test]
    fn lists_tests_and_documents_may_name_it() {
        let text = "//! What?\nf(\"win_back\");\n";
        for path in [
            "crates/decisions/src/kinds.rs",
            "crates/learning/src/tasks/win_back.rs",
            "crates/models/src/win_back.rs",
            "crates/engine/src/tests.rs",
            "crates/server/tests/choosing/decide.rs",
            "docs/kinds.md",
        ] {
            assert_eq!(lines(path, text), [0; 0], "{path}");
        }
        let tested = "//! What?\n#[cfg(test)]\nmod tests {\n    fn a() { f(\"win_back\") }\n}\n";
        assert_eq!(lines("crates/engine/src/lib.rs", tested), [0; 0]);
    }

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        let task = ("crates/learning/src/tasks/recommend.rs", "");
        let found = |text| check(&Tree::of(&[task, ("crates/decisions/src/record/old.rs", text)]));
        assert_eq!(found("f(\"recommend\")"), []);
        assert!(found("f()")[0].to_string().contains("no longer"));
    }

    #[test]
    fn everyday_words_are_names_only_as_whole_texts() {
        let task = ("crates/learning/src/tasks/value.rs", "");
        let found = |text| check(&Tree::of(&[task, ("crates/engine/src/a.rs", text)])).len();
        assert_eq!((found("let value = Value(1);"), found("get(\"value\")")), (0, 1));
    }
}
