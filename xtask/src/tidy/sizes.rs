//! Does everything fit in a head? Limits for files and functions, and the question at the top of every file.

use super::Finding;
use super::rust_source::RustSource;
use super::tree::{Tree, is_test_file};

/// Lines of code in a file: blank lines, comments and `#[cfg(test)]` items not counted.
const FILE_CODE_LINES_MAX: usize = 500;
/// Lines in a file, all counted.
const FILE_LINES_MAX: usize = 800;
/// Lines of a function, from its `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// The same in test code, where a table of cases may be long.
const TEST_FUNCTION_LINES_MAX: usize = 100;

/// Checks every Rust file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.with_extension("rs").flat_map(|(path, text)| check_file(path, text)).collect()
}

fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let source = RustSource::new(text);
    let mut findings = Vec::new();
    if needs_question(path) && !text.starts_with("//!") {
        findings.push(Finding::new(path, 1, "begin the file with `//!` and the question it answers"));
    }
    let n_lines = text.lines().count();
    if n_lines > FILE_LINES_MAX {
        let message = format!(
            "{n_lines} lines, at most {FILE_LINES_MAX}: move a part to its own file, or the tests to `tests.rs`"
        );
        findings.push(Finding::new(path, FILE_LINES_MAX + 1, message));
    }
    let n_code = source.n_code_lines();
    if !is_test_file(path) && n_code > FILE_CODE_LINES_MAX {
        let message = format!("{n_code} lines of code, at most {FILE_CODE_LINES_MAX}: split the file by question");
        findings.push(Finding::new(path, 1, message));
    }
    findings.extend(long_functions(path, &source));
    findings
}

fn long_functions(path: &str, source: &RustSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in source.functions() {
        let in_test = is_test_file(path) || source.is_test_line(function.first_line);
        let max = if in_test { TEST_FUNCTION_LINES_MAX } else { FUNCTION_LINES_MAX };
        let n_lines = function.last_line - function.first_line + 1;
        if n_lines > max {
            let message = format!("function `{}` has {n_lines} lines, at most {max}: split it", function.name);
            findings.push(Finding::new(path, function.first_line, message));
        }
    }
    findings
}

/// Sources must say which question they answer; tests, examples and benches may.
fn needs_question(path: &str) -> bool {
    path.starts_with("xtask/src/") || (path.starts_with("crates/") && path.split('/').nth(2) == Some("src"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/events/src/lib.rs";

    fn messages(path: &str, text: &str) -> Vec<String> {
        check_file(path, text).iter().map(ToString::to_string).collect()
    }

    fn function(n_lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    a();\n".repeat(n_lines - 2))
    }

    #[test]
    fn a_file_may_have_500_lines_of_code() {
        let fits = format!("//! What?\n{}", "const A: u8 = 0;\n\n".repeat(300));
        assert_eq!(messages(PATH, &fits), [""; 0]);
        let exact = format!("//! What?\n{}", "const A: u8 = 0;\n".repeat(500));
        assert_eq!(messages(PATH, &exact), [""; 0]);
        let over = format!("//! What?\n{}", "const A: u8 = 0;\n".repeat(501));
        assert_eq!(messages(PATH, &over).len(), 1);
        assert!(messages(PATH, &over)[0].contains("501 lines of code, at most 500"));
    }

    #[test]
    fn tests_and_comments_count_only_towards_800() {
        let tests = format!("//! What?\n#[cfg(test)]\nmod tests {{\n{}}}\n", "const A: u8 = 0;\n".repeat(700));
        assert_eq!(messages(PATH, &tests), [""; 0]);
        let comments = format!("//! What?\n{}", "// so\n".repeat(799));
        assert_eq!(messages(PATH, &comments), [""; 0]);
        let over = format!("//! What?\n{}", "// so\n".repeat(800));
        assert!(messages(PATH, &over)[0].starts_with("crates/events/src/lib.rs:801: 801 lines, at most 800"));
    }

    #[test]
    fn a_function_may_have_70_lines_and_100_in_tests() {
        let text = |n| format!("//! What?\n{}", function(n));
        assert_eq!(messages(PATH, &text(70)), [""; 0]);
        assert_eq!(
            messages(PATH, &text(71)),
            [format!("{PATH}:2: function `long` has 71 lines, at most 70: split it")]
        );
        assert_eq!(messages("crates/events/tests/api.rs", &text(100)), [""; 0]);
        assert_eq!(messages("crates/events/tests/api.rs", &text(101)).len(), 1);
        let in_module = |n| format!("//! What?\n#[cfg(test)]\nmod tests {{\n{}}}\n", function(n));
        assert_eq!(messages(PATH, &in_module(100)), [""; 0]);
        assert_eq!(messages(PATH, &in_module(101)).len(), 1);
    }

    #[test]
    fn a_source_begins_with_its_question() {
        for path in [PATH, "xtask/src/ci.rs", "crates/events/src/a/b.rs"] {
            assert_eq!(messages(path, "\n//! What?\n").len(), 1, "{path}");
            assert_eq!(messages(path, "//! What?\n").len(), 0, "{path}");
        }
        assert_eq!(messages("crates/events/tests/api.rs", "use a::b;\n").len(), 0);
    }
}
