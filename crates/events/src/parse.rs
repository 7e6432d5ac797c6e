//! How does what a client sent become events?

use crate::{CallKind, Event, Fields, Rejected, Rejection};
use primitives::Timestamp;
use serde_json::Value;

/// The largest event, in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 32 * 1024;
/// The largest request, in bytes after decompression.
pub const BATCH_BYTES_MAX: usize = 500 * 1024;
/// The most events in one request.
pub const BATCH_EVENTS_MAX: usize = 2_500;

/// Where events come from, which decides what they may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client with a write key: a browser, an app. May not describe the catalogue.
    Client,
    /// The company's own service with a server key.
    Server,
    /// A file of history: counts as received when it occurred.
    Import,
}

/// What holds for every event of a request.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// When the request came.
    pub received_at: Timestamp,
    /// When the client sent it, by the client's clock.
    pub sent_at: Option<Timestamp>,
    /// The request's `context`, merged under every event's own.
    pub context: Fields,
    /// Where it comes from.
    pub origin: Origin,
}

/// A request's events: accepted and rejected ones.
#[derive(Debug, Default)]
pub struct Batch {
    /// The write key in the body, if any.
    pub write_key: Option<String>,
    /// Accepted events, in the order sent.
    pub accepted: Vec<Event>,
    /// Rejected ones, each with its reason.
    pub rejected: Vec<Rejected>,
}

/// Why a whole request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The body is not JSON, or not an object with a `batch` array.
    #[error("{message}")]
    Malformed {
        /// What is wrong and what to send.
        message: String,
    },
    /// The body or the batch is too large.
    #[error("{message}")]
    TooLarge {
        /// The limit, what was found and what to do.
        message: String,
    },
}

/// Reads the body of `POST /v1/batch`.
///
/// # Errors
/// [`Refusal`] where the request as a whole cannot be read; single bad events are in [`Batch::rejected`].
pub fn parse_batch(_body: &[u8], _received_at: Timestamp, _origin: Origin) -> Result<Batch, Refusal> {
    Ok(Batch::default())
}

/// Reads the body of `POST /v1/{kind}`: one event.
///
/// # Errors
/// [`Refusal`] where the body is not a JSON object or too large; a bad event is in [`Batch::rejected`].
pub fn parse_single(_body: &[u8], _kind: CallKind, _received_at: Timestamp, _origin: Origin) -> Result<Batch, Refusal> {
    Ok(Batch::default())
}

/// Reads one event. `kind` is the call where the path names it; else the event's `type` does.
///
/// # Errors
/// [`Rejection`] with the field and the reason.
pub fn parse_event(_payload: Value, _kind: Option<CallKind>, _envelope: &Envelope) -> Result<Event, Rejection> {
    Err(Rejection { code: crate::RejectionCode::Malformed, field: String::new(), message: String::new() })
}
