//! How do the stored customers come back into memory after a start?

use crate::Engine;
use crate::error::EngineError;
use features::FeatureState;
use profiles::{Collection, Customer};
use std::sync::atomic::Ordering;

/// How many customers are taken in at a time: events and decisions wait meanwhile.
const N_AT_A_TIME: usize = 500;

impl Engine {
    /// Whether stored customers have to be read into memory: after the start, and after the live state was replaced. Asking
    /// takes the answer away.
    pub fn is_to_be_warmed(&self) -> bool {
        self.is_cold.swap(false, Ordering::AcqRel)
    }

    /// Reads stored customers into memory until `n_max` are there or `is_stopped` says so. Nothing waits for it: who is
    /// needed before is read from the store. Lists, searches and counts go over those in memory. It ends where the live
    /// state is replaced: what is read then is of the old one.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn warm(&self, n_max: usize, is_stopped: &dyn Fn() -> bool) -> Result<(), EngineError> {
        let (n_resident, totals, generation) =
            self.look(|live| (live.profiles.resident().count() as u64, live.profiles.totals(), live.generation));
        if n_resident >= totals.n_customers {
            return Ok(());
        }
        let mut waiting: Vec<Customer<FeatureState>> = Vec::with_capacity(N_AT_A_TIME);
        let mut damaged = None;
        self.ports.profiles.scan(Collection::Customer, "", &mut |key, bytes| {
            match Customer::from_stored(key, bytes) {
                Ok(customer) => waiting.push(customer),
                Err(error) => {
                    damaged = Some(error);
                    return false;
                }
            }
            waiting.len() < N_AT_A_TIME || (self.take_in(&mut waiting, n_max, generation) && !is_stopped())
        })?;
        self.take_in(&mut waiting, n_max, generation);
        damaged.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Answers whether there is room for more in the state that they were read for.
    fn take_in(&self, waiting: &mut Vec<Customer<FeatureState>>, n_max: usize, generation: u64) -> bool {
        self.live.change(|live| {
            live.generation == generation && waiting.drain(..).all(|customer| live.profiles.admit(customer, n_max))
        })
    }
}
