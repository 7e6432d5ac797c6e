//! Where are events kept? The port that every event log answers to.

use crate::{Event, EventLogError, Offset, Place, Rejected};
use std::collections::BTreeSet;

/// Among how many of the newest events those of one title are looked for: a rare one is not worth reading the whole past.
pub const N_LOOKED_AT: u64 = 300_000;

/// An event and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its place.
    pub offset: Offset,
    /// The event.
    pub event: Event,
}

/// What became of an event that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It is durable at this place.
    Appended(Offset),
    /// Its `messageId` was there already; nothing changed.
    Duplicate,
    /// Its `messageId` was there already with another content ([`Event::fingerprint`]), which stays; nothing changed.
    Conflict,
    /// It names somebody who was erased; nothing changed. No log answers it: whoever appends asks before.
    Erased,
}

/// What the live inspector shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Inspected {
    /// An accepted event.
    Accepted(Recorded),
    /// A rejected one, with its reason.
    Rejected(Rejected),
}

/// Which events the live inspector shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InspectedStatus {
    /// Accepted and rejected ones.
    All,
    /// Accepted ones.
    Accepted,
    /// Rejected ones.
    Rejected,
}

/// Where events are kept.
///
/// A log is shared by many threads. There is one order in each [`Partition`](crate::Partition), and so one for each customer,
/// and none between two: offsets rise by one without gaps in each, and those of one call are neighbours there. Whoever folds
/// takes the partitions one by one.
pub trait EventLog: Send + Sync {
    /// Appends events and returns after they are durable, with one receipt for each, in the order given.
    ///
    /// An event whose `messageId` was appended before by the same origin, in this call or in an earlier one, within at
    /// least 30 days (for ever where its origin is an import), gives [`Receipt::Duplicate`], or [`Receipt::Conflict`]
    /// where it says something else. A public write key so cannot take the place of what the company itself sends.
    ///
    /// # Errors
    /// [`EventLogError::Append`]; then none of these events was appended.
    fn append(&self, events: &[Event]) -> Result<Vec<Receipt>, EventLogError>;

    /// Goes the way of an append and writes nothing: whether the log takes events now. Waits as long as an append would.
    ///
    /// # Errors
    /// [`EventLogError::Append`] as an append would give it.
    fn check(&self) -> Result<(), EventLogError>;

    /// Keeps rejected events for the live inspector; the oldest beyond a bound are forgotten.
    ///
    /// # Errors
    /// [`EventLogError::Append`].
    fn keep_rejected(&self, rejected: Vec<Rejected>) -> Result<(), EventLogError>;

    /// Up to `n_max` events after an offset, in order. Only what is still in the log: sealed ranges are read through the
    /// history.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn read(&self, after: Offset, n_max: usize) -> Result<Vec<Recorded>, EventLogError>;

    /// The newest events, newest first, at most `n_max`; where `title` is given, only events with exactly that title, of
    /// those accepted among the newest [`N_LOOKED_AT`].
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn recent(
        &self,
        status: InspectedStatus,
        title: Option<&str>,
        n_max: usize,
    ) -> Result<Vec<Inspected>, EventLogError>;

    /// The newest accepted events before a place, newest first, at most `n_max`; where `title` is given, only events with
    /// exactly that title, of those among the newest [`N_LOOKED_AT`]. A log that knows no better way looks at the newest.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn before(&self, before: Offset, title: Option<&str>, n_max: usize) -> Result<Vec<Recorded>, EventLogError> {
        let newest =
            self.recent(InspectedStatus::Accepted, title, usize::try_from(N_LOOKED_AT).unwrap_or(usize::MAX))?;
        let accepted = newest.into_iter().filter_map(|one| match one {
            Inspected::Accepted(recorded) if recorded.offset < before => Some(recorded),
            Inspected::Accepted(_) | Inspected::Rejected(_) => None,
        });
        Ok(accepted.take(n_max).collect())
    }

    /// The events at some places, in the order of the log; none where there is none, or where it does not count. A log that
    /// keeps everything reads them one by one.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn at(&self, places: &BTreeSet<Offset>) -> Result<Vec<Recorded>, EventLogError> {
        let mut found = Vec::new();
        for place in places {
            let next = self.read(Offset(place.0.saturating_sub(1)), 1)?;
            found.extend(next.into_iter().filter(|recorded| recorded.offset == *place));
        }
        Ok(found)
    }

    /// The place of the newest event of the first partition.
    fn head(&self) -> Offset;

    /// The place of the newest event of each partition, in their order: never none.
    fn heads(&self) -> Vec<Place> {
        vec![Place::first(self.head())]
    }

    /// How many events were rejected since the log was created.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn n_rejected(&self) -> Result<u64, EventLogError>;

    /// How many of them are kept.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn n_rejected_kept(&self) -> Result<u64, EventLogError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of one partition that is somewhere.
    struct At(Offset);

    impl EventLog for At {
        fn append(&self, _: &[Event]) -> Result<Vec<Receipt>, EventLogError> {
            Ok(Vec::new())
        }

        fn check(&self) -> Result<(), EventLogError> {
            Ok(())
        }

        fn keep_rejected(&self, _: Vec<Rejected>) -> Result<(), EventLogError> {
            Ok(())
        }

        fn read(&self, _: Offset, _: usize) -> Result<Vec<Recorded>, EventLogError> {
            Ok(Vec::new())
        }

        fn recent(&self, _: InspectedStatus, _: Option<&str>, _: usize) -> Result<Vec<Inspected>, EventLogError> {
            Ok(Vec::new())
        }

        fn head(&self) -> Offset {
            self.0
        }

        fn n_rejected(&self) -> Result<u64, EventLogError> {
            Ok(0)
        }

        fn n_rejected_kept(&self) -> Result<u64, EventLogError> {
            Ok(0)
        }
    }

    #[test]
    fn a_log_that_says_nothing_of_partitions_has_one() {
        assert_eq!(At(Offset(7)).heads(), [Place::first(Offset(7))]);
    }
}
