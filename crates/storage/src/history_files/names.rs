//! Which of the history's events mention certain names? Found in the columns; only their records are opened.

use super::offsets::Offsets;
use super::parts::Round;
use super::read::{Content, RoundRows, Selected};
use crate::StorageError;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, StringArray};
use events::{CallKind, Event};
use profiles::Identifier;
use std::collections::HashSet;

/// Names that are looked for.
#[derive(Debug)]
pub(crate) struct Names {
    all: HashSet<Identifier>,
    users: HashSet<String>,
    devices: HashSet<String>,
}

impl Names {
    pub(crate) fn of(names: &[Identifier]) -> Self {
        let texts = |of: fn(&Identifier) -> Option<&str>| names.iter().filter_map(of).map(str::to_owned).collect();
        Self {
            users: texts(|name| match name {
                Identifier::User(id) => Some(id.as_str()),
                Identifier::Anonymous(_) => None,
            }),
            devices: texts(|name| match name {
                Identifier::User(_) => None,
                Identifier::Anonymous(id) => Some(id.as_str()),
            }),
            all: names.iter().cloned().collect(),
        }
    }

    /// Whether an event mentions one of them.
    pub(crate) fn are_mentioned(&self, event: &Event) -> bool {
        Identifier::mentioned(event).any(|name| self.all.contains(&name))
    }
}

impl Round {
    /// The rows after an offset that may mention one of these names, in order: all that do, and every `alias`, whose other
    /// name stands in no column. Makes sure that no row is missing but what is known to be.
    pub(crate) fn naming(&self, names: &Names, after: u64, missing: &Offsets) -> Result<RoundRows, StorageError> {
        let (mut selected, mut found) = (Vec::new(), Vec::new());
        for part in &self.parts {
            let content = Content::of(part)?;
            let (mut rows, mut offsets, mut n_before) = (Vec::new(), Vec::new(), 0);
            for batch in content.batches(&["offset", "type", "user_id", "anonymous_id"])? {
                let places = batch.column(0).as_primitive::<Int64Type>();
                let [kinds, users, devices] = [1, 2, 3].map(|column| batch.column(column).as_string::<i32>());
                let is_one_of = |column: &StringArray, row, names: &HashSet<String>| {
                    !column.is_null(row) && names.contains(column.value(row))
                };
                for row in 0..batch.num_rows() {
                    let offset = crate::numbers::unsigned(places.value(row));
                    let may_mention = kinds.value(row) == CallKind::Alias.name()
                        || is_one_of(users, row, &names.users)
                        || is_one_of(devices, row, &names.devices);
                    found.extend((offset > after).then_some((offset, offset)));
                    if offset > after && may_mention {
                        rows.push(n_before + row);
                        offsets.push(offset);
                    }
                }
                n_before += batch.num_rows();
            }
            if !rows.is_empty() {
                selected.push(Selected { content, rows: Some(rows), offsets });
            }
        }
        self.check_complete(Offsets::of(found).n(), after, missing)?;
        Ok(RoundRows::in_order(selected, after))
    }
}
