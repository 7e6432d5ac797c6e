//! Which parts of a Rust file are code, which are comments, and which are tests?
//!
//! Not a parser: a scanner that knows strings, characters, lifetimes and nested comments, which is enough to match
//! braces and to look for words. What it cannot see: code that macros generate.

/// A Rust file taken apart. Both texts have the lines of the original.
pub(super) struct RustSource {
    /// The code: comments are blank, and the inside of every string is `"` throughout.
    pub(super) code: String,
    /// The comments: everything else is blank.
    pub(super) comments: String,
    /// For each line, whether it belongs to an item marked `#[cfg(test)]`.
    pub(super) is_test: Vec<bool>,
}

/// A function: its name and its first and last line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) first_line: usize,
    pub(super) last_line: usize,
}

impl RustSource {
    /// Takes a file apart.
    pub(super) fn new(text: &str) -> Self {
        let mut scanner =
            Scanner { chars: text.chars().collect(), at: 0, code: String::new(), comments: String::new() };
        scanner.run();
        let is_test = test_lines(&scanner.code);
        Self { code: scanner.code, comments: scanner.comments, is_test }
    }

    /// The lines of code with their numbers, test items left out.
    pub(super) fn lines_outside_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.code.lines().enumerate();
        numbered.filter(|(idx, _)| !self.is_test_line(idx + 1)).map(|(idx, line)| (idx + 1, line))
    }

    /// Whether the line (from 1) belongs to a test item.
    pub(super) fn is_test_line(&self, line: usize) -> bool {
        line.checked_sub(1).and_then(|idx| self.is_test.get(idx)).copied().unwrap_or(false)
    }

    /// How many lines hold code, outside test items.
    pub(super) fn n_code_lines(&self) -> usize {
        self.lines_outside_tests().filter(|(_, line)| !line.trim().is_empty()).count()
    }

    /// Every function with a body, methods and nested functions included.
    pub(super) fn functions(&self) -> Vec<Function> {
        let bytes = self.code.as_bytes();
        let mut found = Vec::new();
        for at in word_positions(&self.code, "fn") {
            let Some(name) = identifier_after(&self.code, at + 2) else { continue };
            let Some(end) = body_end(bytes, at) else { continue };
            let (first_line, last_line) = (line_of(bytes, at), line_of(bytes, end));
            found.push(Function { name: name.to_owned(), first_line, last_line });
        }
        found
    }
}

/// The positions where `word` stands alone, not inside a longer identifier.
pub(super) fn word_positions(code: &str, word: &str) -> Vec<usize> {
    let is_part = |found: Option<char>| found.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| !is_part(code[..at].chars().next_back()) && !is_part(code[at + word.len()..].chars().next()))
        .collect()
}

/// The identifier that follows `at` after white space, if there is one.
pub(super) fn identifier_after(code: &str, at: usize) -> Option<&str> {
    let rest = code.get(at..)?;
    let start = rest.trim_start();
    if start.len() == rest.len() {
        return None;
    }
    let len = start.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(start.len());
    (len > 0).then(|| &start[..len])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Text,
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

impl Scanner {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.text(),
                ('r', Some('"' | '#')) if self.starts_word() && self.raw_fence().is_some() => self.raw_text(),
                ('\'', _) => self.character_or_lifetime(),
                _ => self.take(Part::Code),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Moves past one character and writes it as what it is.
    fn take(&mut self, part: Part) {
        let Some(c) = self.peek(0) else { return };
        self.at += 1;
        let blank = if c == '\n' { '\n' } else { ' ' };
        let (code, comment) = match part {
            Part::Code => (c, blank),
            Part::Comment => (blank, c),
            Part::Text => (if c.is_whitespace() { blank } else { '"' }, blank),
        };
        self.code.push(code);
        self.comments.push(comment);
    }

    fn take_n(&mut self, n: usize, part: Part) {
        for _ in 0..n {
            self.take(part);
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.take(Part::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.peek(0).is_some() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.take_n(2, Part::Comment);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.take_n(2, Part::Comment);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.take(Part::Comment),
            }
        }
    }

    fn text(&mut self) {
        self.take(Part::Text);
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => self.take_n(2, Part::Text),
                '"' => return self.take(Part::Text),
                _ => self.take(Part::Text),
            }
        }
    }

    /// Whether the `r` here begins a word: alone, or after the `b` or `c` of a byte or C string.
    fn starts_word(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).and_then(|at| self.chars.get(at)).copied();
        let is_part = |found: Option<char>| found.is_some_and(|c| c.is_alphanumeric() || c == '_');
        match before(1) {
            Some('b' | 'c') => !is_part(before(2)),
            other => !is_part(other),
        }
    }

    /// The number of `#` of the raw string that begins here; `None` for a raw identifier such as `r#fn`.
    fn raw_fence(&self) -> Option<usize> {
        let n = self.chars[self.at + 1..].iter().take_while(|c| **c == '#').count();
        (self.peek(1 + n) == Some('"')).then_some(n)
    }

    fn raw_text(&mut self) {
        let n = self.raw_fence().unwrap_or(0);
        self.take_n(n + 2, Part::Text);
        while let Some(c) = self.peek(0) {
            if c == '"' && (1..=n).all(|ahead| self.peek(ahead) == Some('#')) {
                return self.take_n(n + 1, Part::Text);
            }
            self.take(Part::Text);
        }
    }

    fn character_or_lifetime(&mut self) {
        if self.peek(1) == Some('\\') {
            self.take_n(3, Part::Text);
            while self.peek(0).is_some_and(|c| c != '\'') {
                self.take(Part::Text);
            }
            self.take(Part::Text);
        } else if self.peek(2) == Some('\'') {
            self.take_n(3, Part::Text);
        } else {
            self.take(Part::Code);
        }
    }
}

