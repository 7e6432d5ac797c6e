//! Which calls are only for some places? The clock, randomness and printing; and which attributes are for none.
//!
//! Clippy's `disallowed_methods` knows what a path resolves to, but can be switched off where it strikes. This check is
//! cruder and cannot.

use super::Finding;
use super::rust_source::{RustSource, word_positions};
use super::tree::{Tree, crate_of, is_test_file};

/// A banned call, and what to write in its place.
const CALLS: [(&str, &str); 13] = [
    ("SystemTime::now", "take a `primitives::Clock` as an argument"),
    ("Instant::now", "take a `primitives::Clock`, or measure in `engine`, in `server` or in a benchmark"),
    ("Timestamp::now", "take a `primitives::Clock` as an argument"),
    ("Zoned::now", "take a `primitives::Clock` as an argument"),
    ("thread_rng", "take a `primitives::Seed` and draw from a named stream"),
    ("rand::rng", "take a `primitives::Seed` and draw from a named stream"),
    ("from_os_rng", "take a `primitives::Seed` and draw from a named stream"),
    ("Uuid::new_v4", "draw the id from a stream of `primitives::Seed`"),
    ("tokio::time::sleep", "wait on a state with a deadline; timers belong to the jobs of `server`"),
    ("println!", "return what there is to say: only `server` speaks to people"),
    ("eprintln!", "return an error: only `server` speaks to people"),
    ("print!", "return what there is to say: only `server` speaks to people"),
    ("eprint!", "return an error: only `server` speaks to people"),
];

/// The crates that may tell the time, draw from the operating system and print.
const FREE: [&str; 2] = ["server", "xtask"];

/// What else a crate may call: `engine` measures how long things take, and nothing but that.
const ALSO: [(&str, &str); 1] = [("engine", "Instant::now")];

/// Checks every Rust file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("rs").flat_map(|(path, text)| check_file(path, &RustSource::new(text))).collect()
}

fn check_file(path: &str, source: &RustSource) -> Vec<Finding> {
    let mut findings = attributes(path, source);
    if !is_source(path) {
        return findings;
    }
    let owner = crate_of(path).unwrap_or_default();
    for (number, line) in source.lines_outside_tests() {
        if !FREE.contains(&owner) {
            for (call, instead) in
                CALLS.iter().filter(|(call, _)| has_word(line, call) && !ALSO.contains(&(owner, call)))
            {
                findings.push(Finding::new(path, number, format!("`{call}` outside `server`: {instead}")));
            }
        }
        if owner != "xtask" && !path.ends_with("/src/main.rs") && has_word(line, "anyhow") {
            let message =
                "`anyhow` outside `main.rs`: use the crate's own error enum, whose variants name the operation";
            findings.push(Finding::new(path, number, message));
        }
    }
    findings
}

/// Attributes that hide a fault: a test that never runs, a lint that is silent without a reason.
fn attributes(path: &str, source: &RustSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (idx, line) in source.code.lines().enumerate() {
        if line.contains("#[ignore") || line.contains(", ignore)]") {
            let message = "an ignored test is no test: make it run everywhere, or delete it";
            findings.push(Finding::new(path, idx + 1, message));
        }
        if line.contains("#[allow(") || line.contains("#![allow(") {
            let message = "write `#[expect(…, reason = \"…\")]`: it says why, and complains when it is needed no more";
            findings.push(Finding::new(path, idx + 1, message));
        }
    }
    for (idx, line) in source.comments.lines().enumerate() {
        if line.contains("```ignore") || line.contains("```rust,ignore") {
            let message = "an ignored example is never compiled: make it run, or mark it as `text`";
            findings.push(Finding::new(path, idx + 1, message));
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.contains(word) && !word_positions(line, word).is_empty()
}

/// Sources of a crate; tests, examples and benches may measure and print.
fn is_source(path: &str) -> bool {
    !is_test_file(path)
        && crate_of(path).is_some()
        && !path.split('/').any(|part| part == "examples" || part == "benches" || part == "build.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check_file(path, &RustSource::new(text)).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn banned_calls_are_found_outside_server() {
        for (call, _) in CALLS {
            let text = format!("fn a() {{\n    std::{call}(x);\n}}\n");
            assert_eq!(lines("crates/events/src/lib.rs", &text), [2], "{call}");
            assert_eq!(lines("crates/server/src/clock.rs", &text), [0; 0], "{call}");
            assert_eq!(lines("crates/engine/src/stopwatch.rs", &text).is_empty(), call == "Instant::now", "{call}");
            assert_eq!(lines("xtask/src/ci.rs", &text), [0; 0], "{call}");
        }
    }

    #[test]
    fn tests_comments_strings_and_benches_may_name_them() {
        let cases = [
            ("crates/events/src/lib.rs", "// Instant::now()\nlet a = \"Instant::now()\";\n"),
            ("crates/events/src/lib.rs", "#[cfg(test)]\nmod tests {\n    fn a() { println!(); Instant::now(); }\n}\n"),
            ("crates/events/tests/fuzz.rs", "fn a() { Instant::now(); }\n"),
            ("crates/events/benches/parse.rs", "fn a() { Instant::now(); }\n"),
            ("crates/events/src/lib.rs", "fn a() { my_thread_rng(); SimulatedInstant::nowhere(); }\n"),
        ];
        for (path, text) in cases {
            assert_eq!(lines(path, text), [0; 0], "{text}");
        }
    }

    #[test]
    fn anyhow_is_for_the_edge() {
        let text = "use anyhow::Result;\n";
        assert_eq!(lines("crates/server/src/api/mod.rs", text), [1]);
        assert_eq!(lines("crates/events/src/lib.rs", text), [1]);
        for path in ["crates/server/src/main.rs", "xtask/src/ci.rs", "crates/server/examples/load.rs"] {
            assert_eq!(lines(path, text), [0; 0], "{path}");
        }
    }

    #[test]
    fn nothing_is_ignored_or_silently_allowed() {
        let cases = [
            ("#[test]\n#[ignore]\nfn a() {}\n", 2),
            ("#[ignore = \"slow\"]\nfn a() {}\n", 1),
            ("#[cfg_attr(windows, ignore)]\nfn a() {}\n", 1),
            ("#![allow(dead_code)]\n", 1),
            ("\n#[allow(clippy::panic)]\nfn a() {}\n", 2),
            ("/// ```ignore\n/// a()\n/// ```\nfn a() {}\n", 1),
        ];
        for (text, line) in cases {
            assert_eq!(lines("crates/events/tests/api.rs", text), [line], "{text}");
        }
        assert_eq!(lines("crates/events/src/lib.rs", "#[expect(dead_code, reason = \"#[ignore]\")]\n"), [0; 0]);
    }
}
