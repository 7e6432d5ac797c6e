//! How does a row of a file become an event again?

use super::columns::{OF_EVENT, has_traits};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMillisecondType;
use arrow_array::{Array, BinaryArray, RecordBatch, StringArray, TimestampMillisecondArray};
use events::{Call, CallKind, CallParts, Damage, Event, Fields, Origin, Reading, RecordError};
use primitives::{AnonymousId, MessageId, Timestamp, UserId};

/// Some rows of a file.
#[derive(Debug, Default)]
pub(super) enum Rows {
    #[default]
    None,
    /// Of the first version: the record as the log had it.
    Records(Box<StringArray>),
    /// Of the second version.
    Columns(Box<Columns>),
}

/// The columns that an event is made of.
#[derive(Debug)]
pub(super) struct Columns {
    message_id: StringArray,
    kind: StringArray,
    name: StringArray,
    category: StringArray,
    user_id: StringArray,
    anonymous_id: StringArray,
    group_id: StringArray,
    previous_id: StringArray,
    item_id: StringArray,
    occurred_at: TimestampMillisecondArray,
    received_at: TimestampMillisecondArray,
    stated_at: TimestampMillisecondArray,
    origin: StringArray,
    properties: StringArray,
    traits: StringArray,
    context: StringArray,
    reading: BinaryArray,
}

impl Rows {
    /// The columns to read of files of a version.
    pub(super) fn columns(version: i64) -> &'static [&'static str] {
        if version == 1 { &["record"] } else { &OF_EVENT }
    }

    /// The rows of a batch with these columns; `None` where it has others.
    pub(super) fn of(version: i64, batch: &RecordBatch) -> Option<Self> {
        let text = |name| batch.column_by_name(name)?.as_string_opt::<i32>().cloned();
        if version == 1 {
            return Some(Self::Records(Box::new(text("record")?)));
        }
        let time = |name| batch.column_by_name(name)?.as_primitive_opt::<TimestampMillisecondType>().cloned();
        Some(Self::Columns(Box::new(Columns {
            message_id: text("message_id")?,
            kind: text("type")?,
            name: text("event")?,
            category: text("category")?,
            user_id: text("user_id")?,
            anonymous_id: text("anonymous_id")?,
            group_id: text("group_id")?,
            previous_id: text("previous_id")?,
            item_id: text("item_id")?,
            occurred_at: time("occurred_at")?,
            received_at: time("received_at")?,
            stated_at: time("stated_at")?,
            origin: text("origin")?,
            properties: text("properties")?,
            traits: text("traits")?,
            context: text("context")?,
            reading: batch.column_by_name("reading")?.as_binary_opt::<i32>()?.clone(),
        })))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Records(record) => record.len(),
            Self::Columns(columns) => columns.message_id.len(),
        }
    }

    /// The event of a row.
    pub(super) fn event(&self, row: usize) -> Result<Event, RecordError> {
        match self {
            Self::None => Err(Damage::Length.into()),
            Self::Records(record) => Event::from_record(record.value(row).as_bytes()),
            Self::Columns(columns) => Ok(columns.event(row)?),
        }
    }
}

impl Columns {
    fn event(&self, row: usize) -> Result<Event, Damage> {
        let kind = CallKind::of_stored(self.kind.value(row)).ok_or(Damage::Unknown("call"))?;
        let origin = Origin::from_name(self.origin.value(row)).ok_or(Damage::Unknown("origin"))?;
        let name = match kind {
            CallKind::Group => &self.group_id,
            CallKind::Alias => &self.previous_id,
            CallKind::Item => &self.item_id,
            _ => &self.name,
        };
        let fields = if has_traits(kind) { &self.traits } else { &self.properties };
        let fields = value(fields, row).unwrap_or_default().into();
        let parts = CallParts { kind, name: value(name, row), category: value(&self.category, row), fields };
        let (version, packed) = self.reading.value(row).split_first().ok_or(Damage::Length)?;
        let stated_at = (!self.stated_at.is_null(row)).then(|| self.stated_at.value(row));
        Ok(Event {
            message_id: MessageId::from(self.message_id.value(row)),
            user_id: value(&self.user_id, row).map(UserId::from),
            anonymous_id: value(&self.anonymous_id, row).map(AnonymousId::from),
            occurred_at: Timestamp::from_millis(self.occurred_at.value(row)),
            received_at: Timestamp::from_millis(self.received_at.value(row)),
            stated_at: stated_at.map(Timestamp::from_millis),
            call: Call::of_parts(parts)?,
            context: Fields::of_text(value(&self.context, row).unwrap_or_default()),
            origin,
            reading: Reading::of_packed(*version, packed),
        })
    }
}

fn value(column: &StringArray, row: usize) -> Option<&str> {
    (!column.is_null(row)).then(|| column.value(row))
}

#[cfg(test)]
mod tests;
