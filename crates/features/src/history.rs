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

#[cfg(test)]
mod tests {
    use super::*;
    use events::{Call, Event, Fields, Offset, Origin, Reading};
    use primitives::Timestamp;

    /// A log of two partitions; what is not said otherwise, the port says.
    struct Told([Vec<Recorded>; 2]);

    impl History for Told {
        fn partitions(&self) -> Vec<Partition> {
            vec![Partition(0), Partition(1)]
        }

        fn replay(&self, after: Place, visit: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
            let of = self.0[usize::from(after.partition.0)].iter().filter(|one| one.offset > after.offset);
            of.cloned().all(visit);
            Ok(())
        }

        fn n_events(&self) -> Result<u64, EventLogError> {
            Ok(self.0.iter().map(|part| part.len() as u64).sum())
        }
    }

    fn recorded(offset: u64, user: &str, call: Call) -> Recorded {
        let at = Timestamp::from_millis(1_000);
        let (context, reading) = (Fields::new(), Reading::default());
        let event = Event {
            message_id: offset.to_string().into(),
            user_id: Some(user.into()),
            anonymous_id: None,
            occurred_at: at,
            received_at: at,
            stated_at: None,
            call,
            context,
            origin: Origin::Server,
            reading,
        };
        Recorded { offset: Offset(offset), event }
    }

    fn said(offset: u64, user: &str) -> Recorded {
        recorded(offset, user, Call::Identify { traits: Fields::new() })
    }

    fn alias(offset: u64, user: &str, previous: &str) -> Recorded {
        recorded(offset, user, Call::Alias { previous_id: previous.to_owned() })
    }

    fn apart(offset: u64, names: [&str; 2]) -> Recorded {
        let names = names.map(|name| Identifier::User(name.into()).key());
        recorded(offset, "somebody", Call::Separate { names, reason: String::new() })
    }

    fn history() -> Told {
        let first =
            vec![said(1, "ann"), said(2, "bob"), alias(3, "bob", "ann"), apart(4, ["ann", "bob"]), said(5, "ann")];
        Told([first, vec![alias(1, "eve", "eva"), said(2, "eve"), apart(3, ["eva", "eve"])]])
    }

    /// Visits until so many were seen, and tells which.
    fn seen(
        n_max: usize,
        replay: impl FnOnce(&mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError>,
    ) -> Vec<u64> {
        let mut seen = Vec::new();
        replay(&mut |recorded| {
            seen.push(recorded.offset.0);
            seen.len() < n_max
        })
        .unwrap();
        seen
    }

    /// A history that says nothing of partitions.
    struct Whole;

    impl History for Whole {
        fn replay(&self, _: Place, _: &mut dyn FnMut(Recorded) -> bool) -> Result<(), EventLogError> {
            Ok(())
        }

        fn n_events(&self) -> Result<u64, EventLogError> {
            Ok(0)
        }
    }

    #[test]
    fn a_history_that_says_nothing_of_partitions_has_one() {
        assert_eq!(Whole.partitions(), [Partition::FIRST]);
    }

    #[test]
    fn those_that_mention_a_name_are_replayed_up_to_a_place() {
        let ann = [Identifier::User("ann".into())];
        let of = |partition: u16, upto: u64, n_max: usize| {
            let upto = Place { partition: Partition(partition), offset: Offset(upto) };
            seen(n_max, |visit| history().replay_of(&ann, upto, visit))
        };
        assert_eq!(of(0, 9, 9), [1, 3, 4, 5]);
        assert_eq!(of(0, 4, 9), [1, 3, 4]);
        assert_eq!(of(0, 9, 2), [1, 3]);
        assert_eq!(of(1, 9, 9), [0_u64; 0]);
    }

    #[test]
    fn those_of_a_kind_are_replayed_partition_by_partition() {
        let of = |kind: CallKind, n_max: usize| seen(n_max, |visit| history().replay_kind(kind, visit));
        assert_eq!(of(CallKind::Alias, 9), [3, 1]);
        assert_eq!(of(CallKind::Identify, 9), [1, 2, 5, 2]);
        assert_eq!(of(CallKind::Identify, 2), [1, 2]);
        assert_eq!(of(CallKind::Identify, 3), [1, 2, 5], "nothing is visited after that");
        let apart: Vec<u64> = history().separations().unwrap().iter().map(|one| one.offset.0).collect();
        assert_eq!(apart, [4, 3]);
    }
}
