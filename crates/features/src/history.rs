//! How is everything that ever happened read again? The port that every history answers to.

use events::{EventLogError, Offset, Recorded};
use profiles::Identifier;
use std::collections::HashSet;

/// Every event that was accepted, sealed or not, in the order of the log.
pub trait History: Send + Sync {
    /// Visits every event after an offset in the order of the log, until `visit` answers `false`.
    ///
    /// The view is consistent: what is appended or sealed meanwhile is either seen once or not at all.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn replay(&self, after: Offset, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError>;

    /// Visits every event up to an offset that mentions one of these names ([`Identifier::mentioned`]), in the order of the
    /// log, until `visit` answers `false`. The same events that [`History::replay`] visits, and as consistent a view.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn replay_of(
        &self,
        names: &[Identifier],
        upto: Offset,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let names: HashSet<&Identifier> = names.iter().collect();
        self.replay(Offset::default(), &mut |recorded| {
            let is_of = |recorded: &Recorded| Identifier::mentioned(&recorded.event).any(|name| names.contains(&name));
            recorded.offset <= upto && (!is_of(&recorded) || visit(recorded))
        })
    }

    /// How many events there are in all.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn n_events(&self) -> Result<u64, EventLogError>;
}
