//! What does an event say of a purchase? Read once, whoever asks.

use crate::Commerce;
use std::sync::OnceLock;

/// What was read of an event's call, once somebody has asked. Several folds do, and reading costs more than folding.
#[derive(Debug, Clone, Default)]
pub struct Reading(OnceLock<Option<Box<Commerce>>>);

impl Reading {
    /// What was read, or is read now.
    pub(crate) fn or_read(&self, read: impl FnOnce() -> Option<Commerce>) -> Option<&Commerce> {
        self.0.get_or_init(|| read().map(Box::new)).as_deref()
    }
}

/// Whether an event was read makes it no other event.
impl PartialEq for Reading {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::{Commerce, Envelope, Origin, parse_batch};
    use primitives::Timestamp;

    #[test]
    fn an_event_is_read_once_and_stays_the_same_event() {
        let body = br#"{"batch":[
            {"type":"track","event":"Order Completed","userId":"1","messageId":"a","properties":{"revenue":2,"currency":"EUR"}},
            {"type":"track","event":"Signed Up","userId":"1","messageId":"b"}]}"#;
        let envelope = Envelope::new(Timestamp::from_millis(1_790_000_000_000), Origin::Server);
        let events = parse_batch(body, envelope).unwrap().accepted;
        let unread = events.clone();
        let read = events[0].commerce().unwrap();
        assert_eq!(*read, Commerce::read(&events[0]).unwrap().unwrap());
        assert!(std::ptr::eq(read, events[0].commerce().unwrap()), "not read again");
        assert_eq!(events[1].commerce(), None);
        assert_eq!((&events, events[0].to_record()), (&unread, unread[0].to_record()));
    }
}
