//! Which row is on the next line, when columns are parted by runs of spaces?

use super::lines::{Line, Lines};
use super::source::{Counted, Opened};
use super::{Found, Record, Rows};
use crate::ImportError;
use crate::mapping::SourceRule;

/// A table whose columns are parted by any number of spaces and tabs.
pub(super) struct Spaced {
    name: String,
    lines: Lines,
    counted: Counted,
    columns: Vec<String>,
}

impl Spaced {
    pub(super) fn new(opened: Opened, rule: &SourceRule) -> Result<Self, ImportError> {
        let mut lines = Lines::new(opened.reader);
        let name = opened.name;
        let mut columns = rule.columns.clone();
        if rule.has_header() {
            match lines.next_line() {
                Ok(Line::Text(text)) if columns.is_empty() => {
                    columns = text.split_ascii_whitespace().map(str::to_owned).collect();
                }
                Ok(Line::Text(_)) => {}
                Ok(Line::Bad(reason)) => {
                    return Err(ImportError::Format { name, problem: format!("line 1: {reason}") });
                }
                Ok(Line::End) => {}
                Err(source) => return Err(ImportError::Read { name, line: 1, source }),
            }
        }
        super::check_columns(&name, &columns)?;
        Ok(Self { name, lines, counted: opened.counted, columns })
    }
}

impl Rows for Spaced {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next_row(&mut self, record: &mut Record) -> Result<Found, ImportError> {
        record.cells.clear();
        let found = self.lines.next_line();
        record.line = self.lines.line;
        match found {
            Ok(Line::Text(text)) => {
                record.cells.extend(text.split_ascii_whitespace());
                Ok(super::delimited::check_width(record, self.columns.len()))
            }
            Ok(Line::Bad(reason)) => Ok(Found::Bad(reason)),
            Ok(Line::End) => Ok(Found::End),
            Err(source) => Err(ImportError::Read { name: self.name.clone(), line: record.line, source }),
        }
    }

    fn done(&self) -> u64 {
        self.counted.bytes()
    }

    fn reading(&self) -> String {
        "columns parted by spaces".to_owned()
    }
}
