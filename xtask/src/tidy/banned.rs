//! Which names and words must not be in the tree? Names that say nothing, words of unfinished work, foreign paths.

use super::Finding;
use super::rust_source::{RustSource, identifier_after, word_positions};
use super::tree::Tree;
use std::collections::BTreeSet;
use std::path::Path;

/// Names that answer no question: whatever has no home ends up there.
const NAMES: [&str; 7] = ["core", "common", "utils", "util", "services", "helpers", "misc"];

/// Words of unfinished work, in pieces so that this file does not contain them.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];

/// The one of them that is also an ISO 4217 code ("no currency"): allowed inside the strings of a Rust file.
const ALSO_A_CURRENCY: &str = concat!("X", "XX");

/// Places that exist on one machine only, in pieces likewise. A text that names them means nothing to anyone else.
const FOREIGN: [&str; 3] = [concat!("/wo", "rk/"), concat!(".lib", "rary"), concat!("far", "m-")];

/// Checks names of files, directories and modules, and the words of every text file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = path_names(tree);
    for (path, text) in tree.texts() {
        let source = is_rust(path).then(|| RustSource::new(text));
        if let Some(source) = &source {
            findings.extend(module_names(path, source));
        }
        findings.extend(words(path, text, source.as_ref()));
    }
    findings
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

fn path_names(tree: &Tree) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for path in tree.paths() {
        let mut parts: Vec<&str> = path.split('/').collect();
        let file = parts.pop().unwrap_or_default();
        let stem = file.strip_suffix(".rs").unwrap_or_default();
        for name in parts.into_iter().chain([stem]).filter(|name| NAMES.contains(name)) {
            let message = format!("`{name}` is a name for anything: call it by the question it answers");
            // One finding for a directory, not one for each file in it.
            let of_directory = path.split_once(&format!("{name}/")).map_or(path, |(before, _)| before);
            if seen.insert((of_directory.to_owned(), name)) {
                findings.push(Finding::new(path, 1, message));
            }
        }
    }
    findings
}

fn module_names(path: &str, source: &RustSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (idx, line) in source.code.lines().enumerate() {
        for at in word_positions(line, "mod") {
            if let Some(name) = identifier_after(line, at + 3).filter(|name| NAMES.contains(name)) {
                let message = format!("module `{name}` is a name for anything: call it by the question it answers");
                findings.push(Finding::new(path, idx + 1, message));
            }
        }
    }
    findings
}

fn words(path: &str, text: &str, source: Option<&RustSource>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        for word in UNFINISHED.iter().filter(|word| has_word(line, word)) {
            let in_string = |source: &RustSource| {
                ![&source.code, &source.comments]
                    .iter()
                    .any(|part| part.lines().nth(idx).is_some_and(|line| has_word(line, word)))
            };
            if *word == ALSO_A_CURRENCY && source.is_some_and(in_string) {
                continue;
            }
            let message = format!("`{word}` marks unfinished work: finish it, or open an issue and say here what is");
            findings.push(Finding::new(path, idx + 1, message));
        }
        for place in FOREIGN.iter().filter(|place| has_place(line, place)) {
            let message = format!("`{place}` is a place on somebody's machine: write a path that everybody has");
            findings.push(Finding::new(path, idx + 1, message));
        }
    }
    findings
}

/// Whether the word stands alone; one that ends in `!` ends itself.
fn has_word(line: &str, word: &str) -> bool {
    // Nearly every line has none: look for the letters before looking at what is around them.
    line.contains(word) && !word_positions(line, word).is_empty()
}

/// Whether the place is named; a longer word, a field or a method that merely contains it does not count.
fn has_place(line: &str, place: &str) -> bool {
    line.match_indices(place).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + place.len()..].chars().next();
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ')';
        let ends = place.ends_with(['/', '-']) || !after.is_some_and(is_part);
        ends && !before.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn names_for_anything_are_found_in_paths() {
        for path in
            ["crates/core/src/lib.rs", "crates/events/src/utils.rs", "crates/events/tests/common/mod.rs", "misc/a.md"]
        {
            assert_eq!(lines(path, "//! What?\n"), [1], "{path}");
        }
        for path in ["crates/score/src/lib.rs", "crates/events/src/utility.rs", "docs/core.md"] {
            assert_eq!(lines(path, "//! What?\n"), [0; 0], "{path}");
        }
        let two = Tree::of(&[("crates/core/a.rs", ""), ("crates/core/b.rs", ""), ("crates/x/core/b.rs", "")]);
        assert_eq!(check(&two).len(), 2);
    }

    #[test]
    fn names_for_anything_are_found_in_modules() {
        assert_eq!(lines("a.rs", "//! What?\nmod helpers {}\npub mod util;\nmod utility;\n// mod misc\n"), [2, 3]);
    }

    #[test]
    fn words_of_unfinished_work_are_found_everywhere() {
        for word in UNFINISHED {
            let text = format!("first\n{word}(ada) later\n");
            assert_eq!(lines("README.md", &text), [2], "{word}");
            assert_eq!(lines("a.rs", &format!("fn a() {{\n    {word}()\n}}\n")), [2], "{word}");
            assert_eq!(lines("a.rs", &format!("a();\n// {word}: later\n")), [2], "{word}");
            assert_eq!(lines("a.rs", &format!("a_{word}_b();\n").replace('!', "")), [0; 0], "{word}");
        }
        assert_eq!(lines("a.rs", &format!("let no_currency = \"{ALSO_A_CURRENCY}\";\n")), [0; 0]);
        assert_eq!(lines("clippy.md", "the lint `clippy::todo`\n"), [0; 0]);
    }

    #[test]
    fn foreign_places_are_found() {
        for place in FOREIGN {
            for text in [format!("cd {place}main\n"), format!("\"{place}\"\n")] {
                let expected = usize::from(!(place.starts_with('.') && text.contains("main")));
                assert_eq!(lines("a.sh", &text).len(), expected, "{text}");
            }
        }
        for text in [
            concat!("docs/wo", "rk/a"),
            concat!("self.lib", "rary()"),
            concat!("a.lib", "rary"),
            "swarm-like",
            "the work/ folder",
        ] {
            assert_eq!(lines("a.rs", text), [0; 0], "{text}");
        }
    }
}
