//! Does every link in the documentation lead somewhere? Relative paths and headings; the web is not asked.

use super::Finding;
use super::tree::Tree;
use std::collections::BTreeMap;

/// Checks every Markdown file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension("md") {
        for (line, target) in links(text) {
            if let Some(message) = broken(tree, path, &target) {
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings
}

/// Why the link does not lead anywhere, or nothing.
fn broken(tree: &Tree, from: &str, target: &str) -> Option<String> {
    let is_remote = target.contains("://") || target.starts_with("mailto:") || target.starts_with("data:");
    if is_remote || target.is_empty() {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    if file.starts_with('/') {
        return Some(format!("the link `{target}` is absolute: write it relative to this file"));
    }
    let path = if file.is_empty() { from.to_owned() } else { resolve(from, &file.replace("%20", " "))? };
    if !tree.has(&path) {
        return Some(format!("the link `{target}` leads nowhere: there is no `{path}`; correct it or add the file"));
    }
    let is_markdown = std::path::Path::new(&path).extension().is_some_and(|extension| extension == "md");
    if anchor.is_empty() || !is_markdown {
        return None;
    }
    let known = anchors(tree.text(&path).unwrap_or_default());
    (!known.iter().any(|found| found == anchor))
        .then(|| format!("the link `{target}` names no heading of `{path}`: its headings are {}", known.join(", ")))
}

/// The path of the tree that `target` means in the file `from`. One that leaves the tree keeps its `..`.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop()?;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// The targets of all links, with their lines: inline, by reference, and in HTML.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(&line);
        for (at, _) in line.match_indices("](") {
            found.push((number, inline_target(&line[at + 2..])));
        }
        if let Some((_, target)) = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push((number, target.split_whitespace().next().unwrap_or_default().to_owned()));
        }
        for attribute in ["href=\"", "src=\"", "srcset=\""] {
            for (at, _) in line.match_indices(attribute) {
                let rest = &line[at + attribute.len()..];
                found.push((number, rest.split('"').next().unwrap_or_default().to_owned()));
            }
        }
    }
    found
}

/// The target of an inline link, whose text begins after `](`: up to its parenthesis, without the title.
fn inline_target(rest: &str) -> String {
    let mut depth = 0_usize;
    let end = rest.find(|c| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        false
    });
    let inside = rest[..end.unwrap_or(rest.len())].trim();
    match inside.strip_prefix('<') {
        Some(bracketed) => bracketed.split('>').next().unwrap_or_default().to_owned(),
        None => inside.split_whitespace().next().unwrap_or_default().to_owned(),
    }
}

/// The lines outside fenced code, numbered from 1.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fence: Option<&str> = None;
    let mut found = Vec::new();
    for (idx, line) in text.lines().enumerate() {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => found.push((idx + 1, line.to_owned())),
            (Some(_), _) => {}
        }
    }
    found
}

/// The line with the inside of `code` removed.
fn without_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let n = parts.len();
    // An odd backtick at the end opens nothing.
    parts.iter().enumerate().filter(|(idx, _)| idx % 2 == 0 || idx + 1 == n).map(|(_, part)| *part).collect()
}

/// The anchors of a file: its headings as GitHub names them, and explicit ids.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, line) in prose(text) {
        for attribute in ["id=\"", "name=\""] {
            for (at, _) in line.match_indices(attribute) {
                found.push(line[at + attribute.len()..].split('"').next().unwrap_or_default().to_owned());
            }
        }
        let level = line.chars().take_while(|c| *c == '#').count();
        let Some(heading) = line.get(level..).filter(|rest| (1..=6).contains(&level) && rest.starts_with(' ')) else {
            continue;
        };
        let name = slug(heading);
        let n = seen.entry(name.clone()).or_insert(0);
        found.push(if *n == 0 { name } else { format!("{name}-{n}") });
        *n += 1;
    }
    found
}

fn slug(heading: &str) -> String {
    let heading = heading.trim().trim_end_matches('#').trim();
    // Of a link in a heading only its text is shown.
    let mut shown = String::new();
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, tail)| tail);
    }
    shown.push_str(rest);
    let kept = shown.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[
            ("docs/guide.md", text),
            (
                "docs/adr/README.md",
                "# Decisions\n## Why `SQLite`, and how?\n## Again\n## Again\n<a id=\"by-hand\"></a>\n",
            ),
            ("README.md", "# Rapport\n```\n# not a heading\n```\n"),
            ("docs/a picture.svg", "<svg/>"),
        ]);
        check(&tree).iter().filter(|finding| finding.path == "docs/guide.md").map(|finding| finding.line).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        for text in [
            "[a](adr/README.md) [b](../README.md) [c](adr) [d](adr/) [e](..)",
            "[a](adr/README.md#decisions) [b](adr/README.md#why-sqlite-and-how) [c](adr/README.md#again-1)",
            "[a](adr/README.md#by-hand) [b](../README.md \"title\") [c](<a picture.svg>) [d](a%20picture.svg)",
            "# Here\n[a](#here) [web](https://example.com/gone.md) [mail](mailto:a@example.com)",
            "`[a](gone.md)` and\n```\n[a](gone.md)\n```\n",
            "[a]\n\n[a]: ../README.md",
            "<img src=\"../README.md\"> <a href=\"adr/README.md\">",
            "[picture: ![alt](../README.md)](adr/README.md)",
        ] {
            assert_eq!(lines(text), [0; 0], "{text}");
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for text in [
            "[a](gone.md)",
            "[a](../docs/gone.md)",
            "[a](../../README.md)",
            "[a](/README.md)",
            "[a](#nowhere)",
            "[a](adr/README.md#nowhere)",
            "[a](../README.md#not-a-heading)",
            "[a](adr/README.md#again-2)",
            "[a]: gone.md",
            "<img src=\"gone.png\">",
        ] {
            assert_eq!(lines(&format!("first\n{text}\n")), [2], "{text}");
        }
    }

    #[test]
    fn headings_become_the_anchors_that_github_gives_them() {
        let cases = [
            ("The life of an event", "the-life-of-an-event"),
            ("0001: Crates, in order", "0001-crates-in-order"),
            ("`as_of` and *time*", "as_of-and-time"),
            ("See [this](that.md) now ##", "see-this-now"),
        ];
        for (heading, expected) in cases {
            assert_eq!(slug(heading), expected);
        }
    }
}
