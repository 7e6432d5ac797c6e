//! How much of the bodies of all requests together is held in memory?
//!
//! Each body has a limit of its own, and there are thousands of connections. So whatever comes of a body is taken out of one
//! budget, and goes back to it when the request has been answered or given up. Where nothing is left the request is refused
//! at once, and its client is told to come again: whoever waited would hold what the others wait for.
//!
//! What a body becomes once it is read can be a hundred times as large, so there is a second budget for it, of the same size.
//! Whoever takes out of that one needs nothing more of it, so there one waits for room.

use crate::error::ServerError;
use crate::failure::ApiError;
use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use primitives::ErrorKind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

const MEGABYTE: usize = 1024 * 1024;

/// Where decisions are asked for.
const DECIDE: &str = "/v1/decide";

/// The part of the budget that questions for decisions have beside it, however many events come in.
const DECISIONS_SHARE: usize = 8;

/// How long a request waits for room to be read in.
const ROOM_MAX: Duration = Duration::from_secs(10);

/// What all bodies together may take: what is left of it.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    left: Arc<AtomicUsize>,
    left_for_decisions: Arc<AtomicUsize>,
    reading: Arc<Reading>,
}

/// What all that was read together may take.
#[derive(Debug)]
struct Reading {
    n_bytes_max: usize,
    left: Mutex<usize>,
    freed: Condvar,
}

impl Reading {
    /// Takes so much for who has `n_taken` already, after waiting for it. What is larger than everything is let in alone.
    fn take(&self, n_bytes: usize, n_taken: usize, patience: Duration) -> Option<usize> {
        let n_bytes = n_bytes.min(self.n_bytes_max.saturating_sub(n_taken));
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(left, patience, |left| *left < n_bytes);
        let (mut left, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *left = left.checked_sub(n_bytes)?;
        Some(n_bytes)
    }

    fn give_back(&self, n_bytes: usize) {
        if n_bytes > 0 {
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) += n_bytes;
            self.freed.notify_all();
        }
    }
}

impl Budget {
    pub(crate) fn new(n_megabytes: usize) -> Self {
        let n_bytes = n_megabytes.saturating_mul(MEGABYTE);
        let budget = |n_bytes| Arc::new(AtomicUsize::new(n_bytes));
        let reading = Reading { n_bytes_max: n_bytes, left: Mutex::new(n_bytes), freed: Condvar::new() };
        Self {
            left: budget(n_bytes),
            left_for_decisions: budget(n_bytes / DECISIONS_SHARE),
            reading: Arc::new(reading),
        }
    }

    /// A request whose body is taken out of this budget; whoever works on it keeps the [`Held`] in its extensions.
    pub(crate) fn meter(&self, request: hyper::Request<Incoming>) -> hyper::Request<Body> {
        let (mut parts, body) = request.into_parts();
        if hyper::body::Body::is_end_stream(&body) {
            return hyper::Request::from_parts(parts, Body::empty());
        }
        let held = Arc::new(self.held(parts.uri.path()));
        parts.extensions.insert(held.clone());
        hyper::Request::from_parts(parts, Body::new(Metered { body, held, is_read: false }))
    }

    pub(crate) fn held(&self, path: &str) -> Held {
        let left = if path == DECIDE { &self.left_for_decisions } else { &self.left };
        Held {
            left: left.clone(),
            n_bytes: AtomicUsize::new(0),
            is_refused: AtomicBool::new(false),
            is_unread: AtomicBool::new(false),
            reading: self.reading.clone(),
            n_bytes_read: AtomicUsize::new(0),
        }
    }
}

/// What one request holds of the budget; it goes back when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    left: Arc<AtomicUsize>,
    n_bytes: AtomicUsize,
    is_refused: AtomicBool,
    is_unread: AtomicBool,
    reading: Arc<Reading>,
    n_bytes_read: AtomicUsize,
}

impl Held {
    /// Takes room for so many bytes more.
    ///
    /// # Errors
    /// [`ApiError`] with 503 where there is none.
    pub(crate) fn take(&self, n_bytes: usize) -> Result<(), ApiError> {
        let less = |left: usize| left.checked_sub(n_bytes);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            self.is_refused.store(true, Ordering::Relaxed);
            return Err(no_room());
        }
        self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Takes room for what a body becomes when it is read, and waits for it: not on the threads that serve connections.
    ///
    /// # Errors
    /// [`ApiError`] with 503 where there was none for some seconds.
    pub(crate) fn take_to_read(&self, n_bytes: usize) -> Result<(), ApiError> {
        self.read_within(n_bytes, ROOM_MAX)
    }

