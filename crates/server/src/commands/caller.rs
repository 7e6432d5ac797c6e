//! How does a command ask a server over HTTP? One request with one key, and what came back.

use crate::error::ServerError;
use primitives::ErrorKind;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// How long it may take until a connection stands, and until an answer is there: a little longer than a server lets one take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(90);

/// A server at an address, with one of its keys.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    agent: ureq::Agent,
    url: String,
    key: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// When to ask again, where the server says so.
    pub(crate) retry_after: Option<Duration>,
    /// The body.
    pub(crate) text: String,
}

impl Caller {
    /// A server elsewhere.
    ///
    /// # Errors
    /// [`ServerError`] where the address is none.
    pub(crate) fn elsewhere(url: &str, key: String) -> Result<Self, ServerError> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let message = format!("{url:?} is not an address: give --to https://your.server or http://127.0.0.1:7070");
            return Err(ServerError::new(ErrorKind::Invalid, message));
        }
        Ok(Self::new(url, key))
    }

    /// A server whose address is known to be one.
    pub(crate) fn new(url: &str, key: String) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIME_MAX))
            .timeout_global(Some(ANSWER_TIME_MAX))
            .http_status_as_error(false)
            .build();
        Self { agent: config.new_agent(), url: url.trim_end_matches('/').to_owned(), key }
    }

    /// The same server, asked with another key.
    pub(crate) fn with_key(&self, key: String) -> Self {
        Self { key, ..self.clone() }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks once.
    ///
    /// # Errors
    /// Why no answer came, in words.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .map_err(|error| error.to_string())?;
        let mut reply = self.agent.run(request).map_err(|error| error.to_string())?;
        let retry_after = reply.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = reply.body_mut().read_to_string().map_err(|error| error.to_string())?;
        Ok(Answer { status: reply.status().as_u16(), retry_after: retry_after.map(Duration::from_secs), text })
    }

    /// The error that an answer stands for.
    pub(crate) fn refused(&self, answer: &Answer) -> ServerError {
        let kind = match answer.status {
            401 | 403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            _ => ErrorKind::Invalid,
        };
        let message = format!("the server at {} answered {}: {}", self.url, answer.status, answer.sentence());
        ServerError::new(kind, message)
    }

    /// What a body says.
    ///
    /// # Errors
    /// [`ServerError`] where it is none of this version's.
    pub(crate) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, ServerError> {
        serde_json::from_str(&answer.text).map_err(|error| {
            let message =
                format!("what answers at {} is no server of this version ({error}): check the address", self.url);
            ServerError::new(ErrorKind::Invalid, message)
        })
    }
}

impl Answer {
    /// Whether the server has too much to do, or not the time now: what was asked may be asked again.
    pub(crate) fn is_not_now(&self) -> bool {
        matches!(self.status, 429 | 503)
    }

    /// The sentence of an error's body, or the body where it is something else.
    pub(crate) fn sentence(&self) -> String {
        let read: Option<Value> = serde_json::from_str(&self.text).ok();
        let message = read.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str);
        message.unwrap_or(&self.text).chars().take(500).collect()
    }
}
