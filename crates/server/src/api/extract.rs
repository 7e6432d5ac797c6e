//! How are a request's path, query and body read, so that every mistake is answered in the same form?

use crate::failure::ApiError;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use primitives::plain_words;
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

/// The largest body of a question or a command.
pub(super) const SMALL_BYTES_MAX: usize = 64 * 1024;

/// The largest body of a question with a message in it, of 1 MB and as much again for how it is written.
const QUESTION_BYTES_MAX: usize = 2 << 20;

/// How long a client may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// The query, as axum reads it.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|query| Self(query.0)).map_err(|error| {
            let fault = plain_words(&error.body_text());
            ApiError::invalid(format!("the query cannot be read ({fault}): give each known name once"))
        })
    }
}

/// The variable part of the path, as axum reads it.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0)).map_err(|error| {
            let fault = plain_words(&error.body_text());
            ApiError::invalid(format!("the path cannot be read ({fault}): percent-encode names in UTF-8"))
        })
    }
}

/// The body of a question or a command.
pub(super) struct SmallBody(pub(super) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for SmallBody {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(read_up_to(request.into_body(), SMALL_BYTES_MAX).await?.ok_or_else(|| larger_than(SMALL_BYTES_MAX))?))
    }
}

/// The body of a question that may hold a message: whoever reads it refuses what is large and holds none.
pub(super) struct QuestionBody(pub(super) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for QuestionBody {
    type Rejection = ApiError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let read = read_up_to(request.into_body(), QUESTION_BYTES_MAX).await?;
        Ok(Self(read.ok_or_else(|| larger_than(QUESTION_BYTES_MAX))?))
    }
}

/// That a body is too large.
pub(super) fn larger_than(n_bytes: usize) -> ApiError {
    ApiError::too_large(format!("the body is larger than {n_bytes} bytes: send less"))
}

/// A body of up to `n_max` bytes, or `None` where it is larger: the connection reads over the rest.
///
/// # Errors
/// [`ApiError`] where the client breaks off or takes too long.
pub(super) async fn read_up_to(body: Body, n_max: usize) -> Result<Option<Vec<u8>>, ApiError> {
    match tokio::time::timeout(BODY_TIME_MAX, collect(body, n_max)).await {
        Ok(read) => read,
        Err(_) => {
            let message = format!("the body did not come within {} seconds: send it again", BODY_TIME_MAX.as_secs());
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", message))
        }
    }
}

async fn collect(mut body: Body, n_max: usize) -> Result<Option<Vec<u8>>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| ApiError::invalid(format!("the body broke off ({error}): send it again")))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > n_max {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes))
}
