//! Do the crates use only what ARCHITECTURE.md allows? Its table is read and compared with `cargo metadata`.

mod table;

use super::Finding;
use super::tree::Tree;
use anyhow::{Context, Result};
use std::path::Path;
use table::Table;

/// Where the table stands.
const ARCHITECTURE: &str = "ARCHITECTURE.md";
/// The one crate that is not a stage of the product and may be absent from the table.
const XTASK: &str = "xtask";

/// Promises that hold whatever the table says: who alone may use a crate.
const ONLY: [(&str, &[&str]); 9] = [
    ("storage", &["server"]),
    ("cluster", &["server"]),
    ("console", &["server"]),
    ("import", &["server"]),
    ("engine", &["server"]),
    ("axum", &["server"]),
    ("tokio", &["server", "cluster"]),
    ("toml", &["server", "import"]),
    ("clap", &["server", XTASK]),
];

/// Promises that hold whatever the table says: `models` is arrays, and a policy cannot see its own evaluation.
const NEVER: [(&str, &[&str]); 2] = [
    (
        "models",
        &["governance", "events", "profiles", "features", "learning", "decisions", "measurement", "storage", "server"],
    ),
    ("decisions", &["measurement"]),
];

/// A member of the workspace.
pub(super) struct Member {
    /// Its package name.
    pub(super) name: String,
    /// Its manifest, relative to the root.
    pub(super) manifest: String,
    /// What it depends on, in its code, tests and build.
    pub(super) dependencies: Vec<Dependency>,
}

/// What a member depends on.
pub(super) struct Dependency {
    pub(super) name: String,
    /// Whether it is a member itself.
    pub(super) is_member: bool,
}

/// The members of the workspace, from `cargo metadata`.
pub(super) fn members(root: &Path) -> Result<Vec<Member>> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("could not read the workspace with `cargo metadata`")?;
    let names: Vec<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let member = |package: &cargo_metadata::Package| {
        let manifest = package.manifest_path.strip_prefix(&metadata.workspace_root).unwrap_or(&package.manifest_path);
        let dependencies = package.dependencies.iter().map(|dependency| Dependency {
            name: dependency.name.clone(),
            is_member: dependency.path.is_some() && names.contains(&dependency.name),
        });
        Member {
            name: package.name.to_string(),
            manifest: manifest.as_str().replace('\\', "/"),
            dependencies: dependencies.collect(),
        }
    };
    Ok(metadata.packages.iter().map(member).collect())
}

/// Compares the members with the table and with the promises.
pub(super) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members {
        findings.extend(promises(tree, member));
    }
    let Some(text) = tree.text(ARCHITECTURE) else {
        findings.push(Finding::new(ARCHITECTURE, 1, "the file is missing: write it, with the table of the crates"));
        return findings;
    };
    let (table, problems) = Table::parse(text);
    findings.extend(problems.into_iter().map(|(line, message)| Finding::new(ARCHITECTURE, line, message)));
    if table.rows.is_empty() {
        return findings;
    }
    findings.extend(missing(&table, members));
    for member in members.iter().filter(|member| member.name != XTASK) {
        findings.extend(uses(tree, &table, member));
    }
    findings
}

/// Crates without a row, and rows without a crate.
fn missing(table: &Table, members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members.iter().filter(|member| member.name != XTASK && table.row(&member.name).is_none()) {
        let message = format!(
            "crate `{}` is not in the table of {ARCHITECTURE}: a new crate needs a row and an ADR",
            member.name
        );
        findings.push(Finding::new(&member.manifest, 1, message));
    }
    for row in &table.rows {
        let exists = members.iter().any(|member| member.name == row.name);
        let message = match (exists, row.is_planned) {
            (true, true) => format!("crate `{}` exists: remove \"{}\" from its row", row.name, table::PLANNED),
            (false, false) => {
                format!("there is no crate `{}`: remove the row, or mark it \"{}\"", row.name, table::PLANNED)
            }
            _ => continue,
        };
        findings.push(Finding::new(ARCHITECTURE, row.line, message));
    }
    findings
}

/// Dependencies on members that the row of `member` does not allow.
fn uses(tree: &Tree, table: &Table, member: &Member) -> Vec<Finding> {
    let Some(row) = table.row(&member.name) else { return Vec::new() };
    let used = member.dependencies.iter().filter(|dependency| dependency.is_member && dependency.name != member.name);
    used.filter(|dependency| !row.allowed.contains(&dependency.name))
        .map(|dependency| {
            let message = format!(
                "`{}` may not use `{}` (line {} of {ARCHITECTURE}): turn the dependency round, or change the table with \
                 an ADR",
                member.name, dependency.name, row.line
            );
            Finding::new(&member.manifest, line_of(tree, &member.manifest, &dependency.name), message)
        })
        .collect()
}

fn promises(tree: &Tree, member: &Member) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dependency in &member.dependencies {
        let name = dependency.name.as_str();
        let only = ONLY.iter().find(|(used, _)| *used == name).filter(|(_, by)| !by.contains(&member.name.as_str()));
        if let Some((_, by)) = only {
            let message =
                format!("only {} may use `{name}`: move what needs it there, behind a port", by.join(" and "));
            findings.push(Finding::new(&member.manifest, line_of(tree, &member.manifest, name), message));
        }
        let never = NEVER.iter().any(|(user, used)| *user == member.name && used.contains(&name));
        if never && dependency.is_member {
            let message = format!("`{}` must never see `{name}`: hand it over as values", member.name);
            findings.push(Finding::new(&member.manifest, line_of(tree, &member.manifest, name), message));
        }
    }
    findings
}

