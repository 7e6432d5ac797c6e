//! Which faults would a crate's own tests not notice? cargo-mutants plants them, one at a time, in a copy of the tree.

use crate::{errands, tidy};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The release of cargo-mutants that the list in [`LIST`] was made with: another one plants other faults.
const VERSION: &str = "27.1.0";
/// What a crate's own tests catch at least, in percent of the faults that compile.
const CAUGHT_PERCENT_MIN: usize = 95;
/// The faults that stay unnoticed, each with its reason.
const LIST: &str = "docs/mutants.md";
/// Both cores are often busy: a test that is merely slow is not a fault that was noticed.
const TEST_SECONDS_MIN: &str = "60";
/// The exit codes of a run that came to its end: nothing missed, something missed, something timed out.
const CODES_OF_A_WHOLE_RUN: [i32; 3] = [0, 2, 3];

/// How many of a crate's faults ended how. A fault is named by its file and what it does, without the line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    n_caught: usize,
    n_timed_out: usize,
    n_unviable: usize,
    missed: Vec<String>,
}

/// Plants faults in `crates` and fails where their own tests catch too few, or miss one that is not in the list.
///
/// `arguments` go to cargo-mutants, such as `-f src/file.rs`.
pub(crate) fn run(root: &Path, crates: &[String], arguments: &[String]) -> Result<()> {
    need_cargo_mutants(root)?;
    let place = errands::target_dir(root)?.join("mutants");
    let tree = place.join("tree");
    std::fs::create_dir_all(&tree).with_context(|| format!("could not create {}", tree.display()))?;
    let lock = std::fs::File::create(place.join("lock")).context("could not create the lock of this lane")?;
    if lock.try_lock().is_err() {
        bail!("another `cargo xtask mutants` is at work in {}: wait for its end", place.display());
    }
    mirror(root, &tree)?;
    plant(&tree, &place, crates, arguments)?;
    let tallies = tallies(&place.join("mutants.out"))?;
    let list = std::fs::read_to_string(root.join(LIST)).with_context(|| format!("could not read {LIST}"))?;
    verdict(&tallies, &listed(&list), crates, arguments.is_empty())
}

fn need_cargo_mutants(root: &Path) -> Result<()> {
    let found = errands::answer_of_cargo(root, &["mutants", "--version"]).unwrap_or_default();
    if found.split_whitespace().last() == Some(VERSION) {
        return Ok(());
    }
    errands::cargo(root, &["install", "cargo-mutants", "--locked", "--version", VERSION], &[])
}

/// Makes `tree` equal to the project's files. What is equal stays untouched, so that little is compiled again.
fn mirror(root: &Path, tree: &Path) -> Result<()> {
    let files: BTreeSet<PathBuf> = tidy::project_files(root)?.into_iter().map(PathBuf::from).collect();
    for path in &files {
        let Ok(bytes) = std::fs::read(root.join(path)) else { continue };
        let copy = tree.join(path);
        if std::fs::read(&copy).is_ok_and(|found| found == bytes) {
            continue;
        }
        if let Some(parent) = copy.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("could not create {}", parent.display()))?;
        }
        std::fs::write(&copy, bytes).with_context(|| format!("could not write {}", copy.display()))?;
    }
    remove_others(tree, Path::new(""), &|path| files.contains(path) && root.join(path).is_file())
}

