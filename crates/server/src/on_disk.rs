//! What gives the engine its ports? One machine's storage, in the data directory.

use engine::{AuditLog, Beside, EngineError, Ports, Renewal, Sealed, Sealing, Upkeep};
use events::Offset;
use governance::AuditEntry;
use primitives::Timestamp;
use profiles::StoreError;
use std::sync::Arc;
use storage::{Rebuild, SealPolicy, Storage, StorageError};

/// The ports of one machine's storage.
#[must_use]
pub fn ports(storage: &Arc<Storage>) -> Ports {
    let on_disk = Arc::new(OnDisk(storage.clone()));
    Ports {
        events: storage.event_log(),
        imports: storage.import_log(),
        profiles: storage.profile_store(),
        renewal: on_disk.clone(),
        history: storage.history(),
        erasures: storage.erasure_store(),
        models: storage.model_store(),
        decisions: storage.decision_log(),
        lists: storage.list_store(),
        playbook: storage.playbook_store(),
        documents: storage.document_store(),
        words: storage.text_index(),
        audit: on_disk.clone(),
        upkeep: on_disk,
    }
}

/// The engine's own ports, of which storage knows nothing.
struct OnDisk(Arc<Storage>);

impl Renewal for OnDisk {
    fn begin(&self) -> Result<Beside, StoreError> {
        let rebuild = Arc::new(Rebuild::begin(self.0.clone())?);
        let store = rebuild.clone();
        Ok(Beside { store, adopt: Box::new(move || rebuild.adopt().map_err(keeping)) })
    }
}

impl AuditLog for OnDisk {
    fn add(&self, entry: &AuditEntry) -> Result<(), EngineError> {
        self.0.add_audit(entry).map_err(keeping)
    }
}

impl Upkeep for OnDisk {
    fn seal(&self, upto: Offset, sealing: Sealing) -> Result<Sealed, EngineError> {
        let policy = match sealing {
            Sealing::Everything => SealPolicy::everything(),
            Sealing::From { n_events_min } => SealPolicy { n_events_min, ..SealPolicy::default() },
        };
        let report = self.0.seal(upto, &policy).map_err(keeping)?;
        Ok(Sealed { n_events: report.n_events, n_files: report.n_files })
    }

    fn prune(&self, now: Timestamp) -> Result<(), EngineError> {
        self.0.prune(now).map(|_| ()).map_err(keeping)
    }

    fn write_decisions(&self, now: Timestamp, is_stopped: &dyn Fn() -> bool) -> Result<(), EngineError> {
        self.0.write_decision_files(now, is_stopped).map(|_| ()).map_err(keeping)
    }
}

fn keeping(error: StorageError) -> EngineError {
    EngineError::Keeping { kind: error.kind(), source: Box::new(error) }
}