/// For each line of code, whether an item marked `#[cfg(test)]` covers it.
fn test_lines(code: &str) -> Vec<bool> {
    let n_lines = code.lines().count();
    if code.contains("#![cfg(test)]") {
        return vec![true; n_lines];
    }
    let mut marks = vec![false; n_lines];
    let bytes = code.as_bytes();
    let starts = code.match_indices("#[cfg(test)]").chain(code.match_indices("#[cfg(all(test"));
    for (at, _) in starts {
        let end = item_end(bytes, at);
        for line in line_of(bytes, at)..=line_of(bytes, end) {
            if let Some(mark) = marks.get_mut(line - 1) {
                *mark = true;
            }
        }
    }
    marks
}

/// Where the item that begins at `from` (attributes first) ends: its `;`, or the brace that closes it.
fn item_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth <= 1 => {
                if *byte == b'}' || depth == 0 {
                    return at;
                }
                depth = 0;
            }
            b')' | b']' | b'}' => depth -= 1,
            b';' if depth == 0 => return at,
            _ => {}
        }
    }
    bytes.len().saturating_sub(1)
}

/// Where the body of the function at `from` closes; `None` for a declaration without a body.
fn body_end(bytes: &[u8], from: usize) -> Option<usize> {
    let end = item_end(bytes, from);
    (bytes.get(end) == Some(&b'}')).then_some(end)
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        RustSource::new(text).code
    }

    #[test]
    fn comments_are_blank_and_strings_are_quotes() {
        let cases = [
            ("a // {\nb", "a     \nb"),
            ("a/*{/*}*/{*/b", "a           b"),
            ("f(\"a{b\")", "f(\"\"\"\"\")"),
            (r#"f("\"{")"#, r#"f(""""")"#),
            ("f('{', '\\'', b'}')", "f(\"\"\", \"\"\"\", b\"\"\")"),
            ("f<'a>(x: &'a str)", "f<'a>(x: &'a str)"),
            ("r#\"a\"{\"#;", "\"\"\"\"\"\"\"\";"),
            ("br\"\\\";", "b\"\"\"\";"),
            ("r#fn", "r#fn"),
            ("for\"x\"", "for\"\"\""),
        ];
        for (text, expected) in cases {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn comments_keep_only_comments() {
        let source = RustSource::new("let a = \"// no\"; // yes\n/* and\nthis */ b");
        assert_eq!(source.comments.split_whitespace().collect::<Vec<_>>(), ["//", "yes", "/*", "and", "this", "*/"]);
        assert_eq!(source.comments.lines().count(), 3);
    }

    #[test]
    fn test_items_are_found_with_their_end() {
        let text = "fn a() {}\n#[cfg(test)]\n#[expect(x, reason = \"y\")]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n\
                    #[cfg(test)]\nmod far;\nfn d() {}\n";
        let source = RustSource::new(text);
        let marked: Vec<usize> = (1..=10).filter(|line| source.is_test_line(*line)).collect();
        assert_eq!(marked, [2, 3, 4, 5, 6, 8, 9]);
        assert_eq!(source.n_code_lines(), 3);
    }

    #[test]
    fn functions_have_their_lines() {
        let text = "trait T {\n    fn declared(&self);\n}\nimpl<F: Fn(u8) -> u8> S<F> {\n    fn method(\n        &self,\n    ) \
                    -> [u8; 2] {\n        // }\n        [b'}', 0]\n    }\n}\nfn one() { fn inner() {} }\ntype P = fn(u8);\n";
        let found = RustSource::new(text).functions();
        let expected = [("method", 5, 10), ("one", 12, 12), ("inner", 12, 12)];
        let expected: Vec<Function> = expected
            .iter()
            .map(|(name, first, last)| Function { name: (*name).to_owned(), first_line: *first, last_line: *last })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(word_positions("fn fns _fn fn", "fn"), [0, 11]);
        assert_eq!(identifier_after("mod  tests {", 3), Some("tests"));
        assert_eq!(identifier_after("mod(", 3), None);
    }
}