    /// Takes more of it, if it is there: who has some already must not wait for more.
    ///
    /// # Errors
    /// As [`Held::take_to_read`].
    pub(crate) fn take_more_to_read(&self, n_bytes: usize) -> Result<(), ApiError> {
        self.read_within(n_bytes, Duration::ZERO)
    }

    fn read_within(&self, n_bytes: usize, patience: Duration) -> Result<(), ApiError> {
        let n_before = self.n_bytes_read.load(Ordering::Relaxed);
        let Some(n_taken) = self.reading.take(n_bytes, n_before, patience) else {
            self.is_refused.store(true, Ordering::Relaxed);
            return Err(no_room());
        };
        self.n_bytes_read.fetch_add(n_taken, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back what was taken and is not needed.
    pub(crate) fn give_back(&self, n_bytes: usize) {
        self.n_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
        self.left.fetch_add(n_bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.left.fetch_add(*self.n_bytes.get_mut(), Ordering::Relaxed);
        self.reading.give_back(*self.n_bytes_read.get_mut());
    }
}

/// The answer to a request; that there was no room, where its body found none.
///
/// Where the body was not read to its end the connection ends with the answer. It says so: else a client would send its next
/// request into a connection that is being closed.
pub(crate) fn answer(held: Option<Arc<Held>>, mut response: Response) -> Response {
    let Some(held) = held else { return response };
    if held.is_refused.load(Ordering::Relaxed) {
        metrics::counter!("cx_bodies_refused_total").increment(1);
        response = no_room().for_any_site();
    }
    if held.is_unread.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer where the budget is used up.
pub(crate) fn no_room() -> ApiError {
    let message = "the bodies of all requests together have limits.body_megabytes_max: try again in a second";
    ApiError::from(ServerError::new(ErrorKind::Unavailable, message))
}

struct Metered {
    body: Incoming,
    held: Arc<Held>,
    is_read: bool,
}

impl Drop for Metered {
    fn drop(&mut self) {
        if !self.is_read && !hyper::body::Body::is_end_stream(&self.body) {
            self.held.is_unread.store(true, Ordering::Relaxed);
        }
    }
}

impl hyper::body::Body for Metered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.is_read |= frame.is_none();
        let n_bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        if let Err(error) = self.held.take(n_bytes) {
            return Poll::Ready(Some(Err(error.message().into())));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_and_what_is_not_there_is_refused() {
        let budget = Budget::new(1);
        let (one, two) = (budget.held("/v1/batch"), budget.held("/v1/t"));
        one.take(MEGABYTE - 10).unwrap();
        two.take(10).unwrap();
        assert_eq!(two.take(1).unwrap_err().status().as_u16(), 503);
        let question = budget.held(DECIDE);
        question.take(64 * 1_024).unwrap();
        assert!(question.take(MEGABYTE).is_err(), "it has a bound, too");
        one.give_back(5);
        two.take(5).unwrap();
        drop(one);
        two.take(MEGABYTE - 15).unwrap();
        assert!(two.take(1).is_err());
        drop(two);
        assert_eq!(budget.left.load(Ordering::Relaxed), MEGABYTE);
    }

    #[test]
    fn what_is_read_waits_for_room_and_what_is_larger_than_everything_comes_in_alone() {
        let budget = Budget::new(1);
        let (one, two) = (budget.held("/v1/batch"), budget.held("/v1/batch"));
        one.take_to_read(usize::MAX).unwrap();
        one.take_more_to_read(usize::MAX).unwrap();
        assert_eq!(two.take_more_to_read(1).unwrap_err().status().as_u16(), 503);
        let waited = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| two.take_to_read(10));
            drop(one);
            waiting.join().unwrap()
        });
        assert!(waited.is_ok());
        two.take_more_to_read(MEGABYTE - 10).unwrap();
        drop(two);
        assert_eq!(*budget.reading.left.lock().unwrap(), MEGABYTE);
    }
}
