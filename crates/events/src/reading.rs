//! What does an event say? Read once, whoever asks.

use crate::{DecisionSeen, Deed};
use std::sync::OnceLock;

/// What was read of an event's call, once somebody has asked: who takes it in, to check it, or the first of several folds.
/// Reading costs more than folding. It goes with the event into its record, so that a replay need not read it again.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    read: OnceLock<Read>,
    /// As its record has it, until somebody asks.
    packed: Option<Box<[u8]>>,
}

/// Whether something in an event cannot be read.
pub(crate) type IsMarked = bool;

/// What an event says, whether it bears marks, and which decision of ours it answers though it says something else.
pub(crate) type Read = (Deed, IsMarked, Option<Box<DecisionSeen>>);

impl Reading {
    /// The version of what is read of an event, and of how it is packed: raised whenever either changes. What another
    /// version has read is read again.
    pub const VERSION: u8 = 9;

    /// What was read already.
    pub(crate) fn of(deed: Deed, is_marked: IsMarked, answered: Option<Box<DecisionSeen>>) -> Self {
        Self { read: OnceLock::from((deed, is_marked, answered)), packed: None }
    }

    /// What a version of the reading has packed.
    #[must_use]
    pub fn of_packed(version: u8, packed: &[u8]) -> Self {
        match (version, packed) {
            (Self::VERSION, []) => Self::of(Deed::Other, false, None),
            (Self::VERSION, packed) => Self { read: OnceLock::new(), packed: Some(packed.into()) },
            _ => Self::default(),
        }
    }

    /// As its record has it, where it came out of one.
    pub(crate) fn packed(&self) -> Option<&[u8]> {
        self.packed.as_deref()
    }

    /// What was read, or is read now.
    pub(crate) fn or_read(&self, read: impl FnOnce() -> Read) -> &Read {
        let unpacked = || postcard::from_bytes(self.packed.as_deref()?).ok();
        self.read.get_or_init(|| unpacked().unwrap_or_else(read))
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
    use crate::{Commerce, Envelope, Event, Origin, Reading, parse_batch};
    use primitives::Timestamp;
    use std::borrow::Cow;

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

    #[test]
    fn nobody_opens_the_json_of_a_record_to_know_what_was_read() {
        let body = br#"{"batch":[
            {"type":"track","event":"Order Completed","userId":"1","properties":{"revenue":2,"currency":"EUR"}},
            {"type":"track","event":"Signed Up","userId":"1","properties":{"plan":"free"}}]}"#;
        let envelope = Envelope::new(Timestamp::from_millis(1_790_000_000_000), Origin::Server);
        for mut event in parse_batch(body, envelope).unwrap().accepted {
            let known = event.commerce().cloned();
            let crate::Call::Track { properties, .. } = &mut event.call else { panic!("it is tracked") };
            properties.clear();
            let stored = Event::from_record(&event.to_record()).unwrap();
            assert_eq!(stored.commerce(), known.as_ref());
        }
    }

    /// A record is no longer than what an event says by more than a head, however much somebody wrote.
    #[test]
    fn what_somebody_wrote_stands_in_a_record_once() {
        for (name, key) in [("Message Received", "text"), ("Message Sent", "body"), ("CSAT Submitted", "comment")] {
            let body = format!(
                r#"{{"batch":[{{"type":"track","event":"{name}","userId":"1","properties":{{"score":3,"{key}":"{}"}}}}]}}"#,
                "word ".repeat(400)
            );
            let envelope = Envelope::new(Timestamp::from_millis(1_790_000_000_000), Origin::Server);
            let event = parse_batch(body.as_bytes(), envelope).unwrap().accepted.remove(0);
            let (n_record, n_read) = (event.to_record().len(), event.packed_reading().len());
            assert!(n_record < 2_200 && (1..40).contains(&n_read), "{name}: {n_record} {n_read}");
        }
    }

    /// What was read to check an event is what anybody would read in its record.
    #[test]
    fn what_stays_with_an_event_is_what_its_record_says() {
        let euro = primitives::Currency::parse("EUR").unwrap();
        let yen = primitives::Currency::parse("JPY").unwrap();
        for (name, properties, kept) in [
            ("Order Completed", r#""revenue":2.5,"currency":"EUR","order_id":"7""#, [true, true]),
            ("Order Completed", r#""revenue":2.5"#, [false, false]),
            ("Order Refunded", r#""total":2.5,"products":[{"sku":"a","price":1,"currency":"EUR"}]"#, [false, false]),
            ("Product Viewed", r#""product_id":"a","price":1250"#, [true, false]),
            ("Product Viewed", r#""product_id":"a","price":1250,"currency":"EUR""#, [true, true]),
            (
                "purchase",
                r#""value":3,"currency":"EUR","items":[{"item_id":"a","price":3,"quantity":2}]"#,
                [true, true],
            ),
            ("Signed Up", r#""plan":"free""#, [true, true]),
        ] {
            for (default, kept) in [None, Some(yen), Some(euro)].into_iter().zip([kept[0], kept[1], kept[1]]) {
                let body = format!(
                    r#"{{"batch":[{{"type":"track","event":"{name}","userId":"1","properties":{{{properties}}}}}]}}"#
                );
                let envelope =
                    Envelope::new(Timestamp::from_millis(1_790_000_000_000), Origin::Server).with_currency(default);
                let batch = parse_batch(body.as_bytes(), envelope).unwrap();
                let Some(event) = batch.accepted.first() else {
                    assert!(default.is_none() && !kept, "{name} {properties}: {:?}", batch.rejected);
                    continue;
                };
                assert_eq!(event.reading.read.get().is_some(), kept, "{name} {properties}");
                let stored = Event::from_record(&event.to_record()).unwrap();
                assert_eq!(stored.reading.packed.is_some(), event.commerce().is_some());
                assert_eq!(event.commerce(), stored.commerce(), "{name} {properties}");
                assert_eq!(stored.packed_reading(), event.packed_reading());
                assert!(matches!(stored.packed_reading(), Cow::Borrowed(_)), "it is handed on as it was stored");
                let reading = Reading::of_packed(Reading::VERSION + 1, &event.packed_reading());
                assert!(reading.packed.is_none(), "what another version has read is not taken over");
                assert_eq!(Event { reading, ..stored }.commerce(), event.commerce(), "it is read again");
            }
        }
    }
}
