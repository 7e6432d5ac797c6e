//! Who was known at a moment, and what of them?

use crate::error::ServerError;
use engine::{Engine, EngineError};
use events::Place;
use features::FeatureState;
use primitives::Timestamp;
use profiles::{Customer, Identifier, MemoryProfileStore, Profiles};
use std::collections::HashMap;
use std::sync::Arc;

/// The customers as they were known at a moment.
#[derive(Debug)]
pub(super) struct Known {
    /// Sorted by their ids.
    pub(super) customers: Vec<Customer<FeatureState>>,
    /// Which of them goes by a name, by their places.
    by_name: HashMap<Identifier, usize>,
}

impl Known {
    fn new(customers: Vec<Customer<FeatureState>>) -> Self {
        let names = customers
            .iter()
            .enumerate()
            .flat_map(|(place, customer)| customer.profile.links.iter().map(move |(name, _)| (name.clone(), place)));
        let by_name = names.collect();
        Self { customers, by_name }
    }

    /// The place of the customer who goes by a name.
    pub(super) fn find(&self, name: &Identifier) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

/// Folds what was received by a moment, and nothing of what came later: a server that goes on knows more by now.
pub(super) fn customers(engine: &Engine, as_of: Timestamp) -> Result<Known, ServerError> {
    let (history, cells) = (&engine.ports().history, engine.catalogue().cells().clone());
    let separations = history.separations().map_err(EngineError::from)?;
    let mut customers = Vec::new();
    for partition in history.partitions() {
        let store = Arc::new(MemoryProfileStore::default());
        let mut profiles: Profiles<FeatureState> =
            Profiles::open_reading(store, cells.clone()).map_err(EngineError::from)?;
        profiles.know(separations.clone());
        let mut failed = None;
        let read = history.replay(Place::before(partition), &mut |recorded| {
            if recorded.event.received_at <= as_of {
                failed = profiles.apply(&recorded).err();
            }
            failed.is_none()
        });
        read.map_err(EngineError::from)?;
        failed.map_or(Ok(()), Err).map_err(EngineError::from)?;
        customers.extend(profiles.into_resident());
    }
    customers.sort_by(|a, b| a.profile.id.cmp(&b.profile.id));
    Ok(Known::new(customers))
}
