//! Which files came in, and what was taken out again? The port of imports and corrections.
//!
//! The log is only ever appended to, so what was wrong is not removed from it: a correction is an event of its own, which
//! names the places whose events count no longer, and those that count again. Every replay leaves out what does not count,
//! and so does whatever is rebuilt.

use crate::{Call, Event, EventLogError, Offset, Origin, Receipt, Recorded};
use primitives::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An import, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(pub u64);

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Neighbouring places of the log, from the first to the last. Stored as a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Places(pub Offset, pub Offset);

impl Places {
    /// The places of sorted offsets.
    #[must_use]
    pub fn of(sorted: impl IntoIterator<Item = u64>) -> Vec<Self> {
        let mut places: Vec<Self> = Vec::new();
        for offset in sorted {
            match places.last_mut() {
                Some(last) if offset <= last.1.0 + 1 => last.1 = Offset(offset.max(last.1.0)),
                _ => places.push(Self(Offset(offset), Offset(offset))),
            }
        }
        places
    }

    /// Every place.
    pub fn offsets(self) -> impl Iterator<Item = u64> {
        self.0.0..=self.1.0
    }
}

/// What is said of an import when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewImport {
    /// The file's name.
    pub file: String,
    /// The mapping's name, where one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// The SHA-256 of the mapping's text, where one is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping_sha256: Option<String>,
}

/// What is known of an import when it has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Rows that were read.
    pub rows: u64,
    /// Events that were new.
    pub accepted: u64,
    /// Events that were known already.
    pub duplicates: u64,
    /// Events whose key was known with other content, which stayed.
    pub conflicts: u64,
    /// Events in whose place others came.
    pub replaced: u64,
    /// Rows that were rejected.
    pub rejected: u64,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Which one.
    pub id: ImportId,
    /// What was said when it began.
    #[serde(flatten)]
    pub new: NewImport,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; `None` where it is under way or was broken off.
    pub ended_at: Option<Timestamp>,
    /// When it was taken out again.
    pub undone_at: Option<Timestamp>,
    /// How much came in.
    #[serde(flatten)]
    pub counts: ImportCounts,
}

/// What a correction did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corrected {
    /// The correction itself; `None` where there was nothing to correct.
    pub correction: Option<Recorded>,
    /// How many events count no longer.
    pub n_withdrawn: u64,
    /// How many events count again: those in whose place the withdrawn ones had come.
    pub n_restored: u64,
}

/// Where imports are kept.
pub trait ImportLog: Send + Sync {
    /// Begins an import.
    ///
    /// # Errors
    /// [`EventLogError::Append`].
    fn begin_import(&self, new: &NewImport, at: Timestamp) -> Result<ImportId, EventLogError>;

    /// Appends events as [`crate::EventLog::append`] does, and keeps, in the same step, that they came with this import.
    ///
    /// # Errors
    /// [`EventLogError::Append`]; then none of these events was appended.
    fn append_imported(&self, import: ImportId, events: &[Event]) -> Result<Vec<Receipt>, EventLogError>;

    /// Ends an import. May be said again with other counts.
    ///
    /// # Errors
    /// [`EventLogError::Append`].
    fn end_import(&self, import: ImportId, counts: ImportCounts, at: Timestamp) -> Result<(), EventLogError>;

    /// Every import, in order.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn imports(&self) -> Result<Vec<Import>, EventLogError>;

    /// Withdraws what is known under these ids, so that the import can bring it anew; the ids are free from then on.
    /// Derived state has to be rebuilt.
    ///
    /// # Errors
    /// [`EventLogError`]; then nothing was withdrawn.
    fn withdraw(&self, import: ImportId, ids: &[MessageId], at: Timestamp) -> Result<Corrected, EventLogError>;

    /// Withdraws what came with an import, and restores what it had replaced, unless something else has come in its place
    /// meanwhile. Derived state has to be rebuilt.
    ///
    /// # Errors
    /// [`EventLogError`]; then nothing was withdrawn.
    fn undo_import(&self, import: ImportId, at: Timestamp) -> Result<Corrected, EventLogError>;

    /// The place of the newest correction: derived state that has not seen it is wrong. `Offset(0)` where there is none.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn corrected_upto(&self) -> Result<Offset, EventLogError>;
}

impl Event {
    /// A correction, to be appended by whoever keeps the log.
    #[must_use]
    pub fn correction(withdrawn: Vec<Places>, restored: Vec<Places>, reason: String, at: Timestamp) -> Self {
        let what = format!("{reason} {withdrawn:?} {restored:?} {}", at.as_millis());
        Self {
            message_id: MessageId::from(format!("correction-{:016x}", primitives::stable_hash(&what))),
            user_id: None,
            anonymous_id: None,
            occurred_at: at,
            received_at: at,
            stated_at: None,
            call: Call::Correction { withdrawn, restored, reason },
            context: crate::Fields::new(),
            origin: Origin::Import,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_offsets_are_one_place() {
        let pairs = |offsets: &[u64]| -> Vec<(u64, u64)> {
            Places::of(offsets.iter().copied()).into_iter().map(|places| (places.0.0, places.1.0)).collect()
        };
        assert_eq!(pairs(&[1, 2, 3, 5, 5, 9, 10]), [(1, 3), (5, 5), (9, 10)]);
        assert!(pairs(&[]).is_empty());
        assert_eq!(Places(Offset(3), Offset(5)).offsets().collect::<Vec<_>>(), [3, 4, 5]);
    }

    proptest::proptest! {
        #[test]
        fn places_hold_the_offsets_they_are_of_and_no_other(mut offsets in proptest::collection::vec(0..60_u64, 0..40)) {
            offsets.sort_unstable();
            let places = Places::of(offsets.iter().copied());
            // Places that touch would be one.
            proptest::prop_assert!(places.is_sorted_by(|one, next| one.1.0 + 1 < next.0.0));
            offsets.dedup();
            proptest::prop_assert_eq!(places.into_iter().flat_map(Places::offsets).collect::<Vec<_>>(), offsets);
        }
    }

    #[test]
    fn a_place_and_an_import_are_shown_as_their_numbers() {
        assert_eq!((Offset(12).to_string(), ImportId(3).to_string()), ("12".to_owned(), "3".to_owned()));
    }

    #[test]
    fn a_correction_is_a_record_that_nobody_can_send() {
        let at = Timestamp::from_millis(1_000);
        let places = vec![Places(Offset(3), Offset(5))];
        let event = Event::correction(places, Vec::new(), "import 1 was undone".to_owned(), at);
        let record = event.to_record();
        assert!(String::from_utf8_lossy(&record).contains("\"type\":\"correction\",\"withdrawn\":[[3,5]]"));
        assert_eq!(Event::from_record(&record).unwrap(), event);
        assert_eq!(crate::CallKind::from_name("correction"), None);
    }
}
