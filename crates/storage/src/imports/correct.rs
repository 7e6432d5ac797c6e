//! How does a correction become durable, with everything that follows from it?

use crate::command::{Correction, Done, Followed, ImportCommand, NewEvent};
use crate::event_log::new_event;
use crate::history_files::Offsets;
use crate::seen_ids::{IdHash, Seen, seen};
use crate::{Storage, StorageError};
use events::{Call, Corrected, Event, EventLogError, ImportId, Offset, Places, Receipt, Recorded, Replaced};
use primitives::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many places one correction names: what names more becomes several, in one step.
const N_PLACES_MAX: usize = 10_000;

/// What a correction changes.
#[derive(Default)]
pub(super) struct Change {
    pub(super) import: ImportId,
    /// What comes in with it.
    pub(super) events: Vec<NewEvent>,
    pub(super) withdrawn: Offsets,
    pub(super) restored: Offsets,
    /// Message ids whose places are not known, and that are free from then on.
    pub(super) forget: Vec<IdHash>,
    /// Message ids that are taken again.
    pub(super) remember: Vec<(IdHash, Seen)>,
    pub(super) reason: String,
    /// Whether the import as a whole is taken out.
    pub(super) is_undo: bool,
}

/// How it stands after corrections.
pub(crate) struct AfterCorrections {
    /// Everything that counts no longer.
    pub(crate) withdrawn: Arc<Offsets>,
    /// What follows from them, with the place of the last; `None` where there are none.
    pub(crate) followed: Option<(Offset, Followed)>,
}

impl Storage {
    /// Makes a correction durable, with everything that follows from it in the database.
    pub(super) fn correct(&self, change: Change, at: Timestamp) -> Result<Replaced, EventLogError> {
        let Change { import, events, withdrawn, restored, forget, remember, reason, is_undo } = change;
        let said = corrections(&withdrawn, &restored, &reason, at);
        let (n_withdrawn, n_restored) = (withdrawn.n(), restored.n());
        let n_events = events.len();
        let correction = Correction {
            import: import.0,
            events,
            said: said.iter().map(new_event).collect(),
            followed: Followed {
                withdrawn: withdrawn.ranges().to_vec(),
                restored: restored.ranges().to_vec(),
                forget,
                remember,
            },
            undone: is_undo.then_some((at.as_millis(), n_withdrawn, n_restored)),
        };
        let mut receipts = match self.imports_do(ImportCommand::Correct(correction), n_events + said.len())? {
            Done::Receipts(receipts) => receipts,
            _ => Vec::new(),
        };
        let of_said = receipts.split_off(n_events.min(receipts.len()));
        let recorded = |(event, receipt)| match receipt {
            Receipt::Appended(offset) => Some(Recorded { offset, event }),
            _ => None,
        };
        let corrections = said.into_iter().zip(of_said).filter_map(recorded).collect();
        Ok(Replaced { receipts, corrected: Corrected { corrections, n_withdrawn, n_restored } })
    }

    /// How it stands after corrections that come from the history and not from an import.
    pub(crate) fn after(&self, corrections: &[Recorded]) -> Result<AfterCorrections, StorageError> {
        let before = self.withdrawn()?;
        let Some(last) = corrections.last() else { return Ok(AfterCorrections { withdrawn: before, followed: None }) };
        let after = corrections.iter().fold((*before).clone(), |counts_not, correction| match &correction.event.call {
            Call::Correction { withdrawn, restored, .. } => {
                counts_not.and(&offsets(withdrawn)).without(&offsets(restored))
            }
            _ => counts_not,
        });
        let (withdrawn, restored) = (after.without(&before), before.without(&after));
        let known = self.ids_at(&withdrawn.and(&restored)).map_err(StorageError::Event)?;
        let (freed, taken): (Vec<_>, Vec<_>) = known.into_iter().partition(|(offset, _)| withdrawn.contains(*offset));
        let followed = Followed {
            withdrawn: withdrawn.ranges().to_vec(),
            restored: restored.ranges().to_vec(),
            forget: freed.into_iter().map(|(_, (id, _))| id).collect(),
            remember: taken.into_iter().map(|(_, known)| known).collect(),
        };
        Ok(AfterCorrections { withdrawn: Arc::new(after), followed: Some((last.offset, followed)) })
    }

    /// The ids of the messages at these offsets with what they say, whether they count or not.
    pub(super) fn ids_at(&self, wanted: &Offsets) -> Result<BTreeMap<u64, (IdHash, Seen)>, EventLogError> {
        let (Some(first), Some(last)) = (wanted.ranges().first(), wanted.ranges().last()) else {
            return Ok(BTreeMap::new());
        };
        let mut ids = BTreeMap::new();
        self.replay_all(Offset(first.0 - 1), &mut |recorded| {
            if wanted.contains(recorded.offset.0) {
                ids.insert(recorded.offset.0, seen(&recorded.event, recorded.offset.0));
            }
            recorded.offset.0 < last.1
        })?;
        Ok(ids)
    }
}

/// What is appended to say what counts no longer and what counts again.
fn corrections(withdrawn: &Offsets, restored: &Offsets, reason: &str, at: Timestamp) -> Vec<Event> {
    let named = |offsets: &Offsets, is_restored| {
        let places = |(first, last): &(u64, u64)| (is_restored, Places(Offset(*first), Offset(*last)));
        offsets.ranges().iter().map(places).collect::<Vec<_>>()
    };
    let all = [named(withdrawn, false), named(restored, true)].concat();
    let said = all.chunks(N_PLACES_MAX).map(|some| {
        let of = |wanted| some.iter().filter(move |(is_restored, _)| *is_restored == wanted).map(|(_, places)| *places);
        Event::correction(of(false).collect(), of(true).collect(), reason.to_owned(), at)
    });
    said.collect()
}

fn offsets(places: &[Places]) -> Offsets {
    Offsets::of(places.iter().map(|Places(first, last)| (first.0, last.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_of_very_many_places_becomes_several() {
        let scattered = Offsets::of((0..25_000).map(|n| (n * 2 + 1, n * 2 + 1)));
        let said = corrections(&scattered, &Offsets::of([(2, 2)]), "why", Timestamp::from_millis(0));
        let named: Vec<(usize, usize)> = said
            .iter()
            .map(|event| match &event.call {
                Call::Correction { withdrawn, restored, .. } => (withdrawn.len(), restored.len()),
                _ => (0, 0),
            })
            .collect();
        assert_eq!(named, [(10_000, 0), (10_000, 0), (5_000, 1)]);
        assert!(said.windows(2).all(|pair| pair[0].message_id != pair[1].message_id));
        assert!(corrections(&Offsets::default(), &Offsets::default(), "why", Timestamp::from_millis(0)).is_empty());
    }
}
