//! Which columns does the mapping use, and which key asks for each?

use super::MappingError;
use super::cell::Check;

/// A column that the mapping uses; its index among all of them is its slot.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// The first key that asked for it.
    pub(super) used_by: String,
}

/// The columns found so far, and what their cells must be.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) columns: Vec<Column>,
    checks: Vec<Check>,
}

impl Names {
    /// The slot of a column.
    pub(super) fn slot(&mut self, column: &str, scope: &Scope) -> Result<usize, MappingError> {
        if column.is_empty() {
            return Err(scope.error("a column's name is empty", "name a column of the file"));
        }
        if let Some(slot) = self.columns.iter().position(|known| known.name == column) {
            return Ok(slot);
        }
        self.columns.push(Column { name: column.to_owned(), used_by: scope.key.clone() });
        Ok(self.columns.len() - 1)
    }

    /// Every row's cell will be checked.
    pub(super) fn must_be(&mut self, check: Check) {
        if !self.checks.contains(&check) {
            self.checks.push(check);
        }
    }

    pub(super) fn take_checks(&mut self) -> Vec<Check> {
        std::mem::take(&mut self.checks)
    }
}

/// Where in the mapping file we are, for messages.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    file: String,
    key: String,
}

impl Scope {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), key: String::new() }
    }

    /// The scope of a key inside this one.
    pub(super) fn key(&self, key: &str) -> Self {
        let key = if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) };
        Self { file: self.file.clone(), key }
    }

    pub(super) fn error(&self, problem: impl Into<String>, advice: impl Into<String>) -> MappingError {
        let key = if self.key.is_empty() { "the file".to_owned() } else { self.key.clone() };
        MappingError::Value { file: self.file.clone(), key, problem: problem.into(), advice: advice.into() }
    }
}
