//! Who was known at a moment, and what of them?

use crate::error::ServerError;
use crate::simulated;
use engine::{Engine, EngineError};
use events::Place;
use features::{FeatureState, Items};
use primitives::Timestamp;
use profiles::{Customer, Identifier, MemoryProfileStore, Profiles};
use simulation::Label;
use std::collections::HashMap;
use std::sync::Arc;

/// The customers as they were known at a moment.
pub(super) struct Known {
    /// Sorted by their ids.
    pub(super) customers: Vec<Customer<FeatureState>>,
    /// What there was to buy, and how many had.
    pub(super) items: Items,
    /// How many events had come.
    pub(super) n_events: u64,
    /// Of which simulated companies things were ever told, also later: each once.
    pub(super) companies: Vec<Label>,
    /// Which of them goes by a name, by their places.
    by_name: HashMap<Identifier, usize>,
}

impl Known {
    fn new(mut customers: Vec<Customer<FeatureState>>, items: Items, n_events: u64, companies: Vec<Label>) -> Self {
        customers.sort_by(|a, b| a.profile.id.cmp(&b.profile.id));
        let names = customers
            .iter()
            .enumerate()
            .flat_map(|(place, customer)| customer.profile.links.iter().map(move |(name, _)| (name.clone(), place)));
        let by_name = names.collect();
        Self { customers, items, n_events, companies, by_name }
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
    let nothing = Arc::new(MemoryProfileStore::default());
    let mut items = Items::open(nothing.as_ref(), engine.policy()).map_err(EngineError::from)?;
    let (mut customers, mut n_events, mut companies) = (Vec::new(), 0, Vec::new());
    for partition in history.partitions() {
        let store = Arc::new(MemoryProfileStore::default());
        let mut profiles: Profiles<FeatureState> =
            Profiles::open_reading(store, cells.clone()).map_err(EngineError::from)?;
        profiles.know(separations.clone());
        let mut failed = None;
        let read = history.replay(Place::before(partition), &mut |recorded| {
            companies.extend(simulated::of(&recorded.event).filter(|label| !companies.contains(label)));
            if recorded.event.received_at <= as_of {
                n_events += 1;
                items.apply(&recorded);
                failed = profiles.apply_watched(&recorded, &mut items).err();
            }
            failed.is_none()
        });
        read.map_err(EngineError::from)?;
        failed.map_or(Ok(()), Err).map_err(EngineError::from)?;
        customers.extend(profiles.into_resident());
    }
    Ok(Known::new(customers, items, n_events, companies))
}
