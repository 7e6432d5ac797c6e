//! How much of the bodies of all requests together is held in memory?
//!
//! Each body has a limit of its own, and there are thousands of connections. So whatever comes of a body is taken out of one
//! budget, and goes back to it when the request has been answered or given up. Where nothing is left the request is refused
//! at once, and its client is told to come again: whoever waited would hold what the others wait for.

use crate::api::ApiError;
use crate::error::ServerError;
use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use primitives::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

const MEGABYTE: usize = 1024 * 1024;

/// Where decisions are asked for.
const DECIDE: &str = "/v1/decide";

/// The part of the budget that questions for decisions have beside it, however many events come in.
const DECISIONS_SHARE: usize = 8;

/// What all bodies together may take: what is left of it.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    left: Arc<AtomicUsize>,
    left_for_decisions: Arc<AtomicUsize>,
}

impl Budget {
    pub(crate) fn new(n_megabytes: usize) -> Self {
        let n_bytes = n_megabytes.saturating_mul(MEGABYTE);
        let budget = |n_bytes| Arc::new(AtomicUsize::new(n_bytes));
        Self { left: budget(n_bytes), left_for_decisions: budget(n_bytes / DECISIONS_SHARE) }
    }

    /// A request whose body is taken out of this budget; whoever works on it keeps the [`Held`] in its extensions.
    pub(crate) fn meter(&self, request: hyper::Request<Incoming>) -> hyper::Request<Body> {
        let (mut parts, body) = request.into_parts();
        if hyper::body::Body::is_end_stream(&body) {
            return hyper::Request::from_parts(parts, Body::empty());
        }
        let held = Arc::new(self.held(parts.uri.path()));
        parts.extensions.insert(held.clone());
        hyper::Request::from_parts(parts, Body::new(Metered { body, held }))
    }

    fn held(&self, path: &str) -> Held {
        let left = if path == DECIDE { &self.left_for_decisions } else { &self.left };
        Held { left: left.clone(), n_bytes: AtomicUsize::new(0), is_refused: AtomicBool::new(false) }
    }
}

/// What one request holds of the budget; it goes back when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    left: Arc<AtomicUsize>,
    n_bytes: AtomicUsize,
    is_refused: AtomicBool,
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

    /// Gives back what was taken and is not needed.
    pub(crate) fn give_back(&self, n_bytes: usize) {
        self.n_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
        self.left.fetch_add(n_bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.left.fetch_add(*self.n_bytes.get_mut(), Ordering::Relaxed);
    }
}

/// The answer to a request; that there was no room, where its body found none.
pub(crate) fn answer(held: Option<Arc<Held>>, response: Response) -> Response {
    if !held.is_some_and(|held| held.is_refused.load(Ordering::Relaxed)) {
        return response;
    }
    metrics::counter!("cx_bodies_refused_total").increment(1);
    no_room().for_any_site()
}

fn no_room() -> ApiError {
    let message = "the bodies of all requests together have limits.body_megabytes_max: try again in a second";
    ApiError::from(ServerError::new(ErrorKind::Unavailable, message))
}

struct Metered {
    body: Incoming,
    held: Arc<Held>,
}

impl hyper::body::Body for Metered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
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
}
