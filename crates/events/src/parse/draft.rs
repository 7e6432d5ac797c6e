//! Which fields did the client send? One pass over the JSON that refuses what has two meanings.

use crate::rejection::shown;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::fmt;

/// A field of an event that means something to us; all others are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Type,
    MessageId,
    UserId,
    AnonymousId,
    Timestamp,
    OriginalTimestamp,
    SentAt,
    Context,
    Traits,
    Properties,
    Event,
    Name,
    Category,
    GroupId,
    PreviousId,
    ItemId,
    WriteKey,
}

impl Field {
    const COUNT: usize = 17;

    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "type" => Self::Type,
            "messageId" => Self::MessageId,
            "userId" => Self::UserId,
            "anonymousId" => Self::AnonymousId,
            "timestamp" => Self::Timestamp,
            "originalTimestamp" => Self::OriginalTimestamp,
            "sentAt" => Self::SentAt,
            "context" => Self::Context,
            "traits" => Self::Traits,
            "properties" => Self::Properties,
            "event" => Self::Event,
            "name" => Self::Name,
            "category" => Self::Category,
            "groupId" => Self::GroupId,
            "previousId" => Self::PreviousId,
            "itemId" => Self::ItemId,
            "writeKey" => Self::WriteKey,
            _ => return None,
        })
    }

    /// Where the field is, as a JSON pointer.
    pub(super) fn pointer(self) -> &'static str {
        match self {
            Self::Type => "/type",
            Self::MessageId => "/messageId",
            Self::UserId => "/userId",
            Self::AnonymousId => "/anonymousId",
            Self::Timestamp => "/timestamp",
            Self::OriginalTimestamp => "/originalTimestamp",
            Self::SentAt => "/sentAt",
            Self::Context => "/context",
            Self::Traits => "/traits",
            Self::Properties => "/properties",
            Self::Event => "/event",
            Self::Name => "/name",
            Self::Category => "/category",
            Self::GroupId => "/groupId",
            Self::PreviousId => "/previousId",
            Self::ItemId => "/itemId",
            Self::WriteKey => "/writeKey",
        }
    }
}

/// The fields of one event, not yet understood. An absent field is `null`: to us both mean the same.
#[derive(Debug, Default)]
pub(super) struct Draft([Value; Field::COUNT]);

impl Draft {
    /// Moves a field out.
    pub(super) fn take(&mut self, field: Field) -> Value {
        self.0[field as usize].take()
    }

    /// Looks at a field.
    pub(super) fn get(&self, field: Field) -> &Value {
        &self.0[field as usize]
    }

    /// The write key, where the event carries one.
    pub(super) fn take_write_key(&mut self) -> Option<String> {
        match self.take(Field::WriteKey) {
            Value::String(key) if !key.is_empty() => Some(key),
            _ => None,
        }
    }
}

impl From<Map<String, Value>> for Draft {
    fn from(object: Map<String, Value>) -> Self {
        let mut draft = Self::default();
        for (name, value) in object {
            if let Some(field) = Field::from_name(&name) {
                draft.0[field as usize] = value;
            }
        }
        draft
    }
}

impl<'de> serde::Deserialize<'de> for Draft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DraftVisitor)
    }
}

struct DraftVisitor;

impl<'de> Visitor<'de> for DraftVisitor {
    type Value = Draft;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event as a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Draft, A::Error> {
        let mut draft = Draft::default();
        let mut seen = 0_u32;
        while let Some(name) = map.next_key_seed(FieldName)? {
            let Some(field) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let bit = 1_u32 << (field as u32);
            if seen & bit != 0 {
                return Err(twice(field.pointer().trim_start_matches('/')));
            }
            seen |= bit;
            draft.0[field as usize] = map.next_value_seed(Strict)?;
        }
        Ok(draft)
    }
}

/// Reads a key as a [`Field`] without keeping its text.
struct FieldName;

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<Field>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Field>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<Field>, E> {
        Ok(Field::from_name(name))
    }
}

/// Reads any JSON value; an object that has a key twice is refused, since readers differ on which of them counts.
pub(super) struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            match object.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(map.next_value_seed(Self)?);
                }
                Entry::Occupied(place) => return Err(twice(place.key())),
            }
        }
        Ok(Value::Object(object))
    }
}

fn twice<E: Error>(key: &str) -> E {
    E::custom(format_args!("the key {} is there twice", shown(key)))
}
