//! How is everything that ever happened read again? The port that every history answers to.

use events::{CallKind, EventLogError, Partition, Place, Recorded};
use profiles::{Identifier, Separations};
use std::collections::HashSet;

/// Every event that was accepted, sealed or not, in the order of the log: of each partition for itself.
pub trait History: Send + Sync {
    /// The partitions, in their order: never none.
    fn partitions(&self) -> Vec<Partition> {
        vec![Partition::FIRST]
    }

    /// Visits every event of a partition after a place in it, in the order of the log, until `visit` answers `false`.
    ///
    /// The view is consistent: what is appended or sealed meanwhile is either seen once or not at all.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError>;

    /// Visits every event of a partition up to a place that mentions one of these names ([`Identifier::mentioned`]), in the
    /// order of the log, until `visit` answers `false`. The same events that [`History::replay`] visits, and as consistent a view.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn replay_of(
        &self,
        names: &[Identifier],
        upto: Place,
        visit: &mut dyn FnMut(Recorded) -> bool,
    ) -> Result<(), EventLogError> {
        let names: HashSet<&Identifier> = names.iter().collect();
        self.replay(Place::before(upto.partition), &mut |recorded| {
            let is_of = |recorded: &Recorded| Identifier::mentioned(&recorded.event).any(|name| names.contains(&name));
            recorded.offset <= upto.offset && (!is_of(&recorded) || visit(recorded))
        })
    }

    /// Visits every event of one kind, one partition after the other, in the order of the log: those that are few, and say something of the whole past. The
    /// same events that [`History::replay`] visits, and as consistent a view.
    ///
    /// # Errors
    /// [`EventLogError::Read`] or [`EventLogError::Record`].
    fn replay_kind(&self, kind: CallKind, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
        let mut goes_on = true;
        for partition in self.partitions() {
            self.replay(Place::before(partition), &mut |recorded| {
                goes_on = goes_on && (recorded.event.kind() != kind || visit(recorded));
                goes_on
            })?;
        }
        Ok(())
    }

    /// Which names are not one person, by what was ever said of it: whoever folds the past anew knows it beforehand.
    ///
    /// # Errors
    /// As [`History::replay`].
    fn separations(&self) -> Result<Separations, EventLogError> {
        let mut said = Vec::new();
        self.replay_kind(CallKind::Separate, &mut |recorded| {
            said.push(recorded);
            true
        })?;
        Ok(Separations::known(&said))
    }

    /// How many events there are in all.
    ///
    /// # Errors
    /// [`EventLogError::Read`].
    fn n_events(&self) -> Result<u64, EventLogError>;
}
