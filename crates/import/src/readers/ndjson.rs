//! Which payload is on the next line?

use super::lines::{Line, Lines};
use super::source::{Counted, Opened};
use super::{FoundPayload, Payloads};
use crate::ImportError;
use serde_json::Value;

/// NDJSON: one payload a line.
pub(super) struct Ndjson {
    name: String,
    lines: Lines,
    counted: Counted,
}

impl Ndjson {
    pub(super) fn new(opened: Opened) -> Self {
        Self { name: opened.name, lines: Lines::new(opened.reader), counted: opened.counted }
    }
}

impl Payloads for Ndjson {
    fn next_payload(&mut self) -> Result<Option<(u64, FoundPayload)>, ImportError> {
        let found = self.lines.next_line();
        let line = self.lines.line;
        match found {
            Ok(Line::Text(text)) => Ok(Some((line, parse(&text)))),
            Ok(Line::Bad(reason)) => Ok(Some((line, Err((reason, Value::Null))))),
            Ok(Line::End) => Ok(None),
            Err(source) => Err(ImportError::Read { name: self.name.clone(), line, source }),
        }
    }

    fn done(&self) -> u64 {
        self.counted.bytes()
    }
}

fn parse(text: &str) -> FoundPayload {
    match serde_json::from_str::<Value>(text) {
        Ok(payload @ Value::Object(_)) => Ok(payload),
        Ok(_) => Err(("the line is JSON but not an object: write one event a line".to_owned(), Value::from(text))),
        Err(error) => Err((format!("the line is not JSON: {error}"), Value::from(text))),
    }
}
