//! Does every crate take its version, lints and dependencies from the workspace? One place to change, one answer.

use super::Finding;
use super::tree::Tree;

/// What every package inherits.
const INHERITED: [&str; 6] = ["version", "edition", "rust-version", "license", "authors", "publish"];
/// What every package says for itself.
const OWN: [&str; 2] = ["name", "description"];

/// Checks the manifest of every member.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let is_member = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        matches!(parts[..], ["crates", _, "Cargo.toml"] | ["xtask", "Cargo.toml"])
    };
    tree.texts().filter(|(path, _)| is_member(path)).flat_map(|(path, text)| check_manifest(path, text)).collect()
}

/// One `key = value` of a manifest, with the table it stands in.
struct Entry<'a> {
    line: usize,
    table: &'a str,
    key: &'a str,
    value: &'a str,
}

fn check_manifest(path: &str, text: &str) -> Vec<Finding> {
    let entries = entries(text);
    let has = |table: &str, key: &str, value: Option<&str>| {
        entries.iter().any(|e| e.table == table && e.key == key && value.is_none_or(|value| e.value == value))
    };
    let mut findings = Vec::new();
    for key in OWN {
        if !has("package", key, None) {
            findings.push(Finding::new(path, 1, format!("`{key}` is missing in [package]: write one")));
        }
    }
    for key in INHERITED {
        if !has("package", &format!("{key}.workspace"), Some("true")) {
            let message = format!("`{key}` is not the workspace's: write `{key}.workspace = true` in [package]");
            findings.push(Finding::new(path, 1, message));
        }
    }
    if !has("lints", "workspace", Some("true")) {
        findings.push(Finding::new(
            path,
            1,
            "the workspace's lints are not in force: add `[lints]` `workspace = true`",
        ));
    }
    for entry in entries.iter().filter(|entry| is_dependency_table(entry.table)) {
        let inherits = (entry.key.ends_with(".workspace") && entry.value == "true")
            || entry.value.split([',', '{', '}']).any(|part| part.trim() == "workspace = true");
        if !inherits {
            let message = format!(
                "dependency `{}` has its own version: declare it in the root's [workspace.dependencies] and write \
                 `workspace = true` here",
                entry.key
            );
            findings.push(Finding::new(path, entry.line, message));
        }
    }
    findings
}

fn is_dependency_table(table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap_or_default();
    matches!(last, "dependencies" | "dev-dependencies" | "build-dependencies")
}

/// The entries of a manifest, one a line; what continues on further lines is not looked at.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut table = "";
    let mut found = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            table = name.trim_matches(['[', ']']);
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            found.push(Entry { line: idx + 1, table, key: key.trim(), value: value.trim() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"events\"\ndescription = \"What happened?\"\nversion.workspace = true\n\
                        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
                        authors.workspace = true\npublish.workspace = true\n\n[lints]\nworkspace = true # all\n\n\
                        [dependencies]\nserde.workspace = true\nserde_json = { workspace = true, features = [\"raw_value\"] }\n\
                        [dev-dependencies]\nproptest.workspace = true\n[target.'cfg(unix)'.dependencies]\nlibc.workspace = true\n\
                        [[bin]]\nname = \"events\"\n";

    fn messages(text: &str) -> Vec<String> {
        check_manifest("crates/events/Cargo.toml", text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_manifest_that_inherits_everything_passes() {
        assert_eq!(messages(GOOD), [""; 0]);
    }

    #[test]
    fn each_thing_left_out_is_named() {
        for (from, to, word) in [
            ("name = \"events\"\ndesc", "desc", "`name`"),
            ("description = \"What happened?\"\n", "", "`description`"),
            ("version.workspace = true\nedition", "version = \"1.0.0\"\nedition", "`version`"),
            ("license.workspace = true\n", "", "`license`"),
            ("[lints]\nworkspace = true # all\n", "", "lints"),
            ("serde.workspace = true", "serde = \"1\"", "`serde`"),
            ("{ workspace = true,", "{ version = \"1\",", "`serde_json`"),
            ("proptest.workspace = true", "proptest = \"1\"", "`proptest`"),
            ("libc.workspace = true", "libc = \"1\"", "`libc`"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let said = messages(&GOOD.replacen(from, to, 1));
            assert_eq!(said.len(), 1, "{from}: {said:?}");
            assert!(said[0].contains(word), "{said:?}");
        }
    }

    #[test]
    fn only_members_are_checked() {
        let tree = Tree::of(&[("Cargo.toml", "[workspace]\n"), ("crates/events/fixtures/Cargo.toml", "")]);
        assert_eq!(check(&tree), []);
        assert_ne!(check(&Tree::of(&[("xtask/Cargo.toml", "")])), []);
    }
}
