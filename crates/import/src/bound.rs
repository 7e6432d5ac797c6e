//! Where in a table stand the columns that a mapping names?

use super::mapping::Row;
use super::readers::{Found, Record, Rows};
use super::{ImportError, Mapping};
use primitives::Timestamp;

/// A table whose columns the mapping found.
pub(crate) struct Table<'m> {
    pub(crate) rows: Box<dyn Rows>,
    pub(crate) mapping: &'m Mapping,
    places: Vec<usize>,
}

impl<'m> Table<'m> {
    pub(crate) fn bind(rows: Box<dyn Rows>, name: &str, mapping: Option<&'m Mapping>) -> Result<Self, ImportError> {
        let found = format!("{} ({})", rows.columns().join(", "), rows.reading());
        let Some(mapping) = mapping else {
            return Err(ImportError::NeedsMapping { name: name.to_owned(), columns: found });
        };
        let places = mapping.places(rows.columns()).map_err(|(column, used_by)| ImportError::MissingColumn {
            name: name.to_owned(),
            mapping: mapping.name().to_owned(),
            column,
            used_by,
            found,
        })?;
        Ok(Self { rows, mapping, places })
    }

    /// Reads the next row. Of a bad one the cells that are there, so that it can be told which order it belongs to.
    pub(crate) fn next(&mut self, record: &mut Record, row: &mut Row) -> Result<Found, ImportError> {
        let found = self.rows.next_row(record)?;
        self.mapping.project(&record.cells, &self.places, row);
        (row.line, row.at) = (record.line, Timestamp::default());
        Ok(found)
    }
}