/// The line of a manifest that declares a dependency, or the first where it cannot be found.
fn line_of(tree: &Tree, manifest: &str, dependency: &str) -> usize {
    let declares = |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    tree.text(manifest).and_then(|text| text.lines().position(declares)).map_or(1, |idx| idx + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# A\n\n| crate | the question it answers | may use |\n|---|---|---|\n\
        | `primitives` | which words? | – |\n| `governance` | who may? | primitives |\n| `events` | what? | + governance |\n\
        | `models` | the mathematics | primitives only |\n| `decisions` | what to do? | all above |\n\
        | `measurement` | did it work? | primitives, events |\n| `storage` | the ports | all above |\n\
        | `cluster` (not yet) | the ports on many | all above but storage |\n| `server` | the program | all |\n";

    fn member(name: &str, uses: &[&str]) -> Member {
        let is_member = |used: &str| TABLE.contains(&format!("`{used}`")) || used == "extra";
        let dependencies = uses.iter().map(|used| Dependency { name: (*used).to_owned(), is_member: is_member(used) });
        let manifest = if name == XTASK { "xtask/Cargo.toml".to_owned() } else { format!("crates/{name}/Cargo.toml") };
        Member { name: name.to_owned(), manifest, dependencies: dependencies.collect() }
    }

    fn workspace() -> Vec<Member> {
        vec![
            member("primitives", &["serde"]),
            member("governance", &["primitives"]),
            member("events", &["primitives", "governance"]),
            member("models", &["primitives"]),
            member("decisions", &["primitives", "governance", "events", "models"]),
            member("measurement", &["primitives", "events"]),
            member("storage", &["primitives", "decisions", "measurement"]),
            member("server", &["storage", "decisions", "axum", "tokio", "clap", "anyhow"]),
            member(XTASK, &["clap", "anyhow"]),
        ]
    }

    fn messages(table: &str, members: &[Member]) -> Vec<String> {
        check(&Tree::of(&[(ARCHITECTURE, table)]), members).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_workspace_of_the_table_passes() {
        assert_eq!(messages(TABLE, &workspace()), [""; 0]);
    }

    #[test]
    fn a_dependency_against_the_table_is_found() {
        let cases = [
            ("governance", "events", "may not use `events`"),
            ("events", "models", "may not use `models`"),
            ("models", "events", "may not use `events`"),
            ("models", "events", "must never see `events`"),
            ("decisions", "measurement", "must never see `measurement`"),
            ("measurement", "decisions", "may not use `decisions`"),
            ("measurement", "storage", "only server may use `storage`"),
            ("storage", "server", "may not use `server`"),
            ("events", "axum", "only server may use `axum`"),
            ("events", "tokio", "only server and cluster may use `tokio`"),
            ("events", "clap", "only server and xtask may use `clap`"),
            (XTASK, "storage", "only server may use `storage`"),
        ];
        for (user, used, expected) in cases {
            let mut members = workspace();
            let found = members.iter_mut().find(|member| member.name == user).unwrap();
            found
                .dependencies
                .push(Dependency { name: used.to_owned(), is_member: TABLE.contains(&format!("`{used}`")) });
            let said = messages(TABLE, &members);
            assert!(said.iter().any(|line| line.contains(expected)), "{user} -> {used}: {said:#?}");
        }
    }

    #[test]
    fn crates_and_rows_belong_together() {
        let mut members = workspace();
        members.push(member("extra", &[]));
        assert!(messages(TABLE, &members)[0].contains("crate `extra` is not in the table"));

        let mut members = workspace();
        members.retain(|member| member.name != "models");
        let said = messages(TABLE, &members);
        assert_eq!(said, ["ARCHITECTURE.md:8: there is no crate `models`: remove the row, or mark it \"(not yet)\""]);

        let mut members = workspace();
        members.push(member("cluster", &["primitives", "tokio"]));
        let said = messages(TABLE, &members);
        assert_eq!(said, ["ARCHITECTURE.md:12: crate `cluster` exists: remove \"(not yet)\" from its row"]);
    }

    #[test]
    fn a_finding_points_at_the_dependency() {
        let manifest =
            "[package]\nname = \"events\"\n\n[dependencies]\nserde_json.workspace = true\nserver.workspace = true\n";
        let tree = Tree::of(&[(ARCHITECTURE, TABLE), ("crates/events/Cargo.toml", manifest)]);
        let found = check(&tree, &[member("events", &["server"])]);
        let at: Vec<usize> = found
            .iter()
            .filter(|finding| finding.path == "crates/events/Cargo.toml")
            .map(|finding| finding.line)
            .collect();
        assert_eq!(at, [6]);
    }

    #[test]
    fn without_a_table_there_is_one_finding() {
        assert_eq!(messages("# A\n", &workspace()).len(), 1);
        assert_eq!(check(&Tree::of(&[]), &workspace()).len(), 1);
    }
}
