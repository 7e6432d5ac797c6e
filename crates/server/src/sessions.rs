//! Who is signed in to the console?

use crate::error::ServerError;
use crate::keys::{random_token, sha256_hex};
use primitives::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The cookie that holds a session's token.
pub const COOKIE: &str = "rapport_session";

/// The header of what a page asks for without anybody having asked it to.
pub const BY_ITSELF: &str = "x-rapport-live";

/// How long a session lasts, in days.
pub const LIFETIME_DAYS: i64 = 7;

/// How many sessions there may be; the oldest ends when one more begins.
const N_SESSIONS_MAX: usize = 1_000;

/// The sessions of this start, by the SHA-256 of their token: a restart signs everybody out.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<BTreeMap<String, Session>>);

#[derive(Debug)]
struct Session {
    /// The id of the key it was begun with.
    key: String,
    ends: Timestamp,
    seen: Timestamp,
}

impl Sessions {
    /// Begins a session and answers with its token. Older ones of the same key end, and so does the one that the browser
    /// had.
    ///
    /// # Errors
    /// [`ServerError`] where the operating system gives no randomness.
    pub fn begin(&self, key: &str, had: Option<&str>, now: Timestamp) -> Result<String, ServerError> {
        let token = random_token()?;
        let had = had.map(sha256_hex);
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|token, session| session.ends > now && session.key != key && Some(token) != had.as_ref());
        if sessions.len() >= N_SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.ends).map(|(token, _)| token.clone());
            oldest.and_then(|oldest| sessions.remove(&oldest));
        }
        let session = Session { key: key.to_owned(), ends: now.plus_days(LIFETIME_DAYS), seen: now };
        sessions.insert(sha256_hex(&token), session);
        Ok(token)
    }

    /// The id of the key that a session was begun with, where it has not ended and was not idle for longer than `idle`.
    /// From `is_attended` on it is idle anew.
    pub fn key_of(&self, token: &str, now: Timestamp, idle: Duration, is_attended: bool) -> Option<String> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let token = sha256_hex(token);
        let session = sessions.get_mut(&token)?;
        if session.ends <= now || session.seen + idle <= now {
            sessions.remove(&token);
            return None;
        }
        if is_attended {
            session.seen = now;
        }
        Some(session.key.clone())
    }

    /// Ends a session.
    pub fn end(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&sha256_hex(token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(3_600);

    #[test]
    fn a_session_ends_by_itself_and_when_asked() {
        let sessions = Sessions::default();
        let mut now = Timestamp::from_millis(0);
        let (one, two) = (sessions.begin("1", None, now).unwrap(), sessions.begin("2", None, now).unwrap());
        let key = |token: &str, now| sessions.key_of(token, now, IDLE, true);
        assert_eq!((key(&one, now).as_deref(), key(&two, now).as_deref()), (Some("1"), Some("2")));
        assert_eq!(key("guess", now), None);
        sessions.end(&one);
        assert_eq!(key(&one, now), None);
        while now < Timestamp::from_millis(0).plus_days(7) {
            assert!(key(&two, now).is_some(), "{now}");
            now = now + IDLE / 2;
        }
        assert_eq!(key(&two, now), None, "after a week");
    }

    #[test]
    fn an_idle_session_ends() {
        let sessions = Sessions::default();
        let start = Timestamp::from_millis(0);
        let token = sessions.begin("1", None, start).unwrap();
        assert!(sessions.key_of(&token, start + (IDLE - Duration::from_millis(1)), IDLE, true).is_some());
        assert_eq!(sessions.key_of(&token, start + IDLE * 2, IDLE, true), None);
        assert_eq!(sessions.key_of(&token, start, IDLE, true), None, "for good");
    }

    #[test]
    fn what_a_page_does_by_itself_keeps_no_session_open() {
        let sessions = Sessions::default();
        let start = Timestamp::from_millis(0);
        let token = sessions.begin("1", None, start).unwrap();
        let late = start + (IDLE - Duration::from_millis(1));
        assert!(sessions.key_of(&token, late, IDLE, false).is_some());
        assert_eq!(sessions.key_of(&token, start + IDLE, IDLE, false), None);
    }

    #[test]
    fn a_sign_in_ends_older_sessions_of_the_key_and_of_the_browser() {
        let sessions = Sessions::default();
        let now = Timestamp::from_millis(0);
        let first = sessions.begin("1", None, now).unwrap();
        let other = sessions.begin("2", None, now).unwrap();
        let second = sessions.begin("1", None, now).unwrap();
        let is_open = |token: &str| sessions.key_of(token, now, IDLE, true).is_some();
        assert_eq!((is_open(&first), is_open(&second), is_open(&other)), (false, true, true));
        let third = sessions.begin("3", Some(&other), now).unwrap();
        assert_eq!((is_open(&other), is_open(&second), is_open(&third)), (false, true, true));
    }

    #[test]
    fn there_is_a_limit_to_sessions() {
        let sessions = Sessions::default();
        for n in 0..1_100 {
            sessions.begin(&format!("{n}"), None, Timestamp::from_millis(n)).unwrap();
        }
        assert_eq!(sessions.0.lock().unwrap().len(), N_SESSIONS_MAX);
    }
}
