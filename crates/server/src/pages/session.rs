//! Who is signed in to the console?

use crate::error::ServerError;
use crate::keys::{random_token, sha256_hex};
use primitives::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The cookie that holds a session's token.
pub const COOKIE: &str = "rapport_session";

/// How long a session lasts, in days.
pub const LIFETIME_DAYS: i64 = 7;

/// How many sessions there may be; the oldest ends when one more begins.
const N_SESSIONS_MAX: usize = 1_000;

/// The sessions of this start, by the SHA-256 of their token: a restart signs everybody out.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<BTreeMap<String, Timestamp>>);

impl Sessions {
    /// Begins a session and answers with its token.
    ///
    /// # Errors
    /// [`ServerError`] where the operating system gives no randomness.
    pub fn begin(&self, now: Timestamp) -> Result<String, ServerError> {
        let token = random_token()?;
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, ends| *ends > now);
        if sessions.len() >= N_SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, ends)| **ends).map(|(token, _)| token.clone());
            oldest.and_then(|oldest| sessions.remove(&oldest));
        }
        sessions.insert(sha256_hex(&token), now.plus_days(LIFETIME_DAYS));
        Ok(token)
    }

    /// Whether a token belongs to a session that has not ended.
    pub fn is_open(&self, token: &str, now: Timestamp) -> bool {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&sha256_hex(token)).is_some_and(|ends| *ends > now)
    }

    /// Ends a session.
    pub fn end(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&sha256_hex(token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_itself_and_when_asked() {
        let sessions = Sessions::default();
        let start = Timestamp::from_millis(0);
        let (one, two) = (sessions.begin(start).unwrap(), sessions.begin(start).unwrap());
        assert!(sessions.is_open(&one, start) && sessions.is_open(&two, start) && !sessions.is_open("guess", start));
        sessions.end(&one);
        assert!(!sessions.is_open(&one, start) && sessions.is_open(&two, start.plus_days(6)));
        assert!(!sessions.is_open(&two, start.plus_days(7)));
    }
}
