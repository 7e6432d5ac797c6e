//! Do files need each other in a circle? What stands in one room of the house can be read without the rooms above it.
//!
//! A file and the folder of its own parts are one room: inside it they may name each other. Of the rooms beside each other,
//! none may need one that needs it, be it over others. What is needed is told from `use` and from paths, and a name that is
//! passed on (`pub use`) counts where it stands. Not a compiler: what macros write is not seen.

use super::Finding;
use super::rust_source::RustSource;
use super::tree::{Tree, crate_of, is_test_file};
use std::collections::{BTreeMap, BTreeSet};

/// A module of a crate, by its names from the root on; the root has none.
type Module = Vec<String>;

/// Which names the first room takes from the second.
type Needs = BTreeMap<(Module, Module), BTreeSet<String>>;

/// Checks every crate.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Crate> = BTreeMap::new();
    for (path, text) in tree.with_extension("rs") {
        let Some(name) = crate_of(path).filter(|_| !is_test_file(path)) else { continue };
        let Some((_, inside)) = path.split_once("/src/") else { continue };
        crates.entry(name).or_default().add(path, inside, text);
    }
    crates.values().flat_map(Crate::check).collect()
}

/// The modules of a crate.
#[derive(Default)]
struct Crate {
    files: BTreeMap<Module, File>,
}

/// What a file says of others.
struct File {
    path: String,
    /// Names that it passes on, each with what stands for it.
    passed_on: BTreeMap<String, Vec<String>>,
    /// Paths that it needs.
    needed: Vec<Vec<String>>,
}

impl Crate {
    fn add(&mut self, path: &str, inside: &str, text: &str) {
        let mut module: Module = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| matches!(last.as_str(), "lib" | "main" | "mod")) {
            module.pop();
        }
        let source = RustSource::new(text);
        let code: Vec<&str> = source.lines_outside_tests().map(|(_, line)| line).collect();
        self.files.insert(module, File::read(path, &code.join("\n")));
    }

    fn check(&self) -> Vec<Finding> {
        let mut levels: BTreeMap<Module, Needs> = BTreeMap::new();
        for (module, file) in &self.files {
            for path in &file.needed {
                let Some((other, name)) = self.resolve(module, path, 0) else { continue };
                let common = module.iter().zip(&other).take_while(|(a, b)| a == b).count();
                if module.len() > common && other.len() > common {
                    let rooms = (module[..=common].to_vec(), other[..=common].to_vec());
                    levels.entry(module[..common].to_vec()).or_default().entry(rooms).or_default().insert(name);
                }
            }
        }
        levels.values().flat_map(|needs| self.circles(needs)).collect()
    }

    /// The module in which a path ends, and the name that it takes from there.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<(Module, String)> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => {
                let n_up = path.iter().take_while(|part| *part == "super").count();
                (from[..from.len().checked_sub(n_up)?].to_vec(), &path[n_up..])
            }
            first if self.files.contains_key(&below(from, first)) => (from.clone(), path),
            _ => return None,
        };
        while let Some(next) = rest.first().map(|part| below(&at, part)).filter(|next| self.files.contains_key(next)) {
            (at, rest) = (next, &rest[1..]);
        }
        let name = rest.first().cloned().unwrap_or_else(|| "itself".to_owned());
        // A circle of names that are passed on would go on for ever.
        let passed_on = self.files.get(&at).and_then(|file| file.passed_on.get(&name)).filter(|_| depth < 8);
        let stands_for = passed_on.and_then(|path| self.resolve(&at, path, depth + 1));
        stands_for.or(Some((at, name)))
    }

    fn circles(&self, needs: &Needs) -> Vec<Finding> {
        let rooms: BTreeSet<&Module> = needs.keys().map(|(from, _)| from).collect();
        let mut told: BTreeSet<&Module> = BTreeSet::new();
        let mut findings = Vec::new();
        for room in rooms {
            let reached = reached(needs, room);
            if !reached.contains(room) || told.contains(room) {
                continue;
            }
            let circle: BTreeSet<&Module> =
                reached.iter().copied().filter(|other| self::reached(needs, other).contains(room)).collect();
            told.extend(&circle);
            let inside = needs.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
            let said = inside.map(|((from, to), names)| {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("{} takes {} of {}", from.join("/"), names.join(", "), to.join("/"))
            });
            let said: Vec<String> = said.collect();
            let path = self.files.get(room).map_or_else(|| room.join("/"), |file| file.path.clone());
            let message = format!(
                "files need each other in a circle: {}. Move what both need into a file below",
                said.join("; ")
            );
            findings.push(Finding::new(&path, 1, message));
        }
        findings
    }
}

/// Every room that one needs, be it over others.
fn reached<'a>(needs: &'a Needs, from: &Module) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Module> = needs.keys().filter(|(one, _)| one == from).map(|(_, to)| to).collect();
    while let Some(room) = next.pop() {
        if found.insert(room) {
            next.extend(needs.keys().filter(|(one, _)| one == room).map(|(_, to)| to));
        }
    }
    found
}

