//! How is everything that ever happened read again? The port that every history answers to.

use events::{EventLogError, Offset, Recorded};

/// Every event that was accepted, sealed or not, in the order of the log.
pub trait History: Send + Sync {
    /// Visits every event after an offset in the order of the log, until `visit` answers `false`.
    ///
    /// The view is consistent: what is appended or sealed meanwhile is either seen once or not at all.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn replay(&self, after: Offset, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError>;

    /// How many events there are in all.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn n_events(&self) -> Result<u64, EventLogError>;
}
