//! How is everything that ever happened read again? [`History`] over files and log.

mod replay;
mod seal;
mod take_in;

pub use seal::{SealPolicy, SealReport};
pub use take_in::TakenIn;

use crate::Storage;
use crate::event_log::history_error;
use crate::history_files::Offsets;
use events::{CallKind, EventLog, EventLogError, Partition, Place, Recorded};
use features::History;
use profiles::Identifier;
use std::sync::Arc;

impl History for Storage {
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let Place { partition: Partition::FIRST, offset: after } = after else { return Ok(()) };
        let left_out = self.left_out().map_err(|error| history_error(after.0, error))?;
        self.replay_but(&left_out, after, visit)
    }

    fn replay_of(
        &self,
        names: &[Identifier],
        upto: Place,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let Place { partition: Partition::FIRST, offset: upto } = upto else { return Ok(()) };
        let left_out = self.left_out().map_err(|error| history_error(0, error))?;
        self.replay_of_but(&left_out, names, upto, visit)
    }

    fn replay_kind(&self, kind: CallKind, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let left_out = self.left_out().map_err(|error| history_error(0, error))?;
        self.replay_kind_but(&left_out, kind, visit)
    }

    fn n_events(&self) -> Result<u64, EventLogError> {
        Ok(EventLog::head(self).0)
    }
}

impl Storage {
    /// The offsets whose events are not in the log or the history: they were set aside, or erased.
    pub(crate) fn missing(&self) -> Result<Arc<Offsets>, crate::StorageError> {
        let (set_aside, erased) = (self.directory.offsets_set_aside()?, self.erased_offsets()?);
        Ok(if set_aside.ranges().is_empty() { erased } else { Arc::new(set_aside.and(&erased)) })
    }

    /// The offsets that every replay leaves out, and so every rebuild.
    pub(crate) fn left_out(&self) -> Result<Arc<Offsets>, crate::StorageError> {
        let (missing, withdrawn) = (self.missing()?, self.withdrawn()?);
        Ok(match (missing.ranges().is_empty(), withdrawn.ranges().is_empty()) {
            (true, _) => withdrawn,
            (false, true) => missing,
            (false, false) => Arc::new(missing.and(&withdrawn)),
        })
    }

    /// How many events were withdrawn: they stay where they are, and every replay leaves them out.
    ///
    /// # Errors
    /// [`StorageError`](crate::StorageError).
    pub fn n_withdrawn(&self) -> Result<u64, crate::StorageError> {
        Ok(self.withdrawn()?.n())
    }
}
