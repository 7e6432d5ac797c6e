//! What does the table of the crates say? `crate | question | may use`, read from Markdown.
//!
//! "may use" understands `–` (nothing), a list (`primitives, events`), `primitives only`, `+ events` (what the row above
//! may use, and `events`), `all above`, `all above but storage`, and `all`.

use std::collections::BTreeSet;

/// The mark of a row whose crate is still to be written.
pub(super) const PLANNED: &str = "(not yet)";

/// The table, in its order.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
}

/// One crate, and what it may use.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) is_planned: bool,
    pub(super) allowed: BTreeSet<String>,
}

/// A row as it is written.
struct Written<'a> {
    line: usize,
    name: &'a str,
    is_planned: bool,
    may_use: &'a str,
}

impl Table {
    /// Reads the table, and says with its line what cannot be understood.
    pub(super) fn parse(text: &str) -> (Self, Vec<(usize, String)>) {
        let written = written_rows(text);
        let mut problems = Vec::new();
        if written.is_empty() {
            let message = "there is no table `crate | the question it answers | may use`: write one row for each crate";
            problems.push((1, message.to_owned()));
        }
        let all: BTreeSet<String> = written.iter().map(|row| row.name.to_owned()).collect();
        let mut rows: Vec<Row> = Vec::new();
        for row in written {
            if rows.iter().any(|earlier| earlier.name == row.name) {
                problems.push((row.line, format!("crate `{}` has two rows: keep one", row.name)));
                continue;
            }
            let (allowed, unknown) = allowed(&row, &rows, &all);
            for name in unknown {
                let message = format!("\"{name}\" is no crate above `{}`: name one, or reorder the rows", row.name);
                problems.push((row.line, message));
            }
            rows.push(Row { name: row.name.to_owned(), line: row.line, is_planned: row.is_planned, allowed });
        }
        (Self { rows }, problems)
    }

    /// The row of a crate.
    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

/// The rows of the first table whose header begins with `crate` and ends with `may use`.
fn written_rows(text: &str) -> Vec<Written<'_>> {
    let mut lines = text.lines().enumerate().map(|(idx, line)| (idx + 1, cells(line)));
    let is_header = |cells: &[&str]| cells.first() == Some(&"crate") && cells.last() == Some(&"may use");
    if !lines.by_ref().any(|(_, cells)| is_header(&cells)) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (line, cells) in lines {
        let (Some(first), Some(may_use)) = (cells.first(), cells.last()) else { break };
        if first.trim_matches(['-', ':', ' ']).is_empty() {
            continue;
        }
        let name = first.split('`').nth(1).unwrap_or(first);
        rows.push(Written { line, name, is_planned: first.contains(PLANNED), may_use });
    }
    rows
}

/// The cells of a table row; none where the line is not one.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    match line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')) {
        Some(inside) => inside.split('|').map(str::trim).collect(),
        None => Vec::new(),
    }
}

/// What the row allows, and the names in it that are no crate above.
fn allowed(row: &Written<'_>, above: &[Row], all: &BTreeSet<String>) -> (BTreeSet<String>, Vec<String>) {
    let names_above: BTreeSet<String> = above.iter().map(|row| row.name.clone()).collect();
    let cell = row.may_use.replace('`', "");
    let mut allowed = BTreeSet::new();
    let mut unknown = Vec::new();
    let mut list = cell.as_str();
    if matches!(list, "" | "–" | "—" | "-") {
        return (allowed, unknown);
    }
    if list == "all" {
        allowed = all.iter().filter(|name| *name != row.name).cloned().collect();
        return (allowed, unknown);
    }
    if let Some(but) = list.strip_prefix("all above") {
        allowed = names_above.clone();
        let excluded = but.trim().strip_prefix("but ").unwrap_or(but.trim());
        for name in names(excluded) {
            if !allowed.remove(name) {
                unknown.push(name.to_owned());
            }
        }
        return (allowed, unknown);
    }
    if let Some(added) = list.strip_prefix('+') {
        allowed = above.last().map(|row| row.allowed.clone()).unwrap_or_default();
        list = added;
    }
    for name in names(list.trim().strip_suffix(" only").unwrap_or(list)) {
        if names_above.contains(name) {
            allowed.insert(name.to_owned());
        } else {
            unknown.push(name.to_owned());
        }
    }
    (allowed, unknown)
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rows: &[(&str, &str)]) -> (Table, Vec<(usize, String)>) {
        let rows: String = rows.iter().map(|(name, may_use)| format!("| {name} | why? | {may_use} |\n")).collect();
        Table::parse(&format!(
            "| other | table |\n|---|---|\n\n| crate | question | may use |\n|---|:-:|---|\n{rows}\n| x |\n"
        ))
    }

    fn allowed_of(table: &Table, name: &str) -> Vec<String> {
        table.row(name).unwrap().allowed.iter().cloned().collect()
    }

    #[test]
    fn every_form_of_may_use_is_understood() {
        let (table, problems) = parse(&[
            ("`a`", "–"),
            ("`b`", "a"),
            ("`c`", "+ b"),
            ("`d`", "+ `c`"),
            ("`e`", "a only"),
            ("`f`", "a, c, e"),
            ("`g`", "all above"),
            ("`h` (not yet)", "all above but g"),
            ("`i`", "all"),
        ]);
        assert_eq!(problems, []);
        let cases = [
            ("a", ""),
            ("b", "a"),
            ("c", "a b"),
            ("d", "a b c"),
            ("e", "a"),
            ("f", "a c e"),
            ("g", "a b c d e f"),
            ("h", "a b c d e f"),
            ("i", "a b c d e f g h"),
        ];
        for (name, expected) in cases {
            assert_eq!(allowed_of(&table, name).join(" "), expected, "{name}");
        }
        let planned: Vec<&str> = table.rows.iter().filter(|row| row.is_planned).map(|row| row.name.as_str()).collect();
        assert_eq!(planned, ["h"]);
        assert_eq!(table.row("a").unwrap().line, 6);
    }

    #[test]
    fn what_cannot_be_understood_is_said_with_its_line() {
        let cases = [
            (vec![("`a`", "b"), ("`b`", "–")], 6, "\"b\" is no crate above `a`"),
            (vec![("`a`", "–"), ("`b`", "a, c")], 7, "\"c\" is no crate above `b`"),
            (vec![("`a`", "–"), ("`b`", "all above but c")], 7, "\"c\" is no crate above `b`"),
            (vec![("`a`", "–"), ("`a`", "–")], 7, "crate `a` has two rows"),
        ];
        for (rows, line, message) in cases {
            let (_, problems) = parse(&rows);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].0, line);
            assert!(problems[0].1.contains(message), "{problems:?}");
        }
        assert_eq!(Table::parse("nothing").1.len(), 1);
    }
}
