//! Which columns does an event have in the history? Whatever it says stands in one of them, and once.
//!
//! Beside them stand what was read of it ([`Reading`]), packed for replays and, for whoever reads the files with other
//! tools, as columns of its own: see [`Deeds`].

mod deeds;

use crate::numbers::signed;
use arrow_array::builder::{BinaryBuilder, Int64Builder, StringBuilder, TimestampMillisecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use deeds::Deeds;
use events::{CallKind, CallParts, Event, Reading};
use primitives::{AnonymousId, Timestamp, UserId};
use std::sync::Arc;

/// What is read to make an event again, in the order of the file.
pub(super) const OF_EVENT: [&str; 17] = [
    "message_id",
    "type",
    "event",
    "category",
    "user_id",
    "anonymous_id",
    "group_id",
    "previous_id",
    "item_id",
    "occurred_at",
    "received_at",
    "stated_at",
    "origin",
    "properties",
    "traits",
    "context",
    "reading",
];

pub(super) fn schema() -> SchemaRef {
    let text = |name: &str, is_optional| Field::new(name, DataType::Utf8, is_optional);
    let time = |name: &str, is_optional| {
        Field::new(name, DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), is_optional)
    };
    let mut fields = vec![
        Field::new("offset", DataType::Int64, false),
        text("message_id", false),
        text("type", false),
        text("event", true),
        text("category", true),
        text("user_id", true),
        text("anonymous_id", true),
        text("group_id", true),
        text("previous_id", true),
        text("item_id", true),
        time("occurred_at", false),
        time("received_at", false),
        time("stated_at", true),
        text("origin", false),
    ];
    fields.extend(Deeds::fields());
    fields.extend([text("properties", true), text("traits", true), text("context", true)]);
    fields.push(Field::new("reading", DataType::Binary, false));
    Arc::new(Schema::new(fields))
}

/// Events on their way into columns.
pub(super) struct Columns {
    offset: Int64Builder,
    message_id: StringBuilder,
    kind: StringBuilder,
    name: StringBuilder,
    category: StringBuilder,
    user_id: StringBuilder,
    anonymous_id: StringBuilder,
    group_id: StringBuilder,
    previous_id: StringBuilder,
    item_id: StringBuilder,
    occurred_at: TimestampMillisecondBuilder,
    received_at: TimestampMillisecondBuilder,
    stated_at: TimestampMillisecondBuilder,
    origin: StringBuilder,
    deed: Deeds,
    properties: StringBuilder,
    traits: StringBuilder,
    context: StringBuilder,
    reading: BinaryBuilder,
}

impl Columns {
    pub(super) fn new() -> Self {
        let text = StringBuilder::new;
        let time = || TimestampMillisecondBuilder::new().with_timezone("UTC");
        Self {
            offset: Int64Builder::new(),
            message_id: text(),
            kind: text(),
            name: text(),
            category: text(),
            user_id: text(),
            anonymous_id: text(),
            group_id: text(),
            previous_id: text(),
            item_id: text(),
            occurred_at: time(),
            received_at: time(),
            stated_at: time(),
            origin: text(),
            deed: Deeds::new(),
            properties: text(),
            traits: text(),
            context: text(),
            reading: BinaryBuilder::new(),
        }
    }

    pub(super) fn add(&mut self, offset: u64, event: &Event) {
        let CallParts { kind, name, category, fields } = event.call.parts();
        let of = |kinds: &[CallKind]| name.filter(|_| kinds.contains(&kind));
        self.offset.append_value(signed(offset));
        self.message_id.append_value(event.message_id.as_str());
        self.kind.append_value(kind.name());
        self.name.append_option(of(&[CallKind::Track, CallKind::Page, CallKind::Screen]));
        self.category.append_option(category);
        self.user_id.append_option(event.user_id.as_ref().map(UserId::as_str));
        self.anonymous_id.append_option(event.anonymous_id.as_ref().map(AnonymousId::as_str));
        self.group_id.append_option(of(&[CallKind::Group]));
        self.previous_id.append_option(of(&[CallKind::Alias]));
        self.item_id.append_option(of(&[CallKind::Item]));
        self.occurred_at.append_value(event.occurred_at.as_millis());
        self.received_at.append_value(event.received_at.as_millis());
        self.stated_at.append_option(event.stated_at.map(Timestamp::as_millis));
        self.origin.append_value(event.origin.name());
        self.deed.add(event.deed());
        let there = |text: &str| !text.is_empty();
        let fields = Some(&*fields).filter(|fields| there(fields));
        self.properties.append_option(fields.filter(|_| !has_traits(kind)));
        self.traits.append_option(fields.filter(|_| has_traits(kind)));
        self.context.append_option(Some(event.context.as_text()).filter(|context| there(context)));
        let mut reading = vec![Reading::VERSION];
        reading.extend_from_slice(&event.packed_reading());
        self.reading.append_value(reading);
    }

    pub(super) fn batch(mut self) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.offset.finish()),
            Arc::new(self.message_id.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.name.finish()),
            Arc::new(self.category.finish()),
            Arc::new(self.user_id.finish()),
            Arc::new(self.anonymous_id.finish()),
            Arc::new(self.group_id.finish()),
            Arc::new(self.previous_id.finish()),
            Arc::new(self.item_id.finish()),
            Arc::new(self.occurred_at.finish()),
            Arc::new(self.received_at.finish()),
            Arc::new(self.stated_at.finish()),
            Arc::new(self.origin.finish()),
        ];
        let behind: [ArrayRef; 4] = [
            Arc::new(self.properties.finish()),
            Arc::new(self.traits.finish()),
            Arc::new(self.context.finish()),
            Arc::new(self.reading.finish()),
        ];
        let columns = columns.into_iter().chain(self.deed.finish()).chain(behind).collect();
        RecordBatch::try_new(schema(), columns)
    }
}

/// Whether what a call holds are traits, and not properties.
pub(super) fn has_traits(kind: CallKind) -> bool {
    matches!(kind, CallKind::Identify | CallKind::Group | CallKind::Item)
}
