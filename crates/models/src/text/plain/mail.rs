//! What did the writer of a mail write now, and what is quoted from before?

use std::borrow::Cow;

/// How the line ends that introduces a quote, in small letters, after a name and a date.
const INTRODUCED: [&str; 6] = ["wrote:", "schrieb:", "a écrit :", "a écrit:", "escribió:", "ha scritto:"];
/// How such a line begins, in small letters.
const BEGUN: [&str; 6] = ["on ", "am ", "le ", "el ", "il ", "\"on "];
/// Lines that part what is new from what is old, in small letters and without the signs around them.
const PARTED: [&str; 6] = [
    "original message",
    "forwarded message",
    "ursprüngliche nachricht",
    "message d'origine",
    "mensaje original",
    "messaggio originale",
];

/// The text without quoted lines, what is quoted after an introduction, and a signature. Where nothing else is there, all of it.
pub(super) fn own_words(text: &str) -> Cow<'_, str> {
    let is_quoted = |line: &str| line.trim_start().starts_with('>');
    let is_plain = !text.lines().any(|line| is_quoted(line) || ends(line));
    if is_plain {
        return Cow::Borrowed(text);
    }
    let mut own = String::with_capacity(text.len());
    for line in text.lines().take_while(|line| !ends(line)).filter(|line| !is_quoted(line)) {
        own.push_str(line);
        own.push('\n');
    }
    if own.trim().is_empty() { Cow::Borrowed(text) } else { Cow::Owned(own) }
}

/// Whether what the writer wrote now ends before this line.
fn ends(line: &str) -> bool {
    let line = line.trim_end();
    if line == "--" {
        return true;
    }
    let line = line.trim_start();
    // A long line is said, and no line between parts.
    if line.len() > 300 || !line.ends_with([':', '-', '_']) {
        return false;
    }
    let small = line.to_lowercase();
    if small.starts_with("____") {
        return small.bytes().all(|byte| byte == b'_') && small.len() >= 10;
    }
    if small.starts_with("--") && small.ends_with("--") {
        let title = small.trim_matches(['-', ' ']);
        return PARTED.contains(&title);
    }
    BEGUN.iter().any(|start| small.starts_with(start)) && INTRODUCED.iter().any(|end| small.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_is_cut_off() {
        for (text, own) in [
            ("Still nothing.\n\nOn Mon, 3 Nov 2026, Shop <a@b.example> wrote:\n> We sent it", "Still nothing.\n\n"),
            ("> We sent it\nNo, you did not", "No, you did not\n"),
            ("Hallo\nAm 03.11.2026 um 10:00 Shop schrieb:\nAlt", "Hallo\n"),
            ("Bonjour\r\n-----Message d'origine-----\r\nOld", "Bonjour\n"),
            ("Hi\n-- \nBob, Sales", "Hi\n"),
            ("Hi\n________________________________\nFrom: x", "Hi\n"),
            ("-- what is this --", "-- what is this --"),
            ("> only a quote", "> only a quote"),
            ("On it: nobody wrote:", ""),
        ] {
            let expected = if own.is_empty() { text } else { own };
            assert_eq!(own_words(text), expected, "{text}");
        }
    }
}
