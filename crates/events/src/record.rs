//! In which bytes is an event stored? A head that is read without searching, and behind it JSON that nobody opens before
//! somebody asks.
//!
//! ```text
//! version 1   4
//! call    1   its place in the list of calls
//! flags   1   origin in two bits, then which of the optional parts are there
//! times   8   occurred_at, received_at, and where it is there stated_at: milliseconds, least byte first
//! texts       messageId; userId, anonymousId, name, category where they are there: each its length and its bytes
//! reading     the version of the reading, and what was read of the event, packed: its length and its bytes
//! fields      properties or traits, as JSON text
//! context     as JSON text
//! check   4   of everything before it
//! ```
//!
//! Lengths are written seven bits to a byte, the lowest first. Versions 1 to 3 were one JSON object each.

mod packing;

use crate::parts::{CallParts, Damage};
use crate::reading::Read;
use crate::{Call, CallKind, Deed, Event, Fields, Origin, Reading};
use packing::{Packer, Unpacker};
use primitives::{AnonymousId, ErrorKind, MessageId, UserId};
use serde::Deserialize;
use std::borrow::Cow;

/// The newest version of a stored record, and the first byte of one.
const RECORD_VERSION: u8 = 4;
/// The newest version that was JSON.
const JSON_VERSION: u8 = 3;

const ORIGIN: u8 = 0b11;
const HAS_USER: u8 = 1 << 2;
const HAS_DEVICE: u8 = 1 << 3;
const HAS_STATED: u8 = 1 << 4;
const HAS_NAME: u8 = 1 << 5;
const HAS_CATEGORY: u8 = 1 << 6;

/// A stored record cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A newer program wrote it.
    #[error(
        "a stored event has record version {found}, this program reads up to {RECORD_VERSION}: use the newer program"
    )]
    Version {
        /// The version found.
        found: u8,
    },
    /// It is not what was written.
    #[error("a stored event cannot be read: restore the data directory from a backup")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl RecordError {
    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Corrupt
    }
}

impl From<serde_json::Error> for RecordError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.into())
    }
}

impl From<Damage> for RecordError {
    fn from(damage: Damage) -> Self {
        Self::Corrupt(damage.into())
    }
}

#[derive(Deserialize)]
struct Version {
    v: u8,
}

impl Event {
    /// The bytes to store.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        let CallParts { kind, name, category, fields } = self.call.parts();
        let context = self.context.as_text();
        let reading = self.packed_reading();
        let mut packed = Packer::with_capacity(128 + fields.len() + context.len() + reading.len());
        let origin = match self.origin {
            Origin::Client => 0,
            Origin::Server => 1,
            Origin::Import => 2,
        };
        let has = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
        packed.byte(RECORD_VERSION);
        packed.byte(kind.place());
        packed.byte(
            origin
                | has(self.user_id.is_some(), HAS_USER)
                | has(self.anonymous_id.is_some(), HAS_DEVICE)
                | has(self.stated_at.is_some(), HAS_STATED)
                | has(name.is_some(), HAS_NAME)
                | has(category.is_some(), HAS_CATEGORY),
        );
        for at in [Some(self.occurred_at), Some(self.received_at), self.stated_at].into_iter().flatten() {
            packed.time(at);
        }
        let (user, device) = (self.user_id.as_ref().map(UserId::as_str), self.anonymous_id.as_ref());
        let texts = [Some(self.message_id.as_str()), user, device.map(AnonymousId::as_str), name, category];
        for text in texts.into_iter().flatten() {
            packed.bytes(text.as_bytes());
        }
        packed.byte(Reading::VERSION);
        packed.bytes(&reading);
        packed.bytes(fields.as_bytes());
        packed.bytes(context.as_bytes());
        packed.checked()
    }

    /// What is read of it, packed as [`Reading::VERSION`] has it; nothing where it says nothing that is read.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it does not panic: see the reason below")]
    pub fn packed_reading(&self) -> Cow<'_, [u8]> {
        if let Some(packed) = self.reading.packed() {
            return Cow::Borrowed(packed);
        }
        #[expect(clippy::expect_used, reason = "numbers and texts can always be packed")]
        let packed = |read: &Read| postcard::to_allocvec(read).expect("what was read is always bytes");
        match self.read() {
            (Deed::Other, false, None) => Cow::Borrowed(&[]),
            read => packed(read).into(),
        }
    }

    /// Opens a stored record of any version up to this program's.
    ///
    /// # Errors
    /// [`RecordError::Version`] for a newer program's record, [`RecordError::Corrupt`] for what is not a record.
    pub fn from_record(record: &[u8]) -> Result<Self, RecordError> {
        match record.first() {
            Some(&RECORD_VERSION) => Ok(open(record)?),
            // No text begins with such a byte.
            Some(&found) if found > RECORD_VERSION && found < b'\t' => Err(RecordError::Version { found }),
            _ => match serde_json::from_slice::<Version>(record)?.v {
                1..=JSON_VERSION => Ok(serde_json::from_slice(record)?),
                found => Err(RecordError::Version { found }),
            },
        }
    }
}

/// Opens a record of the newest version.
fn open(record: &[u8]) -> Result<Event, Damage> {
    let mut packed = Unpacker::checked(record)?;
    packed.byte()?;
    let kind = *CallKind::STORED.get(usize::from(packed.byte()?)).ok_or(Damage::Unknown("call"))?;
    let flags = packed.byte()?;
    let origin = *Origin::ALL.get(usize::from(flags & ORIGIN)).ok_or(Damage::Unknown("origin"))?;
    let (occurred_at, received_at) = (packed.time()?, packed.time()?);
    let stated_at = (flags & HAS_STATED != 0).then(|| packed.time()).transpose()?;
    let message_id = MessageId::from(packed.text()?);
    let mut optional = |flag: u8| (flags & flag != 0).then(|| packed.text()).transpose();
    let (user_id, anonymous_id) = (optional(HAS_USER)?.map(UserId::from), optional(HAS_DEVICE)?.map(AnonymousId::from));
    let (name, category) = (optional(HAS_NAME)?, optional(HAS_CATEGORY)?);
    let reading = Reading::of_packed(packed.byte()?, packed.bytes()?);
    let fields = Cow::Borrowed(packed.text()?);
    let call = Call::of_parts(CallParts { kind, name, category, fields })?;
    let context = Fields::of_text(packed.text()?);
    packed.end()?;
    Ok(Event { message_id, user_id, anonymous_id, occurred_at, received_at, stated_at, call, context, origin, reading })
}

#[cfg(test)]
mod tests;
