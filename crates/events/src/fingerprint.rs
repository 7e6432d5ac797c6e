//! Is it the same event that is sent again, or another one under the same name?

use crate::{Event, Origin};
use std::num::NonZeroU64;

impl Event {
    /// 64 bits of what the sender means: about whom, and what. A client that sends again may have another clock
    /// correction, network or address by then, so the context does not count, and neither does the time; but two lines of
    /// a file are two events where only their times differ, so the time of an import counts.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "it does not panic: see the reason below")]
    pub fn fingerprint(&self) -> NonZeroU64 {
        let occurred_at = (self.origin == Origin::Import).then_some(self.occurred_at);
        let meant = (&self.user_id, &self.anonymous_id, &self.call, occurred_at);
        #[expect(clippy::expect_used, reason = "the same types are written as JSON in the event's record")]
        let bytes = serde_json::to_vec(&meant).expect("an event is always JSON");
        NonZeroU64::new(xxhash_rust::xxh3::xxh3_64(&bytes)).unwrap_or(NonZeroU64::MIN)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Envelope, Event, Origin, parse_batch};
    use primitives::Timestamp;

    fn event(text: &str, origin: Origin, at: i64) -> Event {
        let body = format!(r#"{{"batch":[{text}]}}"#);
        let mut batch = parse_batch(body.as_bytes(), Envelope::new(Timestamp::from_millis(at), origin)).unwrap();
        assert_eq!(batch.rejected, [], "{text}");
        batch.accepted.remove(0)
    }

    #[test]
    fn what_is_meant_counts_and_how_it_was_sent_does_not() {
        let first = r#"{"type":"track","event":"A","userId":"1","messageId":"m","properties":{"a":1,"b":[2]}}"#;
        let same = r#"{"properties":{"b":[2],"a":1},"context":{"ip":"::1"},"messageId":"m","userId":"1","event":"A","type":"track"}"#;
        let at = 1_790_000_000_000;
        let print = |text: &str, origin, at| event(text, origin, at).fingerprint();
        for origin in [Origin::Client, Origin::Server] {
            assert_eq!(print(first, origin, at), print(same, origin, at + 5_000), "a retry");
        }
        let line = |time: &str| first.replace("\"type\"", &format!("\"timestamp\":\"{time}\",\"type\""));
        let (one, other) = (line("2026-01-01T10:00:00Z"), line("2026-01-01T10:00:01Z"));
        assert_ne!(print(&one, Origin::Import, at), print(&other, Origin::Import, at), "another line of a file");
        for other in [
            first.replace("\"A\"", "\"B\""),
            first.replace("\"1\"", "\"2\""),
            first.replace("userId", "anonymousId"),
            first.replace("[2]", "[3]"),
            first.replace("\"a\":1,", ""),
        ] {
            assert_ne!(print(first, Origin::Client, at), print(&other, Origin::Client, at), "{other}");
        }
    }
}