fn remove_others(tree: &Path, below: &Path, stays: &dyn Fn(&Path) -> bool) -> Result<()> {
    let dir = tree.join(below);
    for entry in std::fs::read_dir(&dir).with_context(|| format!("could not list {}", dir.display()))? {
        let entry = entry.context("could not list the copy of the tree")?;
        let path = below.join(entry.file_name());
        if path == Path::new("target") {
            continue;
        }
        if entry.file_type().context("could not look at the copy of the tree")?.is_dir() {
            remove_others(tree, &path, stays)?;
        } else if !stays(&path) {
            std::fs::remove_file(tree.join(&path)).with_context(|| format!("could not remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn plant(tree: &Path, place: &Path, crates: &[String], arguments: &[String]) -> Result<()> {
    let output = place.to_string_lossy();
    let mut command = vec!["mutants", "--in-place", "--no-shuffle", "--output", &output];
    command.extend(["--minimum-test-timeout", TEST_SECONDS_MIN]);
    for name in crates {
        command.extend(["--package", name]);
    }
    command.extend(arguments.iter().map(String::as_str));
    let code = errands::cargo_code(tree, &command, &[])?;
    if !code.is_some_and(|code| CODES_OF_A_WHOLE_RUN.contains(&code)) {
        bail!("cargo-mutants did not come to its end ({code:?}): the lines above say why");
    }
    Ok(())
}

/// Reads what cargo-mutants found: one file for each way to end, one line for each fault.
fn tallies(output: &Path) -> Result<BTreeMap<String, Tally>> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for ending in ["caught", "timeout", "unviable", "missed"] {
        let path = output.join(format!("{ending}.txt"));
        let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        for line in text.lines() {
            let fault = without_line(line);
            let tally = tallies.entry(crate_of(&fault).to_owned()).or_default();
            match ending {
                "caught" => tally.n_caught += 1,
                "timeout" => tally.n_timed_out += 1,
                "unviable" => tally.n_unviable += 1,
                _ => tally.missed.push(fault),
            }
        }
    }
    Ok(tallies)
}

/// `crates/a/src/b.rs:12:3: replace …` becomes `crates/a/src/b.rs: replace …`, which survives an edit above it.
fn without_line(line: &str) -> String {
    let Some((place, what)) = line.split_once(": ") else { return line.to_owned() };
    format!("{}: {what}", place.split(':').next().unwrap_or(place))
}

fn crate_of(fault: &str) -> &str {
    fault.split(':').next().and_then(tidy::crate_of).unwrap_or("?")
}

/// The faults of the list, which stand as `` - `fault`: reason ``.
fn listed(text: &str) -> BTreeSet<String> {
    let faults = text.lines().filter_map(|line| line.strip_prefix("- `")?.split_once("`: "));
    faults.filter(|(_, reason)| !reason.trim().is_empty()).map(|(fault, _)| fault.to_owned()).collect()
}

fn verdict(
    tallies: &BTreeMap<String, Tally>,
    listed: &BTreeSet<String>,
    crates: &[String],
    is_whole: bool,
) -> Result<()> {
    let mut findings = Vec::new();
    for name in crates {
        let Some(tally) = tallies.get(name) else {
            findings.push(format!("{name}: no fault was planted; is that a crate, and is the file one of its own?"));
            continue;
        };
        println!("{name}: {}", summary(tally));
        if !is_enough(tally) {
            findings.push(format!("{name}: its own tests catch less than {CAUGHT_PERCENT_MIN} %"));
        }
        for fault in &tally.missed {
            let is_listed = listed.contains(fault);
            println!("  missed{}: {fault}", if is_listed { ", as listed" } else { "" });
            if !is_listed {
                findings.push(format!("not in {LIST}: `{fault}`"));
            }
        }
        let stale = listed.iter().filter(|fault| crate_of(fault) == name && !tally.missed.contains(fault));
        findings
            .extend(stale.filter(|_| is_whole).map(|fault| format!("take it out of {LIST}, it is caught: {fault}")));
    }
    if findings.is_empty() {
        return Ok(());
    }
    bail!(
        "{} findings; catch the fault with a test, or list it with its reason:\n{}",
        findings.len(),
        findings.join("\n")
    )
}

/// A fault that makes the tests hang was noticed.
fn n_noticed(tally: &Tally) -> usize {
    tally.n_caught + tally.n_timed_out
}

fn is_enough(tally: &Tally) -> bool {
    let n_viable = n_noticed(tally) + tally.missed.len();
    n_noticed(tally) * 100 >= n_viable * CAUGHT_PERCENT_MIN
}

fn summary(tally: &Tally) -> String {
    let Tally { n_caught, n_timed_out, n_unviable, missed } = tally;
    let n_viable = n_noticed(tally) + missed.len();
    let permille = (n_noticed(tally) * 1_000).checked_div(n_viable).unwrap_or(1_000);
    format!(
        "{}.{} % caught: {n_caught} of {n_viable} by a failing test, {n_timed_out} by a test that hung, {} missed; \
         {n_unviable} more do not compile",
        permille / 10,
        permille % 10,
        missed.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(n_caught: usize, missed: &[&str]) -> Tally {
        Tally { n_caught, missed: missed.iter().map(|&fault| fault.to_owned()).collect(), ..Tally::default() }
    }

    fn judged(tally: Tally, listed: &[&str], is_whole: bool) -> Result<()> {
        let listed = listed.iter().map(|&fault| fault.to_owned()).collect();
        verdict(&BTreeMap::from([("a".to_owned(), tally)]), &listed, &["a".to_owned()], is_whole)
    }

    #[test]
    fn a_fault_is_named_without_its_line() {
        let fault = without_line("crates/a/src/b.rs:12:3: replace x -> Option<a::B> with None");
        assert_eq!(fault, "crates/a/src/b.rs: replace x -> Option<a::B> with None");
        assert_eq!(crate_of(&fault), "a");
    }

    #[test]
    fn the_list_holds_only_faults_with_a_reason() {
        let text = "# Title\n\n- `crates/a/src/b.rs: replace || with &&`: both are true.\n- `crates/a/src/c.rs: d`: \n";
        assert_eq!(listed(text), BTreeSet::from(["crates/a/src/b.rs: replace || with &&".to_owned()]));
    }

    #[test]
    fn the_border_is_met_exactly_and_a_hanging_test_counts() {
        assert!(is_enough(&tally(19, &["x"])));
        assert!(!is_enough(&tally(18, &["x"])));
        assert!(is_enough(&Tally { n_timed_out: 1, ..tally(18, &["x"]) }));
        assert!(is_enough(&tally(0, &[])));
        assert!(summary(&tally(2, &["x"])).starts_with("66.6 % caught: 2 of 3"));
    }

    #[test]
    fn what_is_missed_must_be_listed_and_what_is_listed_must_be_missed() {
        let fault = "crates/a/src/b.rs: c";
        assert!(judged(tally(99, &[fault]), &[fault], true).is_ok());
        assert!(judged(tally(99, &[fault]), &[], true).unwrap_err().to_string().contains("not in docs/mutants.md"));
        assert!(judged(tally(99, &[]), &[fault], true).unwrap_err().to_string().contains("take it out"));
        assert!(judged(tally(99, &[]), &[fault], false).is_ok(), "a part of the crate says nothing of the rest");
        assert!(judged(tally(9, &[fault]), &[fault], true).unwrap_err().to_string().contains("less than 95 %"));
    }

    #[test]
    fn a_crate_without_faults_is_named() {
        let said = verdict(&BTreeMap::new(), &BTreeSet::new(), &["b".to_owned()], true).unwrap_err().to_string();
        assert!(said.contains("b: no fault was planted"), "{said}");
    }
}
