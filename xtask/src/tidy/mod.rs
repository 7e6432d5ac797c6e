//! Does the tree keep the rules that no compiler knows? Every failure is one line: `file:line: what, and what to do`.

mod banned;
mod calls;
mod capabilities;
mod circles;
mod crate_table;
mod links;
mod manifests;
mod quoted;
mod rust_source;
mod sizes;
mod tree;

use anyhow::{Result, bail};
use std::fmt;
use std::path::Path;
use tree::Tree;
pub(crate) use tree::{crate_of, project_files};

/// One broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Checks the whole tree and prints every finding, in the order of the files.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut findings = check(&tree);
    findings.extend(crate_table::check(&tree, &crate_table::members(root)?));
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {} broken rules in {} files; each line above says what to do", findings.len(), tree.len());
    }
    println!("tidy: {} files, nothing to mend", tree.len());
    Ok(())
}

/// The checks that need nothing but the files.
fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = banned::check(tree);
    findings.extend(calls::check(tree));
    findings.extend(circles::check(tree));
    findings.extend(capabilities::check(tree));
    findings.extend(links::check(tree));
    findings.extend(manifests::check(tree));
    findings.extend(quoted::check(tree));
    findings.extend(sizes::check(tree));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_that_an_editor_can_open() {
        let finding = Finding::new("crates/events/src/lib.rs", 7, "too long, split it");
        assert_eq!(finding.to_string(), "crates/events/src/lib.rs:7: too long, split it");
    }

    #[test]
    fn every_check_takes_part() {
        let long = format!("//! What?\n{}", "fn a() {}\n".repeat(600));
        let tree = Tree::of(&[
            ("crates/events/src/lib.rs", &long),
            ("crates/events/src/helpers.rs", "//! What?\nfn a() { rand::rng(); }\n"),
            ("crates/events/Cargo.toml", "[package]\nname = \"events\"\n"),
            ("README.md", "[gone](gone.md)\n"),
            ("crates/learning/src/tasks/win_back.rs", "//! What?\n"),
            ("crates/engine/src/lib.rs", "//! What?\nfn a() { f(\"win_back\") }\n"),
        ]);
        let said: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        for part in ["500", "helpers", "rand::rng", "gone.md", "[lints]", "`win_back`"] {
            assert!(said.iter().any(|line| line.contains(part)), "nothing about {part} in {said:#?}");
        }
    }

    #[test]
    fn a_good_tree_has_no_findings() {
        let manifest = "[package]\nname = \"events\"\ndescription = \"What happened?\"\nversion.workspace = true\n\
                        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
                        authors.workspace = true\npublish.workspace = true\n\n[lints]\nworkspace = true\n\n\
                        [dependencies]\nserde.workspace = true\n";
        let tree = Tree::of(&[
            ("crates/events/src/lib.rs", "//! What happened?\n\n/// An event.\npub struct Event;\n"),
            ("crates/events/Cargo.toml", manifest),
            ("README.md", "# Rapport\n\nSee [events](crates/events/src/lib.rs) and [above](#rapport).\n"),
        ]);
        assert_eq!(check(&tree), []);
    }
}
