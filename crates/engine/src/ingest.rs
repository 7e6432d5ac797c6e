//! How does a request's worth of events become durable and live before it is answered?

use crate::Engine;
use crate::error::EngineError;
use events::{
    Batch, CallKind, Deed, Event, EventLogError, Offset, Origin, Receipt, Recorded, Rejected, RejectionCode,
    Understanding,
};
use primitives::{ErrorKind, MessageId};
use profiles::Identifier;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// How long an append waits for those before it to be folded. It takes microseconds unless something is broken.
const TURN_MAX: Duration = Duration::from_secs(30);

/// How long events wait while it is looked up whether they are of somebody who is being erased. It takes moments, unless much
/// of the history is to be read.
const DOOR_MAX: Duration = Duration::from_secs(2);

/// How long events wait for a checkpoint where too many customers wait for one.
const ROOM_MAX: Duration = Duration::from_secs(10);

/// What became of a request's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingested {
    /// New events, durable and live.
    pub n_accepted: usize,
    /// Events that were there already.
    pub n_duplicates: usize,
    /// Events whose `messageId` was there already with another content, each kept with its reason: the place in the
    /// request, and the id.
    pub conflicts: Vec<(usize, MessageId)>,
    /// Events that name somebody who was erased, by their places in the request. Nothing of them is kept.
    pub erased: Vec<usize>,
    /// Events that were rejected, each kept with its reason.
    pub n_rejected: usize,
}

impl Engine {
    /// Appends a batch's events to the log, folds them into the live state, and keeps the rejected ones for the
    /// inspector. On return the accepted ones are durable and every later read sees them.
    ///
    /// # Errors
    /// [`EngineError`]; then no event of the batch was accepted, or the program is broken and says so from now on.
    pub fn ingest(&self, mut batch: Batch) -> Result<Ingested, EngineError> {
        if !self.is_sound() {
            return Err(broken());
        }
        batch.tell_apart(self.requests.fetch_add(1, Ordering::Relaxed));
        let rejected_at: Vec<usize> = batch.rejected.iter().map(|rejected| rejected.index).collect();
        let mut ingested = self.keep_rejected(batch.rejected)?;
        if batch.accepted.is_empty() {
            return Ok(ingested);
        }
        let mut conflicts = Vec::new();
        let receipts = self.append_and_fold(batch.accepted, |events| {
            let receipts = self.ports.events.append(events)?;
            let told = events.iter().zip(&receipts).filter(|(_, receipt)| **receipt == Receipt::Conflict);
            conflicts.extend(told.map(|(event, _)| Rejected::conflict(event, self.clock.now())));
            ingested.conflicts.extend(
                conflicts.iter().filter_map(|one| one.message_id.as_deref().map(MessageId::from)).map(|id| (0, id)),
            );
            Ok((receipts, Vec::new()))
        })?;
        let places_of = |wanted: Receipt| {
            let found = receipts.iter().enumerate().filter(move |(_, receipt)| **receipt == wanted);
            found.map(|(i, _)| place_in_request(i, &rejected_at))
        };
        for ((index, (told, _)), conflict) in
            places_of(Receipt::Conflict).zip(&mut ingested.conflicts).zip(&mut conflicts)
        {
            (*told, conflict.index) = (index, index);
        }
        let erased: Vec<usize> = places_of(Receipt::Erased).collect();
        ingested.n_duplicates = places_of(Receipt::Duplicate).count();
        ingested.n_accepted = receipts.len() - ingested.n_duplicates - conflicts.len() - erased.len();
        ingested.erased.extend(erased);
        if !conflicts.is_empty() {
            let n_conflicts = conflicts.len() as u64;
            metrics::counter!("cx_events_rejected_total", "reason" => RejectionCode::Conflict.name())
                .increment(n_conflicts);
            self.ports.events.keep_rejected(conflicts).unwrap_or_else(|error| {
                // The others are durable by now: an error would have the client send them again.
                let error = EngineError::from(error).story();
                tracing::error!(error, n_conflicts, "events of a known messageId with other content could not be kept");
            });
        }
        Ok(ingested)
    }

    /// Keeps what could not be read, but not of whoever was erased.
    fn keep_rejected(&self, rejected: Vec<Rejected>) -> Result<Ingested, EngineError> {
        if rejected.is_empty() {
            return Ok(Ingested::default());
        }
        let names =
            |one: &Rejected| one.names.iter().flat_map(|name| Identifier::of_previous(name)).collect::<Vec<_>>();
        // Within, so that an erasure that begins now waits until they are there, and removes them.
        let names_one =
            |closed: &BTreeSet<Identifier>| rejected.iter().flat_map(names).any(|name| closed.contains(&name));
        let _within = self.door.enter(names_one, DOOR_MAX).ok_or_else(looked_up)?;
        let is_erased = |one: &Rejected| names(one).iter().any(|name| self.ports.erasures.erasure_of(name).is_some());
        let (erased, kept): (Vec<_>, Vec<_>) = rejected.into_iter().partition(is_erased);
        let reasons = kept.iter().map(|one| one.rejection.code).chain(erased.iter().map(|_| RejectionCode::Erased));
        for reason in reasons {
            metrics::counter!("cx_events_rejected_total", "reason" => reason.name()).increment(1);
        }
        let erased = erased.iter().map(|one| one.index).collect();
        let ingested = Ingested { n_rejected: kept.len(), erased, ..Ingested::default() };
        if !kept.is_empty() {
            self.ports.events.keep_rejected(kept)?;
        }
        Ok(ingested)
    }

