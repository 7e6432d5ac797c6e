//! How is a failure answered over HTTP?

use crate::error::ServerError;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use primitives::ErrorKind;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// The body of every error.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(title = "Error")]
pub(crate) struct ErrorBody {
    /// Always `false`.
    #[schema(example = false)]
    success: bool,
    /// The class of failure, for programs.
    #[schema(example = "invalid")]
    code: String,
    /// One sentence: what was wrong, with which value, and what to do.
    message: String,
}

/// A failure with its HTTP status.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after_seconds: Option<u32>,
}

impl ApiError {
    /// A failure of a class with a sentence.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after_seconds: None }
    }

    /// The request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// The body is larger than allowed.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// More is under way than there are places.
    pub fn too_many(n_max: usize) -> Self {
        let message = format!("{n_max} requests are being worked on, which is the limit: try again in a second");
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message) }
    }

    /// More pages follow live than may.
    pub fn too_many_pages(n_max: usize) -> Self {
        let message = format!("{n_max} pages follow live, which is the limit: close one");
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message) }
    }

    /// As many clients listen for other flags as may.
    pub fn too_many_listeners(n_max: usize) -> Self {
        let message = format!(
            "{n_max} clients listen for other flags, which is the limit in all or of one address: load the features again \
             by and by"
        );
        Self { retry_after_seconds: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message) }
    }

    /// A key or an address asks more often than it may.
    pub fn too_often(who: &str, (n_max, what): (u32, &str), per: Duration, wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
        let per = if per.as_secs() == 1 { "a second".to_owned() } else { format!("in {} seconds", per.as_secs()) };
        let message = format!(
            "{who} may send {n_max} {what} {per}: try again in {seconds} s, or raise it in [limits] of the settings"
        );
        Self { retry_after_seconds: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_often", message) }
    }

    /// Too many wrong keys came from an address.
    pub fn wrong_too_often(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
        let message = format!("too many wrong keys were sent from this address: send the right one in {seconds} s");
        Self { retry_after_seconds: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_often", message) }
    }

    /// A fault of ours, of which the log tells more.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed: its log says more")
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header that says when to try again, where that is known. Clients read whole seconds.
    pub fn retry_after(&self) -> Option<(HeaderName, HeaderValue)> {
        self.retry_after_seconds.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds)))
    }

    /// The answer where no layer of the interface has passed: a program may run in a browser, on another site, and shall read
    /// why.
    pub fn for_any_site(self) -> Response {
        let mut response = self.into_response();
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<ServerError> for ApiError {
    fn from(error: ServerError) -> Self {
        let (status, code) = match error.kind() {
            ErrorKind::Invalid => (StatusCode::BAD_REQUEST, "invalid"),
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            ErrorKind::Conflict => (StatusCode::CONFLICT, "conflict"),
            ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            ErrorKind::Corrupt | ErrorKind::Internal => {
                tracing::error!(error = error.story(), "a request failed");
                return Self::internal();
            }
        };
        let retry_after_seconds = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        Self { retry_after_seconds, ..Self::new(status, code, error.to_string()) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry_after = self.retry_after();
        let body = ErrorBody { success: false, code: self.code.to_owned(), message: self.message };
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().extend(retry_after);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer, Basic"));
        }
        response
    }
}
