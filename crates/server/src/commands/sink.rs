//! How do imported payloads reach the engine? In batches, durably, each `messageId` once.

use crate::engine::Engine;
use crate::error::ServerError;
use crate::import::{Payload, Sink, SinkError};
use events::{Batch, Envelope, Event, Fields, Origin};
use primitives::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// How many events are appended at a time.
const N_BATCH: usize = 5_000;

/// How many events are folded before they are checkpointed.
const N_CHECKPOINT: usize = 200_000;

/// Takes payloads into the engine.
pub(super) struct EngineSink {
    engine: Arc<Engine>,
    n_resident_max: usize,
    envelope: Envelope,
    waiting: Vec<Event>,
    n_since_checkpoint: usize,
    /// Events that were new.
    pub(super) n_new: u64,
    /// Events that were there already.
    pub(super) n_known: u64,
}

impl EngineSink {
    pub(super) fn new(engine: Arc<Engine>, n_resident_max: usize) -> Self {
        let envelope = envelope(engine.clock().now());
        let waiting = Vec::with_capacity(N_BATCH);
        Self { engine, n_resident_max, envelope, waiting, n_since_checkpoint: 0, n_new: 0, n_known: 0 }
    }

    fn send(&mut self) -> Result<(), ServerError> {
        let accepted = std::mem::replace(&mut self.waiting, Vec::with_capacity(N_BATCH));
        self.n_since_checkpoint += accepted.len();
        let ingested = self.engine.ingest(Batch { accepted, ..Batch::default() })?;
        self.n_new += ingested.n_accepted as u64;
        self.n_known += ingested.n_duplicates as u64;
        if self.n_since_checkpoint >= N_CHECKPOINT {
            self.n_since_checkpoint = 0;
            self.engine.checkpoint(self.n_resident_max)?;
        }
        Ok(())
    }
}

impl Sink for EngineSink {
    fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
        self.waiting.extend(read_all(together, &self.envelope)?);
        if self.waiting.len() < N_BATCH {
            return Ok(());
        }
        self.send().map_err(|error| SinkError::Failed(error.story()))
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let sent = self.send().and_then(|()| self.engine.checkpoint(self.n_resident_max));
        sent.map(|_| ()).map_err(|error| SinkError::Failed(error.story()))
    }
}

/// Looks at what would go in, and keeps the first few events.
pub(super) struct TrialSink {
    envelope: Envelope,
    /// The first events as they would go in.
    pub(super) first: Vec<Value>,
    n_shown: usize,
}

impl TrialSink {
    pub(super) fn new(now: Timestamp, n_shown: usize) -> Self {
        Self { envelope: envelope(now), first: Vec::new(), n_shown }
    }
}

impl Sink for TrialSink {
    fn accept(&mut self, together: Vec<Payload>) -> Result<(), SinkError> {
        let room = self.n_shown.saturating_sub(self.first.len());
        let shown: Vec<Value> = together.iter().take(room).map(|payload| payload.value.clone()).collect();
        read_all(together, &self.envelope)?;
        self.first.extend(shown);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

fn envelope(received_at: Timestamp) -> Envelope {
    Envelope { received_at, sent_at: None, context: Fields::new(), origin: Origin::Import }
}

/// Reads payloads as events: all of them, or the reason why one is none.
fn read_all(together: Vec<Payload>, envelope: &Envelope) -> Result<Vec<Event>, SinkError> {
    let read = |payload: Payload| {
        events::parse_event(payload.value, None, envelope)
            .map_err(|rejection| SinkError::Rejected(format!("{} ({})", rejection.message, rejection.field)))
    };
    together.into_iter().map(read).collect()
}
