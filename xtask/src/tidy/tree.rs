//! Which files are the project's? Those that git tracks or would add: nothing ignored, nothing built.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The files of the repository by path (with `/`), each with its text; `None` where it is not text.
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads the working tree.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in project_files(root)? {
            // A file that was deleted but not yet committed, or a link to a directory, has no text to check.
            if let Ok(bytes) = std::fs::read(root.join(&path)) {
                files.insert(path, String::from_utf8(bytes).ok());
            }
        }
        Ok(Self { files })
    }

    /// A tree made of texts, for the tests of the checks.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect() }
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Every path, sorted.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every text file, sorted by path.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| text.as_deref().map(|text| (path.as_str(), text)))
    }

    /// Every text file whose name ends in `.extension`.
    pub(super) fn with_extension<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.texts().filter(move |(path, _)| Path::new(path).extension().is_some_and(|found| found == extension))
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether the path is a file or a directory of the tree; the empty path is its root.
    pub(super) fn has(&self, path: &str) -> bool {
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.keys().any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// The paths of the project's files, below `root`.
pub(crate) fn project_files(root: &Path) -> Result<Vec<String>> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .context("could not run `git ls-files`: git knows which files are the project's")?;
    if !listing.status.success() {
        bail!("`git ls-files` failed: {}", String::from_utf8_lossy(&listing.stderr).trim());
    }
    let listing = String::from_utf8_lossy(&listing.stdout);
    Ok(listing.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// The crate a path belongs to: `crates/events/src/lib.rs` → `events`, `xtask/src/main.rs` → `xtask`.
pub(crate) fn crate_of(path: &str) -> Option<&str> {
    let mut parts = path.split('/');
    match parts.next() {
        Some("crates") => parts.next(),
        Some("xtask") => Some("xtask"),
        _ => None,
    }
}

/// Whether a whole file is test code: an integration test, or the `tests.rs` that a module's tests moved to.
pub(super) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_knows_files_and_directories() {
        let tree = Tree::of(&[("docs/adr/README.md", "x"), ("a.rs", "y")]);
        for path in ["docs", "docs/adr", "docs/adr/README.md", "a.rs", ""] {
            assert!(tree.has(path), "{path}");
        }
        for path in ["doc", "docs/adr/README", "b.rs"] {
            assert!(!tree.has(path), "{path}");
        }
        assert_eq!(tree.with_extension("rs").collect::<Vec<_>>(), [("a.rs", "y")]);
        assert_eq!(tree.text("a.rs"), Some("y"));
        assert_eq!(tree.paths().count(), tree.len());
    }

    #[test]
    fn paths_tell_crate_and_kind() {
        assert_eq!(crate_of("crates/events/src/lib.rs"), Some("events"));
        assert_eq!(crate_of("xtask/src/main.rs"), Some("xtask"));
        assert_eq!(crate_of("README.md"), None);
        assert!(is_test_file("crates/events/tests/fuzz.rs"));
        assert!(is_test_file("crates/events/src/parse/tests.rs"));
        assert!(!is_test_file("crates/events/src/parse.rs"));
    }
}