    /// Appends events in one way or another, and corrections after them. On return they are durable and live, also those
    /// that were there already.
    pub(super) fn append_and_fold(
        &self,
        events: Vec<Event>,
        append: impl FnOnce(&[Event]) -> Result<(Vec<Receipt>, Vec<Recorded>), EventLogError>,
    ) -> Result<Vec<Receipt>, EngineError> {
        if !self.is_sound() {
            return Err(broken());
        }
        if !self.pressure.wait_for_room(ROOM_MAX) {
            return Err(overfull());
        }
        let names_one = |closed: &BTreeSet<Identifier>| {
            events.iter().flat_map(Identifier::mentioned).any(|name| closed.contains(&name))
        };
        let within = self.door.enter(names_one, DOOR_MAX).ok_or_else(looked_up)?;
        let refused: Vec<bool> = events.iter().map(|event| self.names_erased(event)).collect();
        let n_refused = refused.iter().filter(|is_refused| **is_refused).count();
        let events = match n_refused {
            0 => events,
            _ => events
                .into_iter()
                .zip(&refused)
                .filter(|(_, is_refused)| !**is_refused)
                .map(|(event, _)| event)
                .collect(),
        };
        let (receipts, corrections) = append(&events)?;
        drop(within);
        let mut recorded = with_offsets(events, &receipts);
        let n_new = recorded.len();
        count(&recorded);
        recorded.extend(corrections);
        self.fold(&recorded)?;
        if n_new < receipts.len() {
            drop(self.wait_until_folded(self.ports.events.head())?);
        }
        if n_refused > 0 {
            let reason = RejectionCode::Erased.name();
            metrics::counter!("cx_events_rejected_total", "reason" => reason).increment(n_refused as u64);
        }
        let mut of_admitted = receipts.into_iter();
        let receipt = |is_refused| if is_refused { Some(Receipt::Erased) } else { of_admitted.next() };
        Ok(refused.into_iter().filter_map(receipt).collect())
    }

    /// Folds appended events when it is their turn: live state advances in the order of the log.
    pub(super) fn fold(&self, recorded: &[Recorded]) -> Result<(), EngineError> {
        let (Some(first), Some(last)) = (recorded.first(), recorded.last()) else { return Ok(()) };
        let result = self.wait_until_folded(Offset(first.offset.0 - 1)).and_then(|mut folded| {
            self.live.change(|live| {
                let applied = recorded.iter().try_for_each(|one| live.apply(one));
                self.pressure.measure(&live.profiles);
                applied
            })?;
            // A correction may have brought the live state further already, with events of those who wait for their turn.
            *folded = (*folded).max(last.offset);
            Ok(())
        });
        if result.is_err() {
            // The events are durable, and the next start folds them in. Until then nothing more is accepted.
            self.is_broken.store(true, Ordering::Release);
        }
        self.fold_turn.notify_all();
        result
    }

    /// Waits until everything up to an offset is live: an event that is there already may have been appended by a request
    /// that is still under way.
    pub(super) fn wait_until_folded(&self, upto: Offset) -> Result<MutexGuard<'_, Offset>, EngineError> {
        let folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = |folded: &mut Offset| *folded < upto && self.is_sound();
        let (folded, _) =
            self.fold_turn.wait_timeout_while(folded, TURN_MAX, waiting).unwrap_or_else(PoisonError::into_inner);
        if *folded < upto { Err(broken()) } else { Ok(folded) }
    }
}

/// The place in a request of the accepted event with this number, by the places of the rejected ones, in order.
fn place_in_request(number: usize, rejected_at: &[usize]) -> usize {
    rejected_at.iter().fold(number, |place, rejected| place + usize::from(*rejected <= place))
}

fn with_offsets(events: Vec<Event>, receipts: &[Receipt]) -> Vec<Recorded> {
    let pairs = events.into_iter().zip(receipts);
    pairs
        .filter_map(|(event, receipt)| match receipt {
            Receipt::Appended(offset) => Some(Recorded { offset: *offset, event }),
            Receipt::Duplicate | Receipt::Conflict | Receipt::Erased => None,
        })
        .collect()
}

fn count(recorded: &[Recorded]) {
    let mut counts: BTreeMap<(CallKind, Origin), u64> = BTreeMap::new();
    let (mut n_not_understood, mut n_marked) = (0, 0);
    for one in recorded {
        *counts.entry((one.event.kind(), one.event.origin)).or_default() += 1;
        // Here they are read for the folds, too: nobody waits for that here.
        let is_lost = *one.event.deed() == Deed::Other && one.event.understanding() == Understanding::NotUnderstood;
        n_not_understood += u64::from(is_lost);
        n_marked += u64::from(one.event.is_marked());
    }
    if n_not_understood > 0 {
        metrics::counter!("cx_events_not_understood_total").increment(n_not_understood);
    }
    if n_marked > 0 {
        metrics::counter!("cx_events_marked_total").increment(n_marked);
    }
    for ((kind, origin), n_events) in counts {
        metrics::counter!("cx_events_ingested_total", "type" => kind.name(), "source" => origin.name())
            .increment(n_events);
    }
}

/// Nothing is refused for good before it is durable that somebody is erased.
fn looked_up() -> EngineError {
    EngineError::new(
        ErrorKind::Unavailable,
        "one of the customers named is about to be erased, and it is being looked up what is theirs; none of these events was \
         accepted: send them again in some seconds",
    )
}

fn overfull() -> EngineError {
    EngineError::new(
        ErrorKind::Unavailable,
        "more customers have changed than the disk can take, and none of these events was accepted: send them again in a \
         second; if this goes on, check the disk",
    )
}

pub(super) fn broken() -> EngineError {
    EngineError::new(
        ErrorKind::Unavailable,
        "the profiles could not follow the log: stop the server and start it again, which folds the missing events in",
    )
}