fn below(module: &[String], name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

impl File {
    fn read(path: &str, code: &str) -> Self {
        let mut file = Self { path: path.to_owned(), passed_on: BTreeMap::new(), needed: Vec::new() };
        let mut imported: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut rest = String::new();
        for statement in code.split_inclusive(';') {
            let Some((before, tree)) = use_tree(statement) else {
                rest.push_str(statement);
                continue;
            };
            rest.push_str(before);
            let is_passed_on = before.trim_end().ends_with(|c: char| c == ')' || c.is_alphanumeric())
                && before.rsplit(['\n', '}', ']', ';']).next().is_some_and(|line| line.trim_start().starts_with("pub"));
            for (path, name) in paths_of(tree) {
                if is_passed_on {
                    file.passed_on.insert(name, path);
                } else {
                    imported.insert(name, path.clone());
                    file.needed.push(path);
                }
            }
        }
        for path in written_paths(&rest) {
            let known = path.first().and_then(|first| imported.get(first));
            file.needed.push(match known {
                Some(known) => known.iter().chain(&path[1..]).cloned().collect(),
                None => path,
            });
        }
        file
    }
}

/// What stands before a `use`, and the tree behind it.
fn use_tree(statement: &str) -> Option<(&str, &str)> {
    let at = super::rust_source::word_positions(statement, "use").into_iter().next()?;
    let tree = statement.get(at + 3..)?.trim_end_matches(';');
    // `impl Trait + use<'a>` is none.
    (!tree.starts_with('<')).then_some((&statement[..at], tree))
}

/// The paths of a `use` tree, each with the name it gets.
fn paths_of(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some((before, inside)) = tree.split_once('{') {
        let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
        return split_outside_braces(inside).iter().flat_map(|part| paths_of(&format!("{before}{part}"))).collect();
    }
    let (path, name) =
        tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim().to_owned())));
    let mut path: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
    if name.is_empty() { Vec::new() } else { vec![(path, name)] }
}

fn split_outside_braces(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Paths of two parts and more that stand in code.
fn written_paths(code: &str) -> Vec<Vec<String>> {
    let is_of_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c: char| !is_of_path(c)).filter(|word| word.contains("::"));
    let parts = words.map(|word| word.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect());
    parts.filter(|path: &Vec<String>| path.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn two_files_that_need_each_other_are_a_circle() {
        let one = ("crates/x/src/one.rs", "use crate::two::Two;\npub struct One;");
        for back in ["use crate::one::One;", "use super::one::{self};", "fn f() { crate::one::One }", "use crate::One;"]
        {
            let files =
                [("crates/x/src/lib.rs", "mod one;\nmod two;\npub use one::One;"), one, ("crates/x/src/two.rs", back)];
            let found = found(&files);
            assert_eq!(found.len(), 1, "{back}: {found:?}");
            assert!(
                found[0].contains("one takes Two of two") && found[0].starts_with("crates/x/src/one.rs:1"),
                "{found:?}"
            );
        }
        assert!(found(&[one, ("crates/x/src/two.rs", "pub struct Two;")]).is_empty());
        assert!(found(&[one, ("crates/y/src/two.rs", "use crate::one::One;")]).is_empty(), "another crate");
    }

    #[test]
    fn a_circle_over_a_third_file_is_told_once() {
        let found = found(&[
            ("crates/x/src/a.rs", "use crate::b::{B, Other as Third};"),
            ("crates/x/src/b.rs", "fn f(c: &crate::c::C) {}"),
            ("crates/x/src/c.rs", "use crate::a;\nfn f() { a::call() }"),
            ("crates/x/src/d.rs", "use crate::a::A;"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        for said in ["a takes B, Other of b", "b takes C of c", "c takes call, itself of a"] {
            assert!(found[0].contains(said), "{said}: {found:?}");
        }
        assert!(!found[0].contains("d takes"));
    }

    #[test]
    fn a_file_and_its_parts_are_one_room() {
        let inside = [
            ("crates/x/src/a.rs", "mod part;\nuse part::Part;\npub struct A;"),
            ("crates/x/src/a/part.rs", "use super::A;\npub struct Part;"),
        ];
        assert!(found(&inside).is_empty());
        // Seen from beside it, what a part needs the room needs.
        let other = ("crates/x/src/b.rs", "use crate::a::A;\npub struct B;");
        let part = ("crates/x/src/a/part.rs", "use crate::b::B;");
        assert_eq!(found(&[inside[0], part, other]).len(), 1);
        // Two parts of one room may not need each other.
        let parts = [("crates/x/src/a/p.rs", "use super::q::Q;"), ("crates/x/src/a/q.rs", "use super::p::P;")];
        assert_eq!(found(&[inside[0], parts[0], parts[1]]).len(), 1);
    }

    #[test]
    fn tests_and_comments_need_what_they_like() {
        let a = ("crates/x/src/a.rs", "use crate::b::B;\n");
        for b in [
            "// use crate::a::A;",
            "#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n",
            "fn f() -> &'static str { \"crate::a::A\" }",
        ] {
            assert!(found(&[a, ("crates/x/src/b.rs", b)]).is_empty(), "{b}");
        }
        assert!(found(&[a, ("crates/x/src/b/tests.rs", "use crate::a::A;")]).is_empty());
        assert!(found(&[a, ("crates/x/tests/b.rs", "use crate::a::A;")]).is_empty());
    }
}
