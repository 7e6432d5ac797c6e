//! How is the body of a request with events read and unpacked?

use super::extract::read_up_to;
use crate::bodies::Held;
use crate::failure::ApiError;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use events::BATCH_BYTES_MAX;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::sync::Arc;

/// The largest body of whom nobody knows yet: the key stands in the body itself, as browsers send it that leave a page.
const KEYLESS_BYTES_MAX: usize = 64 * 1024;

/// How large a body may be, as it is sent and unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// As large as a batch. A single event may be that long here, so that one that is too long is kept with its reason like
    /// every rejected event.
    Batch,
    /// No larger than whoever has shown no key may send.
    Keyless,
}

impl Limit {
    fn n_bytes(self) -> usize {
        match self {
            // A little more than the limit is read, so that the parser says by how much it is exceeded.
            Self::Batch => BATCH_BYTES_MAX + 4_096,
            Self::Keyless => KEYLESS_BYTES_MAX,
        }
    }

    fn exceeded(self) -> ApiError {
        match self {
            Self::Batch => {
                ApiError::too_large(format!("the body has more than {BATCH_BYTES_MAX} bytes: send less at a time"))
            }
            Self::Keyless => {
                let message = format!(
                    "no API key came before the body, which has more than {KEYLESS_BYTES_MAX} bytes: send the key as \
                     \"Authorization: Bearer KEY\", as the Basic user name or as ?writeKey=KEY"
                );
                ApiError::new(StatusCode::UNAUTHORIZED, "no_key", message)
            }
        }
    }
}

/// A body as it was sent, with its room in the budget of all bodies.
pub(super) struct Sent {
    bytes: Vec<u8>,
    is_packed: bool,
    limit: Limit,
    held: Option<Arc<Held>>,
}

impl Sent {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ApiError`]: too large, too slow, packed in a way that is not understood.
    pub(super) async fn read(parts: &Parts, body: Body, limit: Limit) -> Result<Self, ApiError> {
        let encoding = parts.headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let is_packed = match encoding.unwrap_or("identity").trim().to_ascii_lowercase().as_str() {
            "" | "identity" => false,
            "gzip" | "x-gzip" => true,
            other => {
                let shown: String = other.chars().take(40).collect();
                let message = format!("Content-Encoding \"{shown}\" is not understood: send gzip or plain JSON");
                return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", message));
            }
        };
        let bytes = read_up_to(body, limit.n_bytes()).await?.ok_or_else(|| limit.exceeded())?;
        Ok(Self { bytes, is_packed, limit, held: parts.extensions.get::<Arc<Held>>().cloned() })
    }

    /// Unpacks it, where it is packed, takes the room that it needs once it is read, and works on it. This computes: not on the threads that serve connections.
    ///
    /// # Errors
    /// [`ApiError`]: too large, not packed as it says, no room, or what the work answers.
    pub(super) fn with_plain<T>(
        self,
        work: impl FnOnce(&[u8], Option<&Held>) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let held = self.held.as_deref();
        let work = |plain: &[u8]| {
            // It is there beside what it is read into.
            held.map_or(Ok(()), |held| held.take_to_read(events::memory_of(plain)))?;
            work(plain, held)
        };
        if !self.is_packed {
            return work(&self.bytes);
        }
        let n_max = self.limit.n_bytes();
        // How large it becomes is known only afterwards.
        held.map_or(Ok(()), |held| held.take(n_max))?;
        let mut plain = Vec::new();
        MultiGzDecoder::new(&self.bytes[..]).take(n_max as u64 + 1).read_to_end(&mut plain).map_err(|_| not_gzip())?;
        if plain.len() > n_max {
            return Err(self.limit.exceeded());
        }
        if let Some(held) = held {
            held.give_back(n_max - plain.len());
        }
        work(&plain)
    }
}

fn not_gzip() -> ApiError {
    let message = "the body is not gzip, as its Content-Encoding says: compress it, or leave the header away";
    ApiError::new(StatusCode::BAD_REQUEST, "malformed", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bodies::Budget;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn what_a_body_becomes_takes_room_while_it_is_worked_on() {
        let body = format!("[{}]", [r#"{"":1}"#; 4_000].join(",")).into_bytes();
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&body).unwrap();
        for (bytes, is_packed) in [(body.clone(), false), (packed.finish().unwrap(), true)] {
            let budget = Budget::new(1);
            let is_full = || budget.held("/v1/batch").take_more_to_read(1).is_err();
            let held = Some(Arc::new(budget.held("/v1/batch")));
            let sent = Sent { bytes, is_packed, limit: Limit::Batch, held };
            let plain = sent.with_plain(|plain, _| {
                assert!(is_full(), "28 KB of objects become more than a megabyte");
                Ok(plain.to_vec())
            });
            assert_eq!(plain.unwrap(), body);
            assert!(!is_full());
        }
    }
}
