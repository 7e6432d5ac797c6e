//! How is a customer removed for good? [`ErasureStore`] on the database, the history, and what lies beside them.
//!
//! A record says which places of the log are empty from then on; every replay, sealing and check takes them for missing, as it
//! takes what was set aside. So from the moment the record is durable nobody reads these events any more, whether the rows
//! and files that hold them are gone already or not, and whatever a crash left is removed by doing the steps again.

mod naming;
mod remove;

use crate::command::Command;
use crate::erased::{Erased, Record, Who};
use crate::history_files::Offsets;
use crate::room::{N_COPIES_TO_ERASE, N_COPIES_TO_OVERWRITE};
use crate::{Access, Storage, StorageError};
use primitives::{CustomerId, Timestamp};
use profiles::{
    Erasure, ErasureId, ErasurePlan, ErasureStage, ErasureStep, ErasureStore, Identifier, Removed, StoreError,
};
use std::sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

/// After which pauses it is tried again to begin the write-ahead log anew. What reads in it is waited for in each try; who copies
/// it is not, as this program itself does for some seconds after so much was written.
const PAUSES_MS: [u64; 11] = [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000];
const OVERWRITING: &str = "overwriting what was removed from the database";

impl ErasureStore for Storage {
    fn check_room(&self) -> Result<(), StoreError> {
        self.check_room(N_COPIES_TO_ERASE).map_err(failed)
    }

    fn foresee(&self, plan: &ErasurePlan) -> Result<Removed, StoreError> {
        self.to_remove_of(plan).map(|(_, removed)| removed).map_err(failed)
    }

    fn begin(&self, id: &ErasureId, plan: ErasurePlan, at: Timestamp, key: [u8; 32]) -> Result<(), StoreError> {
        self.begin_erasure(id, plan, at, key).map_err(failed)
    }

    fn remove(&self, id: &ErasureId, step: ErasureStep, now: Timestamp) -> Result<(), StoreError> {
        self.remove_step(id, step, now).map_err(failed)
    }

    fn stage(&self, id: &ErasureId) -> ErasureStage {
        self.erased().records.get(id).map(|record| record.stage).unwrap_or_default()
    }

    fn reach(&self, id: &ErasureId, stage: ErasureStage) -> Result<(), StoreError> {
        self.change_record(id, |record| record.stage = record.stage.max(stage))
    }

    fn overwrite(&self) -> Result<(), StoreError> {
        self.check_room(N_COPIES_TO_OVERWRITE).map_err(failed)?;
        self.maintain(OVERWRITING, Command::Overwrite).map(drop).map_err(failed)
    }

    fn overwrite_ahead(&self) -> Result<(), StoreError> {
        let truncate = || self.maintain(OVERWRITING, Command::TruncateWal).map(drop).map_err(failed);
        for pause in PAUSES_MS {
            if truncate().is_ok() {
                return Ok(());
            }
            // Others get what they wait for meanwhile.
            std::thread::park_timeout(Duration::from_millis(pause));
        }
        truncate()
    }

    fn end(&self, id: &ErasureId, at: Timestamp) -> Result<(), StoreError> {
        self.change_record(id, |record| {
            record.who = None;
            record.ended_at = record.ended_at.or(Some(at));
        })
    }

    fn allow(&self, id: &ErasureId, at: Timestamp) -> Result<(), StoreError> {
        let lives = self.erased().lives_of(id);
        // What is still under way ends first.
        let allow = |record: &mut Record| record.allowed_at = record.ended_at.and(Some(at));
        lives.iter().try_for_each(|life| self.change_record(life, allow))
    }

    fn refuses_any(&self) -> bool {
        self.erased().refuses_any()
    }

    fn erasure_of(&self, name: &Identifier) -> Option<ErasureId> {
        self.erased().erasure_of(name)
    }

    fn erasure(&self, id: &ErasureId) -> Option<Erasure> {
        self.erased().told(id)
    }

    fn customers_of(&self, id: &ErasureId) -> Vec<CustomerId> {
        let erased = self.erased();
        let who = erased.records.get(id).and_then(|record| record.who.as_ref());
        who.map(|who| who.customers.clone()).unwrap_or_default()
    }

    fn erasures(&self) -> Vec<Erasure> {
        let erased = self.erased();
        erased.records.keys().filter_map(|id| erased.told(id)).collect()
    }

    fn under_way(&self) -> Vec<ErasureId> {
        let erased = self.erased();
        let mut found: Vec<_> = erased.records.values().filter(|record| record.who.is_some()).collect();
        found.sort_by_key(|record| record.asked_at);
        found.into_iter().map(|record| record.id.clone()).collect()
    }
}

impl Storage {
    /// The places of the log whose events were erased, as it stands now.
    pub(crate) fn erased_offsets(&self) -> Result<Arc<Offsets>, StorageError> {
        match self.directory.access() {
            Access::Exclusive => Ok(self.erased().offsets.clone()),
            // Another program writes.
            Access::ReadOnly => Ok(Erased::read(&self.directory)?.offsets),
        }
    }

    fn begin_erasure(
        &self,
        id: &ErasureId,
        plan: ErasurePlan,
        at: Timestamp,
        key: [u8; 32],
    ) -> Result<(), StorageError> {
        let (offsets, removed) = self.to_remove_of(&plan)?;
        let ErasurePlan { customers, names, .. } = plan;
        let mut erased = self.erased_mut();
        let key = erased.key_or(&self.directory, key)?;
        let mut record = Record::new(id.clone(), at, Who { customers, names }, &offsets, &key);
        record.removed = removed;
        erased.keep(&self.directory, record)
    }

    /// The places of the log that go with somebody, and how much goes in all.
    fn to_remove_of(&self, plan: &ErasurePlan) -> Result<(Offsets, Removed), StorageError> {
        let places = Offsets::of(plan.places.iter().map(|place| (place.0, place.0)));
        // What was withdrawn before is nobody's, and is still there.
        let offsets = places.and(&self.withdrawn_of(&plan.names)?);
        let who = Who { customers: plan.customers.clone(), names: plan.names.clone() };
        let removed = self.to_remove(&who)?.counted(Removed { events: offsets.n(), ..Removed::default() });
        Ok((offsets, removed))
    }

    fn change_record(&self, id: &ErasureId, change: impl FnOnce(&mut Record)) -> Result<(), StoreError> {
        let mut erased = self.erased_mut();
        let Some(mut record) = erased.records.get(id).cloned() else { return Ok(()) };
        change(&mut record);
        erased.keep(&self.directory, record).map_err(failed)
    }

    fn erased(&self) -> RwLockReadGuard<'_, Erased> {
        self.erased.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn erased_mut(&self) -> RwLockWriteGuard<'_, Erased> {
        self.erased.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: StorageError) -> StoreError {
    StoreError { attempt: error.to_string(), kind: error.kind(), source: Box::new(error) }
}
