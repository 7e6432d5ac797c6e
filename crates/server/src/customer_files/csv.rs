//! How is a customer written as a line of CSV? As RFC 4180 says, and so that no spreadsheet takes a text for a formula.

use super::{Entry, Holds, Sheet, writing};
use crate::error::ServerError;
use std::fs::File;
use std::io::{BufWriter, Write};

pub(super) struct Csv {
    out: BufWriter<File>,
}

impl Csv {
    pub(super) fn begin(file: File, heads: &[(String, Holds)]) -> Result<Self, ServerError> {
        let mut csv = Self { out: BufWriter::new(file) };
        csv.line(heads.iter().map(|(name, _)| field(name)))?;
        Ok(csv)
    }

    fn line(&mut self, fields: impl Iterator<Item = String>) -> Result<(), ServerError> {
        let line = fields.collect::<Vec<String>>().join(",");
        self.out.write_all(line.as_bytes()).and_then(|()| self.out.write_all(b"\r\n")).map_err(writing)
    }
}

impl Sheet for Csv {
    fn add(&mut self, rows: &[Vec<Entry>]) -> Result<(), ServerError> {
        rows.iter().try_for_each(|row| self.line(row.iter().map(entry)))
    }

    fn end(self: Box<Self>) -> Result<File, ServerError> {
        self.out.into_inner().map_err(|error| writing(error.into_error()))
    }
}

fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Nothing => String::new(),
        Entry::Number(number) => number.to_string(),
        Entry::Moment(at) => at.to_string(),
        Entry::YesNo(yes) => yes.to_string(),
        Entry::Text(text) => field(text),
    }
}

/// A text that a spreadsheet would take for a formula begins with an apostrophe.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n', ';', '\t']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, written) in [
            ("Graz", "Graz"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("a\nb", "\"a\nb\""),
            ("a;b", "\"a;b\""),
            ("=1+1", "'=1+1"),
            ("+43 1", "'+43 1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(field(text), written, "{text}");
        }
        assert_eq!(entry(&Entry::Number(-0.5)), "-0.5", "a number is no formula");
        assert_eq!((entry(&Entry::Nothing), entry(&Entry::YesNo(true))), (String::new(), "true".to_owned()));
    }
}
