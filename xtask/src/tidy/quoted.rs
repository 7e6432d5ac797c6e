//! Is code that the documentation shows the code that is tested? A fence that names a file quotes it, whole.
//!
//! A fence opened with a language and a path from the repository's root, such as `sh clients/curl.sh`, must hold exactly
//! that file, so that what people copy is what the checks run.

use super::Finding;
use super::tree::Tree;

/// Checks every Markdown file.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.with_extension("md") {
        for quotation in quotations(text) {
            match tree.text(quotation.file) {
                None => findings.push(Finding::new(
                    path,
                    quotation.line,
                    format!("the quoted file `{}` does not exist: name one of this repository", quotation.file),
                )),
                Some(file) if file.trim_end() != quotation.code.trim_end() => findings.push(Finding::new(
                    path,
                    quotation.line,
                    format!("the code differs from `{}`: copy that file into the fence", quotation.file),
                )),
                Some(_) => {}
            }
        }
    }
    findings
}

struct Quotation<'a> {
    line: usize,
    file: &'a str,
    code: String,
}

/// The fences that name a file, with the lines they hold.
fn quotations(text: &str) -> Vec<Quotation<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Option<Quotation<'_>>> = None;
    for (idx, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let file = info.split_whitespace().nth(1).filter(|word| word.contains('/'));
                open = Some(file.map(|file| Quotation { line: idx + 1, file, code: String::new() }));
            }
            (Some(_), Some(_)) => found.extend(open.take().flatten()),
            (Some(Some(quotation)), None) => {
                quotation.code.push_str(line);
                quotation.code.push('\n');
            }
            (Some(None), None) | (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(document: &str) -> Vec<String> {
        let tree = Tree::of(&[("docs/a.md", document), ("clients/a.sh", "echo 1\n\necho 2\n")]);
        check(&tree).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn a_quoted_file_is_quoted_whole() {
        assert!(messages("```sh clients/a.sh\necho 1\n\necho 2\n```\n").is_empty());
        assert!(messages("```sh\nanything\n```\n\n```sh title\nelse\n```\n").is_empty());
        for code in ["echo 1\n", "echo 1\n\necho 3\n", ""] {
            let found = messages(&format!("text\n```sh clients/a.sh\n{code}```\n"));
            assert_eq!(found, ["docs/a.md:2: the code differs from `clients/a.sh`: copy that file into the fence"]);
        }
        assert!(messages("```sh clients/b.sh\n```\n")[0].contains("does not exist"));
    }
}
