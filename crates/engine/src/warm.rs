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

    /// Reads stored customers into memory until `n_max` are there or `is_stopped` says so; then the next call goes on where
    /// this one ended. Answers whether nobody is left to be read. Nothing waits for it: who is needed before is read from the
    /// store. Lists, searches and counts go over those in memory. It ends where the live state is replaced: what is read then
    /// is of the old one.
    ///
    /// # Errors
    /// [`EngineError`] where the store cannot be read.
    pub fn warm(&self, n_max: usize, is_stopped: &dyn Fn() -> bool) -> Result<bool, EngineError> {
        let (are_all_there, generation, after) = self.look(|live| {
            let are_all_there = live.profiles.n_in_memory() >= live.profiles.totals().n_customers;
            (are_all_there, live.generation, live.warmed_upto.clone())
        });
        if are_all_there {
            return Ok(true);
        }
        let mut waiting: Vec<Customer<FeatureState>> = Vec::with_capacity(N_AT_A_TIME);
        let (mut damaged, mut is_broken_off) = (None, false);
        self.ports.profiles.scan_after(Collection::Customer, &after, &mut |key, bytes| {
            match Customer::from_stored(key, bytes) {
                Ok(customer) => waiting.push(customer),
                Err(error) => {
                    damaged = Some(error);
                    return false;
                }
            }
            if waiting.len() < N_AT_A_TIME {
                return true;
            }
            let has_room = self.take_in(&mut waiting, n_max, generation);
            is_broken_off = has_room && is_stopped();
            has_room && !is_broken_off
        })?;
        let has_room = self.take_in(&mut waiting, n_max, generation);
        if let Some(error) = damaged {
            return Err(error.into());
        }
        let is_left = is_broken_off && has_room;
        if is_left {
            self.is_cold.store(true, Ordering::Release);
        }
        Ok(!is_left)
    }

    /// Answers whether there is room for more in the state that they were read for.
    fn take_in(&self, waiting: &mut Vec<Customer<FeatureState>>, n_max: usize, generation: u64) -> bool {
        self.live.change(|live| {
            live.generation == generation
                && waiting.drain(..).all(|customer| {
                    let id = customer.profile.id.to_string();
                    let has_room = live.profiles.admit(customer, n_max);
                    if has_room {
                        live.warmed_upto = id;
                    }
                    has_room
                })
        })
    }
}
